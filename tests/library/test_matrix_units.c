/* The arithmetic of matrix units in C. That of cl/block_gpu.cl with MATRIX: a product by tensor cores, each float split
 * into two numbers of TF32. Compared with double precision and with sums in float. What the cores do with their sums is
 * not documented; the model is the worst that was observed (Fasi, Higham, Mikaitis and Pranesh, "Numerical behavior of
 * NVIDIA tensor cores", 2021): all addends are cut to the 24 bits of the largest. And that of cl/matrix_cpu.cl: two
 * numbers of bfloat16, whose products Intel's AMX adds one after the other, each sum rounded to float. */
/* promise: products */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "support.h"

static float *random_floats(uint64_t *seed, int count) {
    float *numbers = malloc(sizeof *numbers * (size_t)count);
    ck_assert_ptr_nonnull(numbers);
    for (int i = 0; i < count; i++)
        numbers[i] = test_random(seed);
    return numbers;
}

enum { ROWS = 12, COLUMNS = 10, STEP = 8 };

/* The 11 leading bits, as the cores read an operand: the others are ignored. */
static float tf32(float x) {
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    bits &= 0xffffe000u;
    memcpy(&x, &bits, sizeof x);
    return x;
}

/* x without what is below 2^-23 of 2^exponent. */
static double cut(double x, int exponent) {
    double unit = ldexp(1, exponent - 23);
    return trunc(x / unit) * unit;
}

/* d + a . b over a step. */
static float mma(float d, const float *a, const float *b) {
    double addends[STEP + 1], sum = 0;
    int largest = -200;
    for (int i = 0; i <= STEP; i++) {
        int exponent;
        addends[i] = i < STEP ? (double)tf32(a[i]) * (double)tf32(b[i]) : (double)d;
        frexp(addends[i], &exponent);
        if (addends[i] != 0 && exponent - 1 > largest)
            largest = exponent - 1;
    }
    for (int i = 0; i <= STEP; i++)
        sum += cut(addends[i], largest);
    int exponent;
    frexp(sum, &exponent);
    return (float)cut(sum, exponent - 1);
}

/* The 8 leading bits, rounded to nearest. */
static float bfloat16(float x) {
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    bits = (bits + 0x8000u) & 0xffff0000u;
    memcpy(&x, &bits, sizeof x);
    return x;
}

typedef enum method { SPLIT, PLAIN, SUMMED_THERE, FLOATS, HALVES, HIGH_HALVES } method;

static float dot_of_halves(const float *a, const float *b, int depth, bool low) {
    float acc = 0;
    for (int i = 0; i < depth; i++) {
        float a_high = bfloat16(a[i]), b_high = bfloat16(b[i]);
        if (low)
            acc = fmaf(bfloat16(a[i] - a_high), b_high, acc);
        acc = fmaf(a_high, b_high, acc);
        if (low)
            acc = fmaf(a_high, bfloat16(b[i] - b_high), acc);
    }
    return acc;
}

static float dot(method how, const float *a, const float *b, int depth) {
    float acc = 0;
    if (how == HALVES || how == HIGH_HALVES)
        return dot_of_halves(a, b, depth, how == HALVES);
    for (int k = 0; k < depth; k += STEP) {
        float a_low[STEP], b_low[STEP], a_high[STEP], b_high[STEP], d = how == SUMMED_THERE ? acc : 0;
        for (int i = 0; i < STEP; i++) {
            a_high[i] = tf32(a[k + i]);
            b_high[i] = tf32(b[k + i]);
            a_low[i] = a[k + i] - a_high[i];
            b_low[i] = b[k + i] - b_high[i];
        }
        if (how == FLOATS) {
            for (int i = 0; i < STEP; i++)
                acc = fmaf(a[k + i], b[k + i], acc);
            continue;
        }
        if (how != PLAIN) {
            d = mma(d, a_low, b_high);
            d = mma(d, a_high, b_low);
        }
        d = mma(d, a_high, b_high);
        acc = how == SUMMED_THERE ? d : acc + d;
    }
    return acc;
}

/* The normalized mean square error over products of so many terms; positive: like features, sums of one sign. */
static double error_of(method how, int depth, bool positive) {
    double wrong = 0, size = 0;
    uint64_t seed = 7;
    float *a = random_floats(&seed, ROWS * depth), *b = random_floats(&seed, COLUMNS * depth);
    for (int i = 0; positive && i < ROWS * depth; i++)
        a[i] = fabsf(a[i]);
    for (int i = 0; positive && i < COLUMNS * depth; i++)
        b[i] = fabsf(b[i]);
    for (int row = 0; row < ROWS; row++)
        for (int column = 0; column < COLUMNS; column++) {
            const float *x = a + row * depth, *y = b + column * depth;
            double sum = 0;
            for (int k = 0; k < depth; k++)
                sum += (double)x[k] * (double)y[k];
            double difference = (double)dot(how, x, y, depth) - sum;
            wrong += difference * difference;
            size += sum * sum;
        }
    free(a);
    free(b);
    return wrong / size;
}

START_TEST(a_split_product_is_as_exact_as_floats) {
    static const int depths[] = {16, 64, 512, 4096};
    for (size_t i = 0; i < sizeof depths / sizeof *depths; i++)
        for (int positive = 0; positive < 2; positive++) {
            double split = error_of(SPLIT, depths[i], positive), floats = error_of(FLOATS, depths[i], positive);
            ck_assert_msg(split <= 1e-12, "%d terms: %g", depths[i], split);
            ck_assert_msg(split <= 10 * floats + 1e-13, "%d terms: %g by tensor cores, %g in float", depths[i], split,
                          floats);
        }
}
END_TEST

/* 17 bits, which is a root of the mean square of 4e-6; more terms than any layer has channels. */
START_TEST(a_product_of_halves_is_good_enough_for_gradients) {
    static const int depths[] = {32, 64, 512, 4096};
    for (size_t i = 0; i < sizeof depths / sizeof *depths; i++)
        for (int positive = 0; positive < 2; positive++) {
            double halves = error_of(HALVES, depths[i], positive);
            ck_assert_msg(halves <= 2e-11, "%d terms: %g", depths[i], halves);
        }
    ck_assert_double_gt(error_of(HIGH_HALVES, 512, false), 1e-6);
}
END_TEST

/* Why it is done so: each part left out shows. */
START_TEST(less_is_not_exact) {
    ck_assert_double_gt(error_of(PLAIN, 512, false), 1e-8);
    ck_assert_double_gt(error_of(SUMMED_THERE, 4096, true), 10 * error_of(SPLIT, 4096, true));
}
END_TEST

int main(void) {
    Suite *suite = suite_create("matrix units");
    TCase *tests = tcase_create("arithmetic");
    tcase_add_test(tests, a_split_product_is_as_exact_as_floats);
    tcase_add_test(tests, less_is_not_exact);
    tcase_add_test(tests, a_product_of_halves_is_good_enough_for_gradients);
    suite_add_tcase(suite, tests);
    return test_run(suite);
}
