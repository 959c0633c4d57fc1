/* Feature maps f [pixels][c], c a multiple of PST_CHANNELS, times what each pixel counts for a region: guide [pixels].
 * The Gram matrix of the product is the region's, and F' diag(guide^2) F; so the gradient of a loss of it is that of
 * the plain one with the map times guide^2 for the map (transfer/guides.h). */
#ifndef PST_OP_GUIDE_H
#define PST_OP_GUIDE_H

#include "cl/buffer.h"

/* out [pixels][c] = f * guide, or with `squared` f * guide^2; out may be f. */
pst_status pst_guide_map(pst_session *session, const pst_buffer *f, size_t pixels, int c, const pst_buffer *guide,
                         bool squared, pst_buffer *out);

/* d [pixels][c] += scale * guide^2 * row [c], a row's gradient for every pixel */
pst_status pst_guide_row(pst_session *session, pst_buffer *d, size_t pixels, int c, double scale,
                         const pst_buffer *guide, const pst_buffer *row);

/* Of images [pixels][3]: out = a * part + b * (1 - part), part [pixels]; b NULL: 0. out may be a. */
pst_status pst_mix_images(pst_session *session, const pst_buffer *a, const pst_buffer *b, const pst_buffer *part,
                          size_t pixels, pst_buffer *out);

#endif
