/* Gram matrices over feature maps F [pixels][c], c a multiple of PST_CHANNELS, and their gradient. Symmetric, in a
 * fixed order of summation. Matrices are float [c][c]. On GPUs they take the form of blocks that was measured to be the
 * fastest for convolutions of as many channels, which is the same arithmetic. */
#ifndef PST_OP_GRAM_H
#define PST_OP_GRAM_H

#include "op/conv.h"
#include "op/sums.h"

/* Bytes of scratch memory that a Gram matrix and its gradient take. */
size_t pst_gram_workspace_bytes(const pst_conv_engine *engine, size_t pixels, int c);

/* A map and what its Gram matrix is compared with. */
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

/* difference = scale * F' F - target; the sum of its squares goes into sums[slot]. Several small maps take no more
 * launches than one, for GPUs have more units than such a map has work for, and give the same bytes. pst_gram_together:
 * may it be these, and is there room in so many bytes of workspace? */
bool pst_gram_together(const pst_conv_engine *engine, const pst_gram_map *maps, size_t count, size_t workspace_bytes);
pst_status pst_gram_compare(const pst_conv_engine *engine, const pst_gram_map *maps, size_t count, pst_sums *sums,
                            pst_buffer *workspace);

/* The same of one map where F' F is known, from the parts of the map. */
pst_status pst_gram_compare_sum(const pst_conv_engine *engine, const pst_buffer *sum, const pst_gram_map *map,
                                pst_sums *sums);

/* F' F of each map as so many matrices to be added up, `step` matrices apart, those of all maps one behind the other:
 * for kernels of cl/gram.cl, which pst_gram_kernel gives. Of a map only the features are used. The matrices are in the
 * workspace until close. */
typedef struct pst_gram_parts {
    const pst_buffer *matrices;
    size_t counts[PST_GRAM_MAPS], step;
    pst_buffer *slice;
} pst_gram_parts;
pst_status pst_gram_sum(const pst_conv_engine *engine, const pst_gram_map *maps, size_t count, pst_buffer *workspace,
                        pst_gram_parts *parts);
void pst_gram_parts_close(pst_session *session, pst_gram_parts *parts);
pst_status pst_gram_kernel(const pst_conv_engine *engine, int c, const char *name, const pst_kernel **kernel);

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
