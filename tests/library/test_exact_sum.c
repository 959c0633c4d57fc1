/* Sums without rounding: against long double and against themselves in another order; and what is not to be added. */
/* promise: tiles */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "spread/exact_sum.h"
#include "support.h"

static pst_error error;

enum { COUNT = 37, TIMES = 1000 };

/* Of very different sizes, and of both signs if wanted. */
static void fill(float values[COUNT], bool both, uint64_t *state) {
    for (int i = 0; i < COUNT; i++) {
        const float r = test_random(state);
        values[i] = (both ? r : fabsf(r)) * exp2f(30 * test_random(state));
    }
}

START_TEST(is_exact) {
    static float values[TIMES][COUNT];
    pst_exact_sum sum, other;
    float result[COUNT], turned[COUNT];
    uint64_t state = 5 + (uint64_t)_i;
    ck_ok(error, pst_exact_sum_create(&error, COUNT, &sum));
    ck_ok(error, pst_exact_sum_create(&error, COUNT, &other));
    for (int t = 0; t < TIMES; t++)
        fill(values[t], _i, &state);
    for (int t = 0; t < TIMES; t++)
        pst_exact_sum_add(&sum, 0, COUNT, values[t]);
    /* Backwards, and in two parts that are then added as integers. */
    for (int t = TIMES; t-- > TIMES / 3;) {
        pst_exact_sum_add(&other, 10, COUNT - 10, values[t] + 10);
        pst_exact_sum_add(&other, 0, 10, values[t]);
    }
    pst_exact_sum rest;
    ck_ok(error, pst_exact_sum_create(&error, COUNT, &rest));
    for (int t = 0; t < TIMES / 3; t++)
        pst_exact_sum_add(&rest, 0, COUNT, values[t]);
    for (size_t i = 0; i < pst_exact_sum_integers(&other); i++)
        other.digits[i] += rest.digits[i];
    pst_exact_sum_read(&sum, 0, COUNT, result);
    pst_exact_sum_read(&other, 0, 5, turned);
    pst_exact_sum_read(&other, 5, COUNT - 5, turned + 5);
    ck_assert(!memcmp(result, turned, sizeof result));
    for (int i = 0; i < COUNT; i++) {
        long double truth = 0, size = 0;
        for (int t = 0; t < TIMES; t++) {
            truth += values[t][i];
            size += fabsl((long double)values[t][i]);
        }
        ck_assert_msg(fabsl(result[i] - truth) <= 6e-8L * fabsl(truth) + 1e-18L * size + 1e-18L, "%d: %.9g, not %.9Lg",
                      i, (double)result[i], truth);
    }
    pst_exact_sum_clear(&sum);
    pst_exact_sum_read(&sum, 0, COUNT, result);
    for (int i = 0; i < COUNT; i++)
        ck_assert(result[i] == 0);
    pst_exact_sum_destroy(&sum);
    pst_exact_sum_destroy(&other);
    pst_exact_sum_destroy(&rest);
}
END_TEST

/* Every power of two within the range comes back as it is, of either sign; what is smaller is nothing. */
START_TEST(keeps_every_size) {
    pst_exact_sum sum;
    ck_ok(error, pst_exact_sum_create(&error, 1, &sum));
    for (int e = -149; e <= 70; e++)
        for (int sign = -1; sign <= 1; sign += 2) {
            const float value = (float)sign * ldexpf(1 + (e > -49 ? 0x7fffffp-23f : 0), e);
            float result;
            pst_exact_sum_clear(&sum);
            pst_exact_sum_add(&sum, 0, 1, &value);
            pst_exact_sum_read(&sum, 0, 1, &result);
            ck_assert_msg(result == (e < -72 ? 0 : value), "2^%d: %g, not %g", e, (double)result, (double)value);
        }
    pst_exact_sum_destroy(&sum);
}
END_TEST

/* A large number and its opposite leave the small one. */
START_TEST(nothing_is_lost) {
    const float values[] = {0x1.234568p60f, 0x1.5p-40f, -0x1.234568p60f};
    float result;
    pst_exact_sum sum;
    ck_ok(error, pst_exact_sum_create(&error, 1, &sum));
    for (int i = 0; i < 3; i++)
        pst_exact_sum_add(&sum, 0, 1, &values[i]);
    pst_exact_sum_read(&sum, 0, 1, &result);
    ck_assert(result == values[1]);
    pst_exact_sum_destroy(&sum);
}
END_TEST

START_TEST(refuses) {
    const float bad[] = {NAN, INFINITY, -INFINITY, 0x1p71f, -3e38f};
    const float good[2] = {1, 2};
    float result[2];
    pst_exact_sum sum;
    ck_ok(error, pst_exact_sum_create(&error, 2, &sum));
    pst_exact_sum_add(&sum, 0, 2, good);
    pst_exact_sum_add(&sum, 1, 1, &bad[_i]);
    pst_exact_sum_read(&sum, 0, 2, result);
    ck_assert(isnan(result[1]));
    pst_exact_sum_clear(&sum);
    pst_exact_sum_add(&sum, 0, 2, good);
    pst_exact_sum_read(&sum, 0, 2, result);
    ck_assert(result[0] == 1 && result[1] == 2);
    pst_exact_sum_destroy(&sum);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("exact sums");
    TCase *test = tcase_create("exact sums");
    tcase_add_loop_test(test, is_exact, 0, 2);
    tcase_add_test(test, keeps_every_size);
    tcase_add_test(test, nothing_is_lost);
    tcase_add_loop_test(test, refuses, 0, 5);
    suite_add_tcase(suite, test);
    return test_run(suite);
}
