/* A device that says it has more memory than it gives: before the first evaluation at a size a job is planned anew,
 * with smaller tiles or fewer maps kept, as often as that helps, and says so. */
/* promise: tiles */
#define _POSIX_C_SOURCE 200809L /* setenv */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "faults.h"
#include "job_fixture.h"
#include "transfer/stage.h"

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

/* ---- what a device gives in all ---- */

static const double shares[] = {0, 0.05, 0.5}; /* of the way from the smallest plan to the first one */

static pst_job *bounded(const pst_transfer_options *options, size_t memory_bytes) {
    pst_transfer_options o = *options;
    o.memory_bytes = memory_bytes;
    return job_make(&o);
}

static pst_image *paint(pst_job *job, size_t bytes, heard *h) {
    pst_image *image;
    *h = (heard){0};
    faults_device_bytes(bytes);
    pst_status status = pst_job_run(job, listen, h);
    ck_assert_msg(status == PST_OK, "%zu bytes: %s", bytes, pst_context_message(context));
    ck_assert_int_eq(pst_job_result(job, &image), PST_OK);
    faults_device_bytes(SIZE_MAX);
    return image;
}

/* Whatever the device gives, if only the smallest plan fits: a plan that does is found, and its result is that of the
 * bound to the memory that the search ended with. */
static void search(const pst_transfer_options *options) {
    pst_job *job = bounded(options, 1);
    const uint64_t least = pst_job_plan(job)->device_bytes;
    ck_assert(!pst_job_plan(job)->fits);
    pst_job_destroy(job);
    for (size_t i = 0; i < sizeof shares / sizeof *shares; i++) {
        heard h;
        job = job_make(options);
        const uint64_t first = pst_job_plan(job)->device_bytes;
        const size_t bytes = (size_t)(least + (uint64_t)(shares[i] * (double)(first - least)));
        ck_assert_uint_lt(bytes, first);
        pst_image *found = paint(job, bytes, &h);
        const pst_plan plan = *pst_job_plan(job);
        ck_assert_msg(strstr(h.notice, "less memory than it says") != NULL, "%s", h.notice);
        ck_assert_msg(plan.fits && plan.device_bytes <= bytes, "%ju bytes, not %zu", (uintmax_t)plan.device_bytes,
                      bytes);
        ck_assert_msg(plan.device_bytes > bytes / 2, "only %ju bytes of %zu", (uintmax_t)plan.device_bytes, bytes);

        const size_t memory_bytes = (size_t)job->device_has;
        pst_job_destroy(job);
        pst_job *by_hand = bounded(options, memory_bytes);
        ck_assert_uint_eq(pst_job_plan(by_hand)->device_bytes, plan.device_bytes);
        ck_assert(pst_job_plan(by_hand)->tile_width == plan.tile_width &&
                  pst_job_plan(by_hand)->tile_height == plan.tile_height);
        pst_image *image = paint(by_hand, bytes, &h);
        ck_assert_str_eq(h.notice, "");
        if (options->scales == 1) /* coarser ones may have been whole when the search began */
            ck_assert_mem_eq(image->rgb, found->rgb, 3 * sizeof(float) * (size_t)image->width * (size_t)image->height);
        pst_image_destroy(image);
        pst_image_destroy(found);
        pst_job_destroy(by_hand);
        for (size_t d = 0; d < context->device_count; d++)
            ck_assert_uint_eq(context->devices[d].session->buffer_count, 0);
    }
}

START_TEST(what_fits_is_found) {
    pst_transfer_options options = job_options(_i ? PST_OPTIMIZER_LBFGS : PST_OPTIMIZER_ADAM, 300, 4);
    options.scales = 1 + _i;
    search(&options);
}
END_TEST

/* Of a tile that was asked for fewer maps are kept, as many as there is room for. */
START_TEST(what_fits_is_found_in_tiles_that_stay) {
    pst_transfer_options options = job_options(PST_OPTIMIZER_ADAM, 300, 3);
    options.scales = 1;
    options.tile_width = options.tile_height = 64;
    search(&options);
}
END_TEST

/* Of three layers with 128 channels, which becomes the network. */
static pst_transfer_options options_of_wide(int size) {
    test_write_network(test_path("wide"), (const int[]){16, 128, 0, 0, 0}, (const int[]){1, 3, 0, 0, 0}, 4);
    ck_assert_int_eq(pst_network_load(context, test_path("wide"), PST_CONVENTION_AUTO, &network), PST_OK);
    pst_transfer_options options = job_options(PST_OPTIMIZER_ADAM, size, 2);
    options.content_layers = "relu2_2";
    options.style_layers = "relu1_1,relu2_1,relu2_3";
    options.scales = 1;
    return options;
}

/* Of a network whose weights take more than its maps: those of attempts must not stay. */
START_TEST(what_fits_is_found_beside_large_weights) {
    pst_network *usual = network;
    const pst_transfer_options options = options_of_wide(200);
    search(&options);
    pst_network_destroy(network);
    network = usual;
}
END_TEST

/* What no buffer may be as large as is not prepared: filters are transformed to fewer points, or not; and what is too
 * large even then is refused by the plan. */
START_TEST(weights_fit_into_a_buffer) {
    enum { FILTER = 128 * 128 * sizeof(float) };
    const pst_conv_algorithm *const algorithms[] = {&pst_conv_gpu_winograd_4x4[0], &pst_conv_gpu_winograd_2x2[0],
                                                    &pst_conv_gpu_direct[0], NULL};
    const size_t points[] = {36, 16, 9, 0};
    pst_context *first = context;
    pst_network *usual = network;
    setenv("PASTICHE_KERNELS_FORM", _i ? "gpu" : "cpu", 1);
    context = test_context();
    const pst_transfer_options options = options_of_wide(64);
    for (int i = _i ? 0 : 2; i < 4; i++) {
        const size_t piece = algorithms[i] ? points[i] * FILTER : 9 * FILTER - 1;
        heard h;
        context->session->device.info.max_allocation_bytes = piece;
        pst_job *job = job_make(&options);
        if (algorithms[i]) {
            for (size_t c = 0; c < job->named_count && _i; c++)
                ck_assert_msg(strcmp(job->named_choices[c].layer, "relu2_2") != 0 ||
                                  strcmp(job->named_choices[c].algorithm, algorithms[i]->name) == 0,
                              "%s", job->named_choices[c].algorithm);
            ck_assert_msg(run(job, piece, &h) == PST_OK, "%zu bytes: %s", piece, pst_context_message(context));
            ck_assert_str_eq(h.notice, "");
        } else {
            ck_assert_int_eq(run(job, piece, &h), PST_ERROR_DEVICE_MEMORY);
            ck_assert_msg(strstr(pst_context_message(context),
                                 "the network's weights need 0.6 MiB in one piece of the device") != NULL,
                          "%s", pst_context_message(context));
            ck_assert_uint_eq(context->session->buffer_count, 0);
        }
        pst_job_destroy(job);
    }
    pst_network_destroy(network);
    pst_context_destroy(context);
    unsetenv("PASTICHE_KERNELS_FORM");
    network = usual;
    context = first;
}
END_TEST

START_TEST(what_fits_is_found_on_two_devices) {
    pst_context_options options;
    pst_context *first = context;
    size_t count = 0;
    if (pst_devices(NULL, 0, &count, NULL) != PST_OK || count < 2)
        return;
    pst_context_options_init(&options, sizeof options);
    options.device = "0,1";
    options.choices_file = "";
    ck_assert_int_eq(pst_context_create(&options, &context), PST_OK);
    pst_transfer_options transfer = job_options(PST_OPTIMIZER_ADAM, 400, 2);
    transfer.scales = 1;
    search(&transfer);
    pst_context_destroy(context);
    context = first;
}
END_TEST

/* Weights for other algorithms would lie beside those of the next plan, which does not count them. */
START_TEST(weights_of_an_attempt_do_not_stay) {
    const pst_transfer_options options = options_of();
    pst_job *job = job_make(&options);
    ck_ok(context->error, pst_job_open_stage(job, 0, NULL));
    ck_assert_uint_gt(context->session->buffer_count, 0);
    ck_ok(context->error, pst_job_shrink(job, PST_ERROR_DEVICE_MEMORY));
    ck_assert_uint_eq(context->session->buffer_count, 0);
    ck_assert_uint_eq(context->session->buffer_bytes, 0);
    heard h;
    pst_image_destroy(paint(job, SIZE_MAX, &h));
    pst_job_destroy(job);
}
END_TEST

/* What the search ends with in vain is the last plan that was tried. */
START_TEST(a_search_in_vain_leaves_a_plan) {
    const pst_transfer_options options = options_of();
    pst_job *job = job_make(&options);
    double seconds;
    for (int i = 0; i < 2; i++) {
        faults_device_bytes(1 << 10);
        ck_assert_int_eq(pst_job_forecast(job, &seconds), PST_ERROR_DEVICE_MEMORY);
        ck_assert_msg(strstr(pst_context_message(context), "out of memory") != NULL, "%s",
                      pst_context_message(context));
        faults_device_bytes(SIZE_MAX);
        ck_assert(pst_job_plan(job)->fits);
    }
    heard h;
    pst_image_destroy(paint(job, SIZE_MAX, &h));
    pst_job_destroy(job);
}
END_TEST

int main(void) {
    setenv("POCL_DEVICES", "basic basic", 1); /* before the driver is asked for the first time */
    Suite *suite = suite_create("faulty memory");
    TCase *tests = tcase_create("memory");
    tcase_add_unchecked_fixture(tests, job_open, job_close);
    tcase_set_timeout(tests, 300);
    tcase_add_test(tests, smaller_tiles_are_used);
    tcase_add_test(tests, a_finer_size_goes_on_in_tiles);
    tcase_add_test(tests, what_no_tile_helps_is_told);
    tcase_add_test(tests, a_tile_that_was_asked_for_stays);
    tcase_add_loop_test(tests, what_fits_is_found, 0, 2);
    tcase_add_test(tests, what_fits_is_found_in_tiles_that_stay);
    tcase_add_test(tests, what_fits_is_found_beside_large_weights);
    tcase_add_loop_test(tests, weights_fit_into_a_buffer, 0, 2);
    tcase_add_test(tests, what_fits_is_found_on_two_devices);
    tcase_add_test(tests, weights_of_an_attempt_do_not_stay);
    tcase_add_test(tests, a_search_in_vain_leaves_a_plan);
    suite_add_tcase(suite, tests);
    return test_run(suite);
}
