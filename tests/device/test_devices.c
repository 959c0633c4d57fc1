/* Several devices in one context: how they are named; the same bytes on one as on two, checkpoints between them; what
 * happens when one of them fails or refuses. PoCL shows two devices of one kind. */
/* promise: repeat resume memory */
#define _POSIX_C_SOURCE 200809L /* setenv */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/threads.h"
#include "job_fixture.h"
#include "op/refused.h"

enum { SIZE = 150, TILE = 64, ITERATIONS = 5 };

static pst_context *open_devices(const char *names, pst_status expected) {
    pst_context_options options;
    pst_context *made;
    pst_context_options_init(&options, sizeof options);
    options.device = names;
    options.choices_file = "";
    ck_assert_msg(pst_context_create(&options, &made) == expected, "%s: %s", names, pst_context_message(made));
    return made;
}

static void need_two_devices(void) {
    size_t count = 0;
    setenv("POCL_DEVICES", "basic basic", 1); /* before the driver is asked for the first time */
    if (pst_devices(NULL, 0, &count, NULL) != PST_OK || count < 2)
        exit(TEST_SKIPPED);
    job_open();
}

/* The context of the fixture's job_make for a while. */
static pst_context *first_context;
static void use(const char *names) {
    first_context = context;
    context = open_devices(names, PST_OK);
}
static void use_no_more(void) {
    for (size_t d = 0; d < context->device_count; d++) {
        ck_assert_uint_eq(context->devices[d].session->buffer_count, 0);
        ck_assert_uint_eq(context->devices[d].session->buffer_bytes, 0);
    }
    pst_context_destroy(context);
    context = first_context;
}

static pst_transfer_options options_in_tiles(pst_optimizer_kind kind) {
    pst_transfer_options options = job_options(kind, SIZE, ITERATIONS);
    options.tile_width = options.tile_height = TILE;
    options.scales = 1;
    return options;
}

/* ---- names ---- */

/* Drivers call a device differently from version to version: "NAME,1" with a part of the first one's name. */
static const char *with_name(const char *names) {
    static char text[300];
    pst_device_info info;
    size_t count;
    ck_assert_int_eq(pst_devices(&info, 1, &count, NULL), PST_OK);
    if (strncmp(names, "NAME", 4) != 0)
        return names;
    snprintf(text, sizeof text, "%.*s%s", (int)strcspn(info.name, " ,"), info.name, names + 4);
    return text;
}

START_TEST(devices_are_named_one_by_one_or_all) {
    static const struct {
        const char *names;
        size_t count;
        int first;
    } good[] = {{"0", 1, 0},       {"1", 1, 1},      {"0,1", 2, 0}, {"1,0", 2, 1},
                {" 1 , 0 ", 2, 1}, {"NAME,1", 2, 0}, {"all", 2, 0}, {"", 1, 0}};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        pst_context *made = open_devices(with_name(good[i].names), PST_OK);
        pst_device_info infos[PST_CONTEXT_DEVICES_MAX], first;
        size_t count;
        pst_context_devices(made, infos, 1, &count);
        ck_assert_msg(count == good[i].count, "%s: %zu devices", good[i].names, count);
        pst_context_devices(made, infos, PST_CONTEXT_DEVICES_MAX, &count);
        pst_context_device(made, &first);
        ck_assert_int_eq(first.index, good[i].first);
        for (size_t d = 0; d < count; d++) {
            ck_assert_int_eq(infos[d].index, d ? 1 - good[i].first : good[i].first);
            ck_assert_uint_eq(made->devices[d].kind, 0);
        }
        pst_context_destroy(made);
    }
    size_t none;
    pst_context *without = open_devices("none", PST_OK);
    pst_context_devices(without, NULL, 0, &none);
    ck_assert_uint_eq(none, 0);
    pst_context_destroy(without);
}
END_TEST

START_TEST(lists_that_are_wrong_are_refused) {
    static const struct {
        const char *names;
        pst_status status;
        const char *says;
    } bad[] = {{"0,0", PST_ERROR_ARGUMENT, "twice"},        {"NAME,1,0", PST_ERROR_ARGUMENT, "twice"},
               {"0,", PST_ERROR_ARGUMENT, "two commas"},    {",", PST_ERROR_ARGUMENT, "two commas"},
               {"0, ,1", PST_ERROR_ARGUMENT, "two commas"}, {"0,7", PST_ERROR_NO_DEVICE, "no OpenCL device 7"},
               {"0,gpu", PST_ERROR_NO_DEVICE, "no GPU"},    {"0,all", PST_ERROR_ARGUMENT, "not in a list"},
               {"0,none", PST_ERROR_NO_DEVICE, "'none'"}};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        pst_context *made = open_devices(with_name(bad[i].names), bad[i].status);
        ck_assert_msg(strstr(pst_context_message(made), bad[i].says) != NULL, "%s: %s", bad[i].names,
                      pst_context_message(made));
        pst_context_destroy(made);
    }
}
END_TEST

/* ---- the same bytes ---- */

typedef struct outcome {
    double losses[ITERATIONS + 1];
    float rgb[3 * SIZE * SIZE];
} outcome;

typedef struct watch {
    outcome *to;
    pst_job *job;
    int stop_at; /* and save there; 0: nowhere */
} watch;

static bool look(void *user, const pst_progress *now) {
    watch *w = user;
    w->to->losses[now->iteration] = now->loss;
    if (now->iteration != w->stop_at)
        return false;
    ck_ok(context->error, pst_job_save(w->job, test_path("devices.state")));
    return true;
}

/* Resumes where stop_at was, if `resume`. */
static void paint(const char *names, const pst_transfer_options *options, int stop_at, bool resume, outcome *to) {
    use(names);
    pst_image *image;
    pst_job *job = job_make(options);
    watch w = {to, job, stop_at};
    ck_assert_int_eq(job->plan.tile_width, TILE);
    if (resume)
        ck_ok(context->error, pst_job_resume(job, test_path("devices.state")));
    ck_assert_msg(pst_job_run(job, look, &w) == (stop_at ? PST_STOPPED : PST_OK), "%s", pst_context_message(context));
    ck_ok(context->error, pst_job_result(job, &image));
    memcpy(to->rgb, image->rgb, sizeof(float) * 3 * (size_t)image->width * (size_t)image->height);
    uint64_t most = 0;
    for (size_t d = 0; d < context->device_count; d++) {
        const uint64_t peak = context->devices[d].session->peak_bytes;
        most = peak > most ? peak : most;
        ck_assert_uint_gt(peak, 0);
    }
    ck_assert_msg(most == job->plan.device_bytes, "%llu bytes were taken, not %llu", (unsigned long long)most,
                  (unsigned long long)job->plan.device_bytes);
    pst_image_destroy(image);
    pst_job_destroy(job);
    use_no_more();
}

/* What is large enough for two to share goes in tiles where it would fit whole, with work for both in every segment. */
START_TEST(several_devices_share_what_would_fit_whole) {
    static const struct {
        const char *names;
        int size;
        bool tiles;
    } cases[] = {{"0", 400, false}, {"0,1", 400, true}, {"0,1", 200, false}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        pst_transfer_options options = job_options(PST_OPTIMIZER_ADAM, cases[i].size, ITERATIONS);
        options.scales = 1;
        use(cases[i].names);
        pst_job *job = job_make(&options);
        ck_assert(job->plan.fits);
        ck_assert_msg((job->plan.tile_width > 0) == cases[i].tiles, "%s, %d", cases[i].names, cases[i].size);
        for (size_t s = 0; s < job->plan.segment_count; s++)
            ck_assert_int_eq(job->plan.segments[s].columns * job->plan.segments[s].rows % 2, 0);
        pst_job_destroy(job);
        use_no_more();
    }
}
END_TEST

static const pst_optimizer_kind kinds[] = {PST_OPTIMIZER_LBFGS, PST_OPTIMIZER_ADAM};

START_TEST(two_devices_give_the_bytes_of_one) {
    static outcome one, two, third;
    const pst_transfer_options options = options_in_tiles(kinds[_i]);
    paint("1", &options, 0, false, &one);
    paint("0,1", &options, 0, false, &two);
    ck_assert_mem_eq(&one, &two, sizeof one);
    /* A run that was broken off on two devices goes on with one, and the other way round. */
    for (int i = 0; i < 2; i++) {
        memset(&third, 0, sizeof third);
        paint(i ? "0" : "all", &options, 2, false, &third);
        paint(i ? "1,0" : "1", &options, 0, true, &third);
        ck_assert_mem_eq(&one, &third, sizeof one);
    }
}
END_TEST

/* ---- what fails, and what is refused ---- */

/* After the second evaluation. */
static bool lose_second(void *user, const pst_progress *now) {
    (void)user;
    context->devices[1].session->lost = now->iteration >= 2;
    return false;
}

START_TEST(a_lost_device_ends_the_run_with_its_name) {
    const pst_transfer_options options = options_in_tiles(PST_OPTIMIZER_LBFGS);
    use("0,1");
    pst_job *job = job_make(&options);
    ck_assert_int_eq(pst_job_run(job, lose_second, NULL), PST_ERROR_DEVICE);
    ck_assert_msg(strstr(pst_context_message(context), "(device 1)") != NULL, "%s", pst_context_message(context));
    pst_job_destroy(job);
    context->devices[1].session->lost = false;
    use_no_more();
}
END_TEST

static bool hear(void *user, const pst_progress *now) {
    bool *heard = user;
    *heard = *heard || (now->notice && strstr(now->notice, "plainer kernels"));
    return false;
}

/* What the second device's compiler cannot do, the first does not either: both compute the same. */
START_TEST(what_one_refuses_all_refuse) {
    const pst_transfer_options options = options_in_tiles(PST_OPTIMIZER_LBFGS);
    bool heard = false;
    use("0,1");
    pst_job *job = job_make(&options);
    ck_assert(!pst_job_is_outdated(job));
    ck_assert_ptr_eq(job->nets[1]->engine.choices, &job->choices[0]);
    const uint64_t bit = pst_refused_bit(job->named_choices[2].algorithm);
    ck_assert_uint_ne(bit, 0);
    context->devices[1].session->refused |= bit;
    ck_assert(pst_job_is_outdated(job));
    ck_assert_msg(pst_job_run(job, hear, &heard) == PST_OK, "%s", pst_context_message(context));
    ck_assert(heard);
    for (size_t d = 0; d < 2; d++)
        ck_assert_uint_eq(context->devices[d].session->refused, bit);
    for (size_t i = 0; i < job->named_count; i++)
        ck_assert_uint_ne(pst_refused_bit(job->named_choices[i].algorithm), bit);
    pst_job_destroy(job);
    use_no_more();
}
END_TEST

/* Devices of another kind have choices of their own, which no file for one kind can hold. */
START_TEST(kinds_are_measured_one_by_one) {
    pst_tune_options options;
    pst_tune_options_init(&options, sizeof options);
    options.width = options.height = 48;
    options.seconds = 0.5;
    options.choices_file = "";
    use("0,1");
    ck_ok(context->error, pst_tune(context, network, &options, NULL, NULL));
    const size_t count = pst_context_choices(context, NULL);
    ck_assert_uint_gt(count, 0);
    ck_assert_uint_eq(context->devices[1].choices.count, 0);
    context->devices[1].kind = 1; /* as if it were another one */
    ck_ok(context->error, pst_tune(context, network, &options, NULL, NULL));
    ck_assert_uint_gt(context->devices[1].choices.count, 0);
    options.choices_file = "kinds.json";
    ck_assert_int_eq(pst_tune(context, network, &options, NULL, NULL), PST_ERROR_ARGUMENT);
    ck_assert_ptr_nonnull(strstr(pst_context_message(context), "kinds.json"));

    const pst_transfer_options transfer = options_in_tiles(PST_OPTIMIZER_ADAM);
    pst_job *job = job_make(&transfer);
    ck_assert_ptr_eq(job->nets[1]->engine.choices, &job->choices[1]);
    ck_assert_uint_eq(job->choices[1].count, context->devices[1].choices.count);
    ck_assert_msg(pst_job_run(job, NULL, NULL) == PST_OK, "%s", pst_context_message(context));
    pst_job_destroy(job);
    use_no_more();
}
END_TEST

/* ---- memory ---- */

/* Devices that share the host's memory share it. */
START_TEST(the_limit_is_each_devices_own) {
    const pst_transfer_options options = options_in_tiles(PST_OPTIMIZER_ADAM);
    use("0");
    const uint64_t alone = pst_context_memory_bytes(context);
    use_no_more();
    use("0,1");
    ck_assert_uint_eq(pst_context_memory_bytes(context), alone / 2);
    context->devices[1].session->device.info.memory_bytes = (uint64_t)4 << 20;
    context->devices[1].session->device.info.max_allocation_bytes = (uint64_t)1 << 20;
    pst_job *job;
    if (pst_job_create(context, network, &options, &job) == PST_OK) {
        ck_assert_uint_eq(job->plan.device_limit_bytes, (uint64_t)2 << 20);
        ck_assert(!job->plan.fits);
        pst_job_destroy(job);
    }
    use_no_more();
}
END_TEST

/* ---- compiled programs that are kept ---- */

static pst_session *sessions[2];
static pst_error errors[2];
static pst_status statuses[2];

static void get_kernels(void *user, size_t index) {
    static const char *const names[][2] = {{"vector", "combine"}, {"loss", "content"}};
    (void)user;
    for (size_t i = 0; i < 2 && statuses[index] == PST_OK; i++) {
        const pst_kernel *kernel;
        statuses[index] = pst_kernel_get(sessions[index], names[i][0], names[i][1], "", &kernel);
    }
}

/* Both build and keep the same programs at once; whatever was kept is whole. */
START_TEST(devices_keep_their_programs_side_by_side) {
    setenv("PASTICHE_BINARIES", test_path("kept"), 1);
    for (int start = 0; start < 2; start++) {
        for (int d = 0; d < 2; d++)
            ck_ok(errors[d], pst_session_open(&errors[d], d ? "1" : "0", NULL, &sessions[d]));
        const unsigned place = sessions[1]->place;
        sessions[1]->place = sessions[0]->place; /* the same programs, though PoCL would not run them at once */
        pst_threads_run(2, get_kernels, NULL);
        for (int d = 0; d < 2; d++) {
            ck_ok(errors[d], statuses[d]);
            ck_assert(start == 0 || sessions[d]->compiled == 0);
        }
        ck_assert_uint_ne(place, sessions[0]->place);
        sessions[1]->place = place;
        for (int d = 0; d < 2; d++)
            pst_session_close(sessions[d]);
        ck_assert_int_eq(test_entries(test_path("kept")), 2);
    }
    setenv("PASTICHE_BINARIES", "none", 1);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("devices");
    TCase *all = tcase_create("all");
    tcase_add_unchecked_fixture(all, need_two_devices, job_close);
    tcase_set_timeout(all, 300);
    tcase_add_test(all, devices_are_named_one_by_one_or_all);
    tcase_add_test(all, lists_that_are_wrong_are_refused);
    tcase_add_test(all, several_devices_share_what_would_fit_whole);
    tcase_add_loop_test(all, two_devices_give_the_bytes_of_one, 0, sizeof kinds / sizeof *kinds);
    tcase_add_test(all, a_lost_device_ends_the_run_with_its_name);
    tcase_add_test(all, what_one_refuses_all_refuse);
    tcase_add_test(all, kinds_are_measured_one_by_one);
    tcase_add_test(all, the_limit_is_each_devices_own);
    tcase_add_test(all, devices_keep_their_programs_side_by_side);
    suite_add_tcase(suite, all);
    return test_run(suite);
}
