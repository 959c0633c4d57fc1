/* Content and smoothness losses with their gradients, and gradients of unit L1 norm. Sums go into slots; accumulate as
 * in op/gram.h. */
#ifndef PST_OP_LOSS_H
#define PST_OP_LOSS_H

#include "op/sums.h"

/* sums[slot] = sum (f - target)^2 over `count` floats (a multiple of 16); d (NULL: none) (+)= scale * (f - target). */
pst_status pst_content(pst_session *session, const pst_buffer *f, const pst_buffer *target, size_t count, double scale,
                       bool accumulate, pst_buffer *d, pst_sums *sums, size_t slot);

/* Of an image x [h][w][3]: sums[slot] = the smoothness of that kind, and d (+)= scale * its gradient. What pst_tv_kind
 * says, per unit of the weight; but of PST_TV_SQUARES the sum without the half. */
pst_status pst_smoothness(pst_session *session, pst_tv_kind kind, const pst_buffer *x, int h, int w, double scale,
                          bool accumulate, pst_buffer *d, pst_sums *sums, size_t slot);

/* d (+)= weight / (sums[slot] + 1e-8) * from, for count floats (a multiple of 16). */
pst_status pst_add_normalized(pst_session *session, const pst_buffer *from, size_t count, double weight,
                              const pst_sums *sums, size_t slot, bool accumulate, pst_buffer *d);

#endif
