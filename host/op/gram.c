#include "op/gram.h"

#include <stdio.h>

#include "op/blocks.h"
#include "op/choices.h"
#include "op/refused.h"
#include "op/tiles.h"

#define SOURCE_GPU "block_gpu+gram_gpu"
#define PARTIAL_BYTES ((size_t)8 << 20) /* at most, for the sums over parts of the pixels; on GPUs twice as many */
#define PIXELS_PER_PART 256             /* at least, so that adding up the parts stays cheap */
#define PARTS_MAX 512                   /* on GPUs, for 64 channels have but one block */
#define CPU_PARTS_MAX 32
#define RUN 16           /* parts that a work-item adds up on GPUs where there are more than UNREDUCED ... */
#define UNREDUCED 128    /* ... and a launch costs less than leaving them to the reader of the matrix */
#define PACKED_PIXELS 64 /* GP in cl/gram_cpu.cl */
#define CACHE_SHARE 0.75 /* of the cache, for maps that are read once more */
#define ROWS_PER_ITEM 4  /* register tiles of rows a block of the gradient */

/* CPUs have kernels of their own (cl/gram_cpu.cl), whose sums over the parts are added up to one matrix at the end of
 * the workspace. On GPUs (cl/gram_gpu.cl) runs of parts are added up where they are, and whoever reads the matrix adds
 * those. At 512x512 the Gram matrices are 9 GFLOP each way, and the features are read once for every 64 channels that
 * there are. */
static bool is_cpu(const pst_session *session) { return session->cpu_kernels; }

static size_t matrix_bytes(int c) { return sizeof(float) * (size_t)c * (size_t)c; }

/* The side of a block of the matrix that a work-item sums (GB), and the bytes of one partial sum over all blocks. */
static int block_side(int c) { return c % 128 == 0 ? 128 : c % 64 == 0 ? 64 : c % 32 == 0 ? 32 : 16; }

static size_t partial_bytes(const pst_session *session, int c) {
    if (!is_cpu(session))
        return matrix_bytes(c);
    size_t side = (size_t)block_side(c), blocks = (size_t)c / side;
    return sizeof(float) * blocks * (blocks + 1) / 2 * (side * side + 2 * side * PACKED_PIXELS);
}

/* On GPUs so many that the blocks fill the device once or twice. */
static size_t part_count(const pst_conv_engine *engine, size_t pixels, int c) {
    const pst_session *session = engine->session;
    size_t bytes = is_cpu(session) ? PARTIAL_BYTES : 2 * PARTIAL_BYTES, parts = bytes / partial_bytes(session, c),
           most = pixels / PIXELS_PER_PART + 1, limit = CPU_PARTS_MAX;
    if (!is_cpu(session)) {
        pst_block block = pst_block_square(session, pst_block_form_chosen(engine, c), c);
        size_t side = (size_t)((c + block.columns - 1) / block.columns), blocks = side * (side + 1) / 2;
        limit = (size_t)(2 * pst_block_resident(session, &block)) / blocks + 1;
        limit = limit < PARTS_MAX ? limit : PARTS_MAX;
    }
    parts = parts < most ? parts : most;
    return parts < 1 ? 1 : parts > limit ? limit : parts;
}

/* By matrix units where there are some, whose rounding is good enough for gradients. */
static bool by_units(const pst_session *session, int c) {
    return is_cpu(session) && session->matrix_units && c % PST_MATRIX_CHANNELS == 0;
}

static pst_tile product_tile(const pst_session *session, int c, bool units) {
    return units ? pst_tile_matrix(c, c, false) : pst_tile_choose(session, c, c, true);
}

static size_t matrix_offset(const pst_conv_engine *engine, size_t pixels, int c) {
    return pst_round_up(part_count(engine, pixels, c) * partial_bytes(engine->session, c), PST_SLICE_ALIGN);
}

static size_t rows_at_once(const pst_session *session, int c, bool units) {
    return (size_t)((units ? ROWS_PER_ITEM / 2 : ROWS_PER_ITEM) * product_tile(session, c, units).rows);
}

/* Of a product: the packed matrix, and for each worker a block of rows, with units those split as well. */
static size_t product_bytes(const pst_session *session, int c, bool units) {
    return pst_round_up(matrix_bytes(c), PST_SLICE_ALIGN) +
           sizeof(float) * rows_at_once(session, c, units) * (units ? 2 : 1) * (size_t)c * pst_workers(session);
}

size_t pst_gram_workspace_bytes(const pst_conv_engine *engine, size_t pixels, int c) {
    const pst_session *session = engine->session;
    size_t sums = part_count(engine, pixels, c) * partial_bytes(session, c);
    if (!is_cpu(session))
        return sums;
    size_t forward = matrix_offset(engine, pixels, c) + matrix_bytes(c);
    size_t product = product_bytes(session, c, false), split = product_bytes(session, c, by_units(session, c));
    product = product > split ? product : split;
    return forward > product ? forward : product;
}

static pst_status get(pst_session *session, int c, bool accumulate, const char *name, bool units,
                      const pst_kernel **kernel) {
    pst_tile tile = product_tile(session, c, units);
    char defines[224];
    snprintf(defines, sizeof defines,
             "-DVEC=%d -DNV=%d -DRT=%d -DNP=%d -DCB=%d -DTB=%d -DC=%d -DGB=%d -DGR=%d -DGV=%d -DGP=%d -DINJECT=%d "
             "-DMASK_IN=0 -DMATRIX=%d",
             tile.lanes, tile.vectors, tile.rows, tile.panels, tile.depth, (int)rows_at_once(session, c, units), c,
             block_side(c), tile.lanes == 16 ? 8 : 4, tile.vectors > 1 ? 2 : 1, PACKED_PIXELS, accumulate, units);
    return pst_kernel_get(session, units ? "matrix_cpu+vector_cpu+gram_cpu" : "vector_cpu+gram_cpu", name, defines,
                          kernel);
}

/* A square block of the matrix on GPUs, as it was built: the device may not be able to do the one that was wanted. */
static pst_status square_block(const pst_conv_engine *engine, int c, const char *defines, pst_block *block,
                               const pst_kernel **kernel) {
    *block = pst_block_square(engine->session, pst_block_form_chosen(engine, c), c);
    return pst_block_kernel_within(engine->session, SOURCE_GPU, "gram_partial", defines, block, kernel);
}

pst_status pst_gram_kernel(const pst_conv_engine *engine, int c, const char *name, const pst_kernel **kernel) {
    pst_block block = {.columns = 16};
    char defines[32];
    pst_status status = is_cpu(engine->session) ? PST_OK : square_block(engine, c, "", &block, kernel);
    if (status != PST_OK)
        return status;
    snprintf(defines, sizeof defines, "-DT=%d", block.columns);
    return pst_kernel_get(engine->session, "gram", name, defines, kernel);
}

/* Groups of one part on GPUs. */
static size_t block_count(const pst_block *block, int c) {
    size_t side = (size_t)((c + block->columns - 1) / block->columns);
    return side * (side + 1) / 2;
}

static double part_flops(const pst_block *block, const pst_gram_map *map, size_t parts) {
    return (double)block_count(block, map->c) * 2 * block->columns * block->columns * (double)map->pixels /
           (double)parts;
}

/* Queues the sums of so many maps over their parts; of a single one, of its parts from `first` on. */
static pst_status launch_partial(const pst_conv_engine *engine, const pst_gram_map *maps, size_t count, size_t first,
                                 size_t parts, const pst_block *block, const pst_kernel *kernel,
                                 pst_buffer *workspace) {
    size_t items = pst_block_items(block), groups = 0;
    pst_arg args[4 * PST_GRAM_MAPS + 2], *next = args;
    for (size_t i = 0; i < (count > 1 ? PST_GRAM_MAPS : 1); i++) {
        const pst_gram_map *map = &maps[i < count ? i : 0];
        size_t all = part_count(engine, map->pixels, map->c);
        *next++ = pst_arg_buffer(map->features);
        *next++ = pst_arg_int((int)map->pixels);
        *next++ = pst_arg_int(map->c);
        *next++ = pst_arg_int((int)all);
        groups += i < count ? block_count(block, map->c) * (count > 1 ? all : parts) : 0;
    }
    *next++ = pst_arg_int((int)first);
    *next++ = pst_arg_buffer(workspace);
    return pst_launch(engine->session, kernel, (size_t[]){groups * items, 1, 1}, (size_t[]){items, 1, 1},
                      (size_t)(next - args), args);
}

static pst_status sum_on_gpu(const pst_conv_engine *engine, const pst_gram_map *map, pst_buffer *workspace,
                             pst_gram_parts *sums) {
    pst_session *session = engine->session;
    const pst_kernel *kernel;
    pst_block block;
    pst_status status;
    PST_TRY(square_block(engine, map->c, "", &block, &kernel));
    size_t parts = part_count(engine, map->pixels, map->c),
           most = pst_launch_share(session, part_flops(&block, map, parts), parts);
    for (size_t first = 0; first < parts; first += most)
        PST_TRY(launch_partial(engine, map, 1, first, parts - first < most ? parts - first : most, &block, kernel,
                               workspace));
    sums->counts[0] = parts;
    if (parts > UNREDUCED) {
        sums->counts[0] = (parts + RUN - 1) / RUN;
        sums->step = RUN;
        PST_TRY(pst_block_kernel_within(session, SOURCE_GPU, "gram_reduce", "", &block, &kernel));
        PST_TRY(pst_launch_each(
            session, kernel, sums->counts[0] * (size_t)map->c * (size_t)map->c,
            PST_ARGS(pst_arg_buffer(workspace), pst_arg_int(map->c), pst_arg_int((int)parts), pst_arg_int(RUN))));
    }
cleanup:
    return status;
}

static pst_status sum_all_on_gpu(const pst_conv_engine *engine, const pst_gram_map *maps, size_t count,
                                 pst_buffer *workspace, pst_gram_parts *sums) {
    const pst_kernel *kernel;
    pst_block block;
    for (size_t i = 0; i < count; i++)
        sums->counts[i] = part_count(engine, maps[i].pixels, maps[i].c);
    pst_status status = square_block(engine, maps->c, "-DMAPS=5", &block, &kernel);
    return status == PST_OK ? launch_partial(engine, maps, count, 0, 0, &block, kernel, workspace) : status;
}

static pst_status sum_on_cpu(const pst_conv_engine *engine, const pst_gram_map *map, pst_buffer *workspace,
                             pst_gram_parts *sums) {
    pst_session *session = engine->session;
    const int c = map->c;
    const pst_kernel *kernel;
    size_t count = part_count(engine, map->pixels, c), blocks = (size_t)(c / block_side(c));
    pst_status status;
    PST_TRY(get(session, c, false, "gram_partial", false, &kernel));
    PST_TRY(pst_launch_workers(
        session, kernel, blocks * (blocks + 1) / 2, count,
        PST_ARGS(pst_arg_buffer(map->features), pst_arg_buffer(workspace), pst_arg_int((int)map->pixels))));
    PST_TRY(pst_buffer_slice(session, workspace, matrix_offset(engine, map->pixels, c), matrix_bytes(c), &sums->slice));
    sums->matrices = sums->slice;
    sums->counts[0] = 1;
    PST_TRY(get(session, c, false, "gram_reduce", false, &kernel));
    PST_TRY(pst_launch_workers(
        session, kernel, (size_t)c, 1,
        PST_ARGS(pst_arg_buffer(workspace), pst_arg_buffer(sums->slice), pst_arg_int((int)count), pst_arg_float(1))));
cleanup:
    return status;
}

pst_status pst_gram_sum(const pst_conv_engine *engine, const pst_gram_map *maps, size_t count, pst_buffer *workspace,
                        pst_gram_parts *sums) {
    *sums = (pst_gram_parts){.step = 1, .matrices = workspace};
    return count > 1                 ? sum_all_on_gpu(engine, maps, count, workspace, sums)
           : is_cpu(engine->session) ? sum_on_cpu(engine, maps, workspace, sums)
                                     : sum_on_gpu(engine, maps, workspace, sums);
}

void pst_gram_parts_close(pst_session *session, pst_gram_parts *parts) { pst_buffer_destroy(session, parts->slice); }

static pst_status compare(const pst_conv_engine *engine, const pst_gram_parts *parts, const pst_gram_map *maps,
                          size_t count, pst_sums *sums) {
    const pst_kernel *kernel;
    pst_arg args[6 * PST_GRAM_MAPS + 3] = {pst_arg_buffer(parts->matrices), pst_arg_int((int)parts->step)},
                                     *next = args + 2;
    pst_status status = pst_gram_kernel(engine, maps->c, "gram_compare", &kernel);
    if (status != PST_OK)
        return status;
    for (size_t i = 0; i < PST_GRAM_MAPS; i++) {
        const size_t m = i < count ? i : 0;
        *next++ = pst_arg_int(maps[m].c);
        *next++ = pst_arg_int((int)parts->counts[m]);
        *next++ = pst_arg_float(maps[m].scale);
        *next++ = pst_arg_buffer(maps[m].target);
        *next++ = pst_arg_buffer(maps[m].difference);
        *next++ = pst_arg_int((int)maps[m].slot);
    }
    *next++ = pst_arg_buffer(sums->parts);
    return pst_launch_sum_rows(engine->session, kernel, count, (size_t)(next - args), args);
}

pst_status pst_gram_compare(const pst_conv_engine *engine, const pst_gram_map *maps, size_t count, pst_sums *sums,
                            pst_buffer *workspace) {
    pst_gram_parts parts;
    pst_status status;
    PST_TRY(pst_gram_sum(engine, maps, count, workspace, &parts));
    PST_TRY(compare(engine, &parts, maps, count, sums));
cleanup:
    pst_gram_parts_close(engine->session, &parts);
    return status;
}

bool pst_gram_together(const pst_conv_engine *engine, const pst_gram_map *maps, size_t count, size_t workspace_bytes) {
    const pst_session *session = engine->session;
    size_t bytes = 0, read = 0;
    double flops = 0;
    if (is_cpu(session) || count < 2 || count > PST_GRAM_MAPS)
        return false;
    pst_block first = pst_block_square(session, pst_block_form_chosen(engine, maps->c), maps->c);
    for (size_t i = 0; i < count; i++) {
        const pst_gram_map *map = &maps[i];
        pst_block block = pst_block_square(session, pst_block_form_chosen(engine, map->c), map->c);
        size_t parts = part_count(engine, map->pixels, map->c);
        if (block.form != first.form || block.columns != first.columns || parts > UNREDUCED)
            return false;
        bytes += parts * matrix_bytes(map->c);
        read += sizeof(float) * map->pixels * (size_t)map->c;
        flops += part_flops(&block, map, parts) * (double)parts;
    }
    return bytes <= workspace_bytes && (double)read <= CACHE_SHARE * (double)session->device.cache_bytes &&
           flops <= pst_launch_flops(session);
}

pst_status pst_gram_compare_sum(const pst_conv_engine *engine, const pst_buffer *sum, const pst_gram_map *map,
                                pst_sums *sums) {
    return compare(engine, &(pst_gram_parts){.counts = {1}, .step = 1, .matrices = sum}, map, 1, sums);
}

bool pst_gram_in_place(const pst_session *session) { return is_cpu(session); }

static pst_status backward_on_gpu(const pst_conv_engine *engine, const pst_buffer *f, const pst_buffer *difference,
                                  const pst_buffer *row, size_t pixels, int c, double scale, bool accumulate,
                                  pst_buffer *d) {
    pst_session *session = engine->session;
    const pst_kernel *kernel;
    pst_block block = pst_block_choose(session, pst_block_form_chosen(engine, c), pixels, c);
    pst_status status;
    PST_TRY(pst_block_kernel_within(session, SOURCE_GPU, "gram_backward", "", &block, &kernel));
    size_t items = pst_block_items(&block), rows = (size_t)pst_block_height(&block), columns = (size_t)block.columns;
    size_t across = ((size_t)c + columns - 1) / columns, down = (pixels + rows - 1) / rows;
    size_t most = pst_launch_share(session, 2.0 * (double)rows * c * c, down);
    for (size_t first = 0; first < down; first += most)
        PST_TRY(pst_launch(session, kernel, (size_t[]){across * items, down - first < most ? down - first : most, 1},
                           (size_t[]){items, 1, 1},
                           PST_ARGS(pst_arg_buffer(f), pst_arg_buffer(difference), pst_arg_buffer(row),
                                    pst_arg_int((int)pixels), pst_arg_int(c), pst_arg_float(scale),
                                    pst_arg_int(accumulate), pst_arg_buffer(d), pst_arg_int((int)(first * rows)))));
cleanup:
    return status;
}

static pst_status multiply(const pst_conv_engine *engine, const pst_buffer *f, const pst_buffer *difference,
                           const pst_buffer *row, size_t pixels, int c, double scale, bool accumulate, bool units,
                           pst_buffer *d, pst_buffer *workspace) {
    pst_session *session = engine->session;
    const pst_kernel *kernel;
    pst_buffer *rows = NULL;
    pst_status status;
    if (!is_cpu(session))
        return backward_on_gpu(engine, f, difference, row, pixels, c, scale, accumulate, d);
    size_t packed = pst_round_up(matrix_bytes(c), PST_SLICE_ALIGN);
    PST_TRY(pst_buffer_slice(session, workspace, packed, workspace->bytes - packed, &rows));
    PST_TRY(get(session, c, accumulate, "gram_pack", units, &kernel));
    PST_TRY(pst_launch_workers(session, kernel, (size_t)(units ? c / 2 : c), 1,
                               PST_ARGS(pst_arg_buffer(difference), pst_arg_buffer(workspace), pst_arg_float(scale))));
    PST_TRY(get(session, c, accumulate, "gram_gradient", units, &kernel));
    PST_TRY(pst_launch_workers(session, kernel, pst_workers(session), 1,
                               PST_ARGS(pst_arg_buffer(f), pst_arg_buffer(workspace), pst_arg_buffer(row),
                                        pst_arg_float(scale), pst_arg_buffer(d), pst_arg_buffer(rows),
                                        pst_arg_int((int)pixels))));
cleanup:
    pst_buffer_destroy(session, rows);
    return status;
}

pst_status pst_gram_backward(const pst_conv_engine *engine, const pst_buffer *f, const pst_buffer *difference,
                             const pst_buffer *row, size_t pixels, int c, double scale, bool accumulate, pst_buffer *d,
                             pst_buffer *workspace) {
    const bool units = by_units(engine->session, c);
    return multiply(engine, f, difference, row, pixels, c, scale, accumulate, units, d, workspace);
}

pst_status pst_gram_multiply(const pst_conv_engine *engine, const pst_buffer *f, const pst_buffer *matrix,
                             size_t pixels, int c, pst_buffer *product, pst_buffer *workspace) {
    return multiply(engine, f, matrix, NULL, pixels, c, 1, false, false, product, workspace);
}
