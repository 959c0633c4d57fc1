/* What is kept because it can be made again: read back only if nothing of it has changed and nobody else could have
 * written it, bounded in size, and never an error. */
/* promise: damage own-files */
#define _GNU_SOURCE /* for a namespace of mounts and processes; must stand before any header */

#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cache.h"
#include "base/file.h"
#include "base/memory.h"
#include "support.h"

#define HEADER 152 /* bytes before a content */

static char folder[1024], path[1200];
static pst_cache cache = {folder, 100000};

static const char *key_of(int number) {
    static char key[PST_CACHE_KEY + 1];
    snprintf(key, sizeof key, "%064x", number);
    return key;
}

/* A new folder for each test, which is not made yet; path is that of key 1. */
static void begin(const char *name) {
    snprintf(folder, sizeof folder, "%s", test_path(name));
    snprintf(path, sizeof path, "%s/%s.bin", folder, key_of(1));
    cache.most_bytes = 100000;
}

static void keep(int number, const char *text) { pst_cache_write(&cache, key_of(number), text, strlen(text)); }

/* The content under a key has this text; NULL: there is none. */
static void ck_kept(int number, const char *text) {
    uint8_t *content;
    size_t bytes;
    bool there = pst_cache_read(&cache, key_of(number), &content, &bytes);
    ck_assert_msg(there == (text != NULL), "key %d is %s", number, there ? "there" : "not there");
    ck_assert_uint_eq(bytes, text ? strlen(text) : 0);
    if (text)
        ck_assert_mem_eq(content, text, bytes);
    pst_free(content);
}

static size_t load(uint8_t **data) {
    pst_error error = {0};
    size_t bytes;
    ck_ok(error, pst_file_load(&error, path, 1 << 20, data, &bytes));
    return bytes;
}

START_TEST(what_was_written_is_read) {
    begin("cache/deep");
    ck_kept(1, NULL);
    keep(1, "one");
    keep(2, "two");
    keep(3, "");
    ck_kept(1, "one");
    ck_kept(2, "two");
    ck_kept(3, NULL);
    keep(1, "another one");
    ck_kept(1, "another one");
    pst_cache_remove(&cache, key_of(1));
    ck_kept(1, NULL);
    ck_kept(2, "two");
    ck_assert_int_eq(test_entries(folder), 1);
}
END_TEST

START_TEST(links_are_replaced_and_not_followed) {
    char target[1024];
    begin("links");
    keep(2, "makes the folder");
    snprintf(target, sizeof target, "%s", test_path("precious"));
    test_write(target, "precious", 8);
    ck_assert_int_eq(symlink(target, path), 0);
    keep(1, "one");
    ck_kept(1, "one");
    snprintf(path, sizeof path, "%s", target);
    uint8_t *data;
    ck_assert_uint_eq(load(&data), 8);
    ck_assert_mem_eq(data, "precious", 8);
    pst_free(data);
}
END_TEST

START_TEST(what_is_damaged_is_not_read) {
    begin("damage");
    keep(1, "a content of some length");
    uint8_t *data;
    size_t bytes = load(&data);
    ck_assert_uint_eq(bytes, HEADER + strlen("a content of some length"));
    for (size_t i = 0; i < bytes; i++) {
        data[i] ^= 1;
        test_write(path, data, bytes);
        ck_kept(1, NULL);
        data[i] ^= 1;
    }
    for (size_t length = 0; length < bytes; length++) {
        test_write(path, data, length);
        ck_kept(1, NULL);
    }
    uint8_t longer[256] = {0};
    memcpy(longer, data, bytes);
    test_write(path, longer, bytes + 1);
    ck_kept(1, NULL);
    test_write(path, data, bytes);
    ck_kept(1, "a content of some length");

    char other[1200];
    snprintf(other, sizeof other, "%s/%s.bin", folder, key_of(2)); /* what was kept under another key */
    test_write(other, data, bytes);
    ck_kept(2, NULL);
    keep(2, "two");
    ck_kept(2, "two");
    pst_free(data);
}
END_TEST

START_TEST(no_content_is_taken_from_others) {
    begin("others");
    ck_assert_int_eq(pst_cache_examine(&cache), PST_CACHE_USABLE);
    ck_assert_int_eq(mkdir(folder, 0777), 0);
    for (int bit = 0; bit < 6; bit++) {
        const bool writable = 1 << bit & 022;
        ck_assert_int_eq(chmod(folder, 0700), 0);
        pst_cache_clear(&cache);
        keep(1, "one");
        ck_kept(1, "one");
        ck_assert_int_eq(chmod(folder, 0700 | 1 << bit), 0);
        ck_assert_int_eq(pst_cache_examine(&cache), writable ? PST_CACHE_WRITABLE : PST_CACHE_USABLE);
        ck_kept(1, writable ? NULL : "one");
        keep(2, "two");
        ck_kept(2, writable ? NULL : "two");
        ck_assert_int_eq(test_entries(folder), writable ? 1 : 2);
    }
    ck_assert_int_eq(chmod(folder, 0700), 0);
    pst_cache_clear(&cache);
    keep(1, "one");
    if (geteuid() != 0 || chown(folder, 12345, 12345) != 0)
        return;
    ck_assert_int_eq(pst_cache_examine(&cache), PST_CACHE_NOT_MINE);
    ck_kept(1, NULL);
    keep(2, "two");
    ck_assert_int_eq(test_entries(folder), 1);
}
END_TEST

/* In a folder that others may enter each file counts too: nobody else may open a new one, whatever the umask, nor is
 * one believed that others could have written. */
START_TEST(no_file_is_taken_from_others) {
    struct stat about;
    begin("entered");
    ck_assert_int_eq(mkdir(folder, 0755), 0);
    const mode_t mask = umask(0);
    ck_assert_int_eq(chmod(folder, 0755), 0);
    keep(1, "one");
    umask(mask);
    ck_kept(1, "one");
    ck_assert_int_eq(stat(path, &about), 0);
    ck_assert_uint_eq(about.st_mode & 0777, 0600);
    for (int bit = 0; bit < 6; bit++) {
        ck_assert_int_eq(chmod(path, 0600 | 1 << bit), 0);
        ck_kept(1, 1 << bit & 022 ? NULL : "one");
    }
    keep(1, "one"); /* anew */
    ck_kept(1, "one");
    if (geteuid() != 0 || chown(path, 12345, 12345) != 0)
        return;
    ck_kept(1, NULL);
}
END_TEST

START_TEST(folders_that_cannot_be_used_are_no_error) {
    begin("file");
    test_write(folder, "a file", 6);
    ck_assert_int_eq(pst_cache_examine(&cache), PST_CACHE_NO_FOLDER);
    keep(1, "one");
    ck_kept(1, NULL);
    ck_assert_uint_eq(pst_cache_clear(&cache).count, 0);
    snprintf(folder, sizeof folder, "/proc/nothing/here");
    keep(1, "one");
    ck_kept(1, NULL);
    begin("below");
    keep(1, "one");
    ck_assert_int_eq(unlink(path), 0);
    ck_assert_int_eq(mkdir(path, 0700), 0); /* a folder instead of the file */
    keep(1, "one");
    ck_kept(1, NULL);
    ck_assert_int_eq(rmdir(path), 0);
}
END_TEST

START_TEST(full_disks_and_read_only_folders_are_no_error) {
    begin("mounted");
    ck_assert_int_eq(mkdir(folder, 0700), 0);
    bool mounted = unshare(CLONE_NEWNS) == 0 && mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
                   mount("tmpfs", folder, "tmpfs", 0, "size=64k,mode=700") == 0;
    if (!mounted) {
        fprintf(stderr, "no mounts here: full disks and read-only folders are not tested\n");
        return;
    }
    static char large[20000];
    memset(large, 'x', sizeof large - 1);
    for (int i = 1; i <= 4; i++)
        keep(i, large);
    ck_kept(3, large);
    ck_kept(4, NULL);
    ck_assert_int_eq(test_entries(folder), 3); /* and no part of the last */
    keep(1, large);
    ck_assert_int_eq(test_entries(folder), 3);
    ck_kept(1, large);
    ck_assert_int_eq(mount(NULL, folder, NULL, MS_REMOUNT | MS_RDONLY, NULL), 0);
    keep(5, "five");
    ck_kept(5, NULL);
    ck_kept(1, large);
    pst_cache_removal removal = pst_cache_clear(&cache);
    ck_assert_uint_eq(removal.count, 0);
    ck_assert_uint_eq(removal.left, 3);
    ck_assert_int_eq(umount(folder), 0);
}
END_TEST

/* Times are set, for files of one moment have no order. */
static void age(int number, int seconds) {
    char name[1200];
    snprintf(name, sizeof name, "%s/%s.bin", folder, key_of(number));
    struct timespec times[2] = {{1000000000 - seconds, 0}, {1000000000 - seconds, 0}};
    ck_assert_int_eq(utimensat(AT_FDCWD, name, times, 0), 0);
}

START_TEST(the_least_recently_used_goes_first) {
    begin("bound");
    cache.most_bytes = 4 * (HEADER + 100);
    static char text[101];
    memset(text, 'x', 100);
    for (int i = 1; i <= 4; i++) {
        keep(i, text);
        age(i, 10 * i);
    }
    ck_kept(4, text); /* now it is the youngest */
    keep(5, text);
    ck_kept(3, NULL);
    keep(6, text);
    ck_kept(2, NULL);
    ck_kept(1, text);
    ck_kept(4, text);
    ck_kept(5, text);
    ck_kept(6, text);
    static char large[401];
    memset(large, 'y', sizeof large - 1);
    keep(7, large); /* more than a quarter of all */
    ck_kept(7, NULL);
    ck_assert_int_eq(test_entries(folder), 4);
}
END_TEST

START_TEST(only_its_own_files_are_removed) {
    static const char *const others[] = {"notes.txt", "0123.bin", "0123.bin.pastiche-012345.tmp", NULL};
    begin("clear");
    keep(1, "one");
    keep(2, "two");
    char name[1300];
    for (size_t i = 0; others[i]; i++) {
        snprintf(name, sizeof name, "%s/%s", folder, others[i]);
        test_write(name, "mine", 4);
    }
    snprintf(name, sizeof name, "%s.pastiche-012345.tmp", path); /* of a writer that was killed */
    test_write(name, "dead", 4);
    pst_cache_removal removal = pst_cache_clear(&cache);
    ck_assert_uint_eq(removal.count, 2);
    ck_assert_uint_eq(removal.bytes, 2 * (HEADER + 3));
    ck_assert_uint_eq(removal.left, 0);
    ck_assert_int_eq(test_entries(folder), 3);
    ck_kept(1, NULL);
}
END_TEST

START_TEST(processes_share_a_folder) {
    begin("shared");
    cache.most_bytes = 30 * (HEADER + 1000);
    pid_t children[4];
    for (int child = 0; child < 4; child++) {
        children[child] = fork();
        if (children[child] == 0) {
            static char text[1001];
            bool right = true;
            for (int i = 0; i < 300; i++) {
                int number = (i * 7 + child * 3) % 40;
                uint8_t *content;
                size_t bytes;
                if (pst_cache_read(&cache, key_of(number), &content, &bytes)) {
                    right = right && bytes == 1000;
                    for (size_t b = 0; b < bytes; b++)
                        right = right && content[b] == 'a' + number % 26;
                    pst_free(content);
                }
                memset(text, 'a' + number % 26, 1000);
                if (i % 50 == 49)
                    pst_cache_clear(&cache);
                else
                    keep(number, text);
            }
            _exit(right ? 0 : 1);
        }
        ck_assert_int_gt(children[child], 0);
    }
    for (int child = 0; child < 4; child++) {
        int how;
        ck_assert_int_eq(waitpid(children[child], &how, 0), children[child]);
        ck_assert_int_eq(how, 0);
    }
    keep(41, "the last");
    ck_kept(41, "the last");
    ck_assert_int_le(test_entries(folder), 34); /* four may have written at once */
    pst_cache_clear(&cache);
    ck_assert_int_eq(test_entries(folder), 0);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("cache");
    TCase *all = tcase_create("all");
    tcase_set_timeout(all, 0);
    tcase_add_test(all, what_was_written_is_read);
    tcase_add_test(all, links_are_replaced_and_not_followed);
    tcase_add_test(all, what_is_damaged_is_not_read);
    tcase_add_test(all, no_content_is_taken_from_others);
    tcase_add_test(all, no_file_is_taken_from_others);
    tcase_add_test(all, folders_that_cannot_be_used_are_no_error);
    tcase_add_test(all, full_disks_and_read_only_folders_are_no_error);
    tcase_add_test(all, the_least_recently_used_goes_first);
    tcase_add_test(all, only_its_own_files_are_removed);
    tcase_add_test(all, processes_share_a_folder);
    suite_add_tcase(suite, all);
    return test_run(suite);
}
