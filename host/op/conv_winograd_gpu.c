/* Winograd F(4x4,3x3) and F(2x2,3x3) (Lavin and Gray 2015) for GPUs: input transform, one matrix product for each of
 * the 36 or 16 points, output transform, strip by strip of tiles. The filters are transformed once and serve both
 * directions.
 *
 * What bounds it: with 64 channels the transforms, which move (36 / 16 + 1) times what a map holds each way, with 512
 * the products. Short strips stay in the device's cache; long ones fill it to the last group and need fewer launches.
 */
#include <math.h>
#include <stdio.h>

#include "op/activation.h"
#include "op/blocks.h"
#include "op/conv.h"

#define STRIP_BYTES ((size_t)256 << 20) /* at most */
#define STRIP_TILES 32                  /* at least */
#define STRIPS_MAX 64                   /* that are compared; more only where memory demands it */
#define LANES 2                         /* channels of a work-item in the transforms */
#define WORD_LANES (PST_CHANNELS / LANES)

/* For comparing strips: bytes that the last cache moves while the device does one operation at its peak, and what a
 * launch costs. */
#define CACHE_RATIO 0.1
#define CACHE_SHARE 0.5 /* filters and maps are in it as well */
#define CACHE_UNKNOWN ((uint64_t)4 << 20)
#define LAUNCH_SECONDS 4e-6

/* m: side of a tile's outputs. block: number of the block form. */
typedef struct form {
    int m;
    size_t block;
} form;

static size_t points(form f) { return (size_t)((f.m + 2) * (f.m + 2)); }
static size_t tile_count(form f, const pst_conv_shape *s) {
    return (size_t)((s->h + f.m - 1) / f.m) * (size_t)((s->w + f.m - 1) / f.m);
}

static bool supports(form f, const pst_conv_engine *engine, const pst_conv_shape *s) {
    const pst_session *session = engine->session;
    return !session->cpu_kernels && pst_group_size(session) >= PST_CHANNELS / LANES && s->c_in % 16 == 0 &&
           s->c_out % 16 == 0 && pst_block_form_fits(session, f.block);
}

static size_t strip_bytes(form f, const pst_conv_shape *s, size_t strip) {
    return sizeof(float) * points(f) * strip * (size_t)(s->c_in + s->c_out);
}

/* The modelled time of n tiles: products in whole waves of groups, what the transforms write and the next step reads,
 * three launches. */
static double seconds_of(form f, const pst_conv_engine *engine, const pst_conv_shape *s, size_t n, bool cached) {
    const pst_session *session = engine->session;
    pst_block block = pst_block_choose(session, f.block, n, s->c_out);
    double peak = pst_peak_flops(session), resident = pst_block_resident(session, &block);
    size_t height = (size_t)pst_block_height(&block), columns = (size_t)block.columns;
    double groups = (double)((n + height - 1) / height * (((size_t)s->c_out + columns - 1) / columns) * points(f));
    double flops = ceil(groups / resident) * resident * 2.0 * (double)height * block.columns * s->c_in;
    return flops / peak +
           2.0 * (double)strip_bytes(f, s, n) / (peak * (cached ? CACHE_RATIO : session->device.quirks.memory_ratio)) +
           3 * LAUNCH_SECONDS;
}

static double strips_seconds(form f, const pst_conv_engine *engine, const pst_conv_shape *s, size_t strip) {
    uint64_t cache = engine->session->device.cache_bytes ? engine->session->device.cache_bytes : CACHE_UNKNOWN;
    bool cached = (double)strip_bytes(f, s, strip) <= CACHE_SHARE * (double)cache;
    size_t tiles = tile_count(f, s), rest = tiles % strip;
    return (double)(tiles / strip) * seconds_of(f, engine, s, strip, cached) +
           (rest ? seconds_of(f, engine, s, rest, cached) : 0);
}

/* Tiles of a strip: of all equal parts that memory has room for the fastest by the model. */
static size_t strip_length(form f, const pst_conv_engine *engine, const pst_conv_shape *s) {
    size_t limit = engine->workspace_limit < STRIP_BYTES ? engine->workspace_limit : STRIP_BYTES,
           rest = 2 * PST_SLICE_ALIGN, tiles = tile_count(f, s), best = 0;
    limit = limit > rest ? limit - rest : 0;
    size_t most = limit / strip_bytes(f, s, 1), whole = most >= 128 ? 128 : STRIP_TILES;
    double least = INFINITY;
    for (size_t count = 1; count <= STRIPS_MAX; count++) {
        size_t strip = count == 1 ? tiles : pst_round_up((tiles + count - 1) / count, whole);
        double seconds = strip <= most ? strips_seconds(f, engine, s, strip) : INFINITY;
        if (seconds < least) {
            least = seconds;
            best = strip;
        }
    }
    if (best)
        return best;
    most = most / whole * whole;
    return most ? most : tiles < STRIP_TILES ? tiles : STRIP_TILES;
}

static size_t weight_bytes(form f, const pst_conv_shape *s) {
    return sizeof(float) * points(f) * (size_t)s->c_in * (size_t)s->c_out;
}

/* Work-items of a group across the channels c: their bits make whole words. */
static size_t lanes_across(const pst_session *session, int c) {
    size_t across = PST_CHANNELS / LANES;
    while (across < 32 && 2 * across <= pst_group_size(session) && (size_t)c / LANES % (2 * across) == 0)
        across *= 2;
    return across;
}

/* A transform of the channels c. */
static pst_status get_transform(form f, const pst_conv_engine *engine, const char *name, int c, const char *defines,
                                const pst_kernel **kernel) {
    char source[96], all[128];
    snprintf(source, sizeof source, "lanes_gpu+winograd_points+%s_gpu", name);
    snprintf(all, sizeof all, "-DVN=%d -DM=%d -DLX=%zu %s", LANES, f.m, lanes_across(engine->session, c), defines);
    return pst_kernel_get(engine->session, source, name, all, kernel);
}

static pst_status prepare(form f, const pst_conv_engine *engine, const pst_conv_shape *s, const float *weights, int k,
                          int c, pst_buffer *prepared) {
    pst_session *session = engine->session;
    pst_buffer *raw = NULL;
    const pst_kernel *kernel;
    size_t bytes = sizeof(float) * 9 * (size_t)k * (size_t)c, in = (size_t)s->c_in, out = (size_t)s->c_out;
    pst_status status;
    char defines[16];
    snprintf(defines, sizeof defines, "-DM=%d", f.m);
    PST_TRY(pst_kernel_get(session, "winograd_points+winograd_filters_gpu", "winograd_filters", defines, &kernel));
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
    size_t across = lanes_across(engine->session, c), down = kernel->group / across;
    return pst_launch(engine->session, kernel, (size_t[]){(size_t)(c / LANES), pst_round_up(n, down), 1},
                      (size_t[]){across, down, 1}, arg_count, args);
}

typedef struct steps {
    const pst_kernel *input, *products, *output, *between; /* the latter NULL: the next one is not begun */
    pst_block block;
    size_t tiles, next_tiles, down;
    pst_buffer *v, *m, *next_v; /* slices of the workspace */
} steps;

static void output_defines(const pst_conv_shape *s, const pst_conv_tensors *t, char defines[64]) {
    snprintf(defines, 64, "-DFORWARD=%d -DPOOL=%d -DADD=%d -DBITS=%d", !s->backward, s->backward ? 0 : (int)s->pool,
             s->backward && t->add, (s->backward ? t->mask : t->bits) != NULL);
}

static size_t map_bytes(form f, size_t tiles, int c) { return sizeof(float) * points(f) * tiles * (size_t)c; }

/* A convolution that was begun, or begins the next one, has the inputs' transform in one quarter of the workspace, the
 * next one's in the other, and the products in the second half. */
static size_t quarter(const pst_conv_tensors *t) { return t->workspace->bytes / 4 / PST_SLICE_ALIGN * PST_SLICE_ALIGN; }

/* Can the transform of the output be that of the next one's input as well, and is it faster? A launch less, but the
 * groups are as few as there are words of channels, and each moves the tiles of its channels all by itself. */
static bool can_begin(form f, const pst_conv_engine *engine, const pst_conv_shape *s, const pst_conv_tensors *t,
                      size_t strip) {
    const pst_conv_next *next = t->next;
    form of_next = {f.m, next ? pst_conv_block_form(next->algorithm) : PST_BLOCK_FORMS};
    if (of_next.block == PST_BLOCK_FORMS || next->algorithm->tile != f.m || next->shape.backward != s->backward)
        return false;
    const pst_session *session = engine->session;
    size_t tiles = tile_count(f, s), next_tiles = tile_count(f, &next->shape), half = 2 * quarter(t);
    if (strip != tiles || strip_length(of_next, engine, &next->shape) != next_tiles)
        return false;
    double moved = (double)map_bytes(f, tiles + next_tiles, PST_CHANNELS),
           unit = pst_peak_flops(session) * CACHE_RATIO / session->device.info.compute_units;
    return map_bytes(f, tiles, s->c_in) <= half / 2 && map_bytes(f, next_tiles, s->c_out) <= half / 2 &&
           map_bytes(f, tiles, s->c_out) <= half && map_bytes(f, next_tiles, next->shape.c_out) <= half &&
           moved / unit <= LAUNCH_SECONDS;
}

static pst_status get_between(form f, const pst_conv_engine *engine, const pst_conv_shape *s, const pst_conv_tensors *t,
                              steps *to) {
    pst_session *session = engine->session;
    size_t most = pst_sum_group_size(session) / WORD_LANES, wave = (size_t)session->device.quirks.wave / WORD_LANES;
    char output[64], all[160];
    pst_status status;
    to->next_tiles = tile_count(f, &t->next->shape);
    for (to->down = 1; 2 * to->down <= most && (to->down < wave || to->down < to->tiles || to->down < to->next_tiles);)
        to->down *= 2;
    output_defines(s, t, output);
    do {
        snprintf(all, sizeof all, "-DVN=%d -DM=%d -DLX=%d -DDOWN=%zu -DUNPOOL=%d %s", LANES, f.m, WORD_LANES, to->down,
                 s->backward ? (int)t->next->shape.pool : 0, output);
        status = pst_kernel_get(session,
                                "lanes_gpu+winograd_points+winograd_input_gpu+winograd_output_gpu+winograd_between_gpu",
                                "winograd_between", all, &to->between);
    } while (status == PST_OK && to->between->max_work_group_size < to->down * WORD_LANES && (to->down /= 2) > 0);
    if (status == PST_OK && !to->down)
        to->between = NULL;
    return status;
}

static pst_status slice(const pst_conv_tensors *t, pst_session *session, size_t from, size_t bytes, pst_buffer **to) {
    return pst_buffer_slice(session, t->workspace, from, bytes, to);
}

static pst_status get_steps(form f, const pst_conv_engine *engine, const pst_conv_shape *s, const pst_conv_tensors *t,
                            size_t strip, steps *to) {
    pst_session *session = engine->session;
    size_t v_bytes = pst_round_up(map_bytes(f, strip, s->c_in), PST_SLICE_ALIGN), all = t->workspace->bytes,
           part = quarter(t), own = t->begun == 2 ? part : 0;
    char defines[64];
    pst_status status;
    to->tiles = tile_count(f, s);
    to->block = pst_block_choose(session, f.block, strip, s->c_out);
    snprintf(defines, sizeof defines, "-DUNPOOL=%d%s", s->backward ? (int)s->pool : 0,
             s->backward && !s->pool && t->in_bits ? " -DMASKED" : "");
    if (!t->begun)
        PST_TRY(get_transform(f, engine, "winograd_input", s->c_in, defines, &to->input));
    snprintf(defines, sizeof defines, "-DSIDE=%d -DTURNED=%d", f.m + 2, s->backward);
    PST_TRY(pst_block_kernel(session, "block_gpu+winograd_products_gpu", "winograd_products", defines, &to->block,
                             &to->products));
    if (can_begin(f, engine, s, t, strip))
        PST_TRY(get_between(f, engine, s, t, to));
    output_defines(s, t, defines);
    if (!to->between)
        PST_TRY(get_transform(f, engine, "winograd_output", s->c_out, defines, &to->output));
    if (to->between)
        PST_TRY(slice(t, session, part - own, part, &to->next_v));
    if (t->begun || to->between) {
        PST_TRY(slice(t, session, own, part, &to->v));
        PST_TRY(slice(t, session, 2 * part, all - 2 * part, &to->m));
    } else {
        PST_TRY(slice(t, session, 0, v_bytes, &to->v));
        PST_TRY(slice(t, session, v_bytes, all - v_bytes, &to->m));
    }
cleanup:
    return status;
}

/* The output of the products, and the input of the next convolution. */
static pst_status begin_next(const pst_conv_engine *engine, const pst_conv_shape *s, const pst_conv_tensors *t,
                             const steps *k) {
    pst_conv_next *next = t->next;
    next->begun = t->begun == 2 ? 1 : 2;
    return pst_launch(engine->session, k->between, (size_t[]){(size_t)(s->c_out / LANES), k->down, 1},
                      (size_t[]){WORD_LANES, k->down, 1},
                      PST_ARGS(pst_arg_buffer(k->m), pst_arg_buffer(s->backward ? NULL : t->bias),
                               pst_arg_buffer(t->out), pst_arg_buffer(s->backward ? t->mask : t->bits),
                               pst_arg_int(s->h), pst_arg_int(s->w), pst_arg_int(s->c_out), pst_arg_int((int)k->tiles),
                               pst_arg_buffer(s->backward ? next->in_bits : NULL), pst_arg_buffer(k->next_v),
                               pst_arg_int(next->shape.h), pst_arg_int(next->shape.w),
                               pst_arg_int((int)k->next_tiles)));
}

static pst_status run(form f, const pst_conv_engine *engine, const pst_conv_shape *s, const pst_conv_tensors *t) {
    pst_session *session = engine->session;
    size_t tiles = tile_count(f, s), strip = strip_length(f, engine, s);
    steps k = {NULL};
    pst_status status;
    PST_TRY(get_steps(f, engine, s, t, strip, &k));
    pst_arg h = pst_arg_int(s->h), w = pst_arg_int(s->w), in = pst_arg_int(s->c_in), out = pst_arg_int(s->c_out);
    pst_arg v = pst_arg_buffer(k.v), m = pst_arg_buffer(k.m), length = pst_arg_int((int)strip);
    size_t items = pst_block_items(&k.block), rows = (size_t)pst_block_height(&k.block),
           columns = (size_t)k.block.columns, across = ((size_t)s->c_out + columns - 1) / columns;
    for (size_t first = 0; first < tiles; first += strip) {
        size_t count = tiles - first < strip ? tiles - first : strip;
        pst_arg from = pst_arg_int((int)first), n = pst_arg_int((int)count);
        if (!t->begun)
            PST_TRY(transform(engine, k.input, s->c_in, count,
                              PST_ARGS(pst_arg_buffer(t->in), pst_arg_buffer(s->backward ? t->in_bits : NULL), v, h, w,
                                       in, from, n, length)));
        PST_TRY(pst_launch(session, k.products, (size_t[]){across * items, (count + rows - 1) / rows, points(f)},
                           (size_t[]){items, 1, 1}, PST_ARGS(v, pst_arg_buffer(t->weights), m, n, length, in, out)));
        if (k.between)
            PST_TRY(begin_next(engine, s, t, &k));
        else
            PST_TRY(transform(engine, k.output, s->c_out, count,
                              PST_ARGS(m, pst_arg_buffer(s->backward ? NULL : t->bias), pst_arg_buffer(t->out),
                                       pst_arg_buffer(s->backward ? t->mask : t->bits), h, w, out, from, n, length)));
    }
cleanup:
    pst_buffer_destroy(session, k.next_v);
    pst_buffer_destroy(session, k.m);
    pst_buffer_destroy(session, k.v);
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
        return weight_bytes((form){m, 0}, s);                                                                          \
    }                                                                                                                  \
    static pst_status prepare_##m(const pst_conv_engine *engine, const pst_conv_shape *s, const float *weights, int k, \
                                  int c, pst_buffer *prepared) {                                                       \
        return prepare((form){m, 0}, engine, s, weights, k, c, prepared);                                              \
    }

#define FORM(m, block)                                                                                                 \
    static bool supports_##m##_##block(const pst_conv_engine *engine, const pst_conv_shape *s) {                       \
        return supports((form){m, block}, engine, s);                                                                  \
    }                                                                                                                  \
    static pst_status workspace_##m##_##block(const pst_conv_engine *engine, const pst_conv_shape *s, size_t *bytes) { \
        return workspace((form){m, block}, engine, s, bytes);                                                          \
    }                                                                                                                  \
    static pst_status run_##m##_##block(const pst_conv_engine *engine, const pst_conv_shape *s,                        \
                                        const pst_conv_tensors *t) {                                                   \
        return run((form){m, block}, engine, s, t);                                                                    \
    }

#define ENTRY(m, block, name)                                                                                          \
    {                                                                                                                  \
        name, supports_##m##_##block, weight_bytes_##m, workspace_##m##_##block, prepare_##m, run_##m##_##block, true, \
            m, true                                                                                                    \
    }

PREPARED(4)
PREPARED(2)
FORM(4, 0)
FORM(4, 1)
FORM(4, 2)
FORM(4, 3)
FORM(4, 4)
FORM(2, 0)
FORM(2, 1)
FORM(2, 2)
FORM(2, 3)
FORM(2, 4)

const pst_conv_algorithm pst_conv_gpu_winograd_4x4[PST_BLOCK_FORMS] = {
    ENTRY(4, 0, "gpu-winograd-4x4-8x8"), ENTRY(4, 1, "gpu-winograd-4x4-4x8"), ENTRY(4, 2, "gpu-winograd-4x4-8x4"),
    ENTRY(4, 3, "gpu-winograd-4x4-4x4"), ENTRY(4, 4, "gpu-winograd-4x4-matrix")};
const pst_conv_algorithm pst_conv_gpu_winograd_2x2[PST_BLOCK_FORMS] = {
    ENTRY(2, 0, "gpu-winograd-2x2-8x8"), ENTRY(2, 1, "gpu-winograd-2x2-4x8"), ENTRY(2, 2, "gpu-winograd-2x2-8x4"),
    ENTRY(2, 3, "gpu-winograd-2x2-4x4"), ENTRY(2, 4, "gpu-winograd-2x2-matrix")};
