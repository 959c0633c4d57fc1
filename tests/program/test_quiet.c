/* A first run, for which the driver compiles every kernel: nothing but the program's own lines reaches the terminal. */
/* promise: printable */
#define _POSIX_C_SOURCE 200809L /* setenv */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli_fixture.h"

/* What the compiler warns of differs with the processor: nothing where it has vectors of 16 floats. So such a processor
 * is taken for a lesser one. */
static void take_a_lesser_processor(void) {
#if defined __x86_64__ && defined __GNUC__
    if (__builtin_cpu_supports("avx512f"))
        setenv("POCL_KERNELLIB_NAME", "avx2", 1);
#endif
}

/* PoCL keeps compiled kernels in a folder: a new one is a first run. */
static void first_run(const char *form) {
    static int runs;
    char command[256], folder[32];
    snprintf(folder, sizeof folder, "kernels%d", ++runs);
    setenv("POCL_CACHE_DIR", test_path(folder), 1);
    setenv("PASTICHE_KERNELS_FORM", form, 1);
    take_a_lesser_processor();
    snprintf(command, sizeof command, TINY "--iterations 1 --scales 1 --quiet -o %s.png", form);
    ck_run(command);
    ck_assert_msg(said[0] == '\0', "%s: %.900s", form, said);
    ck_assert_msg(printed[0] == '\0', "%s: %.900s", form, printed);
    unsetenv("PASTICHE_KERNELS_FORM");
    unsetenv("POCL_CACHE_DIR");
}

START_TEST(test_kernels_for_cpus) { first_run("cpu"); }
END_TEST

START_TEST(test_kernels_for_gpus) { first_run("gpu"); }
END_TEST

/* CLBlast says what does not fit. */
START_TEST(test_small_groups) {
    if (!test_long())
        return;
    setenv("POCL_MAX_WORK_GROUP_SIZE", "32", 1);
    setenv("POCL_MEMORY_LIMIT", "1", 1);
    first_run("cpu");
    unsetenv("POCL_MAX_WORK_GROUP_SIZE");
    unsetenv("POCL_MEMORY_LIMIT");
}
END_TEST

int main(void) {
    Suite *suite = suite_create("quiet");
    TCase *all = tcase_create("first runs");
    tcase_add_unchecked_fixture(all, prepare, NULL);
    tcase_set_timeout(all, 0);
    tcase_add_test(all, test_kernels_for_cpus);
    tcase_add_test(all, test_kernels_for_gpus);
    tcase_add_test(all, test_small_groups);
    suite_add_tcase(suite, all);
    return test_run(suite);
}
