/* Gram matrices and their gradients, in both forms of their kernels, against the references. */
/* promise: products gradients */
#include "on_device.h"
#include "op/blocks.h"
#include "op/choices.h"
#include "op/gram.h"
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
    pst_buffer *workspace = test_empty(pst_gram_workspace_bytes(engine, s->pixels, s->c) / sizeof(float));

    ck_ok(test_error, pst_gram_add(engine, map, s->pixels, s->c, scale / 2, added, workspace));
    reference_gram(f, s->pixels, s->c, scale, gram);
    for (size_t i = 0; i < square; i++)
        expected[i] = target[i] + gram[i] / 2;
    test_close_to("Gram matrix added", added, expected, square, TIGHT);

    ck_ok(test_error, pst_gram_compare(engine, map, s->pixels, s->c, scale, t, difference, &sums, 1, workspace));
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

static void gram_case(const void *arg) { every_block_form(arg, gram_of_form); }

static const gram_shape together[][PST_GRAM_MAPS] = {{{260, 64}, {9, 128}, {5, 192}, {30, 64}, {3, 64}}};

/* Maps that are compared together give the bytes that each gives alone. */
static void together_case(const void *arg) {
    const gram_shape *shapes = arg;
    const pst_conv_engine engine = {.session = test_session};
    pst_gram_map all[PST_GRAM_MAPS];
    pst_buffer *workspace;
    size_t bytes = 0, count = PST_GRAM_MAPS;
    pst_sums sums;
    test_sums(&sums, 2 * count);
    for (size_t i = 0; i < count; i++) {
        size_t c = (size_t)shapes[i].c, values = shapes[i].pixels * c;
        all[i] = (pst_gram_map){.features = test_floats(test_numbers(values, 30 + i), values),
                                .pixels = shapes[i].pixels,
                                .c = shapes[i].c,
                                .scale = 1 / (double)values,
                                .target = test_floats(test_numbers(c * c, 40 + i), c * c),
                                .difference = test_empty(c * c),
                                .slot = i};
        bytes += pst_gram_workspace_bytes(&engine, shapes[i].pixels, shapes[i].c);
    }
    test_session->device.cache_bytes = 4 << 20; /* a simulator has no cache and no clock */
    test_session->device.info.clock_mhz = 1000;
    if (test_session->cpu_kernels) {
        ck_assert(!pst_gram_together(&engine, all, count, bytes));
        return;
    }
    ck_assert(pst_gram_together(&engine, all, count, bytes));
    ck_assert(!pst_gram_together(&engine, all, count, bytes - 1));
    ck_assert(!pst_gram_together(&engine, all, 1, bytes));
    workspace = test_empty(bytes / sizeof(float));
    ck_ok(test_error, pst_gram_compare_all(&engine, all, count, &sums, workspace));
    for (size_t i = 0; i < count; i++) {
        size_t square = (size_t)all[i].c * (size_t)all[i].c;
        pst_buffer *alone = test_empty(square);
        ck_ok(test_error, pst_gram_compare(&engine, all[i].features, all[i].pixels, all[i].c, all[i].scale,
                                           all[i].target, alone, &sums, count + i, workspace));
        float *a = test_take(square, sizeof *a), *b = test_take(square, sizeof *b);
        test_read(all[i].difference, a, square * sizeof *a);
        test_read(alone, b, square * sizeof *b);
        ck_assert_mem_eq(a, b, square * sizeof *a);
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
    pst_buffer *workspace = test_empty(pst_gram_workspace_bytes(&engine, 13, 32) / sizeof(float));
    pst_sums sums;
    (void)arg;
    test_sums(&sums, 1);
    test_session->lost = true;
    fill_stack();
    ck_assert_int_eq(pst_gram_add(&engine, map, 13, 32, 1, square, workspace), PST_ERROR_DEVICE);
    fill_stack();
    ck_assert_int_eq(pst_gram_compare(&engine, map, 13, 32, 1, square, difference, &sums, 0, workspace),
                     PST_ERROR_DEVICE);
    test_session->lost = false;
}

START_TEST(a_device_that_fails_is_told) { test_twice(broken_case, NULL); }
END_TEST

int main(void) {
    Suite *suite = suite_create("Gram matrices");
    for (int form = 0; form < TEST_FORMS; form++) {
        TCase *tests = test_form_case(form);
        tcase_add_test(tests, matrices);
        tcase_add_test(tests, matrices_together);
        tcase_add_test(tests, gradients);
        tcase_add_test(tests, a_device_that_fails_is_told);
        suite_add_tcase(suite, tests);
    }
    return test_run(suite);
}
