/* The studio's runs are not lost: pauses, kills, a full disk, a lost device, a damaged queue. */
/* promise: studio kills resume */
#define _GNU_SOURCE /* prlimit */

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "studio_runs.h"

START_TEST(a_pause_leaves_no_trace) {
    char id[32], command[2048];
    studio_with_images();
    queue_run("paused", 500, id, command);
    for (int i = 1; i <= 2; i++) {
        await_iteration(id, 100 * i);
        ask_only("POST", "queue", json_pack("{s:b}", "paused", 1), 200);
        await(id, "paused");
        ck_assert(!studio_has("paused.png"));
        ask_only("POST", "queue", json_pack("{s:b}", "paused", 0), 200);
    }
    await_iteration(id, 300);
    studio_end(); /* Ctrl-C is a pause, too */
    ck_assert(!studio_has("paused.png"));
    studio_begin("");
    ck_assert_int_ge(await_iteration(id, 1), 300);
    await(id, "done");
    ck_is_of_command("paused.png", command);
    studio_end();
}
END_TEST

/* A pause writes a checkpoint; gives its iteration. */
static int pause_and_go_on(const char *id) {
    int iteration;
    ask_only("POST", "queue", json_pack("{s:b}", "paused", 1), 200);
    await(id, "paused");
    state_of(id, &iteration);
    ask_only("POST", "queue", json_pack("{s:b}", "paused", 0), 200);
    return iteration;
}

START_TEST(a_kill_loses_nothing) {
    char id[32], second[32], command[2048];
    studio_with_images();
    queue_run("killed", 400, id, command);
    queue_run("second", 5, second, NULL);
    await_iteration(id, 80);
    pause_and_go_on(id);
    await_iteration(id, 200);
    studio_kill();
    studio_begin("");
    ck_assert_int_ge(await_iteration(id, 1), 80);
    await(second, "done");
    ck_assert_str_eq(state_of(id, NULL), "done");
    ck_is_of_command("killed.png", command);
    studio_end();
}
END_TEST

/* At any moment; every run that was queued is there in the end, with the bytes of its command. */
START_TEST(kills_at_any_moment_lose_nothing) {
    enum { RUNS = 4 };
    char id[RUNS][32], command[RUNS][2048], name[16];
    uint64_t random = 1;
    if (!test_long())
        return;
    studio_with_images();
    for (int i = 0; i < RUNS; i++) {
        snprintf(name, sizeof name, "k%d", i);
        queue_run(name, 1500, id[i], command[i]);
    }
    for (int i = 0; i < 25; i++) {
        page_nap((int)(700 + 600 * test_random(&random)));
        studio_kill();
        studio_begin("");
    }
    for (int i = 0; i < RUNS; i++) {
        snprintf(name, sizeof name, "k%d.png", i);
        for (int wait = 0; wait < 30000 && !studio_has(name); wait++)
            page_nap(20);
        ck_is_of_command(name, command[i]);
    }
    studio_end();
}
END_TEST

/* The queue comes to wait, and what for is told. */
static void ck_halted(const char *id) {
    const time_t end = time(NULL) + 600;
    bool halted = false;
    while (!halted) {
        json_t *all = ask("GET", "runs", NULL, 200);
        halted = json_is_true(json_object_get(all, "paused"));
        ck_assert_msg(time(NULL) < end, "%.900s", page_body);
        if (halted)
            ck_assert_str_ne(state_text(all, "problem"), "");
        json_decref(all);
        page_nap(20);
    }
    ck_assert_str_eq(state_of(id, NULL), "paused");
}

#ifdef __linux__ /* where another process can be limited */
START_TEST(a_full_disk_is_told_and_waited_for) {
    struct rlimit before, full;
    char id[32], command[2048];
    signal(SIGXFSZ, SIG_IGN); /* for the program: it is no signal where a disk is full */
    studio_with_images();
    run_format = "bmp";              /* of 9 KB, whatever it shows */
    queue_run("first", 5, id, NULL); /* with all that has to be compiled */
    await(id, "done");
    ck_assert_int_eq(prlimit(studio_process(), RLIMIT_FSIZE, NULL, &before), 0);
    full = before;
    full.rlim_cur = 6000; /* the queue's file has room, the result has not */
    ck_assert_int_eq(prlimit(studio_process(), RLIMIT_FSIZE, &full, NULL), 0);
    queue_run("full", 5, id, command);
    ck_halted(id);
    ck_assert(!studio_has("full.bmp"));
    ask_only("POST", "queue", json_pack("{s:b}", "paused", 0), 200);
    ck_halted(id);
    ck_assert_int_eq(prlimit(studio_process(), RLIMIT_FSIZE, &before, NULL), 0);
    ask_only("POST", "queue", json_pack("{s:b}", "paused", 0), 200);
    await(id, "done");
    ck_is_of_command("full.bmp", command);
    studio_end();
    ck_said("full.bmp: ");
}
END_TEST
#endif

START_TEST(a_lost_device_is_told_and_waited_for) {
    char id[32], command[2048], program[1024];
    if (!test_long() || !getenv("PASTICHE_FAULTY"))
        return;
    studio_with_images();
    ask_only("POST", "queue", json_pack("{s:b}", "paused", 1), 200);
    queue_run("lost", 200, id, command);
    studio_kill();
    snprintf(program, sizeof program, "%s", getenv("PASTICHE_PROGRAM"));
    setenv("PASTICHE_PROGRAM", getenv("PASTICHE_FAULTY"), 1);
    setenv("PASTICHE_FAULT", "4 4000 1 1", 1); /* what is queued fails from then on, as where the device is gone */
    studio_begin("");
    setenv("PASTICHE_PROGRAM", program, 1);
    unsetenv("PASTICHE_FAULT");
    ask_only("POST", "queue", json_pack("{s:b}", "paused", 0), 200);
    ck_halted(id);
    ck_assert_int_eq(page_get(""), 200);
    studio_end();
    studio_begin("");
    await(id, "done");
    ck_is_of_command("lost.png", command);
    studio_end();
}
END_TEST

START_TEST(a_damaged_queue_is_set_aside) {
    studio_with_images();
    studio_end();
    test_write(studio_path(".studio/queue.json"), "{\"runs\": [", 10);
    studio_begin("");
    ck_assert(studio_has(".studio/queue.json.damaged"));
    studio_end();
    ck_said("cannot be used");
    test_write(studio_path(".studio/queue.json"), "{\"runs\": [", 10);
    studio_begin("");
    ck_assert(studio_has(".studio/queue.json.damaged") && studio_has(".studio/queue.json.damaged2"));
    studio_end();
}
END_TEST

/* Nothing goes on where it stopped. */
START_TEST(a_folder_that_is_gone_is_told) {
    char id[32];
    studio_with_images();
    queue_run("gone", 5, id, NULL);
    await(id, "done");
    ck_assert_int_eq(rename(studio_path(".studio"), test_path("elsewhere")), 0);
    ck_assert_int_eq(studio_interrupt(), 1);
    ck_said("the studio's folder is gone");
}
END_TEST

/* A queue of which something is right. */
START_TEST(what_is_no_run_is_left_out_and_told) {
    static const char queue[] = "{\"ids\": -3, \"runs\": [{\"id\": 1, \"output\": \"a.png\"}, 7,"
                                "{\"id\": \"r2\", \"state\": \"waiting\", \"output\": \"b.png\", \"run\": {}},"
                                "{\"id\": \"r3\", \"state\": \"waiting\", \"output\": \"../c.png\", \"run\": {}},"
                                "{\"id\": \"r2\", \"state\": \"waiting\", \"output\": \"d.png\", \"run\": {}}]}";
    char id[32];
    studio_with_images();
    studio_end();
    test_write(studio_path(".studio/queue.json"), queue, sizeof queue - 1);
    studio_begin("");
    await("r2", "failed"); /* it names no image */
    ck_assert(studio_has(".studio/queue.json.damaged"));
    json_t *all = ask("GET", "runs", NULL, 200);
    ck_assert_uint_eq(json_array_size(json_object_get(all, "runs")), 1);
    json_decref(all);
    queue_run("next", 5, id, NULL);
    ck_assert_str_eq(id, "r3");
    await(id, "done");
    studio_end();
    ck_said("queue.json.damaged");
}
END_TEST

/* Begins a run and ends the studio in the middle of it; gives the iteration up to which it is kept. */
static int leave_in_the_middle(const char *name, char id[32], char *command) {
    studio_with_images();
    queue_run(name, 500, id, command);
    await_iteration(id, 80);
    const int iteration = pause_and_go_on(id);
    studio_end();
    return iteration;
}

/* The entry waits, and says so with this text. */
static void ck_waits(const char *id, const char *wanted) {
    const time_t end = time(NULL) + 600;
    char path[64];
    bool told = false;
    snprintf(path, sizeof path, "runs/%s", id);
    while (!told) {
        json_t *entry = ask("GET", path, NULL, 200), *error = json_object_get(entry, "error");
        told = json_is_string(error) && strstr(json_string_value(error), wanted);
        if (told)
            ck_assert_str_eq(state_text(entry, "state"), "paused");
        if (told && strncmp(wanted, "sources", 7) == 0)
            ck_assert(json_is_null(json_object_get(entry, "command")));
        ck_assert_msg(time(NULL) < end, "%.900s", page_body);
        json_decref(entry);
        page_nap(20);
    }
    snprintf(path, sizeof path, ".studio/checkpoints/%s.state", id);
    ck_assert(studio_has(path));
}

static void move_source(const char *from, const char *to) {
    ck_assert_int_eq(rename(studio_path(from), studio_path(to)), 0);
}

START_TEST(an_image_that_is_gone_is_waited_for) {
    char id[32], other[32], path[64];
    const int iteration = leave_in_the_middle("waits", id, NULL);
    move_source("sources/waves.ppm", "waves.away");
    studio_begin("");
    ck_waits(id, "sources/waves.ppm");
    strcpy(style_id, content_id);
    queue_run("other", 5, other, NULL);
    await(other, "done"); /* what has its images does not wait */
    ck_waits(id, "sources/waves.ppm");
    ck_assert_int_ge(await_iteration(id, 0), iteration);
    move_source("waves.away", "sources/the sea.ppm");
    ck_assert_int_ge(await_iteration(id, iteration + 1), iteration);
    await(id, "done");
    snprintf(path, sizeof path, "runs/%s", id);
    json_t *entry = ask("GET", path, NULL, 200);
    ck_assert_ptr_nonnull(strstr(state_text(entry, "command"), "the sea.ppm"));
    ck_is_of_command("waits.png", state_text(entry, "command"));
    json_decref(entry);
    studio_end();
    ck_said("waits.png: waits for sources/waves.ppm");
}
END_TEST

/* A queue that is lost leaves its checkpoints, which no other run may have. */
START_TEST(a_lost_queue_keeps_its_checkpoints) {
    char id[32], next[32], command[2048];
    leave_in_the_middle("lost", id, command);
    remove(studio_path(".studio/queue.json"));
    studio_begin("");
    queue_run("next", 5, next, NULL);
    ck_assert_str_ne(id, next);
    await(next, "done");
    ck_assert(studio_has(".studio/checkpoints/r1.state"));
    studio_end();
}
END_TEST

/* What is in sources/ is read before a run is said to miss it. */
START_TEST(a_lost_or_damaged_shelf_is_read_anew) {
    for (int damaged = 0; damaged < 2; damaged++) {
        char id[32], command[2048];
        leave_in_the_middle("shelf", id, command);
        remove(studio_path(".studio/shelf.json"));
        if (damaged)
            test_write(studio_path(".studio/shelf.json"), "{\"images\": 5}", 13);
        studio_begin("");
        await(id, "done");
        ck_assert_int_eq(studio_has(".studio/shelf.json.damaged"), damaged);
        ck_is_of_command("shelf.png", command);
        studio_end();
        ck_assert_msg(!strstr(said, "waits for"), "%.900s", said);
        if (damaged)
            ck_said(".studio/shelf.json: cannot be used");
    }
}
END_TEST

START_TEST(a_failure_keeps_what_was_painted) {
    char id[32], command[2048];
    const int iteration = leave_in_the_middle("kept", id, command);
    studio_begin("--memory 1M");
    ck_waits(id, "memory");
    studio_end();
    studio_begin("");
    ck_assert_int_ge(await_iteration(id, 1), iteration);
    await(id, "done");
    ck_is_of_command("kept.png", command);
    studio_end();
}
END_TEST

START_TEST(a_damaged_checkpoint_is_told_and_set_aside) {
    char id[32], command[2048], path[128];
    leave_in_the_middle("anew", id, command);
    snprintf(path, sizeof path, ".studio/checkpoints/%s.state", id);
    test_write(studio_path(path), "no checkpoint", 13);
    studio_begin("");
    await(id, "done");
    ck_is_of_command("anew.png", command);
    studio_end();
    snprintf(path, sizeof path, ".studio/checkpoints/%s.state.damaged", id);
    ck_assert(studio_has(path));
    ck_said("painting begins anew");
}
END_TEST

/* Nobody writes to them, and nothing may wait for that. */
START_TEST(pipes_for_files_do_not_hold_it) {
    static const char *const files[] = {".studio/queue.json", ".studio/shelf.json", ".studio/gallery.json"};
    studio_with_images();
    studio_end();
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        remove(studio_path(files[i]));
        ck_assert_int_eq(mkfifo(studio_path(files[i]), 0600), 0);
    }
    studio_begin("");
    ask_only("GET", "shelf", NULL, 200);
    ask_only("GET", "results", NULL, 200);
    studio_end();
    ck_said("queue.json.damaged");
    ck_said("shelf.json.damaged");
}
END_TEST

int main(void) {
    Suite *suite = suite_create("studio_kills");
    TCase *all = tcase_create("all");
    tcase_add_unchecked_fixture(all, prepare, NULL);
    tcase_set_timeout(all, 300);
    tcase_add_test(all, a_pause_leaves_no_trace);
    tcase_add_test(all, a_kill_loses_nothing);
    tcase_add_test(all, kills_at_any_moment_lose_nothing);
#ifdef __linux__
    tcase_add_test(all, a_full_disk_is_told_and_waited_for);
#endif
    tcase_add_test(all, a_lost_device_is_told_and_waited_for);
    tcase_add_test(all, a_damaged_queue_is_set_aside);
    tcase_add_test(all, a_folder_that_is_gone_is_told);
    tcase_add_test(all, what_is_no_run_is_left_out_and_told);
    tcase_add_test(all, an_image_that_is_gone_is_waited_for);
    tcase_add_test(all, a_lost_queue_keeps_its_checkpoints);
    tcase_add_test(all, a_lost_or_damaged_shelf_is_read_anew);
    tcase_add_test(all, a_failure_keeps_what_was_painted);
    tcase_add_test(all, a_damaged_checkpoint_is_told_and_set_aside);
    tcase_add_test(all, pipes_for_files_do_not_hold_it);
    suite_add_tcase(suite, all);
    return test_run(suite);
}
