/* A driver's compiler that takes very long: plainer kernels are used, which is told and remembered, and a signal ends
 * the program meanwhile. */
/* promise: slow-compiler */
#define _POSIX_C_SOURCE 200809L /* setenv, kill */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cli_fixture.h"

#define RUN TINY "--iterations 2 -o out.png --log log.json"

static size_t slow_builds(void) {
    static char text[256];
    return strlen(read_whole(test_path("slow"), text, sizeof text));
}

/* The compiler is slow for programs with this text. By the program's clock, which goes so many seconds further at each
 * look, it waits for 5000 seconds: more than any machine takes for the others. */
static void make_slow(const char *text, const char *step) {
    cli_forget("slow");
    setenv("PASTICHE_SLOW", text, 1);
    setenv("PASTICHE_SLOW_STEP", step, 1);
    setenv("PASTICHE_COMPILE_SECONDS", "5000", 1);
}

static size_t times_said(const char *text) {
    size_t count = 0;
    for (const char *at = said; (at = strstr(at, text)); at++)
        count++;
    return count;
}

/* A run with such a compiler, and another one, which does not try again. */
static void check_plainer(const char *text, const char *refused) {
    static char log[1 << 16], in_quotes[64];
    snprintf(in_quotes, sizeof in_quotes, "\"%s", refused);
    make_slow(text, "100");
    ck_run(RUN);
    ck_assert_uint_gt(slow_builds(), 0);
    ck_assert_msg(times_said("compiler takes more than 5000 s for") == 1 && strstr(said, refused), "%s: %.900s", text,
                  said);
    read_whole(test_path("log.json"), log, sizeof log);
    ck_assert_msg(!strstr(log, in_quotes), "%s: %.900s", text, log);
    ck_image("out.png", 64, 48);
    rename(test_path("out.png"), test_path("first.png"));
    cli_forget("log.json"), cli_forget("slow");
    ck_run(RUN);
    ck_assert_uint_eq(slow_builds(), 0);
    ck_assert_msg(times_said("compiler") == 0, "%s: %.900s", text, said);
    ck_same_bytes("out.png", "first.png", true);
    cli_forget("log.json"), cli_forget("out.png"), cli_forget("first.png");
}

START_TEST(test_plainer_kernels_are_used_and_remembered) {
    check_plainer("winograd_fused(", "winograd-6x6");
    setenv("PASTICHE_KERNELS_FORM", "gpu", 1);
    check_plainer("winograd_products(", "gpu-winograd-4x4");
    unsetenv("PASTICHE_KERNELS_FORM");
}
END_TEST

START_TEST(test_a_stopped_program_was_not_slow) {
    static char log[1 << 16];
    make_slow("winograd_fused(", "0");
    setenv("PASTICHE_SLOW_STOP", "10000", 1);
    setenv("PASTICHE_CHOICES", "none", 1); /* which nothing is refused in */
    ck_run(RUN);
    unsetenv("PASTICHE_CHOICES");
    unsetenv("PASTICHE_SLOW_STOP");
    ck_assert_uint_gt(slow_builds(), 0);
    ck_assert_msg(times_said("compiler") == 0, "%.900s", said);
    read_whole(test_path("log.json"), log, sizeof log);
    ck_assert_msg(strstr(log, "\"winograd-6x6\"") != NULL, "%.900s", log);
    cli_forget("log.json"), cli_forget("out.png");
}
END_TEST

/* Whatever has no plainer form, such as the Gram matrices of CPUs, is waited for, as long as the user wants. */
START_TEST(test_a_signal_ends_it_in_mid_build) {
    static const int numbers[] = {SIGINT, SIGTERM};
    const struct timespec nap = {.tv_nsec = 20000000};
    for (size_t i = 0; i < 2; i++) {
        make_slow(_i ? "winograd_fused(" : "gram_partial(", "0");
        setenv("PASTICHE_CHOICES", "none", 1); /* which nothing is refused in */
        test_write(test_path("out.png"), "an old image", 12);
        unsigned files = files_hash();
        pid_t child = start(i ? TINY "--iterations 2 -o out.png --quiet" : TINY "--iterations 2 -o out.png");
        for (int naps = 0; naps < 30000 && slow_builds() == 0; naps++)
            nanosleep(&nap, NULL);
        ck_assert_uint_eq(slow_builds(), 1);
        kill(child, numbers[i]);
        time_t begun = time(NULL);
        ck_assert_int_eq(wait_for(child), 128 + numbers[i]);
        ck_assert_msg(!i == !!strstr(said, "\npastiche: stopped in the first evaluation: there is no image yet, and "
                                           "nothing is written\n"),
                      "%s", said);
        ck_assert_msg(difftime(time(NULL), begun) < 300, "the compiler was waited for");
        cli_forget("slow");
        ck_assert_uint_eq(files_hash(), files);
        cli_forget("out.png");
        unsetenv("PASTICHE_CHOICES");
    }
}
END_TEST

static void set_up(void) {
    const char *library = getenv("PASTICHE_SLOW_COMPILER"), *cache = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");
    char kernels[1024];
    if (!library)
        exit(TEST_SKIPPED);
    prepare();
    /* What is compiled stays in the user's folder, what is remembered does not. */
    snprintf(kernels, sizeof kernels, "%s%s/pocl/kcache",
             cache  ? cache
             : home ? home
                    : "",
             cache || !home ? "" : "/.cache");
    setenv("POCL_CACHE_DIR", kernels, 0);
    setenv("XDG_CACHE_HOME", test_path("cache"), 1);
    setenv("PASTICHE_SLOW_COUNT", test_path("slow"), 1);
    setenv("LD_PRELOAD", library, 1);
    unsetenv("PASTICHE_CHOICES");
}

int main(void) {
    Suite *suite = suite_create("slow compiler");
    TCase *tests = tcase_create("all");
    tcase_add_unchecked_fixture(tests, set_up, NULL);
    tcase_set_timeout(tests, 900);
    tcase_add_test(tests, test_plainer_kernels_are_used_and_remembered);
    tcase_add_test(tests, test_a_stopped_program_was_not_slow);
    tcase_add_loop_test(tests, test_a_signal_ends_it_in_mid_build, 0, 2);
    suite_add_tcase(suite, tests);
    return test_run(suite);
}
