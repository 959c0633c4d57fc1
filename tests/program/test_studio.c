/* The studio from the outside: runs, the queue, kills, and what its interface refuses. Whatever it paints must have the
 * bytes of the command line that it shows. */
/* promise: studio kills resume untrusted */
#define _GNU_SOURCE /* prlimit */

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "studio_client.h"

static char content_id[64], style_id[64];
static const char *format; /* of what make_run asks for */

/* ---- the interface ---- */

/* The answer, which the caller ends; the code must be this one. body: taken; NULL is none. */
static json_t *ask(const char *method, const char *path, json_t *body, int code) {
    char *text = body ? json_dumps(body, 0) : NULL;
    json_t *answer = strcmp(method, "GET") == 0 ? studio_get(path, code) : studio_post(path, text ? text : "{}", code);
    free(text);
    json_decref(body);
    ck_assert_ptr_nonnull(answer);
    return answer;
}

static void ask_only(const char *method, const char *path, json_t *body, int code) {
    json_decref(ask(method, path, body, code));
}

static void upload(const char *name, const char *file, char id[64]) {
    char path[256], bytes[65536];
    FILE *from = fopen(test_path(file), "rb");
    ck_assert_ptr_nonnull(from);
    const size_t count = fread(bytes, 1, sizeof bytes, from);
    fclose(from);
    snprintf(path, sizeof path, "shelf?name=%s&role=content", studio_escaped(name));
    json_t *entry = studio_upload(path, bytes, count, 201);
    snprintf(id, 64, "%s", state_text(entry, "id"));
    json_decref(entry);
}

static bool exists(const char *name) { return access(studio_path(name), F_OK) == 0; }

/* A new one with two images on its shelf. */
static void begin(void) {
    format = "png"; /* tests may share a process */
    if (cli_exists("studio"))
        cli_forget_folder("studio");
    studio_begin("");
    upload("my photo's.ppm", "content.ppm", content_id);
    upload("waves.ppm", "style.ppm", style_id);
}

static json_t *make_run(const char *name, int iterations) {
    return json_pack("{s:s, s:[{s:s}], s:s?, s:{s:s, s:i, s:s}}", "content", content_id, "styles", "id", style_id,
                     "name", name, "options", "image-size", "64", "iterations", iterations, "format", format);
}

/* Queues one; its ID is in `id`, its command in `command` (may be NULL). */
static void queue_run(const char *name, int iterations, char id[32], char *command) {
    json_t *entry = ask("POST", "runs", make_run(name, iterations), 201);
    snprintf(id, 32, "%s", state_text(entry, "id"));
    if (command)
        snprintf(command, 2048, "%s", state_text(entry, "command"));
    json_decref(entry);
}

/* "" where there is no such run. */
static const char *state_of(const char *id, int *iteration) {
    static char state[32];
    size_t i;
    json_t *all = ask("GET", "runs", NULL, 200), *one;
    state[0] = '\0';
    json_array_foreach(json_object_get(all, "runs"), i, one) if (strcmp(state_text(one, "id"), id) == 0) {
        snprintf(state, sizeof state, "%s", state_text(one, "state"));
        if (iteration)
            *iteration = state_number(one, "iteration");
    }
    json_decref(all);
    return state;
}

static void await(const char *id, const char *wanted) {
    const time_t end = time(NULL) + 60;
    while (strcmp(state_of(id, NULL), wanted) != 0) {
        ck_assert_msg(time(NULL) < end, "%s is %s, not %s: %.900s", id, state_of(id, NULL), wanted, page_body);
        page_nap(20);
    }
}

static int await_iteration(const char *id, int least) {
    const time_t end = time(NULL) + 60;
    int iteration = 0;
    while (state_of(id, &iteration), iteration < least) {
        ck_assert_msg(time(NULL) < end, "%s: iteration %d of %d", id, iteration, least);
        page_nap(10);
    }
    return iteration;
}

/* What a shell makes of the command in the studio's folder is the same file, byte for byte. */
static void ck_is_of_command(const char *result, const char *command) {
    char script[4096], kept[256], made[256];
    snprintf(kept, sizeof kept, "studio/%s", result);
    ck_assert_int_eq(rename(test_path(kept), test_path("kept.png")), 0);
    snprintf(script, sizeof script, "cd '%s' && pastiche() { \"$PASTICHE_PROGRAM\" --quiet \"$@\"; } && %s",
             test_path("studio"), command);
    ck_assert_msg(system(script) == 0, "%s", script);
    snprintf(made, sizeof made, "studio/%s", result);
    ck_same_bytes(made, "kept.png", true);
    cli_forget("kept.png");
}

/* ---- its life ---- */

START_TEST(it_opens_once_and_ends_in_order) {
    if (cli_exists("studio"))
        cli_forget_folder("studio");
    studio_begin("");
    json_t *about = ask("GET", "studio", NULL, 200);
    ck_assert_str_eq(state_text(about, "version"), "0.2.0");
    ck_assert_uint_gt(json_array_size(json_object_get(about, "groups")), 2);
    ck_assert_int_eq(page_get(""), 200);
    char *text = json_dumps(about, 0);
    ck_assert_ptr_nonnull(strstr(text, "\"image-size\""));
    ck_assert_ptr_null(strstr(text, "\"proof-profile\"")); /* names files */
    free(text);
    json_decref(about);
    char address[64];
    snprintf(address, sizeof address, "http://127.0.0.1:%d/", page_port);
    ck_assert_int_eq(run("studio studio --no-browser --web-port 0 --model net.safetensors"), 1);
    ck_said("a studio is at work on it, at");
    ck_said(address);
    ck_assert_int_eq(page_get("api/nothing"), 404);
    studio_end();
    studio_begin(""); /* the lock is gone with it */
    studio_end();
}
END_TEST

START_TEST(a_run_has_the_bytes_of_its_command) {
    char id[32], command[2048];
    begin();
    json_t *foretold = ask("POST", "forecast", make_run(NULL, 20), 200);
    ck_assert_int_eq(state_number(foretold, "width"), 64);
    ck_assert_int_eq(state_number(foretold, "height"), 48);
    ck_assert_int_eq(state_number(foretold, "iterations"), 20);
    json_t *entry = ask("POST", "runs", make_run(NULL, 20), 201);
    ck_assert_str_eq(state_text(entry, "output"), "my photo's in waves.png");
    ck_assert_str_eq(state_text(entry, "command"), state_text(foretold, "command"));
    snprintf(id, sizeof id, "%s", state_text(entry, "id"));
    snprintf(command, sizeof command, "%s", state_text(entry, "command"));
    json_decref(entry);
    json_decref(foretold);
    await(id, "done");
    ck_image("studio/my photo's in waves.png", 64, 48);
    ck_assert(!exists(".studio/checkpoints/r1.state"));
    ck_is_of_command("my photo's in waves.png", command);

    /* Another one of the same images gets a name of its own; now there is a pace, too. */
    foretold = ask("POST", "forecast", make_run(NULL, 20), 200);
    ck_assert(json_is_number(json_object_get(foretold, "seconds")));
    ck_assert_ptr_nonnull(strstr(state_text(foretold, "command"), "waves 2.png"));
    json_decref(foretold);
    studio_end();
}
END_TEST

/* ---- the queue ---- */

START_TEST(runs_wait_move_and_go) {
    char id[5][32];
    begin();
    ask_only("POST", "queue", json_pack("{s:b}", "paused", 1), 200);
    for (int i = 0; i < 5; i++) {
        char name[8];
        snprintf(name, sizeof name, "n%d", i);
        queue_run(name, 5, id[i], NULL);
        ck_assert_str_eq(state_of(id[i], NULL), "waiting");
    }
    char path[64];
    snprintf(path, sizeof path, "runs/%s/move", id[3]);
    json_t *all = ask("POST", path, json_pack("{s:i}", "to", 0), 200);
    static const int order[] = {3, 0, 1, 2, 4};
    for (size_t i = 0; i < 5; i++)
        ck_assert_str_eq(state_text(json_array_get(json_object_get(all, "runs"), i), "id"), id[order[i]]);
    json_decref(all);
    ask_only("POST", path, json_pack("{s:i}", "to", -1), 400);
    ask_only("POST", path, json_pack("{s:s}", "to", "x"), 400);
    all = ask("POST", path, json_pack("{s:i}", "to", 99), 200);
    ck_assert_str_eq(state_text(json_array_get(json_object_get(all, "runs"), 4), "id"), id[3]);
    json_decref(all);
    snprintf(path, sizeof path, "runs/%s/cancel", id[1]);
    ask_only("POST", path, NULL, 200);
    ck_assert_str_eq(state_of(id[1], NULL), "");
    ask_only("POST", path, NULL, 404);
    ask_only("GET", "runs/r99", NULL, 404);
    studio_end();

    studio_begin(""); /* all of it is as it was */
    ck_assert_str_eq(state_of(id[0], NULL), "waiting");
    ask_only("POST", "queue", json_pack("{s:b}", "paused", 0), 200);
    await(id[3], "done"); /* the last */
    ck_assert_str_eq(state_of(id[0], NULL), "done");
    ck_assert(exists("n0.png") && exists("n3.png") && exists("n4.png"));
    ck_assert(!exists("n1.png"));
    ask_only("POST", "runs/clear", NULL, 200);
    ck_assert_str_eq(state_of(id[0], NULL), "");
    studio_end();
}
END_TEST

START_TEST(a_painted_run_can_be_stopped_and_cancelled) {
    char id[32], next[32], path[64];
    begin();
    queue_run("long", 1000000, id, NULL);
    await_iteration(id, 10);
    queue_run("next", 5, next, NULL);
    snprintf(path, sizeof path, "runs/%s/cancel", id);
    ask_only("POST", path, NULL, 200);
    await(next, "done");
    ck_assert_str_eq(state_of(id, NULL), "");
    ck_assert(!exists("long.png"));
    ck_assert_int_eq(test_entries(studio_path(".studio/checkpoints")), 0);

    queue_run("long", 1000000, id, NULL);
    await_iteration(id, 10);
    ck_assert_int_eq(page_press("keep", ""), 202);
    test_write(studio_path("long.png"), "mine", 4); /* whatever is there stays */
    ck_assert_int_eq(page_press("stop", ""), 202);
    await(id, "stopped");
    ck_image("studio/long 2.png", 64, 48);
    ck_assert_int_eq(test_entries(studio_path(".studio/checkpoints")), 0);
    studio_end();
}
END_TEST

/* ---- nothing is lost ---- */

START_TEST(a_pause_leaves_no_trace) {
    char id[32], command[2048];
    begin();
    queue_run("paused", 500, id, command);
    for (int i = 1; i <= 2; i++) {
        await_iteration(id, 100 * i);
        ask_only("POST", "queue", json_pack("{s:b}", "paused", 1), 200);
        await(id, "paused");
        ck_assert(!exists("paused.png"));
        ask_only("POST", "queue", json_pack("{s:b}", "paused", 0), 200);
    }
    await_iteration(id, 300);
    studio_end(); /* Ctrl-C is a pause, too */
    ck_assert(!exists("paused.png"));
    studio_begin("");
    ck_assert_int_ge(await_iteration(id, 1), 300);
    await(id, "done");
    ck_is_of_command("paused.png", command);
    studio_end();
}
END_TEST

START_TEST(a_kill_loses_nothing) {
    char id[32], second[32], command[2048];
    begin();
    queue_run("killed", 400, id, command);
    queue_run("second", 5, second, NULL);
    await_iteration(id, 80);
    ask_only("POST", "queue", json_pack("{s:b}", "paused", 1), 200); /* for a checkpoint now */
    await(id, "paused");
    ask_only("POST", "queue", json_pack("{s:b}", "paused", 0), 200);
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
    begin();
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
        for (int wait = 0; wait < 3000 && !exists(name); wait++)
            page_nap(20);
        ck_is_of_command(name, command[i]);
    }
    studio_end();
}
END_TEST

/* The queue comes to wait, and what for is told. */
static void ck_halted(const char *id) {
    const time_t end = time(NULL) + 60;
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
    begin();
    format = "bmp";                  /* of 9 KB, whatever it shows */
    queue_run("first", 5, id, NULL); /* with all that has to be compiled */
    await(id, "done");
    ck_assert_int_eq(prlimit(studio_process(), RLIMIT_FSIZE, NULL, &before), 0);
    full = before;
    full.rlim_cur = 6000; /* the queue's file has room, the result has not */
    ck_assert_int_eq(prlimit(studio_process(), RLIMIT_FSIZE, &full, NULL), 0);
    queue_run("full", 5, id, command);
    ck_halted(id);
    ck_assert(!exists("full.bmp"));
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
    begin();
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
    begin();
    studio_end();
    test_write(studio_path(".studio/queue.json"), "{\"runs\": [", 10);
    studio_begin("");
    ck_assert(exists(".studio/queue.json.damaged"));
    studio_end();
    ck_said("is damaged");
}
END_TEST

/* Nobody writes to them, and nothing may wait for that. */
START_TEST(pipes_for_files_do_not_hold_it) {
    static const char *const files[] = {".studio/queue.json", ".studio/shelf.json", ".studio/gallery.json"};
    begin();
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

/* ---- what is wrong ---- */

START_TEST(a_failed_run_tells_why_and_the_next_goes_on) {
    char id[32], next[32], path[64];
    begin();
    ask_only("POST", "queue", json_pack("{s:b}", "paused", 1), 200);
    json_t *made = make_run("failed", 5);
    json_object_set_new(json_object_get(made, "options"), "style-layers", json_string("relu9_9"));
    json_t *entry = ask("POST", "runs", made, 201);
    snprintf(id, sizeof id, "%s", state_text(entry, "id"));
    json_decref(entry);
    queue_run("next", 5, next, NULL);
    ask_only("POST", "queue", json_pack("{s:b}", "paused", 0), 200);
    await(next, "done");
    snprintf(path, sizeof path, "runs/%s", id);
    entry = ask("GET", path, NULL, 200);
    ck_assert_str_eq(state_text(entry, "state"), "failed");
    ck_assert_msg(strstr(state_text(entry, "error"), "relu9_9"), "%s", state_text(entry, "error"));
    json_decref(entry);
    ck_assert(!exists("failed.png"));
    studio_end();
    ck_said("relu9_9");
}
END_TEST

/* The answer names the option, unless it is NULL, and says the word. */
static void ck_bad(json_t *run, const char *option, const char *word) {
    json_t *answer = ask("POST", "runs", json_incref(run), 422), *same = ask("POST", "forecast", run, 422);
    const char *error = state_text(answer, "error");
    ck_assert_msg(strstr(error, word) != NULL, "%s: no %s", error, word);
    ck_assert(json_equal(answer, same));
    if (option)
        ck_assert_str_eq(state_text(answer, "option"), option);
    json_decref(answer);
    json_decref(same);
}

static json_t *with(const char *name, json_t *value) {
    json_t *made = make_run(NULL, 5);
    json_object_set_new(json_object_get(made, "options"), name, value);
    return made;
}

static json_t *without(const char *member, json_t *instead) {
    json_t *made = make_run(NULL, 5);
    json_object_set_new(made, member, instead);
    return made;
}

START_TEST(bad_runs_are_refused) {
    static const char *const closed[] = {"output-profile",
                                         "proof-profile",
                                         "content-mask",
                                         "style-masks",
                                         "output",
                                         "checkpoint",
                                         "resume",
                                         "log",
                                         "spill",
                                         "choices",
                                         "device",
                                         "gpu",
                                         "kernels",
                                         "web",
                                         "sheet",
                                         "style-image",
                                         "content-image",
                                         "o",
                                         "quiet",
                                         "init-image",
                                         "no-metadata",
                                         "memory",
                                         "-output",
                                         "--output",
                                         "x",
                                         "num-iterations",
                                         "image_size",
                                         ""};
    begin();
    for (size_t i = 0; i < sizeof closed / sizeof *closed; i++)
        ck_bad(with(closed[i], json_string("x")), NULL, "no option");
    ck_bad(with("image-size", json_string("0")), "image-size", "must be from 1 to 65535");
    ck_bad(with("image-size", json_string("64x")), "image-size", "not a whole number");
    ck_bad(with("image-size", json_true()), "image-size", "needs a value");
    ck_bad(with("image-size", json_array()), "image-size", "must be a text");
    ck_bad(with("image-size", json_string("")), "image-size", "not a whole number");
    ck_bad(with("optimizer", json_string("best")), "optimizer", "lbfgs");
    ck_bad(with("original-colors", json_string("2")), "original-colors", "true or false");
    ck_bad(with("clamp", json_string("1")), "clamp", "true or false");
    ck_bad(with("style-blend-weights", json_string("1,2,3")), NULL, "3 numbers for 1 style");
    ck_bad(with("preset", json_string("x")), "preset", "not known");
    ck_bad(with("model", json_string("net.safetensors")), "model", "no network has this name");
    ck_bad(with("model", json_string("../net.safetensors")), "model", "no network has this name");
    ck_bad(with("start", json_string("/etc/passwd")), "start", "noise or content");
    ck_bad(without("content", json_null()), NULL, "content");
    ck_bad(without("content", json_string("nothing")), NULL, "not on the shelf");
    ck_bad(without("content", json_string("../content.ppm")), NULL, "not on the shelf");
    ck_bad(without("styles", json_array()), NULL, "styles");
    ck_bad(without("styles", json_pack("[{s:s}]", "id", "nothing")), NULL, "not on the shelf");
    ck_bad(without("styles", json_pack("[{s:s, s:i}]", "id", style_id, "share", -1)), NULL, "share");
    ck_bad(without("start", json_string("nothing")), NULL, "not on the shelf");
    ck_bad(without("content_mask", json_string(content_id)), NULL, "--style-masks");
    ck_bad(without("style_masks", json_pack("[s]", "#ff000")), NULL, "");
    ck_bad(without("options", json_string("x")), NULL, "must be an object");
    ck_assert_int_eq(page_press("api/runs", "[]"), 400);
    ck_assert_int_eq(page_press("api/runs", "{"), 400);
    ck_assert_int_eq(page_press("api/queue", "{}"), 400);
    ck_assert_int_eq(page_request("POST", "api/runs", "", "{}"), 403); /* without the button's secret */
    json_t *all = ask("GET", "runs", NULL, 200);
    ck_assert_uint_eq(json_array_size(json_object_get(all, "runs")), 0);
    json_decref(all);
    studio_end();
}
END_TEST

/* Several styles with shares, masks, a start, numbers and switches: all reach the command. */
START_TEST(everything_in_a_run_counts) {
    char id[32], command[2048], mask[64];
    begin();
    write_ppm("mask.ppm", 80, 60, 0, 0);
    FILE *flat = fopen(test_path("mask.ppm"), "wb");
    fprintf(flat, "P6 80 60 255\n");
    for (int i = 0; i < 80 * 60; i++)
        fwrite(i % 80 < 40 ? "\xff\0\0" : "\0\0\xff", 1, 3, flat);
    fclose(flat);
    upload("mask.ppm", "mask.ppm", mask);
    json_t *entry =
        ask("POST", "runs",
            json_pack("{s:s, s:[{s:s, s:i}, {s:s, s:f}], s:s, s:[s, s], s:s, s:s, s:{s:i, s:s, s:b, s:b, s:f, s:s}}",
                      "content", content_id, "styles", "id", style_id, "share", 1, "id", content_id, "share", 2.5,
                      "content_mask", mask, "style_masks", "#ff0000", "#0000ff", "start", style_id, "name",
                      "all/of *it", "options", "image-size", 64, "iterations", "12", "original-colors", 1, "clamp", 0,
                      "tv-weight", 0.5, "format", "jpeg"),
            201);
    snprintf(id, sizeof id, "%s", state_text(entry, "id"));
    snprintf(command, sizeof command, "%s", state_text(entry, "command"));
    static const char *const words[] = {"--style-blend-weights=1,2.5",
                                        "--content-mask=sources/mask.ppm",
                                        "'--style-masks=#ff0000,#0000ff'",
                                        "--start=sources/waves.ppm",
                                        "--original-colors",
                                        "--tv-weight=0.5",
                                        "--format=jpeg"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        ck_assert_msg(strstr(command, words[i]) != NULL, "%s: no %s", command, words[i]);
    ck_assert_ptr_null(strstr(command, "--clamp"));
    ck_assert_str_eq(state_text(entry, "output"), "of _it.jpg");
    json_decref(entry);
    await(id, "done");
    ck_is_of_command("of _it.jpg", command);
    studio_end();
}
END_TEST

int main(void) {
    Suite *suite = suite_create("studio");
    TCase *all = tcase_create("all");
    tcase_add_unchecked_fixture(all, prepare, NULL);
    tcase_set_timeout(all, 300);
    tcase_add_test(all, it_opens_once_and_ends_in_order);
    tcase_add_test(all, a_run_has_the_bytes_of_its_command);
    tcase_add_test(all, runs_wait_move_and_go);
    tcase_add_test(all, a_painted_run_can_be_stopped_and_cancelled);
    tcase_add_test(all, a_pause_leaves_no_trace);
    tcase_add_test(all, a_kill_loses_nothing);
    tcase_add_test(all, kills_at_any_moment_lose_nothing);
#ifdef __linux__
    tcase_add_test(all, a_full_disk_is_told_and_waited_for);
#endif
    tcase_add_test(all, a_lost_device_is_told_and_waited_for);
    tcase_add_test(all, a_damaged_queue_is_set_aside);
    tcase_add_test(all, pipes_for_files_do_not_hold_it);
    tcase_add_test(all, a_failed_run_tells_why_and_the_next_goes_on);
    tcase_add_test(all, bad_runs_are_refused);
    tcase_add_test(all, everything_in_a_run_counts);
    suite_add_tcase(suite, all);
    return test_run(suite);
}
