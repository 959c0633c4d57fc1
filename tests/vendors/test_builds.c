/* Programs are built before they are needed, several at once, on a device that only poses as a GPU: by what its
 * compiler was asked for. */
#include <stdlib.h>
#include <string.h>

#include "base/machine.h"
#include "blas/known_answers.h"
#include "cl/build.h"
#include "job_fixture.h"
#include "op/matrix_answers.h"
#include "posing_device.h"

#define SLOW "SIDE=6 -DTURNED=1" /* part of the options of some programs of the way back */

/* In place of the library's: products on a device that computes nothing are right. */
pst_status pst_known_answers(pst_session *session, pst_gemm *gemm, bool *right) {
    (void)session;
    (void)gemm;
    *right = true;
    return PST_OK;
}

/* And those of tensor cores, of which it has none. */
bool pst_matrix_answer_is_right(const pst_matrix_product *p, const float *left, const float *right, const float *out) {
    (void)p, (void)left, (void)right, (void)out;
    return true;
}

static void open_device(void) {
    posing_as("gfx1100");
    posing_programs = NULL;
    posing_launches = 0;
    posing_most_building = 0;
    posing_failing = posing_slow = "none";
    posing_held = posing_meets = false;
    job_open();
}

/* What it computes is nothing, so the run may end in any way. */
static pst_status run(void) {
    pst_transfer_options options = job_options(PST_OPTIMIZER_LBFGS, WIDTH, 2);
    options.image_size = 128;
    pst_job *job = job_make(&options);
    pst_status status = pst_job_run(job, NULL, NULL);
    pst_job_destroy(job);
    return status;
}

static size_t count_programs(const char *part) {
    size_t count = 0;
    for (const posing_program *program = posing_programs; program; program = program->next)
        count += strstr(program->options, part) != NULL;
    return count;
}

static const posing_program *find(const posing_program *list, const posing_program *like) {
    while (list && !(strcmp(list->options, like->options) == 0 && strcmp(list->source, like->source) == 0))
        list = list->next;
    return list;
}

START_TEST(several_are_built_at_once) {
    posing_meets = true;
    run();
    ck_assert_int_le(posing_most_building, PST_BUILDS_AT_ONCE);
    ck_assert_int_ge(posing_most_building, pst_machine_threads() > 1 ? 2 : 1);
}
END_TEST

/* The same programs, each built once, and the same launches, as without. */
START_TEST(nothing_else_changes) {
    context->session->device.quirks.builds_at_once = false;
    run();
    ck_assert_int_eq(posing_most_building, 1);
    const posing_program *one_by_one = posing_programs;
    const size_t launches = posing_launches, count = count_programs("");
    job_close();
    open_device();
    run();
    ck_assert_uint_eq(posing_launches, launches);
    ck_assert_uint_eq(count_programs(""), count);
    for (const posing_program *program = one_by_one; program; program = program->next)
        ck_assert_msg(find(posing_programs, program), "not built: %s", program->options);
    for (const posing_program *program = posing_programs; program; program = program->next)
        ck_assert_msg(!find(program->next, program), "built twice: %s", program->options);
}
END_TEST

/* A failure is told as always, and what was built at the same time stays. */
START_TEST(a_failure_is_told_where_the_program_is_needed) {
    posing_failing = SLOW;
    ck_assert_int_eq(run(), PST_ERROR_DEVICE);
    const char *message = pst_context_message(context);
    ck_assert_msg(strstr(message, "cannot compile"), "%s", message);
    posing_failing = "none";
    run();
    for (const posing_program *program = posing_programs; program; program = program->next)
        ck_assert_msg(strstr(program->options, SLOW) || !find(program->next, program), "built twice: %s",
                      program->options);
}
END_TEST

/* A program that takes too long is left behind once, and its form passed over. */
START_TEST(what_takes_too_long_is_asked_for_once) {
    context->session->compile_seconds = 0.2;
    posing_slow = SLOW;
    posing_held = true;
    run();
    ck_assert(context->session->refused);
    ck_assert(pst_is_compiling());
    const int left = posing_building;
    ck_assert_int_ge(left, 1);
    run();
    ck_assert_int_eq(posing_building, left);
    posing_held = false;
    while (pst_is_compiling())
        ;
    ck_assert_int_eq(posing_building, 0);
}
END_TEST

/* Choices of tensor cores are of use where there are some, which is proven no sooner than somebody names them. */
START_TEST(choices_of_tensor_cores_are_of_use) {
    static const char *const targets[] = {"sm_90", "gfx1100"};
    const char *notice;
    for (int i = 0; i < 2; i++) {
        pst_context_options options;
        pst_context *other;
        posing_as(targets[i]);
        pst_context_options_init(&options, sizeof options);
        options.choices_text =
            "{\"format\": \"pastiche choices 1\", \"device\": \"d\", \"platform\": \"p\", \"driver\": \"1\", "
            "\"kernels\": "
            "\"0\", \"choices\": [{\"direction\": \"forward\", \"h\": 64, \"w\": 64, \"c_in\": 64, \"c_out\": 64, "
            "\"pool\": \"none\", \"algorithm\": \"gpu-winograd-4x4-matrix\"}]}";
        ck_assert_int_eq(pst_context_create(&options, &other), PST_OK);
        ck_assert_uint_eq(pst_context_choices(other, &notice), 1);
        ck_assert_msg(!strstr(notice, "cannot use") == !i, "%s: %s", targets[i], notice);
        pst_context_destroy(other);
    }
}
END_TEST

START_TEST(a_device_with_tiny_groups_is_not_used) {
    pst_context_options options;
    pst_context *other;
    pst_device_info info;
    size_t count;
    for (posing_group = 4; posing_group <= 8; posing_group += 4) {
        ck_assert_int_eq(pst_devices(&info, 1, &count, NULL), PST_OK);
        ck_assert(info.usable == (posing_group == 8));
        pst_context_options_init(&options, sizeof options);
        options.choices_file = "";
        ck_assert_int_eq(pst_context_create(&options, &other), info.usable ? PST_OK : PST_ERROR_NO_DEVICE);
        ck_assert_msg(info.usable || strstr(pst_context_message(other), "work groups of 8 are needed") != NULL, "%s",
                      pst_context_message(other));
        pst_context_destroy(other);
    }
    posing_group = 0;
}
END_TEST

static const pst_device *open_posing_as(const char *target, pst_context **opened) {
    pst_context_options options;
    posing_as(target);
    pst_context_options_init(&options, sizeof options);
    ck_assert_int_eq(pst_context_create(&options, opened), PST_OK);
    return &(*opened)->session->device;
}

/* Strips are cut for the last cache, which not every driver tells of. */
START_TEST(the_last_cache_is_known) {
    static const struct {
        const char *target;
        double least, most; /* MiB; what such devices have */
    } caches[] = {{"sm_90", 40, 50},    {"sm_70", 4, 6},     {"gfx906", 3, 4},      {"gfx1010", 1, 4},
                  {"gfx1030", 20, 128}, {"gfx1100", 24, 96}, {"tgllp", 3.75, 3.75}, {"dg2", 16, 16}};
    for (size_t i = 0; i < sizeof caches / sizeof *caches; i++) {
        pst_context *other;
        const double found = (double)open_posing_as(caches[i].target, &other)->cache_bytes / (1 << 20);
        ck_assert_msg(found >= caches[i].least && found <= caches[i].most, "%s: %g MiB", caches[i].target, found);
        pst_context_destroy(other);
    }
}
END_TEST

/* Of a device at rest a driver may tell that clock: then it is unknown. */
START_TEST(a_clock_at_rest_is_none) {
    pst_context *other;
    ck_assert_uint_eq(open_posing_as("gfx1010", &other)->info.clock_mhz, 0);
    pst_context_destroy(other);
    ck_assert_uint_eq(open_posing_as("gfx1030", &other)->info.clock_mhz, 2250);
    pst_context_destroy(other);
}
END_TEST

static Suite *suite(void) {
    Suite *s = suite_create("builds");
    TCase *t = tcase_create("builds");
    tcase_add_checked_fixture(t, open_device, job_close);
    tcase_set_timeout(t, 60);
    tcase_add_test(t, several_are_built_at_once);
    tcase_add_test(t, nothing_else_changes);
    tcase_add_test(t, a_failure_is_told_where_the_program_is_needed);
    tcase_add_test(t, what_takes_too_long_is_asked_for_once);
    tcase_add_test(t, a_device_with_tiny_groups_is_not_used);
    tcase_add_test(t, choices_of_tensor_cores_are_of_use);
    tcase_add_test(t, the_last_cache_is_known);
    tcase_add_test(t, a_clock_at_rest_is_none);
    suite_add_tcase(s, t);
    return s;
}

int main(void) { return test_run(suite()); }
