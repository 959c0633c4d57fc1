/* Every allocation fails once, and with all after it: a clean status, nothing in the outputs, no file, no leak (which
 * the build with a leak checker sees). */
/* promise: faults */
#include <math.h>
#include <stdio.h>

#include "base/file.h"
#include "base/memory.h"
#include "image/image.h"
#include "model/weights_read.h"
#include "support.h"

static pst_error error;
static pst_image *source;

static pst_status read_image(const char *path, void **made) {
    pst_image *image;
    pst_status status = pst_img_read(&error, path, &image);
    *made = image;
    pst_image_destroy(image);
    return status;
}

static pst_status write_image(const char *path, void **made) {
    pst_status status = pst_img_write(&error, source, path, NULL);
    FILE *file = fopen(path, "rb");
    *made = file;
    if (file) {
        fclose(file);
        remove(path);
    }
    return status;
}

static pst_status resize_image(const char *path, void **made) {
    pst_image *image;
    pst_status status = pst_img_resize(&error, source, 7, 9, &image);
    (void)path;
    *made = image;
    pst_image_destroy(image);
    return status;
}

static pst_status read_model(const char *path, void **made) {
    pst_weights *model;
    pst_status status = pst_weights_read(&error, path, PST_CONVENTION_AUTO, &model);
    *made = model;
    pst_weights_destroy(model);
    return status;
}

static const struct {
    const char *name;
    pst_status (*work)(const char *path, void **made);
    unsigned least; /* allocations that it makes */
} faults[] = {
    {"in.png", read_image, 8},    {"in.jpg", read_image, 8},   {"in.tga", read_image, 5}, {"in.ppm", read_image, 4},
    {"out.png", write_image, 10}, {"out.jpg", write_image, 4}, {"", resize_image, 6},     {"net", read_model, 10},
};

START_TEST(every_allocation_may_fail) {
    const char *path = test_path(faults[_i].name);
    ck_ok(error, pst_img_create(&error, 20, 12, NULL, &source));
    for (int i = 0; i < 20 * 12 * 3; i++)
        source->rgb[i] = (float)(i * 37 % 256);
    ck_ok(error, pst_img_write(&error, source, test_path("in.png"), NULL));
    ck_ok(error, pst_img_write(&error, source, test_path("in.jpg"), NULL));
    ck_ok(error, pst_img_write(&error, source, test_path("in.tga"), NULL));
    test_write(test_path("in.ppm"), "P2 1 1 9 5", 10);
    test_write_network(test_path("net"), (const int[]){2, 3, 0, 0, 0}, (const int[]){1, 1, 0, 0, 0}, 1);

    for (int persistent = 0; persistent < 2; persistent++) {
        unsigned n = 1;
        for (;; n++) {
            void *made;
            pst_memory_fail_at(n, persistent);
            pst_status status = faults[_i].work(path, &made);
            pst_memory_fail_at(0, false);
            if (status == PST_OK) {
                ck_assert_ptr_nonnull(made);
                break;
            }
            ck_assert_msg(status == PST_ERROR_MEMORY, "%s: allocation %u: %s", faults[_i].name, n, error.text);
            ck_assert_ptr_null(made);
            ck_assert_uint_lt(n, 100000);
        }
        ck_assert_uint_gt(n, faults[_i].least);
    }
    pst_image_destroy(source);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("faults");
    TCase *cases = tcase_create("faults");
    suite_add_tcase(suite, cases);
    tcase_add_loop_test(cases, every_allocation_may_fail, 0, sizeof faults / sizeof faults[0]);
    return test_run(suite);
}
