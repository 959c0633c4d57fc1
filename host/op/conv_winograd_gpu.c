/* Winograd F(4x4,3x3) and F(2x2,3x3) (Lavin and Gray 2015) for GPUs: input transform, one matrix product for each of
 * the 36 or 16 points, output transform, strip by strip of tiles. The filters are transformed once and serve both
 * directions.
 *
 * What bounds it: with 64 channels the transforms, which move (36 / 16 + 1) times what a map holds each way, with 512
 * the products. A strip is therefore as long as large caches hold, which also fills the largest of today's GPUs: with
 * 64 channels 1984 tiles and 558 groups, with 512 256 tiles and 576. */
#include <stdio.h>

#include "op/activation.h"
#include "op/blocks.h"
#include "op/conv.h"

#define STRIP_BYTES ((size_t)40 << 20)
#define STRIP_TILES 32 /* at least */
#define LANES 2        /* channels of a work-item in the transforms */

/* m: side of a tile's outputs. */
typedef struct form {
    int m;
    bool narrow;
} form;

static size_t points(form f) { return (size_t)((f.m + 2) * (f.m + 2)); }
static size_t tile_count(form f, const pst_conv_shape *s) {
    return (size_t)((s->h + f.m - 1) / f.m) * (size_t)((s->w + f.m - 1) / f.m);
}

static bool supports(const pst_conv_engine *engine, const pst_conv_shape *s) {
    const pst_session *session = engine->session;
    return !session->cpu_kernels && pst_group_size(session) >= PST_CHANNELS / LANES && s->c_in % 16 == 0 &&
           s->c_out % 16 == 0;
}

static size_t strip_bytes(form f, const pst_conv_shape *s, size_t strip) {
    return sizeof(float) * points(f) * strip * (size_t)(s->c_in + s->c_out);
}

/* Tiles of a strip: all, or so many that they fill whole blocks of rows. */
static size_t strip_length(form f, const pst_conv_engine *engine, const pst_conv_shape *s) {
    size_t limit = engine->workspace_limit < STRIP_BYTES ? engine->workspace_limit : STRIP_BYTES,
           rest = 2 * PST_SLICE_ALIGN;
    limit = limit > rest ? limit - rest : 0;
    size_t tiles = tile_count(f, s), most = limit / strip_bytes(f, s, 1), whole = most >= 128 ? 128 : STRIP_TILES;
    if (tiles <= most)
        return tiles;
    most = most / whole * whole;
    return most ? most : tiles < STRIP_TILES ? tiles : STRIP_TILES;
}

static size_t weight_bytes(form f, const pst_conv_shape *s) {
    return sizeof(float) * points(f) * (size_t)s->c_in * (size_t)s->c_out;
}

static pst_status get_transform(form f, const pst_conv_engine *engine, const char *name, const pst_kernel **kernel) {
    char defines[32];
    snprintf(defines, sizeof defines, "-DVN=%d -DM=%d", LANES, f.m);
    return pst_kernel_get(engine->session, "lanes_gpu+winograd_points+winograd_gpu", name, defines, kernel);
}

static pst_status prepare(form f, const pst_conv_engine *engine, const pst_conv_shape *s, const float *weights, int k,
                          int c, pst_buffer *prepared) {
    pst_session *session = engine->session;
    pst_buffer *raw = NULL;
    const pst_kernel *kernel;
    size_t bytes = sizeof(float) * 9 * (size_t)k * (size_t)c, in = (size_t)s->c_in, out = (size_t)s->c_out;
    pst_status status;
    PST_TRY(get_transform(f, engine, "winograd_filters", &kernel));
    PST_TRY(pst_buffer_create(session, bytes, "weights", &raw));
    PST_TRY(pst_buffer_write(session, raw, 0, weights, bytes));
    PST_TRY(pst_launch(session, kernel, (size_t[]){s->backward ? in : out, s->backward ? out : in, 1}, NULL,
                       PST_ARGS(pst_arg_buffer(raw), pst_arg_buffer(prepared), pst_arg_int(k), pst_arg_int(c))));
    PST_TRY(pst_session_finish(session));
cleanup:
    pst_buffer_destroy(session, raw);
    return status;
}

/* Queues a transform of the channels c of n tiles. */
static pst_status transform(const pst_conv_engine *engine, const pst_kernel *kernel, int c, size_t n, size_t arg_count,
                            const pst_arg *args) {
    size_t group = pst_group_size(engine->session), items = pst_round_up(n * (size_t)(c / LANES), group);
    return pst_launch(engine->session, kernel, (size_t[]){items, 1, 1}, (size_t[]){group, 1, 1}, arg_count, args);
}

static pst_status run(form f, const pst_conv_engine *engine, const pst_conv_shape *s, const pst_conv_tensors *t) {
    pst_session *session = engine->session;
    const pst_kernel *input, *products, *output;
    size_t tiles = tile_count(f, s), strip = strip_length(f, engine, s);
    pst_block block = pst_block_choose(session, strip, s->c_out, f.narrow);
    pst_buffer *v = NULL, *m = NULL;
    size_t v_bytes = pst_round_up(sizeof(float) * points(f) * strip * (size_t)s->c_in, PST_SLICE_ALIGN);
    char defines[32];
    pst_status status;
    snprintf(defines, sizeof defines, "-DSIDE=%d -DTURNED=%d", f.m + 2, s->backward);
    PST_TRY(get_transform(f, engine, "winograd_input", &input));
    PST_TRY(get_transform(f, engine, "winograd_output", &output));
    PST_TRY(
        pst_block_kernel(session, "block_gpu+winograd_products_gpu", "winograd_products", defines, &block, &products));
    PST_TRY(pst_buffer_slice(session, t->workspace, 0, v_bytes, &v));
    PST_TRY(pst_buffer_slice(session, t->workspace, v_bytes, t->workspace->bytes - v_bytes, &m));
    const pst_buffer *in_bits = s->backward && s->pool != PST_POOL_NONE ? t->in_bits : NULL;
    pst_arg h = pst_arg_int(s->h), w = pst_arg_int(s->w), c = pst_arg_int(s->c_in), k = pst_arg_int(s->c_out);
    pst_arg length = pst_arg_int((int)strip);
    size_t items = pst_block_items(&block), rows = (size_t)pst_block_height(&block), columns = (size_t)block.columns;
    size_t across = ((size_t)s->c_out + columns - 1) / columns;
    for (size_t first = 0; first < tiles; first += strip) {
        size_t count = tiles - first < strip ? tiles - first : strip;
        pst_arg from = pst_arg_int((int)first), n = pst_arg_int((int)count);
        PST_TRY(
            transform(engine, input, s->c_in, count,
                      PST_ARGS(pst_arg_buffer(t->in), pst_arg_buffer(in_bits), pst_arg_float(pst_unpool_scale(s->pool)),
                               pst_arg_buffer(v), h, w, c, from, n, length)));
        PST_TRY(
            pst_launch(session, products, (size_t[]){across * items, (count + rows - 1) / rows, points(f)},
                       (size_t[]){items, 1, 1},
                       PST_ARGS(pst_arg_buffer(v), pst_arg_buffer(t->weights), pst_arg_buffer(m), n, length, c, k)));
        PST_TRY(
            transform(engine, output, s->c_out, count,
                      PST_ARGS(pst_arg_buffer(m), pst_arg_buffer(s->backward ? NULL : t->bias), pst_arg_buffer(t->out),
                               pst_arg_buffer(s->backward ? t->mask : t->bits), pst_arg_int(t->add),
                               pst_arg_int(s->backward ? 0 : (int)s->pool), h, w, k, from, n, length)));
    }
cleanup:
    pst_buffer_destroy(session, m);
    pst_buffer_destroy(session, v);
    return status;
}

/* ---- the entries of the menu ---- */

static pst_status workspace(form f, const pst_conv_engine *engine, const pst_conv_shape *s, size_t *bytes) {
    *bytes = pst_round_up(strip_bytes(f, s, strip_length(f, engine, s)), PST_SLICE_ALIGN) + PST_SLICE_ALIGN;
    return PST_OK;
}

#define PREPARED(m)                                                                                                    \
    static size_t weight_bytes_##m(const pst_conv_engine *engine, const pst_conv_shape *s) {                           \
        (void)engine;                                                                                                  \
        return weight_bytes((form){m, false}, s);                                                                      \
    }                                                                                                                  \
    static pst_status prepare_##m(const pst_conv_engine *engine, const pst_conv_shape *s, const float *weights, int k, \
                                  int c, pst_buffer *prepared) {                                                       \
        return prepare((form){m, false}, engine, s, weights, k, c, prepared);                                          \
    }

#define ENTRY(entry, name, m, narrow)                                                                                  \
    static pst_status entry##_workspace(const pst_conv_engine *engine, const pst_conv_shape *s, size_t *bytes) {       \
        return workspace((form){m, narrow}, engine, s, bytes);                                                         \
    }                                                                                                                  \
    static pst_status entry##_run(const pst_conv_engine *engine, const pst_conv_shape *s, const pst_conv_tensors *t) { \
        return run((form){m, narrow}, engine, s, t);                                                                   \
    }                                                                                                                  \
    const pst_conv_algorithm pst_conv_##entry = {                                                                      \
        name, supports, weight_bytes_##m, entry##_workspace, prepare_##m, entry##_run, true};

PREPARED(4)
PREPARED(2)
ENTRY(gpu_winograd_4x4, "gpu-winograd-4x4", 4, false)
ENTRY(gpu_winograd_4x4_narrow, "gpu-winograd-4x4-narrow", 4, true)
ENTRY(gpu_winograd_2x2, "gpu-winograd-2x2", 2, false)
ENTRY(gpu_winograd_2x2_narrow, "gpu-winograd-2x2-narrow", 2, true)
