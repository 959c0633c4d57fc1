/* A device that says it has more memory than it gives: before the first evaluation at a size a job is planned anew,
 * with smaller tiles or fewer maps kept, as often as that helps, and says so. */
/* promise: tiles */
#include <stdio.h>
#include <string.h>

#include "faults.h"
#include "job_fixture.h"

#define SIDE 600

typedef struct heard {
    char notice[256];
    int evaluations;
    size_t later; /* the largest buffer that there is after the first evaluation; 0: as before */
} heard;

static bool listen(void *user, const pst_progress *now) {
    heard *h = user;
    h->evaluations++;
    if (now->notice)
        snprintf(h->notice, sizeof h->notice, "%s", now->notice);
    if (h->later)
        faults_largest_buffer(h->later);
    return false;
}

static pst_transfer_options options_of(void) {
    pst_transfer_options options = job_options(PST_OPTIMIZER_ADAM, SIDE, 2);
    options.scales = 1;
    return options;
}

static pst_status run(pst_job *job, size_t largest, heard *h) {
    *h = (heard){0};
    faults_largest_buffer(largest);
    pst_status status = pst_job_run(job, listen, h);
    faults_largest_buffer(SIZE_MAX);
    return status;
}

START_TEST(smaller_tiles_are_used) {
    const pst_transfer_options options = options_of();
    pst_job *job = job_make(&options);
    pst_plan plan = *pst_job_plan(job);
    const uint64_t whole = plan.largest_bytes;
    heard h;
    ck_assert_int_eq(plan.tile_width, 0);
    ck_assert_msg(run(job, (size_t)whole / 3, &h) == PST_OK, "%s", pst_context_message(context));
    plan = *pst_job_plan(job);
    ck_assert(plan.tile_width > 0 && plan.fits && plan.largest_bytes <= whole / 3);
    ck_assert_int_eq(h.evaluations, 2);
    char expected[64];
    snprintf(expected, sizeof expected, "tiles of %dx%d pixels are used", plan.tile_width, plan.tile_height);
    ck_assert_msg(strstr(h.notice, "less memory than it says") && strstr(h.notice, expected), "%s", h.notice);
    ck_assert_msg(strstr(job->options_text, "tile_width=0") == NULL, "%s", job->options_text);
    pst_job_destroy(job);
    ck_assert_uint_eq(context->session->buffer_count, 0);
}
END_TEST

/* What is carried to the finer size is not lost, Adam's moments with it. */
START_TEST(a_finer_size_goes_on_in_tiles) {
    pst_transfer_options options = options_of();
    options.scales = 2;
    options.min_size = 300;
    pst_job *job = job_make(&options);
    const uint64_t whole = pst_job_plan(job)->largest_bytes;
    heard h = {.later = (size_t)whole / 3};
    ck_assert_int_eq(pst_job_plan(job)->tile_width, 0);
    pst_status status = pst_job_run(job, listen, &h);
    faults_largest_buffer(SIZE_MAX);
    ck_assert_msg(status == PST_OK, "%s", pst_context_message(context));
    ck_assert(pst_job_plan(job)->tile_width > 0);
    ck_assert_int_eq(h.evaluations, 2);
    ck_assert_msg(strstr(h.notice, "less memory than it says"), "%s", h.notice);
    pst_job_destroy(job);
    ck_assert_uint_eq(context->session->buffer_count, 0);
}
END_TEST

/* Not even the smallest tile can be had. */
START_TEST(what_no_tile_helps_is_told) {
    const pst_transfer_options options = options_of();
    pst_job *job = job_make(&options);
    heard h;
    ck_assert_int_eq(run(job, 1 << 10, &h), PST_ERROR_DEVICE_MEMORY);
    ck_assert_msg(strstr(pst_context_message(context), "out of memory") != NULL, "%s", pst_context_message(context));
    ck_assert_int_eq(h.evaluations, 0);
    pst_job_destroy(job);
    ck_assert_uint_eq(context->session->buffer_count, 0);
}
END_TEST

/* A tile that was asked for stays, but its maps are not kept. */
START_TEST(a_tile_that_was_asked_for_stays) {
    pst_transfer_options options = options_of();
    options.tile_width = 128;
    options.tile_height = 64;
    pst_job *job = job_make(&options);
    const uint64_t before = pst_job_plan(job)->device_bytes;
    heard h;
    ck_assert_int_eq(run(job, (size_t)pst_job_plan(job)->largest_bytes - 1, &h), PST_ERROR_DEVICE_MEMORY);
    ck_assert_int_lt(pst_job_plan(job)->device_bytes, before);
    ck_assert(pst_job_plan(job)->tile_width == 128 && pst_job_plan(job)->tile_height == 64);
    pst_job_destroy(job);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("faulty memory");
    TCase *tests = tcase_create("memory");
    tcase_add_unchecked_fixture(tests, job_open, job_close);
    tcase_set_timeout(tests, 300);
    tcase_add_test(tests, smaller_tiles_are_used);
    tcase_add_test(tests, a_finer_size_goes_on_in_tiles);
    tcase_add_test(tests, what_no_tile_helps_is_told);
    tcase_add_test(tests, a_tile_that_was_asked_for_stays);
    suite_add_tcase(suite, tests);
    return test_run(suite);
}
