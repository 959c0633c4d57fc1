/* Kernels beside the convolutions, for the benchmark: Gram matrices and their gradients, pooling, the optimizers'
 * vectors. */
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "base/random.h"
#include "op/activation.h"
#include "transfer/benchmark.h"
#include "transfer/device_space.h"

#define PAIRS 5 /* of L-BFGS */

typedef struct kernels {
    pst_bench_state *bench;
    pst_buffer *map, *other, *bits, *bias, *target, *difference, *workspace, *vectors[3];
    pst_sums sums;
    size_t pixels, length;
    int h, w, c;
} kernels;

static pst_status gram(void *user) {
    kernels *k = user;
    const pst_gram_map map = {k->map, k->pixels, k->c, 1.0 / (double)k->pixels, k->target, k->difference, 0};
    return pst_gram_compare(&k->bench->engine, &map, 1, &k->sums, k->workspace);
}

static pst_status gram_gradient(void *user) {
    const kernels *k = user;
    return pst_gram_backward(&k->bench->engine, k->map, k->difference, NULL, k->pixels, k->c, 1, false, k->other,
                             k->workspace);
}

static pst_status pooling(void *user) {
    const kernels *k = user;
    return pst_bias_relu_pool(k->bench->engine.session, k->map, k->w, k->c, k->bias, PST_POOL_MAX, false, 0, k->h,
                              k->other, k->bits);
}

static pst_status combine(void *user) {
    const kernels *k = user;
    return pst_combine(k->bench->engine.session, k->vectors[2], k->length, 2, (const double[]){1, 0.5},
                       (const pst_buffer *const[]){k->vectors[0], k->vectors[1]});
}

static pst_status dots(void *user) {
    kernels *k = user;
    const pst_buffer *a[2 * PAIRS];
    for (size_t i = 0; i < 2 * PAIRS; i++)
        a[i] = k->vectors[i % 2];
    return pst_dots(k->bench->engine.session, k->length, 2 * PAIRS, a, 1, (const pst_buffer *const[]){k->vectors[2]},
                    &k->sums);
}

/* Values as features have them: half of them zeros. */
static pst_status make(kernels *k, size_t count, const char *what, pst_buffer **buffer) {
    pst_session *session = k->bench->engine.session;
    float *values = NULL;
    pst_status status;
    PST_TRY(pst_allocate(session->error, count, sizeof *values, &values));
    pst_random_normal(1, values, count);
    for (size_t i = 0; i < count; i++)
        values[i] = values[i] > 0 ? values[i] : 0;
    PST_TRY(pst_buffer_create(session, count * sizeof *values, what, buffer));
    PST_TRY(pst_buffer_write(session, *buffer, 0, values, count * sizeof *values));
cleanup:
    pst_free(values);
    return status;
}

static void release(kernels *k) {
    pst_session *session = k->bench->engine.session;
    pst_buffer **all[] = {&k->map,        &k->other,     &k->bits,       &k->bias,       &k->target,
                          &k->difference, &k->workspace, &k->vectors[0], &k->vectors[1], &k->vectors[2]};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        pst_buffer_destroy(session, *all[i]);
        *all[i] = NULL;
    }
    pst_sums_destroy(&k->sums);
}

static pst_status measure(kernels *k, const char *what, const char *layer, pst_measured run, double work,
                          double floats) {
    char name[64];
    pst_timing timing;
    pst_status status;
    snprintf(name, sizeof name, "%s %s", what, layer);
    pst_bench_row row = {.kind = PST_BENCH_KERNEL,
                         .name = name,
                         .chosen = true,
                         .width = k->w,
                         .height = k->h,
                         .rows = k->h,
                         .c_in = k->c,
                         .c_out = k->c,
                         .work = work,
                         .bytes = sizeof(float) * floats};
    PST_TRY(pst_measure(k->bench->engine.session, &k->bench->measuring, run, k, &timing));
    PST_TRY(pst_bench_give(k->bench, &row, &timing));
cleanup:
    return status;
}

/* A Gram matrix is symmetric, so that direct computation takes about half of F'F. */
static pst_status layer(kernels *k, const char *name, bool style, bool pools) {
    pst_session *session = k->bench->engine.session;
    double c = k->c, map = (double)k->pixels * c;
    size_t matrix = (size_t)k->c * (size_t)k->c;
    pst_status status;
    PST_TRY(make(k, k->pixels * (size_t)k->c, "features", &k->map));
    PST_TRY(make(k, k->pixels * (size_t)k->c, "a gradient", &k->other));
    if (style) {
        size_t bytes = pst_gram_workspace_bytes(&k->bench->engine, k->pixels, k->c);
        PST_TRY(make(k, matrix, "a Gram matrix", &k->target));
        PST_TRY(make(k, matrix, "a Gram matrix", &k->difference));
        PST_TRY(pst_buffer_create(session, bytes, "the workspace", &k->workspace));
        PST_TRY(pst_sums_create(session, 1, &k->sums));
        PST_TRY(measure(k, "Gram matrix", name, gram, map * (c + 1), map + 2 * c * c));
        PST_TRY(measure(k, "Gram gradient", name, gram_gradient, 2 * map * c, 2 * map + c * c));
    }
    if (pools) {
        PST_TRY(make(k, (size_t)k->c, "a bias", &k->bias));
        PST_TRY(
            pst_buffer_create(session, sizeof(uint16_t) * k->pixels * (size_t)(k->c / PST_CHANNELS), "bits", &k->bits));
        PST_TRY(measure(k, "pooling", name, pooling, map, 1.25 * map + map / 32));
    }
cleanup:
    release(k);
    return status;
}

static pst_status vectors(kernels *k) {
    double n = (double)k->length;
    pst_status status;
    for (size_t i = 0; i < 3; i++)
        PST_TRY(make(k, k->length, "a vector", &k->vectors[i]));
    PST_TRY(pst_sums_create(k->bench->engine.session, pst_dots_slots(2 * PAIRS), &k->sums));
    PST_TRY(measure(k, "combine", "vectors", combine, 3 * n, 3 * n));
    PST_TRY(measure(k, "dots", "vectors", dots, 4 * PAIRS * n, (2 * PAIRS + 1) * n));
cleanup:
    release(k);
    return status;
}

static bool is_style(const char *name) {
    bool found = false;
    for (size_t i = 0; i < PST_BENCH_STYLES; i++)
        found = found || strcmp(name, pst_bench_styles[i]) == 0;
    return found;
}

pst_status pst_bench_kernels(pst_bench_state *b, int side) {
    kernels k = {.bench = b};
    const pst_layers layers = pst_layers_of(b->model);
    const double seconds = b->measuring.seconds;
    pst_status status = PST_OK;
    b->measuring.seconds /= 4; /* there are many of them */
    for (size_t l = 0; l < layers.count; l++) {
        const pst_layer *at = &layers.at[l];
        bool style = is_style(at->name), pools = at->pooled && l + 1 < layers.count;
        k.c = at->c_out;
        if (!(style || pools) || !pst_layer_size(&layers, l, side, side, &k.h, &k.w))
            continue;
        k.pixels = (size_t)k.h * (size_t)k.w;
        PST_TRY(layer(&k, at->name, style, pools));
    }
    k.h = k.w = side;
    k.c = PST_IMAGE_CHANNELS;
    k.length = pst_round_up(3 * (size_t)side * (size_t)side, PST_VECTOR_ALIGN);
    PST_TRY(vectors(&k));
cleanup:
    b->measuring.seconds = seconds;
    return status;
}
