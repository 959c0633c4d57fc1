/* Of b = m / |m| all matrices below are functions, and commute. The iteration is s = a z y,  t = (3 - s) / 2,  y =
 * a^1/2 y t,  z = a^1/2 t z   from y = b, z = 1, in which y goes to b^1/2 and z to b^-1/2, always y = b z. Plain, a is
 * 1 and an eigenvalue of s grows by 9/4 in a step while it is small. Larger factors a (Chen and Chow, "A stable scaling
 * of Newton-Schulz for improving the sign function computation of a Hermitian matrix", 2014) save a third of the steps:
 * with eigenvalues of s in [l, 1] a may grow until the largest one ends where the smallest does. What the computed root
 * y says about its own slope: with s = a b z^2 and its logarithmic derivative v = b s'/s (1 at first, 0 at the end) it
 * is y' = z (1 + v) / 2, and w = z v goes on by w = a^1/2 w (t - s) = 3 (a^1/2 w t - a^1/2 w)   from w = 1. That is one
 * product more a step, and exact where the iteration has not converged. In the kernels t has a factor a^1/2. All
 * products are computed in full: with s mirrored from one half the iteration is unstable, as with s = y z. */
#include "op/roots.h"

#include <stdio.h>

#include "op/blocks.h"
#include "op/choices.h"
#include "op/refused.h"
#include "op/tiles.h"

/* As in cl/roots.cl. */
#define SIDE 64
enum { B, T, Y, Z = Y + 2, W = Z + 2, SLOTS = W + 2 };
enum { FIRST, SQUARE, STEP };

/* For eigenvalues from l = PST_ROOT_LEAST on: a is the largest up to 2.95 with f(a) >= f(a l), f(x) = x (3 - x)^2 / 4;
 * then l = f(a l). tests/fixtures/reference_ops.c makes them anew. */
static const double factors[PST_ROOT_STEPS] = {PST_ROOT_FIRST_FACTOR, 2.922767528, 2.802750315, 2.515989287,
                                               1.959223752,           1.328042219, 1.037522139, 1.000521680};

int pst_root_side(int rank) { return (rank + SIDE - 1) / SIDE * SIDE; }

static size_t matrix_bytes(int side) { return sizeof(float) * (size_t)side * (size_t)side; }

size_t pst_root_bytes(int side) { return SLOTS * matrix_bytes(side); }

static pst_status slice(const pst_roots *roots, size_t offset, int side, int slot, pst_buffer **matrix) {
    return pst_buffer_slice(roots->engine->session, roots->all, offset + (size_t)slot * matrix_bytes(side),
                            matrix_bytes(side), matrix);
}

pst_status pst_roots_open(const pst_conv_engine *engine, const pst_buffer *workspace, size_t offset, const int *sides,
                          size_t count, pst_roots *roots) {
    const int end = (PST_ROOT_STEPS - 1) % 2; /* where the last step writes */
    size_t bytes = 0;
    pst_status status;
    *roots = (pst_roots){.engine = engine, .count = count};
    for (size_t i = 0; i < count; i++)
        bytes += pst_root_bytes(sides[i]);
    PST_TRY(pst_buffer_slice(engine->session, workspace, offset, bytes, &roots->all));
    offset = 0;
    for (size_t i = 0; i < count; offset += pst_root_bytes(sides[i++])) {
        pst_root *root = &roots->at[i];
        root->side = sides[i];
        PST_TRY(slice(roots, offset, sides[i], B, &root->b));
        PST_TRY(slice(roots, offset, sides[i], Z, &root->first_z));
        PST_TRY(slice(roots, offset, sides[i], W, &root->first_w));
        PST_TRY(slice(roots, offset, sides[i], Z + end, &root->z));
        PST_TRY(slice(roots, offset, sides[i], W + end, &root->w));
    }
cleanup:
    return status;
}

void pst_roots_close(pst_roots *roots) {
    for (size_t i = 0; i < roots->count; i++) {
        pst_buffer *const slices[] = {roots->at[i].b, roots->at[i].first_z, roots->at[i].first_w, roots->at[i].z,
                                      roots->at[i].w};
        for (size_t k = 0; k < sizeof slices / sizeof *slices; k++)
            pst_buffer_destroy(roots->engine->session, slices[k]);
    }
    if (roots->engine)
        pst_buffer_destroy(roots->engine->session, roots->all);
    *roots = (pst_roots){0};
}

/* Parts of all products together, and the operations of the largest part. */
static size_t part_count(const pst_roots *roots, int part_side, int products, double *flops) {
    size_t parts = 0;
    *flops = 0;
    for (size_t i = 0; i < roots->count; i++) {
        const size_t across = (size_t)(roots->at[i].side / part_side);
        const double own = 2.0 * part_side * part_side * roots->at[i].side;
        parts += across * across * (size_t)products;
        *flops = own > *flops ? own : *flops;
    }
    return parts;
}

/* The first arguments of roots_product. */
#define SIDES(r)                                                                          \
    pst_arg_buffer((r)->all), pst_arg_int((r)->at[0].side), pst_arg_int((r)->at[1].side), \
        pst_arg_int((r)->at[2].side), pst_arg_int((r)->at[3].side), pst_arg_int((r)->at[4].side)

static pst_status launch_on_cpu(const pst_roots *roots, int what, int products, int now, double factor) {
    pst_session *session = roots->engine->session;
    const pst_tile tile = pst_tile_choose(session, SIDE, SIDE, true);
    const pst_kernel *kernel;
    char defines[96];
    double flops;
    snprintf(defines, sizeof defines, "-DVEC=%d -DNV=%d -DRT=%d -DNP=1 -DCB=%d -DMATRIX=0", tile.lanes, tile.vectors,
             tile.rows, SIDE);
    pst_status status = pst_kernel_get(session, "vector_cpu+roots+roots_cpu", "roots_product", defines, &kernel);
    return status == PST_OK ? pst_launch_workers(session, kernel, part_count(roots, SIDE, products, &flops), 1,
                                                 PST_ARGS(SIDES(roots), pst_arg_int(what), pst_arg_int(products),
                                                          pst_arg_int(now), pst_arg_float(factor)))
                            : status;
}

/* In smaller parts where the larger ones are fewer than the device can work on. */
static pst_status launch_on_gpu(const pst_roots *roots, int what, int products, int now, double factor) {
    pst_session *session = roots->engine->session;
    const size_t form = pst_block_form_chosen(roots->engine, roots->at[roots->count - 1].side);
    const pst_kernel *kernel;
    double flops;
    bool few = part_count(roots, SIDE, products, &flops) < 2 * (size_t)session->device.info.compute_units;
    pst_block block = pst_block_square(session, form, few ? SIDE / 2 : SIDE);
    pst_status status;
    PST_TRY(pst_block_kernel_within(session, "block_gpu+roots+roots_gpu", "roots_product", "", &block, &kernel));
    const size_t items = pst_block_items(&block), parts = part_count(roots, block.columns, products, &flops),
                 most = pst_launch_share(session, flops, parts);
    for (size_t first = 0; first < parts; first += most)
        PST_TRY(pst_launch(session, kernel, (size_t[]){(parts - first < most ? parts - first : most) * items, 1, 1},
                           (size_t[]){items, 1, 1},
                           PST_ARGS(SIDES(roots), pst_arg_int(what), pst_arg_int(products), pst_arg_int(now),
                                    pst_arg_float(factor), pst_arg_int((int)first))));
cleanup:
    return status;
}

static pst_status launch(const pst_roots *roots, int what, int products, int now, double factor) {
    return (roots->engine->session->cpu_kernels ? launch_on_cpu : launch_on_gpu)(roots, what, products, now, factor);
}

pst_status pst_roots_iterate(const pst_roots *roots) {
    pst_status status;
    PST_TRY(launch(roots, FIRST, 1, 0, 0));
    for (int step = 1; step < PST_ROOT_STEPS; step++) {
        const int now = (step - 1) % 2, products = step + 1 < PST_ROOT_STEPS ? 3 : 2; /* the last y is not needed */
        PST_TRY(launch(roots, SQUARE, 1, now, factors[step]));
        PST_TRY(launch(roots, STEP, products, now, factors[step]));
    }
cleanup:
    return status;
}
