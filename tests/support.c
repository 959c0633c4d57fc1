/* nftw and mkdtemp; must stand before any header. */
#define _XOPEN_SOURCE 700

#include "support.h"

#include <errno.h>
#include <ftw.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PATH_COUNT 8
#define PATH_BYTES 1024

static char folder[PATH_BYTES / 2];
static pid_t folder_owner;

const char test_network_metadata[] =
    "{\"architecture\": \"vgg19\", \"layout\": \"OIHW\", \"channel_order\": \"BGR\", \"pixel_range\": \"0..255\","
    " \"mean\": \"103.939,116.779,123.68\", \"padding\": \"zero\"}";

int test_run(Suite *suite) {
    SRunner *runner = srunner_create(suite);
    if (!getenv("CK_FORK"))
        srunner_set_fork_status(runner, CK_NOFORK); /* a driver's threads do not come along into a forked process */
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

const char *test_shared(const char *relative) {
    static char paths[PATH_COUNT][PATH_BYTES];
    static unsigned next;
    const char *root = getenv("PASTICHE_SHARED");
    char *path = paths[next++ % PATH_COUNT];
    struct stat facts;
    int length = snprintf(path, PATH_BYTES, "%s/%s", root && *root ? root : "../shared", relative);
    return length < PATH_BYTES && stat(path, &facts) == 0 ? path : NULL;
}

static int remove_entry(const char *path, const struct stat *facts, int type, struct FTW *walk) {
    (void)facts, (void)type, (void)walk;
    return remove(path);
}

static void remove_folder(void) {
    if (getpid() == folder_owner) /* not in a child that Check forked */
        nftw(folder, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

const char *test_path(const char *name) {
    static char paths[PATH_COUNT][PATH_BYTES];
    static unsigned next;
    if (!folder[0]) {
        const char *temporary = getenv("TMPDIR");
        int length =
            snprintf(folder, sizeof folder, "%s/pastiche-test-XXXXXX", temporary && *temporary ? temporary : "/tmp");
        if (length >= (int)sizeof folder || !mkdtemp(folder)) {
            fprintf(stderr, "%s: %s\n", folder, strerror(errno));
            exit(EXIT_FAILURE);
        }
        folder_owner = getpid();
        atexit(remove_folder);
    }
    char *path = paths[next++ % PATH_COUNT];
    ck_assert_int_lt(snprintf(path, PATH_BYTES, "%s/%s", folder, name), PATH_BYTES);
    return path;
}

static FILE *open_for_test(const char *path) {
    FILE *file = fopen(path, "wb");
    ck_assert_msg(file != NULL, "%s: %s", path, strerror(errno));
    return file;
}

static void put(FILE *file, const void *data, size_t bytes) {
    ck_assert_uint_eq(bytes ? fwrite(data, 1, bytes, file) : 0, bytes);
}

void test_write(const char *path, const void *data, size_t bytes) {
    FILE *file = open_for_test(path);
    put(file, data, bytes);
    ck_assert_int_eq(fclose(file), 0);
}

void test_write_safetensors(const char *path, const char *metadata_json, size_t count, const test_tensor *tensors) {
    size_t capacity = 256 + (metadata_json ? strlen(metadata_json) : 0), used = 0;
    for (size_t i = 0; i < count; i++)
        capacity += strlen(tensors[i].name) + strlen(tensors[i].dtype) + 320;
    char *header = malloc(capacity);
    ck_assert_ptr_nonnull(header);

    used += (size_t)sprintf(header + used, "{");
    if (metadata_json)
        used += (size_t)sprintf(header + used, "\"__metadata__\":%s%s", metadata_json, count ? "," : "");
    size_t offset = 0;
    for (size_t i = 0; i < count; i++) {
        const test_tensor *tensor = &tensors[i];
        used += (size_t)sprintf(header + used, "\"%s\":{\"dtype\":\"%s\",\"shape\":[", tensor->name, tensor->dtype);
        for (int d = 0; d < tensor->dims; d++)
            used += (size_t)sprintf(header + used, "%s%" PRId64, d ? "," : "", tensor->shape[d]);
        used += (size_t)sprintf(header + used, "],\"data_offsets\":[%zu,%zu]}%s", offset, offset + tensor->bytes,
                                i + 1 < count ? "," : "");
        offset += tensor->bytes;
    }
    used += (size_t)sprintf(header + used, "}");
    while (used % 8)
        header[used++] = ' ';

    FILE *file = open_for_test(path);
    for (int i = 0; i < 8; i++)
        fputc((int)((uint64_t)used >> (8 * i) & 255), file);
    put(file, header, used);
    for (size_t i = 0; i < count; i++) {
        if (tensors[i].data)
            put(file, tensors[i].data, tensors[i].bytes);
        else
            for (size_t k = 0; k < tensors[i].bytes; k++)
                fputc(0, file);
    }
    ck_assert_int_eq(fclose(file), 0);
    free(header);
}

void test_write_network(const char *path, const int channels[5], const int units[5], uint64_t seed) {
    enum { LIMIT = 64 };
    test_tensor tensors[2 * LIMIT];
    char names[2 * LIMIT][32];
    float *values[2 * LIMIT];
    size_t count = 0;
    int c_in = 3;
    for (int block = 1; block <= 5 && units[block - 1] > 0; block++)
        for (int unit = 1; unit <= units[block - 1]; unit++) {
            int c_out = channels[block - 1];
            ck_assert_uint_lt(count, 2 * LIMIT);
            float scale = sqrtf(3) * sqrtf(2.0f / (9.0f * (float)c_in)); /* uniform in [-1, 1] has variance 1/3 */
            for (int part = 0; part < 2; part++) {
                size_t length = part == 0 ? (size_t)c_out * (size_t)c_in * 9 : (size_t)c_out;
                values[count] = malloc(length * sizeof(float));
                ck_assert_ptr_nonnull(values[count]);
                for (size_t i = 0; i < length; i++)
                    values[count][i] = test_random(&seed) * (part == 0 ? scale : 0.1f);
                snprintf(names[count], sizeof names[count], "conv%d_%d.%s", block, unit, part == 0 ? "weight" : "bias");
                tensors[count] = (test_tensor){.name = names[count],
                                               .dtype = "F32",
                                               .dims = part == 0 ? 4 : 1,
                                               .shape = {c_out, c_in, 3, 3},
                                               .data = values[count],
                                               .bytes = length * sizeof(float)};
                count++;
            }
            c_in = c_out;
        }
    test_write_safetensors(path, test_network_metadata, count, tensors);
    for (size_t i = 0; i < count; i++)
        free(values[i]);
}

double test_relative_error(const double *a, const double *b, size_t count) {
    double difference = 0, size = 0;
    for (size_t i = 0; i < count; i++) {
        difference += (a[i] - b[i]) * (a[i] - b[i]);
        size += b[i] * b[i];
    }
    return size > 0 ? sqrt(difference / size) : sqrt(difference);
}

float test_random(uint64_t *state) {
    /* SplitMix64; the upper 24 bits are as many as a float holds. */
    uint64_t z = *state += 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    z ^= z >> 31;
    return (float)(int32_t)((int64_t)(z >> 40) - (1 << 23)) / (float)(1 << 23);
}
