/* The whole program, of which any allocation, file operation or OpenCL call fails, once or from then on: it ends with
 * an exit code and clear lines, never by a signal; the image that was there is untouched or replaced by the right one,
 * and nothing else is left. */
/* promise: faults */
#define _POSIX_C_SOURCE 200809L /* setenv */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli_fixture.h"

/* As in fixtures/faults.h. */
enum { MEMORY = 1, FILES, DEVICE, QUEUE, KINDS };
static const char *const kind_names[KINDS] = {"none", "memory", "file", "device", "queue"};
#define COMMAND \
    TINY "--image-size 32 --iterations 2 --save-iter 1 --checkpoint run.state --log run.log --no-tune -o out.png"
#define OLD "an old image"
#define FEW 6      /* faults of each kind in the short tier */
#define LIMITED 40 /* with a limit of time */

typedef struct report {
    unsigned failed, removals, calls[KINDS];
    char name[64];
} report;

static void set_fault(int kind, unsigned n, int persistent) {
    char asked[64];
    snprintf(asked, sizeof asked, "%d %u %d %d", kind, n, persistent, kind == QUEUE && persistent);
    setenv("PASTICHE_FAULT", asked, 1);
    setenv("PASTICHE_FAULT_REPORT", test_path("report"), 1);
    remove(test_path("report"));
    remove(test_path("run.state"));
    remove(test_path("run.log"));
    remove(test_path("out_1.png"));
    test_write(test_path("out.png"), OLD, strlen(OLD));
}

static int run_faulty(report *r) {
    char text[512];
    int alive;
    *r = (report){0};
    int code = run(COMMAND);
    read_whole(test_path("report"), text, sizeof text);
    if (*text)
        ck_assert_int_eq(sscanf(text, "%u %u %u %d %u %d %u %d %u %d %63s", &r->failed, &r->removals, &r->calls[MEMORY],
                                &alive, &r->calls[FILES], &alive, &r->calls[DEVICE], &alive, &r->calls[QUEUE], &alive,
                                r->name),
                         11);
    return code;
}

/* Each line begins with the program's name, or is one of the progress. */
static bool lines_are_clear(void) {
    for (char *line = said; *line;) {
        char *end = strchr(line, '\n');
        if (!end || end - line > 1000)
            return false;
        for (char *c = line; c < end; c++)
            if ((unsigned char)*c < 32 || *c == 127)
                return false;
        line = end + 1;
    }
    return true;
}

/* What lies in the folder when a run has succeeded: nothing else may be there after another one. */
static char known[64][256];
static size_t known_count;

static bool each_name_is_known(bool remember) {
    DIR *folder = opendir(test_path("."));
    bool clean = true;
    ck_assert_ptr_nonnull(folder);
    for (struct dirent *entry; (entry = readdir(folder));) {
        size_t i = 0;
        while (i < known_count && strcmp(entry->d_name, known[i]) != 0)
            i++;
        if (i == known_count && remember) {
            ck_assert_uint_lt(known_count, sizeof known / sizeof *known);
            snprintf(known[known_count++], sizeof *known, "%s", entry->d_name);
        }
        clean = clean && i < known_count;
    }
    closedir(folder);
    return clean;
}

static char expected[1 << 16], found[1 << 16];

static const char *check(int code, const report *r) {
    read_whole(test_path("out.png"), found, sizeof found);
    bool old = strcmp(found, OLD) == 0, right = memcmp(found, expected, sizeof found) == 0;
    return code < 0                                     ? "died"
           : code == 99 || code > 3                     ? "ended with an unknown code"
           : code == 0 && !right                        ? "says that it succeeded"
           : code != 0 && !old && !right                ? "spoiled the old image"
           : code != 0 && !*said                        ? "says nothing"
           : !lines_are_clear()                         ? "says something unclear"
           : !r->removals && !each_name_is_known(false) ? "left a file"
           : *r->name && r->failed == 0                 ? "was not reached"
                                                        : NULL;
}

START_TEST(any_call_may_fail) {
    int kind = 1 + _i / 2, persistent = _i % 2;
    const char *until = getenv("PASTICHE_UNTIL");
    unsigned problems = 0, overcome = 0, tried = 0;
    report r;
    set_fault(kind, 0, 0);
    ck_assert_int_eq(run_faulty(&r), 0);
    read_whole(test_path("out.png"), expected, sizeof expected);
    test_write(test_path("run.state"), "", 0); /* of a run that failed it stays */
    each_name_is_known(true);
    unsigned calls = r.calls[kind], most = !test_long() ? FEW : until && *until ? LIMITED : calls;
    ck_assert_uint_gt(calls, 5);
    for (unsigned n = 1; n <= calls; n += calls <= most ? 1 : calls / most) {
        set_fault(kind, n, persistent);
        int code = run_faulty(&r);
        const char *problem = check(code, &r);
        tried++;
        overcome += code == 0;
        if (problem && problems++ < 10)
            printf("%s call %u%s, %s: %s; exit code %d: %.300s\n", kind_names[kind], n,
                   persistent ? " and all after" : "", r.name, problem, code, said);
    }
    printf("%s, %s: %u calls, %u failed on demand, %u of these overcome\n", kind_names[kind],
           persistent ? "from then on" : "once", calls, tried, overcome);
    ck_assert_uint_eq(problems, 0);
}
END_TEST

static void set_up(void) {
    const char *program = getenv("PASTICHE_FAULTY");
    if (!program)
        exit(TEST_SKIPPED);
    prepare();
    setenv("PASTICHE_PROGRAM", program, 1);
    /* kernels stay compiled; the user's own cache is left alone */
    setenv("XDG_CACHE_HOME", test_path("cache"), 1);
}

int main(void) {
    Suite *suite = suite_create("faulty program");
    TCase *tests = tcase_create("faults");
    tcase_add_unchecked_fixture(tests, set_up, NULL);
    tcase_set_timeout(tests, 900);
    tcase_add_loop_test(tests, any_call_may_fail, 0, 2 * (KINDS - 1));
    suite_add_tcase(suite, tests);
    return test_run(suite);
}
