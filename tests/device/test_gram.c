/* Gram matrices and their gradients, in both forms of their kernels, against the references. */
/* promise: products gradients */
#include <string.h>

#include "on_device.h"
#include "op/blocks.h"
#include "op/choices.h"
#include "op/gram.h"
#include "op/moments.h"
#include "op/tiles.h"
#include "reference_ops.h"

#define COUNT(array) ((int)(sizeof(array) / sizeof *(array)))
#define TIGHT 1e-12 /* normalized mean square error where only the rounding of single steps can differ */
#define UNITS 1e-10 /* of gradients by a processor's matrix units */
#define SUM 1e-5    /* relative, of squares of differences */

typedef struct gram_shape {
    size_t pixels;
    int c;
} gram_shape;

static const gram_shape grams[] = {{13, 32},  {1, 16},   {257, 16},  {12, 48},    {11, 64},  {255, 16},
                                   {256, 80}, {191, 96}, {1021, 64}, {70001, 16}, {600, 512}};
#define SMALL_GRAMS 3

/* On GPUs every form of blocks that a tuning may choose. */
static void every_block_form(const gram_shape *s, void (*body)(const gram_shape *, const pst_conv_engine *)) {
    const pst_conv_shape shape = {.c_in = s->c, .c_out = s->c};
    pst_conv_choices choices = {0};
    const pst_conv_engine engine = {.session = test_session, .choices = &choices};
    for (size_t form = 0; form < PST_VECTOR_FORMS; form++) {
        if (form && (test_session->cpu_kernels || test_few()))
            break;
        ck_ok(test_error, pst_conv_choices_set(&test_error, &choices, &shape, pst_conv_gpu_direct[form].name));
        if (!test_session->cpu_kernels)
            ck_assert_uint_eq(pst_block_form_chosen(&engine, s->c), form);
        body(s, &engine);
    }
    pst_conv_choices_clear(&choices);
}

static void gram_of_form(const gram_shape *s, const pst_conv_engine *engine) {
    size_t c = (size_t)s->c, square = c * c, count = s->pixels * c;
    double scale = 1 / (double)count, *f = test_numbers(count, 9), *target = test_numbers(square, 10);
    double *gram = test_doubles(square), *expected = test_doubles(square), squares = 0;
    reference_bias_relu(f, s->pixels, s->c, NULL);
    for (size_t i = 0; i < c; i++)
        for (size_t j = 0; j <= i; j++)
            target[i * c + j] = target[j * c + i] = (double)(float)(target[i * c + j] * .1 / (double)c);
    pst_sums sums;
    test_sums(&sums, 3);
    pst_buffer *map = test_floats(f, count), *t = test_floats(target, square), *added = test_floats(target, square);
    pst_buffer *difference = test_empty(square);
    pst_buffer *workspace = test_empty(pst_moments_workspace_bytes(engine, s->pixels, s->c) / sizeof(float));
    const pst_gram_map comparison = {map, s->pixels, s->c, scale, t, difference, 1};
    const pst_moments to = {map, NULL, s->pixels, s->c, scale / 2, added, NULL};

    ck_ok(test_error, pst_moments_take(engine, &to, 1, true, workspace));
    reference_gram(f, s->pixels, s->c, scale, gram);
    for (size_t i = 0; i < square; i++)
        expected[i] = target[i] + gram[i] / 2;
    test_close_to("Gram matrix added", added, expected, square, TIGHT);

    workspace = test_empty(pst_gram_workspace_bytes(engine, s->pixels, s->c) / sizeof(float));
    ck_ok(test_error, pst_gram_compare(engine, &comparison, 1, &sums, workspace));
    for (size_t i = 0; i < square; i++) {
        expected[i] = gram[i] - target[i];
        squares += expected[i] * expected[i];
    }
    test_close_to("difference of Gram matrices", difference, expected, square, TIGHT);
    test_number("sum of squared differences", test_sum_in(&sums, 1), squares, SUM);
    test_untouched("sums", sums.parts, 0, PST_PARTS);

    float *symmetric = test_take(square, sizeof *symmetric);
    test_read(difference, symmetric, square * sizeof *symmetric);
    for (size_t i = 0; i < c; i++)
        for (size_t j = 0; j < i; j++)
            ck_assert(symmetric[i * c + j] == symmetric[j * c + i]);
}

static void check_same(const char *what, const pst_buffer *a, const pst_buffer *b, size_t count) {
    float *first = test_take(count, sizeof *first), *second = test_take(count, sizeof *second);
    test_read(a, first, count * sizeof *first);
    test_read(b, second, count * sizeof *second);
    ck_assert_msg(memcmp(first, second, count * sizeof *first) == 0, "%s differ", what);
}

static void gram_case(const void *arg) { every_block_form(arg, gram_of_form); }

/* Means, of plain and of guided features, beside the Gram matrix, over what was there and added to it. */
static void moments_case(const void *arg) {
    const gram_shape *s = arg;
    const pst_conv_engine engine = {.session = test_session};
    const size_t c = (size_t)s->c, square = c * c, count = s->pixels * c;
    const double *f = test_numbers(count, 21), *guide = test_numbers(s->pixels, 22), *old = test_numbers(square, 23),
                 *old_mean = test_numbers(c, 24), scale = .5 / (double)s->pixels;
    double *gram = test_doubles(square), *mean = test_doubles(c);
    pst_buffer *map = test_floats(f, count), *guides = test_floats(guide, s->pixels);
    pst_buffer *workspace = test_empty(pst_moments_workspace_bytes(&engine, s->pixels, s->c) / sizeof(float));
    for (int way = 0; way < 4; way++) {
        const bool add = way & 1, guided = way & 2;
        const pst_moments to = {
            map, guided ? guides : NULL, s->pixels, s->c, scale, test_floats(old, square), test_floats(old_mean, c)};
        reference_gram(f, s->pixels, s->c, scale, gram);
        for (size_t i = 0; i < square; i++)
            gram[i] += add ? old[i] : 0;
        for (size_t i = 0; i < c; i++) {
            double sum = 0;
            for (size_t p = 0; p < s->pixels; p++)
                sum += f[p * c + i] * (guided ? guide[p] : 1);
            mean[i] = scale * sum + (add ? old_mean[i] : 0);
        }
        ck_ok(test_error, pst_moments_take(&engine, &to, 1, add, workspace));
        test_close_to("second moments", to.moment, gram, square, TIGHT);
        test_close_to("means", to.mean, mean, c, TIGHT);
    }
}

static const gram_shape together[][PST_GRAM_MAPS] = {{{260, 64}, {9, 128}, {5, 192}, {30, 64}, {3, 64}}};

/* Maps that are compared, or whose moments are taken, together give the bytes that each gives alone. */
static void together_case(const void *arg) {
    const gram_shape *shapes = arg;
    const pst_conv_engine engine = {.session = test_session};
    pst_gram_map all[PST_GRAM_MAPS];
    pst_moments to[PST_GRAM_MAPS];
    pst_buffer *workspace;
    size_t bytes = 0, means = 0, count = PST_GRAM_MAPS;
    pst_sums sums;
    test_sums(&sums, 2 * count);
    for (size_t i = 0; i < count; i++) {
        size_t c = (size_t)shapes[i].c, pixels = shapes[i].pixels, values = pixels * c;
        all[i] = (pst_gram_map){.features = test_floats(test_numbers(values, 30 + i), values),
                                .pixels = pixels,
                                .c = shapes[i].c,
                                .scale = 1 / (double)values,
                                .target = test_floats(test_numbers(c * c, 40 + i), c * c),
                                .difference = test_empty(c * c),
                                .slot = i};
        to[i] = (pst_moments){.features = all[i].features,
                              .guide = i % 2 ? test_floats(test_numbers(pixels, 50 + i), pixels) : NULL,
                              .pixels = pixels,
                              .c = shapes[i].c,
                              .scale = all[i].scale,
                              .moment = test_empty(c * c),
                              .mean = test_empty(c)};
        bytes += pst_gram_workspace_bytes(&engine, pixels, shapes[i].c);
        means += pst_moments_workspace_bytes(&engine, pixels, shapes[i].c) -
                 pst_gram_workspace_bytes(&engine, pixels, shapes[i].c);
    }
    test_session->device.cache_bytes = 4 << 20; /* a simulator has no cache and no clock */
    test_session->device.info.clock_mhz = 1000;
    if (test_session->cpu_kernels) {
        ck_assert(!pst_gram_together(&engine, all, count, bytes));
        ck_assert(!pst_moments_together(&engine, to, count, bytes + means));
        return;
    }
    ck_assert(pst_gram_together(&engine, all, count, bytes));
    ck_assert(!pst_gram_together(&engine, all, count, bytes - 1));
    ck_assert(!pst_gram_together(&engine, all, 1, bytes));
    ck_assert(pst_moments_together(&engine, to, count, bytes + means));
    ck_assert(!pst_moments_together(&engine, to, count, bytes));
    workspace = test_empty((bytes + means) / sizeof(float));
    ck_ok(test_error, pst_gram_compare(&engine, all, count, &sums, workspace));
    ck_ok(test_error, pst_moments_take(&engine, to, count, false, workspace));
    for (size_t i = 0; i < count; i++) {
        const size_t c = (size_t)all[i].c, square = c * c;
        pst_gram_map alone = all[i];
        pst_moments own = to[i];
        alone.difference = test_empty(square);
        alone.slot = count + i;
        own.moment = test_empty(square);
        own.mean = test_empty(c);
        ck_ok(test_error, pst_gram_compare(&engine, &alone, 1, &sums, workspace));
        ck_ok(test_error, pst_moments_take(&engine, &own, 1, false, workspace));
        check_same("differences", all[i].difference, alone.difference, square);
        check_same("moments", to[i].moment, own.moment, square);
        check_same("means", to[i].mean, own.mean, c);
        ck_assert(test_sum_in(&sums, i) == test_sum_in(&sums, count + i));
    }
    test_session->device.cache_bytes = 1;
    ck_assert(!pst_gram_together(&engine, all, count, bytes));
}

static void gram_backward_of_form(const gram_shape *s, const pst_conv_engine *engine) {
    size_t c = (size_t)s->c, square = c * c, count = s->pixels * c;
    double *f = test_numbers(count, 11), *matrix = test_numbers(square, 12), *fresh = test_doubles(count),
           *old = test_numbers(count, 13), *same = test_numbers(c, 14), *with_row = test_numbers(count, 13);
    double scale = .7, limit = test_session->matrix_units && s->c % PST_MATRIX_CHANNELS == 0 ? UNITS : TIGHT;
    for (size_t i = 0; i < c; i++)
        for (size_t j = 0; j < i; j++)
            matrix[j * c + i] = matrix[i * c + j];
    pst_buffer *map = test_floats(f, count), *m = test_floats(matrix, square), *row = test_floats(same, c);
    pst_buffer *d_fresh = test_empty(count), *d_old = test_floats(old, count), *d_row = test_floats(old, count);
    pst_buffer *workspace = test_empty(pst_gram_workspace_bytes(engine, s->pixels, s->c) / sizeof(float));
    ck_ok(test_error, pst_gram_backward(engine, map, m, NULL, s->pixels, s->c, scale, false, d_fresh, workspace));
    ck_ok(test_error, pst_gram_backward(engine, map, m, NULL, s->pixels, s->c, scale, true, d_old, workspace));
    ck_ok(test_error, pst_gram_backward(engine, map, m, row, s->pixels, s->c, scale, true, d_row, workspace));
    reference_gram_backward(f, matrix, s->pixels, s->c, scale, fresh);
    for (size_t i = 0; i < count; i++) {
        old[i] += fresh[i];
        with_row[i] += fresh[i] + scale * (double)(float)same[i % c];
    }
    test_close_to("gradient of a Gram matrix", d_fresh, fresh, count, limit);
    test_close_to("the same added", d_old, old, count, limit);
    test_close_to("the same with a row added", d_row, with_row, count, limit);
    ck_ok(test_error, pst_gram_multiply(engine, map, m, s->pixels, s->c, d_old, workspace));
    for (size_t i = 0; i < count; i++)
        old[i] = fresh[i] / scale;
    test_close_to("a product", d_old, old, count, TIGHT);
    if (pst_gram_in_place(test_session)) {
        ck_ok(test_error, pst_gram_backward(engine, map, m, NULL, s->pixels, s->c, scale, false, map, workspace));
        test_close_to("the same in place", map, fresh, count, limit);
    }
}

static void gram_backward_case(const void *arg) { every_block_form(arg, gram_backward_of_form); }

static int count_of(int all, int small) { return test_few() ? small : all; }

START_TEST(matrices) {
    for (int i = 0; i < count_of(COUNT(grams), SMALL_GRAMS); i++)
        test_twice(gram_case, &grams[i]);
}
END_TEST

START_TEST(first_and_second_moments) {
    for (int i = 0; i < count_of(COUNT(grams), SMALL_GRAMS); i++)
        test_twice(moments_case, &grams[i]);
}
END_TEST

START_TEST(matrices_together) { test_twice(together_case, together); }
END_TEST

START_TEST(gradients) {
    for (int i = 0; i < count_of(COUNT(grams), 2); i++)
        test_twice(gram_backward_case, &grams[i]);
}
END_TEST

/* Leaves what is no pointer where the next function has its variables. */
static void fill_stack(void) {
    volatile unsigned char rest[4096];
    for (size_t i = 0; i < sizeof rest; i++)
        rest[i] = 0x55;
}

static void broken_case(const void *arg) {
    const pst_conv_engine engine = {.session = test_session};
    pst_buffer *map = test_empty(13 * 32), *square = test_empty(32 * 32), *difference = test_empty(32 * 32);
    pst_buffer *workspace = test_empty(pst_moments_workspace_bytes(&engine, 13, 32) / sizeof(float));
    const pst_gram_map comparison = {map, 13, 32, 1, square, difference, 0};
    const pst_moments to = {map, NULL, 13, 32, 1, square, NULL};
    pst_sums sums;
    (void)arg;
    test_sums(&sums, 1);
    test_session->lost = true;
    fill_stack();
    ck_assert_int_eq(pst_moments_take(&engine, &to, 1, true, workspace), PST_ERROR_DEVICE);
    fill_stack();
    ck_assert_int_eq(pst_gram_compare(&engine, &comparison, 1, &sums, workspace), PST_ERROR_DEVICE);
    test_session->lost = false;
}

START_TEST(a_device_that_fails_is_told) { test_twice(broken_case, NULL); }
END_TEST

int main(void) {
    Suite *suite = suite_create("Gram matrices");
    for (int form = 0; form < TEST_FORMS; form++) {
        TCase *tests = test_form_case(form);
        tcase_add_test(tests, matrices);
        tcase_add_test(tests, first_and_second_moments);
        tcase_add_test(tests, matrices_together);
        tcase_add_test(tests, gradients);
        tcase_add_test(tests, a_device_that_fails_is_told);
        suite_add_tcase(suite, tests);
    }
    return test_run(suite);
}
