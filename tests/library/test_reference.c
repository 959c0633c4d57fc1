/* The references that the kernels are held to are right themselves: their gradients agree with central differences, and
 * values that can be worked out by hand come out. */
/* promise: gradients */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "reference_ops.h"
#include "support.h"

enum {
    H = 7,
    W = 5,
    C = 16,
    K = 32,
    PIXELS = H * W,
    MAP = PIXELS * C,
    WIDE = PIXELS * K,
    POOLED = (H / 2) * (W / 2) * K
};

#define DIRECTIONS 64
#define STEP 1e-5
#define LIMIT 1e-5

static double fixed[WIDE], matrix[K * K];
static float weights[K * C * 9];
static double bias[K];

static double random_in(uint64_t *seed) { return (double)test_random(seed); }

static void set_up(void) {
    uint64_t seed = 5;
    for (int i = 0; i < WIDE; i++)
        fixed[i] = random_in(&seed);
    for (int i = 0; i < K * C * 9; i++)
        weights[i] = test_random(&seed) / 4;
    for (int i = 0; i < K; i++)
        bias[i] = random_in(&seed) / 4;
    for (int i = 0; i < K; i++)
        for (int j = 0; j <= i; j++)
            matrix[i * K + j] = matrix[j * K + i] = random_in(&seed);
}

/* Where a function is not smooth, the choices it makes (its bits) change; a hash of them tells. */
static uint64_t mix(uint64_t hash, const void *data, size_t bytes) {
    const uint8_t *byte = data;
    for (size_t i = 0; i < bytes; i++)
        hash = (hash ^ byte[i]) * 0x100000001b3u;
    return hash;
}

/* A loss at x; adds its gradient to d, which is zero, and the choices made to *choices. */
typedef double loss_function(const double *x, double *d, uint64_t *choices);

static double weighted_sum(const double *map, size_t count) { return reference_dot(map, fixed, count); }

static double convolution(const double *x, double *d, uint64_t *choices) {
    (void)choices;
    static double out[WIDE];
    /* Fewer true channels than stored ones: those in between must have no influence. */
    reference_conv conv = {H, W, C, K, K - 5, C - 3, weights};
    reference_conv_forward(&conv, x, out);
    reference_conv_backward(&conv, fixed, d);
    return weighted_sum(out, WIDE);
}

static double relu(const double *x, double *d, uint64_t *choices) {
    static double out[MAP];
    static uint16_t signs[MAP / 16];
    memcpy(out, x, sizeof out);
    reference_bias_relu(out, PIXELS, C, bias);
    reference_signs(out, MAP, signs);
    *choices = mix(*choices, signs, sizeof signs);
    memcpy(d, fixed, sizeof out);
    reference_add_mask(d, MAP, NULL, signs);
    return weighted_sum(out, MAP);
}

static double pooling(const double *x, double *d, uint64_t *choices, bool average) {
    static double map[WIDE], pooled[POOLED];
    static uint16_t bits[WIDE / 16];
    memcpy(map, x, sizeof map);
    reference_bias_relu(map, PIXELS, K, NULL);
    reference_pool(map, H, W, K, average, false, pooled, bits);
    *choices = mix(*choices, bits, sizeof bits);
    reference_unpool(fixed, bits, H, W, K, average, false, NULL, d);
    return weighted_sum(pooled, POOLED);
}

static double max_pooling(const double *x, double *d, uint64_t *choices) { return pooling(x, d, choices, false); }
static double average_pooling(const double *x, double *d, uint64_t *choices) { return pooling(x, d, choices, true); }

/* The pooled map is one use of the map, its sum another: what comes back through the pooling is added to what the
 * latter gives, and that goes back through the ReLU alone. */
static double pooling_and_more(const double *x, double *d, uint64_t *choices) {
    static double map[WIDE], pooled[POOLED];
    static uint16_t bits[WIDE / 16], signs[WIDE / 16];
    memcpy(map, x, sizeof map);
    reference_bias_relu(map, PIXELS, K, bias);
    reference_signs(map, WIDE, signs);
    reference_pool(map, H, W, K, false, false, pooled, bits);
    *choices = mix(mix(*choices, bits, sizeof bits), signs, sizeof signs);
    for (int i = 0; i < WIDE; i++)
        d[i] = fixed[i];
    reference_unpool(fixed, bits, H, W, K, false, false, signs, d);
    return weighted_sum(pooled, POOLED) + weighted_sum(map, WIDE);
}

/* sum((s F'F - T)^2) has the gradient 4 s F (s F'F - T); with a ReLU before, where the signs are set. */
static double gram(const double *x, double *d, uint64_t *choices) {
    static double map[WIDE], difference[K * K];
    static uint16_t signs[WIDE / 16];
    double loss = 0;
    memcpy(map, x, sizeof map);
    reference_bias_relu(map, PIXELS, K, bias);
    reference_signs(map, WIDE, signs);
    *choices = mix(*choices, signs, sizeof signs);
    reference_gram(map, PIXELS, K, .1, difference);
    for (int i = 0; i < K * K; i++) {
        difference[i] -= matrix[i];
        loss += difference[i] * difference[i];
    }
    reference_gram_backward(map, difference, PIXELS, K, .4, d);
    reference_add_mask(d, WIDE, NULL, signs);
    return loss;
}

static double content(const double *x, double *d, uint64_t *choices) {
    static double map[WIDE];
    static uint16_t signs[WIDE / 16];
    memcpy(map, x, sizeof map);
    reference_bias_relu(map, PIXELS, K, bias);
    reference_signs(map, WIDE, signs);
    *choices = mix(*choices, signs, sizeof signs);
    double loss = reference_content(map, fixed, WIDE, 2, d);
    reference_add_mask(d, WIDE, NULL, signs);
    return loss;
}

static double smoothness(const double *x, double *d, uint64_t *choices) {
    (void)choices;
    return reference_smoothness(x, H, W, 2, d);
}

/* All together: convolution, ReLU, pooling, Gram and content losses of the pooled map. */
static double network(const double *x, double *d, uint64_t *choices) {
    static double map[WIDE], pooled[POOLED], d_pooled[POOLED], d_map[WIDE], difference[K * K];
    static uint16_t bits[WIDE / 16];
    reference_conv conv = {H, W, C, K, K, C, weights};
    reference_conv_forward(&conv, x, map);
    reference_bias_relu(map, PIXELS, K, bias);
    reference_pool(map, H, W, K, false, false, pooled, bits);
    *choices = mix(*choices, bits, sizeof bits);
    memset(d_pooled, 0, sizeof d_pooled);
    double loss = reference_content(pooled, fixed, POOLED, 2, d_pooled);
    reference_gram(pooled, POOLED / K, K, 1, difference);
    for (int i = 0; i < K * K; i++) {
        difference[i] -= matrix[i];
        loss += difference[i] * difference[i];
    }
    reference_gram_backward(pooled, difference, POOLED / K, K, 4, d_pooled);
    reference_unpool(d_pooled, bits, H, W, K, false, false, NULL, d_map);
    reference_conv_backward(&conv, d_map, d);
    return loss;
}

static const struct {
    const char *name;
    loss_function *loss;
    size_t count;
} losses[] = {{"convolution", convolution, MAP},
              {"relu", relu, MAP},
              {"max pooling", max_pooling, WIDE},
              {"average pooling", average_pooling, WIDE},
              {"pooling and more", pooling_and_more, WIDE},
              {"gram", gram, WIDE},
              {"content", content, WIDE},
              {"smoothness", smoothness, PIXELS * 3},
              {"network", network, MAP}};

START_TEST(gradients_agree_with_differences) {
    static double x[WIDE], moved[WIDE], direction[WIDE], d[WIDE], ignored[WIDE];
    loss_function *loss = losses[_i].loss;
    size_t count = losses[_i].count;
    uint64_t seed = 11, here = 0;
    for (size_t i = 0; i < count; i++)
        x[i] = random_in(&seed);
    memset(d, 0, sizeof d);
    loss(x, d, &here);
    double length = sqrt(reference_dot(d, d, count));
    ck_assert_double_gt(length, 0);
    int skipped = 0;
    for (int k = 0; k < DIRECTIONS; k++) {
        double value[2];
        uint64_t choices[2] = {0, 0};
        for (size_t i = 0; i < count; i++)
            direction[i] = random_in(&seed);
        for (int side = 0; side < 2; side++) {
            for (size_t i = 0; i < count; i++)
                moved[i] = x[i] + (side ? -STEP : STEP) * direction[i];
            memset(ignored, 0, sizeof ignored);
            value[side] = loss(moved, ignored, &choices[side]);
        }
        if (choices[0] != here || choices[1] != here) {
            skipped++;
            continue;
        }
        double slope = (value[0] - value[1]) / (2 * STEP), expected = reference_dot(d, direction, count);
        /* A direction may happen to be level: then its usual slope is the measure. */
        double usual = length * sqrt(reference_dot(direction, direction, count) / (double)count);
        double size = fabs(expected) > usual ? fabs(expected) : usual;
        ck_assert_msg(fabs(slope - expected) <= LIMIT * size, "%s: slope %.12g, gradient %.12g", losses[_i].name, slope,
                      expected);
    }
    ck_assert_msg(skipped <= DIRECTIONS / 2, "%s: %d directions hit a kink", losses[_i].name, skipped);
}
END_TEST

START_TEST(a_convolution_by_hand) {
    /* One channel of ones on 2x3 and a filter of 1..9: each output adds up the taps that lie inside. */
    static const float filter[9] = {1, 2, 3, 4, 5, 6, 7, 8, 9};
    static const double expected[6] = {5 + 6 + 8 + 9, 4 + 5 + 6 + 7 + 8 + 9, 4 + 5 + 7 + 8,
                                       2 + 3 + 5 + 6, 1 + 2 + 3 + 4 + 5 + 6, 1 + 2 + 4 + 5};
    static const double in[6] = {1, 1, 1, 1, 1, 1};
    double out[6];
    reference_conv_forward(&(reference_conv){2, 3, 1, 1, 1, 1, filter}, in, out);
    for (int i = 0; i < 6; i++)
        ck_assert_double_eq(out[i], expected[i]);
}
END_TEST

START_TEST(a_pooling_by_hand) {
    /* 3x5, one channel: the last row and column have no part; ties go to the first; nothing goes back through zeros. */
    static const double map[15] = {1, 3, 0, 0, 9, 3, 2, 0, 0, 9, 9, 9, 9, 9, 9};
    double pooled[2], d[15];
    uint16_t bits, signs = 1 << 5 | 1 << 14; /* with one channel, that of place i is bit i */
    reference_pool(map, 3, 5, 1, false, false, pooled, &bits);
    ck_assert(pooled[0] == 3 && pooled[1] == 0 && bits == 1 << 1);
    reference_pool(map, 3, 5, 1, true, false, pooled, &bits);
    ck_assert(pooled[0] == 2.25 && pooled[1] == 0 && bits == (1 << 0 | 1 << 1 | 1 << 5 | 1 << 6));
    for (int i = 0; i < 15; i++)
        d[i] = 7;
    reference_unpool((double[]){4, 8}, &bits, 3, 5, 1, true, false, &signs, d);
    for (int i = 0; i < 15; i++)
        ck_assert_double_eq(d[i], (i == 0 || i == 1 || i == 5 || i == 6 ? 1 : 0) + (i == 5 || i == 14 ? 7 : 0));
    reference_unpool((double[]){4, 8}, &bits, 3, 5, 1, true, false, NULL, d);
    for (int i = 0; i < 15; i++)
        ck_assert_double_eq(d[i], i == 0 || i == 1 || i == 5 || i == 6 ? 1 : 0);
    double all[6];
    reference_pool(map, 3, 5, 1, false, true, all, &bits); /* rounded up, they have windows of two and of one */
    ck_assert(all[0] == 3 && all[1] == 0 && all[2] == 9 && all[3] == 9 && all[5] == 9);
    ck_assert_uint_eq(bits, 1 << 1 | 1 << 4 | 1 << 10 | 1 << 12 | 1 << 14);
    reference_pool(map, 3, 5, 1, true, true, all, &bits);
    ck_assert(all[0] == 2.25 && all[1] == 0 && all[2] == 9 && all[3] == 9 && all[5] == 9);
    reference_unpool((double[]){4, 4, 4, 4, 4, 4}, &bits, 3, 5, 1, true, true, NULL, d);
    ck_assert(d[0] == 1 && d[4] == 2 && d[9] == 2 && d[10] == 2 && d[14] == 4);
}
END_TEST

START_TEST(optimizer_steps_by_hand) {
    /* Adam's first step is the rate in the direction of the sign, whatever the gradient's size. */
    double x[3] = {1, 1, 1}, m[3] = {0}, v[3] = {0};
    reference_adam(x, m, v, (double[]){1e-3, -50, 0}, 3, .5, .9, .999, 1 - .9, 1 - .999, 1e-12);
    ck_assert(fabs(x[0] - .5) < 1e-6 && fabs(x[1] - 1.5) < 1e-6 && x[2] == 1);
    double d[2] = {0};
    reference_add_normalized((double[]){3, -1}, 2, 8, reference_absolute_sum((double[]){3, -1}, 2), d);
    ck_assert(fabs(d[0] - 6) < 1e-6 && fabs(d[1] + 2) < 1e-6);
}
END_TEST

START_TEST(pixels_by_hand) {
    double x[3], back[3];
    reference_import((double[]){123.68, 117.779, 105.939}, 1, x);
    ck_assert(fabs(x[0] - 2) < 1e-12 && fabs(x[1] - 1) < 1e-12 && fabs(x[2]) < 1e-12);
    reference_export(x, 1, back);
    ck_assert(fabs(back[0] - 123.68) < 1e-12 && fabs(back[1] - 117.779) < 1e-12 && fabs(back[2] - 105.939) < 1e-12);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("reference");
    TCase *tests = tcase_create("all");
    tcase_add_unchecked_fixture(tests, set_up, NULL);
    tcase_add_loop_test(tests, gradients_agree_with_differences, 0, (int)(sizeof losses / sizeof *losses));
    tcase_add_test(tests, a_convolution_by_hand);
    tcase_add_test(tests, a_pooling_by_hand);
    tcase_add_test(tests, optimizer_steps_by_hand);
    tcase_add_test(tests, pixels_by_hand);
    suite_add_tcase(suite, tests);
    return test_run(suite);
}
