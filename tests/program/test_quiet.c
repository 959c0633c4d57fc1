/* A first run, for which the driver compiles every kernel: nothing but the program's own lines reaches the terminal. */
#define _POSIX_C_SOURCE 200809L /* setenv */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli_fixture.h"

/* What the compiler warns of differs with the processor: nothing where it has vectors of 16 floats. So such a processor
 * is taken for a lesser one, and CLBlast, whose vectors are then too wide for it, is told to be quiet by itself. */
static void take_a_lesser_processor(void) {
#if defined __x86_64__ && defined __GNUC__
    if (__builtin_cpu_supports("avx512f")) {
        setenv("POCL_KERNELLIB_NAME", "avx2", 1);
        setenv("CLBLAST_BUILD_OPTIONS", " -w ", 1); /* it puts no blanks around them */
    }
#endif
}

/* PoCL keeps compiled kernels in a folder: a new one is a first run. */
static void first_run(const char *form) {
    char command[256];
    setenv("POCL_CACHE_DIR", test_path(form), 1);
    setenv("PASTICHE_KERNELS_FORM", form, 1);
    take_a_lesser_processor();
    snprintf(command, sizeof command, TINY "--iterations 1 --scales 1 --quiet -o %s.png", form);
    ck_run(command);
    ck_assert_msg(said[0] == '\0', "%s: %.900s", form, said);
    unsetenv("PASTICHE_KERNELS_FORM");
    unsetenv("POCL_CACHE_DIR");
}

START_TEST(test_kernels_for_cpus) { first_run("cpu"); }
END_TEST

START_TEST(test_kernels_for_gpus) { first_run("gpu"); }
END_TEST

int main(void) {
    Suite *suite = suite_create("quiet");
    TCase *all = tcase_create("first runs");
    tcase_add_unchecked_fixture(all, prepare, NULL);
    tcase_set_timeout(all, 0);
    tcase_add_test(all, test_kernels_for_cpus);
    tcase_add_test(all, test_kernels_for_gpus);
    suite_add_tcase(suite, all);
    return test_run(suite);
}
