/* The studio's gallery: what lies in the folder, in which order; deleting and undoing; from a result's record to the
 * same result; sheets; and what a restart keeps. */
#define _POSIX_C_SOURCE 200809L

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "image/image.h"
#include "image_truth.h"
#include "studio_client.h"

static void begin(void) {
    prepare();
    studio_begin("");
}

/* ---- help ---- */

/* An image in the studio's folder, so many seconds old. record may be NULL. */
static void put(const char *name, int width, int height, int age, const char *record) {
    pst_image *image = random_image(width, height, (uint64_t)age + 1);
    pst_write_options options;
    pst_write_options_init(&options, sizeof options);
    options.metadata = record;
    ck_assert_int_eq(pst_image_write(NULL, image, studio_path(name), &options), PST_OK);
    pst_image_destroy(image);
    const struct timespec times[2] = {{.tv_sec = 1800000000 - age}, {.tv_sec = 1800000000 - age}};
    ck_assert_int_eq(utimensat(AT_FDCWD, studio_path(name), times, 0), 0);
}

static void forget(const char *name) { ck_assert_int_eq(remove(studio_path(name)), 0); }

static char *whole(const char *name, size_t *count) {
    static char data[2][1 << 20];
    static int next;
    char *to = data[next++ % 2];
    FILE *from = fopen(studio_path(name), "rb");
    ck_assert_msg(from != NULL, "%s", name);
    *count = fread(to, 1, sizeof data[0], from);
    fclose(from);
    return to;
}

/* "a.png b.png ", as the interface lists them. */
static const char *listed(const char *query) {
    static char text[8192];
    json_t *list, *result;
    char path[128];
    size_t i, length = 0;
    snprintf(path, sizeof path, "results%s", query);
    list = studio_get(path, 200);
    text[0] = '\0';
    json_array_foreach(json_object_get(list, "results"), i, result) {
        length += (size_t)snprintf(text + length, sizeof text - length, "%s ", state_text(result, "name"));
    }
    json_decref(list);
    return text;
}

static json_t *post_of(const char *name, const char *what, int code) {
    char path[512];
    snprintf(path, sizeof path, "results/%s/%s", studio_escaped(name), what);
    return studio_post(path, "{}", code);
}

static json_t *get_of(const char *name, const char *what, int code) {
    char path[512];
    snprintf(path, sizeof path, "results/%s/%s", studio_escaped(name), what);
    return studio_get(path, code);
}

static json_t *undo(const json_t *deleted, int code) {
    char path[128];
    snprintf(path, sizeof path, "undo/%s", state_text(deleted, "undo"));
    return studio_post(path, "", code);
}

/* The ID of a new image of the shelf. */
static const char *shelved(const char *name, const char *role, uint64_t seed) {
    static char ids[4][64];
    static int next;
    char path[256], *id = ids[next++ % 4];
    uint8_t *data;
    size_t count;
    pst_image *image = random_image(48, 40, seed);
    ck_assert_int_eq(pst_image_encode(NULL, image, NULL, &data, &count), PST_OK);
    snprintf(path, sizeof path, "shelf?name=%s&role=%s", name, role);
    json_t *entry = studio_upload(path, data, count, 201);
    snprintf(id, 64, "%s", state_text(entry, "id"));
    json_decref(entry);
    pst_bytes_destroy(data);
    pst_image_destroy(image);
    return id;
}

/* ---- the list ---- */

START_TEST(results_are_the_images_of_the_folder_newest_first) {
    put("old.png", 30, 20, 500, NULL);
    put("\xc3\xbc.jpg", 20, 30, 300, NULL);
    put("new.png", 10, 10, 100, NULL);
    put(".hidden.png", 10, 10, 50, NULL);
    put("text.png", 10, 10, 600, NULL);
    put("u\xe2\x80\xae.png", 10, 10, 400, NULL); /* which nobody could tell from another */
    test_write(studio_path("notes.txt"), "no image", 8);
    ck_assert_int_eq(mkdir(studio_path("folder.png"), 0700), 0);
    ck_assert_int_eq(symlink(test_path("content.ppm"), studio_path("link.ppm")), 0);
    ck_assert_int_eq(symlink("old.png", studio_path("inner.png")), 0);
    ck_assert_str_eq(listed(""), "new.png \xc3\xbc.jpg inner.png old.png text.png ");
    ck_assert_str_eq(listed("?from=1&count=2"), "\xc3\xbc.jpg inner.png ");
    ck_assert_str_eq(listed("?from=4"), "text.png ");
    ck_assert_str_eq(listed("?from=999999999"), "");
    ck_assert_str_eq(listed("?from=x&count=-1"), "new.png \xc3\xbc.jpg inner.png old.png text.png ");
    json_t *list = studio_get("results?from=3&count=0", 200);
    ck_assert_int_eq(state_number(list, "total"), 5);
    json_decref(list);
    forget("inner.png");
    put("later.png", 10, 10, 10, NULL);
    ck_assert_str_eq(listed(""), "later.png new.png \xc3\xbc.jpg old.png text.png ");
    studio_error(get_of("inner.png", "file", 404));
    studio_error(get_of("link.ppm", "file", 404));
    studio_error(get_of(".hidden.png", "file", 404));
    studio_error(get_of("notes.txt", "file", 404));
    studio_error(get_of("sources", "file", 404));
    ck_assert_int_eq(page_get("api/results/..%2Fcontent.ppm/file"), 400);
    put("\xd9\x85\xdb\x8c\xe2\x80\x8c\xd8\xae.png", 10, 10, 700, NULL); /* Persian needs a joiner */
    ck_assert_str_eq(listed("?from=5"), "\xd9\x85\xdb\x8c\xe2\x80\x8c\xd8\xae.png ");
    static const char *const names[] = {"u\xe2\x80\xae.png", "\xd9\x85\xdb\x8c\xe2\x80\x8c\xd8\xae.png",
                                        "later.png",         "new.png",
                                        "\xc3\xbc.jpg",      "old.png",
                                        "text.png",          "link.ppm"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        forget(names[i]);
    ck_assert_int_eq(rmdir(studio_path("folder.png")), 0);
    ck_assert_str_eq(listed(""), "");
}
END_TEST

START_TEST(copies_and_files_are_of_the_result) {
    size_t count;
    put("a b.png", 700, 350, 5, NULL);
    ck_assert_ptr_null(get_of("a b.png", "thumb", 200));
    pst_image *copy;
    ck_assert_int_eq(pst_image_decode(NULL, page_body, page_bytes, "thumb", &copy), PST_OK);
    ck_assert_int_eq(pst_image_width(copy), 320);
    ck_assert_int_eq(pst_image_height(copy), 160);
    pst_image_destroy(copy);
    json_t *list = studio_get("results", 200), *one = json_array_get(json_object_get(list, "results"), 0);
    ck_assert_int_eq(state_number(one, "width"), 700);
    ck_assert_int_eq(state_number(one, "height"), 350);
    ck_assert_int_eq(state_number(one, "made"), 1799999995);
    ck_assert(json_is_null(json_object_get(one, "summary")));
    json_decref(list);
    ck_assert_ptr_null(get_of("a b.png", "file?download=1", 200));
    ck_assert(strstr(page_heads, "attachment") && strstr(page_heads, "image/png"));
    const char *file = whole("a b.png", &count);
    ck_assert_uint_eq(page_bytes, count);
    ck_assert_mem_eq(page_body, file, count);
    studio_error(get_of("a b.png", "record", 404));
    studio_error(get_of("a b.png", "run", 422));
    put("a b.png", 64, 64, 4, NULL); /* another one under its name */
    ck_assert_ptr_null(get_of("a b.png", "thumb", 200));
    ck_assert_int_eq(pst_image_decode(NULL, page_body, page_bytes, "thumb", &copy), PST_OK);
    ck_assert_int_eq(pst_image_width(copy), 64);
    pst_image_destroy(copy);
    test_write(studio_path("broken.png"), "no image", 8);
    ck_assert(strstr(studio_error(get_of("broken.png", "thumb", 422)), "broken.png: not an image"));
    forget("broken.png");
    forget("a b.png");
}
END_TEST

/* ---- deleting ---- */

START_TEST(what_is_deleted_can_come_back) {
    size_t count, again;
    static char before[1 << 16];
    put("gone.png", 40, 40, 77, NULL);
    memcpy(before, whole("gone.png", &count), sizeof before);
    json_decref(get_of("gone.png", "thumb", 200));
    json_t *deleted = post_of("gone.png", "delete", 200);
    ck_assert_str_eq(listed(""), "");
    studio_error(get_of("gone.png", "file", 404));
    studio_error(post_of("gone.png", "delete", 404));
    json_decref(undo(deleted, 200));
    ck_assert_str_eq(listed(""), "gone.png ");
    ck_assert_mem_eq(whole("gone.png", &again), before, count);
    ck_assert_uint_eq(again, count);
    studio_error(undo(deleted, 404)); /* once */
    json_decref(deleted);
    deleted = post_of("gone.png", "delete", 200);
    put("gone.png", 20, 20, 1, NULL); /* its name is taken meanwhile */
    json_t *back = undo(deleted, 200);
    ck_assert_str_eq(state_text(back, "name"), "gone 2.png");
    ck_assert_str_eq(listed(""), "gone.png gone 2.png ");
    json_decref(back);
    json_decref(deleted);
    studio_error(studio_post("undo/..", "", 400));
    studio_error(studio_post("undo/x", "", 404));
    studio_error(studio_post("undo/0123456789abcdef0123456789abcdef", "", 404));
    ck_assert_int_eq(test_entries(studio_path(".studio/trash")), 0);
    forget("gone.png");
    forget("gone 2.png");
}
END_TEST

START_TEST(the_shelf_forgets_and_remembers) {
    char path[128];
    const char *id = shelved("forget.png", "style", 31);
    snprintf(path, sizeof path, "shelf/%s/forget", id);
    json_t *deleted = studio_post(path, "", 200);
    ck_assert(access(studio_path("sources/forget.png"), F_OK) != 0);
    studio_error(studio_post(path, "", 404));
    json_decref(undo(deleted, 200));
    json_decref(deleted);
    json_t *shelf = studio_get("shelf", 200), *one = json_array_get(json_object_get(shelf, "images"), 0);
    ck_assert_str_eq(state_text(one, "id"), id);
    ck_assert_str_eq(state_text(one, "role"), "style");
    ck_assert(access(studio_path("sources/forget.png"), F_OK) == 0);
    json_decref(shelf);
}
END_TEST

START_TEST(what_a_run_needs_stays) {
    char path[128], run[512];
    const char *id = shelved("needed.png", "content", 35), *style = shelved("also.png", "style", 36);
    json_decref(studio_post("queue", "{\"paused\": true}", 200));
    snprintf(run, sizeof run, "{\"content\": \"%s\", \"styles\": [{\"id\": \"%s\"}]}", id, style);
    json_t *entry = studio_post("runs", run, 201);
    snprintf(path, sizeof path, "shelf/%s/forget", id);
    ck_assert(strstr(studio_error(studio_post(path, "", 409)), "needed.png: a run"));
    snprintf(run, sizeof run, "runs/%s/cancel", state_text(entry, "id"));
    json_decref(studio_post(run, "", 200));
    json_decref(studio_post(path, "", 200));
    json_decref(studio_post("queue", "{\"paused\": false}", 200));
    json_decref(entry);
}
END_TEST

/* ---- records ---- */

static json_t *queue_run(const char *run, int code) { return studio_post("runs", run, code); }

/* Paints a run, and has the name of its result. */
static void paint(const char *run, char name[256]) {
    json_t *entry = queue_run(run, 201), *queue = studio_await(), *one;
    size_t i;
    name[0] = '\0';
    json_array_foreach(json_object_get(queue, "runs"), i, one) {
        if (strcmp(state_text(one, "id"), state_text(entry, "id")) != 0)
            continue;
        ck_assert_msg(strcmp(state_text(one, "state"), "done") == 0, "%s", json_dumps(one, 0));
        snprintf(name, 256, "%s", state_text(one, "output"));
    }
    ck_assert(name[0]);
    json_decref(entry);
    json_decref(queue);
}

START_TEST(a_result_is_painted_again_to_the_byte) {
    char run[1024], first[256], second[256];
    size_t count, again;
    const char *content = shelved("land.png", "content", 41), *one = shelved("oil.png", "style", 42),
               *other = shelved("ink.png", "style", 43);
    snprintf(run, sizeof run,
             "{\"content\": \"%s\", \"styles\": [{\"id\": \"%s\", \"share\": 3}, {\"id\": \"%s\", \"share\": 1}], "
             "\"options\": {\"seed\": \"5\", \"image-size\": \"48\", \"iterations\": \"3\", \"original-colors\": true, "
             "\"start\": \"content\", \"style-weight\": \"30\"}}",
             content, one, other);
    paint(run, first);
    json_t *told = get_of(first, "run", 200), *made = json_object_get(told, "run"), *options;
    ck_assert_uint_eq(json_array_size(json_object_get(told, "missing")), 0);
    ck_assert_str_eq(state_text(made, "content"), content);
    json_t *styles = json_object_get(made, "styles");
    ck_assert_uint_eq(json_array_size(styles), 2);
    ck_assert_str_eq(state_text(json_array_get(styles, 1), "id"), other);
    ck_assert(json_number_value(json_object_get(json_array_get(styles, 0), "share")) == 3);
    options = json_object_get(made, "options");
    ck_assert_str_eq(state_text(options, "seed"), "5");
    ck_assert_str_eq(state_text(options, "start"), "content");
    ck_assert(json_is_true(json_object_get(options, "original-colors")));
    ck_assert(!json_object_get(options, "style-blend-weights") && !json_object_get(options, "output"));
    json_object_del(options, "model"); /* that of the invocation, which is no known one */
    char *text = json_dumps(made, 0);
    paint(text, second);
    ck_assert_str_ne(first, second);
    const char *a = whole(first, &count), *b = whole(second, &again);
    ck_assert_uint_eq(count, again);
    ck_assert_mem_eq(a, b, count);
    json_t *list = studio_get("results", 200),
           *summary = json_object_get(json_array_get(json_object_get(list, "results"), 0), "summary");
    ck_assert_str_eq(state_text(summary, "content"), "land.png");
    ck_assert_int_eq(state_number(summary, "iterations"), 3);
    ck_assert_str_eq(json_string_value(json_array_get(json_object_get(summary, "styles"), 1)), "ink.png");
    json_t *record = get_of(first, "record", 200);
    ck_assert(json_is_array(json_object_get(record, "options")));
    /* The same file dropped on the page. */
    json_t *dropped = studio_upload("read?name=x.png", a, count, 200);
    ck_assert_str_eq(state_text(json_object_get(dropped, "run"), "content"), content);
    free(text);
    json_decref(list);
    json_decref(record);
    json_decref(dropped);
    json_decref(told);
    forget(first);
    forget(second);
}
END_TEST

/* A result of any network inside the program is made again with it, whichever is the default. */
START_TEST(records_name_networks_inside_the_program) {
    static const char *const names[] = {"small", "medium"};
    pst_image *image = random_image(20, 20, 3);
    pst_write_options options;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char record[256];
        uint8_t *data;
        size_t count;
        snprintf(record, sizeof record,
                 "{\"options\": [], \"network\": {\"path\": \"built-in:%s.safetensors\", \"sha256\": \"0\"}}",
                 names[i]);
        pst_write_options_init(&options, sizeof options);
        options.metadata = record;
        ck_assert_int_eq(pst_image_encode(NULL, image, &options, &data, &count), PST_OK);
        json_t *told = studio_upload("read?name=made.png", data, count, 200);
        json_t *kept = json_object_get(json_object_get(told, "run"), "options");
        ck_assert_str_eq(state_text(kept, "model"), names[i]);
        json_decref(told);
        pst_bytes_destroy(data);
    }
    pst_image_destroy(image);
}
END_TEST

/* As a record names a file; the test's content by its bytes, wherever it is said to lie. */
static json_t *named(const char *path) {
    char sha256[65];
    ck_assert_int_eq(pst_file_sha256(NULL, test_path("content.ppm"), sha256), PST_OK);
    return json_pack("{s:s, s:s}", "path", path, "sha256", sha256);
}

static const char foreign_options[] =
    "[[\"output\", \"/tmp/x.png\"], [\"model\", \"/etc/passwd\"], [\"seed\", \"7\"], [\"kernels\", \"/tmp\"], [5], "
    "[\"proof-profile\", \"/etc/passwd\"], [\"device\", \"9\"], [\"image-size\", \"64\"], [\"log\", \"/tmp/c\"]]";

/* Whoever has written it: no file outside is looked at, and no option passes that does more than change the result. */
START_TEST(foreign_records_name_nothing_outside) {
    pst_image *image = random_image(20, 20, 3);
    pst_write_options options;
    uint8_t *data;
    size_t count;
    json_t *made = json_pack("{s:o, s:o, s:[o, o, o], s:o, s:{s:[o], s:[s]}, s:{s:s, s:s}}", "options",
                             json_loads(foreign_options, 0, NULL), "content", named("../content.ppm"), "styles",
                             named(test_path("content.ppm")), named("/etc/hostname"), named("https://host/x.png"),
                             "start", named("../content.ppm"), "files", "content-mask", named("../content.ppm"),
                             "style-masks", "#ff0000", "network", "path", "/home/x/evil.safetensors", "sha256", "0");
    ck_assert_ptr_nonnull(made);
    char *record = json_dumps(made, 0);
    json_decref(made);
    pst_write_options_init(&options, sizeof options);
    options.metadata = record;
    ck_assert_int_eq(pst_image_encode(NULL, image, &options, &data, &count), PST_OK);
    const int shelf = test_entries(studio_path("sources"));
    json_t *told = studio_upload("read?name=foreign.png", data, count, 200), *run = json_object_get(told, "run");
    ck_assert(json_is_null(json_object_get(run, "content")));
    ck_assert_uint_eq(json_array_size(json_object_get(run, "styles")), 0);
    ck_assert_ptr_null(json_object_get(run, "start"));
    ck_assert_ptr_null(json_object_get(run, "content_mask"));
    json_t *kept = json_object_get(run, "options");
    ck_assert_uint_eq(json_object_size(kept), 3);
    ck_assert_str_eq(state_text(kept, "preset"), "0.1"); /* it does not say which "best" it means */
    ck_assert_str_eq(state_text(kept, "seed"), "7");
    ck_assert_str_eq(state_text(kept, "image-size"), "64");
    ck_assert_uint_eq(json_array_size(json_object_get(told, "missing")), 6);
    ck_assert_uint_gt(json_array_size(json_object_get(told, "notes")), 3);
    ck_assert_int_eq(test_entries(studio_path("sources")), shelf);
    json_decref(told);
    free(record);
    pst_bytes_destroy(data);
    options.metadata = "{\"options\": 5}";
    ck_assert_int_eq(pst_image_encode(NULL, image, &options, &data, &count), PST_OK);
    ck_assert(strstr(studio_error(studio_upload("read?name=odd.png", data, count, 422)), "odd.png: has no record"));
    pst_bytes_destroy(data);
    pst_image_destroy(image);
}
END_TEST

/* ---- sheets ---- */

START_TEST(a_sheet_is_small_runs) {
    char body[1024], path[256];
    const char *content = shelved("sheet.png", "content", 51), *style = shelved("brush.png", "style", 52);
    static const char format[] = "{\"run\": {\"content\": \"%s\", \"styles\": [{\"id\": \"%s\"}], \"options\": "
                                 "{\"image-size\": \"4000\", \"iterations\": \"5000\"}}, \"options\": {\"image-size\": "
                                 "\"40\", \"iterations\": \"2\"}, \"columns\": {\"option\": \"%s\", \"values\": [%s]}, "
                                 "\"rows\": {\"option\": \"original-colors\", \"values\": [false, true]}}";
    snprintf(body, sizeof body, format, content, style, "style-weight", "\"10\", \"100\"");
    json_t *made = studio_post("sheets", body, 201);
    json_decref(studio_await());
    snprintf(path, sizeof path, "sheets/%s", state_text(made, "id"));
    json_t *sheet = studio_get(path, 200), *line, *cell;
    size_t row, column;
    ck_assert_uint_eq(json_array_size(json_object_get(sheet, "cells")), 2);
    json_array_foreach(json_object_get(sheet, "cells"), row, line) {
        ck_assert_uint_eq(json_array_size(line), 2);
        json_array_foreach(line, column, cell) {
            pst_image *image;
            const json_t *options = json_object_get(cell, "options");
            ck_assert_str_eq(state_text(cell, "state"), "done");
            ck_assert_str_eq(state_text(options, "style-weight"), column ? "100" : "10");
            ck_assert(json_is_true(json_object_get(options, "original-colors")) == (row == 1));
            snprintf(path, sizeof path, "sheets/%s/cell?column=%zu&row=%zu", state_text(made, "id"), column, row);
            ck_assert_ptr_null(studio_get(path, 200));
            ck_assert_int_eq(pst_image_decode(NULL, page_body, page_bytes, "cell", &image), PST_OK);
            ck_assert_int_eq(pst_image_width(image), 40);
            pst_image_destroy(image);
        }
    }
    ck_assert_str_eq(listed(""), ""); /* which is no result */
    snprintf(path, sizeof path, "sheets/%s/cell?column=9&row=0", state_text(made, "id"));
    studio_error(studio_get(path, 404));
    snprintf(body, sizeof body, format, content, style, "style-weight", "\"10\", \"much\"");
    ck_assert(strstr(studio_error(studio_post("sheets", body, 422)), "--style-weight"));
    snprintf(body, sizeof body, format, content, style, "original-colors", "true");
    studio_error(studio_post("sheets", body, 400));
    studio_error(studio_post("sheets", "{}", 400));
    studio_error(studio_get("sheets/x", 404));
    studio_error(studio_get("sheets/0123456789abcdef0123456789abcdef", 404));
    json_decref(studio_await()); /* none of the refused ones is in the queue */
    json_decref(sheet);
    json_decref(made);
}
END_TEST

/* ---- a restart ---- */

START_TEST(a_restart_keeps_it_all) {
    put("kept.png", 33, 22, 20, NULL);
    put("lost.png", 30, 20, 30, NULL);
    shelved("kept.png", "style", 61);
    json_decref(studio_get("results", 200));
    json_t *deleted = post_of("lost.png", "delete", 200), *before = studio_get("shelf", 200);
    studio_end();
    test_write(studio_path(".studio/.upload-0123"), "rest", 4);
    static const char old[] = ".studio/trash/0123456789abcdef0123456789abcdef";
    static const char about[] = "{\"file\": \"x.png\", \"deleted\": 1000}";
    const int young = test_entries(studio_path(".studio/trash"));
    char name[128];
    ck_assert_int_eq(mkdir(studio_path(old), 0700), 0);
    snprintf(name, sizeof name, "%s/about.json", old);
    test_write(studio_path(name), about, sizeof about - 1);
    snprintf(name, sizeof name, "%s/file", old);
    test_write(studio_path(name), "of 1970", 7);
    studio_begin("");
    json_t *after = studio_get("shelf", 200);
    ck_assert(json_equal(before, after));
    ck_assert_str_eq(listed(""), "kept.png ");
    ck_assert(access(studio_path(".studio/.upload-0123"), F_OK) != 0);
    for (int i = 0; i < 8000 && access(studio_path(old), F_OK) == 0; i++)
        page_nap(25);
    ck_assert(access(studio_path(old), F_OK) != 0);
    ck_assert_int_eq(test_entries(studio_path(".studio/trash")), young); /* what is younger stays */
    json_decref(undo(deleted, 200));
    ck_assert_str_eq(listed(""), "kept.png lost.png ");
    json_decref(after);
    /* Without its own notes too, and with a file that came by hand. */
    studio_end();
    ck_assert_int_eq(remove(studio_path(".studio/shelf.json")), 0);
    put("sources/by hand.png", 31, 21, 40, NULL);
    studio_begin("");
    const size_t wanted = json_array_size(json_object_get(before, "images")) + 1;
    size_t count = 0;
    for (int i = 0; i < 8000 && count < wanted; i++, page_nap(25)) {
        after = studio_get("shelf", 200);
        count = json_array_size(json_object_get(after, "images"));
        json_decref(after);
    }
    ck_assert_uint_eq(count, wanted);
    json_decref(deleted);
    json_decref(before);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("studio_gallery");
    TCase *cases = tcase_create("gallery");
    tcase_add_unchecked_fixture(cases, begin, studio_end);
    tcase_set_timeout(cases, 0);
    tcase_add_test(cases, results_are_the_images_of_the_folder_newest_first);
    tcase_add_test(cases, copies_and_files_are_of_the_result);
    tcase_add_test(cases, what_is_deleted_can_come_back);
    tcase_add_test(cases, the_shelf_forgets_and_remembers);
    tcase_add_test(cases, what_a_run_needs_stays);
    tcase_add_test(cases, a_result_is_painted_again_to_the_byte);
    tcase_add_test(cases, foreign_records_name_nothing_outside);
    tcase_add_test(cases, records_name_networks_inside_the_program);
    tcase_add_test(cases, a_sheet_is_small_runs);
    tcase_add_test(cases, a_restart_keeps_it_all);
    suite_add_tcase(suite, cases);
    return test_run(suite);
}
