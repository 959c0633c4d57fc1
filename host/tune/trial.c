#include "tune/trial.h"

#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "base/random.h"
#include "op/activation.h"
#include "op/refused.h"

#define CHUNK 65536         /* elements that are made and written at a time */
#define SPOILED 0x7fc0beefu /* a NaN */

enum { IN, IN_BITS, MASK, WEIGHTS, BIAS, PLACES }; /* streams of numbers */

/* SplitMix64 of a place in a stream. */
static uint64_t draw(int stream, uint64_t at) {
    return pst_random_mix((at + ((uint64_t)stream << 48)) * PST_RANDOM_STEP);
}

static float number(int stream, uint64_t at) {
    return (float)((int64_t)(draw(stream, at) >> 40) - (1 << 23)) / (float)(1 << 23);
}

static bool pooled_in(const pst_conv_shape *s) { return s->backward && s->pool != PST_POOL_NONE; }
static bool pooled_out(const pst_conv_shape *s) { return !s->backward && s->pool != PST_POOL_NONE; }
static bool to_image(const pst_conv_shape *s) { return s->c_out == PST_IMAGE_CHANNELS; }

/* The bits that a pooling could have left for 16 channels of a pixel: at most one place of each window. */
static uint16_t pool_bits(const pst_conv_shape *s, size_t y, size_t x, size_t group) {
    size_t py = y / 2, px = x / 2, w = (size_t)s->w / 2;
    if (py >= (size_t)s->h / 2 || px >= w)
        return 0;
    uint64_t window = draw(IN_BITS, (py * w + px) * ((size_t)s->c_in / 16) + group), place = y % 2 * 2 + x % 2;
    unsigned bits = 0;
    for (unsigned lane = 0; lane < 16; lane++)
        bits |= (unsigned)((window >> (2 * lane) & 3) == place && (window >> (32 + lane) & 1)) << lane;
    return (uint16_t)bits;
}

/* ---- what is expected ---- */

static double input_at(const pst_conv_shape *s, int y, int x, int c) {
    if (y < 0 || x < 0 || y >= s->h || x >= s->w)
        return 0;
    size_t depth = (size_t)s->c_in;
    if (!pooled_in(s))
        return (double)number(IN, ((size_t)y * (size_t)s->w + (size_t)x) * depth + (size_t)c);
    if (!(pool_bits(s, (size_t)y, (size_t)x, (size_t)c / 16) >> (c % 16) & 1))
        return 0;
    return pst_unpool_scale(s->pool) *
           (double)number(IN, ((size_t)(y / 2) * (size_t)(s->w / 2) + (size_t)(x / 2)) * depth + (size_t)c);
}

static double sum_at(const pst_trial *t, int y, int x, int to) {
    const pst_conv_shape *s = &t->shape;
    double sum = 0;
    for (int tap = 0; tap < 9; tap++)
        for (int from = 0; from < s->c_in; from++) {
            size_t filter = (size_t)(s->backward ? from : to), channel = (size_t)(s->backward ? to : from);
            double weight =
                (double)t->weights[(filter * (size_t)t->c + channel) * 9 + (size_t)(s->backward ? 8 - tap : tap)];
            sum += weight * input_at(s, y + tap / 3 - 1, x + tap % 3 - 1, from);
        }
    return sum;
}

static double activation_at(const pst_trial *t, int y, int x, int to) {
    double value = sum_at(t, y, x, to) + 0.1 * (double)number(BIAS, (uint64_t)to);
    return value > 0 ? value : 0;
}

static double result_at(const pst_trial *t, int y, int x, int to) {
    const pst_conv_shape *s = &t->shape;
    if (s->backward) {
        uint64_t group = ((uint64_t)y * (uint64_t)s->w + (uint64_t)x) * ((uint64_t)s->c_out / 16) + (uint64_t)to / 16;
        return to_image(s) || (draw(MASK, group) >> (to % 16) & 1) ? sum_at(t, y, x, to) : 0;
    }
    if (!pooled_out(s))
        return activation_at(t, y, x, to);
    double most = 0, sum = 0;
    for (int place = 0; place < 4; place++) {
        double value = activation_at(t, 2 * y + place / 2, 2 * x + place % 2, to);
        most = value > most ? value : most;
        sum += value;
    }
    return s->pool == PST_POOL_MAX ? most : sum / 4;
}

static int spot_channel(const pst_trial *t, size_t spot, int i) {
    int step = t->shape.c_out / PST_SPOT_CHANNELS;
    return step ? i * step + (int)(spot % (size_t)step) : i % t->shape.c_out;
}

static void choose_spots(pst_trial *t) {
    const pst_conv_shape *s = &t->shape;
    int h = pooled_out(s) ? s->h / 2 : s->h, w = pooled_out(s) ? s->w / 2 : s->w;
    for (size_t spot = 0; spot < PST_SPOTS; spot++) { /* the corners, then anywhere */
        uint64_t place = draw(PLACES, spot);
        int y = spot < 4 ? (int)(spot / 2) * (h - 1) : (int)((place >> 32) % (uint64_t)h);
        int x = spot < 4 ? (int)(spot % 2) * (w - 1) : (int)((place & 0xffffffffu) % (uint64_t)w);
        t->spots[spot] = (size_t)y * (size_t)w + (size_t)x;
        for (int i = 0; i < PST_SPOT_CHANNELS; i++)
            t->expected[spot][i] = result_at(t, y, x, spot_channel(t, spot, i));
    }
}

/* ---- operands ---- */

typedef struct filler {
    const pst_conv_shape *shape;
    int stream;
} filler;

static float make_number(const filler *f, size_t at) {
    return f->stream == BIAS ? 0.1f * number(BIAS, at) : number(f->stream, at);
}

static uint16_t make_bits(const filler *f, size_t at) {
    if (f->stream == MASK)
        return (uint16_t)draw(MASK, at);
    size_t groups = (size_t)f->shape->c_in / 16, pixel = at / groups;
    return pool_bits(f->shape, pixel / (size_t)f->shape->w, pixel % (size_t)f->shape->w, at % groups);
}

/* A buffer of `count` numbers, or words of bits. */
static pst_status fill(const pst_trial *t, int stream, size_t count, pst_buffer **buffer) {
    pst_session *session = t->engine->session;
    bool bits = stream == MASK || stream == IN_BITS;
    size_t element = bits ? sizeof(uint16_t) : sizeof(float);
    filler f = {&t->shape, stream};
    void *chunk = NULL;
    pst_status status;
    PST_TRY(pst_allocate(session->error, CHUNK, element, &chunk));
    PST_TRY(pst_buffer_create(session, pst_round_up(count * element, 64), "a trial", buffer));
    for (size_t first = 0; first < count; first += CHUNK) {
        size_t n = count - first < CHUNK ? count - first : CHUNK;
        for (size_t i = 0; i < n; i++)
            if (bits)
                ((uint16_t *)chunk)[i] = make_bits(&f, first + i);
            else
                ((float *)chunk)[i] = make_number(&f, first + i);
        PST_TRY(pst_buffer_write(session, *buffer, first * element, chunk, n * element));
    }
cleanup:
    pst_free(chunk);
    return status;
}

static pst_status make_weights(pst_trial *t) {
    size_t count = (size_t)t->k * (size_t)t->c * 9;
    float scale = sqrtf(6.0f / (9.0f * (float)t->shape.c_in)); /* activations keep their size */
    pst_status status = pst_allocate(t->engine->session->error, count, sizeof(float), &t->weights);
    for (size_t i = 0; i < count && status == PST_OK; i++)
        t->weights[i] = scale * number(WEIGHTS, i);
    return status;
}

pst_status pst_trial_open(const pst_conv_engine *engine, const pst_conv_shape *s, pst_trial *t) {
    pst_session *session = engine->session;
    *t = (pst_trial){
        .engine = engine, .shape = *s, .k = s->backward ? s->c_in : s->c_out, .c = s->backward ? s->c_out : s->c_in};
    size_t pixels = (size_t)s->h * (size_t)s->w, pooled = (size_t)(s->h / 2) * (size_t)(s->w / 2),
           depth = (size_t)s->c_in;
    pst_status status;
    t->out_count = (pooled_out(s) ? pooled : pixels) * (size_t)s->c_out;
    t->bits_count = s->backward ? 0 : pixels * ((size_t)s->c_out / 16);
    PST_TRY(make_weights(t));
    PST_TRY(fill(t, IN, (pooled_in(s) ? pooled : pixels) * depth, &t->in));
    if (pooled_in(s))
        PST_TRY(fill(t, IN_BITS, pixels * (depth / 16), &t->in_bits));
    if (s->backward && !to_image(s))
        PST_TRY(fill(t, MASK, pixels * ((size_t)s->c_out / 16), &t->mask));
    if (!s->backward) {
        PST_TRY(fill(t, BIAS, (size_t)s->c_out, &t->bias));
        PST_TRY(pst_buffer_create(session, pst_round_up(t->bits_count * sizeof(uint16_t), 64), "a trial", &t->bits));
    }
    PST_TRY(pst_buffer_create(session, (t->out_count + PST_TRIAL_GUARD) * sizeof(float), "a trial", &t->out));
    choose_spots(t);
    return PST_OK;
cleanup:
    pst_trial_close(t);
    return status;
}

void pst_trial_close(pst_trial *t) {
    if (!t->engine)
        return;
    pst_session *session = t->engine->session;
    pst_buffer *buffers[] = {t->in, t->in_bits, t->bias, t->out, t->bits, t->mask, t->workspace};
    for (size_t i = 0; i < sizeof buffers / sizeof *buffers; i++)
        pst_buffer_destroy(session, buffers[i]);
    pst_free(t->weights);
    *t = (pst_trial){0};
}

/* ---- running ---- */

/* Where a result is expected NaNs; zeros where it is added to. Behind it the guard. */
static pst_status spoil(pst_trial *t) {
    pst_session *session = t->engine->session;
    bool added = t->shape.backward && !to_image(&t->shape);
    uint32_t *chunk = NULL;
    pst_status status;
    PST_TRY(pst_allocate(session->error, CHUNK, sizeof *chunk, &chunk));
    for (size_t i = 0; i < CHUNK && !added; i++)
        chunk[i] = SPOILED;
    for (size_t first = 0; first < t->out_count; first += CHUNK) {
        size_t n = t->out_count - first < CHUNK ? t->out_count - first : CHUNK;
        PST_TRY(pst_buffer_write(session, t->out, first * sizeof(float), chunk, n * sizeof(float)));
    }
    for (size_t i = 0; i < PST_TRIAL_GUARD; i++)
        chunk[i] = SPOILED;
    PST_TRY(pst_buffer_write(session, t->out, t->out_count * sizeof(float), chunk, PST_TRIAL_GUARD * sizeof(float)));
cleanup:
    pst_free(chunk);
    return status;
}

pst_status pst_trial_take(pst_trial *t, const pst_conv_algorithm *algorithm, pst_buffer **prepared, int part_rows) {
    pst_session *session = t->engine->session;
    pst_conv_shape part = t->shape;
    size_t bytes, part_bytes = 0;
    pst_buffer *made = NULL;
    pst_status status;
    PST_TRY(pst_session_finish(session));
    PST_TRY(spoil(t));
    PST_TRY(algorithm->workspace_bytes(t->engine, &t->shape, &bytes));
    part.h = part_rows;
    if (part_rows)
        PST_TRY(algorithm->workspace_bytes(t->engine, &part, &part_bytes));
    bytes = part_bytes > bytes ? part_bytes : bytes;
    if (bytes > (t->workspace ? t->workspace->bytes : 0)) {
        pst_buffer_destroy(session, t->workspace);
        t->workspace = NULL;
        PST_TRY(pst_buffer_create(session, bytes, algorithm->name, &t->workspace));
    }
    if (!*prepared) {
        PST_TRY(
            pst_buffer_create(session, pst_conv_weight_bytes(t->engine, algorithm, &t->shape), algorithm->name, &made));
        PST_TRY(pst_conv_prepare(t->engine, algorithm, &t->shape, t->weights, t->k, t->c, made));
        *prepared = made;
        made = NULL;
    }
    pst_trial_resume(t, algorithm, *prepared);
cleanup:
    pst_buffer_destroy(session, made);
    return status;
}

void pst_trial_resume(pst_trial *t, const pst_conv_algorithm *algorithm, const pst_buffer *prepared) {
    t->algorithm = algorithm;
    t->prepared = prepared;
    t->rows = t->shape.h;
}

pst_status pst_trial_run(void *trial) {
    const pst_trial *t = trial;
    pst_conv_tensors tensors = {.in = t->in,
                                .in_bits = t->in_bits,
                                .weights = t->prepared,
                                .bias = t->bias,
                                .out = t->out,
                                .bits = t->bits,
                                .mask = t->mask,
                                .add = t->shape.backward && !to_image(&t->shape),
                                .workspace = t->workspace};
    pst_conv_shape shape = t->shape;
    shape.h = t->rows;
    return pst_conv_run(t->engine, t->algorithm, &shape, &tensors);
}

pst_status pst_trial_look(const pst_trial *t, double *error) {
    float pixel[4096];
    double wrong = 0, size = 0;
    size_t depth = (size_t)t->shape.c_out;
    pst_status status = PST_OK;
    for (size_t spot = 0; spot < PST_SPOTS; spot++) {
        PST_TRY(pst_buffer_read(t->engine->session, t->out, t->spots[spot] * depth * sizeof(float), pixel,
                                depth * sizeof(float)));
        for (int i = 0; i < PST_SPOT_CHANNELS; i++) {
            double expected = t->expected[spot][i], difference = (double)pixel[spot_channel(t, spot, i)] - expected;
            wrong += difference * difference;
            size += expected * expected;
        }
    }
    *error = wrong / (size > 0 ? size : 1);
cleanup:
    return status;
}

pst_status pst_trial_read(const pst_trial *t, float *out, uint16_t *bits) {
    pst_session *session = t->engine->session;
    pst_status status = pst_buffer_read(session, t->out, 0, out, (t->out_count + PST_TRIAL_GUARD) * sizeof(float));
    if (status == PST_OK && t->bits_count)
        status = pst_buffer_read(session, t->bits, 0, bits, t->bits_count * sizeof(uint16_t));
    return status;
}

bool pst_trial_guard_is_whole(const float *guard) {
    static const uint32_t whole = SPOILED;
    for (size_t i = 0; i < PST_TRIAL_GUARD; i++)
        if (memcmp(&guard[i], &whole, sizeof whole) != 0)
            return false;
    return true;
}
