/* Several devices on the command line: the same image as with one, told in every place; what cannot be done with them
 * is refused. PoCL shows two devices of one kind. */
/* promise: repeat */
#define _POSIX_C_SOURCE 200809L /* setenv */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "cli_fixture.h"

#define TILES "content.ppm style.ppm --image-size 150 --model net.safetensors --no-tune --iterations 3 --tile 64 "

static void need_two_devices(void) {
    prepare();
    setenv("POCL_DEVICES", "basic basic", 1);
    if (run("devices --device 0,1") != 0)
        exit(TEST_SKIPPED);
}

START_TEST(devices_are_marked) {
    ck_run("devices --device 0,1");
    ck_assert_ptr_nonnull(strstr(printed, "* 0  "));
    ck_assert_ptr_nonnull(strstr(printed, "* 1  "));
    ck_assert_ptr_nonnull(strstr(printed, "* marks the devices that are used for 0,1."));
    ck_run("devices --device 1");
    ck_assert_ptr_nonnull(strstr(printed, "  0  "));
    ck_assert_ptr_nonnull(strstr(printed, "* marks the device that is used for 1."));
}
END_TEST

/* A run is repeated by one device with the same bytes, record and all, and without a word about the device. */
START_TEST(the_image_is_that_of_one_device) {
    ck_run(TILES "--no-metadata --device 1 -o one.png");
    ck_run(TILES "--no-metadata --device all -o two.png");
    ck_same_bytes("one.png", "two.png", true);
    ck_assert_ptr_nonnull(strstr(said, "pastiche: 2 x "));
    ck_run(TILES "--device 0,1 --log several.log -o told.png");
    ck_run("again told.png -o again.png --device 0");
    ck_assert_ptr_null(strstr(said, "may differ"));
    ck_same_bytes("told.png", "again.png", true);

    static char text[1 << 16];
    json_t *line = json_loads(strtok(read_whole(test_path("several.log"), text, sizeof text), "\n"), 0, NULL);
    ck_assert_uint_eq(json_array_size(json_object_get(line, "devices")), 2);
    json_decref(line);
}
END_TEST

/* A large image is shared without being told, and one device repeats it with the tile that the record has; a small one
 * is not worth it, which is said. */
START_TEST(large_images_are_shared) {
    ck_run(
        "content.ppm style.ppm --image-size 352 --model net.safetensors --no-tune --iterations 2 --scales 1 --device "
        "0,1 -o large.png");
    ck_assert_ptr_nonnull(strstr(said, "in tiles of "));
    ck_run("again large.png -o again.png --device 1");
    ck_same_bytes("large.png", "again.png", true);
    ck_run(TINY "--no-tune --iterations 2 --device 0,1 -o small.png");
    ck_assert_ptr_nonnull(strstr(said, "by the first device alone"));
}
END_TEST

START_TEST(the_plan_names_all) {
    ck_run(TILES "--device 0,1 --plan");
    ck_assert_ptr_nonnull(strstr(printed, "150x112 pixels on 2 x "));
}
END_TEST

START_TEST(what_cannot_be_done_is_refused) {
    ck_refused(TILES "--device 0,0 -o x.png", 2, "device 0", "twice");
    ck_refused(TILES "--device 0,9 -o x.png", 1, "no OpenCL device 9", "pastiche devices");
    ck_refused(TILES "--device 0, -o x.png", 2, "list of devices", "commas");
    ck_refused("bench --device 0,1", 2, "one device", "2 are named");
}
END_TEST

int main(void) {
    Suite *suite = suite_create("several devices");
    TCase *all = tcase_create("all");
    tcase_add_unchecked_fixture(all, need_two_devices, NULL);
    tcase_set_timeout(all, 0);
    tcase_add_test(all, devices_are_marked);
    tcase_add_test(all, the_image_is_that_of_one_device);
    tcase_add_test(all, large_images_are_shared);
    tcase_add_test(all, the_plan_names_all);
    tcase_add_test(all, what_cannot_be_done_is_refused);
    suite_add_tcase(suite, all);
    return test_run(suite);
}
