/* Square roots of several symmetric matrices at once, by Newton and Schulz's coupled iteration, and what the gradients
 * of their traces need. A launch makes the same products of all matrices, so that the small ones fill a device too, and
 * there are 2 * PST_ROOT_STEPS - 1 launches, where one for each product would be hundreds. */
#ifndef PST_OP_ROOTS_H
#define PST_OP_ROOTS_H

#include "op/conv.h"

#define PST_ROOT_STEPS 8
#define PST_ROOT_LEAST 1e-4 /* of the norm: the smallest eigenvalue that the factors of the steps are made for */

#define PST_ROOTS 5 /* at once, as many as the kernels have arguments for */

/* The matrices [side][side] of a root, slices of the workspace. The caller sets b = m / |m| (Frobenius), with zeros to
 * its side, and what the first step makes of it: first_z = a^1/2 (3 - a b) / 2 and first_w = 3 a^1/2 (1 - a b) / 2, a
 * being PST_ROOT_FIRST_FACTOR. In the end b z is the root of b, and (z + w) / 2 its slope. */
typedef struct pst_root {
    int side;
    pst_buffer *b, *first_z, *first_w, *z, *w;
} pst_root;

#define PST_ROOT_FIRST_FACTOR 2.95

typedef struct pst_roots {
    const pst_conv_engine *engine;
    pst_buffer *all;
    size_t count;
    pst_root at[PST_ROOTS];
} pst_roots;

/* What a matrix with so many rows that are not 0 is padded to. */
int pst_root_side(int rank);

/* Bytes of a workspace that a root of this side takes, a multiple of PST_SLICE_ALIGN. */
size_t pst_root_bytes(int side);

/* Roots of these sides in a workspace, from byte `offset` on, a multiple of PST_SLICE_ALIGN. To be closed whatever
 * comes of it. */
pst_status pst_roots_open(const pst_conv_engine *engine, const pst_buffer *workspace, size_t offset, const int *sides,
                          size_t count, pst_roots *roots);
void pst_roots_close(pst_roots *roots);

/* Queues the steps but for the first. */
pst_status pst_roots_iterate(const pst_roots *roots);

#endif
