/* What the tests share: running a Check suite, folders, temporary files, the reference data. */
#ifndef PST_TESTS_SUPPORT_H
#define PST_TESTS_SUPPORT_H

#include <stddef.h>
#include <stdint.h>

#include <check.h>

#include "base/status.h"

#define TEST_SKIPPED 77 /* exit code of a test program whose needs are not there */

/* Runs a suite in this process; the program's exit code. */
int test_run(Suite *suite);

/* Fails the test with the error's text unless the status is PST_OK. */
#define ck_ok(error, call)                                                                                   \
    do {                                                                                                     \
        pst_status ck_status_ = (call);                                                                      \
        ck_assert_msg(ck_status_ == PST_OK, "%s: %s: %s", #call, pst_status_name(ck_status_), (error).text); \
    } while (0)

/* The path of a file under ../shared, or NULL where it is absent. Overwritten by the eighth next call. */
const char *test_shared(const char *relative);

/* A path for a temporary file in a folder that is removed at exit. Overwritten by the eighth next call. */
const char *test_path(const char *name);

/* Writes a file for a test. */
void test_write(const char *path, const void *data, size_t bytes);

typedef struct test_tensor {
    const char *name, *dtype; /* "conv1_1.weight", "F32" */
    int dims;
    int64_t shape[8];
    const void *data; /* little-endian, as it stands in the file; NULL: zeros */
    size_t bytes;
} test_tensor;

/* Writes a safetensors file. metadata_json is the object that becomes __metadata__, or NULL for none. */
void test_write_safetensors(const char *path, const char *metadata_json, size_t count, const test_tensor *tensors);

/* The metadata of the network that ships with the program. */
extern const char test_network_metadata[];

/* Writes a small random network: units[b] convolutions of channels[b] in block b + 1, the first block without units
 * ends it. Uniform weights of variance 2 / (9 c_in), so that activations keep their size; biases within 0.1; F32. */
void test_write_network(const char *path, const int channels[5], const int units[5], uint64_t seed);

/* |a - b| / |b| in the Euclidean norm; |a - b| where b is 0. */
double test_relative_error(const double *a, const double *b, size_t count);

/* The same numbers in every run: uniform in [-1, 1]. */
float test_random(uint64_t *state);

#endif
