/* Networks written by the formats' own writers (Keras's by h5py, Caffe's by protobuf, and so on: make_networks.py) come
 * through the importers as they were. Skipped where Python lacks what it takes; PASTICHE_PYTHON names another than
 * python3. */
/* promise: damage networks */
#define _POSIX_C_SOURCE 200809L

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "model/weights_read.h"
#include "support.h"

static pst_error error;

/* The largest difference of two arrays, relative to the largest number. */
static double difference(const float *a, const float *b, size_t count) {
    double worst = 0, largest = 1e-30;
    for (size_t i = 0; i < count; i++) {
        worst = fmax(worst, fabs((double)a[i] - (double)b[i]));
        largest = fmax(largest, fabs((double)b[i]));
    }
    return worst / largest;
}

/* How a file compares with the truth: bit for bit, after a change of convention, or rounded to halves or less. */
typedef enum likeness { SAME, FOLDED, ROUNDED } likeness;

static void check_same(const char *path, const pst_weights *got, const pst_weights *truth, likeness kind) {
    ck_assert_msg(got->convolution_count == truth->convolution_count, "%s: %zu convolutions", path,
                  got->convolution_count);
    for (size_t i = 0; i < truth->convolution_count; i++) {
        const pst_weights_convolution *a = &got->convolutions[i], *b = &truth->convolutions[i];
        ck_assert_msg(strcmp(a->name, b->name) == 0 && a->c_in == b->c_in && a->c_out == b->c_out, "%s: %s", path,
                      b->name);
        size_t weights = (size_t)b->c_out * (size_t)b->c_in * 9, biases = (size_t)b->c_out;
        double w = difference(a->weight, b->weight, weights), bias = difference(a->bias, b->bias, biases);
        if (kind == ROUNDED)
            ck_assert_msg(w < 0x1p-8 && bias < 0x1p-8, "%s: %s is off by %g and %g", path, b->name, w, bias);
        else if (kind == FOLDED && i == 0)
            ck_assert_msg(w < 1e-6 && bias < 1e-5, "%s: %s is off by %g and %g", path, b->name, w, bias);
        else
            ck_assert_msg(memcmp(a->weight, b->weight, 4 * weights) == 0 && memcmp(a->bias, b->bias, 4 * biases) == 0,
                          "%s: %s is off by %g and %g", path, b->name, w, bias);
    }
}

/* Whether this build has no importer for a file; the message says what to install. */
static bool is_left_out(const char *path) {
#if !defined(PST_WITH_HDF5) || !defined(PST_WITH_LIBZIP) || !defined(PST_WITH_ZLIB)
    pst_weights *model;
    if (pst_weights_read(&error, path, PST_CONVENTION_AUTO, &model) == PST_ERROR_UNSUPPORTED &&
        strstr(error.text, "build again"))
        return true;
    pst_weights_destroy(model);
#endif
    (void)path;
    return false;
}

/* A file cut at some place is an error or, if only what is not needed is gone, the same network. */
static void check_cut(const char *path, const pst_weights *truth, likeness like) {
    static const double parts[] = {0.02, 0.3, 0.6, 0.9, 0.999};
    char cut[1100];
    FILE *file = fopen(path, "rb");
    ck_assert_ptr_nonnull(file);
    fseek(file, 0, SEEK_END);
    size_t bytes = (size_t)ftell(file);
    char *data = malloc(bytes);
    rewind(file);
    ck_assert_uint_eq(fread(data, 1, bytes, file), bytes);
    fclose(file);
    snprintf(cut, sizeof cut, "%s.cut", path);
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        pst_weights *model;
        test_write(cut, data, (size_t)(parts[i] * (double)bytes));
        if (pst_weights_read(&error, cut, PST_CONVENTION_AUTO, &model) == PST_OK)
            check_same(cut, model, truth, like);
        else
            ck_assert_msg(strncmp(error.text, cut, strlen(cut)) == 0, "%s", error.text);
        pst_weights_destroy(model);
    }
    unlink(cut);
    free(data);
}

/* Compares every file that the script writes, and removes it. Exits with 77 if there are none. */
static void compare(const char *network, const char *only, bool small) {
    const char *python = getenv("PASTICHE_PYTHON"), *source = getenv("PASTICHE_SOURCE");
    char command[4096], line[4096], path[1024], truth_path[1024], kind[16], last_truth[1024] = "";
    pst_weights *truth = NULL;
    int compared = 0;
    ck_assert_ptr_nonnull(source);
    snprintf(command, sizeof command, "'%s' '%s/tests/fixtures/make_networks.py' '%s' %s %s 2>&1",
             python ? python : "python3", source, test_path("."), network, only);
    FILE *pipe = popen(command, "r");
    ck_assert_ptr_nonnull(pipe);
    while (fgets(line, sizeof line, pipe)) {
        if (line[0] == '#' || sscanf(line, "%1023s %1023s %15s", path, truth_path, kind) != 3 ||
            access(path, R_OK) != 0) {
            fputs(line, stderr); /* what is missing, or what went wrong */
            continue;
        }
        if (strcmp(truth_path, last_truth) != 0) {
            pst_weights_destroy(truth);
            ck_ok(error, pst_weights_read(&error, truth_path, PST_CONVENTION_AUTO, &truth));
            strcpy(last_truth, truth_path);
        }
        likeness like = strcmp(kind, "folded") == 0 ? FOLDED : strcmp(kind, "rounded") == 0 ? ROUNDED : SAME;
        if (!is_left_out(path)) {
            pst_weights *model;
            ck_ok(error, pst_weights_read(&error, path, PST_CONVENTION_AUTO, &model));
            check_same(path, model, truth, like);
            pst_weights_forget(model); /* and again, as a run does */
            ck_ok(error, pst_weights_recall(&error, model));
            check_same(path, model, truth, like);
            pst_weights_destroy(model);
            if (small)
                check_cut(path, truth, like);
            compared++;
        }
        unlink(path);
    }
    pst_weights_destroy(truth);
    int status = pclose(pipe);
    if (compared == 0 && status != 0)
        exit(TEST_SKIPPED);
    ck_assert_msg(status == 0, "make_networks.py ended with %d", WEXITSTATUS(status));
    ck_assert_int_gt(compared, 0);
    printf("%d files compared\n", compared);
}

START_TEST(small_networks_come_through) { compare("", "", true); }
END_TEST

START_TEST(the_network_at_hand_comes_through) {
    const char *network = test_reference("weights/vgg19.safetensors");
    if (network)
        compare(network, "keras1.h5 v1.caffemodel caffe.onnx raw.onnx caffe-shifted-legacy.pth named.pth new.mat",
                false);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("importers");
    TCase *cases = tcase_create("importers");
    suite_add_tcase(suite, cases);
    tcase_set_timeout(cases, 800);
    tcase_add_test(cases, small_networks_come_through);
    tcase_add_test(cases, the_network_at_hand_comes_through);
    return test_run(suite);
}
