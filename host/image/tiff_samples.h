/* The samples of a TIFF image. Gray, RGB, CMYK and CIE Lab of any common depth and kind are read as they are, all else
 * as libtiff's own conversion to 8 bits gives it. */
#ifndef PST_IMAGE_TIFF_SAMPLES_H
#define PST_IMAGE_TIFF_SAMPLES_H

#include "image/tiff_memory.h"

typedef struct pst_tiff_layout {
    uint32_t width, height;
    uint16_t bits, samples, photometric, planar, format, compression, inks;
    uint16_t extra_count, *extra;
    bool inverted; /* 0 is white */
    bool scaled;   /* samples go from `least` to `most`: the file says so */
    double least, most;
} pst_tiff_layout;

/* Of the current image. */
void pst_tiff_find_layout(TIFF *tiff, pst_tiff_layout *layout);

/* Makes the raster's samples; a notice says what was clipped. */
pst_status pst_tiff_read_samples(pst_error *error, TIFF *tiff, const pst_tiff_memory *m, const pst_tiff_layout *layout,
                                 pst_raster *raster);

#endif
