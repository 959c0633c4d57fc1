/* What the program does to the file that --checkpoint names: it removes its own one, and no other. */
/* promise: own-files interrupt */
#define _POSIX_C_SOURCE 200809L

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <jansson.h>

#include "cli_fixture.h"

#define RUN TINY "-o done.png --iterations 6 --checkpoint run.state "
#define LONG_RUN TINY "-o done.png --iterations 400 --checkpoint run.state "

static void wait_until(bool (*happened)(void)) {
    for (int naps = 0; naps < 10000 && !happened(); naps++)
        nanosleep(&(struct timespec){.tv_nsec = 2000000}, NULL);
    ck_assert(happened());
}

static bool is_saved(void) { return cli_exists("run.state"); }

static bool is_evaluated(void) {
    char text[64];
    return strchr(read_whole(test_path("log.json"), text, sizeof text), '{');
}

START_TEST(a_finished_run_removes_its_own_checkpoint_only) {
    ck_run(RUN "--checkpoint-every 0"); /* saved at every iteration */
    ck_assert(!cli_exists("run.state"));

    char text[64];
    test_write(test_path("run.state"), "someone's", 9);
    ck_refused(RUN "--checkpoint-every 1000", 1, "run.state: is no checkpoint and is not replaced", "");
    ck_assert_str_eq(read_whole(test_path("run.state"), text, sizeof text), "someone's");

    cli_forget("run.state");
    pid_t child = start(LONG_RUN "--checkpoint-every 0");
    wait_until(is_saved);
    ck_assert_int_eq(kill(child, SIGINT), 0);
    ck_assert_int_eq(wait_for(child), 128 + SIGINT);
    ck_assert(cli_exists("run.state"));
    ck_run("info run.state");
    ck_assert_msg(strstr(printed, "\"iteration\": ") && strstr(printed, "\"image-size\": \"64\"") &&
                      strstr(printed, "\"iterations\": \"400\"") && strstr(printed, "\"pooling\": \"avg\""),
                  "%s", printed);
    bool has_units = strstr(printed, "\"matrix-units\": \"1\"") != NULL;
    ck_said("run.state: is the checkpoint of a run that has not ended; the command of that run with --resume");
    write_cut("cut.state", "run.state", .9);
    ck_refused("info cut.state", 1, "cut.state: is damaged", "");
    ck_refused("again run.state", 1, "run.state: is the checkpoint of a run", "--resume");
    cli_forget("cut.state");
    ck_run(RUN "--checkpoint-every 1000"); /* never saved: the run is too short */
    ck_assert(cli_exists("run.state"));
    ck_run(LONG_RUN "--resume run.state --plan"); /* which leaves it */
    ck_run(LONG_RUN "--resume run.state --checkpoint new/state --plan");
    ck_refused(LONG_RUN "--resume run.state --plan --content-weight 7", 2, "run.state: was made with", "content");
    ck_assert(cli_exists("run.state") && !cli_exists("new"));
    ck_run(LONG_RUN
           "--checkpoint-every 1000 --resume run.state --no-matrix-units"); /* goes on from it, saves nothing */
    ck_assert_msg(!strstr(said, "was made with matrix units, and this run works without") == !has_units, "%s", said);
    ck_assert(!cli_exists("run.state"));
    cli_forget("done.png");
}
END_TEST

START_TEST(a_save_that_fails_is_told_once) {
    pid_t child = start(LONG_RUN "--checkpoint-every 0 --quiet");
    wait_until(is_saved);
    while (mkdir(test_path("run.state"), 0700) != 0)
        cli_forget("run.state");
    ck_assert_int_eq(wait_for(child), 1);
    ck_assert_msg(strstr(said, "run.state: is a folder") && strchr(said, '\n')[1] == '\0', "%s", said);
    ck_image("done.png", 64, 48); /* which is worth more */
    ck_assert_int_eq(test_entries(test_path("run.state")), 0);
    ck_assert_int_eq(rmdir(test_path("run.state")), 0);
    cli_forget("done.png");
    ck_assert_int_eq(mkdir(test_path("folder.state"), 0700), 0);
    ck_refused(TINY "-o done.png --quiet --checkpoint folder.state", 1, "folder.state", "folder"); /* before the work */
    ck_assert_int_eq(rmdir(test_path("folder.state")), 0);
}
END_TEST

START_TEST(an_image_that_cannot_be_written_is_not_lost) {
    if (access("/dev/full", W_OK) != 0)
        return;
    ck_assert_int_eq(run(RUN "--format png -o /dev/full"), 1);
    ck_assert_ptr_nonnull(strstr(said, "/dev/full: cannot be written"));
    ck_assert_ptr_nonnull(strstr(said, "run.state: the state is saved; --resume writes the image"));
    ck_run(RUN "-o again.png --resume run.state");
    ck_assert(!cli_exists("run.state"));
    ck_run(RUN);
    ck_same_bytes("done.png", "again.png", true);
    cli_forget("done.png"), cli_forget("again.png");
}
END_TEST

/* Every iteration of the log follows on the one before; their count. */
static int logged(void) {
    static char text[1 << 20];
    int count = 0;
    for (char *line = strtok(read_whole(test_path("log.json"), text, sizeof text), "\n"); line;
         line = strtok(NULL, "\n")) {
        json_t *root = json_loads(line, 0, NULL);
        ck_assert_int_eq(json_integer_value(json_object_get(root, "iteration")), ++count);
        json_decref(root);
    }
    return count;
}

/* The program was killed while it wrote one. */
START_TEST(half_a_line_of_a_log_stays_alone) {
    static char text[1 << 20];
    pid_t child = start(LONG_RUN "--checkpoint-every 0 --log log.json");
    wait_until(is_saved);
    ck_assert_int_eq(kill(child, SIGINT), 0);
    ck_assert_int_eq(wait_for(child), 128 + SIGINT);
    FILE *log = fopen(test_path("log.json"), "a");
    ck_assert_int_gt(fprintf(log, "{\"iteration\":4"), 0);
    fclose(log);
    ck_run(LONG_RUN "--resume run.state --log log.json");
    ck_assert_ptr_nonnull(strstr(read_whole(test_path("log.json"), text, sizeof text), "{\"iteration\":4\n{\"iter"));
    cli_forget("log.json"), cli_forget("done.png");
}
END_TEST

START_TEST(a_log_goes_on_with_its_run) {
    pid_t child = start(LONG_RUN "--log log.json");
    wait_until(is_evaluated);
    ck_assert_int_eq(kill(child, SIGINT), 0);
    ck_assert_int_eq(wait_for(child), 128 + SIGINT);
    ck_assert_int_ge(logged(), 1);
    ck_run(LONG_RUN "--resume run.state --log log.json");
    ck_assert_int_eq(logged(), 400);
    ck_run(RUN "--log log.json"); /* another run */
    ck_assert_int_eq(logged(), 6);
    cli_forget("log.json"), cli_forget("done.png");
}
END_TEST

START_TEST(a_file_that_took_the_name_stays) {
    char text[64];
    pid_t child = start(LONG_RUN "--checkpoint-every 0");
    wait_until(is_saved);
    ck_assert_int_eq(kill(child, SIGINT), 0);
    ck_assert_int_eq(wait_for(child), 128 + SIGINT);
    child = start(LONG_RUN "--checkpoint-every 1000 --resume run.state --log log.json");
    wait_until(is_evaluated);
    test_write(test_path("other"), "someone's", 9);
    ck_assert_int_eq(rename(test_path("other"), test_path("run.state")), 0);
    ck_assert_int_eq(wait_for(child), 0);
    ck_assert_str_eq(read_whole(test_path("run.state"), text, sizeof text), "someone's");
    cli_forget("run.state"), cli_forget("log.json"), cli_forget("done.png");
}
END_TEST

/* Also by a run that is too short to save one. */
START_TEST(what_killed_runs_left_goes) {
    unsigned files = files_hash();
    test_write(test_path("run.state.pastiche-abcdef.tmp"), "half", 4);
    ck_run(RUN "--checkpoint-every 1000");
    cli_forget("done.png");
    ck_assert_uint_eq(files_hash(), files);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("checkpoints");
    TCase *all = tcase_create("program");
    tcase_add_checked_fixture(all, prepare, NULL);
    tcase_set_timeout(all, 300);
    tcase_add_test(all, a_finished_run_removes_its_own_checkpoint_only);
    tcase_add_test(all, a_save_that_fails_is_told_once);
    tcase_add_test(all, an_image_that_cannot_be_written_is_not_lost);
    tcase_add_test(all, half_a_line_of_a_log_stays_alone);
    tcase_add_test(all, a_log_goes_on_with_its_run);
    tcase_add_test(all, a_file_that_took_the_name_stays);
    tcase_add_test(all, what_killed_runs_left_goes);
    suite_add_tcase(suite, all);
    return test_run(suite);
}
