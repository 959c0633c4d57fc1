/* Winograd F(6x6,3x3), F(4x4,3x3) and F(2x2,3x3) (Lavin and Gray 2015) for CPUs. One copy of the filters serves both
 * directions, and a run transforms them into its workspace, for transformed they take four times the room, in each
 * direction; where there is room for that, they are kept. Then in one of two forms. Fused: a work-item transforms a few
 * tiles, multiplies them and transforms them back, all within the second-level cache. Deep: the tiles of a strip pass
 * through the steps together, so that little is read for many products where the filters are large. Either may have its
 * products from matrix units. */
#include <stdio.h>

#include "op/conv.h"
#include "op/tiles.h"

#define SOURCE "vector_cpu+winograd_points+winograd_tile_cpu+conv_winograd_cpu"
#define FILTERS "vector_cpu+winograd_points+winograd_filters_cpu"
#define MATRIX "matrix_cpu+"
#define STRIP_BYTES \
    ((size_t)40 << 20) /* of a strip's transforms, which large caches still hold; measured best on two cores */
#define FILTERS_BYTES \
    ((size_t)20 << 20)    /* transformed filters that stay in a last-level cache; larger ones are taken in groups */
#define GROUP_OUTPUTS 128 /* at least a block of every form */

/* m: side of a tile's outputs. matrix: products by the device's matrix units, whose rounding of 17 bits is good enough
 * for gradients. Forward it would not be: ten times as many choices of ReLU and of maximum pooling would fall another
 * way than in float. */
typedef struct form {
    int m;
    bool deep, matrix;
} form;

/* Floats between the rows and points of the transforms, as in cl/winograd_tile_cpu.cl. */
static size_t input_row(const pst_conv_shape *s) { return (size_t)s->c_in + (s->c_in >= 256 ? 16 : 0); }
static size_t point(size_t tiles, size_t row) { return tiles * row + 16; }
static size_t points(form f) { return (size_t)((f.m + 2) * (f.m + 2)); }
static size_t patch(form f, const pst_conv_shape *s) { return points(f) * (size_t)s->c_in; }
static size_t tile_count(form f, const pst_conv_shape *s) {
    return (size_t)((s->h + f.m - 1) / f.m) * (size_t)((s->w + f.m - 1) / f.m);
}

static pst_tile register_tile(form f, const pst_conv_engine *engine, const pst_conv_shape *s) {
    return f.matrix ? pst_tile_matrix(s->c_in, s->c_out, f.deep)
                    : pst_tile_choose(engine->session, s->c_in, s->c_out, true);
}

/* Outputs of a panel of filters, and of a block of products. */
static size_t panel_outputs(form f, const pst_conv_engine *engine, const pst_conv_shape *s) {
    pst_tile tile = register_tile(f, engine, s);
    return (size_t)(tile.lanes * tile.vectors);
}

static size_t block_outputs(form f, const pst_conv_engine *engine, const pst_conv_shape *s) {
    pst_tile tile = register_tile(f, engine, s);
    return (size_t)pst_tile_outputs(&tile);
}

/* Tiles of a fused work-item's block, whole register tiles: its transforms and products stay in the second-level cache,
 * and the filters, which come from the last one, are read twice from nearer by. */
static int block_tiles(form f, const pst_conv_engine *engine, const pst_conv_shape *s) {
    int rows = register_tile(f, engine, s).rows, most = f.m == 2 ? 24 : f.m == 6 ? 6 : 12;
    return most < rows ? rows : most / rows * rows;
}

static size_t filter_bytes(form f, const pst_conv_shape *s, size_t outputs) {
    return pst_round_up(sizeof(float) * points(f) * (size_t)(s->c_in + 1) * outputs, PST_SLICE_ALIGN); /* UPOINT */
}

static bool supports(form f, const pst_conv_engine *engine, const pst_conv_shape *s) {
    const int channels = f.matrix ? PST_MATRIX_CHANNELS : PST_CHANNELS;
    return engine->session->cpu_kernels && (!f.matrix || (engine->session->matrix_units && s->backward)) &&
           s->c_in % channels == 0 && s->c_out % channels == 0 &&
           (f.deep || filter_bytes(f, s, (size_t)s->c_out) <= FILTERS_BYTES);
}

/* strip: tiles of a strip, or 0 for the fused form. */
static pst_status get_kernel(form f, const pst_conv_engine *engine, const pst_conv_shape *s, const pst_conv_tensors *t,
                             size_t strip, const char *name, const pst_kernel **kernel) {
    pst_tile tile = register_tile(f, engine, s);
    const size_t input_bytes = sizeof(float) * points(f) * point(strip, input_row(s));
    char defines[256];
    snprintf(defines, sizeof defines,
             "-DM=%d -DVEC=%d -DNV=%d -DRT=%d -DNP=%d -DCB=%d -DTB=%d -DC=%d -DK=%d -DRELU=%d -DMASK_OUT=%d -DPOOL=%d "
             "-DUNPOOL=%d "
             "-DMASK_IN=%d -DINJECT=%d -DDEEP=%d -DSTREAM=%d -DMATRIX=%d",
             f.m, tile.lanes, tile.vectors, tile.rows, tile.panels, s->c_in, block_tiles(f, engine, s), s->c_in,
             s->c_out, !s->backward, !s->backward && t->bits != NULL, s->backward ? 0 : (int)s->pool,
             s->backward ? (int)s->pool : 0, s->backward && t->mask != NULL, s->backward && t->add, f.deep,
             strip && pst_tile_streams(engine->session, &tile, input_bytes), f.matrix);
    return pst_kernel_get(engine->session, f.matrix ? MATRIX SOURCE : SOURCE, name, defines, kernel);
}

static const pst_buffer *bits_of(const pst_conv_shape *s, const pst_conv_tensors *t) {
    return s->backward ? t->mask : t->bits;
}

/* ---- filters ---- */

/* Outputs whose transformed filters are there at one time: all, or a part of them that divides them, which then is
 * transformed for each strip; so not where maps need several strips and the workspace has room for all. Twice as many
 * read the tiles half as often; narrow vectors leave time for filters that come from farther away. */
static size_t group_outputs(form f, const pst_conv_engine *engine, const pst_conv_shape *s) {
    const pst_tile tile = register_tile(f, engine, s);
    const size_t room = engine->workspace_limit / 3 * 2, bytes = filter_bytes(f, s, (size_t)s->c_out),
                 maps = sizeof(float) * points(f) * tile_count(f, s) * (size_t)(s->c_in + s->c_out),
                 block = (size_t)pst_tile_outputs(&tile), all = (size_t)s->c_out / block;
    size_t outputs = GROUP_OUTPUTS;
    if (s->kept || !f.deep || bytes <= FILTERS_BYTES || (maps > STRIP_BYTES && bytes <= room))
        return (size_t)s->c_out;
    if (tile.lanes < 16 && filter_bytes(f, s, 2 * outputs) <= room)
        outputs *= 2;
    size_t blocks = outputs / block;
    while (all % blocks)
        blocks--;
    return block * blocks;
}

/* Queues the transform of the filters of the group of outputs from `first` on, to the beginning of `filters`. */
static pst_status transform_filters(form f, const pst_conv_engine *engine, const pst_conv_shape *s,
                                    const pst_buffer *weights, const pst_buffer *filters, size_t first) {
    const pst_kernel *kernel;
    pst_tile tile = register_tile(f, engine, s);
    size_t width = panel_outputs(f, engine, s);
    char defines[160];
    int used =
        snprintf(defines, sizeof defines, "-DM=%d -DVEC=%d -DLINE=%d -DSTREAM=%d -DMATRIX=%d", f.m, tile.lanes,
                 tile.lanes < 16 && tile.vectors > 1 ? 2 : 1,
                 pst_tile_streams(engine->session, &tile, filter_bytes(f, s, group_outputs(f, engine, s))), f.matrix);
    if (f.matrix)
        snprintf(defines + used, sizeof defines - (size_t)used, " -DNV=%d -DRT=%d -DNP=1 -DCB=%d", tile.vectors,
                 tile.rows, PST_MATRIX_CHANNELS);
    pst_status status =
        pst_kernel_get(engine->session, f.matrix ? MATRIX FILTERS : FILTERS, "winograd_filters", defines, &kernel);
    if (status != PST_OK)
        return status;
    return pst_launch_workers(
        engine->session, kernel, pst_workers(engine->session), group_outputs(f, engine, s) / width,
        PST_ARGS(pst_arg_buffer(weights), pst_arg_buffer(filters), pst_arg_int(s->c_in), pst_arg_int(s->c_out),
                 pst_arg_int((int)width), pst_arg_int((int)first), pst_arg_int(s->backward)));
}

static const pst_buffer *filters_of(const pst_conv_shape *s, const pst_conv_tensors *t) {
    return s->kept ? t->weights : t->workspace;
}

/* Of the workspace. */
static size_t group_bytes(form f, const pst_conv_engine *engine, const pst_conv_shape *s) {
    return s->kept ? 0 : filter_bytes(f, s, group_outputs(f, engine, s));
}

/* The workspace behind the filters; to be destroyed. */
static pst_status slice_scratch(form f, const pst_conv_engine *engine, const pst_conv_shape *s,
                                const pst_conv_tensors *t, pst_buffer **scratch) {
    size_t begin = group_bytes(f, engine, s);
    return pst_buffer_slice(engine->session, t->workspace, begin, t->workspace->bytes - begin, scratch);
}

/* ---- fused ---- */

static size_t fused_floats(form f, const pst_conv_engine *engine, const pst_conv_shape *s) {
    size_t tiles = (size_t)block_tiles(f, engine, s);
    return points(f) * (point(tiles, input_row(s)) + point(tiles, block_outputs(f, engine, s))) + patch(f, s);
}

static pst_status run_fused(form f, const pst_conv_engine *engine, const pst_conv_shape *s, const pst_conv_tensors *t) {
    const pst_kernel *kernel;
    pst_buffer *scratch = NULL;
    pst_status status;
    PST_TRY(slice_scratch(f, engine, s, t, &scratch));
    PST_TRY(get_kernel(f, engine, s, t, 0, "winograd_fused", &kernel));
    if (!s->kept)
        PST_TRY(transform_filters(f, engine, s, t->weights, t->workspace, 0));
    PST_TRY(
        pst_launch_workers(engine->session, kernel, pst_workers(engine->session), 1,
                           PST_ARGS(pst_arg_buffer(t->in), pst_arg_buffer(t->in_bits), pst_arg_buffer(filters_of(s, t)),
                                    pst_arg_buffer(t->bias), pst_arg_buffer(t->out), pst_arg_buffer(bits_of(s, t)),
                                    pst_arg_buffer(scratch), pst_arg_int(s->h), pst_arg_int(s->w))));
cleanup:
    pst_buffer_destroy(engine->session, scratch);
    return status;
}

/* ---- deep ---- */

static size_t strip_floats(form f, const pst_conv_shape *s, size_t strip) {
    return points(f) * (point(strip, input_row(s)) + point(strip, (size_t)s->c_out + 16));
}

static size_t deep_bytes(form f, const pst_conv_engine *engine, const pst_conv_shape *s, size_t strip) {
    return group_bytes(f, engine, s) +
           sizeof(float) * (strip_floats(f, s, strip) + patch(f, s) * pst_workers(engine->session));
}

/* Tiles a strip: few strips within the limits, all of nearly the same length, a multiple of the register tile's rows.
 */
static size_t strip_length(form f, const pst_conv_engine *engine, const pst_conv_shape *s) {
    size_t tiles = tile_count(f, s), rows = (size_t)register_tile(f, engine, s).rows, strips = 1, strip;
    do {
        strip = pst_round_up((tiles + strips - 1) / strips, rows);
        strips++;
    } while (strip > rows && (sizeof(float) * strip_floats(f, s, strip) > STRIP_BYTES ||
                              deep_bytes(f, engine, s, strip) > engine->workspace_limit));
    return strip;
}

/* All products of a strip, group by group of outputs. */
static pst_status multiply(form f, const pst_conv_engine *engine, const pst_conv_shape *s, const pst_conv_tensors *t,
                           const pst_kernel *products, const pst_buffer *scratch, size_t strip) {
    size_t group = group_outputs(f, engine, s);
    pst_status status = PST_OK;
    for (size_t first = 0; first < (size_t)s->c_out; first += group) {
        if (group < (size_t)s->c_out)
            PST_TRY(transform_filters(f, engine, s, t->weights, t->workspace, first));
        PST_TRY(pst_launch_workers(engine->session, products, group / block_outputs(f, engine, s), points(f),
                                   PST_ARGS(pst_arg_buffer(filters_of(s, t)), pst_arg_buffer(scratch),
                                            pst_arg_int((int)strip), pst_arg_int((int)first))));
    }
cleanup:
    return status;
}

static pst_status run_deep(form f, const pst_conv_engine *engine, const pst_conv_shape *s, const pst_conv_tensors *t) {
    pst_session *session = engine->session;
    const pst_kernel *input, *products, *output;
    pst_buffer *slice = NULL;
    size_t tiles = tile_count(f, s), strip = strip_length(f, engine, s),
           rows = (size_t)register_tile(f, engine, s).rows;
    pst_arg h = pst_arg_int(s->h), w = pst_arg_int(s->w);
    pst_status status;
    PST_TRY(slice_scratch(f, engine, s, t, &slice));
    PST_TRY(get_kernel(f, engine, s, t, strip, "winograd_input", &input));
    PST_TRY(get_kernel(f, engine, s, t, strip, "winograd_products", &products));
    PST_TRY(get_kernel(f, engine, s, t, strip, "winograd_output", &output));
    if (!s->kept && group_outputs(f, engine, s) == (size_t)s->c_out)
        PST_TRY(transform_filters(f, engine, s, t->weights, t->workspace, 0));
    for (size_t first = 0; first < tiles; first += strip) {
        size_t count = tiles - first < strip ? tiles - first : strip, length = pst_round_up(count, rows);
        pst_arg scratch = pst_arg_buffer(slice), from = pst_arg_int((int)first), n = pst_arg_int((int)count);
        PST_TRY(pst_launch_workers(session, input, pst_workers(session), 1,
                                   PST_ARGS(pst_arg_buffer(t->in), pst_arg_buffer(t->in_bits), scratch, h, w, from, n,
                                            pst_arg_int((int)length))));
        PST_TRY(multiply(f, engine, s, t, products, slice, length));
        PST_TRY(pst_launch_workers(session, output, pst_workers(session), 1,
                                   PST_ARGS(scratch, pst_arg_buffer(t->bias), pst_arg_buffer(t->out),
                                            pst_arg_buffer(bits_of(s, t)), h, w, from, n, pst_arg_int((int)length))));
    }
cleanup:
    pst_buffer_destroy(session, slice);
    return status;
}

/* ---- the entries of the menu ---- */

static pst_status workspace(form f, const pst_conv_engine *engine, const pst_conv_shape *s, size_t *bytes) {
    *bytes =
        f.deep ? deep_bytes(f, engine, s, strip_length(f, engine, s))
               : group_bytes(f, engine, s) + sizeof(float) * fused_floats(f, engine, s) * pst_workers(engine->session);
    return PST_OK;
}

#define ENTRY(entry, name, m, deep, matrix, run)                                                                       \
    static bool entry##_supports(const pst_conv_engine *engine, const pst_conv_shape *s) {                             \
        return supports((form){m, deep, matrix}, engine, s);                                                           \
    }                                                                                                                  \
    static pst_status entry##_workspace(const pst_conv_engine *engine, const pst_conv_shape *s, size_t *bytes) {       \
        return workspace((form){m, deep, matrix}, engine, s, bytes);                                                   \
    }                                                                                                                  \
    static size_t entry##_kept_bytes(const pst_conv_engine *engine, const pst_conv_shape *s) {                         \
        (void)engine;                                                                                                  \
        return filter_bytes((form){m, deep, matrix}, s, (size_t)s->c_out);                                             \
    }                                                                                                                  \
    static pst_status entry##_keep(const pst_conv_engine *engine, const pst_conv_shape *s, const pst_buffer *weights,  \
                                   pst_buffer *kept) {                                                                 \
        return transform_filters((form){m, deep, matrix}, engine, s, weights, kept, 0);                                \
    }                                                                                                                  \
    static pst_status entry##_run(const pst_conv_engine *engine, const pst_conv_shape *s, const pst_conv_tensors *t) { \
        return run((form){m, deep, matrix}, engine, s, t);                                                             \
    }                                                                                                                  \
    const pst_conv_algorithm pst_conv_##entry = {name,                                                                 \
                                                 entry##_supports,                                                     \
                                                 pst_conv_forward_weight_bytes,                                        \
                                                 entry##_workspace,                                                    \
                                                 pst_conv_forward_weights,                                             \
                                                 entry##_run,                                                          \
                                                 true,                                                                 \
                                                 m,                                                                    \
                                                 false,                                                                \
                                                 entry##_kept_bytes,                                                   \
                                                 entry##_keep};

ENTRY(winograd_fused, "winograd-fused", 4, false, false, run_fused)
ENTRY(winograd_deep, "winograd-deep", 4, true, false, run_deep)
ENTRY(winograd_small, "winograd-2x2", 2, false, false, run_fused)
ENTRY(winograd_large, "winograd-6x6", 6, false, false, run_fused)
ENTRY(winograd_large_deep, "winograd-deep-6x6", 6, true, false, run_deep)
ENTRY(winograd_fused_matrix, "winograd-fused-matrix", 4, false, true, run_fused)
ENTRY(winograd_deep_matrix, "winograd-deep-matrix", 4, true, true, run_deep)
