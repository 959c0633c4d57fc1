/* Why there is no device, each cause by its own message; and a driver that cannot keep its compiled kernels. */
/* promise: causes small-device printable */
#define _POSIX_C_SOURCE 200809L

#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "cli_fixture.h"

static void ck_no_device(const char *word, const char *other) {
    ck_refused(TINY "-o out.png", 1, word, other);
    ck_refused("devices", 1, word, other);
}

/* ---- platforms ---- */

START_TEST(no_driver_is_found) {
    setenv("OCL_ICD_VENDORS", "/nonexistent", 1);
    ck_no_device("OCL_ICD_VENDORS is set to '/nonexistent'", "unset it");
    ck_assert_ptr_null(strstr(said, "install"));
    unsetenv("OCL_ICD_VENDORS");
}
END_TEST

/* The loader sees that driver alone; false where there is none. */
static bool begin_driver(void) {
    const char *driver = getenv("PASTICHE_EMPTY_DRIVER");
    if (!driver || !*driver)
        return false;
    mkdir(test_path("vendors"), 0700);
    test_write(test_path("vendors/test.icd"), driver, strlen(driver));
    setenv("OCL_ICD_VENDORS", test_path("vendors"), 1);
    return true;
}

static void end_driver(void) {
    unsetenv("OCL_ICD_VENDORS");
    cli_forget("vendors/test.icd");
    rmdir(test_path("vendors"));
}

START_TEST(a_platform_fails_when_asked) {
    static const char *const codes[][2] = {{"-6", "fails: CL_OUT_OF_HOST_MEMORY (-6)"},
                                           {"-5", "fails: CL_OUT_OF_RESOURCES (-5)"},
                                           {"-30", "fails: CL_INVALID_VALUE (-30)"},
                                           {"-4711", "fails: an unknown OpenCL error (-4711)"},
                                           {"-1", "has no device"},
                                           {"0", "has no device"}};
    if (!begin_driver())
        return;
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
        setenv("DRIVER_CODE", codes[i][0], 1);
        ck_no_device("platform 'a platform for tests' ", codes[i][1]);
        ck_assert_ptr_null(strstr(said, "install"));
    }
    unsetenv("DRIVER_CODE");
    end_driver();
}
END_TEST

/* Nothing is printed that would be nonsense, and nothing that a terminal obeys. */
START_TEST(a_device_that_knows_nothing_is_listed) {
    static const char *const names[][2] = {{"", "0  unknown device\n"},
                                           {"  \n ", "0  unknown device\n"},
                                           {" an \033]0;title\007\xff\n", "0  an ?]0;title???\n"}};
    if (!begin_driver())
        return;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        setenv("DRIVER_DEVICE", names[i][0], 1);
        ck_run("devices");
        ck_assert_msg(strstr(printed, names[i][1]) != NULL, "no '%s' in: %s", names[i][1], printed);
        ck_assert_msg(strstr(printed, "     memory    unknown\n") && strstr(printed, "     units     1\n") &&
                          strstr(printed, "     platform  a platform for tests\n") &&
                          strstr(printed, "     not used: the driver says that it is not available\n"),
                      "%s", printed);
        ck_assert_msg((i < 2) == (strstr(printed, "     driver    unknown\n") != NULL), "%s", printed);
        ck_assert_ptr_null(strchr(printed, '\033'));
    }
    ck_refused(TINY "-o out.png", 1, "not available", "an ?]0;title");
    unsetenv("DRIVER_DEVICE");
    end_driver();
}
END_TEST

/* ---- compiled kernels ---- */

static const char *const places[] = {"HOME", "XDG_CACHE_HOME", "POCL_CACHE_DIR"};
static char kept[3][1024];

static void keep_places(void) {
    for (size_t i = 0; i < 3; i++)
        snprintf(kept[i], sizeof kept[i], "%s", getenv(places[i]) ? getenv(places[i]) : "");
}

static void restore_places(void) {
    for (size_t i = 0; i < 3; i++)
        if (*kept[i])
            setenv(places[i], kept[i], 1);
        else
            unsetenv(places[i]);
}

/* How many private folders there are in the test's temporary folder, *name being one. */
static int private_folders(char name[512]) {
    DIR *folder = opendir(test_path("temporary"));
    int count = 0;
    ck_assert_ptr_nonnull(folder);
    for (struct dirent *entry; (entry = readdir(folder));)
        if (entry->d_name[0] != '.' || strlen(entry->d_name) > 2) {
            snprintf(name, 512, "temporary/%s", entry->d_name);
            count++;
        }
    closedir(folder);
    return count;
}

static void nap(void) { nanosleep(&(struct timespec){.tv_nsec = 5000000}, NULL); }

/* A platform that keeps compiled kernels, and a place for them that is a file. */
static bool begin_without_place(void) {
    keep_places();
    ck_run("devices");
    if (!strstr(printed, "PoCL"))
        return false;
    mkdir(test_path("temporary"), 0700);
    setenv("TMPDIR", test_path("temporary"), 1);
    return true;
}

static void end_without_place(void) {
    char name[512];
    restore_places();
    unsetenv("TMPDIR");
    ck_assert_int_eq(private_folders(name), 0);
    ck_assert_int_eq(rmdir(test_path("temporary")), 0);
}

START_TEST(the_device_is_there_without_a_place_for_kernels) {
    char name[512], folder[1024];
    if (!begin_without_place())
        return;
    for (size_t i = 0; i < 4; i++) {
        restore_places();
        if (i == 0)
            unsetenv("XDG_CACHE_HOME");
        if (i < 2)
            unsetenv("POCL_CACHE_DIR");
        setenv(places[i < 3 ? i : 2], i < 3 ? test_path("no.txt") : "", 1);
        ck_run("devices");
        ck_assert_msg(strstr(printed, "PoCL") && !*said, "%s: %.900s", places[i % 3], said);
        ck_assert_int_eq(private_folders(name), 0);
    }
    snprintf(folder, sizeof folder, "%s/%0900d", test_path("."), 0);
    setenv("POCL_CACHE_DIR", folder, 1);
    ck_run("devices");
    ck_assert_ptr_nonnull(strstr(printed, "PoCL"));
    end_without_place();
}
END_TEST

/* One line says so, and nothing else does; the folder lives as long as the run, and no longer than the next one. */
START_TEST(kernels_are_kept_for_a_run_alone) {
    char name[512], live[512], killed[512];
    if (!test_long() || !begin_without_place())
        return;
    setenv("POCL_CACHE_DIR", test_path("no.txt"), 1);
    pid_t child = start(TINY "--iterations 1 --scales 1 -o killed.png");
    for (int i = 0; i < 4000 && (private_folders(killed) != 1 || strchr(killed, '.')); i++)
        nap();
    kill(child, SIGKILL);
    ck_assert_int_eq(wait_for(child), -SIGKILL);
    ck_assert_int_eq(private_folders(name), 1);
    ck_assert_str_eq(name, killed);

    child = start(TINY "--iterations 1 --scales 1 -o out.png");
    for (int i = 0; i < 4000 && (private_folders(live) != 1 || strcmp(live, killed) == 0 || strchr(live, '.')); i++)
        nap();
    ck_assert_str_ne(live, killed);
    ck_assert(!cli_exists(killed));
    ck_assert_int_eq(system("\"$PASTICHE_PROGRAM\" devices >/dev/null"), 0); /* makes one of its own */
    ck_assert(cli_exists(live));
    ck_assert_int_eq(wait_for(child), 0);
    ck_assert_int_eq(strncmp(said, "pastiche: ", 10), 0);
    ck_assert_ptr_nonnull(strstr(said, "no.txt is a file, not a folder; kernels are compiled for this run alone"));
    for (const char *line = said; *line; line = strchr(line, '\n') + 1)
        ck_assert_msg(strncmp(line, "pastiche: ", 10) == 0 || strncmp(line, "1/1 ", 4) == 0, "foreign: %s", line);
    ck_assert_int_eq(private_folders(name), 0);
    ck_image("out.png", 64, 48);
    cli_forget("out.png");
    end_without_place();
}
END_TEST

/* ---- memory ---- */

/* The largest size that fits without tiles does, and one pixel more goes in tiles. */
START_TEST(a_small_device_works_in_tiles) {
    static const char options[] = "content.ppm style.ppm --model small --scales 1 --iterations 1 --image-size";
    char command[256];
    ck_run("devices");
    if (!strstr(printed, "PoCL"))
        return;
    setenv("POCL_MEMORY_LIMIT", "1", 1);
    snprintf(command, sizeof command, "%s 2500 -o out.png --quiet", options);
    ck_run(command);
    ck_assert(cli_exists("out.png"));
    cli_forget("out.png");
    snprintf(command, sizeof command, "%s 2500 -o out.png --plan", options);
    ck_run(command);
    ck_assert_ptr_nonnull(strstr(printed, "It fits in tiles"));
    const char *size = strstr(printed, "without tiles is ");
    ck_assert_ptr_nonnull(size);
    int fits = atoi(size + strlen("without tiles is "));
    for (int more = 0; more < 2; more++) {
        snprintf(command, sizeof command, "%s %d -o out.png --plan", options, fits + more);
        ck_run(command);
        ck_assert_msg(strstr(printed, more ? "It fits in tiles" : "It fits;"), "%d: %.900s", fits + more, printed);
    }
    unsetenv("POCL_MEMORY_LIMIT");
}
END_TEST

int main(void) {
    Suite *suite = suite_create("no_device");
    TCase *tests = tcase_create("devices and their drivers");
    tcase_add_unchecked_fixture(tests, prepare, NULL);
    tcase_set_timeout(tests, 0);
    tcase_add_test(tests, no_driver_is_found);
    tcase_add_test(tests, a_platform_fails_when_asked);
    tcase_add_test(tests, a_device_that_knows_nothing_is_listed);
    tcase_add_test(tests, the_device_is_there_without_a_place_for_kernels);
    tcase_add_test(tests, kernels_are_kept_for_a_run_alone);
    tcase_add_test(tests, a_small_device_works_in_tiles);
    suite_add_tcase(suite, tests);
    return test_run(suite);
}
