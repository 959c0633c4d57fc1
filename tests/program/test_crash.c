/* Whatever the program writes is whole, the old file or the new one, wherever it is killed, and the next run leaves
 * nothing beside it. On a full disk or in a read-only folder it says so in one line and touches nothing. */
/* promise: kills */
#define _GNU_SOURCE /* for a namespace of mounts; must stand before any header */

#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#ifdef __linux__
#include <sched.h>
#include <sys/mount.h>
#endif

#include "base/file.h"
#include "cli_fixture.h"
#include "model/fetch.h"

/* What writes a file. Where `check` is NULL the bytes must be those that `first` or `command` gives undisturbed; else a
 * file that is there must let this command succeed. The next run is `next`, or the same command. */
typedef struct writing {
    const char *what, *product, *first, *command, *check, *next;
    int kills, kills_long;
    int most_ms; /* from the moment that a temporary file is seen to the kill */
    bool stays;  /* the product, after the next run */
} writing;

#define RUN TINY "--no-tune --iterations 1 --save-iter 0 "
#define LONG_RUN TINY "--no-tune --iterations 60 -o done.png --checkpoint in/run.state "
#define STYLE "style make style.ppm --model net.safetensors --image-size 64 -o in/a.style "
#define TUNE "tune --model net.safetensors --image-size 16 --choices in/choices.json"

static char fetch_command[2048];

static const writing writings[] = {
    {"image", "out.png", RUN "--seed 1 -o in/out.png", RUN "--seed 2 -o in/out.png", NULL, NULL, 1, 50, 4, true},
    {"style file", "a.style", STYLE "--pooling avg", STYLE, NULL, NULL, 1, 40, 4, true},
    {"network", "n.safetensors", "model convert net.safetensors in/n.safetensors --f16",
     "model convert net.safetensors in/n.safetensors", NULL, NULL, 1, 40, 2, true},
    {"choices", "choices.json", TUNE, TUNE, RUN "-o done.png --choices in/choices.json", NULL, 1, 10, 1500, true},
    /* The next run goes on, or, every other time, never saves one. */
    {"checkpoint", "run.state", NULL, LONG_RUN "--checkpoint-every 0",
     LONG_RUN "--checkpoint-every 1000 --resume in/run.state", RUN "-o done.png --checkpoint in/run.state", 1, 30, 60,
     false},
    {"download", "d.net", NULL, fetch_command, NULL, NULL, 1, 30, 3, true},
};
enum { WRITINGS = sizeof writings / sizeof writings[0], BYTES_MOST = 1 << 20 };

/* ---- the folder "in" ---- */

static bool is_temporary(const char *name) { return strstr(name, ".pastiche-") || strstr(name, ".part"); }

static bool writes_now(void) {
    bool found = false;
    DIR *folder = opendir(test_path("in"));
    ck_assert_ptr_nonnull(folder);
    for (struct dirent *entry; !found && (entry = readdir(folder));)
        found = is_temporary(entry->d_name);
    closedir(folder);
    return found;
}

static size_t load(const char *name, char *data) {
    FILE *file = fopen(test_path(name), "rb");
    size_t bytes = file ? fread(data, 1, BYTES_MOST, file) : 0;
    ck_assert_uint_lt(bytes, BYTES_MOST);
    if (file)
        fclose(file);
    return bytes;
}

static bool same(const char *a, const char *b) {
    static char first[BYTES_MOST], second[BYTES_MOST];
    size_t bytes = load(a, first);
    return bytes > 0 && load(b, second) == bytes && memcmp(first, second, bytes) == 0;
}

static void keep(const char *name, const char *copy) {
    static char data[BYTES_MOST];
    size_t bytes = load(name, data);
    ck_assert_uint_gt(bytes, 0);
    test_write(test_path(copy), data, bytes);
}

static const char *within(const writing *w) {
    static char name[64];
    snprintf(name, sizeof name, "in/%s", w->product);
    return name;
}

/* ---- kills ---- */

static bool has_ended(pid_t child) {
    siginfo_t about = {0};
    ck_assert_int_eq(waitid(P_PID, (id_t)child, &about, WEXITED | WNOHANG | WNOWAIT), 0);
    return about.si_pid == child;
}

/* Kills it somewhere around a moment when it writes; false if it ended before. */
static bool kill_while_writing(const writing *w) {
    pid_t child = start(w->command);
    while (!writes_now() && !has_ended(child))
        nanosleep(&(struct timespec){.tv_nsec = 20000}, NULL);
    nanosleep(&(struct timespec){.tv_nsec = rand() % (w->most_ms * 1000000)}, NULL);
    kill(child, SIGKILL);
    return wait_for(child) == -SIGKILL;
}

/* Whole is the old file or the new one, or none where there was none. */
static void ck_whole(const writing *w) {
    const char *product = within(w);
    if (!cli_exists(product))
        ck_assert_msg(!w->first, "%s: the old file is gone", w->what);
    else if (!w->check)
        ck_assert_msg(same(product, "new") || (w->first && same(product, "old")), "%s: is torn", w->what);
}

START_TEST(kills_tear_nothing) {
    const writing *w = &writings[_i];
    if (!*w->command) /* no downloads in this build */
        return;
    int hits = 0, kills = test_long() ? w->kills_long : w->kills;
    ck_assert_int_eq(mkdir(test_path("in"), 0700), 0);
    srand(7);
    if (!w->check) {
        ck_run(w->command);
        keep(within(w), "new");
    }
    cli_forget(within(w));
    if (w->first) {
        ck_run(w->first);
        keep(within(w), "old");
    }
    for (int tries = 0; hits < kills; tries++) {
        ck_assert_msg(tries < 4 * kills + 20, "%s: too rarely killed: %d", w->what, hits);
        hits += kill_while_writing(w);
        ck_whole(w);
        ck_assert_int_le(test_entries(test_path("in")), 3); /* a download has a part and where it is from */
        const char *next = w->next ? w->next : w->command;
        if (w->next && cli_exists(within(w)) && tries % 2)
            next = w->check;
        else if (w->next)
            cli_forget(within(w));
        else if (w->check)
            ck_run(w->check);
        ck_run(next);
        ck_assert_msg(test_entries(test_path("in")) == w->stays, "%s: %d entries", w->what,
                      test_entries(test_path("in")));
        ck_whole(w);
        if (!w->first)
            cli_forget(within(w));
        else if (!w->check)
            keep("old", within(w));
    }
    cli_forget(within(w));
    ck_assert_int_eq(rmdir(test_path("in")), 0);
}
END_TEST

/* ---- where nothing can be written ---- */

#ifdef __linux__
static void tell(const char *path, const char *text) {
    FILE *file = fopen(path, "w");
    if (file) {
        fputs(text, file);
        fclose(file);
    }
}

/* Mounts of this process alone, which end with it. */
static bool may_mount(void) {
    char map[64];
    uid_t user = getuid();
    bool root = user == 0;
    snprintf(map, sizeof map, "0 %u 1", (unsigned)user);
    if (unshare(CLONE_NEWNS | (root ? 0 : CLONE_NEWUSER)) != 0)
        return false;
    if (!root)
        tell("/proc/self/uid_map", map);
    return mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
           mount("tmpfs", test_path("in"), "tmpfs", 0, "size=128k") == 0;
}

static void fill(void) {
    static const char block[512];
    FILE *file = fopen(test_path("in/filler"), "wb");
    ck_assert_ptr_nonnull(file);
    setbuf(file, NULL);
    while (fwrite(block, sizeof block, 1, file) == 1)
        continue;
    fclose(file);
}

/* The command fails with one line, which names the file and has one of the words. */
static void ck_nothing_written(const writing *w, const char *word) {
    char begin[80];
    snprintf(begin, sizeof begin, "pastiche: %s", within(w));
    int before = test_entries(test_path("in")), code = run(w->command), lines = 0;
    ck_assert_msg(code == 1, "%s: exit code %d: %.900s", w->what, code, said);
    for (const char *line = said; (line = strstr(line, begin)); lines++)
        line += strcspn(line, "\n");
    ck_assert_msg(lines == 1 && strstr(said, word), "%s: %d lines, \"%s\"? %.900s", w->what, lines, word, said);
    ck_assert_msg(!before || same(within(w), "old"), "%s: the old file was touched", w->what);
    ck_assert_int_eq(test_entries(test_path("in")), before);
}

START_TEST(nothing_is_touched_where_nothing_can_be_written) {
    static const char old[] = "pastiche checkpoint\n"; /* as a checkpoint begins, which replaces nothing else */
    ck_assert_int_eq(mkdir(test_path("in"), 0700), 0);
    bool mounted = may_mount();
    if (!mounted)
        fprintf(stderr, "no mounts here: full disks and read-only folders are not tested\n");
    for (int i = 0; i < WRITINGS && mounted; i++) {
        const writing *w = &writings[i];
        if (!*w->command)
            continue;
        bool download = strcmp(w->what, "download") == 0; /* replaces nothing, keeps its part: test_fetch_program */
        if (w->first)
            ck_run(w->first);
        else if (!download)
            test_write(test_path(within(w)), old, sizeof old);
        if (!download) {
            keep(within(w), "old");
            fill();
            ck_nothing_written(w, "No space left");
            cli_forget("in/filler");
        }
        ck_assert_int_eq(mount(NULL, test_path("in"), NULL, MS_REMOUNT | MS_RDONLY, NULL), 0);
        ck_nothing_written(w, "Read-only file system");
        ck_assert_int_eq(mount(NULL, test_path("in"), NULL, MS_REMOUNT, NULL), 0);
        cli_forget(within(w));
        ck_assert_int_eq(test_entries(test_path("in")), 0);
    }
    if (mounted)
        ck_assert_int_eq(umount(test_path("in")), 0);
    ck_assert_int_eq(rmdir(test_path("in")), 0);
}
END_TEST
#endif

static void prepare_all(void) {
    char sha256[65];
    pst_error error;
    prepare();
    ck_ok(error, pst_file_digest(&error, test_path("net.safetensors"), sha256));
    if (pst_fetch_available())
        snprintf(fetch_command, sizeof fetch_command, "model fetch file://%s -o in/d.net --sha256 %s",
                 test_path("net.safetensors"), sha256);
}

int main(void) {
    Suite *suite = suite_create("crash");
    TCase *all = tcase_create("all");
    tcase_add_unchecked_fixture(all, prepare_all, NULL);
    tcase_set_timeout(all, 800);
    tcase_add_loop_test(all, kills_tear_nothing, 0, WRITINGS);
#ifdef __linux__
    tcase_add_test(all, nothing_is_touched_where_nothing_can_be_written);
#endif
    suite_add_tcase(suite, all);
    return test_run(suite);
}
