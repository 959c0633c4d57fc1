/* What the tests share: running a Check suite, folders, temporary files, the reference data. */
#ifndef PST_TESTS_SUPPORT_H
#define PST_TESTS_SUPPORT_H

#include <check.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

#define TEST_SKIPPED 77 /* exit code of a test program whose needs are not there */

/* Runs a suite in this process; the program's exit code. */
int test_run(Suite *suite);

/* Fails the test with the error's text unless the status is PST_OK. */
#define ck_ok(error, call)                                                                                             \
    do {                                                                                                               \
        pst_status ck_status_ = (call);                                                                                \
        ck_assert_msg(ck_status_ == PST_OK, "%s: %s: %s", #call, pst_status_name(ck_status_), (error).text);           \
    } while (0)

/* The path of a file under ../shared, or NULL where it is absent. Overwritten by the eighth next call. */
const char *test_shared(const char *relative);

/* A path for a temporary file in a folder that is removed at exit. Overwritten by the eighth next call. */
const char *test_path(const char *name);

/* Writes a file for a test. */
void test_write(const char *path, const void *data, size_t bytes);

/* |a - b| / |b| in the Euclidean norm; |a - b| where b is 0. */
double test_relative_error(const double *a, const double *b, size_t count);

/* The same numbers in every run: uniform in [-1, 1]. */
float test_random(uint64_t *state);

#endif
