/* What the public header promises after a failure: every output pointer is NULL, and what was there stays as it was. */
/* promise: after-failure */
#define _POSIX_C_SOURCE 200809L /* for setenv; must stand before any header */

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/memory.h"
#include "job_fixture.h"

#define POISON ((void *)&context) /* where NULL must be afterwards */

START_TEST(outputs_are_null_after_a_failure) {
    pst_transfer_options options = job_options(PST_OPTIMIZER_ADAM, WIDTH, 3);
    const char *absent = test_path("absent"), *junk = test_path("junk");
    test_write(junk, "nothing of any format", 21);
    pst_image *image;
    pst_network *net;
    pst_style *stored;
    pst_job *job;
    char *text, digest[65];
    uint8_t *data;
    size_t bytes;

#define FAILS(output, call)                                 \
    do {                                                    \
        output = POISON;                                    \
        ck_assert_int_ne(call, PST_OK);                     \
        ck_assert_ptr_null(output);                         \
        ck_assert_str_ne(pst_context_message(context), ""); \
    } while (0)

    FAILS(image, pst_image_create(context, 0, 5, NULL, &image));
    FAILS(image, pst_image_create(context, 5, 70000, NULL, &image));
    const char *const files[] = {absent, junk};
    for (int i = 0; i < 2; i++) {
        FAILS(image, pst_image_read(context, files[i], &image));
        FAILS(net, pst_network_load(context, files[i], PST_CONVENTION_AUTO, &net));
        FAILS(stored, pst_style_load(context, files[i], &stored));
    }
    FAILS(image, pst_image_decode(context, "junk", 4, "name", &image));
    FAILS(image, pst_image_resize(context, content, 0, 1, &image));
    FAILS(text, pst_image_metadata(context, absent, &text));
    pst_write_options write;
    pst_write_options_init(&write, sizeof write);
    write.quality = 1000;
    FAILS(data, pst_image_encode(context, content, &write, &data, &bytes));
    ck_assert_int_ne(pst_file_sha256(context, absent, digest), PST_OK);
    ck_assert_str_eq(digest, "");

    pst_transfer_options wrong = options;
    wrong.iterations = -1;
    FAILS(job, pst_job_create(context, network, &wrong, &job));
    wrong = options;
    wrong.style_layers = "relu9_9";
    FAILS(job, pst_job_create(context, network, &wrong, &job));
    FAILS(stored, pst_style_create(context, network, &wrong, NULL, &stored));
    job = job_make(&options);
    FAILS(image, pst_job_result(job, &image));
    pst_job_destroy(job);

    pst_context *broken;
    pst_context_options device;
    pst_context_options_init(&device, sizeof device);
    device.device = "no such device";
    ck_assert_int_eq(pst_context_create(&device, &broken), PST_ERROR_NO_DEVICE);
    ck_assert_ptr_nonnull(broken); /* for the message alone */
    ck_assert_str_ne(pst_context_message(broken), "");
    pst_context_destroy(broken);

    pst_catalogue *catalogue;
    const char *path = POISON;
    ck_assert_int_eq(pst_catalogue_open(&catalogue), PST_OK);
    ck_assert_int_ne(pst_catalogue_find(catalogue, absent, &path), PST_OK);
    ck_assert_ptr_null(path);
    pst_catalogue_close(catalogue);
}
END_TEST

/* Calls that are refused, one after the other, and then the run: it gives what a job without them gives. */
START_TEST(refused_calls_change_nothing) {
    pst_transfer_options options = job_options(PST_OPTIMIZER_ADAM, WIDTH, 5);
    pst_image *results[2];
    for (int refused = 0; refused < 2; refused++) {
        pst_job *job = job_make(&options);
        if (refused) {
            double is[3];
            ck_assert_int_eq(pst_job_set_weights(job, 1, -1, 1), PST_ERROR_ARGUMENT);
            ck_assert_int_eq(pst_job_set_weights(job, 1, 1, NAN), PST_ERROR_ARGUMENT);
            ck_assert_int_eq(pst_job_set_weights(job, INFINITY, 1, 1), PST_ERROR_ARGUMENT);
            pst_job_weights(job, &is[0], &is[1], &is[2]);
            ck_assert(is[0] == options.content_weight && is[1] == options.style_weight && is[2] == options.tv_weight);
            ck_assert_int_eq(pst_job_save(job, test_path("none")), PST_ERROR_ARGUMENT);
            ck_assert_int_eq(pst_job_resume(job, test_path("none")), PST_ERROR_FILE);
        }
        ck_assert_int_eq(pst_job_run(job, NULL, NULL), PST_OK);
        ck_assert_int_eq(pst_job_run(job, NULL, NULL), PST_ERROR_ARGUMENT);
        ck_assert_int_eq(pst_job_result(job, &results[refused]), PST_OK);
        pst_job_destroy(job);
    }
    ck_assert_mem_eq(pst_image_samples(results[0]), pst_image_samples(results[1]), sizeof(float) * 3 * WIDTH * HEIGHT);
    ck_assert_int_ne(pst_image_set_alpha(NULL, results[0], (float[WIDTH * HEIGHT]){NAN}), PST_OK);
    ck_assert_ptr_null(pst_image_alpha(results[0]));
    ck_assert_int_ne(pst_image_proof(context, results[0], test_path("none"), PST_INTENT_PERCEPTUAL), PST_OK);
    ck_assert_mem_eq(pst_image_samples(results[0]), pst_image_samples(results[1]), sizeof(float) * 3 * WIDTH * HEIGHT);
    pst_image_destroy(results[0]);
    pst_image_destroy(results[1]);
}
END_TEST

/* Fails each of the call's first allocations in turn. */
#define STARVES(output, call, end)                              \
    do {                                                        \
        int failures_ = 0;                                      \
        for (unsigned n_ = 1; n_ <= STARVED; n_++) {            \
            output = POISON;                                    \
            pst_memory_fail_at(n_, false);                      \
            pst_status status_ = call;                          \
            pst_memory_fail_at(0, false);                       \
            failures_ += status_ != PST_OK;                     \
            if (status_ == PST_OK)                              \
                end(output);                                    \
            else                                                \
                ck_assert_msg(!output, "%s: %u", #call, n_);    \
        }                                                       \
        ck_assert_msg(failures_ > 0, "%s: never fails", #call); \
    } while (0)
enum { STARVED = 40 };

static void let_be(const void *what) { (void)what; }

START_TEST(outputs_are_null_when_memory_is_short) {
    pst_transfer_options options = job_options(PST_OPTIMIZER_LBFGS, WIDTH, 2);
    const char *png = test_path("image.png"), *stored_path = test_path("a.style"), *found;
    pst_write_options write;
    pst_write_options_init(&write, sizeof write);
    write.metadata = "text";
    pst_image *image;
    pst_network *net;
    pst_style *stored;
    pst_job *job, *whole = job_make(&options);
    pst_catalogue *catalogue;
    char *text;
    uint8_t *data, *file;
    size_t bytes, file_bytes;
    ck_assert_int_eq(pst_image_write(context, content, png, &write), PST_OK);
    ck_assert_int_eq(pst_image_encode(context, content, &write, &file, &file_bytes), PST_OK);
    ck_assert_int_eq(pst_style_create(context, network, &options, "about", &stored), PST_OK);
    ck_assert_int_eq(pst_style_save(context, stored, stored_path), PST_OK);
    pst_style_destroy(stored);
    ck_assert_int_eq(pst_job_run(whole, NULL, NULL), PST_OK);
    STARVES(image, pst_image_create(context, 5, 5, NULL, &image), pst_image_destroy);
    STARVES(image, pst_image_read(context, png, &image), pst_image_destroy);
    STARVES(image, pst_image_decode(context, file, file_bytes, "name", &image), pst_image_destroy);
    STARVES(image, pst_image_resize(context, content, 20, 10, &image), pst_image_destroy);
    STARVES(image, pst_job_result(whole, &image), pst_image_destroy);
    STARVES(data, pst_image_encode(context, content, &write, &data, &bytes), pst_bytes_destroy);
    STARVES(text, pst_image_metadata(context, png, &text), pst_bytes_destroy);
    STARVES(text, pst_job_choices_text(whole, &text), pst_bytes_destroy);
    STARVES(net, pst_network_load(context, test_path("net"), PST_CONVENTION_AUTO, &net), pst_network_destroy);
    STARVES(stored, pst_style_create(context, network, &options, NULL, &stored), pst_style_destroy);
    STARVES(stored, pst_style_load(context, stored_path, &stored), pst_style_destroy);
    STARVES(job, pst_job_create(context, network, &options, &job), pst_job_destroy);
    ck_assert_int_eq(pst_catalogue_open(&catalogue), PST_OK);
    const pst_known_network *known = pst_catalogue_networks(catalogue, &bytes);
    STARVES(found, pst_catalogue_find(catalogue, "small", &found), let_be);
    STARVES(found, pst_catalogue_find(catalogue, NULL, &found), let_be);
    STARVES(found, pst_catalogue_installed(catalogue, known, &found), let_be);
    pst_catalogue_close(catalogue);
    pst_bytes_destroy(file);
    pst_job_destroy(whole);
}
END_TEST

/* Of a network's file that has gone: "" and no pointer to free; once known it stays known. */
START_TEST(a_digest_is_empty_after_a_failure) {
    const char *path = test_path("goes"), *digest = POISON;
    pst_network *nets[2];
    test_write_network(path, (const int[]){8, 0, 0, 0, 0}, (const int[]){1, 0, 0, 0, 0}, 3);
    for (int i = 0; i < 2; i++)
        ck_assert_int_eq(pst_network_load(context, path, PST_CONVENTION_AUTO, &nets[i]), PST_OK);
    ck_assert_int_eq(pst_network_sha256(nets[0], &digest), PST_OK);
    ck_assert_uint_eq(strlen(digest), 64);
    ck_assert_int_eq(remove(path), 0);
    ck_assert_int_eq(pst_network_sha256(nets[0], &digest), PST_OK);
    ck_assert_uint_eq(strlen(digest), 64);
    ck_assert_int_eq(pst_network_sha256(nets[1], &digest), PST_ERROR_FILE);
    ck_assert_str_eq(digest, "");
    for (int i = 0; i < 2; i++)
        pst_network_destroy(nets[i]);
}
END_TEST

/* What did not open is there for its message alone. */
START_TEST(failed_openings_tell_why) {
    const char *junk = test_path("junk");
    pst_catalogue *catalogue;
    pst_context *broken;
    pst_context_options options;
    test_write(junk, "{}", 2);
    setenv("PASTICHE_CATALOGUE", junk, 1);
    ck_assert_int_eq(pst_catalogue_open(&catalogue), PST_ERROR_FORMAT);
    ck_assert_ptr_nonnull(catalogue);
    ck_assert_ptr_nonnull(strstr(pst_catalogue_message(catalogue), junk));
    pst_catalogue_close(catalogue);
    unsetenv("PASTICHE_CATALOGUE");
    for (unsigned n = 1; n <= STARVED; n++) {
        pst_memory_fail_at(n, false);
        pst_status status = pst_catalogue_open(&catalogue);
        pst_memory_fail_at(0, false);
        ck_assert(status == PST_OK || !catalogue || *pst_catalogue_message(catalogue));
        pst_catalogue_close(catalogue);
    }

    for (int text = 0; text < 2; text++) {
        pst_context_options_init(&options, sizeof options);
        *(text ? &options.choices_text : &options.choices_file) = junk;
        ck_assert_int_eq(pst_context_create(&options, &broken), PST_ERROR_FORMAT);
        ck_assert_ptr_nonnull(broken);
        ck_assert_str_ne(pst_context_message(broken), "");
        pst_context_destroy(broken);
    }

    pst_fetch_options what;
    pst_fetch_report report = {.size = sizeof report, .path = POISON, .part_bytes = 77};
    pst_fetch_options_init(&what, sizeof what);
    what.what = "file:///nowhere/at/all.pth";
    what.output = test_path("all.pth");
    ck_assert_int_eq(pst_catalogue_open(&catalogue), PST_OK);
    ck_assert_int_ne(pst_catalogue_fetch(catalogue, &what, NULL, NULL, &report), PST_OK);
    ck_assert_str_eq(report.path, what.output);
    ck_assert(report.part_bytes == 0 && !report.already && !*report.sha256);
    what.what = "nothing that is known";
    ck_assert_int_eq(pst_catalogue_fetch(catalogue, &what, NULL, NULL, &report), PST_ERROR_ARGUMENT);
    ck_assert_ptr_null(report.path);
    pst_catalogue_close(catalogue);
}
END_TEST

static bool stop_tuning(void *user, const pst_tune_progress *progress) {
    (void)progress;
    return ++*(int *)user > 1;
}
static bool stop_bench(void *user, const pst_bench_row *row) {
    (void)row;
    return ++*(int *)user > 0;
}
static bool stop_run(void *user, const pst_progress *progress) {
    (void)user;
    return progress->iteration >= 2;
}

/* Stops are no failures: what there was until then is used, kept, or can be asked for. */
START_TEST(what_was_until_a_stop_stays) {
    int calls = 0;
    const char *kept = test_path("kept.json"), *none;
    pst_tune_options tune;
    pst_tune_options_init(&tune, sizeof tune);
    tune.width = tune.height = 32;
    tune.choices_file = kept;
    ck_assert_uint_eq(pst_context_choices(context, NULL), 0);
    tune.width = -1;
    ck_assert_int_eq(pst_tune(context, network, &tune, NULL, NULL), PST_ERROR_ARGUMENT);
    ck_assert_uint_eq(pst_context_choices(context, NULL), 0);
    tune.width = 32;
    ck_assert_int_eq(pst_tune(context, network, &tune, stop_tuning, &calls), PST_STOPPED);
    size_t found = pst_context_choices(context, &none);
    ck_assert_uint_gt(found, 0);
    ck_assert_str_eq(none, "");
    pst_context *other;
    pst_context_options options;
    pst_context_options_init(&options, sizeof options);
    options.choices_file = kept;
    ck_assert_int_eq(pst_context_create(&options, &other), PST_OK);
    ck_assert_uint_eq(pst_context_choices(other, NULL), found);
    pst_context_destroy(other);
    pst_bench_options bench;
    pst_bench_options_init(&bench, sizeof bench);
    bench.seconds = 0.001;
    bench.sizes = (const int[]){-3};
    bench.size_count = 1;
    ck_assert_int_eq(pst_bench(context, network, &bench, NULL, NULL), PST_ERROR_ARGUMENT);
    bench.sizes = (const int[]){32};
    calls = 0;
    ck_assert_int_eq(pst_bench(context, network, &bench, stop_bench, &calls), PST_STOPPED);
    ck_assert_int_eq(calls, 1);

    pst_transfer_options run = job_options(PST_OPTIMIZER_ADAM, WIDTH, 5);
    pst_image *image;
    double seconds;
    pst_job *job = job_make(&run);
    ck_assert_int_eq(pst_job_run(job, stop_run, NULL), PST_STOPPED);
    ck_assert_int_eq(pst_job_result(job, &image), PST_OK);
    ck_assert_int_eq(pst_job_save(job, test_path("stopped")), PST_OK);
    ck_assert_int_eq(pst_job_forecast(job, &seconds), PST_ERROR_ARGUMENT);
    ck_assert_int_eq(pst_job_save_check(job, test_path("")), PST_ERROR_FILE);
    pst_image_destroy(image);
    pst_job_destroy(job);

    pst_transfer_options before = run;
    ck_assert_int_eq(pst_transfer_options_preset(&run, "no such preset"), PST_ERROR_ARGUMENT);
    ck_assert_mem_eq(&run, &before, sizeof run);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("promises");
    TCase *tests = tcase_create("after a failure");
    tcase_add_unchecked_fixture(tests, job_open, job_close);
    tcase_set_timeout(tests, 120);
    tcase_add_test(tests, outputs_are_null_after_a_failure);
    tcase_add_test(tests, refused_calls_change_nothing);
    tcase_add_test(tests, outputs_are_null_when_memory_is_short);
    tcase_add_test(tests, a_digest_is_empty_after_a_failure);
    tcase_add_test(tests, failed_openings_tell_why);
    tcase_add_test(tests, what_was_until_a_stop_stays);
    suite_add_tcase(suite, tests);
    return test_run(suite);
}
