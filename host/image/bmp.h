/* Reading BMP: all headers of Windows and OS/2. stb_image refuses run lengths and top-down rows, and no common library
 * reads BMP. */
#ifndef PST_IMAGE_BMP_H
#define PST_IMAGE_BMP_H

#include "image/raster.h"

/* As pst_codec.read. */
pst_status pst_bmp_read(pst_error *error, const uint8_t *file, size_t bytes, pst_raster *raster);

#endif
