#include "on_device.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define GUARD_FLOATS 1024
#define GUARD_BYTES (GUARD_FLOATS * sizeof(uint32_t))
#define SENTINEL 0x7fc0beefu /* a NaN, so that reading one shows as well */
#define TAKEN_MAX 512
#define BUFFERS_MAX 128

pst_error test_error;
pst_session *test_session;

static void *taken[TAKEN_MAX];
static size_t taken_count;
static struct { pst_buffer *whole, *part; } buffers[BUFFERS_MAX];
static size_t buffer_count;
static uint64_t hash;
static test_form form_open;

bool test_small(void) {
    const char *small = getenv("PASTICHE_SMALL");
    return small && strcmp(small, "1") == 0;
}

const char *const test_form_names[TEST_FORMS] = {"kernels for CPUs", "kernels for CPUs of the other width",
                                                 "kernels for GPUs"};

bool test_few(void) { return test_small() || form_open == TEST_OTHER_CPU; }

void test_open(test_form form) {
    pst_status status = pst_session_open(&test_error, NULL, getenv("PASTICHE_KERNELS"), &test_session);
    if (status == PST_ERROR_NO_DEVICE)
        exit(TEST_SKIPPED);
    ck_ok(test_error, status);
    form_open = form;
    test_session->cpu_kernels = form != TEST_GPU;
    if (form == TEST_OTHER_CPU)
        test_session->device.vector_width = test_session->device.vector_width >= 16 ? 8 : 16;
}

void test_close(void) {
    ck_assert_uint_eq(test_session->buffer_count, 0);
    ck_assert_uint_eq(test_session->buffer_bytes, 0);
    pst_session_close(test_session);
    test_session = NULL;
}

void *test_take(size_t count, size_t bytes) {
    ck_assert_uint_lt(taken_count, TAKEN_MAX);
    void *memory = calloc(count ? count : 1, bytes);
    ck_assert_ptr_nonnull(memory);
    return taken[taken_count++] = memory;
}

double *test_doubles(size_t count) { return test_take(count, sizeof(double)); }

double *test_numbers(size_t count, uint64_t seed) {
    double *numbers = test_doubles(count);
    for (size_t i = 0; i < count; i++)
        numbers[i] = (double)test_random(&seed);
    return numbers;
}

double *test_steps(size_t count, uint64_t seed) {
    double *numbers = test_numbers(count, seed);
    for (size_t i = 0; i < count; i++)
        numbers[i] = floor(numbers[i] * 4) / 4;
    return numbers;
}

/* In the loops over elements below a plain `if` stands for Check's assertions, which keep a record each time. */

static pst_buffer *keep(pst_buffer *whole, pst_buffer *part) {
    ck_assert_uint_lt(buffer_count, BUFFERS_MAX);
    buffers[buffer_count].whole = whole;
    return buffers[buffer_count++].part = part;
}

/* The simulator sees reads and writes outside of a buffer and reads of what was never written, if the buffer is one of
 * its own and nothing is written into it first. */
static pst_buffer *bare_buffer(const void *data, size_t bytes) {
    cl_int code;
    pst_buffer *buffer = calloc(1, sizeof *buffer);
    ck_assert_ptr_nonnull(buffer);
    buffer->memory = buffer->root = clCreateBuffer(test_session->context, CL_MEM_READ_WRITE, bytes, NULL, &code);
    buffer->bytes = bytes;
    ck_ok(test_error, pst_session_check(test_session, code, "clCreateBuffer", "a test"));
    test_session->buffer_count++; /* as if made by pst_buffer_create, for its pst_buffer_destroy */
    test_session->buffer_bytes += bytes;
    if (data)
        ck_ok(test_error, pst_buffer_write(test_session, buffer, 0, data, bytes));
    return keep(NULL, buffer);
}

/* 1024 sentinels, the data (NULL: sentinels) and 1024 sentinels. */
static pst_buffer *guarded(const void *data, size_t bytes) {
    size_t count = GUARD_FLOATS + (GUARD_BYTES + bytes + sizeof(uint32_t) - 1) / sizeof(uint32_t);
    uint32_t *image = malloc(count * sizeof *image);
    ck_assert_ptr_nonnull(image);
    for (size_t i = 0; i < count; i++)
        image[i] = SENTINEL;
    if (data)
        memcpy((uint8_t *)image + GUARD_BYTES, data, bytes);
    pst_buffer *whole;
    ck_ok(test_error, pst_buffer_create(test_session, count * sizeof *image, "a test", &whole));
    ck_ok(test_error, pst_buffer_write(test_session, whole, 0, image, count * sizeof *image));
    free(image);
    return whole;
}

pst_buffer *test_buffer(const void *data, size_t bytes) {
    if (test_small())
        return bare_buffer(data, bytes);
    pst_buffer *whole = guarded(data, bytes), *part;
    ck_ok(test_error, pst_buffer_slice(test_session, whole, GUARD_BYTES, bytes, &part));
    return keep(whole, part);
}

pst_buffer *test_floats(const double *values, size_t count) {
    float *floats = test_take(count, sizeof *floats);
    for (size_t i = 0; i < count; i++)
        floats[i] = (float)values[i];
    return test_buffer(floats, count * sizeof *floats);
}

pst_buffer *test_empty(size_t floats) { return test_buffer(NULL, floats * sizeof(float)); }

void test_read(const pst_buffer *buffer, void *data, size_t bytes) {
    ck_ok(test_error, pst_buffer_read(test_session, buffer, 0, data, bytes));
}

/* The bytes between the data's end and the next whole sentinel are sentinels too. */
static void check_guards(const pst_buffer *whole, size_t bytes) {
    static const uint32_t sentinel = SENTINEL;
    uint8_t *image = malloc(whole->bytes);
    ck_assert_ptr_nonnull(image);
    test_read(whole, image, whole->bytes);
    for (size_t i = 0; i < whole->bytes; i++)
        if ((i < GUARD_BYTES || i >= GUARD_BYTES + bytes) &&
            image[i] != ((const uint8_t *)&sentinel)[i % sizeof sentinel])
            ck_abort_msg("byte %td beside a buffer of %zu bytes was overwritten", (ptrdiff_t)i - (ptrdiff_t)GUARD_BYTES,
                         bytes);
    free(image);
}

static void release(void) {
    for (size_t i = 0; i < buffer_count; i++) {
        if (buffers[i].whole)
            check_guards(buffers[i].whole, buffers[i].part->bytes);
        pst_buffer_destroy(test_session, buffers[i].part);
        pst_buffer_destroy(test_session, buffers[i].whole);
    }
    buffer_count = 0;
    while (taken_count)
        free(taken[--taken_count]);
}

void test_twice(void (*body)(const void *arg), const void *arg) {
    uint64_t hashes[2];
    int runs = test_small() ? 1 : 2;
    for (int run = 0; run < runs; run++) {
        hash = 0xcbf29ce484222325u;
        body(arg);
        ck_ok(test_error, pst_session_finish(test_session));
        release();
        hashes[run] = hash;
    }
    if (runs == 2)
        ck_assert_msg(hashes[0] == hashes[1], "two runs gave different bytes");
}

/* Reads for a comparison. */
static void *read_to_compare(const pst_buffer *buffer, size_t bytes) {
    uint8_t *data = test_take(1, bytes);
    ck_assert_uint_ge(buffer->bytes, bytes);
    test_read(buffer, data, bytes);
    for (size_t i = 0; i < bytes; i++)
        hash = (hash ^ data[i]) * 0x100000001b3u;
    return data;
}

void test_exact(const char *what, const pst_buffer *buffer, const double *expected, size_t count) {
    const float *values = read_to_compare(buffer, count * sizeof *values);
    for (size_t i = 0; i < count; i++)
        if (values[i] != (float)expected[i])
            ck_abort_msg("%s: element %zu of %zu is %.9g, not %.9g", what, i, count, (double)values[i], expected[i]);
}

void test_ulps(const char *what, const pst_buffer *buffer, const double *expected, size_t count, double ulps) {
    const float *values = read_to_compare(buffer, count * sizeof *values);
    for (size_t i = 0; i < count; i++) {
        double unit = (double)nextafterf(fabsf((float)expected[i]), INFINITY) - fabs((double)(float)expected[i]);
        if (!(fabs((double)values[i] - expected[i]) <= ulps * unit))
            ck_abort_msg("%s: element %zu of %zu is %.9g, not %.9g", what, i, count, (double)values[i], expected[i]);
    }
}

void test_close_to(const char *what, const pst_buffer *buffer, const double *expected, size_t count, double error) {
    const float *values = read_to_compare(buffer, count * sizeof *values);
    double wrong = 0, size = 0;
    for (size_t i = 0; i < count; i++) {
        if (!isfinite(values[i]))
            ck_abort_msg("%s: element %zu of %zu is not finite", what, i, count);
        wrong += ((double)values[i] - expected[i]) * ((double)values[i] - expected[i]);
        size += expected[i] * expected[i];
    }
    ck_assert_msg(wrong <= error * size, "%s: the normalized mean square error of %zu elements is %g", what, count,
                  wrong / size);
}

void test_bytes(const char *what, const pst_buffer *buffer, const void *expected, size_t bytes) {
    const uint8_t *data = read_to_compare(buffer, bytes), *other = expected;
    for (size_t i = 0; i < bytes; i++)
        if (data[i] != other[i])
            ck_abort_msg("%s: byte %zu of %zu is %02x, not %02x", what, i, bytes, data[i], other[i]);
}

void test_number(const char *what, double value, double expected, double relative_error) {
    for (size_t i = 0; i < sizeof value; i++)
        hash = (hash ^ ((const uint8_t *)&value)[i]) * 0x100000001b3u;
    ck_assert_msg(fabs(value - expected) <= relative_error * fabs(expected), "%s is %.9g, not %.9g", what, value,
                  expected);
}

void test_untouched(const char *what, const pst_buffer *buffer, size_t from, size_t to) {
    if (test_small()) /* there it was never written, and reading it would be a report */
        return;
    const uint32_t *values = read_to_compare(buffer, to * sizeof *values);
    for (size_t i = from; i < to; i++)
        if (values[i] != SENTINEL)
            ck_abort_msg("%s: element %zu was overwritten", what, i);
}
