#define _POSIX_C_SOURCE 200809L /* setenv */
/* Many jobs: five hundred in one process, whose memory must not grow, and eight processes at one time, on one device
 * with one empty cache, that all make the same bytes. */
/* promise: soak */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli_fixture.h"
#include "pastiche.h"

enum { JOBS = 500, FEW_JOBS = 60, SETTLED = 40, PROCESSES = 8 };
/* Of the resident set after the first jobs, while allocators and drivers still grow. A leak of a hundredth of a job's
 * memory is more: an image of 32x32 and its features take a megabyte. */
#define GROWTH_BYTES ((size_t)6 << 20)

static size_t resident_bytes(void) {
    unsigned long whole = 0, resident = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    if (!file)
        return 0;
    int found = fscanf(file, "%lu %lu", &whole, &resident);
    fclose(file);
    return found == 2 ? resident * (size_t)sysconf(_SC_PAGESIZE) : 0;
}

static void run_job(pst_context *context, pst_network *network, const pst_image *content, const pst_image *style,
                    int n) {
    pst_transfer_options options;
    pst_job *job;
    pst_image *result;
    pst_transfer_options_init(&options, sizeof options);
    options.content = content;
    options.styles = &style;
    options.style_count = 1;
    options.image_size = 32 + n % 3 * 16;
    options.iterations = 3;
    options.optimizer = n % 2 ? PST_OPTIMIZER_ADAM : PST_OPTIMIZER_LBFGS;
    ck_assert_msg(pst_job_create(context, network, &options, &job) == PST_OK, "%s", pst_context_message(context));
    ck_assert_msg(pst_job_run(job, NULL, NULL) == PST_OK, "%s", pst_context_message(context));
    ck_assert_int_eq(pst_job_result(job, &result), PST_OK);
    pst_image_destroy(result);
    pst_job_destroy(job);
}

START_TEST(memory_stays_flat) {
    pst_context *context;
    pst_network *network;
    pst_image *content, *style;
    pst_status status = pst_context_create(NULL, &context);
    if (status == PST_ERROR_NO_DEVICE || !resident_bytes())
        exit(TEST_SKIPPED);
    ck_assert_int_eq(status, PST_OK);
    ck_assert_int_eq(pst_network_load(context, test_path("net.safetensors"), PST_CONVENTION_AUTO, &network), PST_OK);
    ck_assert_int_eq(pst_image_read(context, test_path("content.ppm"), &content), PST_OK);
    ck_assert_int_eq(pst_image_read(context, test_path("style.ppm"), &style), PST_OK);
    size_t settled = 0, jobs = test_long() ? JOBS : FEW_JOBS;
    for (size_t n = 0; n < jobs; n++) {
        run_job(context, network, content, style, (int)n);
        if (n + 1 == SETTLED)
            settled = resident_bytes();
    }
    size_t last = resident_bytes();
    printf("%zu jobs: %.1f MiB after %d, %.1f MiB at the end\n", jobs, (double)settled / 1048576, SETTLED,
           (double)last / 1048576);
    ck_assert_uint_le(last, settled + GROWTH_BYTES);
    pst_image_destroy(style);
    pst_image_destroy(content);
    pst_network_destroy(network);
    pst_context_destroy(context);
}
END_TEST

START_TEST(processes_share_a_cache) {
    pid_t children[PROCESSES];
    size_t count = test_long() ? PROCESSES : 3;
    char name[32];
    setenv("POCL_CACHE_DIR", test_path("cache"), 1);
    for (size_t i = 0; i < count; i++) {
        char command[256];
        snprintf(command, sizeof command, TINY "--iterations 4 --quiet -o result%zu.png", i);
        children[i] = start(command);
    }
    for (size_t i = 0; i < count; i++)
        ck_assert_int_eq(wait_for(children[i]), 0);
    for (size_t i = 1; i < count; i++) {
        snprintf(name, sizeof name, "result%zu.png", i);
        ck_same_bytes("result0.png", name, true);
    }
    unsetenv("POCL_CACHE_DIR");
}
END_TEST

int main(void) {
    Suite *suite = suite_create("soak");
    TCase *tests = tcase_create("many jobs");
    tcase_add_checked_fixture(tests, prepare, NULL);
    tcase_set_timeout(tests, 900);
    tcase_add_test(tests, memory_stays_flat);
    tcase_add_test(tests, processes_share_a_cache);
    suite_add_tcase(suite, tests);
    return test_run(suite);
}
