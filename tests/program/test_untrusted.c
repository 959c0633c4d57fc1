/* What others wrote cannot command the program or the terminal: records of results, names, choices, styles, networks.
 */
/* promise: untrusted printable */
#define _XOPEN_SOURCE 700

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <jansson.h>

#include "cli_fixture.h"
#include "image/image.h"

#define RUN "content.ppm style.ppm --image-size 64 --model net.safetensors --no-tune --iterations 2 --save-iter 0 "

static pst_error error;

static void make_base(void) {
    prepare();
    ck_run(RUN "--seed 5 -o base.png");
    test_write(test_path("victim"), "precious\n", 9);
    ck_assert_int_eq(mkfifo(test_path("pipe"), 0600), 0);
}

/* The record of base.png, to be changed. */
static json_t *record(void) {
    ck_run("info base.png");
    json_t *root = json_loads(printed, 0, NULL);
    ck_assert_ptr_nonnull(root);
    return root;
}

/* Writes an image with this record, which ends here. */
static void craft(const char *name, json_t *root) {
    pst_image *image;
    char *text = json_dumps(root, JSON_COMPACT);
    pst_write_options options = {.size = sizeof options, .metadata = text};
    ck_assert_ptr_nonnull(text);
    ck_ok(error, pst_img_read(&error, test_path("base.png"), &image));
    ck_ok(error, pst_img_write(&error, image, test_path(name), &options));
    pst_image_destroy(image);
    free(text);
    json_decref(root);
}

static void add_option(json_t *root, const char *name, const char *value) {
    json_t *pair = json_pack("[s]", name);
    if (value)
        json_array_append_new(pair, json_string(value));
    json_array_append_new(json_object_get(root, "options"), pair);
}

static int count(const char *text, const char *words) {
    int found = 0;
    for (; (text = strstr(text, words)); text += strlen(words))
        found++;
    return found;
}

/* One line, or several, of which none can command a terminal. */
static void ck_printable(const char *text) {
    static const char *const commands[] = {"\xc2\x9b",     "\xe2\x80\xae", "\xe2\x81\xa6",     "\xe2\x80\xa8",
                                           "\xe2\x80\x8b", "\xef\xbb\xbf", "\xf3\xa0\x81\x81", NULL};
    for (const char *c = text; *c; c++)
        ck_assert_msg(((unsigned char)*c >= 0x20 && *c != 0x7f) || *c == '\n', "byte %d in: %.900s", *c, text);
    for (const char *const *c = commands; *c; c++)
        ck_assert_msg(!strstr(text, *c), "a command in: %.900s", text);
}

#define EVIL "\x1b[31m\x7f\xc2\x9b"
#define EVIL_UTF8 EVIL "\xe2\x80\xae\xe2\x81\xa6\xe2\x80\xa8\xe2\x80\x8b\xef\xbb\xbf\xf3\xa0\x81\x81"

/* ---- inputs of records ---- */

START_TEST(test_records_without_inputs_are_damaged) {
    json_t *root = record();
    json_object_set_new(root, "styles", json_array());
    craft("none.png", root);
    ck_refused("again none.png -o new.png", 1, "none.png: the record of its settings is damaged at \"styles\"", "");
    cli_forget("none.png");
}
END_TEST

/* ---- options of records ---- */

START_TEST(test_other_options_are_passed_over) {
    static const char *const pairs[][2] = {{"log", "victim"},
                                           {"log=victim", NULL},
                                           {"log=/tmp/victim", "x"},
                                           {"web", NULL},
                                           {"web-address", "0.0.0.0"},
                                           {"web_address", "0.0.0.0"},
                                           {"web-wait", NULL},
                                           {"web-port", "0"},
                                           {"web_wait=1", NULL},
                                           {"checkpoint", "victim"},
                                           {"-checkpoint=victim", 0},
                                           {"checkpoint-every", "1"},
                                           {"resume", "victim"},
                                           {"-o", "victim"},
                                           {"o", "victim"},
                                           {"--output", "victim"},
                                           {"output=victim", NULL},
                                           {"output-image", "victim"},
                                           {"save-iter", "1"},
                                           {"sheet", "victim"},
                                           {"sheet-size", "16"},
                                           {"plan", NULL},
                                           {"help", NULL},
                                           {"h", NULL},
                                           {"version", NULL},
                                           {"quiet", NULL},
                                           {"no-metadata", NULL},
                                           {"choices", "victim"},
                                           {"model", "victim"},
                                           {"model-file=victim", NULL},
                                           {"content-image", "victim"},
                                           {"style-image", "pipe"},
                                           {"start", "/dev/zero"},
                                           {"init-image", "/dev/zero"},
                                           {"--", "victim"},
                                           {"-", NULL},
                                           {"", "victim"},
                                           {"victim", NULL},
                                           {"image-siz", "16"},
                                           {EVIL_UTF8, "x"}};
    char text[16];
    const size_t all = sizeof pairs / sizeof *pairs, firsts[] = {all - 1, 0, 1, 2, 5, 10, all - 2};
    for (size_t i = 0; i < sizeof firsts / sizeof *firsts; i++) { /* one of them, and all */
        size_t first = firsts[i], last = first ? first + 1 : all;
        json_t *root = record();
        for (size_t j = first; j < last; j++)
            add_option(root, pairs[j][0], pairs[j][1]);
        craft("evil.png", root);
        unlink(test_path("out.png"));
        unsigned files = files_hash();
        ck_run("again evil.png -o out.png");
        ck_printable(said);
        ck_assert_msg(count(said, "passed over\n") == 1, "%s: said %.900s", pairs[first][0], said);
        ck_assert_msg(!strstr(said, "http"), "%s", said);
        ck_assert_str_eq(printed, "");
        ck_same_bytes("base.png", "out.png", true); /* nor does the new record have them */
        unlink(test_path("out.png"));
        ck_assert_uint_eq(files_hash(), files);
        ck_assert_str_eq(read_whole(test_path("victim"), text, sizeof text), "precious\n");
    }
}
END_TEST

START_TEST(test_other_spellings_are_refused) {
    static const char *const names[] = {"style-weight=30", "--style-weight", "-style-weight", "style_weight",
                                        "weights",         "num-iterations", "preset=gatys"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        json_t *root = record();
        add_option(root, names[i], "30");
        craft("evil.png", root);
        ck_refused("again evil.png -o out.png", 1, "damaged", names[i]);
    }
}
END_TEST

START_TEST(test_values_are_data) {
    static char big[30001];
    memset(big, 'x', sizeof big - 1);
    const struct {
        const char *name, *value;
    } pairs[] = {{"style-weight", "--log=victim"},
                 {"style-weight", NULL},
                 {"style-weight", EVIL_UTF8},
                 {"style-weight", big},
                 {"content-layers", big},
                 {"content-layers", EVIL_UTF8},
                 {"normalize-gradients", "1"},
                 {"original-colors", "2"},
                 {"optimizer", "lbfgs --log=victim"},
                 {"preset", "../victim"},
                 {"output-profile", "pipe"},
                 {"content-mask", "/dev/zero"},
                 {"device", ""},
                 {"gpu", "x"}};
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        json_t *root = record();
        add_option(root, pairs[i].name, pairs[i].value);
        craft("evil.png", root);
        unsigned files = files_hash();
        ck_assert_msg(run("again evil.png -o out.png") > 0, "%s is taken: %.900s", pairs[i].name, said);
        ck_assert_msg(count(said, "\n") == 1 && strncmp(said, "pastiche: evil.png: ", 20) == 0, "%s: %.900s",
                      pairs[i].name, said);
        ck_printable(said);
        ck_assert_uint_eq(files_hash(), files);
    }
}
END_TEST

/* ---- files of records ---- */

static const struct {
    const char *path, *word;
} no_files[] = {{"/dev/zero", "/dev/zero"},
                {"pipe", "pipe"},
                {"-", "standard input"},
                {".", "folder"},
                {"http://127.0.0.1:9/x.png", "addresses"},
                {"file:///dev/zero", "addresses"},
                {"", "damaged"},
                {"gone\x1b[31m\n", "missing"}};

START_TEST(test_only_regular_files_are_read) {
    static const char *const places[] = {"content", "network", "start", "styles", "files"};
    json_t *file = json_pack("{s:s, s:s}", "path", no_files[_i].path, "sha256", "");
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        json_t *root = record();
        if (strcmp(places[i], "files") == 0) {
            add_option(root, "output-profile", no_files[_i].path);
            json_object_set_new(root, "files", json_pack("{s:[O]}", "output-profile", file));
        } else if (strcmp(places[i], "styles") == 0) {
            json_object_set_new(root, "styles", json_pack("[O]", file));
        } else {
            json_object_set(root, places[i], file);
        }
        craft("evil.png", root);
        ck_refused("again evil.png -o out.png", 1, no_files[_i].word, "pastiche: ");
        ck_refused("again evil.png -o out.png --anyway", 1, no_files[_i].word, "pastiche: ");
    }
    json_decref(file);
}
END_TEST

/* Texts where files belong, and lists that would bring in more names. */
START_TEST(test_lists_have_no_other_names) {
    static const char *const files[] = {"{\"content-mask\": [\"/dev/zero\"]}",
                                        "{\"content-mask\": \"/dev/zero\"}",
                                        "{\"content-mask\": []}",
                                        "{\"content-mask\": [\"#ff0000\"]}",
                                        "{\"style-masks\": [\"#ff0000,pipe\"]}",
                                        "{\"style-masks\": [\"pipe\"]}",
                                        "{\"style-masks\": {\"path\": \"pipe\"}}"};
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        json_t *root = record();
        add_option(root, strstr(files[i], "style-masks") ? "style-masks" : "content-mask", "pipe");
        json_object_set_new(root, "files", json_loads(files[i], 0, NULL));
        craft("evil.png", root);
        ck_refused("again evil.png -o out.png --anyway", 1, "damaged", "mask");
    }
    json_t *root = record();
    json_object_set_new(root, "start", json_string("/dev/zero"));
    craft("evil.png", root);
    ck_refused("again evil.png -o out.png --anyway", 1, "damaged", "start");
}
END_TEST

START_TEST(test_files_outside_are_named) {
    json_t *root = record();
    mkdir(test_path("box"), 0700);
    ck_assert_int_eq(symlink("../style.ppm", test_path("box/link.ppm")), 0);
    json_object_set_new(json_object_get(root, "content"), "path", json_string(test_path("content.ppm")));
    json_object_set_new(json_array_get(json_object_get(root, "styles"), 0), "path", json_string("box/link.ppm"));
    craft("box/evil.png", root);
    ck_run("again box/evil.png -o out.png");
    ck_assert_msg(count(said, ": reading ") == 3, "%s", said); /* the network, too */
    ck_assert_msg(strstr(said, "content.ppm, a file outside") && strstr(said, "link.ppm, a file outside"), "%s", said);
    ck_run("again base.png -o out.png");
    ck_assert_msg(count(said, ": reading ") == 0, "%s", said);
}
END_TEST

static double loss_of(const char *image) {
    char command[64];
    snprintf(command, sizeof command, "info %s", image);
    ck_run(command);
    json_t *root = json_loads(printed, 0, NULL);
    const double loss = json_real_value(json_object_get(root, "loss"));
    json_decref(root);
    ck_assert_double_gt(loss, 0);
    return loss;
}

/* With the values that its time had where it names none. */
START_TEST(test_an_old_record_is_repeated_by_its_own_values) {
    static const char *const presets[] = {NULL, "best"};
    ck_run(RUN "--seed 5 --preset 0.1 -o old.png");
    const double loss = loss_of("old.png");
    ck_assert_double_gt(fabs(loss - loss_of("base.png")), 1e-3 * loss);
    for (size_t i = 0; i < 2; i++) {
        json_t *root = record();
        ck_assert_int_eq(json_object_del(root, "best"), 0);
        json_object_set_new(root, "start", json_string("noise"));
        if (presets[i])
            add_option(root, "preset", presets[i]);
        craft("evil.png", root);
        ck_run("again evil.png -o out.png");
        ck_assert_double_eq(loss_of("out.png"), loss);
        ck_run("again out.png -o twice.png");
        ck_assert_double_eq(loss_of("twice.png"), loss);
    }
}
END_TEST

/* ---- texts for terminals ---- */

START_TEST(test_records_are_shown_printable) {
    json_t *root = record();
    json_object_set_new(json_object_get(root, "device"), "name", json_string("best" EVIL_UTF8 "\r\n\xc3\xa4"));
    json_object_set_new(root, "pastiche", json_string("9" EVIL_UTF8));
    craft("evil.png", root);
    ck_run("again evil.png -o out.png");
    ck_printable(said);
    ck_assert_msg(strstr(said, "was made on best") && strstr(said, "\xc3\xa4"), "%s", said);
    ck_run("info evil.png");
    ck_printable(printed);
    ck_assert_msg(strstr(printed, "\\u001B[31m\\u007F\\u009B\\u202E\\u2066\\u2028\\u200B\\uFEFF\\uDB40\\uDC41"), "%s",
                  printed);
    root = json_loads(printed, 0, NULL);
    const char *name = json_string_value(json_object_get(json_object_get(root, "device"), "name"));
    ck_assert_str_eq(name, "best" EVIL_UTF8 "\r\n\xc3\xa4");
    json_decref(root);
}
END_TEST

START_TEST(test_names_are_shown_printable) {
    ck_refused("gone" EVIL_UTF8 "\n\r.png style.ppm --model net.safetensors -o out.png", 1, "gone", "no such file");
    ck_printable(said);
    ck_refused("content.ppm style.ppm --style-weight=" EVIL_UTF8 "\n", 2, "style-weight", "must be");
    ck_printable(said);
    ck_refused("--no" EVIL_UTF8 "\n", 2, "unknown option", "--no");
    ck_printable(said);
    ck_run(RUN "-o out" EVIL_UTF8 "\n.png");
    ck_printable(said);
    ck_run("batch content.ppm --styles style.ppm --model net.safetensors --plan --image-size 64 -o folder" EVIL_UTF8
           "\n");
    ck_printable(printed);
    ck_assert_msg(strstr(printed, "folder?"), "%s", printed);
}
END_TEST

START_TEST(test_choices_are_shown_printable) {
    static const char text[] = "{\"format\": \"pastiche choices 1\", \"device\": \"\\u001b]0;title\\u0007\\u009b\\n\", "
                               "\"choices\": []}";
    test_write(test_path("c" EVIL ".json"), text, sizeof text - 1);
    ck_run("content.ppm style.ppm --image-size 64 --model net.safetensors --iterations 1 -o out.png --choices c" EVIL
           ".json");
    ck_assert_msg(strstr(said, "made for another device"), "%s", said);
    ck_printable(said);
}
END_TEST

START_TEST(test_styles_are_shown_printable) {
    char file[256];
    snprintf(file, sizeof file, "%s", test_path("style.ppm"));
    ck_assert_int_eq(symlink(file, test_path("st" EVIL_UTF8 ".ppm")), 0);
    ck_run("style make st" EVIL_UTF8 ".ppm --model net.safetensors --image-size 64 --min-size 40 -o s.style");
    ck_printable(said);
    ck_run("style info s.style");
    ck_printable(printed);
    ck_assert_msg(strstr(printed, "st?[31m????????"), "%s", printed);
}
END_TEST

START_TEST(test_networks_are_shown_printable) {
    const test_tensor tensors[] = {
        {.name = "x\\u001b[31m\\u009b\\u202e.weight", .dtype = "F32", .dims = 1, .shape = {4}, .bytes = 16},
        {.name = "x\\u001b[31m\\u009b\\u202e.weight", .dtype = "F\x1b[31m", .dims = 1, .shape = {4}, .bytes = 16},
        {.name = "x\x1b[31m\x7f\xc2\x9b", .dtype = "F32", .dims = 1, .shape = {4}, .bytes = 16}};
    for (size_t i = 0; i < sizeof tensors / sizeof *tensors; i++) {
        test_write_safetensors(test_path("evil.safetensors"), NULL, 1, &tensors[i]);
        ck_refused("model info evil.safetensors", 1, "evil.safetensors", ": ");
        ck_printable(said);
    }
}
END_TEST

int main(void) {
    Suite *suite = suite_create("untrusted");
    TCase *cases = tcase_create("untrusted");
    suite_add_tcase(suite, cases);
    tcase_set_timeout(cases, 300);
    tcase_add_unchecked_fixture(cases, make_base, NULL);
    tcase_add_test(cases, test_records_without_inputs_are_damaged);
    tcase_add_test(cases, test_other_options_are_passed_over);
    tcase_add_test(cases, test_other_spellings_are_refused);
    tcase_add_test(cases, test_values_are_data);
    tcase_add_loop_test(cases, test_only_regular_files_are_read, 0, sizeof no_files / sizeof *no_files);
    tcase_add_test(cases, test_lists_have_no_other_names);
    tcase_add_test(cases, test_files_outside_are_named);
    tcase_add_test(cases, test_an_old_record_is_repeated_by_its_own_values);
    tcase_add_test(cases, test_records_are_shown_printable);
    tcase_add_test(cases, test_names_are_shown_printable);
    tcase_add_test(cases, test_choices_are_shown_printable);
    tcase_add_test(cases, test_styles_are_shown_printable);
    tcase_add_test(cases, test_networks_are_shown_printable);
    return test_run(suite);
}
