/* Every allocation, OpenCL call and file operation of a small complete run fails, once and with all of its kind after
 * it: a clean status with a message, nothing left alive, every file either the old one or the whole new one. Where
 * the run gets over a fault, its result is that of a run without. */
/* promise: faults objects */
#define _POSIX_C_SOURCE 200809L /* setenv */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/digest.h"
#include "base/file.h"
#include "faults.h"
#include "job_fixture.h"

#define SIDE 20
#define ITERATIONS 4

/* ---- the run ---- */

enum { RESULT, STYLE_FILE, CHECKPOINT, FILES };
static const char *const file_names[FILES] = {"out.png", "style.pastiche-style", "checkpoint"};
enum { CONTENT, STYLE, NETWORK, CHOICES, INPUTS };
static char paths[FILES][640], inputs[INPUTS][640], folder[512], device_name[128];
static const char old[] = "an old file";

typedef struct run {
    pst_context *context;
    pst_job *job;
    pst_status saved;
    bool resumes_right, with_less; /* with_less: it was planned anew to take less memory */
    char message[512];
} run;

static pst_status check(run *r, pst_status status) {
    if (status != PST_OK && r->context && !r->message[0])
        snprintf(r->message, sizeof r->message, "%s", pst_context_message(r->context));
    return status;
}

static bool watch(void *user, const pst_progress *progress) {
    run *r = user;
    r->with_less = r->with_less || (progress->notice && strstr(progress->notice, "gives less memory"));
    return false;
}

static bool save_once(void *user, const pst_progress *progress) {
    run *r = user;
    watch(user, progress);
    if (progress->iteration == ITERATIONS - 1)
        r->saved = check(r, pst_job_save(r->job, paths[CHECKPOINT]));
    return r->saved != PST_OK;
}

#define TRY(call) PST_TRY(check(r, call))

static pst_status paint(run *r, pst_network *net, const pst_transfer_options *options, bool resume, pst_image **image) {
    pst_status status;
    TRY(pst_job_create(r->context, net, options, &r->job));
    if (resume)
        TRY(pst_job_resume(r->job, paths[CHECKPOINT]));
    status = check(r, pst_job_run(r->job, resume ? watch : save_once, r));
    PST_TRY(r->saved != PST_OK ? r->saved : status);
    TRY(pst_job_result(r->job, image));
cleanup:
    pst_job_destroy(r->job);
    r->job = NULL;
    return status;
}

/* All of it with a context whose kernels are built; or from the beginning, with the least that needs all kernels. */
static pst_status work(run *r, pst_context *warm) {
    pst_network *net = NULL;
    pst_image *images[2] = {NULL}, *result = NULL, *resumed = NULL;
    pst_style *made = NULL, *loaded = NULL;
    const pst_style *stored[2] = {NULL};
    pst_status status;
    *r = (run){.context = warm};
    if (!warm) {
        pst_context_options with;
        pst_context_options_init(&with, sizeof with);
        with.choices_file = inputs[CHOICES];
        TRY(pst_context_create(&with, &r->context));
    }
    TRY(pst_network_load(r->context, inputs[NETWORK], PST_CONVENTION_AUTO, &net));
    for (int i = 0; i < 2; i++)
        TRY(pst_image_read(r->context, inputs[i], &images[i]));

    pst_transfer_options options = job_options(PST_OPTIMIZER_LBFGS, SIDE, warm ? ITERATIONS : 2);
    options.content = images[CONTENT];
    options.styles = (const pst_image *[]){images[STYLE], NULL};
    options.scales = 1;
    if (warm) {
        TRY(pst_style_create(r->context, net, &options, "about", &made));
        TRY(pst_style_save(r->context, made, paths[STYLE_FILE]));
        TRY(pst_style_load(r->context, paths[STYLE_FILE], &loaded));
        options.style_count = 2;
        stored[1] = loaded;
        options.stored_styles = stored;
        options.scales = 2;
        options.min_size = 16;
        options.original_colors = true;
    }
    PST_TRY(paint(r, net, &options, false, &result));
    if (warm) {
        PST_TRY(paint(r, net, &options, true, &resumed));
        r->resumes_right = memcmp(pst_image_samples(result), pst_image_samples(resumed), sizeof(float) * 3 * SIDE) == 0;
    }
    pst_write_options write;
    pst_write_options_init(&write, sizeof write);
    write.metadata = "{}";
    TRY(pst_image_write(r->context, result, paths[RESULT], &write));

cleanup:
    pst_image_destroy(result);
    pst_image_destroy(resumed);
    pst_style_destroy(made);
    pst_style_destroy(loaded);
    pst_image_destroy(images[CONTENT]);
    pst_image_destroy(images[STYLE]);
    pst_network_destroy(net);
    if (!warm)
        pst_context_destroy(r->context);
    return status; /* nothing of Check's until here, whose allocations would fail as well */
}

/* ---- what must hold after it ---- */

typedef struct bytes {
    uint8_t data[1 << 17];
    size_t count;
} bytes;

static bytes expected[FILES], found;

static void load(const char *path, bytes *b) {
    FILE *file = fopen(path, "rb");
    ck_assert_msg(file != NULL, "%s: is gone", path);
    b->count = fread(b->data, 1, sizeof b->data, file);
    ck_assert_uint_lt(b->count, sizeof b->data);
    fclose(file);
}

static bool is_old(const bytes *b) { return b->count == sizeof old && memcmp(b->data, old, sizeof old) == 0; }

/* A checkpoint tells the time, so that two are never the same. It ends with its sum. */
static bool is_whole_checkpoint(const bytes *b) {
    char hex[65];
    pst_digest digest;
    if (b->count != expected[CHECKPOINT].count || b->count < sizeof hex)
        return false;
    pst_digest_begin(&digest, PST_DIGEST_SHA256);
    pst_digest_add(&digest, b->data, b->count - sizeof hex);
    pst_digest_end(&digest, hex);
    return memcmp(hex, b->data + b->count - sizeof hex, sizeof hex) == 0;
}

/* What a faulty run left beside a file goes with the next one that is written. */
static void put_old_files(void) {
    for (int i = 0; i < FILES; i++)
        ck_assert_int_eq(pst_file_save(NULL, paths[i], old, sizeof old), PST_OK);
    ck_assert_int_eq(test_entries(folder), FILES);
}

/* All problems are told, not only the first. */
static char where[128]; /* the fault */
static unsigned problems;

#define EXPECT(condition, ...)                 \
    do {                                       \
        if (!(condition) && ++problems < 50) { \
            fprintf(stderr, "%s: ", where);    \
            fprintf(stderr, __VA_ARGS__);      \
            fprintf(stderr, "\n");             \
        }                                      \
    } while (0)

static void check_files(pst_status status) {
    for (int i = 0; i < FILES; i++) {
        load(paths[i], &found);
        bool none = is_old(&expected[i]); /* not written in this form */
        bool whole = i == CHECKPOINT && !none
                         ? is_whole_checkpoint(&found)
                         : found.count == expected[i].count && memcmp(found.data, expected[i].data, found.count) == 0;
        EXPECT(whole || (status != PST_OK && is_old(&found)), "%s is neither old nor right", file_names[i]);
    }
    int more = test_entries(folder) - FILES;
    EXPECT(more == 0 || (more > 0 && faults_unlinks_failed()), "%d files are left", more);
}

static bool names_place(const run *r) {
    return strncmp(r->message, folder, strlen(folder) - strlen("work")) == 0 || strstr(r->message, device_name) ||
           strstr(r->message, "memory") || strstr(r->message, "device") || strstr(r->message, "OpenCL");
}

static void check_message(const run *r, pst_status status, fault_kind kind) {
    EXPECT(status != PST_ERROR_ARGUMENT && status != PST_ERROR_NUMERIC && status != PST_STOPPED, "%s: %s",
           pst_status_name(status), r->message);
    if (kind == FAULT_MEMORY && status == PST_ERROR_MEMORY)
        return; /* there may be no context to hold a message */
    EXPECT(r->message[0] && !strchr(r->message, '\n') && names_place(r), "%s, says '%s'", pst_status_name(status),
           r->message);
}

/* ---- all faults ---- */

static bool is_warm; /* the runs have a context beforehand */

static void run_clean(void) {
    run r;
    put_old_files();
    pst_status status = work(&r, is_warm ? context : NULL);
    ck_assert_msg(status == PST_OK, "%s", r.message);
    for (int i = 0; i < FILES; i++)
        load(paths[i], &expected[i]);
}

static void prepare_run(void) {
    static const char *const names[INPUTS] = {"content.png", "style.jpg", "net", "choices"};
    snprintf(folder, sizeof folder, "%s", test_path("work"));
    ck_assert_int_eq(pst_folder_create(NULL, folder), PST_OK);
    for (int i = 0; i < FILES; i++)
        snprintf(paths[i], sizeof paths[i], "%s/%s", folder, file_names[i]);
    for (int i = 0; i < INPUTS; i++)
        snprintf(inputs[i], sizeof inputs[i], "%s", test_path(names[i]));
    setenv("PASTICHE_BINARIES", test_path("binaries"), 1); /* by which compiled programs are kept over any driver */
    job_open();
    snprintf(device_name, sizeof device_name, "%s", context->session->device.info.name);
    ck_assert_int_eq(pst_image_write(context, content, inputs[CONTENT], NULL), PST_OK);
    ck_assert_int_eq(pst_image_write(context, style, inputs[STYLE], NULL), PST_OK);
    pst_transfer_options options = job_options(PST_OPTIMIZER_LBFGS, SIDE, 1);
    pst_job *job = job_make(&options);
    char *choices;
    ck_assert_int_eq(pst_job_choices_text(job, &choices), PST_OK);
    test_write(inputs[CHOICES], choices, strlen(choices));
    pst_bytes_destroy(choices);
    pst_job_destroy(job);
}

static const struct {
    bool warm;
    fault_kind kind;
    bool persistent, lost;
} forms[] = {
    {true, FAULT_MEMORY, false, false},  {true, FAULT_MEMORY, true, false}, {true, FAULT_FILE, false, false},
    {true, FAULT_FILE, true, false},     {true, FAULT_QUEUE, false, false}, {true, FAULT_QUEUE, true, true},
    {false, FAULT_DEVICE, false, false}, {false, FAULT_DEVICE, true, true}, {false, FAULT_MEMORY, false, false},
    {false, FAULT_MEMORY, true, false},  {false, FAULT_FILE, false, false}, {false, FAULT_FILE, true, false},
};

static pst_status run_faulty(fault_kind kind, unsigned n, bool persistent, bool lost, run *r) {
    put_old_files();
    faults_begin(kind, n, persistent, lost);
    pst_status status = work(r, is_warm ? context : NULL);
    faults_heal();
    if (is_warm) { /* a context for the next run */
        context->session->lost = false;
        context->error.text[0] = 0;
        ck_assert_int_eq(pst_session_finish(context->session), PST_OK);
        pst_session_free(context->session, NULL);
    }
    faults_end();
    snprintf(where, sizeof where, "%s call %u%s, %s", fault_kind_names[kind], n, persistent ? " and all after" : "",
             faults_name());
    if (is_warm) {
        EXPECT(!context->session->buffer_count && !context->session->buffer_bytes, "buffers are left");
    }
    return status;
}

/* Of OpenCL's calls only those that end something, that are asked for a message, and what there are others for: all
 * that deals with kept binaries. */
static bool may_be_overcome(fault_kind kind) {
    static const char *const harmless[] = {"clRelease",         "clFinish",       "CLBlastClearCache",
                                           "clGetPlatformInfo", "clBuildProgram", "clCreateProgramWithBinary",
                                           "clGetProgramInfo"};
    bool may = kind == FAULT_MEMORY || kind == FAULT_FILE;
    for (size_t i = 0; i < sizeof harmless / sizeof *harmless; i++)
        may = may || strncmp(faults_name(), harmless[i], strlen(harmless[i])) == 0;
    return may;
}

#define LIMITED_CALLS 100 /* of each kind, where the long tier has a limit of time */

START_TEST(every_call_may_fail) {
    fault_kind kind = forms[_i].kind;
    unsigned reached = 0, overcome = 0;
    run r;
    if (is_warm != forms[_i].warm || _i == 0) {
        is_warm = forms[_i].warm;
        run_clean();
    }
    ck_assert_int_eq(run_faulty(kind, 0, false, false, &r), PST_OK);
    const char *until = getenv("PASTICHE_UNTIL");
    unsigned calls = faults_calls(kind), most = is_warm ? 30 : 8;
    if (test_long())
        most = until && *until ? LIMITED_CALLS : calls;
    unsigned step = calls < most ? 1 : calls / most;
    ck_assert_uint_gt(calls, 5);
    for (unsigned n = 1; n <= calls; n += step) {
        pst_status status = run_faulty(kind, n, forms[_i].persistent, forms[_i].lost, &r);
        EXPECT(status != PST_OK || r.with_less || may_be_overcome(kind), "was not noticed");
        EXPECT(faults_failed() > 0, "was not reached");
        for (fault_kind k = FAULT_MEMORY; k < FAULT_KINDS; k++)
            EXPECT(faults_alive(k) == 0, "%d of %s alive", faults_alive(k), fault_kind_names[k]);
        check_files(status);
        EXPECT(status != PST_OK || r.resumes_right || !is_warm, "resumed otherwise");
        if (status != PST_OK)
            check_message(&r, status, kind);
        reached++;
        overcome += status == PST_OK;
    }
    printf("%s, %s, %s: %u calls, %u failed on demand, %u of these overcome\n", is_warm ? "whole run" : "beginning",
           fault_kind_names[kind], forms[_i].persistent ? "from then on" : "once", calls, reached, overcome);
    ck_assert_uint_eq(problems, 0);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("faulty job");
    TCase *tests = tcase_create("faults");
    tcase_add_unchecked_fixture(tests, prepare_run, job_close);
    tcase_set_timeout(tests, 900);
    tcase_add_loop_test(tests, every_call_may_fail, 0, sizeof forms / sizeof forms[0]);
    suite_add_tcase(suite, tests);
    return test_run(suite);
}
