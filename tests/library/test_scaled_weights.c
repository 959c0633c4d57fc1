/* Weights in 8 bits with a scale for each output channel: what they are, and what is refused. */
/* promise: damage networks */
#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "model/safetensors.h"
#include "model/weights_digest.h"
#include "model/weights_read.h"
#include "support.h"

static pst_error error;

/* conv1_1 of 2 channels; a scale of 0 is one. The products are exact, so that they may be written down. */
static const int8_t whole[2][27] = {{127, -127, -128, 1, -1, 0, 64}, {3, 5, -7, [26] = 100}};
static const float scales[2] = {0.25f, 0x1p-20f}, biases[2] = {1.5f, -2}, flat[2] = {0.25f, 0},
                   endless[2] = {0.25f, INFINITY}, none[2] = {NAN, 1}, below[2] = {1, -0x1p-149f},
                   huge[2] = {0x1p121f, 1};               /* times 127 it is infinite */
static const uint16_t short_scales[2] = {0x3e80, 0x3580}; /* as BF16 */

#define WHOLE \
    { .name = "conv1_1.weight", .dtype = "I8", .dims = 4, .shape = {2, 3, 3, 3}, .data = whole, .bytes = 54 }
#define SCALE(numbers) \
    { .name = "conv1_1.weight_scale", .dtype = "F32", .dims = 1, .shape = {2}, .data = numbers, .bytes = 8 }
#define BIAS \
    { .name = "conv1_1.bias", .dtype = "F32", .dims = 1, .shape = {2}, .data = biases, .bytes = 8 }

static pst_weights *read_network(const char *path) {
    pst_weights *model;
    ck_ok(error, pst_weights_read(&error, path, PST_CONVENTION_AUTO, &model));
    return model;
}

static void check_products(const pst_weights *model) {
    ck_assert_uint_eq(model->convolution_count, 1);
    ck_assert(model->scaled);
    ck_assert_str_eq(model->notice, "");
    const pst_weights_convolution *first = &model->convolutions[0];
    for (int o = 0; o < 2; o++)
        for (int i = 0; i < 27; i++)
            ck_assert(first->weight[27 * o + i] == (float)whole[o][i] * scales[o]);
    ck_assert(first->weight[0] == 31.75f && first->weight[1] == -31.75f && first->weight[2] == -32);
    ck_assert(first->weight[27] == 0x3p-20f && first->weight[53] == 0x64p-20f && first->bias[1] == -2);
}

START_TEST(weights_are_whole_numbers_times_scales) {
    const test_tensor forms[][3] = {
        {BIAS, WHOLE, SCALE(scales)},
        {SCALE(scales), BIAS, WHOLE},
        {WHOLE,
         BIAS, /* as compressed-tensors shapes it */
         {.name = "conv1_1.weight_scale",
          .dtype = "BF16",
          .dims = 4,
          .shape = {2, 1, 1, 1},
          .data = short_scales,
          .bytes = 4}},
    };
    const char *path = test_path("scaled.safetensors");
    for (size_t k = 0; k < sizeof forms / sizeof *forms; k++) {
        test_write_safetensors(path, test_network_metadata, 3, forms[k]);
        pst_weights *model = read_network(path);
        check_products(model);
        pst_weights_forget(model);
        ck_ok(error, pst_weights_recall(&error, model));
        check_products(model);
        pst_weights_destroy(model);
    }
    test_write_safetensors(path, NULL, 3, (const test_tensor[]){WHOLE, BIAS, SCALE(flat)});
    pst_weights *model = read_network(path);
    ck_assert(model->convolutions[0].weight[27] == 0 && model->convolutions[0].weight[0] == 31.75f);
    pst_weights_destroy(model);
}
END_TEST

/* Digests say what a network is, not how it is stored: checkpoints and styles find it in both files. */
START_TEST(the_same_numbers_are_the_same_network) {
    static float products[2][27];
    const char *one, *other, *path = test_path("plain.safetensors");
    for (int o = 0; o < 2; o++)
        for (int i = 0; i < 27; i++)
            products[o][i] = (float)whole[o][i] * scales[o];
    const test_tensor plain = {.name = "conv1_1.weight",
                               .dtype = "F32",
                               .dims = 4,
                               .shape = {2, 3, 3, 3},
                               .data = products,
                               .bytes = sizeof products};
    test_write_safetensors(path, NULL, 2, (const test_tensor[]){plain, BIAS});
    test_write_safetensors(test_path("scaled"), NULL, 3, (const test_tensor[]){WHOLE, BIAS, SCALE(scales)});
    pst_weights *a = read_network(path), *b = read_network(test_path("scaled"));
    ck_assert(!a->scaled && b->scaled);
    ck_ok(error, pst_weights_digest(&error, a, 1, &one));
    ck_ok(error, pst_weights_digest(&error, b, 1, &other));
    ck_assert_str_eq(one, other);
    pst_weights_destroy(a);
    pst_weights_destroy(b);
}
END_TEST

/* More than a few of the pieces in which a file is read, each channel over their borders. */
START_TEST(large_weights_come_whole) {
    enum { OUT = 61, IN = 101, COUNT = OUT * IN * 9, FIRST = IN * 27 };
    static int8_t first[FIRST], second[COUNT];
    static float ones[IN], steps[OUT];
    uint64_t state = 9;
    for (int i = 0; i < FIRST; i++)
        first[i] = (int8_t)(127 * test_random(&state));
    for (int i = 0; i < COUNT; i++)
        second[i] = (int8_t)(127 * test_random(&state));
    for (int i = 0; i < IN; i++)
        ones[i] = 1;
    for (int i = 0; i < OUT; i++)
        steps[i] = 0.01f * (float)(i + 1);
    const test_tensor tensors[] = {
        {.name = "conv1_1.weight", .dtype = "I8", .dims = 4, .shape = {IN, 3, 3, 3}, .data = first, .bytes = FIRST},
        {.name = "conv1_1.bias", .dtype = "F32", .dims = 1, .shape = {IN}, .data = ones, .bytes = sizeof ones},
        {.name = "conv1_2.weight", .dtype = "I8", .dims = 4, .shape = {OUT, IN, 3, 3}, .data = second, .bytes = COUNT},
        {.name = "conv1_2.bias", .dtype = "F32", .dims = 1, .shape = {OUT}, .data = steps, .bytes = sizeof steps},
        {.name = "conv1_1.weight_scale", .dtype = "F32", .dims = 1, .shape = {IN}, .data = ones, .bytes = sizeof ones},
        {.name = "conv1_2.weight_scale",
         .dtype = "F32",
         .dims = 1,
         .shape = {OUT},
         .data = steps,
         .bytes = sizeof steps},
    };
    const char *path = test_path("large.safetensors");
    test_write_safetensors(path, NULL, 6, tensors);
    pst_weights *model = read_network(path);
    for (int i = 0; i < FIRST; i++)
        ck_assert(model->convolutions[0].weight[i] == (float)first[i]);
    for (int i = 0; i < COUNT; i++)
        ck_assert(model->convolutions[1].weight[i] == (float)second[i] * steps[i / (IN * 9)]);
    pst_weights_destroy(model);
}
END_TEST

static const struct {
    const char *text;
    pst_status status;
    test_tensor tensors[4];
} unfit[] = {
    {"conv1_1.weight is stored in 8 bits, but its scales, conv1_1.weight_scale, are missing",
     PST_ERROR_FORMAT,
     {WHOLE, BIAS}},
    {"conv1_1.weight_scale has shape 3; 2 was expected",
     PST_ERROR_FORMAT,
     {WHOLE, BIAS, {.name = "conv1_1.weight_scale", .dtype = "F32", .dims = 1, .shape = {3}, .bytes = 12}}},
    {"conv1_1.weight_scale has shape 2x3; 2 was expected",
     PST_ERROR_FORMAT,
     {WHOLE, BIAS, {.name = "conv1_1.weight_scale", .dtype = "F32", .dims = 2, .shape = {2, 3}, .bytes = 24}}},
    {"conv1_1.weight_scale has shape 1x2; 2 was expected",
     PST_ERROR_FORMAT,
     {WHOLE, BIAS, {.name = "conv1_1.weight_scale", .dtype = "F32", .dims = 2, .shape = {1, 2}, .bytes = 8}}},
    {"conv1_1.weight_scale has shape (); 2 was expected",
     PST_ERROR_FORMAT,
     {WHOLE, BIAS, {.name = "conv1_1.weight_scale", .dtype = "F32", .bytes = 4}}},
    {"conv1_1.weight_scale is not stored as F16, BF16, F32 or F64",
     PST_ERROR_UNSUPPORTED,
     {WHOLE, BIAS, {.name = "conv1_1.weight_scale", .dtype = "I8", .dims = 1, .shape = {2}, .bytes = 2}}},
    {"conv1_1.weight_scale is not stored as F16, BF16, F32 or F64",
     PST_ERROR_UNSUPPORTED,
     {WHOLE, BIAS, {.name = "conv1_1.weight_scale", .dtype = "F8_E8M0", .dims = 1, .shape = {2}, .bytes = 2}}},
    {"number 1 of conv1_1.weight_scale is inf;", PST_ERROR_FORMAT, {WHOLE, BIAS, SCALE(endless)}},
    {"number 0 of conv1_1.weight_scale is nan;", PST_ERROR_FORMAT, {WHOLE, BIAS, SCALE(none)}},
    {"number 1 of conv1_1.weight_scale is -1.4013e-45;", PST_ERROR_FORMAT, {WHOLE, BIAS, SCALE(below)}},
    {"number 2 of conv1_1.weight is not finite", PST_ERROR_FORMAT, {WHOLE, BIAS, SCALE(huge)}},
    {"has conv1_1.weight_scale, but conv1_1.weight is not stored in 8 bits",
     PST_ERROR_FORMAT,
     {{.name = "conv1_1.weight", .dtype = "F32", .dims = 4, .shape = {2, 3, 3, 3}, .bytes = 216}, BIAS, SCALE(scales)}},
    {"conv1_1.weight is not stored as F16, BF16, F32 or F64",
     PST_ERROR_UNSUPPORTED,
     {{.name = "conv1_1.weight", .dtype = "F8_E4M3", .dims = 4, .shape = {2, 3, 3, 3}, .bytes = 54},
      BIAS,
      SCALE(scales)}},
    {"conv1_1.bias is not stored as F16, BF16, F32 or F64",
     PST_ERROR_UNSUPPORTED,
     {WHOLE, {.name = "conv1_1.bias", .dtype = "I8", .dims = 1, .shape = {2}, .bytes = 2}, SCALE(scales)}},
    {"conv1_1.weight is stored in 8 bits with zero points (conv1_1.weight_zero_point)",
     PST_ERROR_UNSUPPORTED,
     {WHOLE,
      BIAS,
      SCALE(scales),
      {.name = "conv1_1.weight_zero_point", .dtype = "I8", .dims = 1, .shape = {2}, .bytes = 2}}},
    {"conv1_1.weight has shape 2x1x3x3; 2x3x3x3 was expected",
     PST_ERROR_FORMAT,
     {{.name = "conv1_1.weight", .dtype = "I8", .dims = 4, .shape = {2, 1, 3, 3}, .bytes = 18}, BIAS, SCALE(scales)}},
    {"conv1_1.weight has shape 0x3x3x3",
     PST_ERROR_FORMAT,
     {{.name = "conv1_1.weight", .dtype = "I8", .dims = 4, .shape = {0, 3, 3, 3}}, BIAS, SCALE(scales)}},
    {"tensor conv1_1.weight has a number of bytes that does not fit",
     PST_ERROR_FORMAT,
     {{.name = "conv1_1.weight", .dtype = "I8", .dims = 4, .shape = {2, 3, 3, 3}, .bytes = 53}, BIAS, SCALE(scales)}},
};

START_TEST(what_does_not_fit_is_refused) {
    const char *path = test_path("unfit.safetensors");
    pst_weights *model = (pst_weights *)&error;
    size_t count = 0;
    while (count < 4 && unfit[_i].tensors[count].name)
        count++;
    test_write_safetensors(path, NULL, count, unfit[_i].tensors);
    pst_status status = pst_weights_read(&error, path, PST_CONVENTION_AUTO, &model);
    ck_assert_msg(status == unfit[_i].status, "%s", status ? error.text : "was read");
    ck_assert_ptr_null(model);
    ck_assert_msg(strstr(error.text, unfit[_i].text), "no \"%s\" in: %s", unfit[_i].text, error.text);
    ck_assert_msg(strncmp(error.text, path, strlen(path)) == 0 && !strchr(error.text, '\n'), "%s", error.text);
}
END_TEST

/* Other tensors in 8 bits matter as little as other tensors do, and the numbers of one are read as they are. */
START_TEST(whole_numbers_elsewhere_do_not_matter) {
    const char *path = test_path("beside.safetensors");
    static const int8_t all[4] = {-128, -1, 0, 127};
    const test_tensor tensors[] = {
        WHOLE,
        BIAS,
        SCALE(scales),
        {.name = "fc6.weight", .dtype = "I8", .dims = 1, .shape = {4}, .data = all, .bytes = 4},
        {.name = "fc7.weight_scale", .dtype = "U8", .dims = 1, .shape = {3}, .bytes = 3}};
    pst_safetensors *file;
    float numbers[4];
    double wide[4];
    test_write_safetensors(path, NULL, 5, tensors);
    pst_weights *model = read_network(path);
    check_products(model);
    pst_weights_destroy(model);
    ck_ok(error, pst_safetensors_open(&error, path, &file));
    ck_assert_int_eq(pst_safetensors_find(file, "fc6.weight")->type, PST_TENSOR_I8);
    ck_ok(error, pst_safetensors_read_float(&error, file, pst_safetensors_find(file, "fc6.weight"), numbers));
    ck_ok(error, pst_safetensors_read_double(&error, file, pst_safetensors_find(file, "fc6.weight"), wide));
    for (int i = 0; i < 4; i++)
        ck_assert(numbers[i] == (float)all[i] && wide[i] == (double)all[i]);
    pst_safetensors_close(file);
}
END_TEST

START_TEST(every_allocation_may_fail) {
    const char *path = test_path("faults");
    test_write_safetensors(path, NULL, 3, (const test_tensor[]){WHOLE, BIAS, SCALE(scales)});
    for (unsigned n = 1;; n++) {
        pst_weights *model = (pst_weights *)&error;
        pst_memory_fail_at(n, false);
        pst_status status = pst_weights_read(&error, path, PST_CONVENTION_AUTO, &model);
        pst_memory_fail_at(0, false);
        if (status == PST_OK) {
            pst_weights_destroy(model);
            ck_assert_uint_gt(n, 8);
            break;
        }
        ck_assert_msg(status == PST_ERROR_MEMORY, "allocation %u: %s", n, error.text);
        ck_assert_ptr_null(model);
    }
}
END_TEST

int main(void) {
    Suite *suite = suite_create("scaled weights");
    TCase *cases = tcase_create("scaled weights");
    suite_add_tcase(suite, cases);
    tcase_set_timeout(cases, 120);
    tcase_add_test(cases, weights_are_whole_numbers_times_scales);
    tcase_add_test(cases, the_same_numbers_are_the_same_network);
    tcase_add_test(cases, large_weights_come_whole);
    tcase_add_loop_test(cases, what_does_not_fit_is_refused, 0, sizeof unfit / sizeof unfit[0]);
    tcase_add_test(cases, whole_numbers_elsewhere_do_not_matter);
    tcase_add_test(cases, every_allocation_may_fail);
    return test_run(suite);
}
