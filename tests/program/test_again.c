/* Results tell how they were made, and runs are repeated by that; formats, pipes and names, all from the outside. */
#define _POSIX_C_SOURCE 200809L

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <jansson.h>

#include "base/digest.h"
#include "cli_fixture.h"
#include "image/image.h"

#define TOLD "content.ppm style.ppm --image-size 64 --model net.safetensors --no-tune " /* with metadata */
#define RUN TOLD "--iterations 3 --save-iter 0 "

static pst_error error;

/* Puts one file in the place of another. */
static void copy_file(const char *from, const char *to) {
    static char data[1 << 20];
    FILE *in = fopen(test_path(from), "rb"), *out = fopen(test_path(to), "wb");
    ck_assert(in && out);
    size_t bytes = fread(data, 1, sizeof data, in);
    ck_assert_uint_eq(fwrite(data, 1, bytes, out), bytes);
    fclose(in);
    fclose(out);
}

static json_t *told(const char *image) {
    char command[256];
    snprintf(command, sizeof command, "info %s", image);
    ck_run(command);
    json_t *root = json_loads(printed, 0, NULL);
    ck_assert_msg(json_is_object(root), "%s", printed);
    return root;
}

static void sha256_of(const char *name, char hex[65]) {
    static char data[1 << 20];
    FILE *file = fopen(test_path(name), "rb");
    ck_assert_ptr_nonnull(file);
    size_t bytes = fread(data, 1, sizeof data, file);
    fclose(file);
    pst_digest digest;
    pst_digest_begin(&digest, PST_DIGEST_SHA256);
    pst_digest_add(&digest, data, bytes);
    pst_digest_end(&digest, hex);
}

static const char *const results[] = {
    "r.png",           "r16.png --bits 16",   "r.jpg --quality 80",
#ifdef PST_WITH_LIBTIFF
    "r.tif --bits 16",
#endif
#ifdef PST_WITH_WEBP
    "r.webp",          "q.webp --quality 70",
#endif
};
enum { RESULTS = sizeof results / sizeof results[0] };

START_TEST(a_run_is_repeated_to_the_byte) {
    char command[512], name[64], again[96], sha[65];
    snprintf(command, sizeof command, RUN "--seed 5 --style-weight 30 --start content --original-colors 1 -o %s",
             results[_i]);
    ck_run(command);
    snprintf(name, sizeof name, "%.*s", (int)strcspn(results[_i], " "), results[_i]);
    json_t *root = told(name);
    const char *style = NULL, *hash = NULL, *network = NULL;
    int seed = 0, iterations = 0;
    ck_assert_int_eq(json_unpack(root, "{s:[{s:s, s:s}], s:{s:s}, s:i, s:i}", "styles", "path", &style, "sha256", &hash,
                                 "network", "sha256", &network, "seed", &seed, "iterations", &iterations),
                     0);
    sha256_of("style.ppm", sha);
    ck_assert_str_eq(hash, sha);
    ck_assert_str_eq(style, "style.ppm");
    sha256_of("net.safetensors", sha);
    ck_assert_str_eq(network, sha);
    ck_assert_int_eq(seed, 5);
    ck_assert_int_eq(iterations, 3);
    ck_assert_str_eq(json_string_value(json_object_get(json_object_get(root, "settings"), "style-weight")), "30");
    ck_assert_str_eq(json_string_value(json_object_get(json_object_get(root, "settings"), "content-weight")), "5");
    json_decref(root);

    snprintf(again, sizeof again, "%.*s_again%s", (int)strcspn(name, "."), name, strchr(name, '.'));
    snprintf(command, sizeof command, "again %s", name);
    ck_run(command);
    ck_said("byte for byte");
    ck_same_bytes(name, again, true);
    if (_i > 0)
        return;
    snprintf(command, sizeof command, "again %s -o twice%s --quiet", again,
             strchr(name, '.')); /* of the repetition, too */
    ck_run(command);
    ck_assert_str_eq(said, "");
    snprintf(again, sizeof again, "twice%s", strchr(name, '.'));
    ck_same_bytes(name, again, true);
}
END_TEST

START_TEST(what_has_changed_is_named) {
    ck_run(RUN "-o c.png");
    copy_file("style.ppm", "kept.ppm");
    write_ppm("style.ppm", 40, 44, 0, 77);
    ck_refused("again c.png", 1, "style.ppm: a style has changed", "--anyway");
    ck_assert_int_eq(run("again c.png -o other.png --anyway"), 0);
    ck_said("has changed");
    ck_said("differ");
    unlink(test_path("style.ppm"));
    ck_refused("again c.png", 1, "style.ppm: a style is missing", "SHA-256");
    copy_file("kept.ppm", "style.ppm");
    ck_refused("again c.png -o c.png", 1, "c.png", "-o");
    ck_refused("again content.ppm", 1, "content.ppm", "has no record");
    ck_refused("again", 2, "no image", "again IMAGE");
    ck_refused("info gone.png", 1, "gone.png", "no such file");
    copy_file("net.safetensors", "moved.safetensors");
    ck_run("again c.png -o moved.png --model moved.safetensors");
    ck_same_bytes("c.png", "moved.png", true);
}
END_TEST

/* An index of one part, net.safetensors. */
static void write_index(const char *name) {
    static char data[1 << 20];
    FILE *file = fopen(test_path("net.safetensors"), "rb");
    ck_assert_ptr_nonnull(file);
    size_t bytes = fread(data, 1, sizeof data, file), length = (uint8_t)data[0] | (size_t)(uint8_t)data[1] << 8;
    fclose(file);
    ck_assert_uint_lt(8 + length, bytes);
    json_t *header = json_loadb(data + 8, length, 0, NULL), *map = json_object(), *value;
    const char *tensor;
    json_object_foreach(header, tensor, value) if (strcmp(tensor, "__metadata__") != 0)
        json_object_set_new(map, tensor, json_string("net.safetensors"));
    json_t *root = json_pack("{s:o}", "weight_map", map);
    ck_assert_int_eq(json_dump_file(root, test_path(name), 0), 0);
    json_decref(header);
    json_decref(root);
}

/* The digest in the record is that of all its files. */
START_TEST(a_network_in_parts_is_checked_whole) {
    write_index("net.index.json");
    copy_file("net.safetensors", "kept.safetensors");
    ck_run(
        "content.ppm style.ppm --image-size 64 --model net.index.json --no-tune --iterations 1 --save-iter 0 -o p.png");
    ck_run("again p.png");
    ck_said("byte for byte");
    FILE *part = fopen(test_path("net.safetensors"), "r+b"); /* a bit of the last number */
    fseek(part, -4, SEEK_END);
    int byte = fgetc(part);
    fseek(part, -4, SEEK_END);
    fputc(byte ^ 1, part);
    fclose(part);
    ck_refused("again p.png", 1, "net.index.json: the network has changed", "--anyway");
    unlink(test_path("net.safetensors"));
    ck_refused("again p.png", 1, "its part net.safetensors is missing", "same folder");
    copy_file("kept.safetensors", "net.safetensors");
}
END_TEST

START_TEST(a_result_elsewhere_finds_its_inputs) {
    mkdir(test_path("far"), 0700);
    ck_run(RUN "-o far/f.png");
    copy_file("content.ppm", "far/content.ppm");
    copy_file("style.ppm", "far/style.ppm");
    rename(test_path("content.ppm"), test_path("content.away"));
    ck_run("again far/f.png -o far/g.png");
    ck_same_bytes("far/f.png", "far/g.png", true);
    rename(test_path("content.away"), test_path("content.ppm"));
}
END_TEST

START_TEST(a_image_on_the_way_is_repeated_too) {
    ck_run(TOLD "--iterations 6 --save-iter 4 -o way.png");
    json_t *root = told("way_4.png");
    ck_assert(json_is_true(json_object_get(root, "stopped")));
    ck_assert_int_eq((int)json_integer_value(json_object_get(root, "iterations")), 4);
    json_decref(root);
    ck_run("again way_4.png -o way_b.png");
    ck_same_bytes("way_4.png", "way_b.png", true);
    ck_same_bytes("way_4.png", "way.png", false);
}
END_TEST

START_TEST(metadata_can_be_left_out) {
    ck_run(RUN "-o bare.png --no-metadata");
    ck_refused("info bare.png", 1, "bare.png", "has no record");
    ck_run(RUN "-o full.png");
    pst_image *a, *b;
    ck_ok(error, pst_img_read(&error, test_path("bare.png"), &a));
    ck_ok(error, pst_img_read(&error, test_path("full.png"), &b));
    ck_assert_mem_eq(a->rgb, b->rgb, sizeof(float) * 3 * (size_t)(a->width * a->height));
    pst_image_destroy(a);
    pst_image_destroy(b);
}
END_TEST

static void write_halves(const char *name, int width, int height) {
    char head[32];
    FILE *file = fopen(test_path(name), "wb");
    ck_assert_ptr_nonnull(file);
    snprintf(head, sizeof head, "P6 %d %d 255\n", width, height);
    fputs(head, file);
    for (int i = 0; i < width * height; i++)
        fwrite(i % width < width / 2 ? "\xff\0\0" : "\0\0\xff", 3, 1, file);
    fclose(file);
}

START_TEST(masks_are_inputs) {
    write_halves("halves.ppm", 64, 48);
    write_halves("style-halves.ppm", 50, 70);
    ck_run(RUN "--content-mask halves.ppm --style-masks style-halves.ppm -o masked.png");
    ck_run("again masked.png");
    ck_same_bytes("masked.png", "masked_again.png", true);
    ck_run("content.ppm style.ppm style.ppm --image-size 64 --model net.safetensors --iterations 2 --no-tune "
           "--content-mask halves.ppm "
           "--style-masks style-halves.ppm,#0000ff -o both.png");
    ck_run("again both.png");
    ck_same_bytes("both.png", "both_again.png", true);
    write_halves("style-halves.ppm", 25, 35);
    ck_refused("again masked.png -o x.png", 1, "style-halves.ppm: style-masks has changed", "SHA-256");
}
END_TEST

START_TEST(start_images_and_profiles_are_inputs) {
    ck_run(RUN "-o s1.png");
    ck_run(RUN "--start s1.png -o s2.png");
    ck_run("again s2.png");
    ck_same_bytes("s2.png", "s2_again.png", true);
    copy_file("style.ppm", "s1.png");
    ck_refused("again s2.png -o s3.png", 1, "s1.png: the start image has changed", "SHA-256");
}
END_TEST

/* A shell, for redirections; returns its exit code. */
static int shell(const char *format, const char *more) {
    char line[2048], folder[1024];
    snprintf(folder, sizeof folder, "%s", test_path("."));
    snprintf(line, sizeof line, "cd '%s' && P='%s' && ", folder, getenv("PASTICHE_PROGRAM"));
    snprintf(line + strlen(line), sizeof line - strlen(line), format, more);
    int status = system(line);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}

START_TEST(images_come_and_go_by_pipes) {
    ck_run(RUN "-o file.png --no-metadata");
    ck_assert_int_eq(shell("cat content.ppm | \"$P\" - style.ppm --image-size 64 --model net.safetensors --iterations "
                           "3 --no-tune --quiet "
                           "--no-metadata -o - >pipe.png 2>err",
                           ""),
                     0);
    ck_same_bytes("file.png", "pipe.png", true);
    ck_assert_int_eq(
        shell("\"$P\" content.ppm - --image-size 64 --model net.safetensors --iterations 3 --no-tune --format jpeg "
              "--no-metadata -o - <style.ppm >pipe.jpg 2>err",
              ""),
        0);
    ck_run(RUN "-o file.jpg --no-metadata");
    ck_same_bytes("file.jpg", "pipe.jpg", true);
    ck_assert_int_ne(shell("\"$P\" - - --model net.safetensors -o a.png <style.ppm 2>err", ""), 0);
    ck_assert_int_ne(shell("\"$P\" - style.ppm --model net.safetensors -o a.png </dev/null 2>err", ""), 0);
    ck_assert_int_ne(access(test_path("a.png"), F_OK), 0);
    ck_refused(RUN "-o x.jpg --bits 16", 2, "x.jpg", "16");
    ck_refused(RUN "-o - --format gif", 2, "gif", "png");
}
END_TEST

START_TEST(names_may_be_anything) {
    mkdir(test_path("home"), 0700);
    copy_file("content.ppm", "home/ein Foto \xc3\xa4\xe7\xb5\xb5.ppm");
    copy_file("style.ppm", "home/style, two.ppm");
    ck_assert_int_eq(shell("HOME=\"$PWD/home\" \"$P\" '~/ein Foto \xc3\xa4\xe7\xb5\xb5.ppm' --style-image='~/style, "
                           "two.ppm' --image-size 64 --model "
                           "net.safetensors --iterations 3 --no-tune --quiet --output='~/r\xc3\xa9sultat.png' 2>err",
                           ""),
                     0);
    ck_assert(cli_exists("home/r\xc3\xa9sultat.png"));
    ck_run(RUN "-o plain.png");
    pst_image *a, *b;
    ck_ok(error, pst_img_read(&error, test_path("plain.png"), &a));
    ck_ok(error, pst_img_read(&error, test_path("home/r\xc3\xa9sultat.png"), &b));
    ck_assert_mem_eq(a->rgb, b->rgb, sizeof(float) * 3 * (size_t)(a->width * a->height));
    pst_image_destroy(a);
    pst_image_destroy(b);
    ck_assert_int_eq(shell("HOME=\"$PWD/home\" \"$P\" again home/r\xc3\xa9sultat.png -o 'home/zwei mal.png' 2>err", ""),
                     0);
    ck_same_bytes("home/r\xc3\xa9sultat.png", "home/zwei mal.png", true);
}
END_TEST

/* The result of a content with opacity has it, in its own size. */
START_TEST(opacity_goes_through_a_run) {
    pst_image *image, *result, *expected;
    ck_ok(error, pst_img_create(&error, 80, 60, NULL, &image));
    float *alpha = calloc(80 * 60, sizeof(float));
    for (int i = 0; i < 80 * 60; i++) {
        alpha[i] = i % 80 < 30 ? 0 : i % 80 < 50 ? (float)(i % 80 - 30) / 20 : 1;
        for (int c = 0; c < 3; c++)
            image->rgb[3 * i + c] = (float)((i * (c + 3)) % 256);
    }
    ck_ok(error, pst_img_set_alpha(&error, image, alpha));
    ck_ok(error, pst_img_write(&error, image, test_path("glass.tga"), NULL));
    ck_ok(error, pst_img_resize(&error, image, 64, 48, &expected));
    ck_run("glass.tga style.ppm --image-size 64 --model net.safetensors --iterations 2 --no-tune -o glass_out.tga");
    ck_ok(error, pst_img_read(&error, test_path("glass_out.tga"), &result));
    ck_assert_ptr_nonnull(result->alpha);
    for (int i = 0; i < 64 * 48; i++)
        ck_assert_float_eq_tol(result->alpha[i], expected->alpha[i], 0.006f); /* two roundings to 8 bits */
    pst_image_destroy(image);
    pst_image_destroy(result);
    pst_image_destroy(expected);
    free(alpha);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("again");
    TCase *cases = tcase_create("again");
    suite_add_tcase(suite, cases);
    tcase_set_timeout(cases, 300);
    tcase_add_unchecked_fixture(cases, prepare, NULL);
    tcase_add_loop_test(cases, a_run_is_repeated_to_the_byte, 0, RESULTS);
    tcase_add_test(cases, what_has_changed_is_named);
    tcase_add_test(cases, a_network_in_parts_is_checked_whole);
    tcase_add_test(cases, a_result_elsewhere_finds_its_inputs);
    tcase_add_test(cases, a_image_on_the_way_is_repeated_too);
    tcase_add_test(cases, metadata_can_be_left_out);
    tcase_add_test(cases, masks_are_inputs);
    tcase_add_test(cases, start_images_and_profiles_are_inputs);
    tcase_add_test(cases, images_come_and_go_by_pipes);
    tcase_add_test(cases, names_may_be_anything);
    tcase_add_test(cases, opacity_goes_through_a_run);
    return test_run(suite);
}
