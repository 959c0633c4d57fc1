/* Winograd F(4x4,3x3) (Lavin and Gray 2015) for CPUs, in two forms. Fused: a work-item transforms a few tiles, multiplies them
 * and transforms them back, all within the second-level cache; for layers whose weights fit there. Deep: the tiles of a strip
 * pass through the steps together, so that the filters, 36 matrices of c_in x c_out, are transformed and read once a strip. */
#include <stdio.h>

#include "base/memory.h"
#include "op/conv.h"
#include "op/tiles.h"

#define SOURCE "vector_cpu+winograd_tile_cpu+conv_winograd_cpu"
#define STRIP_TILES 516  /* a strip's transforms: up to 40 MB, which large caches still hold; measured best on two cores */
#define GROUP_OUTPUTS 128 /* at least a panel of every register tile */

/* Floats between the rows and points of the transforms, as in cl/winograd_tile_cpu.cl. */
static size_t input_row(const pst_conv_shape *s) { return (size_t)s->c_in + (s->c_in >= 256 ? 16 : 0); }
static size_t point(size_t tiles, size_t row) { return tiles * row + 16; }
static size_t patch(const pst_conv_shape *s) { return 36 * (size_t)s->c_in; }

static size_t tile_count(const pst_conv_shape *s) { return (size_t)((s->h + 3) / 4) * (size_t)((s->w + 3) / 4); }

static pst_tile register_tile(const pst_conv_engine *engine, const pst_conv_shape *s) {
    return pst_tile_choose(engine->session, s->c_in, s->c_out, true);
}

/* Tiles of a fused work-item's block, whole register tiles: its transforms and products should stay in 1 MiB. */
static int block_tiles(const pst_conv_engine *engine, const pst_conv_shape *s) {
    int rows = register_tile(engine, s).rows, most = s->c_in <= 64 && s->c_out <= 64 ? 12 : 24;
    return most < rows ? rows : most / rows * rows;
}

static bool supports(const pst_conv_engine *engine, const pst_conv_shape *s) {
    return engine->session->cpu_kernels && s->c_in % 16 == 0 && s->c_out % 16 == 0;
}

static size_t weight_bytes(const pst_conv_engine *engine, const pst_conv_shape *s) {
    (void)engine;
    return sizeof(float) * 36 * (size_t)s->c_in * (size_t)s->c_out;
}

static pst_status prepare(const pst_conv_engine *engine, const pst_conv_shape *s, const float *weights, int k, int c, pst_buffer *prepared) {
    pst_session *session = engine->session;
    pst_buffer *raw = NULL;
    const pst_kernel *kernel;
    pst_tile tile = register_tile(engine, s);
    size_t bytes = sizeof(float) * 9 * (size_t)k * (size_t)c;
    pst_status status;
    PST_TRY(pst_kernel_get(session, "winograd_weights", "winograd_weights", "", &kernel));
    PST_TRY(pst_buffer_create(session, bytes, "weights", &raw));
    PST_TRY(pst_buffer_write(session, raw, 0, weights, bytes));
    PST_TRY(pst_launch_workers(session, kernel, (size_t)s->c_out, (size_t)s->c_in,
                               PST_ARGS(pst_arg_buffer(raw), pst_arg_buffer(prepared), pst_arg_int(k), pst_arg_int(c), pst_arg_int(s->c_in),
                                        pst_arg_int(tile.lanes * tile.vectors), pst_arg_int(s->backward))));
    PST_TRY(pst_session_finish(session));
cleanup:
    pst_buffer_destroy(session, raw);
    return status;
}

static pst_status get_kernel(const pst_conv_engine *engine, const pst_conv_shape *s, const pst_conv_tensors *t, bool deep, const char *name,
                             const pst_kernel **kernel) {
    pst_tile tile = register_tile(engine, s);
    char defines[256];
    snprintf(defines, sizeof defines,
             "-DVEC=%d -DNV=%d -DRT=%d -DCB=%d -DTB=%d -DC=%d -DK=%d -DKW=%d -DRELU=%d -DMASK_OUT=%d -DPOOL=%d -DUNPOOL=%d "
             "-DMASK_IN=%d -DINJECT=%d -DSTREAM=0 -DDEEP=%d",
             tile.lanes, tile.vectors, tile.rows, tile.depth, block_tiles(engine, s), s->c_in, s->c_out, tile.lanes * tile.vectors, !s->backward,
             !s->backward && t->bits != NULL, s->backward ? 0 : (int)s->pool, s->backward ? (int)s->pool : 0,
             s->backward && t->mask != NULL, s->backward && t->add, deep);
    return pst_kernel_get(engine->session, SOURCE, name, defines, kernel);
}

static const pst_buffer *bits_of(const pst_conv_shape *s, const pst_conv_tensors *t) { return s->backward ? t->mask : t->bits; }

/* ---- fused ---- */

static size_t fused_slice(const pst_conv_engine *engine, const pst_conv_shape *s) {
    pst_tile tile = register_tile(engine, s);
    size_t tiles = (size_t)block_tiles(engine, s);
    return 36 * point(tiles, input_row(s)) + 36 * point(tiles, (size_t)(tile.lanes * tile.vectors)) + patch(s);
}

static pst_status fused_workspace(const pst_conv_engine *engine, const pst_conv_shape *s, size_t *bytes) {
    *bytes = sizeof(float) * fused_slice(engine, s) * pst_workers(engine->session);
    return PST_OK;
}

static pst_status fused_run(const pst_conv_engine *engine, const pst_conv_shape *s, const pst_conv_tensors *t) {
    const pst_kernel *kernel;
    pst_status status = get_kernel(engine, s, t, false, "winograd_fused", &kernel);
    if (status != PST_OK)
        return status;
    return pst_launch_workers(engine->session, kernel, pst_workers(engine->session), 1,
                              PST_ARGS(pst_arg_buffer(t->in), pst_arg_buffer(t->in_bits), pst_arg_buffer(t->weights), pst_arg_buffer(t->bias),
                                       pst_arg_buffer(t->out), pst_arg_buffer(bits_of(s, t)), pst_arg_buffer(t->workspace),
                                       pst_arg_int(s->h), pst_arg_int(s->w)));
}

const pst_conv_algorithm pst_conv_winograd_fused = {"winograd-fused", supports, weight_bytes, fused_workspace, prepare, fused_run};

/* ---- deep ---- */

/* Outputs whose transformed filters are in the workspace at one time. */
static size_t group_outputs(const pst_conv_engine *engine, const pst_conv_shape *s) {
    pst_tile tile = register_tile(engine, s);
    size_t panel = (size_t)(tile.lanes * tile.vectors), panels = GROUP_OUTPUTS / panel, all = (size_t)s->c_out / panel;
    while (all % panels)
        panels--;
    return panel * panels;
}

static size_t filter_floats(const pst_conv_engine *engine, const pst_conv_shape *s) {
    return pst_round_up(36 * (size_t)(s->c_in + 1) * group_outputs(engine, s), PST_SLICE_ALIGN / sizeof(float)); /* UPOINT */
}

static size_t strip_floats(const pst_conv_engine *engine, const pst_conv_shape *s, size_t strip) {
    return 36 * (point(strip, input_row(s)) + point(strip, (size_t)s->c_out + 16)) + patch(s) * pst_workers(engine->session);
}

/* Tiles a strip: few strips within the limit, all of nearly the same length, a multiple of the register tile's rows. */
static size_t strip_length(const pst_conv_engine *engine, const pst_conv_shape *s) {
    size_t tiles = tile_count(s), rows = (size_t)register_tile(engine, s).rows, strips = 1, strip;
    do {
        strip = pst_round_up((tiles + strips - 1) / strips, rows);
        strips++;
    } while (strip > STRIP_TILES || (strip > rows && sizeof(float) * (filter_floats(engine, s) + strip_floats(engine, s, strip)) > engine->workspace_limit));
    return strip;
}

static size_t deep_weight_bytes(const pst_conv_engine *engine, const pst_conv_shape *s) {
    (void)engine;
    return sizeof(float) * 9 * (size_t)s->c_in * (size_t)s->c_out;
}

static pst_status deep_prepare(const pst_conv_engine *engine, const pst_conv_shape *s, const float *weights, int k, int c,
                               pst_buffer *prepared) {
    float *matrix;
    size_t bytes = deep_weight_bytes(engine, s);
    pst_status status = pst_allocate(engine->session->error, bytes, 1, &matrix);
    if (status != PST_OK)
        return status;
    pst_conv_weight_matrix(s, weights, k, c, matrix);
    status = pst_buffer_write(engine->session, prepared, 0, matrix, bytes);
    pst_free(matrix);
    return status;
}

static pst_status deep_workspace(const pst_conv_engine *engine, const pst_conv_shape *s, size_t *bytes) {
    *bytes = sizeof(float) * (filter_floats(engine, s) + strip_floats(engine, s, strip_length(engine, s)));
    return PST_OK;
}

/* All products of a strip, group by group of outputs. */
static pst_status multiply(const pst_conv_engine *engine, const pst_conv_shape *s, const pst_conv_tensors *t, const pst_buffer *scratch,
                           size_t strip) {
    pst_session *session = engine->session;
    const pst_kernel *filters, *products;
    size_t panel = (size_t)(register_tile(engine, s).lanes * register_tile(engine, s).vectors), group = group_outputs(engine, s);
    pst_status status;
    PST_TRY(get_kernel(engine, s, t, true, "winograd_filters", &filters));
    PST_TRY(get_kernel(engine, s, t, true, "winograd_products", &products));
    for (size_t first = 0; first < (size_t)s->c_out; first += group) {
        pst_arg from = pst_arg_int((int)first);
        PST_TRY(pst_launch_workers(session, filters, pst_workers(session), group / panel,
                                   PST_ARGS(pst_arg_buffer(t->weights), pst_arg_buffer(t->workspace), from)));
        PST_TRY(pst_launch_workers(session, products, group / panel, 36,
                                   PST_ARGS(pst_arg_buffer(t->workspace), pst_arg_buffer(scratch), pst_arg_int((int)strip), from)));
    }
cleanup:
    return status;
}

static pst_status deep_run(const pst_conv_engine *engine, const pst_conv_shape *s, const pst_conv_tensors *t) {
    pst_session *session = engine->session;
    const pst_kernel *input, *output;
    size_t tiles = tile_count(s), strip = strip_length(engine, s), rows = (size_t)register_tile(engine, s).rows;
    size_t filter_bytes = sizeof(float) * filter_floats(engine, s);
    pst_buffer *slice = NULL;
    pst_arg h = pst_arg_int(s->h), w = pst_arg_int(s->w);
    pst_status status;
    PST_TRY(get_kernel(engine, s, t, true, "winograd_input", &input));
    PST_TRY(get_kernel(engine, s, t, true, "winograd_output", &output));
    PST_TRY(pst_buffer_slice(session, t->workspace, filter_bytes, t->workspace->bytes - filter_bytes, &slice));
    pst_arg scratch = pst_arg_buffer(slice);
    for (size_t first = 0; first < tiles; first += strip) {
        size_t count = tiles - first < strip ? tiles - first : strip, length = pst_round_up(count, rows);
        pst_arg from = pst_arg_int((int)first), n = pst_arg_int((int)count), long_n = pst_arg_int((int)length);
        PST_TRY(pst_launch_workers(session, input, pst_workers(session), 1,
                                   PST_ARGS(pst_arg_buffer(t->in), pst_arg_buffer(t->in_bits), scratch, h, w, from, n, long_n)));
        PST_TRY(multiply(engine, s, t, slice, length));
        PST_TRY(pst_launch_workers(session, output, pst_workers(session), 1,
                                   PST_ARGS(scratch, pst_arg_buffer(t->bias), pst_arg_buffer(t->out), pst_arg_buffer(bits_of(s, t)), h, w,
                                            from, n, long_n)));
    }
cleanup:
    pst_buffer_destroy(session, slice);
    return status;
}

const pst_conv_algorithm pst_conv_winograd_deep = {"winograd-deep", supports, deep_weight_bytes, deep_workspace, deep_prepare, deep_run};
