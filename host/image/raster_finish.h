/* From what a decoder made of a file to an image. */
#ifndef PST_IMAGE_RASTER_FINISH_H
#define PST_IMAGE_RASTER_FINISH_H

#include "image/raster.h"

/* The image: samples as floats, sRGB, upright. An image that is transparent everywhere shows its colors (there are
 * programs that write an alpha of 0 and mean none), and one that is opaque everywhere has no alpha. */
pst_status pst_raster_finish(pst_error *error, const pst_raster *raster, pst_image **image);

#endif
