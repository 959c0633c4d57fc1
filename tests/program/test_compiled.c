/* Compiled kernels from one run of the program to the next: the same image with them and without, from several runs at
 * once, and removed on demand. Over PoCL too, for the folder is named. */
/* promise: second-start */
#define _XOPEN_SOURCE 700 /* setenv, chown */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli_fixture.h"

#define RUN TINY "--iterations 1 --no-tune --quiet -o "
#define LOUD TINY "--iterations 1 --no-tune -o taken.png"

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

/* A run says it once, and so does the list of devices. */
static void ck_told(const char *words) {
    const char *at;
    ck_run(LOUD);
    ck_said(words);
    at = strstr(said, "PASTICHE_BINARIES");
    ck_assert_msg(at && !strstr(at + 1, "PASTICHE_BINARIES"), "%s", said);
    ck_same_bytes("none.png", "taken.png", true);
    ck_run("devices");
    ck_said(words);
}

START_TEST(a_folder_that_cannot_be_used_changes_nothing) {
    char name[301];
    test_write(test_path("taken"), "a file", 6);
    keep_in("taken");
    ck_run(RUN "taken.png");
    ck_assert_str_eq(said, ""); /* with --quiet */
    ck_same_bytes("none.png", "taken.png", true);
    ck_clean("No compiled kernels are kept in ");
    ck_told("taken (PASTICHE_BINARIES): is a file, not a folder, so compiled kernels are not kept there; name another");
    cli_forget("taken");
    ck_assert_int_eq(symlink("nowhere", test_path("taken")), 0);
    ck_told("taken (PASTICHE_BINARIES): cannot be reached, so compiled kernels are not kept there; name another");
    cli_forget("taken");
    snprintf(name, sizeof name, "%0300d", 0);
    keep_in(name);
    ck_told(
        "PASTICHE_BINARIES: cannot be reached, so compiled kernels are not kept there; name another"); /* too long */
    keep_in("taken");
    cli_folder("taken");
    ck_assert_int_eq(chmod(test_path("taken"), 0770), 0);
    ck_told(
        "taken (PASTICHE_BINARIES): others may write to this folder, so compiled kernels are not kept there; chmod 700 "
        "mends that\n");
    ck_assert_int_eq(test_entries(test_path("taken")), 0);
    if (geteuid() == 0 && chown(test_path("taken"), 12345, 12345) == 0)
        ck_told("taken (PASTICHE_BINARIES): belongs to another user, so compiled kernels are not kept there");
    if (geteuid() != 0 && chmod(test_path("taken"), 0500) == 0)
        ck_told(
            "taken (PASTICHE_BINARIES): cannot be written to, so compiled kernels are not kept there; name another");
    ck_assert_int_eq(chown(test_path("taken"), geteuid(), getegid()) | chmod(test_path("taken"), 0755), 0);
    ck_run("devices");
    ck_assert_str_eq(said, "");
    ck_run(LOUD);
    ck_assert_ptr_null(strstr(said, "PASTICHE_BINARIES"));
    ck_assert_int_gt(test_entries(test_path("taken")), 5); /* which others may read and not write */
    ck_clean("Removed compiled kernels from ");
    rmdir(test_path("taken"));
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
