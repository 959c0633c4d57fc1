/* What the tests of kernels share: a session with either form of the kernels, buffers between sentinels, comparisons.
 *
 * Environment: PASTICHE_SMALL=1 asks for few and small cases, for a simulator that checks every access itself;
 * PASTICHE_KERNELS names a folder of kernels to test instead of the embedded ones. */
#ifndef PST_TESTS_ON_DEVICE_H
#define PST_TESTS_ON_DEVICE_H

#include "cl/session.h"
#include "support.h"

extern pst_error test_error;
extern pst_session *test_session;

bool test_small(void);

/* The forms that kernels have: for CPUs with the device's width of vectors, and with the other one; for GPUs. */
typedef enum test_form { TEST_CPU, TEST_OTHER_CPU, TEST_GPU, TEST_FORMS } test_form;
extern const char *const test_form_names[TEST_FORMS];

/* Few cases will do: in small runs, and where a form differs from one that was tested before only in a number. */
bool test_few(void);

/* For Check's fixtures: opens test_session with that form of the kernels, whatever the device is, and closes it after
 * checking that no buffer is left. Without a device the program ends as skipped. */
void test_open(test_form form);
void test_close(void);

/* Runs body(arg) twice and fails unless everything that it compared had the same bytes both times. What was taken by
 * the functions below lives until body returns; then the sentinels are checked. In small runs, once. */
void test_twice(void (*body)(const void *arg), const void *arg);

/* Zeroed memory. */
void *test_take(size_t count, size_t bytes);
double *test_doubles(size_t count);

/* Numbers that are floats, in [-1, 1]; a few different ones only, zero among them, so that there are many equal ones.
 */
double *test_numbers(size_t count, uint64_t seed);
double *test_steps(size_t count, uint64_t seed);

/* A buffer of exactly these bytes in the middle of a larger one, 1024 sentinels on either side. NULL: contents that
 * spoil every result that they get into. */
pst_buffer *test_buffer(const void *data, size_t bytes);
pst_buffer *test_floats(const double *values, size_t count);
pst_buffer *test_empty(size_t floats);

void test_read(const pst_buffer *buffer, void *data, size_t bytes);

/* Each reads `count` floats and compares: the rounded number itself; within so many units in the last place; the
 * normalized mean square error, and all finite. */
void test_exact(const char *what, const pst_buffer *buffer, const double *expected, size_t count);
void test_ulps(const char *what, const pst_buffer *buffer, const double *expected, size_t count, double ulps);
void test_close_to(const char *what, const pst_buffer *buffer, const double *expected, size_t count, double error);
void test_bytes(const char *what, const pst_buffer *buffer, const void *expected, size_t bytes);
void test_number(const char *what, double value, double expected, double relative_error);

/* That floats from..to of a buffer made by test_empty are as they were. */
void test_untouched(const char *what, const pst_buffer *buffer, size_t from, size_t to);

#endif
