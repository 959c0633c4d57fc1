/* What the matrix products of the kernels for GPUs share: blocks of a work-group (cl/block_gpu.cl), fitted to the
 * device. */
#ifndef PST_OP_BLOCKS_H
#define PST_OP_BLOCKS_H

#include "cl/program.h"

/* A launch does so many operations at most: a tenth of a second where a device does 40 GFLOP/s. */
#define PST_LAUNCH_FLOPS 4e9

/* across x down work-items, each with `rows` rows and columns / across columns; steps of `depth`. */
typedef struct pst_block {
    int across, down, rows, columns, depth;
} pst_block;

/* Work-items of a block, and its rows. */
size_t pst_block_items(const pst_block *block);
int pst_block_height(const pst_block *block);

/* The block for a product with so many rows and k columns, a multiple of 16. Work-items of 8 x 8 numbers in groups of
 * 128, which do the most for what they read, or, `narrow`, of 4 x 4 in groups of 256, which take a third of the
 * registers; fewer work-items where the device cannot do so many or the rows do not fill them. */
pst_block pst_block_choose(const pst_session *session, size_t rows, int k, bool narrow);

/* pst_kernel_get with the block's defines before the others. Where the kernel cannot run in groups as large as that,
 * the block is halved until it can. */
pst_status pst_block_kernel(pst_session *session, const char *source, const char *name, const char *defines,
                            pst_block *block, const pst_kernel **kernel);

#endif
