#define _XOPEN_SOURCE 700 /* for symlinks, pipes and limits; must stand before any header */

#include <dirent.h>
#include <fcntl.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/private_folder.h"
#include "base/random.h"
#include "package/printable.h"
#include "support.h"

static pst_error error;

START_TEST(errors_are_one_tidy_line) {
    ck_assert_int_eq(pst_fail(&error, PST_ERROR_FILE, "a\nb\x1b[%d", 7), PST_ERROR_FILE);
    ck_assert_str_eq(error.text, "a?b?[7");
    ck_assert_int_eq(pst_fail_in(&error, "where"), PST_ERROR_FILE);
    ck_assert_str_eq(error.text, "where: a?b?[7");
    pst_fail(&error, PST_ERROR_MEMORY, "again: %s", error.text);
    ck_assert_str_eq(error.text, "again: where: a?b?[7");
    ck_assert_int_eq(pst_fail(NULL, PST_ERROR_DEVICE, "nobody listens"), PST_ERROR_DEVICE);

    /* C1, marks of direction, line separators and what is not UTF-8; the rest stays. */
    pst_fail(&error, PST_ERROR_FILE, "%s",
             "\x7f\xc2\x9b|\xe2\x80\xae\xe2\x81\xa9\xd8\x9c\xe2\x80\xa8|\xff\xc3x\xc0\xaf\xed\xa0\x80|\xe2\x82|"
             "\xc3\xa4\xe7\xb5\xb5\xf0\x9f\x8e\xa8\xc2\xa0");
    ck_assert_str_eq(error.text, "??|????|??x?????|??|\xc3\xa4\xe7\xb5\xb5\xf0\x9f\x8e\xa8\xc2\xa0");

    /* A cut through a character of two bytes takes the whole character away. */
    char text[2 * sizeof error.text + 1];
    for (size_t shift = 0; shift < 2; shift++) {
        memset(text, 'x', shift);
        for (size_t i = shift; i + 1 < sizeof text; i += 2)
            memcpy(text + i, "\xc3\xa4", 2);
        text[sizeof text - 1] = 0;
        pst_fail(&error, PST_ERROR_FILE, "%s", text);
        size_t length = strlen(error.text);
        ck_assert_uint_ge(length, sizeof error.text - 2);
        ck_assert_uint_eq((length - shift) % 2, 0);
    }
}
END_TEST

START_TEST(every_status_has_its_own_name) {
    for (int a = PST_OK; a <= PST_ERROR_RANKS; a++)
        for (int b = PST_OK; b < a; b++)
            ck_assert_str_ne(pst_status_name((pst_status)a), pst_status_name((pst_status)b));
    ck_assert_ptr_nonnull(pst_status_name((pst_status)99));
    ck_assert_ptr_nonnull(pst_status_name((pst_status)-1));
    ck_assert(strchr(pst_version(), '.') != NULL);
}
END_TEST

START_TEST(allocation_is_checked) {
    size_t product;
    ck_assert(pst_multiply(SIZE_MAX / 2, 2, &product) && product == SIZE_MAX - 1);
    ck_assert(pst_multiply(0, SIZE_MAX, &product) && product == 0);
    ck_assert(!pst_multiply(SIZE_MAX / 2 + 1, 2, &product));

    double *numbers;
    ck_ok(error, pst_allocate(&error, 100, sizeof *numbers, &numbers));
    for (int i = 0; i < 100; i++)
        ck_assert(numbers[i] == 0);
    pst_free(numbers);
    ck_ok(error, pst_allocate(&error, 0, sizeof *numbers, &numbers));
    ck_assert_ptr_nonnull(numbers);
    pst_free(numbers);
    ck_assert_int_eq(pst_allocate(&error, SIZE_MAX / 4, 8, &numbers), PST_ERROR_MEMORY);
    ck_assert_ptr_null(numbers);

    for (int persistent = 0; persistent < 2; persistent++) {
        pst_memory_fail_at(2, persistent);
        for (int call = 1; call <= 4; call++) {
            pst_status status = pst_allocate(NULL, 1, 1, &numbers);
            ck_assert_int_eq(status != PST_OK, call == 2 || (persistent && call > 2));
            ck_assert_int_eq(numbers == NULL, status != PST_OK);
            pst_free(numbers);
        }
        pst_memory_fail_at(0, false);
    }
}
END_TEST

static void check_holds(const char *path, const char *text) {
    uint8_t *data;
    size_t bytes;
    ck_ok(error, pst_file_load(&error, path, 1000, &data, &bytes));
    ck_assert_uint_eq(bytes, strlen(text));
    ck_assert_str_eq((const char *)data, text);
    pst_free(data);
}

START_TEST(reading_is_bounded) {
    const char *path = test_path("ten");
    pst_file *file;
    uint64_t size;
    uint8_t *data, part[8];
    size_t bytes;
    test_write(path, "0123456789", 10);
    check_holds(path, "0123456789");
    ck_assert_int_eq(pst_file_load(&error, path, 9, &data, &bytes), PST_ERROR_FORMAT);
    ck_assert_ptr_null(data);

    ck_ok(error, pst_file_open(&error, path, &file, &size));
    ck_assert_uint_eq(size, 10);
    ck_ok(error, pst_file_read(&error, file, 4, part, 6));
    ck_assert_mem_eq(part, "456789", 6);
    ck_ok(error, pst_file_read(&error, file, 10, part, 0));
    ck_assert_int_eq(pst_file_read(&error, file, 4, part, 7), PST_ERROR_FORMAT);
    ck_assert_ptr_nonnull(strstr(error.text, "is cut short"));
    ck_assert_int_eq(pst_file_read(&error, file, UINT64_MAX, part, 1), PST_ERROR_FORMAT);
    ck_assert_int_eq(pst_file_read(&error, file, UINT64_MAX - 2, part, 8), PST_ERROR_FORMAT);
    ck_assert_int_eq(truncate(path, 5), 0);
    ck_assert_int_eq(pst_file_read(&error, file, 4, part, 6), PST_ERROR_FORMAT);
    pst_file_close(file);
    pst_file_close(NULL);
}
END_TEST

START_TEST(only_regular_files_are_read) {
    const char *folder = test_path("a folder"), *pipe_path = test_path("pipe");
    const char *const wrong[] = {folder, pipe_path, "/dev/null", test_path("nothing"), test_path("no/such"), ""};
    pst_file *file;
    ck_ok(error, pst_folder_create(&error, folder));
    ck_assert_int_eq(mkfifo(pipe_path, 0600), 0);
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        ck_assert_int_eq(pst_file_open(&error, wrong[i], &file, NULL), PST_ERROR_FILE);
        ck_assert_ptr_null(file);
        ck_assert(strncmp(error.text, wrong[i], strlen(wrong[i])) == 0);
    }
}
END_TEST

START_TEST(saving_replaces_the_whole_file) {
    const char *folder = test_path("save"), *path = test_path("save/file"), *link_path = test_path("link");
    char long_name[256 + 5] = "save/";
    struct stat facts;
    ck_ok(error, pst_folder_create(&error, folder));
    mode_t mask = umask(027);
    ck_ok(error, pst_file_save(&error, path, "first", 5));
    umask(mask);
    check_holds(path, "first");
    ck_assert(stat(path, &facts) == 0 && (facts.st_mode & 0777) == 0640);
    ck_assert_int_eq(chmod(path, 0604), 0);
    ck_ok(error, pst_file_save_check(&error, path));
    check_holds(path, "first");
    ck_ok(error, pst_file_save(&error, path, "second one", 10));
    check_holds(path, "second one");
    ck_assert(stat(path, &facts) == 0 && (facts.st_mode & 0777) == 0604);
    ck_ok(error, pst_file_save(&error, path, NULL, 0));
    check_holds(path, "");

    ck_assert_int_eq(symlink(path, link_path), 0);
    ck_ok(error, pst_file_save(&error, link_path, "through", 7));
    check_holds(path, "through");
    ck_assert(lstat(link_path, &facts) == 0 && S_ISLNK(facts.st_mode));

    memset(long_name + 5, 'n', 255);
    ck_ok(error, pst_file_save(&error, test_path(long_name), "x", 1));
    ck_ok(error, pst_file_save_check(&error, test_path("save/new")));
    ck_assert_int_eq(test_entries(folder), 2);

    char before[1024]; /* a bare name goes into the current folder */
    ck_assert_ptr_nonnull(getcwd(before, sizeof before));
    ck_assert_int_eq(chdir(folder), 0);
    pst_status status = pst_file_save(&error, "bare", "b", 1);
    ck_assert_int_eq(chdir(before), 0);
    ck_ok(error, status);
    check_holds(test_path("save/bare"), "b");
}
END_TEST

/* As many as Unicode 15.1 has of control characters, separators and format characters; and some that one could meet. */
START_TEST(format_characters_are_not_printable) {
    static const uint32_t hidden[] = {0x00,   0x1b,   0x7f,   0x9b,    0xad,    0x61c,   0x180e,  0x200b,
                                      0x200d, 0x200e, 0x2028, 0x2029,  0x202a,  0x202e,  0x2060,  0x2066,
                                      0x206f, 0xfeff, 0xfffb, 0x1d173, 0xe0001, 0xe0020, 0xe0041, 0xe007f};
    static const uint32_t shown[] = {' ',    '~',    0xa0,   0xac,   0xae,    0x200a,  0x2010,  0x2027,  0x202f,
                                     0x205f, 0x2065, 0x2070, 0xfefe, 0x1f600, 0xe0000, 0xe001f, 0xe0080, 0x10ffff};
    size_t count = 0;
    for (uint32_t code = 0; code <= 0x10ffff; code++)
        count += !pst_character_printable(code);
    ck_assert_uint_eq(count, 65 + 2 + 170);
    for (size_t i = 0; i < sizeof hidden / sizeof *hidden; i++)
        ck_assert_msg(!pst_character_printable(hidden[i]), "U+%04X is shown", (unsigned)hidden[i]);
    for (size_t i = 0; i < sizeof shown / sizeof *shown; i++)
        ck_assert_msg(pst_character_printable(shown[i]), "U+%04X is hidden", (unsigned)shown[i]);
    char text[] = "a\xe2\x80\x8b"
                  "b\xe2\x80\xae"
                  "c\xef\xbb\xbf"
                  "d\xc2\xad"
                  "e\xf3\xa0\x81\x81"
                  "f\xc2\x9b\xc3\xa4";
    pst_make_printable(text, sizeof text + 1);
    ck_assert_str_eq(text, "a?b?c?d?e?f?\xc3\xa4");
}
END_TEST

static bool is_link(const char *path) {
    struct stat facts;
    return lstat(path, &facts) == 0 && S_ISLNK(facts.st_mode);
}

/* A link stays a link, though what it leads to is not there yet: relative, absolute, and through another one. */
START_TEST(links_that_lead_nowhere_are_written_through) {
    char folder[1024], first[1100], second[1100], made[1100], far[1100];
    snprintf(folder, sizeof folder, "%s", test_path("links/far"));
    ck_ok(error, pst_folder_create(&error, folder));
    snprintf(first, sizeof first, "%s", test_path("links/first"));
    snprintf(second, sizeof second, "%s/second", folder);
    snprintf(made, sizeof made, "%s", test_path("links/made"));
    snprintf(far, sizeof far, "%s/absolute", folder);
    ck_assert_int_eq(symlink("far/second", first) | symlink("../made", second), 0);
    ck_ok(error, pst_file_save_check(&error, first));
    ck_assert(access(made, F_OK) != 0);
    ck_ok(error, pst_file_save(&error, first, "through both", 12));
    ck_assert(is_link(first) && is_link(second) && !is_link(made));
    check_holds(made, "through both");
    ck_ok(error, pst_file_save(&error, first, "again", 5));
    check_holds(made, "again");
    ck_assert_int_eq(unlink(first) | symlink(far, first), 0);
    ck_ok(error, pst_file_save(&error, first, "far", 3));
    ck_assert(is_link(first));
    check_holds(far, "far");
    char before[1024]; /* the link is a bare name */
    ck_assert_ptr_nonnull(getcwd(before, sizeof before));
    ck_assert_int_eq(unlink(far) | chdir(test_path("links")), 0);
    pst_status status = pst_file_save(&error, "first", "bare", 4);
    ck_assert_int_eq(chdir(before), 0);
    ck_ok(error, status);
    check_holds(far, "bare");

    ck_assert_int_eq(unlink(first) | symlink("missing/folder", first), 0);
    ck_assert_int_eq(pst_file_save(&error, first, "x", 1), PST_ERROR_FILE);
    ck_assert_msg(strstr(error.text, "links/first: the folder ") && strstr(error.text, "missing does not exist"), "%s",
                  error.text);
    ck_assert_int_eq(unlink(first) | symlink("first", first), 0); /* to itself */
    ck_assert_int_eq(pst_file_save(&error, first, "x", 1), PST_ERROR_FILE);
    ck_assert(is_link(first));
    ck_assert_int_eq(test_entries(folder), 2);
    error = (pst_error){0};
}
END_TEST

START_TEST(a_failed_save_changes_nothing) {
    char folder[1024], path[1024]; /* copies, for test_path is called often here */
    snprintf(folder, sizeof folder, "%s", test_path("fail"));
    snprintf(path, sizeof path, "%s", test_path("fail/old"));
    ck_ok(error, pst_folder_create(&error, folder));
    ck_ok(error, pst_file_save(&error, path, "old", 3));

    /* The system stops the write in its middle. */
    static char large[100000];
    struct rlimit limit, small;
    ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &limit), 0);
    small = limit;
    small.rlim_cur = 50000;
    void (*handler)(int) = signal(SIGXFSZ, SIG_IGN);
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &small), 0);
    pst_status status = pst_file_save(&error, path, large, sizeof large);
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
    signal(SIGXFSZ, handler);
    ck_assert_int_eq(status, PST_ERROR_FILE);
    ck_assert_ptr_nonnull(strstr(error.text, path));
    check_holds(path, "old");

    for (unsigned n = 1; n <= 2; n++) {
        pst_memory_fail_at(n, true);
        ck_assert_int_eq(pst_file_save(&error, path, "new", 3), PST_ERROR_MEMORY);
        pst_memory_fail_at(0, false);
    }
    check_holds(path, "old");

    const char *const wrong[] = {folder, test_path("fail/none/file"), test_path("fail/old/file"), test_path("fail/"),
                                 "",     test_path("fail/new/")};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        ck_assert_int_eq(pst_file_save_check(&error, wrong[i]), PST_ERROR_FILE);
        ck_assert_int_eq(pst_file_save(&error, wrong[i], "new", 3), PST_ERROR_FILE);
    }
    pst_file_save(&error, test_path("fail/none/file"), "new", 3);
    ck_assert_ptr_nonnull(strstr(error.text, "does not exist"));

    if (geteuid() != 0) { /* nothing is forbidden to root */
        ck_assert_int_eq(chmod(path, 0400), 0);
        ck_assert_int_eq(pst_file_save(&error, path, "new", 3), PST_ERROR_FILE);
        ck_assert_int_eq(chmod(folder, 0500), 0);
        ck_assert_int_eq(pst_file_save(&error, test_path("fail/new"), "new", 3), PST_ERROR_FILE);
        ck_assert_int_eq(pst_file_save_check(&error, test_path("fail/new")), PST_ERROR_FILE);
        ck_assert_int_eq(chmod(folder, 0700), 0);
    }
    ck_assert_int_eq(test_entries(folder), 1);
}
END_TEST

START_TEST(devices_are_written_in_place) {
    struct stat facts;
    ck_ok(error, pst_file_save_check(&error, "/dev/null"));
    ck_ok(error, pst_file_save(&error, "/dev/null", "gone", 4));
    ck_assert(stat("/dev/null", &facts) == 0 && S_ISCHR(facts.st_mode));
    if (access("/dev/full", W_OK) == 0)
        ck_assert_int_eq(pst_file_save(&error, "/dev/full", "no room", 7), PST_ERROR_FILE);

    const char *path = test_path("written pipe");
    char got[8] = "";
    ck_assert_int_eq(mkfifo(path, 0600), 0);
    int reader = open(path, O_RDONLY | O_NONBLOCK);
    ck_assert_int_ge(reader, 0);
    ck_ok(error, pst_file_save(&error, path, "flows", 5));
    ck_assert_int_eq(read(reader, got, sizeof got), 5);
    ck_assert_str_eq(got, "flows");
    close(reader);
}
END_TEST

START_TEST(folders_are_made_with_their_parents) {
    struct stat facts;
    for (int twice = 0; twice < 2; twice++)
        ck_ok(error, pst_folder_create(&error, test_path("one/two//three/")));
    ck_assert(stat(test_path("one/two/three"), &facts) == 0 && S_ISDIR(facts.st_mode));
    ck_ok(error, pst_folder_create(&error, "/"));
    test_write(test_path("one/file"), "", 0);
    ck_assert_int_eq(pst_folder_create(&error, test_path("one/file")), PST_ERROR_FILE);
    ck_assert_int_eq(pst_folder_create(&error, test_path("one/file/below")), PST_ERROR_FILE);
    ck_assert_ptr_nonnull(strstr(error.text, "is a file"));
    ck_assert_int_eq(pst_folder_create(&error, ""), PST_ERROR_FILE);
}
END_TEST

static void check_cache(const char *xdg, const char *home, const char *expected) {
    char *path;
    xdg ? setenv("XDG_CACHE_HOME", xdg, 1) : unsetenv("XDG_CACHE_HOME");
    home ? setenv("HOME", home, 1) : unsetenv("HOME");
    pst_status status = pst_folder_cache(&error, &path);
    ck_assert_int_eq(status, expected ? PST_OK : PST_ERROR_FILE);
    if (expected)
        ck_assert_str_eq(path, expected);
    else
        ck_assert_ptr_null(path);
    pst_free(path);
}

START_TEST(the_cache_folder_follows_the_environment) {
    const char *xdg = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");
    char *old_xdg = xdg ? strdup(xdg) : NULL, *old_home = home ? strdup(home) : NULL;
    check_cache("/x", "/h", "/x/pastiche");
    check_cache(NULL, "/h", "/h/.cache/pastiche");
    check_cache("", "/h", "/h/.cache/pastiche");
    check_cache("relative", "/h", "/h/.cache/pastiche");
    check_cache(NULL, "", NULL);
    check_cache(NULL, NULL, NULL);
    old_xdg ? setenv("XDG_CACHE_HOME", old_xdg, 1) : unsetenv("XDG_CACHE_HOME");
    old_home ? setenv("HOME", old_home, 1) : unsetenv("HOME");
    free(old_xdg);
    free(old_home);
}
END_TEST

START_TEST(random_numbers_are_normal_and_the_same_everywhere) {
    enum { COUNT = 200000 };
    static float values[COUNT], others[COUNT];
    /* From the same formula with log, cos and sin in Python. */
    static const float known[] = {0x1.67f91ep+0f, -0x1.9b02ecp-2f, 0x1.1841bep+0f,  0x1.f8f56cp-2f,
                                  0x1.9c38d4p-1f, 0x1.7450b2p-2f,  -0x1.62c6c8p-3f, -0x1.cc8224p+0f};
    pst_random_normal(42, values, 8);
    for (int i = 0; i < 8; i++)
        ck_assert(values[i] == known[i]);

    pst_random_normal(1, values, COUNT);
    double sum = 0, squares = 0, fourth = 0, neighbors = 0, below = 0;
    for (int i = 0; i < COUNT; i++) {
        double x = (double)values[i];
        ck_assert(isfinite(x));
        sum += x;
        squares += x * x;
        fourth += x * x * x * x;
        neighbors += i ? x * (double)values[i - 1] : 0;
        below += x < 0.67448975; /* three quarters */
    }
    uint64_t sum_of_bits = 0xcbf29ce484222325u; /* FNV-1a over all of them */
    for (int i = 0; i < COUNT; i++) {
        uint32_t bits;
        memcpy(&bits, &values[i], sizeof bits);
        sum_of_bits = (sum_of_bits ^ bits) * 0x100000001b3u;
    }
    ck_assert_uint_eq(sum_of_bits, 95182557311096918u);
    ck_assert_double_lt(fabs(sum / COUNT), 0.01); /* 4.5 standard errors each, or nearly */
    ck_assert_double_lt(fabs(squares / COUNT - 1), 0.0145);
    ck_assert_double_lt(fabs(fourth / COUNT - 3), 0.1);
    ck_assert_double_lt(fabs(neighbors / COUNT), 0.01);
    ck_assert_double_lt(fabs(below / COUNT - 0.75), 0.0045);

    pst_random_normal(1, others, 777); /* a sample does not depend on how many there are */
    ck_assert_mem_eq(values, others, 777 * sizeof(float));
    pst_random_normal(2, others, COUNT);
    double cross = 0;
    for (int i = 0; i < COUNT; i++)
        cross += (double)values[i] * (double)others[i];
    ck_assert_double_lt(fabs(cross / COUNT), 0.01);
}
END_TEST

START_TEST(the_clock_goes_on) {
    double before = pst_clock_seconds();
    struct timespec pause = {.tv_nsec = 5000000};
    nanosleep(&pause, NULL);
    double passed = pst_clock_seconds() - before;
    ck_assert(passed >= 0.004 && passed < 60);
}
END_TEST

START_TEST(folders_for_programs_are_checked) {
    ck_assert_int_eq(pst_folder_check(&error, test_path("programs/below"), 1), PST_OK);
    ck_assert_int_eq(pst_folder_count(test_path("programs/below"), ""), 2); /* itself and its parent */
    ck_assert_int_eq(pst_folder_check(&error, test_path("programs/below"), (uint64_t)1 << 55), PST_ERROR_FILE);
    ck_assert_ptr_nonnull(strstr(error.text, "MiB are free"));
    rmdir(test_path("programs/below"));
    rmdir(test_path("programs"));
    ck_assert_int_eq(pst_folder_check(&error, "/dev/null/x", 1), PST_ERROR_FILE);
    ck_assert_int_eq(pst_folder_check(&error, "/proc/x", 1), PST_ERROR_FILE);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("base");
    TCase *cases = tcase_create("base");
    suite_add_tcase(suite, cases);
    tcase_add_test(cases, errors_are_one_tidy_line);
    tcase_add_test(cases, folders_for_programs_are_checked);
    tcase_add_test(cases, every_status_has_its_own_name);
    tcase_add_test(cases, allocation_is_checked);
    tcase_add_test(cases, reading_is_bounded);
    tcase_add_test(cases, only_regular_files_are_read);
    tcase_add_test(cases, saving_replaces_the_whole_file);
    tcase_add_test(cases, links_that_lead_nowhere_are_written_through);
    tcase_add_test(cases, format_characters_are_not_printable);
    tcase_add_test(cases, a_failed_save_changes_nothing);
    tcase_add_test(cases, devices_are_written_in_place);
    tcase_add_test(cases, folders_are_made_with_their_parents);
    tcase_add_test(cases, the_cache_folder_follows_the_environment);
    tcase_add_test(cases, random_numbers_are_normal_and_the_same_everywhere);
    tcase_add_test(cases, the_clock_goes_on);
    return test_run(suite);
}
