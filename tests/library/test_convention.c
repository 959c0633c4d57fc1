/* What a network's tensors are called, what its first convolution expects, and what is written of it. */
#define _XOPEN_SOURCE 700

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/safetensors.h"
#include "model/weights_read.h"
#include "model/weights_write.h"
#include "support.h"

static pst_error error;

enum { MOST = 40 };

/* A network of `count` convolutions under the given names, with random weights of a few channels. */
typedef struct named_network {
    test_tensor tensors[MOST];
    char names[MOST][96];
    float *values[MOST];
    size_t count;
} named_network;

static void add(named_network *n, const char *name, int dims, const int64_t *shape, const float *data) {
    static uint64_t seed = 1;
    size_t count = 1, at = n->count++;
    ck_assert_uint_lt(at, MOST);
    for (int d = 0; d < dims; d++)
        count *= (size_t)shape[d];
    n->values[at] = malloc(count * sizeof(float));
    for (size_t i = 0; i < count; i++)
        n->values[at][i] = data ? data[i] : test_random(&seed);
    snprintf(n->names[at], sizeof n->names[at], "%s", name);
    n->tensors[at] =
        (test_tensor){.name = n->names[at], .dtype = "F32", .dims = dims, .data = n->values[at], .bytes = 4 * count};
    memcpy(n->tensors[at].shape, shape, (size_t)dims * sizeof *shape);
}

static void add_convolution(named_network *n, const char *name, int c_out, int c_in) {
    char full[80];
    snprintf(full, sizeof full, "%.60s.weight", name);
    add(n, full, 4, (const int64_t[]){c_out, c_in, 3, 3}, NULL);
    snprintf(full, sizeof full, "%.60s.bias", name);
    add(n, full, 1, (const int64_t[]){c_out}, NULL);
}

static const char *write_named(named_network *n) {
    const char *path = test_path("named.safetensors");
    test_write_safetensors(path, NULL, n->count, n->tensors);
    for (size_t i = 0; i < n->count; i++)
        free(n->values[i]);
    return path;
}

/* ---- names ---------------------------------------------------------------------------------------------------- */

static const struct {
    const char *prefix;
    int numbers[8];    /* of the list, ended by -1 */
    const char *found; /* or what the error says */
    bool refused;
} lists[] = {
    {"features.", {0, 2, 5, 7, 10, 12, 14, -1}, "conv1_1 conv1_2 conv2_1 conv2_2 conv3_1 conv3_2 conv3_3 ", false},
    {"features.", {0, 3, 6, -1}, "conv1_1 conv2_1 conv3_1 ", false},
    {"", {0, 2, 5, -1}, "conv1_1 conv1_2 conv2_1 ", false},
    {"module.features.", {0, 2, -1}, "conv1_1 conv1_2 ", false},
    {"vgg.features.", {0, -1}, "conv1_1 ", false},
    {"_orig_mod.features.", {0, 2, -1}, "conv1_1 conv1_2 ", false},
    {"module._orig_mod.features.", {0, 2, 5, -1}, "conv1_1 conv1_2 conv2_1 ", false},
    {"any.thing 3.", {0, 2, -1}, "conv1_1 conv1_2 ", false},
    {"features.", {0, 2, 6, -1}, "features.6.weight is not where", true},
    {"features.", {1, 3, -1}, "features.1.weight is not where", true},
    {"features.", {0, 1, -1}, "features.1.weight is not where", true},
    {"features.", {0, 3, 6, 9, 12, 15, -1}, "blocks go from 1 to 5", true},
    {"features.0", {0, 2, -1}, "no conv1_1.weight", true},
    {"layer", {0, 2, -1}, "no conv1_1.weight", true},
};

START_TEST(lists_of_modules_are_understood) {
    named_network n = {.count = 0};
    char name[64], found[256] = "";
    int c_in = 3;
    for (const int *number = lists[_i].numbers; *number >= 0; number++) {
        snprintf(name, sizeof name, "%s%d", lists[_i].prefix, *number);
        add_convolution(&n, name, 2 + *number % 3, c_in);
        c_in = 2 + *number % 3;
    }
    const char *path = write_named(&n);
    pst_weights *model;
    pst_status status = pst_weights_read(&error, path, PST_CONVENTION_AUTO, &model);
    ck_assert_msg((status != PST_OK) == lists[_i].refused, "%s", status ? error.text : "was read");
    for (size_t i = 0; model && i < model->convolution_count; i++)
        strcat(strcat(found, model->convolutions[i].name), " ");
    ck_assert_msg(status == PST_OK ? strcmp(found, lists[_i].found) == 0 : strstr(error.text, lists[_i].found) != NULL,
                  "%s", status ? error.text : found);
    pst_weights_destroy(model);
}
END_TEST

START_TEST(batch_normalization_is_refused) {
    named_network n = {.count = 0};
    pst_weights *model;
    add_convolution(&n, "features.0", 2, 3);
    add(&n, "features.1.running_mean", 1, (const int64_t[]){2}, NULL);
    ck_assert_int_eq(pst_weights_read(&error, write_named(&n), PST_CONVENTION_AUTO, &model), PST_ERROR_UNSUPPORTED);
    ck_assert_msg(strstr(error.text, "batch normalization (features.1.running_mean)"), "%s", error.text);
    n = (named_network){.count = 0}; /* that of another network is its own matter */
    add_convolution(&n, "a.features.0", 2, 3);
    add(&n, "decoder.1.running_mean", 1, (const int64_t[]){2}, NULL);
    ck_ok(error, pst_weights_read(&error, write_named(&n), PST_CONVENTION_AUTO, &model));
    pst_weights_destroy(model);
}
END_TEST

START_TEST(two_tensors_of_one_place_are_refused) {
    named_network n = {.count = 0};
    pst_weights *model;
    add_convolution(&n, "a.conv1_1", 2, 3);
    add_convolution(&n, "a.block1_conv1", 2, 3);
    ck_assert_int_eq(pst_weights_read(&error, write_named(&n), PST_CONVENTION_AUTO, &model), PST_ERROR_FORMAT);
    ck_assert_msg(strstr(error.text, "a.conv1_1.weight and a.block1_conv1.weight are both"), "%s", error.text);
}
END_TEST

/* Other networks beside the one to read, before and behind it. */
START_TEST(the_network_is_found_among_others) {
    static const struct {
        const char *names[4];
        int c_in[4];
        const char *notice; /* NULL: none */
    } cases[] = {
        {{"decoder.0", "encoder.0", "encoder.2", NULL}, {512, 3, 2}, NULL},
        {{"layers.0", "features.0", "head.0", NULL}, {7, 3, 2}, NULL},
        {{"slice1.0", "slice1.2", "slice2.5", NULL}, {3, 2, 2}, NULL},
        {{"net.slice1.0", "net.slice2.2", "lin0.1", NULL}, {3, 2, 2}, NULL},
        {{"conv1_1", "module.conv1_1", NULL}, {3, 3}, "under \"\" is used, not the one under \"module.\""},
        {{"ema.conv1_1", "module.conv1_1", NULL}, {3, 3}, "under \"module.\" is used, not the one under \"ema.\""},
        {{"student.0", "vgg.0", "vgg.2", NULL}, {3, 3, 2}, "under \"vgg.\" is used, not the one under \"student.\""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        named_network n = {.count = 0};
        pst_weights *model;
        for (int k = 0; cases[i].names[k]; k++)
            add_convolution(&n, cases[i].names[k], 2, cases[i].c_in[k]);
        ck_ok(error, pst_weights_read(&error, write_named(&n), PST_CONVENTION_AUTO, &model));
        ck_assert_int_eq(model->convolutions[0].c_in, 3);
        ck_assert_msg(cases[i].notice ? strstr(model->notice, cases[i].notice) != NULL : !*model->notice,
                      "case %zu: %s", i, model->notice);
        pst_weights_destroy(model);
    }
}
END_TEST

/* ---- conventions ---------------------------------------------------------------------------------------------- */

static const float caffe19[] = {0.7301776f, 0.06493629f, 0.03428847f, 0.8260386f, 0.2578029f, 0.54867655f, 0.5f};
static const float caffe16[] = {0.73429835f, 0.093403675f, 0.06775674f, 0.8862966f, 0.25994542f, 0.66426694f, 0.5f};

START_TEST(conventions_are_found_out) {
    static const struct {
        const char *name, *other;
        const float *biases;
        pst_convention asked, found;
        bool assumed;
    } cases[] = {
        {"features.0", NULL, NULL, PST_CONVENTION_AUTO, PST_CONVENTION_TORCHVISION, true},
        {"features.0", "classifier.0.weight", NULL, PST_CONVENTION_AUTO, PST_CONVENTION_TORCHVISION, true},
        {"features.0", "classifier.1.weight", NULL, PST_CONVENTION_AUTO, PST_CONVENTION_CAFFE, false},
        {"a.b.features.0", "a.b.classifier.1.weight", NULL, PST_CONVENTION_AUTO, PST_CONVENTION_CAFFE, false},
        {"a.features.0", "b.classifier.1.weight", NULL, PST_CONVENTION_AUTO, PST_CONVENTION_TORCHVISION, true},
        {"features.0", "classifier.0.weight", caffe19, PST_CONVENTION_AUTO, PST_CONVENTION_CAFFE, false},
        {"features.0", NULL, caffe16, PST_CONVENTION_AUTO, PST_CONVENTION_CAFFE, false},
        {"features.0", NULL, NULL, PST_CONVENTION_CAFFE, PST_CONVENTION_CAFFE, false},
        {"conv1_1", NULL, NULL, PST_CONVENTION_AUTO, PST_CONVENTION_CAFFE, false}, /* this program's own files */
        {"conv1_1", NULL, NULL, PST_CONVENTION_TORCHVISION, PST_CONVENTION_TORCHVISION, false},
        {"module.conv1_1", NULL, NULL, PST_CONVENTION_AUTO, PST_CONVENTION_CAFFE, true},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        named_network n = {.count = 0};
        char bias[64];
        pst_weights *model;
        add_convolution(&n, cases[i].name, 7, 3);
        if (cases[i].biases)
            memcpy(n.values[1], cases[i].biases, 7 * sizeof(float));
        if (cases[i].other)
            add(&n, cases[i].other, 2, (const int64_t[]){5, 5}, NULL);
        snprintf(bias, sizeof bias, "case %zu", i);
        ck_ok(error, pst_weights_read(&error, write_named(&n), cases[i].asked, &model));
        ck_assert_msg(model->convention == cases[i].found && model->assumed == cases[i].assumed, "%s: %d, %s", bias,
                      model->convention, model->reason);
        pst_weights_destroy(model);
    }
    pst_weights *model;
    ck_assert_int_eq(pst_weights_read(&error, "x", PST_CONVENTION_RGB, &model), PST_ERROR_ARGUMENT);
}
END_TEST

/* Caffe's biases in every type that is read, rounded and cut off, and others that are not as near. */
START_TEST(rounded_biases_are_recognized) {
    static const struct {
        unsigned kept, add; /* bits of a float, and what is added before the others are cut off */
        float scale;
        bool caffe;
    } cases[] = {{0xffffe000, 0x1000, 1, true}, {0xffffe000, 0, 1, true}, {0xffff0000, 0x8000, 1, true},
                 {0xffff0000, 0, 1, true},      {~0u, 0, 1.05f, false},   {~0u, 0, 0.95f, false}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        for (int network = 0; network < 2; network++) {
            named_network n = {.count = 0};
            pst_weights *model;
            add_convolution(&n, "features.0", 7, 3);
            for (int k = 0; k < 7; k++) {
                float bias = (network ? caffe16 : caffe19)[k] * cases[i].scale;
                uint32_t bits;
                memcpy(&bits, &bias, 4);
                bits = (bits + cases[i].add) & cases[i].kept;
                memcpy(&n.values[1][k], &bits, 4);
            }
            ck_ok(error, pst_weights_read(&error, write_named(&n), PST_CONVENTION_AUTO, &model));
            ck_assert_msg((model->convention == PST_CONVENTION_CAFFE) == cases[i].caffe, "case %zu: %s", i,
                          model->reason);
            pst_weights_destroy(model);
        }
}
END_TEST

enum { SIDE = 6, OUT = 4 };

/* One output of a 3x3 convolution of an image of 3 channels, with zeros around it. */
static double convolve(const float *weight, const float *bias, double image[3][SIDE][SIDE], int o, int y, int x) {
    double sum = (double)bias[o];
    for (int c = 0; c < 3; c++)
        for (int t = 0; t < 9; t++) {
            int row = y + t / 3 - 1, column = x + t % 3 - 1;
            if (row >= 0 && row < SIDE && column >= 0 && column < SIDE)
                sum += (double)weight[(o * 3 + c) * 9 + t] * image[c][row][column];
        }
    return sum;
}

/* The folded network on Caffe's input against the file's own on torchvision's: the same inside, and on the border as
 * far apart as the two means are, and no farther. */
START_TEST(torchvision_is_folded_exactly) {
    static const double mean[3] = {.485, .456, .406}, deviation[3] = {.229, .224, .225},
                        caffe[3] = {103.939, 116.779, 123.68};
    named_network n = {.count = 0};
    double theirs[3][SIDE][SIDE], ours[3][SIDE][SIDE], inside = 0, border = 0, allowed = 0;
    float weight[OUT * 27], bias[OUT];
    uint64_t seed = 5;
    pst_weights *model;
    add_convolution(&n, "features.0", OUT, 3);
    memcpy(weight, n.values[0], sizeof weight);
    memcpy(bias, n.values[1], sizeof bias);
    ck_ok(error, pst_weights_read(&error, write_named(&n), PST_CONVENTION_AUTO, &model));
    for (int y = 0; y < SIDE; y++)
        for (int x = 0; x < SIDE; x++)
            for (int k = 0; k < 3; k++) { /* red, green, blue */
                double level = 127.5 * (1 + (double)test_random(&seed));
                theirs[k][y][x] = (level / 255 - mean[k]) / deviation[k];
                ours[2 - k][y][x] = level - caffe[2 - k];
            }
    for (int o = 0; o < OUT; o++) {
        double most = 0;
        for (int k = 0; k < 3; k++)
            for (int t = 0; t < 9; t++)
                most += fabs((double)weight[(o * 3 + k) * 9 + t]) * fabs(caffe[2 - k] - 255 * mean[k]) /
                        (255 * deviation[k]);
        for (int y = 0; y < SIDE; y++)
            for (int x = 0; x < SIDE; x++) {
                double off = fabs(convolve(weight, bias, theirs, o, y, x) -
                                  convolve(model->convolutions[0].weight, model->convolutions[0].bias, ours, o, y, x));
                bool edge = x == 0 || y == 0 || x == SIDE - 1 || y == SIDE - 1;
                if (edge)
                    border = fmax(border, off);
                else
                    inside = fmax(inside, off);
            }
        allowed = fmax(allowed, most);
    }
    ck_assert_msg(inside < 2e-5, "inside: %g", inside);
    ck_assert_msg(border < allowed && border > inside, "border: %g of %g", border, allowed);
    pst_weights_destroy(model);
}
END_TEST

/* A 1x1 convolution that is not Caffe's usual one is multiplied into the first of 3x3. */
START_TEST(colors_are_folded) {
    static const float matrix[9] = {10, 20, 30, -5, 0.5f, 7, 100, 0, -3}, shift[3] = {1, -2, 30};
    static const double caffe[3] = {103.939, 116.779, 123.68};
    for (int usual = 0; usual < 2; usual++) {
        static const float swap[9] = {0, 0, 255, 0, 255, 0, 255, 0, 0}, means[3] = {-103.939f, -116.779f, -123.68f};
        named_network n = {.count = 0};
        double colors[3][SIDE][SIDE], ours[3][SIDE][SIDE];
        float weight[OUT * 27], bias[OUT];
        uint64_t seed = 6;
        pst_weights *model;
        add(&n, "0.weight", 4, (const int64_t[]){3, 3, 1, 1}, usual ? swap : matrix);
        add(&n, "0.bias", 1, (const int64_t[]){3}, usual ? means : shift);
        add_convolution(&n, "2", OUT, 3);
        add_convolution(&n, "5", 3, OUT);
        add_convolution(&n, "9", 3, 3);
        memcpy(weight, n.values[2], sizeof weight);
        memcpy(bias, n.values[3], sizeof bias);
        ck_ok(error, pst_weights_read(&error, write_named(&n), PST_CONVENTION_AUTO, &model));
        ck_assert_uint_eq(model->convolution_count, 3);
        ck_assert_str_eq(model->convolutions[2].name, "conv2_1");
        ck_assert_msg(strstr(model->notice, "border"), "%s", model->notice);
        for (int y = 0; y < SIDE; y++)
            for (int x = 0; x < SIDE; x++) {
                double level[3];
                for (int k = 0; k < 3; k++) {
                    level[k] = 127.5 * (1 + (double)test_random(&seed));
                    ours[2 - k][y][x] = level[k] - caffe[2 - k];
                }
                for (int k = 0; k < 3; k++)
                    colors[k][y][x] = (double)shift[k] + (double)matrix[3 * k] * level[0] / 255 +
                                      (double)matrix[3 * k + 1] * level[1] / 255 +
                                      (double)matrix[3 * k + 2] * level[2] / 255;
            }
        if (usual) /* nothing is touched */
            ck_assert(memcmp(model->convolutions[0].weight, weight, sizeof weight) == 0 &&
                      memcmp(model->convolutions[0].bias, bias, sizeof bias) == 0);
        for (int o = 0; o < OUT && !usual; o++) {
            double a = convolve(weight, bias, colors, o, 2, 3);
            double b = convolve(model->convolutions[0].weight, model->convolutions[0].bias, ours, o, 2, 3);
            ck_assert_msg(fabs(a - b) < 1e-4, "%g is not %g", b, a);
        }
        pst_weights_destroy(model);
    }
}
END_TEST

/* ---- writing -------------------------------------------------------------------------------------------------- */

/* Every half comes back, and every float goes to the nearest one, to even in the middle. */
START_TEST(halves_are_rounded_to_nearest) {
    double value[0x7c01];
    for (unsigned h = 0; h < 0x7c00; h++)
        value[h] = h < 0x400 ? ldexp((double)h, -24) : ldexp(1024 + (double)(h & 0x3ff), (int)(h >> 10) - 25);
    value[0x7c00] = 65536; /* where the next one would be */
    for (unsigned h = 0; h < 0x7c00; h++) {
        double middle = (value[h] + value[h + 1]) / 2; /* exact in a float */
        ck_assert_uint_eq(pst_half_of_float((float)value[h]), h);
        ck_assert_uint_eq(pst_half_of_float((float)-value[h]), h | 0x8000);
        ck_assert_uint_eq(pst_half_of_float((float)middle), h + (h & 1));
        ck_assert_uint_eq(pst_half_of_float(nextafterf((float)middle, 0)), h);
        ck_assert_uint_eq(pst_half_of_float(nextafterf((float)middle, 1e6f)), h + 1);
    }
    ck_assert_uint_eq(pst_half_of_float(INFINITY), 0x7c00);
    ck_assert_uint_eq(pst_half_of_float(-1e30f), 0xfc00);
    ck_assert_uint_eq(pst_half_of_float(NAN) & 0x7e00, 0x7e00);
    ck_assert_uint_eq(pst_half_of_float(0x1p-149f), 0);
}
END_TEST

START_TEST(what_is_written_is_read_again) {
    const char *from = test_path("from \"quoted\".safetensors"), *to = test_path("to.safetensors");
    pst_weights *model, *again;
    pst_safetensors *file;
    test_write_network(from, (const int[]){4, 5, 6, 0, 0}, (const int[]){2, 1, 2, 0, 0}, 9);
    ck_ok(error, pst_weights_read(&error, from, PST_CONVENTION_AUTO, &model));
    for (int half = 0; half < 2; half++) {
        ck_ok(error, pst_weights_write(&error, model, to, half));
        ck_ok(error, pst_weights_read(&error, to, PST_CONVENTION_AUTO, &again));
        ck_assert_uint_eq(again->convolution_count, 5);
        for (size_t i = 0; i < 5; i++) {
            const pst_weights_convolution *a = &model->convolutions[i], *b = &again->convolutions[i];
            ck_assert_str_eq(a->name, b->name);
            for (int k = 0; k < a->c_out * a->c_in * 9; k++)
                ck_assert(half ? fabsf(a->weight[k] - b->weight[k]) <= 0x1p-11f * fabsf(a->weight[k]) + 0x1p-25f
                               : a->weight[k] == b->weight[k]);
            for (int k = 0; k < a->c_out; k++)
                ck_assert(half ? fabsf(a->bias[k] - b->bias[k]) <= 0x1p-11f * fabsf(a->bias[k]) + 0x1p-25f
                               : a->bias[k] == b->bias[k]);
        }
        pst_weights_destroy(again);
        ck_ok(error, pst_safetensors_open(&error, to, &file));
        ck_assert_str_eq(pst_safetensors_metadata(file, "origin"), "from \"quoted\".safetensors");
        ck_assert_str_eq(pst_safetensors_metadata(file, "origin_format"), "safetensors");
        ck_assert_str_eq(pst_safetensors_metadata(file, "origin_convention"), "caffe");
        ck_assert_str_eq(pst_safetensors_metadata(file, "channel_order"), "BGR");
        ck_assert_int_eq(pst_safetensors_at(file, 0)->type, half ? PST_TENSOR_F16 : PST_TENSOR_F32);
        pst_safetensors_close(file);
    }
    model->convolutions[3].bias[1] = 70000;
    ck_assert_int_eq(pst_weights_write(&error, model, to, true), PST_ERROR_NUMERIC);
    ck_assert_msg(strstr(error.text, "conv3_1 has the number 70000"), "%s", error.text);
    ck_ok(error, pst_weights_read(&error, to, PST_CONVENTION_AUTO, &again)); /* the old one is still there */
    pst_weights_destroy(again);
    ck_assert_int_eq(pst_weights_write(&error, model, test_path("no/such/folder.safetensors"), false), PST_ERROR_FILE);
    pst_weights_destroy(model);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("convention");
    TCase *cases = tcase_create("convention");
    suite_add_tcase(suite, cases);
    tcase_set_timeout(cases, 120);
    tcase_add_loop_test(cases, lists_of_modules_are_understood, 0, sizeof lists / sizeof lists[0]);
    tcase_add_test(cases, batch_normalization_is_refused);
    tcase_add_test(cases, two_tensors_of_one_place_are_refused);
    tcase_add_test(cases, the_network_is_found_among_others);
    tcase_add_test(cases, rounded_biases_are_recognized);
    tcase_add_test(cases, conventions_are_found_out);
    tcase_add_test(cases, torchvision_is_folded_exactly);
    tcase_add_test(cases, colors_are_folded);
    tcase_add_test(cases, halves_are_rounded_to_nearest);
    tcase_add_test(cases, what_is_written_is_read_again);
    return test_run(suite);
}
