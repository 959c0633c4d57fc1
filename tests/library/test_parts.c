/* Networks in several files: ONNX's external data, and indexes of parts. The file that names the others may come from
 * anywhere, so that they are regular files of its own folder, or it is refused in one line that begins with its name.
 */
/* promise: networks untrusted */
#define _XOPEN_SOURCE 700

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/digest.h"
#include "base/file.h"
#include "base/memory.h"
#include "model/tensor.h"
#include "model/weights_digest.h"
#include "model/weights_read.h"
#include "network_files.h"
#include "support.h"

static pst_error error;
static small_network network;

static bool is_ours(const pst_weights *model) {
    bool same = model->convolution_count == 2;
    for (size_t n = 0; same && n < 2; n++) {
        const pst_weights_convolution *c = &model->convolutions[n];
        same = memcmp(c->weight, network.weight[n], 54 * 4) == 0 &&
               memcmp(c->bias, network.bias[n], 4 * (size_t)small_out[n]) == 0;
    }
    return same;
}

static void check_read(const char *path) {
    pst_weights *model;
    ck_ok(error, pst_weights_read(&error, path, PST_CONVENTION_CAFFE, &model));
    ck_assert(is_ours(model));
    pst_weights_forget(model);
    ck_ok(error, pst_weights_recall(&error, model));
    ck_assert(is_ours(model));
    pst_weights_destroy(model);
}

static void check_refused(const char *path, const char *says) {
    pst_weights *model = (pst_weights *)&error;
    pst_status status = pst_weights_read(&error, path, PST_CONVENTION_CAFFE, &model);
    ck_assert_msg(status == PST_ERROR_FORMAT || status == PST_ERROR_UNSUPPORTED || status == PST_ERROR_FILE, "%s: %s",
                  says, status ? error.text : "was read");
    ck_assert_ptr_null(model);
    ck_assert_msg(strncmp(error.text, path, strlen(path)) == 0, "%s", error.text);
    ck_assert_msg(strstr(error.text, says), "no \"%s\" in: %s", says, error.text);
    ck_assert_msg(!strpbrk(error.text, "\x1b\n\x07"), "%s", error.text);
}

/* ---- ONNX ---------------------------------------------------------------------------------------------------- */

/* Where the tensors of the next file are said to be; NULL: as they are, or no such entry. */
static struct {
    const char *location, *offset, *length;
    int slack; /* bytes between tensors, which overlap where it is negative */
    int at;
    bytes data;
} outside;

static void put_entry(bytes *tensor, const char *key, const char *value) {
    bytes entry = {0};
    put_string(&entry, 1, key);
    put_string(&entry, 2, value);
    put_block(tensor, 13, entry.data, entry.count);
    bytes_free(&entry);
}

static void put_message_of(bytes *graph, const char *name, const char *part, const int64_t *shape, int dimensions,
                           unsigned type, const bytes *rest) {
    bytes tensor = {0};
    char full[32];
    for (int d = 0; d < dimensions; d++)
        put_field(&tensor, 1, (uint64_t)shape[d]);
    put_field(&tensor, 2, type);
    snprintf(full, sizeof full, "%s%s", name, part);
    put_string(&tensor, 8, full);
    put(&tensor, rest->data, rest->count);
    put_block(graph, 5, tensor.data, tensor.count);
    bytes_free(&tensor);
}

static void put_outside(bytes *graph, const char *name, const char *part, const int64_t *shape, int dimensions,
                        const float *values, size_t count) {
    bytes rest = {0};
    char offset[24], length[24];
    snprintf(offset, sizeof offset, "%d", outside.at);
    snprintf(length, sizeof length, "%zu", 4 * count);
    put_entry(&rest, "location", outside.location ? outside.location : "weights.data");
    put_entry(&rest, "offset", outside.offset ? outside.offset : offset);
    if (!outside.length || *outside.length)
        put_entry(&rest, "length", outside.length ? outside.length : length);
    put_entry(&rest, "checksum", "0");
    put_field(&rest, 14, 1);
    put_message_of(graph, name, part, shape, dimensions, 1, &rest);
    put_floats(&outside.data, values, count);
    for (int i = 0; i < outside.slack; i++)
        put_byte(&outside.data, 0xff);
    outside.at += (int)(4 * count) + outside.slack;
    bytes_free(&rest);
}

static void as_they_are(void) {
    outside.location = outside.offset = outside.length = NULL;
    outside.slack = 0;
}

/* Writes net.onnx and its data; the path of the first. */
static const char *write_onnx(const char *data_name) {
    outside.at = 0;
    bytes file = file_onnx_of(&network, put_outside);
    const char *path = test_path("net.onnx");
    test_write(path, file.data, file.count);
    if (data_name)
        test_write(test_path(data_name), outside.data.data, outside.data.count);
    bytes_free(&file);
    bytes_free(&outside.data);
    outside.data = (bytes){0};
    return path;
}

START_TEST(external_data_is_read) {
    static const char *const locations[] = {NULL, "./weights.data", "weights.data"}, *const lengths[] = {NULL, "",
                                                                                                         NULL};
    for (int i = 0; i < 3; i++) {
        outside.location = locations[i];
        outside.length = lengths[i];
        outside.slack = 64 * i;
        check_read(write_onnx("weights.data"));
    }
}
END_TEST

START_TEST(external_data_is_bounded) {
    static const struct {
        const char *location, *offset, *length;
        int slack;
        const char *says;
    } cases[] = {
        {"../weights.data", NULL, NULL, 0, "only files in its own folder are read"},
        {"..", NULL, NULL, 0, "only files in its own folder"},
        {".", NULL, NULL, 0, "only files in its own folder"},
        {"", NULL, NULL, 0, "only files in its own folder"},
        {"./", NULL, NULL, 0, "only files in its own folder"},
        {"/etc/passwd", NULL, NULL, 0, "only files in its own folder"},
        {"/dev/zero", NULL, NULL, 0, "only files in its own folder"},
        {"sub/weights.data", NULL, NULL, 0, "only files in its own folder"},
        {".\\..\\weights.data", NULL, NULL, 0, "only files in its own folder"},
        {"C:weights.data", NULL, NULL, 0, "only files in its own folder"},
        {"built-in:small.safetensors", NULL, NULL, 0, "only files in its own folder"},
        {"red\x1b[31m\n.data", NULL, NULL, 0, "red?[31m?.data is missing; put it into the same folder"},
        {"absent.data", NULL, NULL, 0, "absent.data is missing; put it into the same folder"},
        {NULL, "18446744073709551615", NULL, 0, "is cut short"},
        {NULL, "18446744073709551616", NULL, 0, "the offset 18446744073709551616"},
        {NULL, "99999999999999999999999999", NULL, 0, "the offset 9999"},
        {NULL, "-1", NULL, 0, "the offset -1"},
        {NULL, "0x10", NULL, 0, "the offset 0x10"},
        {NULL, "1e3", NULL, 0, "the offset 1e3"},
        {NULL, " 8", NULL, 0, "the offset"},
        {NULL, "400", NULL, 0, "is cut short"},
        {NULL, NULL, "18446744073709551615", 0, "does not fit its shape"},
        {NULL, NULL, "4", 0, "does not fit its shape"},
        {NULL, NULL, "many\x1b", 0, "the length many?"},
        {NULL, "0", NULL, 0, "share bytes"},
        {NULL, NULL, NULL, -4, "share bytes"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        outside.location = cases[i].location;
        outside.offset = cases[i].offset;
        outside.length = cases[i].length;
        outside.slack = cases[i].slack;
        check_refused(write_onnx("weights.data"), cases[i].says);
    }
    char long_name[400];
    memset(long_name, 'a', sizeof long_name);
    as_they_are();
    for (int length = 255; length < 400; length += 36) {
        long_name[length] = 0;
        outside.location = long_name;
        check_refused(write_onnx("weights.data"), length == 255  ? "is missing"
                                                  : length < 299 ? "only files"
                                                                 : "location");
        long_name[length] = 'a';
    }
    as_they_are();
}
END_TEST

/* What may lie at a name of the folder instead of a regular file. */
START_TEST(companions_are_regular_files) {
    as_they_are();
    const char *path = write_onnx("weights.data"), *data = test_path("weights.data"), *other = test_path("other.data");
    char folder[1024];
    check_read(path);
    rename(data, other);
    ck_assert_int_eq(symlink("other.data", data), 0); /* a link within the folder */
    check_read(path);
    unlink(data);
    ck_assert_int_eq(symlink("nowhere", data), 0);
    check_refused(path, "is missing");
    unlink(data);
    snprintf(folder, sizeof folder, "%s.d", path);
    mkdir(folder, 0700);
    char moved[1100];
    snprintf(moved, sizeof moved, "%s/other.data", folder);
    rename(other, moved);
    ck_assert_int_eq(symlink(moved, data), 0);
    check_refused(path, "is a link out of the folder, which is not followed; put the file itself there");
    unlink(data);
    ck_assert_int_eq(symlink("/dev/zero", data), 0);
    check_refused(path, "is a link out of the folder");
    unlink(data);
    ck_assert_int_eq(symlink("weights.data", data), 0); /* to itself */
    check_refused(path, "is missing");
    unlink(data);
    ck_assert_int_eq(mkfifo(data, 0600), 0);
    check_refused(path, "is a device or a pipe");
    unlink(data);
    mkdir(data, 0700);
    check_refused(path, "is a folder");
    rmdir(data);

    /* A folder of links into another one, as download caches have them. */
    char real_onnx[1100], link[1100];
    snprintf(real_onnx, sizeof real_onnx, "%s/blob", folder);
    rename(path, real_onnx);
    ck_assert_int_eq(symlink(real_onnx, path), 0);
    snprintf(link, sizeof link, "%s", moved);
    ck_assert_int_eq(symlink(link, data), 0);
    check_read(path);
    unlink(data);
    unlink(path);
    unlink(moved);
    unlink(real_onnx);
    rmdir(folder);
}
END_TEST

START_TEST(external_data_that_is_too_short_is_refused) {
    as_they_are();
    const char *path = write_onnx("weights.data"), *data = test_path("weights.data");
    struct stat facts;
    ck_assert_int_eq(stat(data, &facts), 0);
    for (off_t size = facts.st_size - 1; size >= 0; size -= 13) {
        ck_assert_int_eq(truncate(data, size), 0);
        check_refused(path, "is cut short");
    }
}
END_TEST

/* Halves as lists of numbers, one number each. */
static int integers_off; /* numbers too many */
static void put_integers(bytes *graph, const char *name, const char *part, const int64_t *shape, int dimensions,
                         const float *values, size_t count) {
    bytes rest = {0}, list = {0};
    for (size_t i = 0; i < count + (size_t)integers_off; i++) {
        uint32_t bits;
        memcpy(&bits, &values[i < count ? i : 0], sizeof bits);
        put_varint(&list, part[0] == 'w' ? bits >> 16 : pst_half_of_float(values[i < count ? i : 0]));
    }
    put_block(&rest, 5, list.data, list.count);
    put_message_of(graph, name, part, shape, dimensions, part[0] == 'w' ? 16 : 10, &rest); /* bfloat16 or half */
    bytes_free(&list);
    bytes_free(&rest);
}

START_TEST(halves_in_lists_are_read) {
    pst_weights *model;
    for (integers_off = 0; integers_off < 2; integers_off++) {
        bytes file = file_onnx_of(&network, put_integers);
        const char *path = test_path("halves.onnx");
        test_write(path, file.data, file.count);
        bytes_free(&file);
        if (integers_off) {
            check_refused(path, "more numbers than its shape says");
            continue;
        }
        ck_ok(error, pst_weights_read(&error, path, PST_CONVENTION_CAFFE, &model));
        for (int n = 0; n < 2; n++) {
            for (int i = 0; i < 54; i++)
                ck_assert_float_eq_tol(model->convolutions[n].weight[i], network.weight[n][i], 1e-2f);
            for (int i = 0; i < small_out[n]; i++)
                ck_assert_float_eq_tol(model->convolutions[n].bias[i], network.bias[n][i], 1e-3f);
        }
        pst_weights_destroy(model);
    }
}
END_TEST

/* ---- an index ------------------------------------------------------------------------------------------------ */

static void write_part(const char *name, int n) {
    char weight[32], bias[32];
    snprintf(weight, sizeof weight, "%s.weight", small_names[n]);
    snprintf(bias, sizeof bias, "%s.bias", small_names[n]);
    const test_tensor tensors[2] = {
        {weight, "F32", 4, {small_out[n], small_in[n], 3, 3}, network.weight[n], 54 * 4},
        {bias, "F32", 1, {small_out[n]}, network.bias[n], 4 * (size_t)small_out[n]},
    };
    test_write_safetensors(test_path(name), "{\"format\":\"pt\"}", 2, tensors);
}

#define PART_1 "net-00001-of-00002.safetensors"
#define PART_2 "net-00002-of-00002.safetensors"
#define INDEX "net.safetensors.index.json"

/* Writes the index with the file of each tensor as given. */
static const char *write_index(const char *first_weight, const char *first_bias, const char *second) {
    char text[4000];
    const char *path = test_path(INDEX);
    int length = snprintf(text, sizeof text,
                          "{\"metadata\": {\"total_size\": 1}, \"weight_map\": {\"conv1_1.weight\": %s, "
                          "\"conv1_1.bias\": %s, \"conv2_1.weight\": %s, \"conv2_1.bias\": %s}}",
                          first_weight, first_bias, second, second);
    test_write(path, text, (size_t)length);
    return path;
}

START_TEST(an_index_reads_its_parts) {
    write_part(PART_1, 0);
    write_part(PART_2, 1);
    const char *path = write_index("\"" PART_1 "\"", "\"./" PART_1 "\"", "\"" PART_2 "\"");
    check_read(path);
    check_refused(test_path(PART_1), "is part 1 of 2 of a network; name the index of the parts instead: ");
    ck_assert_ptr_nonnull(strstr(error.text, path));
    unlink(path);
    check_refused(test_path(PART_2), "put all parts and their index, " INDEX ", into one folder, and name the index");
}
END_TEST

START_TEST(a_bad_index_is_refused) {
    static const struct {
        const char *weight, *bias, *second, *says;
    } cases[] = {
        {"\"" PART_1 "\"", "\"" PART_1 "\"", "\"" PART_1 "\"", "holds 2 tensors of the 4 that it should"},
        {"\"" PART_1 "\"", "\"" PART_2 "\"", "\"" PART_2 "\"", "holds 2 tensors of the 3 that it should"},
        {"\"" PART_1 "\"", "\"" PART_1 "\"", "\"absent\\u001b\"", "absent? is missing; put it into the same folder"},
        {"\"" PART_1 "\"", "\"" PART_1 "\"", "\"../" PART_2 "\"", "only files in its own folder"},
        {"\"/dev/stdin\"", "\"" PART_1 "\"", "\"" PART_2 "\"", "only files in its own folder"},
        {"\"" PART_1 "\"", "\"" PART_1 "\"", "\"" INDEX "\"", "is an index or another text, not a part"},
        {"\"" PART_1 "\"", "\"" PART_1 "\"", "7", "names no file for conv2_1.weight"},
        {"\"" PART_1 "\"", "\"" PART_1 "\"", "\"cut\"", "is not a network in a format"},
        {"\"" PART_1 "\"", "\"" PART_1 "\"", "\"net.onnx\"",
         "has the format ONNX; parts are read as safetensors or PyTorch"},
    };
    write_part(PART_1, 0);
    write_part(PART_2, 1);
    test_write(test_path("cut"), "\0\0\0\0", 4);
    bytes onnx = file_onnx(&network);
    test_write(test_path("net.onnx"), onnx.data, onnx.count);
    bytes_free(&onnx);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        check_refused(write_index(cases[i].weight, cases[i].bias, cases[i].second), cases[i].says);

    /* More parts than may be open, and a name twice. */
    bytes text = {0};
    put_text(&text, "{\"weight_map\":{\"conv1_1.weight\":\"p0\"");
    for (int i = 0; i < 200; i++) {
        char name[64], one[128];
        snprintf(name, sizeof name, "p%d", i);
        test_write_safetensors(test_path(name), NULL, 0, NULL);
        snprintf(one, sizeof one, ",\"t%d\":\"p%d\"", i, i);
        put_text(&text, one);
    }
    put_text(&text, "}}");
    test_write(test_path(INDEX), text.data, text.count);
    check_refused(test_path(INDEX), "has more than 128 parts; save the network in one file");
    bytes_free(&text);
    put_text(&text, "{\"weight_map\":{\"a\":\"p0\",\"a\":\"p0\"}}");
    test_write(test_path(INDEX), text.data, text.count);
    check_refused(test_path(INDEX), "is damaged JSON");
    bytes_free(&text);
}
END_TEST

/* PyTorch's files may be parts too, also such as hold more than the index wants of them. */
START_TEST(parts_may_be_pytorch_files) {
    bytes object = pickle_state("", 0), file = file_torch(&network, &object);
    test_write(test_path("pytorch_model.bin"), file.data, file.count);
    write_part(PART_2, 1);
    check_read(write_index("\"pytorch_model.bin\"", "\"pytorch_model.bin\"", "\"" PART_2 "\""));
    bytes_free(&object);
    bytes_free(&file);
}
END_TEST

/* ---- both ---------------------------------------------------------------------------------------------------- */

/* A digest of all bytes of all files, which changes with each of them. */
START_TEST(digests_cover_all_files) {
    static const char *const names[] = {"net.onnx", "weights.data", INDEX, PART_1, PART_2};
    const int first[2] = {0, 2}, count[2] = {2, 3};
    as_they_are();
    write_onnx("weights.data");
    write_part(PART_1, 0);
    write_part(PART_2, 1);
    write_index("\"" PART_1 "\"", "\"" PART_1 "\"", "\"" PART_2 "\"");
    for (int kind = 0; kind < 2; kind++) {
        pst_digest digest;
        pst_weights *model;
        const char *path = test_path(names[first[kind]]), *hex;
        char expected[65], found[65];
        pst_digest_begin(&digest, PST_DIGEST_SHA256);
        for (int i = 0; i < count[kind]; i++) {
            uint8_t *data;
            size_t size;
            ck_ok(error, pst_file_load(&error, test_path(names[first[kind] + i]), 1 << 20, &data, &size));
            pst_digest_add(&digest, data, size);
            pst_free(data);
        }
        pst_digest_end(&digest, expected);
        ck_ok(error, pst_weights_read(&error, path, PST_CONVENTION_CAFFE, &model));
        ck_ok(error, pst_weights_file_digest(&error, model, &hex));
        ck_assert_str_eq(hex, expected);
        pst_weights_destroy(model);
        ck_ok(error, pst_weights_path_digest(&error, path, found));
        ck_assert_str_eq(found, expected);
    }
    char one[65], file[65]; /* and that of a network in one file is the file's */
    bytes onnx = file_onnx(&network);
    test_write(test_path("one.onnx"), onnx.data, onnx.count);
    ck_ok(error, pst_weights_path_digest(&error, test_path("one.onnx"), one));
    ck_ok(error, pst_file_digest(&error, test_path("one.onnx"), file));
    ck_assert_str_eq(one, file);
    bytes_free(&onnx);
}
END_TEST

START_TEST(every_allocation_may_fail) {
    as_they_are();
    const char *paths[2] = {write_onnx("weights.data")};
    write_part(PART_1, 0);
    write_part(PART_2, 1);
    paths[1] = write_index("\"" PART_1 "\"", "\"" PART_1 "\"", "\"" PART_2 "\"");
    for (int kind = 0; kind < 2; kind++)
        for (int persistent = 0; persistent < 2; persistent++)
            for (unsigned n = 1;; n++) {
                pst_weights *model = (pst_weights *)&error;
                pst_memory_fail_at(n, persistent);
                pst_status status = pst_weights_read(&error, paths[kind], PST_CONVENTION_CAFFE, &model);
                pst_memory_fail_at(0, false);
                if (status == PST_OK) {
                    pst_weights_destroy(model);
                    ck_assert_uint_gt(n, 15);
                    break;
                }
                ck_assert_msg(status == PST_ERROR_MEMORY, "allocation %u: %s", n, error.text);
                ck_assert_ptr_null(model);
            }
}
END_TEST

int main(void) {
    small_make(&network);
    Suite *suite = suite_create("parts");
    TCase *cases = tcase_create("parts");
    suite_add_tcase(suite, cases);
    tcase_set_timeout(cases, 120);
    tcase_add_test(cases, external_data_is_read);
    tcase_add_test(cases, external_data_is_bounded);
    tcase_add_test(cases, companions_are_regular_files);
    tcase_add_test(cases, external_data_that_is_too_short_is_refused);
    tcase_add_test(cases, halves_in_lists_are_read);
    tcase_add_test(cases, an_index_reads_its_parts);
    tcase_add_test(cases, a_bad_index_is_refused);
    tcase_add_test(cases, parts_may_be_pytorch_files);
    tcase_add_test(cases, digests_cover_all_files);
    tcase_add_test(cases, every_allocation_may_fail);
    return test_run(suite);
}
