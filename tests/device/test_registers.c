/* Forms of blocks that need a compiler's option for more registers: never the default, tried with the option, and
 * passed over where a program does not build with it or keeps its numbers in memory all the same. The device at hand
 * poses as one with 128 registers a work-item, or 256 with an option. */
/* promise: slow-compiler */
#define _POSIX_C_SOURCE 200809L /* setenv */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <CL/cl.h>

#include "blas/gemm_create.h"
#include "forced.h"
#include "job_fixture.h"
#include "op/choices.h"
#include "op/refused.h"
#include "tune/tune.h"

#define OPTION "-DMORE_REGISTERS"

enum { LARGE, USUAL }; /* forms 8x8 and 4x8 */

/* How a device is not up to the option. */
static const struct {
    const char *option;
    cl_uint spilled; /* a question whose answer is not 0 */
    const char *problem;
} unfit[] = {{"-cl-no-such-option", 0, "cannot compile"},
             {OPTION, CL_KERNEL_WORK_GROUP_SIZE, "in memory instead of registers"}};
#define UNFIT (int)(sizeof unfit / sizeof *unfit)

static void pose(pst_session *session, const char *option, cl_uint spilled) {
    pst_quirks *quirks = &session->device.quirks;
    quirks->item_registers = 128;
    quirks->most_registers = *option ? 256 : 128;
    quirks->more_registers = option;
    quirks->memory_questions[0] = spilled;
    quirks->wave = 32;
}

static pst_status build(size_t form, const pst_kernel **kernel) {
    pst_block block = pst_block_choose(test_session, form, 1000, 64);
    return pst_block_kernel_within(test_session, "block_gpu+gram_gpu", "gram_backward", "", &block, kernel);
}

static bool has_option(const pst_kernel *kernel) {
    cl_program program;
    char options[1024] = "";
    ck_assert_int_eq(clGetKernelInfo(kernel->kernel, CL_KERNEL_PROGRAM, sizeof program, &program, NULL), CL_SUCCESS);
    ck_assert_int_eq(clGetProgramBuildInfo(program, test_session->device.id, CL_PROGRAM_BUILD_OPTIONS, sizeof options,
                                           options, NULL),
                     CL_SUCCESS);
    return strstr(options, OPTION);
}

START_TEST(the_default_does_without) {
    test_open(TEST_GPU);
    for (int more = 0; more < 2; more++) {
        pose(test_session, more ? OPTION : "", 0);
        ck_assert_uint_eq(pst_block_form_default(test_session), USUAL);
        ck_assert_int_eq(pst_block_form_fits(test_session, LARGE), more);
    }
    test_close();
}
END_TEST

START_TEST(the_form_that_needs_it_gets_it) {
    const pst_kernel *kernel;
    test_open(TEST_GPU);
    pose(test_session, OPTION, 0);
    ck_ok(test_error, build(LARGE, &kernel));
    ck_assert(has_option(kernel));
    ck_ok(test_error, build(USUAL, &kernel));
    ck_assert(!has_option(kernel));
    /* Steps as deep as 256 registers allow; 128 would be full of sums. */
    ck_assert_int_eq(pst_block_choose(test_session, LARGE, 1000, 64).depth, 16);
    ck_assert_uint_eq(test_session->refused, 0);
    test_close();
}
END_TEST

START_TEST(a_form_that_is_not_fit_is_refused) {
    const pst_kernel *kernel;
    test_open(TEST_GPU);
    pose(test_session, unfit[_i].option, unfit[_i].spilled);
    ck_assert_int_eq(build(LARGE, &kernel), PST_ERROR_DEVICE);
    ck_assert_msg(strstr(test_error.text, unfit[_i].problem), "%s", test_error.text);
    test_error = (pst_error){0};
    ck_assert(!test_session->lost && !test_session->kept_in_memory);
    ck_assert_uint_eq(test_session->refused, pst_block_form_bit(LARGE));
    ck_assert_uint_eq(test_session->in_memory, pst_block_form_bit(LARGE));
    ck_assert(!pst_block_form_fits(test_session, LARGE));
    ck_assert_uint_eq(pst_block_form_default(test_session), USUAL);
    ck_ok(test_error, build(USUAL, &kernel)); /* nobody asks what it has in memory */
    test_close();
}
END_TEST

/* With the oracle, the usual form and the large one on the menu. */
static void tune(const char *option, cl_uint spilled, pst_candidate *candidate) {
    const pst_conv_algorithm *menu[] = {&pst_conv_im2col, &pst_conv_gpu_winograd_4x4[USUAL],
                                        &pst_conv_gpu_winograd_4x4[LARGE], NULL};
    const pst_conv_shape shape = {32, 24, 16, 32, false, PST_POOL_NONE};
    pst_candidate candidates[PST_CANDIDATES_MAX];
    pst_tuning tuning;
    pst_gemm *gemm;
    size_t count;
    test_open(TEST_GPU);
    pose(test_session, option, spilled);
    ck_ok(test_error, pst_gemm_create(test_session, &gemm));
    pst_conv_engine engine = {.session = test_session, .gemm = gemm, .workspace_limit = 1 << 20};
    pst_tuning_init(&tuning);
    tuning.menu = menu;
    tuning.hopeless = 0;
    tuning.run_seconds = 1e-3;
    ck_ok(test_error, pst_tune_candidates(&engine, &shape, &tuning, candidates, &count));
    ck_assert_uint_eq(count, 3);
    ck_assert_ptr_eq(candidates[0].algorithm, &pst_conv_gpu_winograd_4x4[USUAL]);
    ck_assert(candidates[0].measured);
    ck_assert_ptr_eq(candidates[1].algorithm, &pst_conv_gpu_winograd_4x4[LARGE]);
    *candidate = candidates[1];
    ck_assert_uint_eq(test_session->refused,
                      candidate->problem[0] ? pst_conv_bit(&pst_conv_gpu_winograd_4x4[LARGE]) : 0);
    pst_gemm_destroy(gemm);
    test_close();
}

START_TEST(the_tuner_tries_it) {
    pst_candidate candidate;
    tune(OPTION, 0, &candidate);
    ck_assert_str_eq(candidate.problem, "");
    ck_assert(candidate.measured);
    for (int i = 0; i < UNFIT; i++) {
        tune(unfit[i].option, unfit[i].spilled, &candidate);
        ck_assert_msg(strstr(candidate.problem, unfit[i].problem), "%s", candidate.problem);
        ck_assert(!candidate.measured);
    }
}
END_TEST

static char told[256];

static bool listen(void *user, const pst_progress *progress) {
    (void)user;
    if (progress->notice)
        snprintf(told, sizeof told, "%s", progress->notice);
    return false;
}

/* Chosen by a file of choices, say, of another driver. */
START_TEST(a_run_falls_back) {
    pst_device_network *net;
    setenv("XDG_CACHE_HOME", test_path(_i ? "second" : "first"), 1); /* for what is refused is kept there */
    setenv("PASTICHE_KERNELS_FORM", "gpu", 1);
    job_open();
    unsetenv("PASTICHE_KERNELS_FORM");
    pst_opened_device *device = &context->devices[0];
    pose(context->session, unfit[_i].option, unfit[_i].spilled);
    const pst_conv_engine engine = {.session = context->session, .gemm = context->gemm, .workspace_limit = 1 << 20};
    ck_ok(context->error, pst_device_network_create(&engine, network->model, &net));
    ck_ok(context->error, force_algorithm(&context->error, net, HEIGHT, WIDTH, pst_conv_gpu_winograd_4x4[LARGE].name,
                                          &device->choices));
    pst_device_network_destroy(net);
    pst_transfer_options options = job_options(PST_OPTIMIZER_ADAM, WIDTH, 2);
    pst_job *job = job_make(&options);
    ck_assert_msg(pst_job_run(job, listen, NULL) == PST_OK, "%s", pst_context_message(context));
    ck_assert_msg(strstr(told, "too few registers for blocks-8x8;"), "'%s'", told);
    ck_assert(context->session->refused & pst_block_form_bit(LARGE));
    ck_assert(!context->session->lost);
    pst_job_destroy(job);
    job_close();
}
END_TEST

/* The driver finds its own cache before it is led to another one. */
static void set_up(void) {
    test_open(TEST_GPU);
    test_close();
}

int main(void) {
    Suite *suite = suite_create("registers");
    TCase *tests = tcase_create("all");
    tcase_add_unchecked_fixture(tests, set_up, NULL);
    tcase_add_test(tests, the_default_does_without);
    tcase_add_test(tests, the_form_that_needs_it_gets_it);
    tcase_add_loop_test(tests, a_form_that_is_not_fit_is_refused, 0, UNFIT);
    tcase_add_test(tests, the_tuner_tries_it);
    tcase_add_loop_test(tests, a_run_falls_back, 0, UNFIT);
    tcase_set_timeout(tests, 0);
    suite_add_tcase(suite, tests);
    return test_run(suite);
}
