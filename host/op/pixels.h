/* Images between the host's form (RGB, 0..255) and the network's (BGR minus the mean), both float [pixel][3]. scale:
 * samples are multiplied by it before the mean is taken off, 1 but for the programs that span 0..256. */
#ifndef PST_OP_PIXELS_H
#define PST_OP_PIXELS_H

#include "cl/buffer.h"

pst_status pst_pixels_import(pst_session *session, const pst_buffer *rgb, size_t pixels, double scale, pst_buffer *x);
pst_status pst_pixels_export(pst_session *session, const pst_buffer *x, size_t pixels, double scale, pst_buffer *rgb);

/* Brings each sample of x to where the host's form is from 0 to 255. */
pst_status pst_pixels_clamp(pst_session *session, pst_buffer *x, size_t pixels, double scale);

/* Replaces each pixel's three changes by their mean, so that what is gray stays gray. */
pst_status pst_pixels_gray(pst_session *session, pst_buffer *d, size_t pixels);

#endif
