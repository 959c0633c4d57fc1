#include "op/gram.h"

#include <stdio.h>

#include "op/tiles.h"

#define PARTIAL_BYTES ((size_t)8 << 20) /* at most, for the sums over parts of the pixels */
#define PIXELS_PER_PART 256             /* at least, so that adding up the parts stays cheap */
#define PARTS_MAX 128
#define CPU_PARTS_MAX 32
#define LOCAL_PIXELS 12 /* P in cl/gram.cl */
#define PACKED_PIXELS 64 /* GP in cl/gram_cpu.cl */
#define BLOCK_ROWS 8     /* GR */
#define ROWS_PER_ITEM 4  /* register tiles of rows a block of the gradient */

/* CPUs have kernels of their own (cl/gram_cpu.cl), whose sums over the parts are added up to one matrix at the end of the
 * workspace; on GPUs (cl/gram.cl) whoever reads the matrix adds the parts. */
static bool is_cpu(const pst_session *session) { return session->cpu_kernels; }

static int tile_side(const pst_session *session) { return is_cpu(session) ? 16 : 4; }

static size_t matrix_bytes(int c) { return sizeof(float) * (size_t)c * (size_t)c; }

/* The side of a block of the matrix that a work-item sums (GB), and the bytes of one partial sum over all blocks. */
static int block_side(int c) { return c % 128 == 0 ? 128 : c % 64 == 0 ? 64 : c % 32 == 0 ? 32 : 16; }

static size_t partial_bytes(const pst_session *session, int c) {
    if (!is_cpu(session))
        return matrix_bytes(c);
    size_t side = (size_t)block_side(c), blocks = (size_t)c / side;
    return sizeof(float) * blocks * (blocks + 1) / 2 * (side * side + 2 * side * PACKED_PIXELS);
}

static size_t part_count(const pst_session *session, size_t pixels, int c) {
    size_t parts = PARTIAL_BYTES / partial_bytes(session, c), most = pixels / PIXELS_PER_PART + 1;
    parts = parts < most ? parts : most;
    size_t limit = is_cpu(session) ? CPU_PARTS_MAX : PARTS_MAX;
    return parts < 1 ? 1 : parts > limit ? limit : parts;
}

static pst_tile gradient_tile(const pst_session *session, int c) { return pst_tile_choose(session, c, c, true); }

static size_t matrix_offset(const pst_session *session, size_t pixels, int c) {
    return pst_round_up(part_count(session, pixels, c) * partial_bytes(session, c), PST_SLICE_ALIGN);
}

static size_t rows_at_once(const pst_session *session, int c) { return (size_t)(ROWS_PER_ITEM * gradient_tile(session, c).rows); }

size_t pst_gram_workspace_bytes(const pst_session *session, size_t pixels, int c) {
    size_t sums = part_count(session, pixels, c) * partial_bytes(session, c);
    if (!is_cpu(session))
        return sums;
    size_t forward = matrix_offset(session, pixels, c) + matrix_bytes(c);
    size_t rows = sizeof(float) * rows_at_once(session, c) * (size_t)c * pst_workers(session);
    size_t backward = pst_round_up(matrix_bytes(c), PST_SLICE_ALIGN) + rows;
    return forward > backward ? forward : backward;
}

static pst_status get(pst_session *session, int c, bool accumulate, const char *name, const pst_kernel **kernel) {
    pst_tile tile = gradient_tile(session, c);
    char defines[192];
    snprintf(defines, sizeof defines,
             "-DVEC=%d -DNV=%d -DRT=%d -DCB=%d -DTB=%d -DC=%d -DGB=%d -DGR=%d -DGV=%d -DGP=%d -DINJECT=%d -DMASK_IN=0 -DSTREAM=0",
             tile.lanes, tile.vectors, tile.rows, tile.depth, (int)rows_at_once(session, c), c, block_side(c), BLOCK_ROWS,
             block_side(c) / tile.lanes >= 2 ? 2 : 1, PACKED_PIXELS, accumulate);
    return pst_kernel_get(session, "vector_cpu+gram_cpu", name, defines, kernel);
}

static pst_status get_common(pst_session *session, const char *name, const pst_kernel **kernel) {
    char defines[32];
    snprintf(defines, sizeof defines, "-DT=%d", tile_side(session));
    return pst_kernel_get(session, "gram", name, defines, kernel);
}

/* F' F as `parts` matrices to be added. *sums is the workspace, or a slice of it to be destroyed. */
static pst_status sum_products(pst_session *session, const pst_buffer *f, size_t pixels, int c, pst_buffer *workspace, size_t *parts,
                               pst_buffer **slice) {
    const pst_kernel *kernel;
    size_t count = part_count(session, pixels, c), tiles = (size_t)(c / tile_side(session)), blocks = (size_t)(c / block_side(c));
    pst_status status;
    *slice = NULL;
    *parts = count;
    if (!is_cpu(session)) {
        PST_TRY(get_common(session, "gram_partial", &kernel));
        PST_TRY(pst_launch(session, kernel, (size_t[]){tiles * (tiles + 1) / 2, count, 1}, NULL,
                           PST_ARGS(pst_arg_buffer(f), pst_arg_int((int)pixels), pst_arg_int(c), pst_arg_int((int)count),
                                    pst_arg_buffer(workspace))));
        return PST_OK;
    }
    PST_TRY(get(session, c, false, "gram_partial", &kernel));
    PST_TRY(pst_launch_workers(session, kernel, blocks * (blocks + 1) / 2, count,
                               PST_ARGS(pst_arg_buffer(f), pst_arg_buffer(workspace), pst_arg_int((int)pixels))));
    PST_TRY(pst_buffer_slice(session, workspace, matrix_offset(session, pixels, c), matrix_bytes(c), slice));
    PST_TRY(get(session, c, false, "gram_reduce", &kernel));
    PST_TRY(pst_launch_workers(session, kernel, (size_t)c, 1,
                               PST_ARGS(pst_arg_buffer(workspace), pst_arg_buffer(*slice), pst_arg_int((int)count), pst_arg_float(1))));
    *parts = 1;
cleanup:
    return status;
}

pst_status pst_gram_add(pst_session *session, const pst_buffer *f, size_t pixels, int c, double scale, pst_buffer *target,
                        pst_buffer *workspace) {
    const pst_kernel *kernel;
    pst_buffer *slice;
    size_t parts;
    pst_status status;
    PST_TRY(sum_products(session, f, pixels, c, workspace, &parts, &slice));
    PST_TRY(get_common(session, "gram_add", &kernel));
    PST_TRY(pst_launch_each(session, kernel, (size_t)c * (size_t)c,
                            PST_ARGS(pst_arg_buffer(slice ? slice : workspace), pst_arg_int(c), pst_arg_int((int)parts),
                                     pst_arg_float(scale), pst_arg_buffer(target))));
cleanup:
    pst_buffer_destroy(session, slice);
    return status;
}

pst_status pst_gram_compare(pst_session *session, const pst_buffer *f, size_t pixels, int c, double scale, const pst_buffer *target,
                            pst_buffer *difference, pst_sums *sums, size_t slot, pst_buffer *workspace) {
    const pst_kernel *kernel;
    pst_buffer *slice;
    size_t parts, global[3], local[3];
    pst_status status;
    pst_sums_sizes(session, global, local);
    PST_TRY(sum_products(session, f, pixels, c, workspace, &parts, &slice));
    PST_TRY(get_common(session, "gram_compare", &kernel));
    PST_TRY(pst_launch(session, kernel, global, local,
                       PST_ARGS(pst_arg_buffer(slice ? slice : workspace), pst_arg_int(c), pst_arg_int((int)parts), pst_arg_float(scale),
                                pst_arg_buffer(target), pst_arg_buffer(difference), pst_arg_buffer(sums->parts),
                                pst_arg_int((int)slot))));
cleanup:
    pst_buffer_destroy(session, slice);
    return status;
}

bool pst_gram_in_place(const pst_session *session) { return is_cpu(session); }

pst_status pst_gram_backward(pst_session *session, const pst_buffer *f, const pst_buffer *difference, size_t pixels, int c, double scale,
                             bool accumulate, pst_buffer *d, pst_buffer *workspace) {
    const pst_kernel *kernel;
    pst_buffer *rows = NULL;
    pst_status status;
    if (!is_cpu(session)) {
        PST_TRY(get_common(session, "gram_backward", &kernel));
        return pst_launch(session, kernel, (size_t[]){(size_t)(c / tile_side(session)), (pixels + LOCAL_PIXELS - 1) / LOCAL_PIXELS, 1}, NULL,
                          PST_ARGS(pst_arg_buffer(f), pst_arg_buffer(difference), pst_arg_int((int)pixels), pst_arg_int(c),
                                   pst_arg_float(scale), pst_arg_int(accumulate), pst_arg_buffer(d)));
    }
    size_t packed = pst_round_up(matrix_bytes(c), PST_SLICE_ALIGN);
    PST_TRY(pst_buffer_slice(session, workspace, packed, workspace->bytes - packed, &rows));
    PST_TRY(get(session, c, accumulate, "gram_pack", &kernel));
    PST_TRY(pst_launch_workers(session, kernel, (size_t)c, 1,
                               PST_ARGS(pst_arg_buffer(difference), pst_arg_buffer(workspace), pst_arg_float(scale))));
    PST_TRY(get(session, c, accumulate, "gram_gradient", &kernel));
    PST_TRY(pst_launch_workers(session, kernel, pst_workers(session), 1,
                               PST_ARGS(pst_arg_buffer(f), pst_arg_buffer(workspace), pst_arg_buffer(d), pst_arg_buffer(NULL),
                                        pst_arg_buffer(rows), pst_arg_int((int)pixels))));
cleanup:
    pst_buffer_destroy(session, rows);
    return status;
}
