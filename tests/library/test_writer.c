/* Files that replace others: whole whoever writes at the same time, whoever is killed, and with nothing left beside. */
/* promise: kills own-files */
#define _XOPEN_SOURCE 700 /* for processes; must stand before any header */

#include <dirent.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "base/memory.h"
#include "base/partial.h"
#include "base/writer.h"
#include "support.h"

static pst_error error;
static char folder[1024], path[1040];

/* A new folder for each test, and the path of a file in it. */
static void begin(const char *name) {
    snprintf(folder, sizeof folder, "%s", test_path(name));
    snprintf(path, sizeof path, "%s/file", folder);
    ck_ok(error, pst_folder_create(&error, folder));
}

/* A whole file is one letter, `size_of` it times. */
static size_t size_of(char letter) { return 3000 + 4000 * (size_t)(letter - 'a'); }

static pst_status save(pst_error *e, char letter) {
    char *text = malloc(size_of(letter));
    ck_assert_ptr_nonnull(text);
    memset(text, letter, size_of(letter));
    pst_status status = pst_file_save(e, path, text, size_of(letter));
    free(text);
    return status;
}

/* The letter of a file that is whole. */
static char letter_of(pst_error *e) {
    uint8_t *data;
    size_t bytes;
    ck_ok(*e, pst_file_load(e, path, 1 << 24, &data, &bytes));
    ck_assert_uint_gt(bytes, 0);
    char letter = (char)data[0];
    ck_assert_uint_eq(bytes, size_of(letter));
    for (size_t i = 0; i < bytes; i++)
        ck_assert(data[i] == (uint8_t)letter);
    pst_free(data);
    return letter;
}

/* ---- in one process ---- */

START_TEST(writers_of_one_process_do_not_meet) {
    begin("one process");
    pst_writer *first, *second, *third;
    ck_ok(error, pst_writer_open(&error, path, &first));
    ck_ok(error, pst_writer_append(&error, first, "fir", 3));
    ck_ok(error, pst_writer_open(&error, path, &second));
    ck_ok(error, pst_writer_append(&error, second, "second", 6));
    ck_ok(error, save(&error, 'a')); /* removes what is dead, and nothing is */
    ck_ok(error, pst_file_save_check(&error, path));
    ck_assert_int_eq(test_entries(folder), 3);
    ck_ok(error, pst_writer_append(&error, first, "st", 2));
    ck_ok(error, pst_writer_install(&error, second));
    pst_writer_close(second);
    ck_ok(error, pst_writer_open(&error, path, &third));
    ck_ok(error, pst_writer_install(&error, first));
    pst_writer_close(first);
    ck_ok(error, pst_writer_append(&error, third, "gone", 4));
    pst_writer_close(third); /* not installed */
    pst_writer_close(NULL);
    uint8_t *data;
    size_t bytes;
    ck_ok(error, pst_file_load(&error, path, 100, &data, &bytes));
    ck_assert_str_eq((char *)data, "first");
    pst_free(data);
    ck_assert_int_eq(test_entries(folder), 1);
}
END_TEST

START_TEST(only_one_has_a_part) {
    begin("part");
    pst_partial *first, *second;
    uint64_t bytes;
    ck_ok(error, pst_partial_open(&error, path, &first, &bytes));
    ck_assert_int_eq(pst_partial_open(&error, path, &second, &bytes), PST_ERROR_FILE);
    ck_assert_ptr_null(second);
    ck_ok(error, pst_partial_append(&error, first, "x", 1));
    ck_assert_int_eq(pst_partial_open(&error, path, &second, &bytes), PST_ERROR_FILE); /* the first is still alone */
    ck_ok(error, pst_partial_install(&error, first));
    pst_partial_close(first);
    ck_ok(error, pst_partial_open(&error, path, &second, &bytes));
    pst_partial_close(second);
    ck_assert_int_eq(test_entries(folder), 1);
}
END_TEST

static void *save_often(void *letters) {
    pst_error mine = {0};
    for (int i = 0; i < 15; i++) {
        pst_status status = i % 7 == 6 ? pst_file_save_check(&mine, path) : save(&mine, ((char *)letters)[i % 3]);
        if (status != PST_OK) {
            fprintf(stderr, "%s\n", mine.text);
            return letters;
        }
    }
    return NULL;
}

START_TEST(threads_save_one_path) {
    begin("threads");
    static char letters[4][4] = {"abc", "def", "ghi", "jkl"};
    pthread_t threads[4];
    void *failed;
    ck_ok(error, save(&error, 'a'));
    for (int t = 0; t < 4; t++)
        ck_assert_int_eq(pthread_create(&threads[t], NULL, save_often, letters[t]), 0);
    for (int i = 0; i < 30; i++)
        letter_of(&error);
    for (int t = 0; t < 4; t++) {
        ck_assert_int_eq(pthread_join(threads[t], &failed), 0);
        ck_assert_ptr_null(failed);
    }
    letter_of(&error);
    ck_assert_int_eq(test_entries(folder), 1);
}
END_TEST

/* ---- with others ---- */

/* Another process that runs `work`, which says over the pipe when it has begun. */
static pid_t start(void (*work)(int ready)) {
    int ends[2];
    char byte;
    ck_assert_int_eq(pipe(ends), 0);
    pid_t process = fork();
    if (process == 0) {
        work(ends[1]);
        _exit(0);
    }
    ck_assert_int_gt(process, 0);
    close(ends[1]);
    ck_assert_int_eq(read(ends[0], &byte, 1), 1);
    close(ends[0]);
    return process;
}

static void end(pid_t process) {
    ck_assert_int_eq(kill(process, SIGKILL), 0);
    ck_assert_int_eq(waitpid(process, NULL, 0), process);
}

static void write_half(int ready) {
    pst_error mine = {0};
    pst_writer *writer;
    if (pst_writer_open(&mine, path, &writer) != PST_OK || pst_writer_append(&mine, writer, "half", 4) != PST_OK)
        _exit(1);
    (void)!write(ready, "r", 1);
    for (;;)
        pause();
}

START_TEST(only_what_dead_writers_left_is_removed) {
    begin("dead");
    static const char *const others[] = {"file.tmp",
                                         "file.pastiche-12345.tmp",
                                         "file.pastiche-12345g.tmp",
                                         "file.pastiche-abcdef.tmp.png",
                                         "file2.pastiche-abcdef.tmp",
                                         "my file.pastiche-abcdef.tmp"};
    const int count = sizeof others / sizeof *others;
    char name[1100];
    for (int i = 0; i < count; i++) {
        snprintf(name, sizeof name, "%s/%s", folder, others[i]);
        test_write(name, "mine", 4);
    }
    snprintf(name, sizeof name, "%s/file.pastiche-abcdef.tmp", folder);
    ck_assert_int_eq(mkdir(name, 0700), 0); /* not a file */
    ck_ok(error, save(&error, 'a'));
    ck_assert_int_eq(test_entries(folder), count + 2);

    pid_t lives = start(write_half), dies = start(write_half);
    ck_assert_int_eq(test_entries(folder), count + 4);
    ck_ok(error, save(&error, 'b'));
    ck_assert_int_eq(test_entries(folder), count + 4);
    end(dies);
    ck_assert_int_eq(test_entries(folder), count + 4);
    ck_ok(error, save(&error, 'c'));
    ck_assert_int_eq(letter_of(&error), 'c');
    ck_assert_int_eq(test_entries(folder), count + 3); /* that of the other one is still there */
    end(lives);
    ck_ok(error, pst_file_save_check(&error, path));
    ck_assert_int_eq(test_entries(folder), count + 2);
    ck_assert_int_eq(rmdir(name), 0);
}
END_TEST

static void save_for_ever(int ready) {
    pst_error mine = {0};
    (void)!write(ready, "r", 1);
    for (unsigned i = (unsigned)getpid();; i++)
        if (getppid() == 1 || save(&mine, (char)('a' + i % 26)) != PST_OK) /* the test has ended */
            _exit(1);
}

/* Killed at any moment, with a second one at work: the file is one of the whole ones, and the next save leaves it
 * alone in its folder. */
START_TEST(kills_tear_nothing) {
    begin("kills");
    ck_ok(error, save(&error, 'z'));
    srand(5);
    const int kills = test_long() ? 200 : 12;
    for (int i = 0; i < kills; i++) {
        pid_t other = i % 4 == 0 ? start(save_for_ever) : 0, killed = start(save_for_ever);
        nanosleep(&(struct timespec){.tv_nsec = rand() % 4000000}, NULL);
        end(killed);
        letter_of(&error);
        if (other) {
            ck_ok(error, save(&error, 'y'));
            end(other);
        }
        ck_ok(error, save(&error, 'x'));
        ck_assert_int_eq(letter_of(&error), 'x');
        ck_assert_int_eq(test_entries(folder), 1);
    }
}
END_TEST

int main(void) {
    Suite *suite = suite_create("writer");
    TCase *cases = tcase_create("writer");
    suite_add_tcase(suite, cases);
    tcase_set_timeout(cases, 300);
    tcase_add_test(cases, writers_of_one_process_do_not_meet);
    tcase_add_test(cases, only_one_has_a_part);
    tcase_add_test(cases, threads_save_one_path);
    tcase_add_test(cases, only_what_dead_writers_left_is_removed);
    tcase_add_test(cases, kills_tear_nothing);
    return test_run(suite);
}
