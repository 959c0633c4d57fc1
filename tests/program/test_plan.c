/* --plan: what a run would need, and what it would be refused for. */
#define _POSIX_C_SOURCE 200809L

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "cli_fixture.h"

START_TEST(test_plan_adds_up_and_writes_nothing) {
    unsigned files = files_hash();
    ck_run(TINY "--plan");
    ck_assert_str_eq(said, "");
    ck_assert_ptr_nonnull(strstr(printed, "64x48 pixels"));
    unsigned long long sum = 0, all = 0;
    for (char *line = strtok(printed, "\n"); line; line = strtok(NULL, "\n")) {
        unsigned long long bytes;
        if (strncmp(line, "  ", 2) == 0 && strlen(line) > 46 && sscanf(line + 46, "%llu", &bytes) == 1) {
            all = bytes;
            sum += bytes;
        }
    }
    ck_assert_uint_gt(all, 0);
    ck_assert_uint_eq(sum, 2 * all); /* the last line is the sum of the others */
    ck_assert_uint_eq(files_hash(), files);
}
END_TEST

START_TEST(test_too_large_is_told_before_it_starts) {
    const char *huge = "--image-size 2048 --lbfgs-num-correction 4096 --iterations 100000 ";
    char command[512];
    snprintf(command, sizeof command, TINY "%s -o huge.png", huge);
    ck_refused(command, 1, "content.ppm", "spill");
    snprintf(command, sizeof command, TINY "%s --plan", huge);
    ck_assert_int_eq(run(command), 1);
    ck_assert_ptr_nonnull(strstr(printed, "does not fit"));
}
END_TEST

START_TEST(test_tiles_are_told) {
    ck_run(TINY "--plan --tile 1 --image-size 130");
    ck_assert_ptr_nonnull(strstr(printed, "in tiles of 64x64 pixels (1x1 rounded up):\n"
                                          "  relu1_1 to relu2_2: 2x2 tiles of 64x64 pixels, with 14 around each"));
    ck_assert_ptr_nonnull(strstr(printed, "In memory, besides the images:\n  maps between segments"));
    ck_assert_ptr_nonnull(strstr(printed, "It fits in tiles"));
    ck_run(TINY "--plan --tile 96x64 --image-size 260");
    ck_assert_ptr_nonnull(strstr(printed, "in tiles of 128x64 pixels (96x64 rounded up):\n"));
    ck_run(TINY "--plan --tile 128x64 --image-size 260");
    ck_assert_ptr_nonnull(strstr(printed, "in tiles of 128x64 pixels:\n"));
    ck_refused(TINY "--plan --tile 0x64", 2, "--tile", "1024x512");
    ck_refused(TINY "--plan --tile 0x0", 2, "--tile \"0x0\"", "and 0 only alone");
    ck_run(TINY "--plan --tile 64 --image-size 130 --spill .");
    ck_assert_ptr_nonnull(strstr(printed, "In files:\n  maps between segments"));
    ck_refused(TINY "--plan --tile 64 --image-size 130 --spill nowhere", 1, "nowhere", "");
    ck_run(TINY "--tile 64 --image-size 130 --iterations 3 -o tiles.png");
    ck_assert_ptr_nonnull(strstr(said, "in tiles of 64x64 pixels, with "));
    cli_forget("tiles.png");
}
END_TEST

START_TEST(test_ranks_are_planned_for) {
    ck_run(TINY "--plan --tile 64 --image-size 300 --ranks 1");
    ck_assert_ptr_null(strstr(printed, "ranks"));
    ck_run(TINY "--plan --tile 64 --image-size 300 --ranks 4");
    ck_assert_ptr_nonnull(strstr(printed, "the busiest of 4 ranks does "));
    ck_assert_ptr_nonnull(strstr(printed, "exchanges up to "));
    ck_assert_ptr_null(strstr(printed, "All iterations")); /* nothing was tried */
    ck_run(TINY "--plan --image-size 600 --ranks 4");      /* would fit whole, and is shared */
    ck_assert_ptr_nonnull(strstr(printed, "the busiest of 4 ranks does "));
    ck_refused(TINY "-o out.png --ranks 4", 2, "--ranks", "--plan");
}
END_TEST

/* A plan is for a run: what that is refused for is told with --plan too, and nothing is made. */
START_TEST(test_a_plan_is_refused_as_its_run) {
    ck_refused(TINY "--plan -o nowhere/out.png", 1, "nowhere", "");
    ck_refused(TINY "--plan -o out.xyz", 2, "out.xyz", "");
    ck_refused(TINY "--plan --log nowhere/log", 1, "nowhere/log", "folder");
    ck_refused(TINY "--plan --resume style.ppm", 1, "style.ppm", "not a checkpoint");
    ck_refused(TINY "--plan --checkpoint style.ppm/run.state", 1, "style.ppm/run.state: ", "");
    ck_run(TINY "--plan --checkpoint nowhere/below/run.state");
    cli_folder("results");
    ck_refused(TINY "--plan --checkpoint results", 1, "results: ", "folder");
    cli_folder("results/content__style.png");
    ck_refused("batch content.ppm --styles style.ppm -o results --plan --image-size 64 --model net.safetensors", 1,
               "results/content__style.png", "");
    ck_run("batch content.ppm --styles style.ppm -o new --plan --image-size 64 --model net.safetensors");
    ck_assert(!cli_exists("new"));
    cli_forget_folder("results");
}
END_TEST

int main(void) {
    Suite *suite = suite_create("plan");
    TCase *all = tcase_create("all");
    tcase_set_timeout(all, 200);
    tcase_add_unchecked_fixture(all, prepare, NULL);
    tcase_add_test(all, test_plan_adds_up_and_writes_nothing);
    tcase_add_test(all, test_too_large_is_told_before_it_starts);
    tcase_add_test(all, test_tiles_are_told);
    tcase_add_test(all, test_ranks_are_planned_for);
    tcase_add_test(all, test_a_plan_is_refused_as_its_run);
    suite_add_tcase(suite, all);
    return test_run(suite);
}
