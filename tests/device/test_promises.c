/* What the public header promises after a failure: every output pointer is NULL, and what was there stays as it was. */
#include <math.h>

#include "job_fixture.h"

#define POISON ((void *)&options) /* where NULL must be afterwards */

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

int main(void) {
    Suite *suite = suite_create("promises");
    TCase *tests = tcase_create("after a failure");
    tcase_add_unchecked_fixture(tests, job_open, job_close);
    tcase_set_timeout(tests, 120);
    tcase_add_test(tests, outputs_are_null_after_a_failure);
    tcase_add_test(tests, refused_calls_change_nothing);
    suite_add_tcase(suite, tests);
    return test_run(suite);
}
