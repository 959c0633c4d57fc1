/* A driver that runs kernels in smaller groups than the device's, for want of registers: their programs have smaller
 * ones, and the same in every run; what needs more is told. With the kernels for GPUs. */
/* promise: small-device */
#define _POSIX_C_SOURCE 200809L /* setenv */

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "faults.h"
#include "job_fixture.h"

static pst_status paint(size_t group, pst_loss_form form, pst_image **image) {
    *image = NULL;
    faults_largest_group(group);
    job_open();
    pst_transfer_options options = job_options(PST_OPTIMIZER_LBFGS, 48, 3);
    options.loss_form = form;
    pst_job *job = job_make(&options);
    const pst_status status = pst_job_run(job, NULL, NULL);
    if (status == PST_OK)
        ck_assert_int_eq(pst_job_result(job, image), PST_OK);
    else
        ck_assert_msg(strstr(pst_context_message(context), "work-items at most, which are too few") != NULL, "%s",
                      pst_context_message(context));
    pst_job_destroy(job);
    ck_assert_uint_eq(context->session->buffer_count, 0);
    job_close();
    faults_largest_group(SIZE_MAX);
    return status;
}

static const pst_loss_form forms[] = {PST_LOSS_MEAN, PST_LOSS_WASSERSTEIN};

/* The least that a wave is: 32 work-items. */
START_TEST(groups_are_as_small_as_kernels_need) {
    static const size_t groups[] = {SIZE_MAX, 32};
    pst_image *usual = NULL;
    for (size_t i = 0; i < sizeof groups / sizeof *groups; i++) {
        pst_image *one, *two;
        ck_assert_int_eq(paint(groups[i], forms[_i], &one), PST_OK);
        ck_assert_int_eq(paint(groups[i], forms[_i], &two), PST_OK);
        const size_t values = 3 * (size_t)one->width * (size_t)one->height;
        ck_assert_mem_eq(one->rgb, two->rgb, values * sizeof(float));
        for (size_t v = 0; usual && v < values; v++)
            ck_assert_msg(one->rgb[v] > usual->rgb[v] - 1 && one->rgb[v] < usual->rgb[v] + 1, "%g, not %g",
                          (double)one->rgb[v], (double)usual->rgb[v]);
        pst_image_destroy(two);
        if (usual)
            pst_image_destroy(one);
        else
            usual = one;
    }
    pst_image_destroy(usual);
}
END_TEST

START_TEST(groups_that_are_too_small_are_told) {
    pst_image *none;
    ck_assert_int_eq(paint(4, PST_LOSS_MEAN, &none), PST_ERROR_DEVICE);
}
END_TEST

int main(void) {
    setenv("PASTICHE_KERNELS_FORM", "gpu", 1);
    Suite *suite = suite_create("faulty groups");
    TCase *tests = tcase_create("groups");
    tcase_set_timeout(tests, 600);
    tcase_add_loop_test(tests, groups_are_as_small_as_kernels_need, 0, 2);
    tcase_add_test(tests, groups_that_are_too_small_are_told);
    suite_add_tcase(suite, tests);
    return test_run(suite);
}
