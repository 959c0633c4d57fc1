/* What the program does to the file that --checkpoint names: it removes its own one, and no other. */
#define _POSIX_C_SOURCE 200809L

#include <signal.h>
#include <time.h>

#include "cli_fixture.h"

#define RUN TINY "-o done.png --iterations 6 --checkpoint run.state "
#define LONG_RUN TINY "-o done.png --iterations 400 --checkpoint run.state "

START_TEST(a_finished_run_removes_its_own_checkpoint_only) {
    ck_run(RUN "--checkpoint-every 0"); /* saved at every iteration */
    ck_assert(!cli_exists("run.state"));

    char text[64];
    test_write("run.state", "someone's", 9); /* never saved: the run is too short */
    ck_run(RUN "--checkpoint-every 1000");
    ck_assert_str_eq(read_whole("run.state", text, sizeof text), "someone's");

    cli_forget("run.state");
    pid_t child = start(LONG_RUN "--checkpoint-every 0");
    while (!cli_exists("run.state"))
        nanosleep(&(struct timespec){.tv_nsec = 2000000}, NULL);
    ck_assert_int_eq(kill(child, SIGINT), 0);
    ck_assert_int_eq(wait_for(child), 128 + SIGINT);
    ck_assert(cli_exists("run.state"));
    ck_run(LONG_RUN "--checkpoint-every 1000 --resume run.state"); /* goes on from it, saves nothing */
    ck_assert(!cli_exists("run.state"));
    cli_forget("done.png");
}
END_TEST

int main(void) {
    Suite *suite = suite_create("checkpoints");
    TCase *all = tcase_create("program");
    tcase_add_checked_fixture(all, prepare, NULL);
    tcase_set_timeout(all, 300);
    tcase_add_test(all, a_finished_run_removes_its_own_checkpoint_only);
    suite_add_tcase(suite, all);
    return test_run(suite);
}
