/* Matrix products against sums in double: every orientation, odd sizes, sentinels, bounded workspace. */
/* promise: products answers */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "blas/gemm_create.h"
#include "support.h"

#define GUARD 1024 /* floats before and after C that must stay as they are */

static pst_error error;
static pst_session *session;
static pst_gemm *gemm;

static void set_up(void) {
    pst_status status = pst_session_open(&error, NULL, NULL, &session);
    if (status == PST_ERROR_NO_DEVICE)
        exit(TEST_SKIPPED);
    ck_ok(error, status);
    ck_ok(error, pst_gemm_create(session, &gemm));
}

static void tear_down(void) {
    pst_gemm_destroy(gemm);
    ck_assert_uint_eq(session->buffer_count, 0);
    pst_session_close(session);
}

static float *random_floats(size_t count, uint64_t seed) {
    float *values = malloc(count * sizeof *values);
    ck_assert_ptr_nonnull(values);
    for (size_t i = 0; i < count; i++)
        values[i] = test_random(&seed);
    return values;
}

static pst_buffer *to_device(const float *values, size_t count) {
    pst_buffer *buffer;
    ck_ok(error, pst_buffer_create(session, count * sizeof *values, "a test", &buffer));
    ck_ok(error, pst_buffer_write(session, buffer, 0, values, count * sizeof *values));
    return buffer;
}

/* Only every row_step-th row is compared in full where the product is large, beside the last one. */
static void check_product(pst_gemm_shape s, size_t shift) {
    size_t offset = GUARD + shift, c_count = offset + s.m * s.n + GUARD, bytes;
    float *a = random_floats(s.m * s.k, 1), *b = random_floats(s.k * s.n, 2), *before = random_floats(c_count, 3);
    float *c = malloc(c_count * sizeof *c);
    double *row = malloc(s.n * sizeof *row);
    ck_assert(c && row);
    for (size_t i = 0; i < s.m * s.n; i++)
        before[offset + i] = NAN; /* what C held must not matter */
    pst_buffer *a_device = to_device(a, s.m * s.k), *b_device = to_device(b, s.k * s.n),
               *c_device = to_device(before, c_count);
    pst_buffer *workspace = NULL;
    ck_ok(error, pst_gemm_workspace(gemm, &s, &bytes));
    if (bytes)
        ck_ok(error, pst_buffer_create(session, bytes, "a test", &workspace));
    ck_ok(error, pst_gemm_run(gemm, &s, a_device, b_device, c_device, offset, workspace));
    ck_ok(error, pst_buffer_read(session, c_device, 0, c, c_count * sizeof *c));

    double wrong = 0, norm = 0;
    size_t row_step = 1 + s.m * s.n * s.k / 20000000;
    for (size_t i = 0; i < s.m; i = i + row_step < s.m || i == s.m - 1 ? i + row_step : s.m - 1) {
        memset(row, 0, s.n * sizeof *row);
        for (size_t p = 0; p < s.k; p++) {
            double left = a[s.a_transposed ? p * s.m + i : i * s.k + p];
            for (size_t j = 0; j < s.n; j++)
                row[j] += left * b[s.b_transposed ? j * s.k + p : p * s.n + j];
        }
        for (size_t j = 0; j < s.n; j++) {
            double difference = c[offset + i * s.n + j] - row[j];
            wrong += difference * difference;
            norm += row[j] * row[j];
        }
    }
    ck_assert_msg(wrong <= 1e-7 * norm, "%zu x %zu x %zu %d%d: normalized mean-square error %g", s.m, s.n, s.k,
                  s.a_transposed, s.b_transposed, wrong / norm);
    for (size_t i = 0; i < s.m * s.n; i++)
        ck_assert_msg(isfinite(c[offset + i]), "%zu x %zu x %zu: not finite at %zu", s.m, s.n, s.k, i);
    ck_assert_mem_eq(c, before, offset * sizeof *c);
    ck_assert_mem_eq(c + offset + s.m * s.n, before + offset + s.m * s.n, GUARD * sizeof *c);

    pst_buffer_destroy(session, workspace);
    pst_buffer_destroy(session, c_device);
    pst_buffer_destroy(session, b_device);
    pst_buffer_destroy(session, a_device);
    free(row);
    free(c);
    free(before);
    free(b);
    free(a);
}

START_TEST(products_are_right) {
    static const size_t sizes[][3] = {{1, 1, 1},        {1, 64, 576},     {2, 3, 5},       {31, 1, 17},
                                      {127, 61, 97},    {64, 64, 64},     {257, 3, 576},   {1000, 64, 27},
                                      {384, 128, 64},   {211, 130, 1153}, {96, 512, 36},   {48, 16, 32},
                                      {1024, 64, 576},  {99, 255, 513},   {640, 256, 128}, {160, 256, 1152},
                                      {171, 300, 2304}, {33, 70, 4608},   {50, 272, 1153}};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        for (int o = 0; o < 4; o++)
            check_product((pst_gemm_shape){sizes[i][0], sizes[i][1], sizes[i][2], o & 1, o & 2}, o == 1 ? 7 : 0);
}
END_TEST

START_TEST(many_rows) {
    for (int o = 0; o < 4; o++)
        check_product((pst_gemm_shape){65536 + 37, 19, 27, o & 1, o & 2}, 0);
    check_product((pst_gemm_shape){131072 + 64, 3, 64, true, false}, 0);
}
END_TEST

START_TEST(preferred_storage_needs_no_copies_of_a_and_b) {
    bool at, bt;
    size_t m, n, k, bytes;
    pst_gemm_preferred(gemm, &at, &bt);
    pst_gemm_multiples(gemm, &m, &n, &k);
    ck_assert(m && n && k && m <= 256 && n <= 256 && k <= 256);
    /* On every device large enough a product to be past the kernel for small ones. */
    pst_gemm_shape s = {m * 64, n * 16, k * 16, at, bt};
    ck_ok(error, pst_gemm_workspace(gemm, &s, &bytes));
    ck_assert_uint_le(bytes, s.m * s.n * sizeof(float));
    check_product(s, 0);
}
END_TEST

/* Convolutions keep all that they need in parts of one buffer. */
START_TEST(operands_may_be_slices) {
    static const size_t sizes[][3] = {{129, 256, 576}, {83, 150, 1152}, {64, 48, 27}, {70, 3, 90}};
    bool at, bt;
    pst_gemm_preferred(gemm, &at, &bt);
    for (size_t i = 0; i < 2 * sizeof sizes / sizeof *sizes; i++) {
        pst_gemm_shape s = {sizes[i / 2][0], sizes[i / 2][1], sizes[i / 2][2], i & 1 ? !at : at, bt};
        size_t counts[4] = {s.m * s.k, s.k * s.n, 1024 + s.m * s.n, 0}, at_byte = 0, total = 0;
        ck_ok(error, pst_gemm_workspace(gemm, &s, &counts[3]));
        counts[3] /= sizeof(float);
        for (size_t j = 0; j < 4; j++)
            total += pst_round_up(counts[j] * sizeof(float) + 1, PST_SLICE_ALIGN);
        pst_buffer *arena, *slices[4] = {NULL}, *whole[4] = {NULL}, *workspace = NULL;
        ck_ok(error, pst_buffer_create(session, total, "a test", &arena));
        float *values[3], *sliced = malloc(counts[2] * sizeof *sliced),
                          *expected = malloc(counts[2] * sizeof *expected);
        for (size_t j = 0; j < 4; j++) {
            if (counts[j])
                ck_ok(error, pst_buffer_slice(session, arena, at_byte, counts[j] * sizeof(float), &slices[j]));
            at_byte += pst_round_up(counts[j] * sizeof(float) + 1, PST_SLICE_ALIGN);
            if (j == 3)
                break;
            values[j] = random_floats(counts[j], j + 9);
            whole[j] = to_device(values[j], counts[j]);
            ck_ok(error, pst_buffer_write(session, slices[j], 0, values[j], counts[j] * sizeof(float)));
        }
        if (counts[3])
            ck_ok(error, pst_buffer_create(session, counts[3] * sizeof(float), "a test", &workspace));
        for (size_t offset = 1024; offset >= 1021; offset -= 3) { /* aligned, and not */
            ck_ok(error, pst_gemm_run(gemm, &s, slices[0], slices[1], slices[2], offset, slices[3]));
            ck_ok(error, pst_gemm_run(gemm, &s, whole[0], whole[1], whole[2], offset, workspace));
            ck_ok(error, pst_buffer_read(session, slices[2], 0, sliced, counts[2] * sizeof(float)));
            ck_ok(error, pst_buffer_read(session, whole[2], 0, expected, counts[2] * sizeof(float)));
            ck_assert_mem_eq(sliced, expected, counts[2] * sizeof(float));
        }
        for (size_t j = 0; j < 4; j++) {
            pst_buffer_destroy(session, slices[j]);
            pst_buffer_destroy(session, whole[j]);
            if (j < 3)
                free(values[j]);
        }
        pst_buffer_destroy(session, workspace);
        pst_buffer_destroy(session, arena);
        free(sliced);
        free(expected);
    }
}
END_TEST

START_TEST(workspace_is_bounded_and_checked) {
    for (int o = 0; o < 4; o++) {
        pst_gemm_shape s = {16384, 512, 4608, o & 1, o & 2};
        size_t bytes;
        ck_ok(error, pst_gemm_workspace(gemm, &s, &bytes));
        ck_assert_uint_le(bytes, (s.m * s.k + s.k * s.n + s.m * s.n) * sizeof(float) * 21 / 20);
    }
    pst_gemm_shape odd = {101, 103, 107, false, true};
    size_t bytes;
    ck_ok(error, pst_gemm_workspace(gemm, &odd, &bytes));
    float *zeros = calloc(107 * 103, sizeof *zeros);
    pst_buffer *a = to_device(zeros, 101 * 107), *b = to_device(zeros, 107 * 103), *c = to_device(zeros, 101 * 103);
    if (bytes) /* a GPU multiplies so few without copies */
        ck_assert_int_eq(pst_gemm_run(gemm, &odd, a, b, c, 0, NULL), PST_ERROR_ARGUMENT);
    ck_assert_int_eq(pst_gemm_run(gemm, &odd, a, b, c, 1, NULL),
                     PST_ERROR_ARGUMENT); /* C would end beyond its buffer */
    pst_buffer_destroy(session, c);
    pst_buffer_destroy(session, b);
    pst_buffer_destroy(session, a);
    free(zeros);
}
END_TEST

START_TEST(senseless_sizes_are_refused) {
    static const size_t sizes[][3] = {
        {0, 1, 1},           {1, 0, 1},         {1, 1, 0},         {(size_t)1 << 31, 1, 1},
        {65536, 32768, 1},   {65536, 1, 32768}, {1, 65536, 32768}, {SIZE_MAX, SIZE_MAX, 2},
        {2, 3, SIZE_MAX - 5}};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        size_t bytes;
        pst_gemm_shape s = {sizes[i][0], sizes[i][1], sizes[i][2], false, false};
        ck_assert_int_eq(pst_gemm_workspace(gemm, &s, &bytes), PST_ERROR_ARGUMENT);
        ck_assert_str_ne(error.text, "");
    }
}
END_TEST

START_TEST(contexts_share_the_device) {
    pst_session *first = session, *second_session;
    pst_gemm *first_gemm = gemm, *second;
    ck_ok(error, pst_session_open(&error, NULL, NULL, &second_session));
    ck_ok(error, pst_gemm_create(second_session, &second));
    check_product((pst_gemm_shape){77, 65, 64, true, false}, 0);
    session = second_session;
    gemm = second;
    check_product((pst_gemm_shape){77, 65, 64, true, false}, 0);
    pst_gemm_destroy(second);
    pst_session_close(second_session);
    session = first;
    gemm = first_gemm;
    check_product((pst_gemm_shape){77, 65, 64, false, false}, 0); /* after the other has cleared the cache */
}
END_TEST

int main(void) {
    Suite *suite = suite_create("gemm");
    TCase *tests = tcase_create("gemm");
    tcase_add_unchecked_fixture(tests, set_up, tear_down);
    tcase_set_timeout(tests, 120);
    tcase_add_test(tests, products_are_right);
    tcase_add_test(tests, many_rows);
    tcase_add_test(tests, preferred_storage_needs_no_copies_of_a_and_b);
    tcase_add_test(tests, operands_may_be_slices);
    tcase_add_test(tests, workspace_is_bounded_and_checked);
    tcase_add_test(tests, senseless_sizes_are_refused);
    tcase_add_test(tests, contexts_share_the_device);
    suite_add_tcase(suite, tests);
    return test_run(suite);
}
