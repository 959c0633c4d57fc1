/* Checkpoints: a run that is broken off and taken up again gives the bytes of one that was not; files that are not
 * right are refused and leave the job as it was. */
/* promise: resume */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/digest.h"
#include "base/file.h"
#include "base/memory.h"
#include "job_fixture.h"
#include "transfer/transfer_options.h"

#define ITERATIONS 30

static pst_transfer_options options_of(pst_optimizer_kind kind) {
    pst_transfer_options options = job_options(kind, WIDTH, ITERATIONS);
    options.min_improvement = 1e-9;
    options.improvement_window = 6;
    options.scales = 2;
    options.average = kind == PST_OPTIMIZER_ADAM ? 0.9 : 0;
    options.clamp = kind == PST_OPTIMIZER_ADAM;
    return options;
}

typedef struct watch {
    pst_job *job;
    int save_at, change_at; /* change_at: where the weights do; 0: nowhere */
    bool stop;
    double losses[ITERATIONS + 1];
    int last;
} watch;

static bool look(void *user, const pst_progress *now) {
    watch *w = user;
    w->losses[now->iteration] = now->loss;
    w->last = now->iteration;
    if (now->iteration == w->change_at)
        ck_assert_int_eq(pst_job_set_weights(w->job, 7000, 20, 0.5), PST_OK);
    if (now->iteration != w->save_at)
        return false;
    ck_assert_msg(pst_job_save(w->job, test_path("run.state")) == PST_OK, "%s", pst_context_message(context));
    return w->stop;
}

static const pst_optimizer_kind kinds[] = {PST_OPTIMIZER_LBFGS, PST_OPTIMIZER_LBFGS_PLAIN, PST_OPTIMIZER_ADAM,
                                           PST_OPTIMIZER_GRADIENT_DESCENT};
/* The same where the weights changed before it was kept, or at that very moment, or at a scale's end. */
START_TEST(changed_weights_are_gone_on_with) {
    static const int changes[] = {4, 9, 15};
    const pst_transfer_options options = options_of(kinds[_i]);
    for (int c = 0; c < 3; c++) {
        watch whole = {.job = job_make(&options), .change_at = changes[c]};
        ck_assert_int_eq(pst_job_run(whole.job, look, &whole), PST_OK);
        pst_job_destroy(whole.job);
        for (int at = changes[c]; at <= whole.last && at < changes[c] + 3; at++) {
            watch first = {.job = job_make(&options), .change_at = changes[c], .save_at = at, .stop = true};
            ck_assert_int_eq(pst_job_run(first.job, look, &first), PST_STOPPED);
            pst_job_destroy(first.job);
            watch second = {.job = job_make(&options)};
            ck_assert_msg(pst_job_resume(second.job, test_path("run.state")) == PST_OK, "%s",
                          pst_context_message(context));
            double content_weight, style_weight, tv_weight;
            pst_job_weights(second.job, &content_weight, &style_weight, &tv_weight);
            ck_assert(content_weight == 7000 && style_weight == 20 && tv_weight == 0.5);
            ck_assert_int_eq(pst_job_run(second.job, look, &second), PST_OK);
            ck_assert_int_eq(second.last, whole.last);
            for (int i = at + 1; i <= whole.last; i++)
                ck_assert_msg(second.losses[i] == whole.losses[i], "iteration %d after %d: %.17g, not %.17g", i, at,
                              second.losses[i], whole.losses[i]);
            pst_job_destroy(second.job);
        }
    }
}
END_TEST

/* A run in tiles goes on with the same bytes, and with its own tile where none is asked for, although it would fit
 * whole now; one with another tile is refused. */
START_TEST(tiles_are_gone_on_with) {
    pst_transfer_options options = options_of(kinds[_i]);
    options.image_size = 150;
    options.tile_width = options.tile_height = 64;
    watch whole = {.job = job_make(&options)};
    ck_assert_int_eq(pst_job_run(whole.job, look, &whole), PST_OK);
    pst_job_destroy(whole.job);
    watch first = {.job = job_make(&options), .save_at = ITERATIONS - 8, .stop = true};
    ck_assert_int_eq(pst_job_run(first.job, look, &first), PST_STOPPED);
    ck_assert_ptr_nonnull(first.job->stage.tiled);
    pst_job_destroy(first.job);
    options.tile_width = options.tile_height = 128;
    watch other = {.job = job_make(&options)};
    ck_assert_int_eq(pst_job_resume(other.job, test_path("run.state")), PST_ERROR_ARGUMENT);
    ck_assert_msg(strstr(pst_context_message(context), "in tiles of 64x64 pixels") != NULL, "%s",
                  pst_context_message(context));
    pst_job_destroy(other.job);
    options.tile_width = options.tile_height = 0;
    watch second = {.job = job_make(&options)};
    ck_assert_int_eq(pst_job_plan(second.job)->tile_width, 0);
    ck_assert_msg(pst_job_resume(second.job, test_path("run.state")) == PST_OK, "%s", pst_context_message(context));
    ck_assert_int_eq(pst_job_plan(second.job)->tile_width, 64);
    ck_assert_int_eq(pst_job_run(second.job, look, &second), PST_OK);
    ck_assert_int_eq(second.last, whole.last);
    for (int i = ITERATIONS - 7; i <= whole.last; i++)
        ck_assert(second.losses[i] == whole.losses[i]);
    pst_job_destroy(second.job);
}
END_TEST

/* Other matrix units change the last bits: that is told, and no reason to refuse. */
START_TEST(other_matrix_units_are_told) {
    const pst_transfer_options options = options_of(PST_OPTIMIZER_ADAM);
    for (int others = 0; others < 2; others++) {
        watch first = {.job = job_make(&options), .save_at = 2, .stop = true};
        ck_assert_int_eq(pst_job_run(first.job, look, &first), PST_STOPPED);
        context->session->matrix_units ^= others;
        ck_assert_int_eq(pst_job_save(first.job, test_path("run.state")), PST_OK);
        context->session->matrix_units ^= others;
        pst_job_destroy(first.job);
        watch second = {.job = job_make(&options)};
        ck_assert_int_eq(pst_job_resume(second.job, test_path("run.state")), PST_OK);
        ck_assert_msg(!strstr(second.job->notice, "matrix units") == !others, "%s", second.job->notice);
        pst_job_destroy(second.job);
    }
}
END_TEST

/* Texts of options from before tiles had two sides. */
START_TEST(a_tile_of_one_number_is_a_square) {
    static const char old[] = "scales=1\ntile=64\nlbfgs_storage=float\n";
    char *text;
    int w, h;
    ck_ok(context->error, pst_copy_text(&context->error, old, &text));
    pst_options_tile(text, &w, &h);
    ck_assert(w == 64 && h == 64);
    ck_ok(context->error, pst_options_set_tile(&context->error, &text, w, h));
    ck_assert_str_eq(text, "scales=1\ntile_width=64\ntile_height=64\nlbfgs_storage=float\n");
    ck_ok(context->error, pst_options_set_tile(&context->error, &text, 1024, 512));
    ck_assert_str_eq(text, "scales=1\ntile_width=1024\ntile_height=512\nlbfgs_storage=float\n");
    pst_options_tile(text, &w, &h);
    ck_assert(w == 1024 && h == 512);
    pst_free(text);
}
END_TEST

/* A run without tiles goes on without, though several devices would share it now; where that does not fit any more, the
 * message tells what helps, not a tile that nobody asked for. */
START_TEST(what_was_whole_stays_whole) {
    pst_transfer_options options = options_of(PST_OPTIMIZER_ADAM);
    options.image_size = 300;
    options.scales = 1;
    watch first = {.job = job_make(&options), .save_at = 2, .stop = true};
    const uint64_t whole = pst_job_plan(first.job)->device_bytes;
    ck_assert_int_eq(pst_job_run(first.job, look, &first), PST_STOPPED);
    pst_job_destroy(first.job);
    options.memory_bytes = (size_t)whole * 3 / 4;
    watch less = {.job = job_make(&options)};
    ck_assert_int_gt(pst_job_plan(less.job)->tile_width, 0);
    ck_assert_int_eq(pst_job_resume(less.job, test_path("run.state")), PST_ERROR_DEVICE_MEMORY);
    ck_assert_msg(strstr(pst_context_message(context), "without tiles") &&
                      strstr(pst_context_message(context), "more memory") &&
                      !strstr(pst_context_message(context), "tile_"),
                  "%s", pst_context_message(context));
    pst_job_destroy(less.job);
    options.memory_bytes = (size_t)whole;
    watch same = {.job = job_make(&options)};
    ck_assert_msg(pst_job_resume(same.job, test_path("run.state")) == PST_OK, "%s", pst_context_message(context));
    pst_job_destroy(same.job);
}
END_TEST

/* in the first scale; early; its last iteration, and the first of the next; late; the very last */
static const int places[] = {1, 2, 9, 15, 16, 27, ITERATIONS};
#define PLACES 7

START_TEST(going_on_gives_the_same_bytes) {
    pst_transfer_options options = options_of(kinds[_i < 4 ? _i : _i - 2]);
    if (_i >= 4) {
        options.average = .9;
        options.clamp = _i == 4;
        options.loss_form = PST_LOSS_WASSERSTEIN;
        options.pooling = PST_POOLING_L2;
        options.replicate_border = options.pixels_256 = true;
    }
    watch whole = {.job = job_make(&options)};
    pst_image *result, *again;
    ck_assert_int_eq(pst_job_run(whole.job, look, &whole), PST_OK);
    ck_assert_int_eq(pst_job_result(whole.job, &result), PST_OK);
    pst_job_destroy(whole.job);
    ck_assert_int_gt(whole.last, 16);
    for (int p = 0; p < PLACES; p++) {
        if (places[p] > whole.last)
            continue;
        watch first = {.job = job_make(&options), .save_at = places[p], .stop = p % 2};
        ck_assert_int_eq(pst_job_run(first.job, look, &first), p % 2 ? PST_STOPPED : PST_OK);
        pst_job_destroy(first.job);
        watch second = {.job = job_make(&options)};
        ck_assert_msg(pst_job_resume(second.job, test_path("run.state")) == PST_OK, "%s", pst_context_message(context));
        ck_assert_int_eq(pst_job_run(second.job, look, &second), PST_OK);
        for (int i = places[p] + 1; i <= whole.last; i++)
            ck_assert_msg(second.losses[i] == whole.losses[i], "iteration %d after %d: %.17g, not %.17g", i, places[p],
                          second.losses[i], whole.losses[i]);
        ck_assert_int_eq(second.last, whole.last);
        ck_assert_int_eq(pst_job_result(second.job, &again), PST_OK);
        for (int i = 0; i < WIDTH * HEIGHT * 3; i++)
            ck_assert(pst_image_samples(result)[i] == pst_image_samples(again)[i]);
        pst_image_destroy(again);
        pst_job_destroy(second.job);
    }
    pst_image_destroy(result);
}
END_TEST

static void refuse(const pst_transfer_options *options, const char *path, pst_status expected, const char *words) {
    pst_job *job = job_make(options);
    pst_status status = pst_job_resume(job, path);
    ck_assert_msg(status == expected, "%s: %s", pst_status_name(status), pst_context_message(context));
    ck_assert_msg(strstr(pst_context_message(context), words) && strstr(pst_context_message(context), path), "%s",
                  pst_context_message(context));
    watch w = {.job = job, .save_at = 3, .stop = true}; /* it can still be run, from its beginning */
    ck_assert_int_eq(pst_job_run(job, look, &w), PST_STOPPED);
    ck_assert_int_eq(w.last, 3);
    pst_job_destroy(job);
}

START_TEST(what_does_not_fit_is_refused) {
    pst_transfer_options options = options_of(PST_OPTIMIZER_LBFGS), other = options;
    watch w = {.job = job_make(&options), .save_at = 9, .stop = true};
    char path[512];
    snprintf(path, sizeof path, "%s", test_path("good.state"));
    ck_assert_int_eq(pst_job_run(w.job, look, &w), PST_STOPPED);
    ck_assert_int_eq(pst_job_save(w.job, path), PST_OK);
    pst_job_destroy(w.job);

    other.style_weight *= 2;
    refuse(&other, path, PST_ERROR_ARGUMENT, "was made with style_weight=100, and this run has style_weight=200;");
    other = options;
    other.style_layers = "relu1_1,relu2_1=0.5";
    refuse(&other, path, PST_ERROR_ARGUMENT, "this run has style_layers=relu1_1,relu2_1=0.5;");
    other = options;
    other.iterations++;
    refuse(&other, path, PST_ERROR_ARGUMENT, "iterations=");
    other = options;
    other.content = style;
    refuse(&other, path, PST_ERROR_ARGUMENT, "another content image");
    other = options;
    other.styles = (const pst_image *const *)&content;
    refuse(&other, path, PST_ERROR_ARGUMENT, "other style images");

    test_write_network(test_path("net2"), (const int[]){8, 12, 0, 0, 0}, (const int[]){2, 1, 0, 0, 0}, 4);
    pst_network *kept = network;
    ck_assert_int_eq(pst_network_load(context, test_path("net2"), PST_CONVENTION_AUTO, &network), PST_OK);
    refuse(&options, path, PST_ERROR_ARGUMENT, "another network");
    pst_network_destroy(network);
    network = kept;

    refuse(&options, test_path("absent.state"), PST_ERROR_FILE, "");
    uint8_t *data;
    size_t bytes;
    pst_error error = {0};
    ck_assert_int_eq(pst_file_load(&error, path, 1 << 24, &data, &bytes), PST_OK);
    const char *bad = test_path("bad.state");
    const size_t cuts[] = {0, 1, 21, 64, 65, 66, 300, bytes / 2, bytes - 65, bytes - 1};
    for (size_t i = 0; i < sizeof cuts / sizeof *cuts; i++) {
        ck_assert_int_eq(pst_file_save(&error, bad, data, cuts[i]), PST_OK);
        refuse(&options, bad, PST_ERROR_FORMAT, "");
    }
    for (size_t i = 0; i < bytes; i += 1 + bytes / 23) { /* a bit anywhere */
        data[i] ^= 4;
        ck_assert_int_eq(pst_file_save(&error, bad, data, bytes), PST_OK);
        refuse(&options, bad, PST_ERROR_FORMAT, "");
        data[i] ^= 4;
    }
    pst_free(data);
}
END_TEST

/* Makes the sum at the end that of all before. */
static void seal(uint8_t *data, size_t bytes) {
    pst_digest digest;
    pst_digest_begin(&digest, PST_DIGEST_SHA256);
    pst_digest_add(&digest, data, bytes - 65);
    pst_digest_end(&digest, (char *)data + bytes - 65);
}

static void check_weights(const pst_job *job, double content_weight, double style_weight, double tv_weight) {
    double is[3];
    pst_job_weights(job, &is[0], &is[1], &is[2]);
    ck_assert(is[0] == content_weight && is[1] == style_weight && is[2] == tv_weight);
}

/* Tries to go on from a file that may be wrong in any way. What is refused must leave the job as it was: *job is then
 * the one to go on with; what is taken must run. */
static bool is_refused(pst_job **job, const pst_transfer_options *options, const uint8_t *data, size_t bytes) {
    const char *path = test_path("crafted.state");
    pst_error error = {0};
    ck_assert_int_eq(pst_file_save(&error, path, data, bytes), PST_OK);
    pst_status status = pst_job_resume(*job, path);
    if (status != PST_OK) {
        ck_assert_msg(status == PST_ERROR_FORMAT || status == PST_ERROR_ARGUMENT, "%s: %s", pst_status_name(status),
                      pst_context_message(context));
        ck_assert_msg(strncmp(pst_context_message(context), path, strlen(path)) == 0, "%s",
                      pst_context_message(context));
        check_weights(*job, options->content_weight, options->style_weight, options->tv_weight);
        ck_assert_int_eq((*job)->iteration, 0);
        ck_assert_ptr_null((*job)->stage.objective);
        return true;
    }
    watch w = {.job = *job};
    status = pst_job_run(*job, look, &w);
    ck_assert_msg(status == PST_OK || status == PST_ERROR_NUMERIC, "%s", pst_context_message(context));
    pst_job_destroy(*job);
    *job = job_make(options);
    return false;
}

/* Where the numbers begin: behind the head, the options, the digests and the scale. */
static size_t numbers_at(const uint8_t *data) {
    uint64_t text;
    memcpy(&text, data + 25, sizeof text);
    return 25 + sizeof text + (size_t)text + (size_t)4 * 65 + sizeof(uint64_t);
}

/* Files whose sum is right, and which no run has written. */
START_TEST(crafted_files_leave_the_job_as_it_was) {
    pst_transfer_options options = options_of(kinds[_i]);
    pst_image *expected, *result;
    watch whole = {.job = job_make(&options), .save_at = 19};
    ck_assert_int_eq(pst_job_run(whole.job, look, &whole), PST_OK);
    ck_assert_int_eq(pst_job_result(whole.job, &expected), PST_OK);
    pst_job_destroy(whole.job);
    watch other = {.job = job_make(&options), .change_at = 12, .save_at = 19, .stop = true};
    ck_assert_int_eq(pst_job_run(other.job, look, &other), PST_STOPPED); /* weights that differ from the options' */
    pst_job_destroy(other.job);

    pst_error error = {0};
    uint8_t *data, *wrong;
    size_t bytes;
    ck_assert_int_eq(pst_file_load(&error, test_path("run.state"), 1 << 24, &data, &bytes), PST_OK);
    ck_assert_int_eq(pst_allocate(&error, bytes + 1, 1, &wrong), PST_OK);
    pst_job *job = job_make(&options);

    memcpy(wrong, data, bytes - 65); /* a byte too many */
    wrong[bytes - 65] = 0;
    seal(wrong, bytes + 1);
    ck_assert(is_refused(&job, &options, wrong, bytes + 1));
    memcpy(wrong, data, bytes - 66); /* and one too few */
    seal(wrong, bytes - 1);
    ck_assert(is_refused(&job, &options, wrong, bytes - 1));

    /* each count and number, far out of its range */
    static const int64_t counts[] = {-1, INT64_MIN, INT64_MAX, INT32_MAX, (int64_t)1 << 32 | 5, 1000};
    static const double numbers[] = {NAN, -1, -INFINITY};
    const size_t at = numbers_at(data);
    for (size_t field = 0; field < 12; field++) {
        bool is_count = field < 6, may_be_odd = field == 6 || field == 7; /* the losses */
        for (size_t v = 0; v < (is_count ? sizeof counts / sizeof *counts : sizeof numbers / sizeof *numbers); v++) {
            memcpy(wrong, data, bytes);
            memcpy(wrong + at + 8 * field, is_count ? (const void *)&counts[v] : (const void *)&numbers[v], 8);
            seal(wrong, bytes);
            bool refused = is_refused(&job, &options, wrong, bytes);
            ck_assert_msg(refused || may_be_odd, "field %zu, value %zu", field, v);
        }
    }
    /* any byte of what is not the image or the optimizer's vectors, in two ways */
    const size_t vector = sizeof(float) * (size_t)job->scales[1].w * (size_t)job->scales[1].h * 3;
    const size_t x = at + 8 * (12 + job->objective_options.term_count + (size_t)options.improvement_window);
    for (size_t i = 0, way = 0; i < bytes - 65; i += i < at ? 7 : i < x ? 1 : vector / 3, way++) {
        memcpy(wrong, data, bytes);
        wrong[i] ^= way % 2 ? 0x80 : 1;
        seal(wrong, bytes);
        is_refused(&job, &options, wrong, bytes);
    }
    /* what the optimizer has beside its vectors: its numbers and which vectors there are */
    for (size_t i = x + vector; i < x + vector + 17; i++) {
        memcpy(wrong, data, bytes);
        wrong[i] ^= i % 2 ? 0xff : 1;
        seal(wrong, bytes);
        is_refused(&job, &options, wrong, bytes);
    }

    /* All that was refused has changed nothing. */
    memcpy(wrong, data, bytes - 65);
    wrong[bytes - 65] = 0;
    seal(wrong, bytes + 1);
    ck_assert(is_refused(&job, &options, wrong, bytes + 1));
    watch w = {.job = job};
    ck_assert_int_eq(pst_job_run(job, look, &w), PST_OK);
    ck_assert_int_eq(w.last, whole.last);
    ck_assert_mem_eq(w.losses, whole.losses, sizeof w.losses);
    ck_assert_int_eq(pst_job_result(job, &result), PST_OK);
    ck_assert_mem_eq(pst_image_samples(result), pst_image_samples(expected), sizeof(float) * WIDTH * HEIGHT * 3);
    pst_image_destroy(result);
    pst_image_destroy(expected);
    pst_job_destroy(job);
    pst_free(data);
    pst_free(wrong);
}
END_TEST

START_TEST(nothing_is_kept_too_early_or_half) {
    pst_transfer_options options = options_of(PST_OPTIMIZER_ADAM);
    pst_job *job = job_make(&options);
    ck_assert_int_eq(pst_job_save(job, test_path("early.state")), PST_ERROR_ARGUMENT);
    ck_assert(pst_path_examine(test_path("early.state"), NULL) == PST_PATH_NONE);
    watch w = {.job = job, .save_at = 4, .stop = true};
    ck_assert_int_eq(pst_job_run(job, look, &w), PST_STOPPED);
    ck_assert_int_eq(pst_job_save(job, "/proc/nowhere/run.state"), PST_ERROR_FILE);
    ck_assert_int_eq(pst_job_resume(job, test_path("run.state")), PST_ERROR_ARGUMENT); /* it has run */
    pst_job_destroy(job);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("checkpoint");
    TCase *tests = tcase_create("checkpoints");
    tcase_add_unchecked_fixture(tests, job_open, job_close);
    tcase_set_timeout(tests, 300);
    tcase_add_loop_test(tests, going_on_gives_the_same_bytes, 0, 6);
    tcase_add_loop_test(tests, changed_weights_are_gone_on_with, 0, 4);
    tcase_add_test(tests, a_tile_of_one_number_is_a_square);
    tcase_add_test(tests, other_matrix_units_are_told);
    tcase_add_test(tests, what_was_whole_stays_whole);
    tcase_add_loop_test(tests, tiles_are_gone_on_with, 0, 4);
    tcase_add_test(tests, what_does_not_fit_is_refused);
    tcase_add_loop_test(tests, crafted_files_leave_the_job_as_it_was, 0, 4);
    tcase_add_test(tests, nothing_is_kept_too_early_or_half);
    suite_add_tcase(suite, tests);
    return test_run(suite);
}
