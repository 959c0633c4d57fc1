/* What the matrix products of the kernels for GPUs share: block forms (cl/block_gpu.cl), and launches that follow the
 * device's size. */
#ifndef PST_OP_BLOCKS_H
#define PST_OP_BLOCKS_H

#include "cl/program.h"

/* A work-item makes rows x columns numbers in `registers` registers or so; a full group has `items` work-items.
 * matrix: the products are those of the device's matrix units (op/matrix_units.h). */
typedef struct pst_block_form {
    const char *name;
    int rows, columns, items, registers;
    bool matrix;
} pst_block_form;

/* More numbers need fewer reads from local memory for each multiply-add, and more registers. The last form is that of
 * matrix units, which only matrix products have. */
#define PST_BLOCK_FORMS 5
#define PST_VECTOR_FORMS 4
extern const pst_block_form pst_block_forms[PST_BLOCK_FORMS];

/* Whether the form may be tried: the device has what it needs, and its compiler may keep it in registers, though
 * perhaps only with an option that leaves room for fewer work-items; which form to take without measuring, which never
 * needs that option; the number of the form with this name, or PST_BLOCK_FORMS. */
bool pst_block_form_fits(const pst_session *session, size_t form);
size_t pst_block_form_default(const pst_session *session);
size_t pst_block_form_find(const char *name);

/* The form's bit in the session's `refused` (op/refused.h); 0 for the plainest. */
uint64_t pst_block_form_bit(size_t form);

/* across x down work-items, each with `rows` rows and columns / across columns; steps of `depth`. */
typedef struct pst_block {
    int across, down, rows, columns, depth;
    size_t form;
} pst_block;

/* Work-items of a block, and its rows. */
size_t pst_block_items(const pst_block *block);
int pst_block_height(const pst_block *block);

/* The block for a product with so many rows and k columns, a multiple of 16. Where the rows do not fill it, it gets
 * lower, but not smaller than the work-items that run together on the device (a wave), and then has 4 rows a work-item;
 * it is also halved until the device can do it. pst_block_square: as high as wide; with 16 columns it has 32
 * work-items, half a wave of AMD's, for 256 numbers are too few for more. */
pst_block pst_block_choose(const pst_session *session, size_t form, size_t rows, int k);
pst_block pst_block_square(const pst_session *session, size_t form, int k);

/* pst_kernel_get with the block's defines before the others. Where the kernel cannot run in groups as large as that,
 * the block is made lower, a square one smaller, until it can: to less than a wave only where the driver allows no more
 * (32 in Mesa's llvmpipe). A form that needs the compiler's option for more registers fails with PST_ERROR_DEVICE and
 * sets session->kept_in_memory if the kernel does not build with it, or has numbers in memory all the same. */
pst_status pst_block_kernel(pst_session *session, const char *source, const char *name, const char *defines,
                            pst_block *block, const pst_kernel **kernel);

/* How many groups of the block the device can hold at one time, by its registers; at least 1. */
double pst_block_resident(const pst_session *session, const pst_block *block);

/* Float32 operations a second of the whole device at best, from its units and clock. An estimate for choosing shapes.
 */
double pst_peak_flops(const pst_session *session);

/* Operations of a launch at most, so that it takes less than a tenth of a second even at a tenth of the peak: drivers
 * stop long kernels of a GPU with a display. pst_launch_share: how many of `count` equal parts, at least 1. */
double pst_launch_flops(const pst_session *session);
size_t pst_launch_share(const pst_session *session, double flops_of_part, size_t count);

#endif
