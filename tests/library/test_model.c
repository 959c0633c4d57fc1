#define _XOPEN_SOURCE 700 /* for truncate; must stand before any header */

#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/memory.h"
#include "model/safetensors.h"
#include "model/weights_digest.h"
#include "model/weights_read.h"
#include "support.h"

static pst_error error;

/* A file with the given header, and `data_bytes` zeros behind it. */
static const char *write_header(const char *header, size_t data_bytes) {
    const char *path = test_path("header.safetensors");
    size_t length = strlen(header), bytes = 8 + length + data_bytes;
    uint8_t *file = calloc(1, bytes);
    ck_assert_ptr_nonnull(file);
    for (int i = 0; i < 8; i++)
        file[i] = (uint8_t)((uint64_t)length >> (8 * i));
    memcpy(file + 8, header, length);
    test_write(path, file, bytes);
    free(file);
    return path;
}

static void check_open_fails(const char *path, const char *text) {
    pst_safetensors *file = (pst_safetensors *)&error;
    pst_status status = pst_safetensors_open(&error, path, &file);
    ck_assert_msg(status == PST_ERROR_FORMAT, "%s", status ? error.text : "was opened");
    ck_assert_ptr_null(file);
    ck_assert_msg(strncmp(error.text, path, strlen(path)) == 0, "no path: %s", error.text);
    ck_assert_msg(!text || strstr(error.text, text), "no \"%s\" in: %s", text, error.text);
}

static void check_model_fails(const char *path, pst_status expected, const char *text) {
    pst_weights *model = (pst_weights *)&error;
    pst_status status = pst_weights_read(&error, path, PST_CONVENTION_AUTO, &model);
    ck_assert_msg(status == expected, "%s", status ? error.text : "was read");
    ck_assert_ptr_null(model);
    ck_assert_msg(strstr(error.text, text), "no \"%s\" in: %s", text, error.text);
    ck_assert_msg(strncmp(error.text, path, strlen(path)) == 0, "no path: %s", error.text);
}

#define HEADER_OF(tensors) "{" tensors "}"
#define TENSOR(name, type, shape, begin, end) \
    "\"" name "\":{\"dtype\":\"" type "\",\"shape\":" shape ",\"data_offsets\":[" begin "," end "]}"

START_TEST(sound_headers_are_read) {
    const char *path = write_header(
        HEADER_OF(
            "\"__metadata__\":{\"a\":\"b\",\"u\":\"\\u00e4\"}," TENSOR("late", "F32", "[2,3]", "40", "64") "," TENSOR(
                "scalar", "F64", "[]", "1", "9") "," TENSOR("empty", "F16", "[0,5]", "9",
                                                            "9") "," TENSOR("whole", "I64", "[1]", "16",
                                                                            "24") "," TENSOR("new", "F8_E4M3", "[3]",
                                                                                             "24", "27")) "    ",
        64);
    pst_safetensors *file;
    ck_ok(error, pst_safetensors_open(&error, path, &file));
    ck_assert_uint_eq(pst_safetensors_count(file), 5);
    ck_assert_ptr_null(pst_safetensors_at(file, 5));
    ck_assert_str_eq(pst_safetensors_metadata(file, "a"), "b");
    ck_assert_ptr_null(pst_safetensors_metadata(file, "none"));
    ck_assert_ptr_null(pst_safetensors_find(file, "none"));
    ck_assert_ptr_null(pst_safetensors_find(file, "__metadata__"));
    const pst_tensor_info *late = pst_safetensors_find(file, "late"), *scalar = pst_safetensors_find(file, "scalar");
    ck_assert(late->type == PST_TENSOR_F32 && late->dimension_count == 2 && late->count == 6);
    ck_assert(late->shape[0] == 2 && late->shape[1] == 3);
    ck_assert(scalar->type == PST_TENSOR_F64 && scalar->dimension_count == 0 && scalar->count == 1);
    ck_assert_uint_eq(pst_safetensors_find(file, "empty")->count, 0);
    double value;
    ck_ok(error, pst_safetensors_read_double(&error, file, scalar, &value));
    ck_ok(error, pst_safetensors_read_double(&error, file, pst_safetensors_find(file, "empty"), &value));
    const pst_tensor_info *whole = pst_safetensors_find(file, "whole");
    ck_assert_int_eq(whole->type, PST_TENSOR_OTHER);
    ck_assert_int_eq(pst_safetensors_read_double(&error, file, whole, &value), PST_ERROR_UNSUPPORTED);
    pst_safetensors_close(file);
    pst_safetensors_close(NULL);

    ck_ok(error, pst_safetensors_open(&error, write_header("{}", 0), &file));
    ck_assert_uint_eq(pst_safetensors_count(file), 0);
    ck_assert_ptr_null(pst_safetensors_metadata(file, "a"));
    pst_safetensors_close(file);
}
END_TEST

static const struct {
    const char *header, *text;
} unsound[] = {
    {"", "not a safetensors"},
    {"[]", "not a safetensors"},
    {" {}", "not a safetensors"},
    {"{ ", "header is damaged"},
    {"{} x", "header is damaged"},
    {"{}{}", "header is damaged"},
    {"{\"a\":\"\xff\"}", "header is damaged"},
    {HEADER_OF(TENSOR("a", "F32", "[1]", "0", "4") "," TENSOR("a", "F32", "[1]", "4", "8")), "header is damaged"},
    {"{\"__metadata__\":{\"a\":\"b\",\"a\":\"c\"}}", "header is damaged"},
    {"{\"a\":1}", "tensor a"},
    {"{\"a\":{}}", "tensor a"},
    {"{\"a\":{\"dtype\":\"F32\",\"shape\":[1]}}", "tensor a"},
    {"{\"a\":{\"dtype\":7,\"shape\":[1],\"data_offsets\":[0,4]}}", "tensor a"},
    {HEADER_OF(TENSOR("a", "F32", "{}", "0", "4")), "tensor a"},
    {HEADER_OF(TENSOR("a", "F32", "[1.0]", "0", "4")), "shape"},
    {HEADER_OF(TENSOR("a", "F32", "[\"1\"]", "0", "4")), "shape"},
    {HEADER_OF(TENSOR("a", "F32", "[null]", "0", "4")), "shape"},
    {HEADER_OF(TENSOR("a", "F32", "[-1]", "0", "4")), "shape"},
    {HEADER_OF(TENSOR("a", "F32", "[-1,-1]", "0", "4")), "shape"},
    {HEADER_OF(TENSOR("a", "F32", "[1,1,1,1,1,1,1,1,1]", "0", "4")), "dimensions"},
    {HEADER_OF(TENSOR("a", "F32", "[4294967296,4294967296]", "0", "4")), "shape"},
    {HEADER_OF(TENSOR("a", "OTHER", "[9223372036854775807,3]", "0", "4")), "shape"},
    {HEADER_OF(TENSOR("a", "F32", "[4611686018427387904]", "0", "0")), "does not fit"},
    {HEADER_OF(TENSOR("a", "F32", "[99999999999999999999]", "0", "4")), "header is damaged"},
    {HEADER_OF(TENSOR("a", "F32", "[2]", "0", "4")), "does not fit"},
    {HEADER_OF(TENSOR("a", "F16", "[2]", "0", "8")), "does not fit"},
    {HEADER_OF(TENSOR("a", "F32", "[0]", "0", "4")), "does not fit"},
    {HEADER_OF(TENSOR("a", "F32", "[1]", "4", "0")), "data_offsets"},
    {HEADER_OF(TENSOR("a", "F32", "[1]", "-4", "0")), "data_offsets"},
    {HEADER_OF(TENSOR("a", "F32", "[1]", "0", "4.0")), "data_offsets"},
    {HEADER_OF(TENSOR("a", "F32", "[1]", "0,4", "8")), "data_offsets"},
    {"{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[4]}}", "data_offsets"},
    {HEADER_OF(TENSOR("a", "F32", "[1]", "61", "65")), "cut short"},
    {HEADER_OF(TENSOR("a", "F32", "[1]", "9223372036854775800", "9223372036854775804")), "cut short"},
    {HEADER_OF(TENSOR("a", "I8", "[1]", "0", "65")), "cut short"},
    {HEADER_OF(TENSOR("a", "F32", "[2]", "0", "8") "," TENSOR("b", "F32", "[2]", "7", "15")), "share bytes"},
    {HEADER_OF(TENSOR("a", "F32", "[2]", "8", "16") "," TENSOR("b", "F32", "[8]", "0", "32")), "share bytes"},
    {HEADER_OF(TENSOR("a", "I8", "[8]", "8", "16") "," TENSOR("b", "F32", "[2]", "8", "16")), "share bytes"},
};

START_TEST(unsound_headers_are_refused) { check_open_fails(write_header(unsound[_i].header, 64), unsound[_i].text); }
END_TEST

START_TEST(lengths_that_lie_are_refused) {
    static const uint64_t lengths[] = {0,
                                       1,
                                       3,
                                       53,
                                       55,
                                       58,
                                       59,
                                       1 << 20,
                                       (uint64_t)64 << 20,
                                       ((uint64_t)64 << 20) + 1,
                                       INT64_MAX,
                                       UINT64_MAX - 7,
                                       UINT64_MAX};
    const char *header = HEADER_OF(TENSOR("a", "F32", "[1]", "0", "4"));
    ck_assert_uint_eq(strlen(header), 54); /* and 4 bytes of data */
    for (size_t k = 0; k < sizeof lengths / sizeof lengths[0]; k++) {
        const char *path = write_header(header, 4);
        uint8_t length[8];
        for (int i = 0; i < 8; i++)
            length[i] = (uint8_t)(lengths[k] >> (8 * i));
        int file = open(path, O_WRONLY);
        ck_assert_int_eq(pwrite(file, length, 8, 0), 8);
        close(file);
        check_open_fails(path, NULL);
    }
}
END_TEST

START_TEST(deep_headers_are_refused) {
    enum { DEPTH = 1000000 };
    char *header = malloc(DEPTH + 6);
    memcpy(header, "{\"a\":", 5);
    memset(header + 5, '[', DEPTH);
    header[DEPTH + 5] = 0;
    check_open_fails(write_header(header, 0), "header is damaged");
    free(header);
}
END_TEST

START_TEST(a_file_cut_anywhere_is_refused) {
    const char *path = test_path("cut.safetensors");
    struct stat facts;
    test_write_network(path, (const int[]){2, 2, 0, 0, 0}, (const int[]){1, 1, 0, 0, 0}, 1);
    ck_assert_int_eq(stat(path, &facts), 0);
    pst_weights *model;
    ck_ok(error, pst_weights_read(&error, path, PST_CONVENTION_AUTO, &model));
    pst_weights_destroy(model);
    for (off_t kept = facts.st_size - 1; kept >= 0; kept--) {
        ck_assert_int_eq(truncate(path, kept), 0);
        check_open_fails(path, NULL);
    }
}
END_TEST

START_TEST(numbers_are_converted_exactly) {
    static const uint16_t halves[] = {0x0000, 0x8000, 0x0001, 0x83ff, 0x0400, 0x3c00,
                                      0xc000, 0x7bff, 0x7c00, 0xfc00, 0x7e00, 0x3555};
    static const double half_values[] = {0.0, -0.0,  0x1p-24,  -0x3ffp-24, 0x1p-14, 1,
                                         -2,  65504, INFINITY, -INFINITY,  NAN,     0x1.554p-2};
    static const uint16_t brains[] = {0x0000, 0x8000, 0x0001, 0x3f80, 0xc049, 0x7f7f, 0x7f80, 0xff80, 0x7fc0};
    static const double brain_values[] = {0.0, -0.0, 0x1p-133, 1, -0x1.92p1, 0x1.fep127, INFINITY, -INFINITY, NAN};
    static const float floats[] = {0.0f, -0.0f, 0x1p-149f, -0x1.fffffep127f, INFINITY, NAN, 0.1f};
    static const double doubles[] = {0.0, -0.0, 0x1p-1074, 0.1, -1e308, INFINITY, NAN};
    const struct {
        const char *type;
        const void *data;
        size_t bytes, count;
        const double *values;
    } cases[] = {
        {"F16", halves, sizeof halves, sizeof halves / 2, half_values},
        {"BF16", brains, sizeof brains, sizeof brains / 2, brain_values},
        {"F32", floats, sizeof floats, sizeof floats / 4, NULL},
        {"F64", doubles, sizeof doubles, sizeof doubles / 8, doubles},
    };
    test_tensor tensors[5] = {{.name = "odd", .dtype = "U8", .dims = 1, .shape = {1}, .data = "x", .bytes = 1}};
    for (int k = 0; k < 4; k++) /* the odd byte before them shifts them off every boundary */
        tensors[k + 1] = (test_tensor){.name = cases[k].type,
                                       .dtype = cases[k].type,
                                       .dims = 1,
                                       .shape = {(int64_t)cases[k].count},
                                       .data = cases[k].data,
                                       .bytes = cases[k].bytes};
    const char *path = test_path("types.safetensors");
    pst_safetensors *file;
    test_write_safetensors(path, NULL, 5, tensors);
    ck_ok(error, pst_safetensors_open(&error, path, &file));
    for (int k = 0; k < 4; k++) {
        float narrow[16];
        double wide[16];
        const pst_tensor_info *tensor = pst_safetensors_find(file, cases[k].type);
        ck_assert_uint_eq(tensor->count, cases[k].count);
        ck_ok(error, pst_safetensors_read_float(&error, file, tensor, narrow));
        ck_ok(error, pst_safetensors_read_double(&error, file, tensor, wide));
        for (size_t i = 0; i < tensor->count; i++) {
            double value = cases[k].values ? cases[k].values[i] : (double)floats[i];
            ck_assert_msg(isnan(value) ? isnan(wide[i]) && isnan(narrow[i])
                                       : wide[i] == value && !signbit(wide[i]) == !signbit(value) &&
                                             narrow[i] == (float)value && !signbit(narrow[i]) == !signbit(value),
                          "%s %zu: %g is %g and %g", cases[k].type, i, value, wide[i], (double)narrow[i]);
        }
    }
    pst_safetensors_close(file);
}
END_TEST

START_TEST(long_tensors_come_whole) {
    enum { COUNT = 50001 }; /* more than a few of the chunks in which they are read */
    double *values = malloc(COUNT * sizeof *values), *got = malloc(COUNT * sizeof *got);
    uint64_t state = 4;
    for (int i = 0; i < COUNT; i++)
        values[i] = (double)test_random(&state);
    test_tensor tensor = {
        .name = "a", .dtype = "F64", .dims = 1, .shape = {COUNT}, .data = values, .bytes = COUNT * sizeof *values};
    pst_safetensors *file;
    test_write_safetensors(test_path("long"), NULL, 1, &tensor);
    ck_ok(error, pst_safetensors_open(&error, test_path("long"), &file));
    ck_ok(error, pst_safetensors_read_double(&error, file, pst_safetensors_at(file, 0), got));
    ck_assert_mem_eq(values, got, COUNT * sizeof *values);
    pst_safetensors_close(file);
    free(values);
    free(got);
}
END_TEST

START_TEST(a_network_is_read) {
    const char *path = test_path("net.safetensors");
    const int channels[5] = {4, 6, 5, 3, 7}, units[5] = {2, 1, 3, 1, 1};
    pst_weights *model;
    test_write_network(path, channels, units, 77);
    ck_ok(error, pst_weights_read(&error, path, PST_CONVENTION_AUTO, &model));
    ck_assert_str_eq(model->path, path);
    ck_assert_uint_eq(model->convolution_count, 8);
    uint64_t state = 77;
    int c_in = 3;
    for (size_t i = 0, block = 1, unit = 1; i < 8; i++) {
        const pst_weights_convolution *made = &model->convolutions[i];
        char name[16];
        snprintf(name, sizeof name, "conv%zu_%zu", block, unit);
        ck_assert_str_eq(made->name, name);
        ck_assert(made->block == (int)block && made->unit == (int)unit);
        ck_assert(made->c_in == c_in && made->c_out == channels[block - 1]);
        float scale = sqrtf(3) * sqrtf(2.0f / (9.0f * (float)c_in));
        for (int k = 0; k < made->c_out * c_in * 9; k++)
            ck_assert(made->weight[k] == test_random(&state) * scale);
        for (int k = 0; k < made->c_out; k++)
            ck_assert(made->bias[k] == test_random(&state) * 0.1f);
        c_in = made->c_out;
        if (unit++ == (size_t)units[block - 1]) {
            block++;
            unit = 1;
        }
    }
    pst_weights_destroy(model);
    pst_weights_destroy(NULL);
}
END_TEST

static float spoiled[64] = {[5] = NAN, [40] = INFINITY};

#define WEIGHT(unit, out, in) \
    { .name = "conv" unit ".weight", .dtype = "F32", .dims = 4, .shape = {out, in, 3, 3}, .bytes = (out) * (in)*36 }
#define BIAS(unit, out) \
    { .name = "conv" unit ".bias", .dtype = "F32", .dims = 1, .shape = {out}, .bytes = (out)*4 }
#define BOTH(unit, out, in) WEIGHT(unit, out, in), BIAS(unit, out)

static const struct {
    const char *metadata, *text;
    pst_status status;
    test_tensor tensors[8];
} unfit[] = {
    {NULL, "conv1_1.weight", PST_ERROR_FORMAT, {{.name = NULL}}},
    {NULL, "conv1_1.weight", PST_ERROR_FORMAT, {BOTH("01_1", 2, 3), BOTH("1_1x", 2, 3), BOTH(" 1_1", 2, 3)}},
    {NULL, "conv1_1.bias is missing", PST_ERROR_FORMAT, {WEIGHT("1_1", 2, 3)}},
    {NULL, "conv1_2.weight is missing", PST_ERROR_FORMAT, {BOTH("1_1", 2, 3), BIAS("1_2", 2)}},
    {NULL, "has conv1_2 but no conv1_1", PST_ERROR_FORMAT, {BOTH("1_2", 2, 3)}},
    {NULL, "has conv2_1 but no conv1_1", PST_ERROR_FORMAT, {BOTH("2_1", 2, 3)}},
    {NULL, "has conv1_3 but no conv1_2", PST_ERROR_FORMAT, {BOTH("1_1", 2, 3), BOTH("1_3", 2, 2)}},
    {NULL, "has conv3_1 but no conv2_1", PST_ERROR_FORMAT, {BOTH("1_1", 2, 3), BOTH("3_1", 2, 2)}},
    {NULL, "has conv2_2 but no conv2_1", PST_ERROR_FORMAT, {BOTH("1_1", 2, 3), BOTH("2_2", 2, 2)}},
    {NULL, "conv6_1", PST_ERROR_FORMAT, {BOTH("1_1", 2, 3), BOTH("6_1", 2, 2)}},
    {NULL, "conv1_21", PST_ERROR_FORMAT, {BOTH("1_1", 2, 3), BOTH("1_21", 2, 2)}},
    {NULL, "conv1_1.weight has shape 2x1x3x3; 2x3x3x3 was expected", PST_ERROR_FORMAT, {BOTH("1_1", 2, 1)}},
    {NULL,
     "conv2_1.weight has shape 2x3x3x3; 2x4x3x3 was expected",
     PST_ERROR_FORMAT,
     {BOTH("1_1", 4, 3), BOTH("2_1", 2, 3)}},
    {NULL,
     "conv1_1.weight has shape 2x3x5x5; 2x3x3x3 was expected",
     PST_ERROR_FORMAT,
     {{.name = "conv1_1.weight", .dtype = "F16", .dims = 4, .shape = {2, 3, 5, 5}, .bytes = 300}, BIAS("1_1", 2)}},
    {NULL,
     "conv1_1.weight has shape 27; 27x3x3x3 was expected",
     PST_ERROR_FORMAT,
     {{.name = "conv1_1.weight", .dtype = "F32", .dims = 1, .shape = {27}, .bytes = 108}, BIAS("1_1", 1)}},
    {NULL,
     "conv1_1.weight has shape (); Nx3x3x3",
     PST_ERROR_FORMAT,
     {{.name = "conv1_1.weight", .dtype = "F32", .bytes = 4}, BIAS("1_1", 1)}},
    {NULL, "conv1_1.weight has shape 0x3x3x3", PST_ERROR_FORMAT, {BOTH("1_1", 0, 3)}},
    {NULL, "conv1_1.weight has shape 4097x3x3x3", PST_ERROR_FORMAT, {BOTH("1_1", 4097, 3)}},
    {NULL, "conv1_1.bias has shape 3; 2 was expected", PST_ERROR_FORMAT, {WEIGHT("1_1", 2, 3), BIAS("1_1", 3)}},
    {NULL,
     "number 5 of conv1_1.weight is not finite",
     PST_ERROR_FORMAT,
     {{.name = "conv1_1.weight", .dtype = "F32", .dims = 4, .shape = {1, 3, 3, 3}, .data = spoiled, .bytes = 108},
      BIAS("1_1", 1)}},
    {NULL,
     "number 1 of conv1_1.bias is not finite",
     PST_ERROR_FORMAT,
     {WEIGHT("1_1", 2, 3),
      {.name = "conv1_1.bias", .dtype = "F32", .dims = 1, .shape = {2}, .data = spoiled + 39, .bytes = 8}}},
    {NULL,
     "conv1_1.bias is not stored as",
     PST_ERROR_UNSUPPORTED,
     {WEIGHT("1_1", 2, 3), {.name = "conv1_1.bias", .dtype = "I32", .dims = 1, .shape = {2}, .bytes = 8}}},
    {"{\"layout\":\"HWIO\"}", "layout is HWIO; only OIHW", PST_ERROR_UNSUPPORTED, {BOTH("1_1", 2, 3)}},
    {"{\"channel_order\":\"RGB\"}", "channel_order is RGB", PST_ERROR_UNSUPPORTED, {BOTH("1_1", 2, 3)}},
    {"{\"pixel_range\":\"0..1\"}", "pixel_range", PST_ERROR_UNSUPPORTED, {BOTH("1_1", 2, 3)}},
    {"{\"mean\":\"0,0,0\"}", "mean", PST_ERROR_UNSUPPORTED, {BOTH("1_1", 2, 3)}},
    {"{\"padding\":\"replicate\"}", "padding", PST_ERROR_UNSUPPORTED, {BOTH("1_1", 2, 3)}},
};

START_TEST(networks_that_do_not_fit_are_refused) {
    const char *path = test_path("unfit.safetensors");
    size_t count = 0;
    while (count < 8 && unfit[_i].tensors[count].name)
        count++;
    test_write_safetensors(path, unfit[_i].metadata, count, unfit[_i].tensors);
    check_model_fails(path, unfit[_i].status, unfit[_i].text);
}
END_TEST

START_TEST(other_tensors_and_no_metadata_do_not_matter) {
    const test_tensor tensors[] = {BIAS("1_1", 2),
                                   {.name = "fc6.weight", .dtype = "I8", .dims = 1, .shape = {3}, .bytes = 3},
                                   WEIGHT("1_1", 2, 3)};
    pst_weights *model;
    test_write_safetensors(test_path("plain"), NULL, 3, tensors);
    ck_ok(error, pst_weights_read(&error, test_path("plain"), PST_CONVENTION_AUTO, &model));
    ck_assert_uint_eq(model->convolution_count, 1);
    pst_weights_destroy(model);
    test_write_safetensors(test_path("plain"), "{\"step\":20000,\"a\":[{}]}", 3, tensors);
    ck_ok(error, pst_weights_read(&error, test_path("plain"), PST_CONVENTION_AUTO, &model));
    pst_weights_destroy(model);
    test_write_safetensors(test_path("plain"), "{\"mean\":[1,2,3]}", 3, tensors);
    check_model_fails(test_path("plain"), PST_ERROR_UNSUPPORTED, "mean is no text");
    check_model_fails(test_path("no such file"), PST_ERROR_FILE, "no such file");
}
END_TEST

START_TEST(more_convolutions_than_there_is_room_for_are_refused) {
    const char *path = test_path("deep");
    test_write_network(path, (const int[]){1, 1, 1, 1, 1}, (const int[]){20, 0, 0, 0, 0}, 1);
    pst_weights *model;
    ck_ok(error, pst_weights_read(&error, path, PST_CONVENTION_AUTO, &model));
    ck_assert_uint_eq(model->convolution_count, 20);
    pst_weights_destroy(model);
    test_write_network(path, (const int[]){1, 1, 1, 1, 1}, (const int[]){10, 11, 0, 0, 0}, 1);
    check_model_fails(path, PST_ERROR_UNSUPPORTED, "more than 20");
}
END_TEST

/* They take a third of a second of a real network, and several users ask for them. */
START_TEST(digests_are_made_once_and_hold_without_the_file) {
    const char *path = test_path("digested"), *hex, *whole;
    char file[65];
    pst_weights *model, *shorter;
    test_write_network(path, (const int[]){2, 3, 1, 1, 1}, (const int[]){2, 1, 0, 0, 0}, 1);
    ck_ok(error, pst_file_digest(&error, path, file));
    ck_ok(error, pst_weights_read(&error, path, PST_CONVENTION_AUTO, &model));
    pst_weights_forget(model);
    ck_ok(error, pst_weights_digest(&error, model, 3, &whole));
    ck_assert_uint_eq(strlen(whole), 64);
    ck_assert_ptr_null(model->convolutions[0].weight); /* as they were found */
    ck_ok(error, pst_weights_file_digest(&error, model, &hex));
    ck_assert_str_eq(hex, file);
    remove(path);
    ck_ok(error, pst_weights_digest(&error, model, 2, &hex));
    ck_assert_str_ne(hex, whole);
    ck_ok(error, pst_weights_file_digest(&error, model, &hex));
    ck_assert_str_eq(hex, file);
    ck_ok(error, pst_weights_digest(&error, model, 4, &hex));
    ck_assert_str_eq(hex, "");
    test_write_network(path, (const int[]){2, 3, 1, 1, 1}, (const int[]){2, 0, 0, 0, 0}, 1);
    ck_ok(error, pst_weights_read(&error, path, PST_CONVENTION_AUTO, &shorter)); /* begins with the same layers */
    ck_ok(error, pst_weights_digest(&error, shorter, 2, &hex));
    ck_assert_str_ne(hex, whole);
    ck_ok(error, pst_weights_digest(&error, model, 2, &whole));
    ck_assert_str_eq(hex, whole);
    pst_weights_destroy(shorter);
    ck_ok(error, pst_weights_read(&error, path, PST_CONVENTION_AUTO, &shorter));
    pst_weights_forget(shorter);
    remove(path);
    ck_assert_int_eq(pst_weights_digest(&error, shorter, 2, &hex), PST_ERROR_FILE);
    ck_assert_str_eq(hex, "");
    ck_assert_int_eq(pst_weights_file_digest(&error, shorter, &hex), PST_ERROR_FILE);
    ck_assert_str_eq(hex, "");
    pst_weights_destroy(shorter);
    pst_weights_destroy(model);
}
END_TEST

START_TEST(the_network_at_hand_is_read) {
    const char *path = test_reference("weights/vgg19.safetensors");
    static const float first_biases[] = {0.7301776f, 0.06493629f, 0.03428847f, 0.8260386f};
    if (!path)
        return;
    pst_weights *model;
    ck_ok(error, pst_weights_read(&error, path, PST_CONVENTION_AUTO, &model));
    ck_assert_uint_eq(model->convolution_count, 16);
    size_t parameters = 0;
    for (size_t i = 0; i < 16; i++)
        parameters += (size_t)model->convolutions[i].c_out * (9 * (size_t)model->convolutions[i].c_in + 1);
    ck_assert_uint_eq(parameters, 20024384);
    for (int i = 0; i < 4; i++)
        ck_assert(model->convolutions[0].bias[i] == first_biases[i]);
    pst_weights_destroy(model);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("model");
    TCase *cases = tcase_create("model");
    suite_add_tcase(suite, cases);
    tcase_set_timeout(cases, 120);
    tcase_add_test(cases, sound_headers_are_read);
    tcase_add_loop_test(cases, unsound_headers_are_refused, 0, sizeof unsound / sizeof unsound[0]);
    tcase_add_test(cases, lengths_that_lie_are_refused);
    tcase_add_test(cases, deep_headers_are_refused);
    tcase_add_test(cases, a_file_cut_anywhere_is_refused);
    tcase_add_test(cases, numbers_are_converted_exactly);
    tcase_add_test(cases, long_tensors_come_whole);
    tcase_add_test(cases, a_network_is_read);
    tcase_add_loop_test(cases, networks_that_do_not_fit_are_refused, 0, sizeof unfit / sizeof unfit[0]);
    tcase_add_test(cases, other_tensors_and_no_metadata_do_not_matter);
    tcase_add_test(cases, more_convolutions_than_there_is_room_for_are_refused);
    tcase_add_test(cases, digests_are_made_once_and_hold_without_the_file);
    tcase_add_test(cases, the_network_at_hand_is_read);
    return test_run(suite);
}
