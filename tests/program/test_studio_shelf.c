/* What comes to the studio's shelf: good and bad files, names, crops, small copies; and what stays on it. */
#define _POSIX_C_SOURCE 200809L

#include <dirent.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "image/image.h"
#include "image_truth.h"
#include "studio_client.h"

static void begin(void) {
    prepare();
    studio_begin("");
}

/* ---- files to upload ---- */

typedef struct bytes {
    uint8_t *data;
    size_t count;
} bytes;

static bytes encoded(const pst_image *image, pst_image_format format) {
    pst_write_options options;
    bytes made = {NULL, 0};
    pst_write_options_init(&options, sizeof options);
    options.format = format;
    pst_status status = pst_image_encode(NULL, image, &options, &made.data, &made.count);
    ck_assert(status == PST_OK || status == PST_ERROR_UNSUPPORTED);
    return made;
}

static bytes png_of(int width, int height, uint64_t seed) {
    pst_image *image = random_image(width, height, seed);
    bytes made = encoded(image, PST_FORMAT_PNG);
    ck_assert_uint_gt(made.count, 0);
    pst_image_destroy(image);
    return made;
}

static json_t *upload(const char *name, const char *role, const void *file, size_t count, int code) {
    char path[4096];
    snprintf(path, sizeof path, "shelf?name=%s&role=%s", studio_escaped(name), role);
    return studio_upload(path, file, count, code);
}

/* The answered image, as the library reads it; the caller ends it. */
static pst_image *answered(void) {
    pst_image *image;
    ck_assert_int_eq(pst_image_decode(NULL, page_body, page_bytes, "answer", &image), PST_OK);
    return image;
}

static pst_image *fetched(const json_t *entry, const char *what) {
    char path[256];
    snprintf(path, sizeof path, "shelf/%s/%s", state_text(entry, "id"), what);
    ck_assert_ptr_null(studio_get(path, 200));
    return answered();
}

static size_t on_shelf(void) {
    json_t *shelf = studio_get("shelf", 200);
    const size_t count = json_array_size(json_object_get(shelf, "images"));
    json_decref(shelf);
    return count;
}

static int sources(void) { return test_entries(studio_path("sources")); }

/* Nothing of an upload that was refused is left. */
static void ck_no_rests(void) {
    DIR *folder = opendir(studio_path(".studio"));
    ck_assert_ptr_nonnull(folder);
    for (struct dirent *entry; (entry = readdir(folder));)
        ck_assert_msg(strncmp(entry->d_name, ".upload", 7) != 0, "%s is left", entry->d_name);
    closedir(folder);
}

/* ---- formats ---- */

START_TEST(every_format_is_taken_as_it_came) {
    static const pst_image_format formats[] = {PST_FORMAT_PNG,  PST_FORMAT_JPEG, PST_FORMAT_TIFF,
                                               PST_FORMAT_WEBP, PST_FORMAT_BMP,  PST_FORMAT_TGA};
    static const char *const endings[] = {"png", "jpg", "tif", "webp", "bmp", "tga"};
    pst_image *image = random_image(37, 23, 100 + (uint64_t)_i);
    bytes file = encoded(image, formats[_i]);
    char name[32];
    if (file.count) {
        snprintf(name, sizeof name, "a.%s", endings[_i]);
        json_t *entry = upload(name, "content", file.data, file.count, 201);
        ck_assert_int_eq(state_number(entry, "width"), 37);
        ck_assert_int_eq(state_number(entry, "height"), 23);
        ck_assert_str_eq(state_text(entry, "kind"), "image");
        ck_assert_str_eq(state_text(entry, "name"), name);
        ck_assert_int_eq(state_number(entry, "bytes"), (int)file.count);
        char path[256];
        snprintf(path, sizeof path, "shelf/%s/file", state_text(entry, "id"));
        studio_get(path, 200);
        ck_assert_uint_eq(page_bytes, file.count);
        ck_assert_mem_eq(page_body, file.data, file.count);
        json_decref(entry);
    }
    pst_bytes_destroy(file.data);
    pst_image_destroy(image);
}
END_TEST

#define RADIANCE "#?RADIANCE\nFORMAT=32-bit_rle_rgbe\n\n-Y 1 +X 2\n\x80\x80\x80\x80\x40\x40\x40\x80"
#define BYTES(text) text, sizeof text - 1

START_TEST(formats_that_are_only_read_are_taken) {
    static const struct {
        const char *name, *file;
        size_t count;
        int width;
    } files[] = {
        {"a.ppm", BYTES("P6 2 1 255\nabcdef"), 2},
        {"a.pgm", BYTES("P5 3 1 255\nabc"), 3},
        {"a.gif", BYTES("GIF89a\1\0\1\0\x80\0\0\xff\xff\xff\0\0\0,\0\0\0\0\1\0\1\0\0\2\2D\1\0;"), 1},
        {"a.hdr", BYTES(RADIANCE), 2},
        {"a.psd", BYTES("8BPS\0\1\0\0\0\0\0\0\0\3\0\0\0\1\0\0\0\1\0\10\0\3\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1\2\3"), 1},
    };
    json_t *entry = upload(files[_i].name, "style", files[_i].file, files[_i].count, 201);
    ck_assert_int_eq(state_number(entry, "width"), files[_i].width);
    pst_image *thumb = fetched(entry, "thumb");
    ck_assert_int_eq(pst_image_width(thumb), files[_i].width);
    pst_image_destroy(thumb);
    json_decref(entry);
}
END_TEST

START_TEST(bad_files_are_refused_with_the_readers_reason) {
    bytes png = png_of(64, 48, 7);
    char bomb[64] = "\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\xff\xff\0\0\xff\xff\x08\2\0\0\0";
    const struct {
        const char *name;
        const void *file;
        size_t count;
        const char *words;
    } files[] = {
        {"cut.png", png.data, png.count / 2, "cut.png: this PNG image cannot be read"},
        {"head.png", png.data, 20, "head.png: this PNG image cannot be read"},
        {"text.jpg", BYTES("hello, I am no image\n"), "text.jpg: not an image that can be read"},
        {"empty.png", "", 0, "empty.png: is empty"},
        {"bomb.png", bomb, sizeof bomb, "bomb.png: "},
        {"bomb.ppm", BYTES("P6 65535 65535 255\nabc"), "bomb.ppm: "},
        {"page.png", BYTES("<html><script>alert(1)</script></html>"), "page.png: not an image"},
        {"photo.heic",
         BYTES("\0\0\0\x18"
               "ftypheic\0\0\0\0mif1heic"),
         "HEIC"},
        {"cut.style", BYTES("pastiche style"), "cut.style: "},
        {"esc\x1b[2J.png", BYTES("hello"), "not well formed"},
    };
    const size_t before = on_shelf();
    const int files_before = sources();
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        const int code = strstr(files[i].words, "well formed") ? 400 : 422;
        const char *error = studio_error(upload(files[i].name, "content", files[i].file, files[i].count, code));
        ck_assert_msg(strstr(error, files[i].words), "%s: %s", files[i].name, error);
        ck_assert_msg(!strstr(error, ".upload"), "%s", error);
    }
    studio_error(upload("a.png", "judge", png.data, png.count, 400));
    ck_assert_uint_eq(on_shelf(), before);
    ck_assert_int_eq(sources(), files_before);
    ck_no_rests();
    pst_bytes_destroy(png.data);
}
END_TEST

/* ---- names ---- */

START_TEST(the_same_bytes_are_one_entry) {
    bytes file = png_of(30, 20, 8), other = png_of(30, 20, 9);
    json_t *first = upload("one.png", "style", file.data, file.count, 201);
    const size_t count = on_shelf();
    const int files = sources();
    json_t *again = upload("two.png", "content", file.data, file.count, 201);
    ck_assert_str_eq(state_text(first, "id"), state_text(again, "id"));
    ck_assert_str_eq(state_text(again, "name"), "one.png");
    ck_assert_str_eq(state_text(again, "role"), "content");
    json_t *as_mask = upload("three.png", "mask", file.data, file.count, 201);
    ck_assert_str_eq(state_text(as_mask, "id"), state_text(again, "id"));
    ck_assert_str_eq(state_text(as_mask, "kind"), "image"); /* it is still offered as one */
    json_decref(as_mask);
    ck_assert_uint_eq(on_shelf(), count);
    ck_assert_int_eq(sources(), files);
    json_t *third = upload("one.png", "mask", other.data, other.count, 201); /* the same name for other bytes */
    ck_assert_str_ne(state_text(first, "id"), state_text(third, "id"));
    ck_assert_str_eq(state_text(third, "kind"), "mask");
    ck_assert(access(studio_path("sources/one 2.png"), F_OK) == 0);
    json_decref(first);
    json_decref(again);
    json_decref(third);
    pst_bytes_destroy(file.data);
    pst_bytes_destroy(other.data);
}
END_TEST

/* Another program writes over a file of the shelf: its entry is gone, and the old bytes can come again. The new ones
 * become an entry at the studio's next look into the folder, in seconds; later tests count entries after that. */
START_TEST(changed_files_are_other_entries) {
    bytes file = png_of(30, 20, 31), other = png_of(24, 24, 32);
    char path[1024], body[512];
    const size_t count = on_shelf();
    json_t *first = upload("changed.png", "content", file.data, file.count, 201);
    strcpy(path, studio_path("sources/changed.png"));
    test_write(path, other.data, other.count);
    snprintf(body, sizeof body, "{\"content\": \"%s\", \"styles\": [{\"id\": \"%s\"}]}", state_text(first, "id"),
             state_text(first, "id"));
    const char *error = studio_error(studio_post("runs", body, 422));
    ck_assert_msg(strstr(error, "not on the shelf") != NULL, "%s", error);
    json_t *again = upload("changed.png", "content", file.data, file.count, 201);
    ck_assert_str_eq(state_text(again, "id"), state_text(first, "id"));
    snprintf(body, sizeof body, "shelf/%s/file", state_text(again, "id"));
    json_decref(studio_get(body, 200));
    ck_assert_uint_eq(page_bytes, file.count);
    ck_assert_mem_eq(page_body, file.data, file.count);
    for (int i = 0; i < 4000 && on_shelf() < count + 2; i++)
        page_nap(25);
    ck_assert_uint_eq(on_shelf(), count + 2);
    json_decref(first);
    json_decref(again);
    pst_bytes_destroy(file.data);
    pst_bytes_destroy(other.data);
}
END_TEST

/* The same bytes with another time are the same entry. */
START_TEST(touched_files_stay) {
    bytes file = png_of(30, 20, 41);
    char path[64];
    json_t *first = upload("touched.png", "style", file.data, file.count, 201);
    test_write(studio_path("sources/touched.png"), file.data, file.count);
    snprintf(path, sizeof path, "shelf/%s/file", state_text(first, "id"));
    json_decref(studio_get(path, 200));
    json_decref(first);
    pst_bytes_destroy(file.data);
}
END_TEST

START_TEST(uploads_at_once_are_one_entry_each) {
    enum { CLIENTS = 6 };
    bytes files[2] = {png_of(90, 70, 21), png_of(90, 70, 22)};
    const size_t count = on_shelf();
    const int before = sources();
    pid_t clients[CLIENTS];
    for (int i = 0; i < CLIENTS; i++) {
        fflush(NULL);
        clients[i] = fork();
        if (clients[i] == 0) {
            const bytes *file = &files[i % 2];
            _exit(studio_send("shelf?name=once.png&role=style", file->data, file->count) == 201 ? 0 : 1);
        }
        ck_assert_int_gt(clients[i], 0);
    }
    for (int i = 0; i < CLIENTS; i++)
        ck_assert_int_eq(wait_for(clients[i]), 0);
    ck_assert_uint_eq(on_shelf(), count + 2);
    ck_assert_int_eq(sources(), before + 2);
    ck_no_rests();
    pst_bytes_destroy(files[0].data);
    pst_bytes_destroy(files[1].data);
}
END_TEST

static const char *const names[] = {
    "../../above.png",
    "/etc/passwd",
    "..",
    ".hidden.png",
    "C:\\folder\\plain.png",
    "con.png",
    "LPT1",
    "a,b*c?.png",
    "-o",
    "~home.png",
    "\xc3\xa4\xe2\x9c\xbf \xe8\x8a\xb1.png",
    "right\xe2\x80\xaetfel.png",
    "no ending",
    "wrong.exe",
    "image.style",
    "trailing. .",
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
    "aa"
    "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
    "bb"
    "cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc.png",
};

/* Whatever it is called: one more ordinary file in the folder of sources, and none elsewhere. */
START_TEST(no_name_leads_out_of_the_folder) {
    bytes file = png_of(20, 20, 1000 + (uint64_t)_i);
    char list[16384] = "";
    const int before = sources(), around = test_entries(test_path(".")), own = test_entries(studio_path("."));
    json_t *entry = upload(names[_i], "content", file.data, file.count, 201);
    ck_assert_int_eq(sources(), before + 1);
    ck_assert_int_eq(test_entries(test_path(".")), around);
    ck_assert_int_eq(test_entries(studio_path(".")), own);
    DIR *folder = opendir(studio_path("sources"));
    ck_assert_ptr_nonnull(folder);
    for (struct dirent *found; (found = readdir(folder));) {
        const char *name = found->d_name;
        if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
            continue;
        char base[256];
        snprintf(base, sizeof base, "%.*s", (int)strcspn(name, "."), name);
        ck_assert_msg(name[0] != '.' && name[0] != '-' && name[0] != '~' && !strpbrk(name, ",*?\\:|<>\"\x1b\x7f") &&
                          strlen(name) <= 90 && strcasecmp(base, "con") != 0 && strcasecmp(base, "lpt1") != 0 &&
                          !strstr(name, "\xe2\x80\xae") && strcmp(name + strlen(name) - 4, ".exe") != 0 &&
                          strcmp(name + strlen(name) - 4, "tyle") != 0,
                      "%s became %s", names[_i], name);
        strncat(list, name, sizeof list - strlen(list) - 1);
    }
    closedir(folder);
    ck_assert(!strpbrk(state_text(entry, "name"), "\x1b\n"));
    pst_image *back = fetched(entry, "file");
    ck_assert_int_eq(pst_image_width(back), 20);
    pst_image_destroy(back);
    json_decref(entry);
    pst_bytes_destroy(file.data);
}
END_TEST

START_TEST(what_is_not_an_id_is_nothing) {
    static const char *const ids[] = {"x",      "..%2f..%2fetc%2fpasswd",          "one.png", "sources%2Fone.png",
                                      "%2e%2e", "00000000000000000000000000000000"};
    char path[256];
    for (size_t i = 0; i < sizeof ids / sizeof *ids; i++)
        for (int k = 0; k < 3; k++) {
            static const char *const what[] = {"file", "thumb", "view"};
            snprintf(path, sizeof path, "api/shelf/%s/%s", ids[i], what[k]);
            const int code = page_get(path);
            ck_assert_msg(code == 404 || code == 400, "%s: %d", path, code);
        }
    studio_error(studio_post("shelf/00000000000000000000000000000000/forget", "{}", 404));
    studio_error(studio_post("shelf/00000000000000000000000000000000/crop", "{}", 404));
}
END_TEST

/* ---- pixels ---- */

/* Behind the first two bytes of a JPEG: an EXIF block that says "turn clockwise". */
static bytes turned(const bytes *jpeg) {
    static const char exif[] = "\xff\xe1\0\x22"
                               "Exif\0\0"
                               "II*\0\x08\0\0\0"
                               "\1\0"
                               "\x12\1\3\0\1\0\0\0\6\0\0\0"
                               "\0\0\0\0";
    const size_t extra = sizeof exif - 1;
    bytes made = {malloc(jpeg->count + extra), jpeg->count + extra};
    memcpy(made.data, jpeg->data, 2);
    memcpy(made.data + 2, exif, extra);
    memcpy(made.data + 2 + extra, jpeg->data + 2, jpeg->count - 2);
    return made;
}

static const float *pixel(const pst_image *image, int x, int y) {
    return pst_image_samples(image) + 3 * ((size_t)y * (size_t)pst_image_width(image) + (size_t)x);
}

START_TEST(small_copies_are_upright) {
    enum { WIDTH = 800, HEIGHT = 400 };
    static float rgb[3 * WIDTH * HEIGHT];
    pst_image *image;
    for (int i = 0; i < WIDTH * HEIGHT; i++)
        rgb[3 * i + (i % WIDTH < WIDTH / 2 ? 0 : 2)] = 255; /* red on the left, blue on the right */
    ck_assert_int_eq(pst_image_create(NULL, WIDTH, HEIGHT, rgb, &image), PST_OK);
    bytes jpeg = encoded(image, PST_FORMAT_JPEG), file = turned(&jpeg);
    json_t *entry = upload("turned.jpg", "content", file.data, file.count, 201);
    ck_assert_int_eq(state_number(entry, "width"), HEIGHT);
    ck_assert_int_eq(state_number(entry, "height"), WIDTH);
    for (int i = 0; i < 2; i++) {
        pst_image *copy = fetched(entry, i ? "view" : "thumb");
        const int width = i ? HEIGHT : 160, height = i ? WIDTH : 320;
        ck_assert(strstr(page_heads, "image/jpeg") != NULL);
        ck_assert_int_eq(pst_image_width(copy), width);
        ck_assert_int_eq(pst_image_height(copy), height);
        ck_assert(pixel(copy, width / 2, 20)[0] > 230 && pixel(copy, width / 2, 20)[2] < 30);
        ck_assert(pixel(copy, width / 2, height - 20)[2] > 230 && pixel(copy, width / 2, height - 20)[0] < 30);
        pst_image_destroy(copy);
    }
    free(file.data);
    pst_bytes_destroy(jpeg.data);
    pst_image_destroy(image);
    json_decref(entry);
}
END_TEST

START_TEST(a_crop_has_the_images_own_pixels) {
    pst_image *image = random_image(101, 67, 55);
    bytes file = encoded(image, PST_FORMAT_PNG);
    json_t *entry = upload("whole.png", "style", file.data, file.count, 201);
    char path[128];
    snprintf(path, sizeof path, "shelf/%s/crop", state_text(entry, "id"));
    json_t *made = studio_post(path, "{\"x\": 0.257, \"y\": 0.1, \"width\": 0.5, \"height\": 0.9}", 201);
    const int left = (int)lround(0.257 * 101), right = (int)lround(0.757 * 101), top = (int)lround(0.1 * 67);
    ck_assert_str_eq(state_text(made, "role"), "style");
    ck_assert_str_eq(state_text(made, "name"), "whole crop.png");
    pst_image *crop = fetched(made, "file");
    ck_assert_int_eq(pst_image_width(crop), right - left);
    ck_assert_int_eq(pst_image_height(crop), 67 - top);
    for (int y = 0; y < pst_image_height(crop); y++)
        ck_assert_mem_eq(pixel(crop, 0, y), pixel(image, left, y + top), 3 * sizeof(float) * (size_t)(right - left));
    static const char *const wrong[] = {"{}",
                                        "{\"x\": 0, \"y\": 0, \"width\": 0, \"height\": 1}",
                                        "{\"x\": -1, \"y\": 0, \"width\": 1, \"height\": 1}",
                                        "{\"x\": 0, \"y\": 0, \"width\": 1e9, \"height\": 1}",
                                        "{\"x\": \"0\", \"y\": 0, \"width\": 1, \"height\": 1}",
                                        "{\"x\": 1, \"y\": 1, \"width\": 1, \"height\": 1}",
                                        "[]",
                                        "no JSON"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        studio_error(studio_post(path, wrong[i], 400));
    pst_image_destroy(crop);
    pst_image_destroy(image);
    pst_bytes_destroy(file.data);
    json_decref(made);
    json_decref(entry);
}
END_TEST

START_TEST(the_demonstration_comes_to_the_shelf) {
    json_t *demo = studio_post("demo", "", 200), *images = json_object_get(demo, "images"), *image;
    static const char *const files[] = {"pastiche-landscape.png", "pastiche-strokes.png", "pastiche-mosaic.png"};
    size_t i, count = on_shelf();
    ck_assert_uint_eq(json_array_size(images), 3);
    json_array_foreach(images, i, image) {
        ck_assert_str_eq(state_text(image, "name"), files[i]);
        ck_assert_str_eq(state_text(image, "role"), i ? "style" : "content");
        ck_assert_int_gt(state_number(image, "width"), 100);
    }
    json_decref(demo);
    if (test_long()) /* once more changes nothing */
        json_decref(studio_post("demo", "", 200));
    ck_assert_uint_eq(on_shelf(), count);
}
END_TEST

START_TEST(style_files_are_styles) {
    static char file[1 << 20];
    ck_run("style make style.ppm --image-size 64 --min-size 40 --model net.safetensors -o s.style");
    FILE *from = fopen(test_path("s.style"), "rb");
    ck_assert_ptr_nonnull(from);
    const size_t count = fread(file, 1, sizeof file, from);
    fclose(from);
    json_t *entry = upload("mine", "content", file, count, 201);
    ck_assert_str_eq(state_text(entry, "kind"), "style");
    ck_assert_str_eq(state_text(entry, "role"), "style");
    char path[128];
    snprintf(path, sizeof path, "shelf/%s/thumb", state_text(entry, "id"));
    studio_error(studio_get(path, 404));
    json_decref(entry);
    file[count / 2] ^= 1;
    const char *error = studio_error(upload("damaged.style", "style", file, count, 422));
    ck_assert_msg(strstr(error, "damaged.style: ") == error, "%s", error);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("studio_shelf");
    TCase *cases = tcase_create("shelf");
    tcase_add_unchecked_fixture(cases, begin, studio_end);
    tcase_set_timeout(cases, 0);
    tcase_add_loop_test(cases, every_format_is_taken_as_it_came, 0, 6);
    tcase_add_loop_test(cases, formats_that_are_only_read_are_taken, 0, 5);
    tcase_add_test(cases, bad_files_are_refused_with_the_readers_reason);
    tcase_add_test(cases, the_same_bytes_are_one_entry);
    tcase_add_test(cases, changed_files_are_other_entries);
    tcase_add_test(cases, touched_files_stay);
    tcase_add_test(cases, uploads_at_once_are_one_entry_each);
    tcase_add_loop_test(cases, no_name_leads_out_of_the_folder, 0, sizeof names / sizeof *names);
    tcase_add_test(cases, what_is_not_an_id_is_nothing);
    tcase_add_test(cases, small_copies_are_upright);
    tcase_add_test(cases, a_crop_has_the_images_own_pixels);
    tcase_add_test(cases, the_demonstration_comes_to_the_shelf);
    tcase_add_test(cases, style_files_are_styles);
    suite_add_tcase(suite, cases);
    return test_run(suite);
}
