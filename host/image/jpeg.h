/* A look at the segments of a JPEG file before stb_image decodes it. */
#ifndef PST_IMAGE_JPEG_H
#define PST_IMAGE_JPEG_H

#include "base/status.h"

/* Whether stb_image would take a file for a JPEG. */
bool pst_jpeg_is(const uint8_t *file, size_t bytes);

/* Refuses what stb_image gets wrong or names badly: tables of codes with more entries than there is room for, which
 * stb_image 2.27 writes beyond its arrays; a file without its end; rare codings. Messages have no path yet. */
pst_status pst_jpeg_check(pst_error *error, const uint8_t *file, size_t bytes);

#endif
