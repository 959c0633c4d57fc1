/* Network files that are cut, changed and spoiled, for every format: each ends in a network, or in one line that begins
 * with the file's name. */
/* promise: damage networks */
#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "model/weights_read.h"
#include "sound_networks.h"
#include "support.h"

static pst_error error;

/* Reads what may be anything; within 1 GiB more than there is now, and without a word that is not in the error. */
static void read_any(const char *path, const bytes *file, const char *what, size_t where) {
    pst_weights *model = (pst_weights *)&error;
    error.text[0] = 0;
    test_write(path, file->data, file->count);
    pst_status status = pst_weights_read(&error, path, PST_CONVENTION_AUTO, &model);
    if (status == PST_OK) {
        ck_assert_ptr_nonnull(model);
        for (size_t i = 0; i < model->convolution_count; i++)
            ck_assert(isfinite(model->convolutions[i].weight[0]));
    } else {
        ck_assert_msg(strncmp(error.text, path, strlen(path)) == 0, "%s %zu: %s", what, where, error.text);
        ck_assert_ptr_null(model);
    }
    pst_weights_destroy(model);
}

/* A Caffe file that ends just behind a layer is a whole one of a smaller network, which only those who want more can
 * refuse. */
START_TEST(files_cut_at_any_byte_are_refused_or_the_same) {
    bytes whole = sound[_i].make(), cut = whole;
    const char *path = test_path("cut");
    size_t step = whole.count > 2048 && sound_is_hdf5(_i) ? 97 : 1;
    for (size_t i = 0; i < whole.count; i += step) {
        pst_weights *model;
        cut.count = i;
        test_write(path, cut.data, cut.count);
        if (pst_weights_read(&error, path, sound[_i].asked, &model) == PST_OK)
            ck_assert_msg(_i < 2 ? sound_is_part(model) : sound_is_whole(model), "%s: other numbers when cut at %zu",
                          sound[_i].name, i);
        else
            ck_assert_msg(strncmp(error.text, path, strlen(path)) == 0, "%s", error.text);
        pst_weights_destroy(model);
    }
    bytes_free(&whole);
}
END_TEST

START_TEST(files_with_any_byte_changed_do_no_harm) {
    static const uint8_t masks[] = {0x01, 0x80, 0xff};
    bytes whole = sound[_i].make();
    const char *path = test_path("changed");
    size_t step = whole.count > 2048 ? 7 : 1;
    if (sound_is_hdf5(_i))
        step = 173;
    for (size_t i = 0; i < whole.count; i += step)
        for (size_t k = 0; k < sizeof masks; k++) {
            whole.data[i] ^= masks[k];
            read_any(path, &whole, sound[_i].name, i);
            whole.data[i] ^= masks[k];
        }
    bytes_free(&whole);
}
END_TEST

START_TEST(files_with_pieces_spoiled_do_no_harm) {
    bytes whole = sound[_i].make(), spoiled = {0};
    const char *path = test_path("spoiled");
    uint64_t seed = (uint64_t)_i;
    int rounds = sound_is_hdf5(_i) ? 60 : 3000;
    put(&spoiled, whole.data, whole.count);
    for (int round = 0; round < rounds; round++) {
        memcpy(spoiled.data, whole.data, whole.count);
        for (int piece = 0; piece < 1 + round % 4; piece++) {
            size_t at = (size_t)((test_random(&seed) + 1) / 2 * (float)(whole.count - 8)), width = (size_t)(round % 9);
            for (size_t i = 0; i < width; i++)
                spoiled.data[at + i] = round % 3 == 0 ? 0xff : round % 3 == 1 ? 0 : (uint8_t)(test_random(&seed) * 127);
        }
        read_any(path, &spoiled, sound[_i].name, (size_t)round);
    }
    bytes_free(&whole);
    bytes_free(&spoiled);
}
END_TEST

START_TEST(shapes_that_lie_take_no_memory) {
    pst_weights *model;
    const char *path = test_path("huge.caffemodel");
    bytes file = {0}, layer = {0}, blob = {0}, shape = {0};
    for (int d = 0; d < 4; d++)
        put_field(&shape, 1, d == 0 ? (uint64_t)1 << 62 : 1 << 20);
    put_block(&blob, 7, shape.data, shape.count);
    put_block(&blob, 5, "\0\0\0\0", 4);
    put_string(&layer, 1, "conv1_1");
    put_string(&layer, 2, "Convolution");
    put_block(&layer, 7, blob.data, blob.count);
    put_string(&file, 1, "VGG");
    put_block(&file, 100, layer.data, layer.count);
    test_write(path, file.data, file.count);
    ck_assert_int_eq(pst_weights_read(&error, path, PST_CONVENTION_AUTO, &model), PST_ERROR_FORMAT);
    ck_assert_msg(strstr(error.text, "impossible shape"), "%s", error.text);
    bytes_free(&file);
    bytes_free(&layer);
    bytes_free(&blob);
    bytes_free(&shape);
}
END_TEST

/* The list of the formats' readers with every allocation failing once, and with all after it. */
START_TEST(every_allocation_may_fail) {
    bytes file = sound[_i].make();
    const char *path = test_path("faults");
    test_write(path, file.data, file.count);
    for (int persistent = 0; persistent < 2; persistent++)
        for (unsigned n = 1;; n++) {
            pst_weights *model = (pst_weights *)&error;
            pst_memory_fail_at(n, persistent);
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
    bytes_free(&file);
}
END_TEST
int main(void) {
    sound_begin();
    Suite *suite = suite_create("damaged networks");
    TCase *cases = tcase_create("damaged networks"); /* minutes */
    suite_add_tcase(suite, cases);
    tcase_set_timeout(cases, 600);
    tcase_add_loop_test(cases, files_cut_at_any_byte_are_refused_or_the_same, 0, sound_count);
    tcase_add_loop_test(cases, files_with_any_byte_changed_do_no_harm, 0, sound_count);
    tcase_add_loop_test(cases, files_with_pieces_spoiled_do_no_harm, 0, sound_count);
    tcase_add_test(cases, shapes_that_lie_take_no_memory);
    tcase_add_loop_test(cases, every_allocation_may_fail, 0, sound_count);
    return test_run(suite);
}
