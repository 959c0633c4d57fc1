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

/* The same for a few small maps in two launches: GPUs have more units than such a map has work for. The maps must stay
 * as they are until then. pst_gram_together: are they small enough, and is there room in so many bytes of workspace? */
#define PST_GRAM_MAPS 5 /* as many as the kernels have arguments for */
typedef struct pst_gram_map {
    const pst_buffer *features;
    size_t pixels;
    int c;
    double scale;
    const pst_buffer *target;
    pst_buffer *difference;
    size_t slot;
} pst_gram_map;
bool pst_gram_together(const pst_conv_engine *engine, const pst_gram_map *maps, size_t count, size_t workspace_bytes);
pst_status pst_gram_compare_all(const pst_conv_engine *engine, const pst_gram_map *maps, size_t count, pst_sums *sums,
                                pst_buffer *workspace);

/* The same as pst_gram_compare where F' F is known, from the parts of a map. */
pst_status pst_gram_compare_sum(const pst_conv_engine *engine, const pst_buffer *sum, int c, double scale,
                                const pst_buffer *target, pst_buffer *difference, pst_sums *sums, size_t slot);

/* d (+)= scale * (F difference + row [c] for every pixel), the gradient of a loss of F' F and the mean; the difference
 * is symmetric, row may be NULL. accumulate false: d is overwritten. d may be f itself where pst_gram_in_place says so.
 * Matrix units of a processor give it to 17 bits. */
pst_status pst_gram_backward(const pst_conv_engine *engine, const pst_buffer *f, const pst_buffer *difference,
                             const pst_buffer *row, size_t pixels, int c, double scale, bool accumulate, pst_buffer *d,
                             pst_buffer *workspace);

/* product = F matrix, in float; the matrix may be any. Takes the workspace of F' F. */
pst_status pst_gram_multiply(const pst_conv_engine *engine, const pst_buffer *f, const pst_buffer *matrix,
                             size_t pixels, int c, pst_buffer *product, pst_buffer *workspace);

/* Can pst_gram_backward write over the features? */
bool pst_gram_in_place(const pst_session *session);

#endif
