/* What a decoder makes of a file, before colors and orientation are put right, and how that is done. */
#ifndef PST_IMAGE_RASTER_H
#define PST_IMAGE_RASTER_H

#include "image/image.h"

typedef enum pst_raster_model {
    PST_RASTER_GRAY = 1,
    PST_RASTER_RGB = 3,
    PST_RASTER_CMYK = 4
} pst_raster_model; /* its channels */

typedef struct pst_raster {
    int width, height;
    pst_raster_model model;    /* CMYK: 0 is no ink */
    bool lab;                  /* RGB stands for lightness / 100, (a + 128) / 256 and (b + 128) / 256 of CIE Lab, D50 */
    bool alpha, premultiplied; /* alpha is the channel behind those of the model */
    int bits;                  /* 8: uint8_t, 16: uint16_t, 32: float from 0 to 1 */
    void *samples;             /* [height][width][channels] */
    void (*free_samples)(void *);
    uint8_t *profile; /* ICC, of pst_allocate, or NULL: sRGB */
    size_t profile_bytes;
    double gamma, primaries[8]; /* instead of a profile, or 0: the encoding exponent; white, red, green, blue x and y */
    int orientation;            /* EXIF's, 1 to 8; 0 is as 1 */
    char notice[PST_IMAGE_NOTICE]; /* what was lost or passed over, or "" */
} pst_raster;

/* Checks the size and takes memory for the samples; the other members stay as they are. Messages have no path yet. */
pst_status pst_raster_create(pst_error *error, pst_raster *raster, int width, int height, pst_raster_model model,
                             bool alpha, int bits);
pst_status pst_raster_check_size(pst_error *error, int64_t width, int64_t height);

static inline size_t pst_raster_channels(const pst_raster *raster) {
    return (size_t)raster->model + (raster->alpha ? 1 : 0);
}
static inline size_t pst_raster_row_bytes(const pst_raster *raster) {
    return (size_t)raster->width * pst_raster_channels(raster) * (size_t)raster->bits / 8;
}

/* A copy of an ICC profile for the raster. */
pst_status pst_raster_set_profile(pst_error *error, pst_raster *raster, const void *profile, size_t bytes);

/* Adds to a notice, for which there may be several reasons. */
void pst_notice_add(char notice[PST_IMAGE_NOTICE], const char *text);
static inline void pst_raster_note(pst_raster *raster, const char *text) { pst_notice_add(raster->notice, text); }

void pst_raster_clear(pst_raster *raster);

#endif
