/* Tiles that are watched: stopped in the middle of an evaluation, a run gives what the evaluations before it gave; and
 * a watcher that never stops sees all tiles and changes nothing. */
#include <string.h>

#include "job_fixture.h"

enum { SIZE = 150, ITERATIONS = 4 };

typedef struct watcher {
    int stop_iteration, stop_tiles; /* of tiles; 0: never */
    int stop_after;                 /* an evaluation; 0: never */
    int calls, most, count, iteration;
} watcher;

static bool look(void *user, const pst_progress *progress) {
    const watcher *w = user;
    return progress->iteration == w->stop_after;
}

static bool look_at_tiles(void *user, const pst_tile_progress *progress) {
    watcher *w = user;
    ck_assert_int_gt(progress->tiles, progress->iteration == w->iteration ? w->most : 0);
    ck_assert_int_le(progress->tiles, progress->tile_count);
    w->calls++;
    w->most = progress->tiles;
    w->count = progress->tile_count;
    w->iteration = progress->iteration;
    return progress->iteration == w->stop_iteration && progress->tiles >= w->stop_tiles;
}

static pst_image *run(watcher *w, int scales, pst_status expected) {
    pst_transfer_options options = job_options(PST_OPTIMIZER_LBFGS, SIZE, ITERATIONS);
    options.tile_width = options.tile_height = 64;
    options.scales = scales;
    pst_job *job = job_make(&options);
    pst_image *image = NULL;
    pst_job_watch_tiles(job, look_at_tiles, w);
    ck_assert_int_eq(pst_job_run(job, look, w), expected);
    if (expected == PST_OK || w->iteration > 1)
        ck_ok(context->error, pst_job_result(job, &image));
    else
        ck_assert_int_eq(pst_job_result(job, &image), PST_ERROR_ARGUMENT);
    pst_job_destroy(job);
    return image;
}

static void check_same(pst_image *a, pst_image *b) {
    ck_assert(a && b && a->width == b->width && a->height == b->height);
    ck_assert(!memcmp(a->rgb, b->rgb, sizeof *a->rgb * 3 * (size_t)a->width * (size_t)a->height));
    pst_image_destroy(a);
    pst_image_destroy(b);
}

START_TEST(a_stop_between_tiles_loses_nothing) {
    watcher by_evaluation = {.stop_after = 2}, by_tile = {.stop_iteration = 3, .stop_tiles = 3};
    pst_image *before = run(&by_evaluation, 1, PST_STOPPED);
    check_same(before, run(&by_tile, 1, PST_STOPPED));
    ck_assert(by_tile.iteration == 3 && by_tile.most == 3);
}
END_TEST

START_TEST(a_stop_in_the_first_evaluation_has_no_result) {
    watcher w = {.stop_iteration = 1, .stop_tiles = 1};
    ck_assert_ptr_null(run(&w, 1, PST_STOPPED));
}
END_TEST

START_TEST(all_tiles_are_seen) {
    watcher w = {0};
    pst_image *watched = run(&w, 1, PST_OK);
    ck_assert(w.most == w.count && w.iteration == ITERATIONS);
    pst_transfer_options options = job_options(PST_OPTIMIZER_LBFGS, SIZE, ITERATIONS);
    options.tile_width = options.tile_height = 64;
    options.scales = 1;
    pst_job *job = job_make(&options);
    pst_image *alone;
    ck_ok(context->error, pst_job_run(job, NULL, NULL));
    ck_ok(context->error, pst_job_result(job, &alone));
    pst_job_destroy(job);
    check_same(watched, alone);
}
END_TEST

/* At the second size a stop has to wait until there is something to give. */
START_TEST(a_later_size_is_evaluated_once) {
    watcher w = {.stop_iteration = 1 + ITERATIONS / 2};
    pst_transfer_options options = job_options(PST_OPTIMIZER_LBFGS, SIZE, ITERATIONS);
    options.tile_width = options.tile_height = 64;
    options.scales = 2;
    pst_job *job = job_make(&options);
    const int first = job->scales[0].iterations;
    pst_image *image;
    w.stop_iteration = first + 1;
    pst_job_watch_tiles(job, look_at_tiles, &w);
    ck_assert_int_eq(pst_job_run(job, look, &w), PST_OK);
    ck_assert_int_ge(w.iteration, first + 1);
    ck_ok(context->error, pst_job_result(job, &image));
    pst_image_destroy(image);
    pst_job_destroy(job);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("watched tiles");
    TCase *test = tcase_create("watched tiles");
    tcase_add_unchecked_fixture(test, job_open, job_close);
    tcase_set_timeout(test, 120);
    tcase_add_test(test, a_stop_between_tiles_loses_nothing);
    tcase_add_test(test, a_stop_in_the_first_evaluation_has_no_result);
    tcase_add_test(test, all_tiles_are_seen);
    tcase_add_test(test, a_later_size_is_evaluated_once);
    suite_add_tcase(suite, test);
    return test_run(suite);
}
