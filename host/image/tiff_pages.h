/* Which of a TIFF file's images is meant: files hold pages, thumbnails, masks and, of a camera, raw data. */
#ifndef PST_IMAGE_TIFF_PAGES_H
#define PST_IMAGE_TIFF_PAGES_H

#include "image/tiff_memory.h"

/* Makes the full-size image the current one, and sets the orientation and the notice of the raster: the first page that
 * is not marked as a reduced one or a mask, or a larger one of the same shape. Of a camera's raw file it is a preview
 * of full size; without one PST_ERROR_UNSUPPORTED. */
pst_status pst_tiff_choose_page(pst_error *error, TIFF *tiff, pst_tiff_memory *m, pst_raster *raster);

#endif
