/* A run in tiles on two devices, in which any call may fail on either: a clean status with a message, nothing left
 * alive, and the next run is right. Which call is the n-th is up to the threads. */
/* promise: faults objects */
#define _POSIX_C_SOURCE 200809L /* setenv */

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/threads.h"
#include "faults.h"
#include "job_fixture.h"
#include "model/weights_read.h"

enum { SIZE = 100, TILE = 64, ITERATIONS = 2 };

static float expected[3 * SIZE * SIZE], found[3 * SIZE * SIZE];
static char message[512], folder[512], file[512];

static void open_two(void) {
    size_t count = 0;
    setenv("POCL_DEVICES", "basic basic", 1);
    if (pst_devices(NULL, 0, &count, NULL) != PST_OK || count < 2)
        exit(TEST_SKIPPED);
    job_open();
    snprintf(folder, sizeof folder, "%s", test_path(""));
    snprintf(file, sizeof file, "%s", test_path("net"));
    pst_context_options options;
    pst_context_options_init(&options, sizeof options);
    options.device = "0,1";
    options.choices_file = "";
    pst_network_destroy(network);
    pst_context_destroy(context);
    ck_assert_int_eq(pst_context_create(&options, &context), PST_OK);
    network = NULL;
}

static pst_status paint(float *rgb) {
    pst_transfer_options options = job_options(PST_OPTIMIZER_LBFGS, SIZE, ITERATIONS);
    pst_network *net = NULL;
    pst_job *job = NULL;
    pst_image *image = NULL;
    pst_status status;
    options.tile_width = options.tile_height = TILE;
    options.scales = 1;
    options.spill_folder = folder;
    PST_TRY(pst_network_load(context, file, PST_CONVENTION_AUTO, &net)); /* whose weights come and go */
    PST_TRY(pst_job_create(context, net, &options, &job));
    PST_TRY(pst_job_run(job, NULL, NULL));
    PST_TRY(pst_job_result(job, &image));
    memcpy(rgb, image->rgb, sizeof(float) * 3 * (size_t)image->width * (size_t)image->height);
cleanup:
    if (status != PST_OK)
        snprintf(message, sizeof message, "%s", pst_context_message(context));
    pst_image_destroy(image);
    pst_job_destroy(job);
    pst_network_destroy(net);
    return status;
}

static pst_status paint_faulty(fault_kind kind, unsigned n, bool persistent, bool lost) {
    message[0] = '\0';
    faults_begin(kind, n, persistent, lost);
    const pst_status status = paint(found);
    faults_heal();
    for (size_t d = 0; d < context->device_count; d++) {
        pst_session *session = context->devices[d].session;
        session->lost = false;
        ck_assert_int_eq(pst_session_finish(session), PST_OK);
        pst_session_free(session, NULL);
        ck_assert_msg(!session->buffer_count && !session->buffer_bytes, "%s: buffers are left", faults_name());
    }
    context->error.text[0] = '\0';
    faults_end();
    return status;
}

/* Of the calls of a queue those that end something, and those that tell that there is no memory: then fewer maps are
 * kept. */
static bool may_be_overcome(void) {
    static const char *const calls[] = {"clRelease", "clFinish", "clCreateBuffer", "clEnqueueWriteBuffer",
                                        "clEnqueueFillBuffer"};
    bool may = false;
    for (size_t i = 0; i < sizeof calls / sizeof *calls; i++)
        may = may || strncmp(faults_name(), calls[i], strlen(calls[i])) == 0;
    return may;
}

static const struct {
    fault_kind kind;
    bool persistent, lost;
} forms[] = {{FAULT_MEMORY, false, false},
             {FAULT_MEMORY, true, false},
             {FAULT_FILE, false, false},
             {FAULT_QUEUE, false, false},
             {FAULT_QUEUE, true, true}};

START_TEST(every_call_may_fail) {
    const fault_kind kind = forms[_i].kind;
    const unsigned most = test_long() ? 400 : 40;
    ck_assert_msg(paint(expected) == PST_OK, "%s", message); /* and builds all kernels */
    ck_assert_msg(paint_faulty(kind, 0, false, false) == PST_OK, "%s", message);
    ck_assert_mem_eq(found, expected, sizeof found);
    const unsigned calls = faults_calls(kind), step = calls < most ? 1 : calls / most;
    ck_assert_uint_gt(calls, 5);
    for (unsigned n = 1; n <= calls; n += step) {
        const pst_status status = paint_faulty(kind, n, forms[_i].persistent, forms[_i].lost);
        for (fault_kind k = FAULT_MEMORY; k < FAULT_KINDS; k++)
            ck_assert_msg(faults_alive(k) == 0, "%s call %u, %s: %d of %s alive", fault_kind_names[kind], n,
                          faults_name(), faults_alive(k), fault_kind_names[k]);
        if (status == PST_OK) {
            ck_assert_msg(!faults_failed() || kind != FAULT_QUEUE || may_be_overcome(), "%s was not noticed",
                          faults_name());
            ck_assert_mem_eq(found, expected, sizeof found);
        } else {
            ck_assert_msg(faults_failed() && status != PST_ERROR_ARGUMENT && status != PST_ERROR_NUMERIC &&
                              status != PST_STOPPED,
                          "%s: %s: %s", faults_name(), pst_status_name(status), message);
            ck_assert_msg(message[0] && !strchr(message, '\n'), "%s call %u, %s: %s without a message",
                          fault_kind_names[kind], n, faults_name(), pst_status_name(status));
            ck_assert_msg(kind != FAULT_QUEUE || strstr(message, "(device "), "%s: names no device: %s", faults_name(),
                          message);
        }
    }
}
END_TEST

/* Opening both, where the second may be the one that fails. */
START_TEST(opening_may_fail) {
    pst_context_options options;
    pst_context_options_init(&options, sizeof options);
    options.device = "0,1";
    options.choices_file = "";
    for (int k = 0; k < 2; k++) {
        const fault_kind kind = k ? FAULT_QUEUE : FAULT_DEVICE;
        unsigned calls = 1, step = 1;
        for (unsigned n = 0; n <= calls; n += step) {
            pst_context *made;
            faults_begin(kind, n, false, false);
            const pst_status status = pst_context_create(&options, &made);
            snprintf(message, sizeof message, "%s", made ? pst_context_message(made) : "none");
            pst_context_destroy(made);
            faults_end();
            if (n == 0)
                calls = faults_calls(kind);
            if (n == 0 && calls > 20 && !test_long())
                step = calls / 20;
            ck_assert_msg(!faults_alive(FAULT_DEVICE) && !faults_alive(FAULT_QUEUE) && !faults_alive(FAULT_MEMORY),
                          "%s: something is alive", faults_name());
            ck_assert_msg((status == PST_OK) == !message[0], "%s call %u, %s: %s, '%s'", fault_kind_names[kind], n,
                          faults_name(), pst_status_name(status), message);
        }
    }
}
END_TEST

static atomic_int ready;

static void recall(void *user, size_t index) {
    pst_error *errors = user;
    atomic_fetch_add(&ready, 1);
    while (atomic_load(&ready) < 2)
        ;
    pst_weights_recall(&errors[index], network->model);
}

/* Both may want the weights back at the same time, and then they are read once. */
START_TEST(weights_come_back_once) {
    ck_assert_int_eq(pst_network_load(context, file, PST_CONVENTION_AUTO, &network), PST_OK);
    for (int round = 0; round < 50; round++) {
        pst_error errors[2] = {{0}};
        pst_weights_forget(network->model);
        faults_begin(FAULT_NONE, 0, false, false);
        atomic_store(&ready, 0);
        pst_threads_run(2, recall, errors);
        pst_weights_forget(network->model);
        const int alive = faults_alive(FAULT_MEMORY);
        faults_end();
        ck_assert_int_eq(alive, 0);
        ck_assert(errors[0].status == PST_OK && errors[1].status == PST_OK);
    }
}
END_TEST

int main(void) {
    Suite *suite = suite_create("faulty devices");
    TCase *tests = tcase_create("faults");
    tcase_add_unchecked_fixture(tests, open_two, job_close);
    tcase_set_timeout(tests, 900);
    tcase_add_loop_test(tests, every_call_may_fail, 0, sizeof forms / sizeof forms[0]);
    tcase_add_test(tests, opening_may_fail);
    tcase_add_test(tests, weights_come_back_once);
    suite_add_tcase(suite, tests);
    return test_run(suite);
}
