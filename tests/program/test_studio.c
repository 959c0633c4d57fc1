/* The studio from the outside: runs, the queue, and what its interface refuses. Whatever it paints must have the bytes
 * of the command line that it shows. */
/* promise: studio untrusted */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "studio_runs.h"

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
    studio_with_images();
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
    ck_assert(!studio_has(".studio/checkpoints/r1.state"));
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
    studio_with_images();
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
    ck_assert(studio_has("n0.png") && studio_has("n3.png") && studio_has("n4.png"));
    ck_assert(!studio_has("n1.png"));
    ask_only("POST", "runs/clear", NULL, 200);
    ck_assert_str_eq(state_of(id[0], NULL), "");
    studio_end();
}
END_TEST

START_TEST(a_painted_run_can_be_stopped_and_cancelled) {
    char id[32], next[32], path[64];
    studio_with_images();
    queue_run("long", 1000000, id, NULL);
    await_iteration(id, 10);
    queue_run("next", 5, next, NULL);
    snprintf(path, sizeof path, "runs/%s/cancel", id);
    ask_only("POST", path, NULL, 200);
    await(next, "done");
    ck_assert_str_eq(state_of(id, NULL), "");
    ck_assert(!studio_has("long.png"));
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

/* ---- what is wrong ---- */

START_TEST(a_failed_run_tells_why_and_the_next_goes_on) {
    char id[32], next[32], path[64];
    studio_with_images();
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
    ck_assert(!studio_has("failed.png"));
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
    studio_with_images();
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
    ck_bad(with("model", json_string("built-in:medium.safetensors")), "model", "no network has this name");
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
    studio_with_images();
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
    tcase_add_test(all, a_failed_run_tells_why_and_the_next_goes_on);
    tcase_add_test(all, bad_runs_are_refused);
    tcase_add_test(all, everything_in_a_run_counts);
    suite_add_tcase(suite, all);
    return test_run(suite);
}
