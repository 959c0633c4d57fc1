/* A change of the image spread over its scales, for the optimizers: P v = v + gain * sum over l = 1 .. levels of U_l
 * D_l v, where D_l v is v [h][w][3] smoothed and halved l times, and U_l, its transpose times 4^l, brings that back. P
 * is symmetric, its eigenvalues lie between 1 and 1 + gain * levels: what is broad in an image moves further than what
 * is fine. */
#ifndef PST_OP_SPREAD_H
#define PST_OP_SPREAD_H

#include "cl/buffer.h"

#define PST_SPREAD_LEVELS 4
#define PST_SPREAD_GAIN 1.0

/* Bytes of the workspace: a third of an image. */
size_t pst_spread_bytes(int h, int w);

/* to = from + P v, all [h][w][3]; from NULL is zero. `to` may be either of the others, and has the same bytes then. */
pst_status pst_spread(pst_session *session, int h, int w, pst_buffer *to, const pst_buffer *from, const pst_buffer *v,
                      pst_buffer *workspace);

#endif
