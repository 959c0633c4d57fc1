/* PGM and PPM, plain and raw, with samples of 8 or 16 bits: stb_image gets those of 16 bits wrong. */
#ifndef PST_IMAGE_PNM_H
#define PST_IMAGE_PNM_H

#include "image/image.h"

/* Whether a file begins as one of them. */
bool pst_pnm_is(const uint8_t *file, size_t bytes);

/* Messages have no path yet. */
pst_status pst_pnm_read(pst_error *error, const uint8_t *file, size_t bytes, pst_image **image);

#endif
