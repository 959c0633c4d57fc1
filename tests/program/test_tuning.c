/* `pastiche tune` and --choices from the outside: what stands in the way is told before anything is measured, several
 * may be measured at once, and names that mean nothing here are not passed over in silence. */
/* promise: damage */
#define _XOPEN_SOURCE 700 /* setenv, symlink */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "cli_fixture.h"

#define TUNE "tune --model net.safetensors --image-size 16 --choices "
#define RUN TINY "--iterations 1 -o out.png --choices "

START_TEST(what_is_no_file_is_refused_at_once) {
    cli_folder("folder");
    ck_assert_int_eq(mkfifo(test_path("pipe"), 0600), 0);
    ck_refused(TUNE "folder", 1, "folder: is a folder", "the name of a file");
    ck_refused(RUN "folder", 1, "folder: is a folder", "the name of a file");
    ck_refused(TUNE "pipe", 1, "pipe: is a device or a pipe", "a regular file");
    ck_refused(RUN "pipe", 1, "pipe: is a device or a pipe", "a regular file");
    ck_refused(TUNE "/dev/null", 1, "/dev/null: is a device or a pipe", "a regular file");
    ck_refused(TUNE "typo/choices.json", 1, "typo/choices.json: the folder typo does not exist", "");
    ck_refused(TUNE "folder/typo/choices.json", 1, "the folder folder/typo does not exist", "");
    ck_assert_int_eq(test_entries(test_path("folder")), 0);
    rmdir(test_path("folder"));
    cli_forget("pipe");
}
END_TEST

/* Which runs know, and with which there is nothing to measure for. */
START_TEST(none_is_no_file) {
    ck_refused(TUNE "none", 2, "--choices none keeps nothing", "the device's own file");
    ck_refused(TUNE "-", 2, "--choices -", "name one");
    setenv("PASTICHE_CHOICES", "none", 1);
    ck_refused("tune --model net.safetensors --image-size 16", 2, "keeps nothing", "PASTICHE_CHOICES");
    ck_run(RUN "none");
    cli_forget("out.png");
}
END_TEST

/* How many choices a file has: one algorithm each. */
static int choices_in(const char *name) {
    static char text[65536];
    int count = 0;
    for (const char *at = read_whole(test_path(name), text, sizeof text); (at = strstr(at, "\"algorithm\"")); at++)
        count++;
    return count;
}

START_TEST(a_second_run_replaces_and_adds) {
    enum { AT_ONCE = 2 };
    static const int sizes[AT_ONCE] = {48, 80};
    char command[256];
    pid_t children[AT_ONCE];
    ck_run(TUNE "mine.json");
    ck_assert_msg(strstr(printed, " products measured on ") && strstr(printed, "kept in mine.json; measuring again"),
                  "%s", printed);
    const int first = choices_in("mine.json");
    ck_assert_int_gt(first, 3);
    ck_run(TUNE "mine.json");
    ck_assert_int_eq(choices_in("mine.json"), first);
    for (int i = 0; i < AT_ONCE; i++) { /* of which none has products of another */
        snprintf(command, sizeof command, TUNE "mine.json --image-size %d", sizes[i]);
        children[i] = start(command);
    }
    for (int i = 0; i < AT_ONCE; i++)
        ck_assert_int_eq(wait_for(children[i]), 0);
    ck_assert_int_eq(choices_in("mine.json"), (1 + AT_ONCE) * first);
}
END_TEST

static void write_text(const char *name, const char *text) { test_write(test_path(name), text, strlen(text)); }

static void ck_holds(const char *name, const char *text) {
    static char now[65536];
    ck_assert_str_eq(read_whole(test_path(name), now, sizeof now), text);
}

/* Whatever somebody has put into a file, only choices take its place where there were choices or nothing. */
START_TEST(other_files_are_not_replaced) {
    static const struct {
        const char *text, *reason;
    } others[] = {{"\xff\xd8\xff\xe0 a photograph", "is no file of choices"},
                  {"\n", "is no file of choices"},
                  {"{\"format\": \"pastiche bench 2\"}", "is no file of choices"},
                  {"[\"pastiche choices 1\"]", "is no file of choices"},
                  {"{\"format\": \"pastiche choices 2\", \"choices\": {}}", "another version of the program"},
                  {"{\"format\": \"pastiche choices 2\", \"choi", "another version of the program"}};
    static const char *const ours[] = {"", "{\n \"format\": \"pastiche choices 1\",\n \"cho",
                                       "{\"choices\": 1, \"format\": \"pastiche choices 1\"}"};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        write_text("other", others[i].text);
        ck_refused(TUNE "other", 1, others[i].reason, "name another file");
        ck_said("pastiche: other: ");
        ck_holds("other", others[i].text);
    }
    ck_refused(RUN "other", 1, "other: ", "file of choices");
    static char large[5 << 20]; /* more than is read of choices */
    memset(large, ' ', sizeof large);
    test_write(test_path("other"), large, sizeof large);
    ck_refused(TUNE "other", 1, "is no file of choices", "name another file");
    for (size_t i = 0; i < sizeof ours / sizeof *ours; i++) {
        write_text("other", ours[i]);
        ck_run(TUNE "other");
        ck_assert_int_gt(choices_in("other"), 3);
    }
    cli_forget("other");
}
END_TEST

/* A link stays one, as with -o, whether its file is there or not. */
START_TEST(links_are_written_through) {
    struct stat about;
    ck_assert_int_eq(symlink("real.json", test_path("link.json")), 0);
    for (int i = 0; i < 2; i++) {
        ck_run(TUNE "link.json");
        ck_assert(lstat(test_path("link.json"), &about) == 0 && S_ISLNK(about.st_mode));
        ck_assert_int_gt(choices_in("real.json"), 3);
    }
    write_text("real.json", "a photograph");
    ck_refused(TUNE "link.json", 1, "link.json: is no file of choices", "");
    ck_holds("real.json", "a photograph");
    cli_forget("link.json");
    cli_forget("real.json");
}
END_TEST

static double seconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

/* After so long a signal comes. How many choices are kept then; -1: it was over before. */
static int kept_at(double wait, int number) {
    const struct timespec nap = {(time_t)wait, (long)(1e9 * (wait - (double)(time_t)wait))};
    cli_forget("stopped.json");
    pid_t child = start(TUNE "stopped.json");
    nanosleep(&nap, NULL);
    kill(child, number);
    const int code = wait_for(child), count = choices_in("stopped.json");
    if (code == 0)
        return -1;
    if (code == -number && !count) /* before it could be caught */
        return 0;
    char words[128] = "pastiche: stopped before the first product was measured: nothing is kept\n";
    if (count)
        snprintf(words, sizeof words,
                 "pastiche: stopped; the choices for the %d product%s measured so far are kept in stopped.json\n",
                 count, count == 1 ? "" : "s");
    ck_assert_msg(code == 128 + number && strcmp(said, words) == 0, "exit code %d, said: %s", code, said);
    ck_assert_str_eq(printed, "");
    return count;
}

/* Wherever it is stopped, it keeps what it has measured; and somewhere it has measured some and not all. */
START_TEST(what_was_measured_before_a_signal_is_kept) {
    enum { PARTS = 12 };
    const double begun = seconds();
    ck_run(TUNE "whole.json");
    const double all = seconds() - begun;
    const int whole = choices_in("whole.json");
    int some = 0;
    for (int part = 1; part < PARTS && !some; part++) {
        const int kept = kept_at(all * part / PARTS, part % 2 ? SIGINT : SIGTERM);
        ck_assert_int_le(kept, whole);
        some += kept > 0 && kept < whole;
    }
    ck_assert_int_gt(some, 0);
    ck_run(TUNE "stopped.json"); /* what was kept is whole */
    ck_assert_int_eq(choices_in("stopped.json"), whole);
    cli_forget("stopped.json");
    cli_forget("whole.json");
}
END_TEST

/* The file of the test before with one algorithm's name replaced. */
START_TEST(names_that_mean_nothing_here_are_told) {
    static char text[65536], other[65536];
    read_whole(test_path("mine.json"), text, sizeof text);
    char *at = strstr(text, "\"algorithm\": \"");
    ck_assert_ptr_nonnull(at);
    at += strlen("\"algorithm\": \"");
    snprintf(other, sizeof other, "%.*smade-of-cheese%s", (int)(at - text), text, strchr(at, '"'));
    test_write(test_path("other.json"), other, strlen(other));
    ck_run(RUN "mine.json");
    ck_assert_msg(!strstr(said, "mine.json"), "%s", said);
    ck_run(RUN "other.json");
    ck_said("other.json: this build has no algorithm 'made-of-cheese'; the built-in choice is used");
    cli_forget("other.json");
    cli_forget("mine.json");
    cli_forget("out.png");
}
END_TEST

int main(void) {
    Suite *suite = suite_create("tuning");
    TCase *tests = tcase_create("tuning");
    tcase_add_unchecked_fixture(tests, prepare, NULL);
    tcase_set_timeout(tests, 0);
    tcase_add_test(tests, what_is_no_file_is_refused_at_once);
    tcase_add_test(tests, none_is_no_file);
    tcase_add_test(tests, other_files_are_not_replaced);
    tcase_add_test(tests, links_are_written_through);
    tcase_add_test(tests, what_was_measured_before_a_signal_is_kept);
    tcase_add_test(tests, a_second_run_replaces_and_adds);
    tcase_add_test(tests, names_that_mean_nothing_here_are_told);
    suite_add_tcase(suite, tests);
    return test_run(suite);
}
