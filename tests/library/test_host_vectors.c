/* The optimizers' vectors over stores: every operation against plain arrays of doubles, wherever vectors lie. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/memory.h"
#include "optim_fixture.h"
#include "reference_ops.h"
#include "spread/host_vectors.h"
#include "support.h"

enum { MOST = 7, DOTS = 16, PLACES = 4 }; /* vectors of a test; products with one; memory, file, and both as halves */

static pst_error error;

static const int sizes[][2] = {{1, 1}, {3, 5}, {64, 64}, {65, 31}, {130, 47}, {16, 64}, {7, 6001}, {257, 2}};
enum { SIZES = sizeof sizes / sizeof *sizes };

/* Vectors and what they hold. */
typedef struct fixture {
    pst_stores stores;
    pst_host_vectors space;
    pst_vector *v[MOST];
    double *plain[MOST];
    float *scratch;
    int h, w;
    size_t length;
    bool half;
} fixture;

/* What a vector holds, after it may have been rounded. */
static void look(fixture *f, int i) {
    ck_ok(error, pst_store_read_rows(pst_host_vector_store(f->v[i]), 0, f->h, f->scratch));
    for (size_t k = 0; k < f->length; k++)
        f->plain[i][k] = (double)f->scratch[k];
}

static void setup(fixture *f, int h, int w, int place) {
    static char folder[1024];
    uint64_t state = 3;
    snprintf(folder, sizeof folder, "%s", test_path("spill"));
    ck_ok(error, pst_folder_create(&error, folder));
    *f = (fixture){.stores = {.error = &error, .folder = folder}, .h = h, .w = w, .half = place >= 2};
    f->length = 3 * (size_t)h * (size_t)w;
    ck_ok(error, pst_host_vectors_open(&f->stores, h, w, DOTS, &f->space));
    f->space.kept_in_file = place % 2;
    f->space.half = f->half;
    ck_ok(error, pst_allocate(&error, f->length, sizeof(float), &f->scratch));
    for (int i = 0; i < MOST; i++) {
        ck_ok(error, f->space.vectors.create_kept(&f->space, &f->v[i]));
        ck_ok(error, pst_allocate(&error, f->length, sizeof(double), &f->plain[i]));
        for (size_t k = 0; k < f->length; k++)
            f->scratch[k] = 100 * test_random(&state);
        ck_ok(error, pst_store_write_rows(pst_host_vector_store(f->v[i]), 0, h, f->scratch));
        look(f, i);
    }
    ck_assert_uint_eq(f->stores.memory_bytes + f->stores.file_bytes, MOST * pst_store_bytes(f->half, h, w, 3));
}

static void teardown(fixture *f) {
    for (int i = 0; i < MOST; i++) {
        f->space.vectors.destroy(&f->space, f->v[i]);
        pst_free(f->plain[i]);
    }
    pst_free(f->scratch);
    pst_host_vectors_close(&f->space);
    ck_assert_uint_eq(f->stores.memory_bytes + f->stores.file_bytes, 0);
}

/* Compares vector i with what it should be, and takes it as it is. `size`: of the terms that it was made of;
 * 0: no rounding at all. */
static void expect(fixture *f, int i, const double *expected, double size) {
    double worst = 0, most = 0;
    for (size_t k = 0; k < f->length; k++)
        most = fmax(most, fabs(expected[k]));
    ck_ok(error, pst_store_read_rows(pst_host_vector_store(f->v[i]), 0, f->h, f->scratch));
    for (size_t k = 0; k < f->length; k++) {
        const double off = fabs((double)f->scratch[k] - expected[k]);
        const double allowed =
            size == 0 ? 0 : 1e-6 * size + (f->half ? ldexp(fabs(expected[k]), -11) + ldexp(most, -39) : 0);
        worst = fmax(worst, off == 0 ? 0 : off / allowed);
    }
    ck_assert_msg(worst <= 1, "%dx%d: off by %g times what is allowed", f->h, f->w, worst);
    look(f, i);
}

static void check_combinations(fixture *f) {
    double *sum;
    ck_ok(error, pst_allocate(&error, f->length, sizeof *sum, &sum));
    for (int count = 1; count <= 6; count++)
        for (int among = -1; among < count; among += 2) { /* which of the terms is the result */
            const double factors[6] = {1, -1, 0.5, -1.75, 2.25, 0.125};
            const pst_vector *terms[6];
            int which[6];
            for (int i = 0; i < count; i++) {
                which[i] = i == among ? 0 : i + 1;
                terms[i] = f->v[which[i]];
            }
            for (size_t k = 0; k < f->length; k++) {
                sum[k] = 0;
                for (int i = 0; i < count; i++)
                    sum[k] += factors[i] * f->plain[which[i]][k];
            }
            ck_ok(error, f->space.vectors.combine(&f->space, f->v[0], (size_t)count, factors, terms));
            expect(f, 0, sum, 500);
            ck_ok(error, f->space.vectors.copy(&f->space, f->v[0], f->v[6]));
            ck_ok(error, f->space.vectors.copy(&f->space, f->v[0], f->v[0]));
            expect(f, 0, f->plain[6], 0);
        }
    pst_free(sum);
}

static void check_dots(fixture *f) {
    double results[MOST * 3], norm;
    for (size_t b_count = 1; b_count <= 3; b_count++)
        for (int with_norm = 0; with_norm < 3; with_norm++) {
            const int of = with_norm == 1 ? 6 : 1; /* alone, or one of the others too */
            ck_ok(error, f->space.vectors.queue_dots(&f->space, MOST, (const pst_vector *const *)f->v, b_count,
                                                     (const pst_vector *const *)f->v + 1, with_norm ? f->v[of] : NULL));
            f->space.vectors.read_dots(&f->space, MOST, b_count, results, with_norm ? &norm : NULL);
            for (size_t i = 0; i < MOST; i++)
                for (size_t j = 0; j < b_count; j++) {
                    double sum = 0, sizes_sum = 0;
                    for (size_t k = 0; k < f->length; k++) {
                        const double product = f->plain[i][k] * f->plain[1 + j][k];
                        sum += product;
                        sizes_sum += fabs(product);
                    }
                    ck_assert_double_le(fabs(results[i * b_count + j] - sum), 1e-13 * sizes_sum);
                }
            double sum = 0;
            for (size_t k = 0; k < f->length; k++)
                sum += fabs(f->plain[of][k]);
            if (with_norm)
                ck_assert_double_le(fabs(norm - sum), 1e-13 * sum);
        }
    ck_assert_int_eq(f->space.vectors.queue_dots(&f->space, DOTS + 1, (const pst_vector *const *)f->v, 1,
                                                 (const pst_vector *const *)f->v, NULL),
                     PST_ERROR_ARGUMENT);
    ck_assert_int_eq(f->space.vectors.queue_dots(&f->space, 1, (const pst_vector *const *)f->v, 4,
                                                 (const pst_vector *const *)f->v, NULL),
                     PST_ERROR_ARGUMENT);
}

static void check_pixels(fixture *f) {
    static const double mean[3] = {103.939, 116.779, 123.68};
    double *expected;
    ck_ok(error, pst_allocate(&error, f->length, sizeof *expected, &expected));
    const double factor = 2.5, *x = f->plain[3];
    ck_ok(error, f->space.vectors.combine(&f->space, f->v[3], 1, &factor, (const pst_vector *const *)&f->v[3]));
    look(f, 3);
    for (int scaled = 0; scaled < 2; scaled++) {
        f->space.pixel_scale = scaled ? 256.0 / 255 : 1;
        for (size_t k = 0; k < f->length; k++)
            expected[k] = fmin(fmax(x[k], -mean[k % 3]), 255 * f->space.pixel_scale - mean[k % 3]);
        ck_ok(error, f->space.vectors.clamp(&f->space, f->v[3]));
        expect(f, 3, expected, 100);
    }
    for (size_t k = 0; k < f->length; k++)
        expected[k] = (x[k / 3 * 3] + x[k / 3 * 3 + 1] + x[k / 3 * 3 + 2]) / 3;
    ck_ok(error, pst_host_vectors_gray(&f->space, f->v[3]));
    expect(f, 3, expected, 100);
    for (int scaled = 0; scaled < 2; scaled++) {
        f->space.pixel_scale = scaled ? 256.0 / 255 : 1;
        for (size_t k = 0; k < f->length; k++)
            expected[k] = x[k + 2 - 2 * (k % 3)] * f->space.pixel_scale - mean[k % 3];
        ck_ok(error, pst_host_vectors_import(&f->space, f->v[3]));
        expect(f, 3, expected, 1000);
        for (size_t k = 0; k < f->length; k++)
            expected[k] = (x[k + 2 - 2 * (k % 3)] + mean[2 - k % 3]) / f->space.pixel_scale;
        ck_ok(error, pst_host_vectors_export(&f->space, f->v[3], f->v[2]));
        expect(f, 2, expected, 1000);
    }
    pst_free(expected);
}

static void check_adam(fixture *f) {
    double *x, *m, *v;
    ck_ok(error, pst_allocate(&error, f->length, sizeof *x, &x));
    ck_ok(error, pst_allocate(&error, f->length, sizeof *m, &m));
    ck_ok(error, pst_allocate(&error, f->length, sizeof *v, &v));
    const double root = 0.01;
    ck_ok(error, f->space.vectors.combine(&f->space, f->v[4], 1, &root, (const pst_vector *const *)&f->v[2]));
    look(f, 4); /* second moments are not negative */
    for (size_t k = 0; k < f->length; k++)
        f->scratch[k] = (float)(f->plain[4][k] * f->plain[4][k]);
    ck_ok(error, pst_store_write_rows(pst_host_vector_store(f->v[4]), 0, f->h, f->scratch));
    look(f, 4);
    for (size_t k = 0; k < f->length; k++) {
        const double g = f->plain[5][k];
        m[k] = 0.9 * f->plain[3][k] + 0.1 * g;
        v[k] = 0.99 * f->plain[4][k] + 0.01 * g * g;
        x[k] = f->plain[2][k] - 2 * (m[k] / 0.3) / (sqrt(v[k] / 0.04) + 1e-3);
    }
    ck_ok(error, f->space.vectors.adam(&f->space, f->v[2], f->v[3], f->v[4], f->v[5], 2, 0.9, 0.99, 0.3, 0.04, 1e-3));
    expect(f, 2, x, 1000);
    expect(f, 3, m, 100);
    expect(f, 4, v, 100);
    pst_free(x);
    pst_free(m);
    pst_free(v);
}

static void check_spread(fixture *f) {
    double *expected;
    ck_ok(error, pst_allocate(&error, f->length, sizeof *expected, &expected));
    for (int from = 0; from < 4; from++) {
        const int to = from == 2 ? 1 : 0, base = from == 3 ? 0 : 2; /* in place of v; in place of `from` */
        for (size_t k = 0; k < f->length; k++)
            expected[k] = from ? f->plain[base][k] : 0;
        reference_spread(f->plain[1], f->h, f->w, PST_SPREAD_LEVELS, PST_SPREAD_GAIN, expected);
        ck_ok(error, f->space.vectors.spread(&f->space, f->v[to], from ? f->v[base] : NULL, f->v[1]));
        expect(f, to, expected, 500);
    }
    pst_free(expected);
    /* In place, to the bit: the optimizer makes a point again that it has not kept. */
    const pst_vector_space *space = &f->space.vectors;
    ck_ok(error, space->spread(space->self, f->v[0], f->v[2], f->v[1]));
    look(f, 0);
    ck_ok(error, space->spread(space->self, f->v[2], f->v[2], f->v[1]));
    expect(f, 2, f->plain[0], 0);
}

START_TEST(operations_are_those_of_plain_arrays) {
    for (int i = 0; i < SIZES; i++)
        for (int place = 0; place < PLACES; place++) {
            fixture f;
            setup(&f, sizes[i][0], sizes[i][1], place);
            check_combinations(&f);
            check_dots(&f);
            check_spread(&f);
            check_pixels(&f);
            check_adam(&f);
            teardown(&f);
        }
}
END_TEST

/* A file gives what memory gives, to the byte; so do halves in both. */
START_TEST(places_give_the_same_bytes) {
    enum { H = 70, W = 301 };
    for (int half = 0; half < 2; half++) {
        static float bytes[2][MOST][H * W * 3];
        double dots[2][MOST * 2], norms[2];
        for (int in_file = 0; in_file < 2; in_file++) {
            fixture f;
            setup(&f, H, W, 2 * half + in_file);
            check_combinations(&f);
            check_spread(&f);
            check_adam(&f);
            ck_ok(error, f.space.vectors.queue_dots(&f.space, MOST, (const pst_vector *const *)f.v, 2,
                                                    (const pst_vector *const *)f.v + 3, f.v[2]));
            f.space.vectors.read_dots(&f.space, MOST, 2, dots[in_file], &norms[in_file]);
            for (int i = 0; i < MOST; i++)
                ck_ok(error, pst_store_read_rows(pst_host_vector_store(f.v[i]), 0, H, bytes[in_file][i]));
            teardown(&f);
        }
        ck_assert_mem_eq(bytes[0], bytes[1], sizeof bytes[0]);
        ck_assert_mem_eq(dots[0], dots[1], sizeof dots[0]);
        ck_assert(norms[0] == norms[1]);
    }
}
END_TEST

/* ---- optimizers ---- */

/* sum a x^2/2 + x^4/400 + the squares of differences of neighbors: steep and flat, and not without curvature. */
static double landscape(const double *x, double *g, size_t n) {
    double loss = 0;
    for (size_t i = 0; i < n; i++) {
        const double a = pow(10, 2.0 * (double)(i % 17) / 16) / 10, d = i ? x[i] - x[i - 1] : 0;
        loss += a * x[i] * x[i] / 2 + x[i] * x[i] * x[i] * x[i] / 400 + d * d / 2;
        g[i] = a * x[i] + x[i] * x[i] * x[i] / 100 + d;
        if (i)
            g[i - 1] -= d;
    }
    return loss;
}

/* The same steps as over doubles. L-BFGS's first step is so short that rounding shows in the first pair. */
START_TEST(optimizers_reach_the_same_points) {
    enum { H = 19, W = 23, COUNT = 3 * H * W, STEPS = 25 };
    for (int which = 0; which < OPTIM_VARIANTS; which++)
        for (int in_file = 0; in_file < 2; in_file++) {
            pst_optimizer_options options = optim_variant(which);
            options.history = 5;
            options.learning_rate = which == 2 ? 0.5 : 0.05;
            options.momentum = 0.6;
            fixture f;
            setup(&f, H, W, in_file);
            f.space.vectors.spread = NULL; /* the plain space has none */
            host_space plain;
            pst_vector *px, *pg;
            host_space_init(&plain, COUNT);
            ck_ok(error, plain.space.create(&plain, &px));
            ck_ok(error, plain.space.create(&plain, &pg));
            const double small = 0.02;
            ck_ok(error, f.space.vectors.combine(&f.space, f.v[0], 1, &small, (const pst_vector *const *)&f.v[0]));
            look(&f, 0);
            memcpy(px->values, f.plain[0], COUNT * sizeof(double));
            pst_optimizer *on_host, *on_plain;
            ck_ok(error, pst_optimizer_create(&f.space.vectors, &options, &on_host));
            ck_ok(error, pst_optimizer_create(&plain.space, &options, &on_plain));
            for (int k = 0; k < STEPS; k++) {
                look(&f, 0);
                ck_assert_double_lt(test_relative_error(f.plain[0], px->values, COUNT), which < 2 ? 5e-3 : 2e-6);
                const double loss = landscape(f.plain[0], f.plain[1], COUNT);
                for (size_t i = 0; i < COUNT; i++)
                    f.scratch[i] = (float)f.plain[1][i];
                ck_ok(error, pst_store_write_rows(pst_host_vector_store(f.v[1]), 0, H, f.scratch));
                ck_ok(error, pst_optimizer_measure(on_host, f.v[0], f.v[1]));
                ck_ok(error, pst_optimizer_move(on_host, &f.v[0], &f.v[1], loss));
                ck_ok(plain.error,
                      host_space_step(&plain, on_plain, &px, &pg, landscape(px->values, pg->values, COUNT)));
            }
            pst_optimizer_destroy(on_host);
            pst_optimizer_destroy(on_plain);
            plain.space.destroy(&plain, px);
            plain.space.destroy(&plain, pg);
            teardown(&f);
        }
}
END_TEST

/* ---- halves ---- */

/* An image between a pattern and smoothness: 0.01 (x - pattern)^2 and |difference|^1.5 of neighbors, rounded off at 0.
 * Writes the gradient over x. */
static double smoothing(float *x, int h, int w) {
    enum { MAX = 3 * 24 * 32 };
    static double g[MAX];
    double loss = 0;
    ck_assert_int_le(3 * h * w, MAX);
    memset(g, 0, sizeof g);
    for (int i = 0; i < 3 * h * w; i++) {
        const int neighbors[2] = {i / 3 % w + 1 < w ? i + 3 : i, i / 3 / w + 1 < h ? i + 3 * w : i};
        const double off = (double)x[i] - 50 * sin(0.2 * (i / 3 / w)) * cos(0.1 * (i / 3 % w) + i % 3);
        loss += 0.01 * off * off;
        g[i] += 0.02 * off;
        for (int k = 0; k < 2; k++) {
            const double step = (double)(x[neighbors[k]] - x[i]), slope = 1.5 * step * pow(step * step + 1, -0.25);
            loss += pow(step * step + 1, 0.75);
            g[neighbors[k]] += slope;
            g[i] -= slope;
        }
    }
    for (int i = 0; i < 3 * h * w; i++)
        x[i] = (float)g[i];
    return loss;
}

/* A step of an optimizer over the vectors 0 and 1. */
static double descend(fixture *f, pst_optimizer *optimizer) {
    ck_ok(error, pst_store_read_rows(pst_host_vector_store(f->v[0]), 0, f->h, f->scratch));
    const double loss = smoothing(f->scratch, f->h, f->w);
    ck_ok(error, pst_store_write_rows(pst_host_vector_store(f->v[1]), 0, f->h, f->scratch));
    ck_ok(error, pst_optimizer_measure(optimizer, f->v[0], f->v[1]));
    ck_ok(error, pst_optimizer_move(optimizer, &f->v[0], &f->v[1], loss));
    ck_assert(!pst_store_is_half(pst_host_vector_store(f->v[0])));
    ck_assert(!pst_store_is_half(pst_host_vector_store(f->v[1])));
    ck_assert(!pst_store_is_half(pst_host_vector_store(pst_optimizer_best(optimizer))));
    return loss;
}

static pst_optimizer_options few_pairs(int which) {
    pst_optimizer_options options = optim_variant(which);
    options.history = 5;
    options.first_step = 24 * 32 * 3;
    return options;
}

START_TEST(pairs_of_halves_descend_as_well) {
    for (int which = 0; which < 2; which++) {
        double losses[2][40];
        for (int half = 0; half < 2; half++) {
            const pst_optimizer_options options = few_pairs(which);
            fixture f;
            pst_optimizer *optimizer;
            setup(&f, 24, 32, 0);
            const uint64_t before = f.stores.memory_bytes;
            f.space.half = half;
            ck_ok(error, pst_optimizer_create(&f.space.vectors, &options, &optimizer));
            for (int k = 0; k < 40; k++)
                losses[half][k] = descend(&f, optimizer);
            /* The best point and a gradient of its own, or one that waits to be a y; 5 pairs and a step. */
            ck_assert_uint_eq(f.stores.memory_bytes - before,
                              2 * pst_store_bytes(false, 24, 32, 3) + 11 * pst_store_bytes(half, 24, 32, 3));
            pst_optimizer_destroy(optimizer);
            teardown(&f);
        }
        ck_assert_double_lt(losses[0][39], 0.2 * losses[0][0]);
        for (int k = 19; k < 40; k += 5)
            ck_assert_double_lt(fabs(losses[1][k] - losses[0][k]), 2e-3 * losses[0][k]);
    }
}
END_TEST

/* ---- saving ---- */

typedef struct saved {
    fixture *f;
    uint8_t bytes[1 << 19];
    size_t at;
    bool load;
} saved;

static pst_status numbers(void *self, void *data, size_t bytes) {
    saved *s = self;
    ck_assert_uint_le(s->at + bytes, sizeof s->bytes);
    memcpy(s->load ? data : s->bytes + s->at, s->load ? s->bytes + s->at : data, bytes);
    s->at += bytes;
    return PST_OK;
}

static pst_status vector(void *self, pst_vector *v) {
    saved *s = self;
    pst_store *store = pst_host_vector_store(v);
    if (!s->load)
        ck_ok(error, pst_store_read_rows(store, 0, s->f->h, s->f->scratch));
    pst_status status = numbers(self, s->f->scratch, s->f->length * sizeof(float));
    return s->load ? pst_store_write_rows(store, 0, s->f->h, s->f->scratch) : status;
}

/* An optimizer that is saved and loaded goes on to the byte, halves or not. */
START_TEST(what_was_saved_goes_on_as_before) {
    static saved s;
    for (int which = 0; which < 2 * OPTIM_VARIANTS; which++) {
        const pst_optimizer_options options = few_pairs(which % OPTIM_VARIANTS);
        fixture f, second;
        pst_optimizer *first, *resumed;
        setup(&f, 24, 32, 1);
        setup(&second, 24, 32, 1);
        f.space.half = second.space.half = which < 2;
        ck_ok(error, pst_optimizer_create(&f.space.vectors, &options, &first));
        ck_ok(error, pst_optimizer_create(&second.space.vectors, &options, &resumed));
        for (int k = 0; k < 9; k++)
            descend(&f, first);
        s = (saved){.f = &f};
        pst_optimizer_archive archive = {
            .self = &s, .direction = PST_ARCHIVE_SAVE, .numbers = numbers, .vector = vector};
        ck_ok(error, vector(&s, f.v[0]));
        ck_ok(error, pst_optimizer_serialize(first, &archive));
        s.f = &second;
        s.at = 0;
        s.load = true;
        archive.direction = PST_ARCHIVE_LOAD;
        ck_ok(error, vector(&s, second.v[0]));
        ck_ok(error, pst_optimizer_serialize(resumed, &archive));
        ck_assert_uint_eq(second.stores.memory_bytes, f.stores.memory_bytes);
        ck_assert_uint_eq(second.stores.file_bytes, f.stores.file_bytes);
        for (int k = 0; k < 9; k++)
            ck_assert(descend(&f, first) == descend(&second, resumed));
        pst_optimizer_destroy(first);
        pst_optimizer_destroy(resumed);
        teardown(&f);
        teardown(&second);
    }
}
END_TEST

/* ---- faults ---- */

START_TEST(opening_fails_cleanly) {
    pst_stores stores = {.error = &error};
    pst_host_vectors space;
    for (unsigned n = 1;; n++) {
        pst_memory_fail_at(n, false);
        pst_status status = pst_host_vectors_open(&stores, 33, 44, 5, &space);
        pst_memory_fail_at(0, false);
        if (status == PST_OK) {
            ck_assert_uint_eq(n, 7);
            break;
        }
        ck_assert_int_eq(status, PST_ERROR_MEMORY);
        pst_host_vectors_close(&space);
    }
    pst_vector *vector;
    pst_memory_fail_at(2, false);
    ck_assert_int_eq(space.vectors.create(&space, &vector), PST_ERROR_MEMORY);
    pst_memory_fail_at(0, false);
    ck_assert_ptr_null(vector);
    space.vectors.destroy(&space, NULL);
    pst_host_vectors_close(&space);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("host_vectors");
    TCase *tests = tcase_create("vectors over stores");
    tcase_add_test(tests, operations_are_those_of_plain_arrays);
    tcase_add_test(tests, places_give_the_same_bytes);
    tcase_add_test(tests, optimizers_reach_the_same_points);
    tcase_add_test(tests, pairs_of_halves_descend_as_well);
    tcase_add_test(tests, what_was_saved_goes_on_as_before);
    tcase_add_test(tests, opening_fails_cleanly);
    suite_add_tcase(suite, tests);
    return test_run(suite);
}
