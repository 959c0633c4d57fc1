/* The Wasserstein distance of many channels, where the covariance's factor has fewer columns: against the same in
 * double precision from the factor that was made, which is compared with the covariance first. */
/* promise: gradients */
#include <math.h>

#include "on_device.h"
#include "op/wasserstein.h"
#include "reference_ops.h"

enum { PIXELS = 700, SMALL_CASES = 1 };

typedef struct distance_case {
    int c, pixels; /* of the style */
    double fall;   /* of what its k-th pixel adds: exp(-k / fall) */
    int rank;
} distance_case;

static const distance_case cases[] = {{32, 100, 1e9, 32},    /* this one for the simulator as well */
                                      {80, 200, 1e9, 80},    /* not the side of any part */
                                      {64, 200, 1e9, 64},    /* all columns */
                                      {208, 400, 1e9, 208},  /* more than 192, and all needed */
                                      {336, 100, 1e9, 192},  /* no more than there are pixels */
                                      {336, 400, 60, 192},   /* nearly all of the covariance is in so many */
                                      {336, 700, 1e9, 320}}; /* the most there are */

/* Covariance [c][c] of pixels whose features get smaller, rounded to floats. */
static double *make_covariance(size_t c, size_t pixels, double fall, uint64_t seed) {
    const double *random = test_numbers(pixels * c, seed);
    double *m = test_doubles(c * c);
    for (size_t p = 0; p < pixels; p++)
        for (size_t i = 0; i < c; i++)
            for (size_t j = 0; j < c; j++)
                m[i * c + j] += 3e4 * exp(-2 * (double)p / fall) * random[p * c + i] * random[p * c + j];
    for (size_t i = 0; i < c * c; i++)
        m[i] = (double)(float)(m[i] / (double)pixels);
    return m;
}

typedef struct target {
    size_t c, rank;
    double trace, *factor, *transposed; /* [c][rank], [rank][c] */
} target;

/* tr(S_t + S - 2 (L' S L)^1/2) */
static double reference(const target *t, const double *s) {
    double *half = test_doubles(t->rank * t->c), *m = test_doubles(t->rank * t->rank), trace = t->trace;
    reference_multiply(t->transposed, s, t->rank, t->c, t->c, half);
    reference_multiply(half, t->factor, t->rank, t->c, t->rank, m);
    for (size_t i = 0; i < t->c; i++)
        trace += s[i * (t->c + 1)];
    return trace - 2 * reference_root_trace(m, t->rank, PST_ROOT_STEPS, PST_ROOT_LEAST);
}

static double *read_matrix(const pst_buffer *buffer, size_t count) {
    float *floats = test_take(count, sizeof *floats);
    double *values = test_doubles(count);
    test_read(buffer, floats, count * sizeof *floats);
    for (size_t i = 0; i < count; i++)
        values[i] = (double)floats[i];
    return values;
}

/* What the factor leaves out of the covariance has no negative variance, and no more in all than is allowed. */
static target check_factor(const distance_case *k, const pst_wasserstein_target *made, const double *covariance) {
    const size_t c = (size_t)k->c, rank = (size_t)k->rank;
    const double *factor = read_matrix(made->factor, c * c), *transposed = read_matrix(made->transposed, c * c);
    target t = {c, rank, 0, test_doubles(c * rank), test_doubles(c * rank)};
    double *product = test_doubles(c * c), rest = 0;
    ck_assert_int_eq(made->rank, k->rank);
    reference_multiply(factor, transposed, c, c, c, product);
    for (size_t i = 0; i < c; i++) {
        const double left = covariance[i * (c + 1)] - product[i * (c + 1)];
        t.trace += covariance[i * (c + 1)];
        ck_assert_double_gt(left, -1e-5 * covariance[i * (c + 1)]);
        rest += left;
        for (size_t j = 0; j < c; j++) {
            ck_assert(transposed[j * c + i] == factor[i * c + j] && (j < rank || factor[i * c + j] == 0));
            if (j < rank)
                t.factor[i * rank + j] = t.transposed[j * c + i] = factor[i * c + j];
        }
    }
    ck_assert_double_lt(rest / t.trace, rank == 320 ? .05 : rank == c ? 1e-6 : k->fall > 1e3 ? 1e-5 : PST_FACTOR_REST);
    test_number("the trace", made->trace, t.trace, 1e-9);
    return t;
}

static void check_case(const void *arg) {
    const distance_case *k = arg;
    const size_t c = (size_t)k->c, count = c * c;
    const pst_conv_engine engine = {.session = test_session};
    const double *covariance = make_covariance(c, (size_t)k->pixels, k->fall, 1),
                 *s = make_covariance(c, PIXELS, 200, 2), *random = test_numbers(count, 3);
    double *mean = test_numbers(c, 4), *mean_t = test_numbers(c, 5), *changed = test_doubles(count), apart = 0,
           slope = 0, size = 0, norm = 0;
    pst_buffer *factor = test_floats(covariance, count), *transposed = test_empty(count), *d = test_floats(s, count),
               *row = test_empty(c), *own_mean = test_floats(mean, c);
    pst_buffer *workspace = test_empty((pst_wasserstein_workspace_bytes(&engine, &k->c, 1) + 3) / 4);
    pst_wasserstein_target made = {.mean = test_floats(mean_t, c)};
    pst_sums sums;
    test_sums(&sums, 2);
    ck_ok(test_error, pst_covariance_factor(test_session, k->c, factor, transposed, &made));
    const target t = check_factor(k, &made, covariance);
    const unsigned waits = test_session->waits;
    ck_ok(test_error,
          pst_wasserstein_compare(&engine, &(pst_distance){k->c, &made, own_mean, d, row, 1}, 1, &sums, workspace));
    ck_assert_uint_eq(test_session->waits, waits); /* all is queued */
    for (size_t i = 0; i < c; i++)
        apart += (mean[i] - mean_t[i]) * (mean[i] - mean_t[i]);
    test_number("the distance", test_sum_in(&sums, 1), apart + reference(&t, s), 2e-5);

    const double *g = read_matrix(d, count), *row_made = read_matrix(row, c);
    for (size_t i = 0; i < c; i++) {
        double expected = mean[i] - mean_t[i], terms = 0;
        for (size_t j = 0; j < c; j++) {
            expected -= g[i * c + j] * mean[j];
            terms += fabs(g[i * c + j] * mean[j]);
        }
        ck_assert_double_eq_tol(row_made[i], expected, 1e-6 * (terms + 2));
    }
    double shares[2];
    for (int side = 0; side < 2; side++) { /* along a random symmetric direction */
        for (size_t i = 0; i < count; i++)
            changed[i] = s[i] + (side ? -1 : 1) * (random[i] + random[i % c * c + i / c]);
        shares[side] = reference(&t, changed);
    }
    for (size_t i = 0; i < count; i++) {
        const double along = random[i] + random[i % c * c + i / c];
        slope += g[i] * along;
        size += along * along;
        norm += g[i] * g[i];
    }
    ck_assert_double_eq_tol(slope, (shares[0] - shares[1]) / 2, 2e-4 * sqrt(size * norm));
}

/* Several distances at once are those of each by itself, to the bit, whatever their sides. */
static void together_case(const void *arg) {
    (void)arg;
    static const int c[PST_DISTANCES] = {16, 48, 208, 336, 128};
    const size_t most = test_small() ? 2 : PST_DISTANCES;
    const pst_conv_engine engine = {.session = test_session};
    pst_wasserstein_target made[PST_DISTANCES];
    pst_distance at[PST_DISTANCES];
    float *alone[PST_DISTANCES], *whole = test_take(336 * 336, sizeof *whole);
    double distances[PST_DISTANCES];
    pst_buffer *workspace =
        test_empty((pst_wasserstein_workspace_bytes(&engine, c, most) + sizeof(float) - 1) / sizeof(float));
    pst_sums sums;
    test_sums(&sums, PST_DISTANCES);
    for (int round = 0; round < 2; round++) {
        for (size_t i = 0; i < most; i++) {
            const size_t n = (size_t)c[i], count = n * n;
            made[i] = (pst_wasserstein_target){.mean = test_floats(test_numbers(n, 5), n)};
            at[i] = (pst_distance){c[i],
                                   &made[i],
                                   test_floats(test_numbers(n, 4), n),
                                   test_floats(make_covariance(n, PIXELS, 200, 2), count),
                                   test_empty(n),
                                   i};
            ck_ok(test_error,
                  pst_covariance_factor(test_session, c[i], test_floats(make_covariance(n, 400, 1e9, 1), count),
                                        test_empty(count), &made[i]));
            if (round == 0)
                ck_ok(test_error, pst_wasserstein_compare(&engine, &at[i], 1, &sums, workspace));
        }
        if (round == 1)
            ck_ok(test_error, pst_wasserstein_compare(&engine, at, most, &sums, workspace));
        for (size_t i = 0; i < most; i++) {
            const size_t count = (size_t)c[i] * (size_t)c[i];
            if (round == 0) {
                alone[i] = test_take(count, sizeof *whole);
                test_read(at[i].difference, alone[i], count * sizeof *whole);
                distances[i] = test_sum_in(&sums, i);
                continue;
            }
            test_read(at[i].difference, whole, count * sizeof *whole);
            ck_assert_mem_eq(whole, alone[i], count * sizeof *whole);
            ck_assert(isfinite(distances[i]) && test_sum_in(&sums, i) == distances[i]);
        }
    }
}

/* A style whose features overflow must not look like one that can be painted. */
static void overflow_case(const void *arg) {
    enum { C = 32 };
    const pst_conv_engine engine = {.session = test_session};
    double *covariance = test_doubles(C * C), *s = make_covariance(C, PIXELS, 200, 2);
    for (size_t i = 0; i < C; i++)
        covariance[i * (C + 1)] = i == 7 ? *(const double *)arg : 3;
    pst_buffer *factor = test_floats(covariance, C * C), *transposed = test_empty(C * C), *d = test_floats(s, C * C),
               *row = test_empty(C), *mean = test_floats(test_numbers(C, 4), C);
    pst_buffer *workspace = test_empty((pst_wasserstein_workspace_bytes(&engine, (const int[]){C}, 1) + 3) / 4);
    pst_wasserstein_target made = {.mean = mean};
    pst_sums sums;
    test_sums(&sums, 2);
    ck_ok(test_error, pst_covariance_factor(test_session, C, factor, transposed, &made));
    ck_ok(test_error,
          pst_wasserstein_compare(&engine, &(pst_distance){C, &made, mean, d, row, 1}, 1, &sums, workspace));
    ck_assert(!isfinite(test_sum_in(&sums, 1)));
}

START_TEST(many_channels) {
    if (_i < SMALL_CASES || !test_small())
        test_twice(check_case, &cases[_i]);
}
END_TEST

START_TEST(together) { test_twice(together_case, NULL); }
END_TEST

START_TEST(not_finite) { test_twice(overflow_case, (const double[]){_i ? NAN : INFINITY}); }
END_TEST

int main(void) {
    Suite *suite = suite_create("wasserstein");
    for (int form = 0; form < TEST_FORMS; form++) {
        TCase *tests = test_form_case(form);
        tcase_add_loop_test(tests, many_channels, 0, (int)(sizeof cases / sizeof *cases));
        tcase_add_test(tests, together);
        tcase_add_loop_test(tests, not_finite, 0, 2);
        suite_add_tcase(suite, tests);
    }
    return test_run(suite);
}
