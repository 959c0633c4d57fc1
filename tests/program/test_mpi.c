#define _POSIX_C_SOURCE 200809L
/* pastiche-mpi under mpirun: one run on several ranks, a batch that is dealt out, and what goes wrong on one of them.
 * Linux alone, whose /proc tells which process is which rank. */
/* promise: processes */
#include <ctype.h>
#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cli_fixture.h"

#define MOST 4096
#define RUN TINY "--no-tune --iterations 4 --save-iter 0 "
#define LONG TINY "--no-tune --iterations 100000 --save-iter 0 "

static const char *program, *mpi, *mpirun, *faulty;

/* On so many ranks; 1: without a launcher. */
static const char *on_ranks(int ranks, const char *command) {
    static char text[2 * MOST];
    setenv("PASTICHE_PROGRAM", ranks > 1 ? mpirun : mpi, 1);
    if (ranks == 1)
        snprintf(text, sizeof text, "%s", command);
    else
        snprintf(text, sizeof text, "-n %d %s %s", ranks, mpi, command);
    return text;
}

/* Two ranks with command lines of their own. By a script, not as the launcher's "-n 1 A : -n 1 B": that of Open
 * MPI 5.0.7 ends with a segmentation fault where one of the two fails, whatever the programs are. */
static const char *on_two_programs(const char *first, const char *first_command, const char *second,
                                   const char *second_command) {
    static char script[4 * MOST];
    snprintf(script, sizeof script, "[ \"$OMPI_COMM_WORLD_RANK\" = 1 ] && exec %s %s\nexec %s %s\n", second,
             second_command, first, first_command);
    test_write(test_path("ranks.sh"), script, strlen(script));
    setenv("PASTICHE_PROGRAM", mpirun, 1);
    return "-n 2 /bin/sh ranks.sh";
}

static const char *on_two(const char *first, const char *second) { return on_two_programs(mpi, first, mpi, second); }

/* Lines of the program itself; the launcher says more. */
static int own_lines(void) {
    int count = strncmp(said, "pastiche: ", 10) == 0;
    for (const char *line = said; (line = strstr(line, "\npastiche: ")); line++)
        count++;
    return count;
}

static void ck_fails(const char *command, int code, const char *word, const char *other) {
    unsigned files = files_hash();
    int got = run(command);
    ck_assert_msg(got == code, "%s: exit code %d, not %d: %.900s", command, got, code, said);
    ck_assert_msg(own_lines() == 1, "%s: not one line: %.900s", command, said);
    ck_assert_msg(strstr(said, word) && strstr(said, other), "%s: no %s, %s in: %.900s", command, word, other, said);
    ck_assert_msg(files_hash() == files, "%s: left or took a file", command);
}

/* ---- processes ---- */

static void nap(void) { nanosleep(&(struct timespec){.tv_nsec = 20000000}, NULL); }

static bool has_variable(long pid, const char *variable) {
    static char environment[1 << 16];
    char path[64];
    snprintf(path, sizeof path, "/proc/%ld/environ", pid);
    FILE *file = fopen(path, "rb");
    size_t bytes = file ? fread(environment, 1, sizeof environment - 1, file) : 0;
    if (file)
        fclose(file);
    environment[bytes] = '\0';
    for (const char *c = environment; c < environment + bytes; c += strlen(c) + 1)
        if (strcmp(c, variable) == 0)
            return true;
    return false;
}

static long parent_of(long pid) {
    char path[64], text[512];
    snprintf(path, sizeof path, "/proc/%ld/stat", pid);
    const char *end = strrchr(read_whole(path, text, sizeof text), ')');
    long parent = 0;
    return end && sscanf(end, ") %*c %ld", &parent) == 1 ? parent : 0;
}

static pid_t rank_of(pid_t launcher, int rank) {
    char variable[64];
    pid_t found = 0;
    snprintf(variable, sizeof variable, "OMPI_COMM_WORLD_RANK=%d", rank);
    DIR *folder = opendir("/proc");
    for (struct dirent *entry; folder && !found && (entry = readdir(folder));) {
        long pid = isdigit((unsigned char)entry->d_name[0]) ? strtol(entry->d_name, NULL, 10) : 0;
        if (pid && parent_of(pid) == launcher && has_variable(pid, variable))
            found = (pid_t)pid;
    }
    closedir(folder);
    return found;
}

/* A long run of so many ranks, once it has written a checkpoint; signals one of them. The exit code. */
static int signal_a_run(int ranks, const char *options, int rank, int number) {
    char command[MOST];
    cli_forget("run.state");
    snprintf(command, sizeof command, "%s-o long.png --checkpoint run.state --checkpoint-every 0 %s", LONG, options);
    pid_t launcher = start(on_ranks(ranks, command)), process = 0;
    for (int i = 0; i < 3000 && !cli_exists("run.state"); i++)
        nap();
    ck_assert(cli_exists("run.state"));
    process = rank_of(launcher, rank);
    ck_assert_int_gt(process, 0);
    ck_assert_int_eq(kill(process, number), 0);
    time_t begun = time(NULL);
    int code = wait_for(launcher);
    ck_assert_msg(difftime(time(NULL), begun) < 60, "ends after %.0f s", difftime(time(NULL), begun));
    return code;
}

/* What is left of a run that was ended by force: the checkpoint, which is whole. Where it was writing the next one,
 * that is there too, until another run writes to the same path. */
static void ck_left(unsigned files, const char *options) {
    char command[MOST];
    ck_assert(!cli_exists("long.png"));
    snprintf(command, sizeof command, "%s%s --resume run.state --plan --quiet", LONG, options);
    ck_run(on_ranks(1, command));
    ck_run(on_ranks(1, RUN "-o after.png --checkpoint run.state --checkpoint-every 0 --quiet"));
    cli_forget("after.png");
    ck_assert_msg(files_hash() == files, "left a file");
}

/* ---- tests ---- */

START_TEST(writes_one_file) {
    static const char *const kinds[] = {"--tile 64 --image-size 150", "--tile 64 --image-size 150 --optimizer adam"};
    for (size_t i = 0; i < (test_long() ? sizeof kinds / sizeof *kinds : 1); i++)
        for (int ranks = 1; ranks <= 3; ranks++) {
            char command[MOST], name[32];
            snprintf(name, sizeof name, "on-%d.png", ranks);
            snprintf(command, sizeof command, "%s-o %s %s --quiet", RUN, name, kinds[i]);
            unsigned files = files_hash();
            ck_run(on_ranks(ranks, command));
            ck_assert_str_eq(said, "");
            ck_assert_str_eq(printed, "");
            ck_same_bytes(name, "on-1.png", true);
            if (ranks > 1) {
                cli_forget(name);
                ck_assert_uint_eq(files_hash(), files);
            }
        }
    cli_forget("on-1.png");
}
END_TEST

/* What one rank cannot write all keep together. */
START_TEST(keeps_what_cannot_be_written) {
    const char *options = RUN "--tile 64 --image-size 150 --checkpoint full.state";
    char command[MOST];
    if (access("/dev/full", W_OK) != 0)
        return;
    snprintf(command, sizeof command, "%s -o /dev/full --format png", options);
    ck_assert_int_eq(run(on_ranks(3, command)), 1);
    ck_assert_ptr_nonnull(strstr(said, "/dev/full: cannot be written"));
    ck_assert_ptr_nonnull(strstr(said, "full.state: the state is saved; --resume writes the image"));
    snprintf(command, sizeof command, "%s -o again.png --resume full.state", options);
    ck_run(on_ranks(2, command));
    snprintf(command, sizeof command, "%s -o whole.png", options);
    ck_run(on_ranks(1, command));
    ck_same_bytes("again.png", "whole.png", true);
    cli_forget("again.png");
    cli_forget("whole.png");
}
END_TEST

/* Where the driver can show two devices; else it is one. */
START_TEST(ranks_have_several_devices) {
    const char *options = RUN "--tile 64 --image-size 150 --quiet";
    char command[MOST];
    snprintf(command, sizeof command, "%s -o one.png", options);
    ck_run(on_ranks(1, command));
    setenv("POCL_DEVICES", "basic basic", 1);
    for (int ranks = 1; ranks <= 2; ranks++) {
        snprintf(command, sizeof command, "%s -o several.png --device all", options);
        ck_run(on_ranks(ranks, command));
        ck_same_bytes("several.png", "one.png", true);
    }
    unsetenv("POCL_DEVICES");
    cli_forget("several.png");
    cli_forget("one.png");
}
END_TEST

START_TEST(rank_0_tells) {
    ck_run(on_ranks(3, RUN "-o told.png --log told.log --print-iter 1"));
    ck_assert_int_eq(own_lines(), 2);
    const char *last = strstr(said, "\n4/4 ");
    ck_assert_ptr_nonnull(last);
    ck_assert_ptr_null(strstr(last + 1, "\n4/4 "));
    static char log[65536];
    int lines = 0;
    for (const char *c = read_whole(test_path("told.log"), log, sizeof log); *c; c++)
        lines += *c == '\n';
    ck_assert_int_eq(lines, 4);
    cli_forget("told.png");
    cli_forget("told.log");
    ck_run(on_ranks(2, "--version"));
    ck_assert_ptr_eq(strstr(printed, "pastiche "), strrchr(printed, 'p'));
    ck_run(on_ranks(2, RUN "--plan"));
    ck_assert_ptr_null(strstr(strstr(printed, "It fits") + 1, "It fits"));
}
END_TEST

START_TEST(resumes_on_others) {
    const char *options = "--tile 64 --image-size 100 --iterations 300 --quiet";
    char command[MOST];
    snprintf(command, sizeof command, "%s%s -o whole.png", LONG, options);
    ck_run(on_ranks(1, command));
    ck_assert_int_eq(signal_a_run(2, options, 1, SIGTERM), 128 + SIGTERM);
    ck_image("long.png", 100, 75);
    ck_same_bytes("long.png", "whole.png", false);
    for (int ranks = 1; ranks <= 3; ranks += 2) {
        snprintf(command, sizeof command, "%s%s -o long.png --resume run.state", LONG, options);
        ck_run(on_ranks(ranks, command));
        ck_same_bytes("long.png", "whole.png", true);
    }
    cli_forget("long.png");
    cli_forget("run.state");
    cli_forget("whole.png");
}
END_TEST

/* Devices that compute otherwise: scales that run whole are rank 0's. */
START_TEST(ranks_may_be_unlike) {
    char command[MOST];
    const char *usual = RUN "--iterations 12 --scales 2 --image-size 96 --optimizer adam --quiet";
    snprintf(command, sizeof command, "%s -o alone.png", usual);
    ck_run(on_ranks(1, command));
    char form[MOST];
    snprintf(command, sizeof command, "%s -o both.png", usual);
    snprintf(form, sizeof form, "env PASTICHE_KERNELS_FORM=gpu %s", mpi);
    ck_run(on_two_programs(mpi, command, form, command));
    ck_same_bytes("alone.png", "both.png", true);
    cli_forget("ranks.sh");
    cli_forget("alone.png");
    cli_forget("both.png");
}
END_TEST

START_TEST(refuses_a_launcher) {
    char command[MOST];
    setenv("PASTICHE_PROGRAM", mpirun, 1);
    snprintf(command, sizeof command, "-n 2 %s %s-o two.png", program, RUN);
    ck_fails(command, 2, "pastiche-mpi", "several processes");
}
END_TEST

START_TEST(compares_inputs) {
    write_ppm("other.ppm", 80, 60, 0, 99);
    const char *usual = RUN "-o differs.png --quiet";
    ck_fails(on_two(usual, "content.ppm other.ppm --image-size 64 --no-metadata --model net.safetensors --no-tune "
                           "--iterations 4 --save-iter 0 -o differs.png --quiet"),
             1, "rank 1 (", "style images");
    ck_fails(on_two(usual, "other.ppm style.ppm --image-size 64 --no-metadata --model net.safetensors --no-tune "
                           "--iterations 4 --save-iter 0 -o differs.png --quiet"),
             1, "rank 1 (", "");
    ck_fails(on_two(usual, RUN "-o differs.png --quiet --style-weight 7"), 1, "rank 1 (", "style_weight=7");
    ck_fails(on_two(usual, RUN "-o differs.png --quiet --iterations 5"), 1, "rank 1 (", "iterations=5");
    cli_forget("other.ppm");
    cli_forget("ranks.sh");
}
END_TEST

START_TEST(fails_together) {
    ck_fails(on_ranks(3, "content.ppm absent.ppm --model net.safetensors -o no.png"), 1, "absent.ppm", "");
    ck_assert_ptr_null(strstr(said, "rank"));
    ck_fails(on_ranks(2, RUN "-o no.png --quiet --nonsense"), 2, "--nonsense", "");
    ck_fails(on_two(RUN "-o no.png --quiet", "content.ppm absent.ppm --model net.safetensors -o no.png"), 1, "rank 1 (",
             "absent.ppm");
    ck_fails(on_two(RUN "-o no.png --quiet --resume absent.state", RUN "-o no.png --quiet --resume absent.state"), 1,
             "absent.state", "");
    ck_fails(on_two(RUN "-o no.png --quiet", RUN "-o no.png --quiet --device absent"), 1, "rank 1 (", "absent");
    cli_forget("ranks.sh");
}
END_TEST

START_TEST(a_killed_rank) {
    unsigned files = files_hash();
    ck_assert_int_ne(signal_a_run(2, "--quiet", 1, SIGKILL), 0);
    ck_assert_msg(own_lines() == 1 && strstr(said, "pastiche: rank 1 (") && strstr(said, "has died"), "%s", said);
    ck_left(files, "");
}
END_TEST

START_TEST(a_lost_device) {
    char command[MOST], fails[MOST];
    const char *tiles = "--tile 64 --image-size 100";
    unsigned files = files_hash();
    if (!faulty)
        return;
    snprintf(command, sizeof command, "%s%s -o long.png --checkpoint run.state --checkpoint-every 0 --quiet", LONG,
             tiles);
    /* every call to the queue from the 20000th on, which is in an evaluation, after a checkpoint (fixtures/faults.h) */
    snprintf(fails, sizeof fails, "env 'PASTICHE_FAULT=4 20000 1 1' %s", faulty);
    int code = run(on_two_programs(mpi, command, fails, command));
    cli_forget("ranks.sh");
    ck_assert_msg(code == 1 && own_lines() == 1 && strstr(said, "pastiche: rank 1 ("), "exit code %d: %s", code, said);
    ck_left(files, tiles);
}
END_TEST

/* The device of one rank gives less memory than it says: all take smaller tiles, and the result is that of these. */
START_TEST(a_device_gives_less) {
    const char *usual = RUN "--image-size 300 --scales 1 -o less.png";
    char command[MOST], fails[MOST];
    int w, h;
    if (!faulty)
        return;
    snprintf(fails, sizeof fails, "env PASTICHE_FAULT_BYTES=4000000 %s", faulty);
    ck_run(on_two_programs(mpi, usual, fails, usual));
    const char *tiles = strstr(said, "less memory than it says it has; tiles of ");
    ck_assert_msg(tiles && sscanf(strstr(tiles, "tiles"), "tiles of %dx%d pixels", &w, &h) == 2, "%s", said);
    snprintf(command, sizeof command, RUN "--image-size 300 --scales 1 -o tiles.png --quiet --tile %dx%d", w, h);
    ck_run(on_ranks(1, command));
    ck_same_bytes("less.png", "tiles.png", true);
    snprintf(fails, sizeof fails, "env PASTICHE_FAULT_BYTES=4000 %s", faulty);
    snprintf(command, sizeof command, "%s --quiet", usual);
    if (test_long())
        ck_fails(on_two_programs(mpi, command, fails, command), 1, "rank 1 (", "out of memory");
    cli_forget("ranks.sh");
    cli_forget("less.png");
    cli_forget("tiles.png");
}
END_TEST

START_TEST(a_stopped_rank) {
    unsigned files = files_hash();
    setenv("PASTICHE_RANK_SECONDS", "4", 1);
    ck_assert_int_eq(signal_a_run(3, "--quiet", 2, SIGSTOP), 1);
    unsetenv("PASTICHE_RANK_SECONDS");
    ck_assert_msg(own_lines() == 1 && strstr(said, "rank 2 (") && strstr(said, "no answer"), "%s", said);
    ck_left(files, "");
}
END_TEST

START_TEST(deals_a_batch) {
    static const char *const names[] = {"a", "b", "c", "d", "e"};
    char name[64];
    cli_folder("photos");
    for (size_t i = 0; i < 5; i++) {
        snprintf(name, sizeof name, "photos/%s.ppm", names[i]);
        write_ppm(name, 40, 30, i == 3 ? 500 : 0, i);
    }
    const char *command = "batch photos --styles style.ppm -o painted --image-size 32 --no-metadata --model "
                          "net.safetensors --no-tune --iterations 2 --log batch.log";
    ck_assert_int_eq(run(on_ranks(2, command)), 1);
    ck_assert_msg(strstr(said, "rank 1 (") && strstr(said, "d.ppm") && strstr(said, "4 of 5 images painted") &&
                      strstr(said, "1 failed"),
                  "%s", said);
    for (size_t i = 0; i < 5; i++) {
        snprintf(name, sizeof name, "painted/%s__style.png", names[i]);
        ck_assert_msg(cli_exists(name) == (i != 3), "%s", name);
    }
    static char log[65536];
    int lines = 0;
    for (const char *c = read_whole(test_path("batch.log"), log, sizeof log); *c; c++)
        lines += *c == '\n';
    ck_assert_int_eq(lines, 8);
    write_ppm("photos/d.ppm", 40, 30, 0, 3);
    ck_run(on_ranks(2, command));
    ck_said("1 of 5 images painted");
    ck_said("4 skipped");
    ck_run(on_ranks(2, command));
    ck_said("0 of 5 images painted");
    cli_forget_folder("photos");
    cli_forget_folder("painted");
    cli_forget("batch.log");
}
END_TEST

int main(void) {
    program = getenv("PASTICHE_PROGRAM");
    mpi = getenv("PASTICHE_MPI");
    mpirun = getenv("PASTICHE_MPIRUN");
    faulty = getenv("PASTICHE_FAULTY_MPI");
    if (!program || !mpi || !mpirun || access(mpirun, X_OK) != 0 || access("/proc/self/environ", R_OK) != 0)
        return TEST_SKIPPED;
    setenv("OMPI_ALLOW_RUN_AS_ROOT", "1", 1);
    setenv("OMPI_ALLOW_RUN_AS_ROOT_CONFIRM", "1", 1);
    setenv("OMPI_MCA_rmaps_base_oversubscribe", "1", 1);
    setenv("PRTE_MCA_rmaps_default_mapping_policy", ":oversubscribe", 1); /* the same for Open MPI 5, */
    setenv("OMPI_MCA_btl", "^tcp", 1);           /* which also complains of networks; all ranks are on this machine */
    setenv("ASAN_OPTIONS", "detect_leaks=0", 0); /* of the MPI library */
    Suite *suite = suite_create("mpi");
    TCase *tests = tcase_create("ranks");
    tcase_add_unchecked_fixture(tests, prepare, NULL);
    tcase_set_timeout(tests, 600);
    tcase_add_test(tests, writes_one_file);
    tcase_add_test(tests, refuses_a_launcher);
    tcase_add_test(tests, fails_together);
    tcase_add_test(tests, deals_a_batch);
    tcase_add_test(tests, keeps_what_cannot_be_written);
    tcase_add_test(tests, a_device_gives_less);
    if (test_long()) {
        tcase_add_test(tests, rank_0_tells);
        tcase_add_test(tests, ranks_have_several_devices);
        tcase_add_test(tests, ranks_may_be_unlike);
        tcase_add_test(tests, compares_inputs);
        tcase_add_test(tests, resumes_on_others);
        tcase_add_test(tests, a_killed_rank);
        tcase_add_test(tests, a_lost_device);
        tcase_add_test(tests, a_stopped_rank);
    }
    suite_add_tcase(suite, tests);
    return test_run(suite);
}
