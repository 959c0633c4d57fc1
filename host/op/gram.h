/* Gram matrices over feature maps F [pixels][c], c a multiple of PST_CHANNELS, and their gradient. Symmetric, in a
 * fixed order of summation. Matrices are float [c][c]. On GPUs they take the form of blocks that was measured to be the
 * fastest for convolutions of as many channels, which is the same arithmetic. */
#ifndef PST_OP_GRAM_H
#define PST_OP_GRAM_H

#include "op/conv.h"
#include "op/sums.h"

/* Bytes of scratch memory that a Gram matrix and its gradient take. */
size_t pst_gram_workspace_bytes(const pst_conv_engine *engine, size_t pixels, int c);

/* target += scale * F' F */
pst_status pst_gram_add(const pst_conv_engine *engine, const pst_buffer *f, size_t pixels, int c, double scale,
                        pst_buffer *target, pst_buffer *workspace);

/* difference = scale * F' F - target; the sum of its squares goes into sums[slot]. */
pst_status pst_gram_compare(const pst_conv_engine *engine, const pst_buffer *f, size_t pixels, int c, double scale,
                            const pst_buffer *target, pst_buffer *difference, pst_sums *sums, size_t slot,
                            pst_buffer *workspace);

/* The same where F' F is known, from the parts of a map. */
pst_status pst_gram_compare_sum(const pst_conv_engine *engine, const pst_buffer *sum, int c, double scale,
                                const pst_buffer *target, pst_buffer *difference, pst_sums *sums, size_t slot);

/* d (+)= scale * F difference, the gradient of a loss of F' F (difference symmetric). accumulate false: d is
 * overwritten. d may be f itself where pst_gram_in_place says so. */
pst_status pst_gram_backward(const pst_conv_engine *engine, const pst_buffer *f, const pst_buffer *difference,
                             size_t pixels, int c, double scale, bool accumulate, pst_buffer *d, pst_buffer *workspace);

/* Can pst_gram_backward write over the features? */
bool pst_gram_in_place(const pst_session *session);

#endif
