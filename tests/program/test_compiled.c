/* Compiled kernels from one run of the program to the next: the same image with them and without, from several runs at
 * once, and removed on demand. Over PoCL too, for the folder is named. */
/* promise: second-start */
#define _POSIX_C_SOURCE 200809L /* setenv */

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli_fixture.h"

#define RUN TINY "--iterations 1 --no-tune --quiet -o "

static void keep_in(const char *folder) { setenv("PASTICHE_BINARIES", test_path(folder), 1); }

static void ck_clean(const char *answer) {
    ck_run("devices --clean");
    ck_assert_msg(strncmp(printed, answer, strlen(answer)) == 0, "no \"%s\" in: %s", answer, printed);
}

START_TEST(images_are_the_same_with_kept_kernels) {
    ck_run(RUN "none.png"); /* nothing is kept */
    keep_in("compiled");
    pid_t first = start(RUN "first.png"), second = start(RUN "second.png"); /* at once */
    ck_assert_int_eq(wait_for(first), 0);
    ck_assert_int_eq(wait_for(second), 0);
    int count = test_entries(test_path("compiled"));
    ck_assert_int_gt(count, 5);
    ck_run(RUN "third.png");
    ck_assert_int_eq(test_entries(test_path("compiled")), count);
    ck_same_bytes("none.png", "first.png", true);
    ck_same_bytes("none.png", "second.png", true);
    ck_same_bytes("none.png", "third.png", true);

    test_write(test_path("compiled/notes.txt"), "mine", 4);
    ck_clean("Removed compiled kernels from ");
    ck_assert_int_eq(test_entries(test_path("compiled")), 1);
    ck_clean("No compiled kernels are kept in ");
    cli_forget("compiled/notes.txt");
    rmdir(test_path("compiled"));
    ck_clean("No compiled kernels are kept in ");
    ck_assert(!cli_exists("compiled"));
}
END_TEST

START_TEST(a_folder_that_cannot_be_used_changes_nothing) {
    test_write(test_path("taken"), "a file", 6);
    keep_in("taken");
    ck_run(RUN "taken.png");
    ck_assert_str_eq(said, "");
    ck_same_bytes("none.png", "taken.png", true);
    ck_clean("No compiled kernels are kept in ");
    cli_forget("taken");
    setenv("PASTICHE_BINARIES", "none", 1);
    ck_clean("No compiled kernels are kept: PASTICHE_BINARIES is none.");
    ck_run(RUN "taken.png");
    ck_same_bytes("none.png", "taken.png", true);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("compiled");
    TCase *all = tcase_create("all");
    tcase_add_unchecked_fixture(all, prepare, NULL);
    tcase_set_timeout(all, 0);
    tcase_add_test(all, images_are_the_same_with_kept_kernels);
    tcase_add_test(all, a_folder_that_cannot_be_used_changes_nothing);
    suite_add_tcase(suite, all);
    return test_run(suite);
}
