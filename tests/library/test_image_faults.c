/* Images with faults and rare layouts (make_image_faults.py): what can be read rightly is read, with a notice of what
 * was passed over; the rest is refused with its reason. */
/* promise: damage */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jpeglib.h>

#include "base/file.h"
#include "base/memory.h"
#include "image/image.h"
#include "image_truth.h"
#include "support.h"

static pst_error error;

START_TEST(images_are_made) {
    int code = make_images("make_image_faults.py", "");
    if (code == TEST_SKIPPED)
        exit(TEST_SKIPPED);
    ck_assert_int_eq(code, 0);
}
END_TEST

static void check_read(const char *name, double tolerance, const char *word, const pst_image *image) {
    char path[600];
    snprintf(path, sizeof path, "%s.truth", name);
    image_truth t = image_truth_read(made_path(path));
    ck_assert_msg(image->width == t.width && image->height == t.height, "%s: %dx%d", name, image->width, image->height);
    ck_assert_msg((image->alpha != NULL) == (t.has_alpha != 0), "%s: opacity", name);
    double worst = image_truth_difference(image, &t);
    ck_assert_msg(worst <= tolerance, "%s: off by %g", name, worst);
    /* libpng 1.6.48 passes over the sum of the last chunk, which is empty. */
    const bool silent = strstr(name, "iend sum") && !*image->notice;
    ck_assert_msg(silent || (*word ? strstr(image->notice, word) != NULL : !*image->notice), "%s: notice \"%s\"", name,
                  image->notice);
    free(t.rgb);
}

START_TEST(every_image_is_read_or_refused_with_its_reason) {
    char line[512];
    int count = 0;
    FILE *list = fopen(made_path("faults"), "r");
    ck_assert_ptr_nonnull(list);
    while (fgets(line, sizeof line, list)) {
        char *bar = strchr(line, '|'), *word;
        ck_assert_ptr_nonnull(bar);
        *bar = '\0';
        double tolerance = strtod(bar + 1, &word);
        bool refused = word == bar + 1;
        word = strchr(bar + 1, '|') + 1;
        word[strcspn(word, "\n")] = '\0';
        pst_image *image;
        pst_status status = pst_img_read(&error, made_path(line), &image);
        count++;
        if (!image_within_reach(line)) {
            ck_assert_msg(status == PST_OK || status == PST_ERROR_UNSUPPORTED, "%s: %s", line, error.text);
        } else if (refused) {
            ck_assert_msg(status == PST_ERROR_FORMAT || status == PST_ERROR_UNSUPPORTED, "%s was read", line);
            ck_assert_msg(strstr(error.text, word) && !strchr(error.text, '\n'), "%s, not \"%s\"", error.text, word);
        } else {
            ck_assert_msg(status == PST_OK, "%s", error.text);
            check_read(line, tolerance, word, image);
        }
        pst_image_destroy(image);
    }
    fclose(list);
    printf("%d images\n", count);
    ck_assert_int_ge(count, 450);
}
END_TEST

/* ---- damaged and cut ---- */

/* What follows the pixels, such as an orientation, may be missing with a notice; in a TIFF also without. */
static void check_part(const char *name, const pst_image *whole, const pst_image *part) {
    bool tiff = strstr(name, ".tif") != NULL, same = part->width == whole->width && part->height == whole->height;
    ck_assert_msg(*part->notice || (same && (tiff || image_same(whole, part))), "%s: a part passes for it", name);
}

static size_t random_below(uint64_t *state, size_t limit) {
    return (size_t)((double)(test_random(state) + 1) / 2.0000002 * (double)limit);
}

START_TEST(a_damaged_or_cut_image_is_read_or_refused) {
    const int trials = test_long() ? 12 : 2;
    char line[512];
    uint64_t state = 11;
    FILE *list = fopen(made_path("faults"), "r");
    ck_assert_ptr_nonnull(list);
    while (fgets(line, sizeof line, list)) {
        uint8_t *data;
        size_t bytes;
        pst_image *whole, *image;
        *strchr(line, '|') = '\0';
        ck_ok(error, pst_file_load(&error, made_path(line), 1 << 24, &data, &bytes));
        pst_img_decode(&error, data, bytes, line, &whole);
        for (int trial = 0; trial < trials; trial++) {
            bool cut = trial % 3 == 0;
            size_t kept = cut ? 1 + random_below(&state, bytes - 1) : bytes;
            uint8_t *copy = malloc(kept); /* nothing behind the end that could be read unnoticed */
            memcpy(copy, data, kept);
            for (int i = 0; !cut && i < trial % 4; i++) /* headers first: there is more to go wrong */
                copy[random_below(&state, trial % 2 || bytes < 300 ? bytes : 300)] = (uint8_t)random_below(&state, 256);
            pst_status status = pst_img_decode(&error, copy, kept, line, &image);
            ck_assert((status == PST_OK) == (image != NULL));
            ck_assert_msg(status == PST_OK || (strlen(error.text) < 500 && !strchr(error.text, '\n')), "%s",
                          error.text);
            for (size_t i = 0; image && i < (size_t)image->width * (size_t)image->height * 3; i++)
                ck_assert(image->rgb[i] >= 0 && image->rgb[i] <= 255);
            if (cut && whole && image)
                check_part(line, whole, image);
            pst_image_destroy(image);
            free(copy);
        }
        pst_image_destroy(whole);
        pst_free(data);
    }
    fclose(list);
}
END_TEST

/* ---- files that end too early ---- */

/* Cuts a file at every place near its end and at others: what is read must be the whole image, with a notice, and be
 * read where no pixel is missing: with `enough` bytes or more. */
static void check_cuts(const char *name, const uint8_t *data, size_t bytes, size_t enough) {
    pst_image *whole, *part;
    size_t read = 0;
    ck_ok(error, pst_img_decode(&error, data, bytes, name, &whole));
    ck_assert_str_eq(whole->notice, "");
    for (size_t kept = 1; kept < bytes; kept += bytes - kept < 300 ? 1 : 37) {
        uint8_t *copy = malloc(kept); /* nothing behind the end that could be read unnoticed */
        memcpy(copy, data, kept);
        pst_status status = pst_img_decode(&error, copy, kept, name, &part);
        ck_assert_msg(status == PST_OK || kept < enough, "%s with %zu of %zu bytes: %s", name, kept, bytes, error.text);
        ck_assert_msg(status != PST_OK || (image_same(whole, part) && strstr(part->notice, "end of the file")),
                      "%s with %zu of %zu bytes: not the image, or no notice: \"%s\"", name, kept, bytes,
                      part ? part->notice : "");
        ck_assert_msg(status != PST_OK || kept + 20 > enough, "%s with %zu of %zu bytes was read", name, kept, bytes);
        read += status == PST_OK;
        pst_image_destroy(part);
        free(copy);
    }
    ck_assert_msg(read >= bytes - (enough < bytes ? enough : bytes), "%s", name);
    pst_image_destroy(whole);
}

START_TEST(a_png_may_lack_what_follows_its_pixels) {
    char line[512];
    FILE *list = fopen(made_path("ends"), "r");
    ck_assert_ptr_nonnull(list);
    while (fgets(line, sizeof line, list)) {
        char *name;
        size_t enough = (size_t)strtoul(line, &name, 10), bytes;
        uint8_t *data;
        name++;
        name[strcspn(name, "\n")] = '\0';
        ck_ok(error, pst_file_load(&error, made_path(name), 1 << 24, &data, &bytes));
        check_cuts(name, data, bytes, enough);
        pst_free(data);
    }
    fclose(list);
}
END_TEST

/* Noise, so that every byte matters. */
static unsigned long write_jpeg(int restart, bool progressive, bool arithmetic, bool scans, unsigned char **data) {
    static const jpeg_scan_info apart[] = {
        {1, {0}, 0, 63, 0, 0}, {1, {1}, 0, 63, 0, 0}, {1, {2}, 0, 63, 0, 0}}; /* a scan for each component */
    enum { WIDTH = 61, HEIGHT = 45 };
    struct jpeg_compress_struct info;
    struct jpeg_error_mgr handler;
    unsigned long bytes = 0;
    uint64_t state = 3;
    unsigned char row[3 * WIDTH];
    JSAMPROW rows[1] = {row};
    *data = NULL;
    info.err = jpeg_std_error(&handler);
    jpeg_create_compress(&info);
    jpeg_mem_dest(&info, data, &bytes);
    info.image_width = WIDTH;
    info.image_height = HEIGHT;
    info.input_components = 3;
    info.in_color_space = JCS_RGB;
    jpeg_set_defaults(&info);
    jpeg_set_quality(&info, 92, TRUE);
    info.restart_interval = (unsigned)restart;
    info.arith_code = arithmetic;
    if (progressive)
        jpeg_simple_progression(&info);
    if (scans) {
        info.scan_info = apart;
        info.num_scans = 3;
    }
    jpeg_start_compress(&info, TRUE);
    for (int y = 0; y < HEIGHT; y++) {
        for (size_t i = 0; i < sizeof row; i++)
            row[i] = (unsigned char)((test_random(&state) + 1) * 127.9f);
        jpeg_write_scanlines(&info, rows, 1);
    }
    jpeg_finish_compress(&info);
    jpeg_destroy_compress(&info);
    return bytes;
}

static const struct {
    const char *name;
    int restart;
    bool progressive, arithmetic, scans;
} codings[] = {{.name = "baseline.jpg"},
               {.name = "restarts.jpg", .restart = 3},
               {.name = "a restart each.jpg", .restart = 1},
               {.name = "progressive.jpg", .progressive = true},
               {.name = "progressive restarts.jpg", .progressive = true, .restart = 2},
               {.name = "scans.jpg", .scans = true},
               {.name = "scans restarts.jpg", .scans = true, .restart = 4},
               {.name = "arithmetic.jpg", .arithmetic = true}};
enum { CODINGS = sizeof codings / sizeof codings[0] };

START_TEST(a_jpeg_may_lack_its_end_marker_alone) {
    unsigned char *data;
    unsigned long bytes =
        write_jpeg(codings[_i].restart, codings[_i].progressive, codings[_i].arithmetic, codings[_i].scans, &data);
    /* An arithmetic coder does not say where it ends. */
    check_cuts(codings[_i].name, data, bytes, codings[_i].arithmetic ? bytes : bytes - 2);
    free(data);
}
END_TEST

/* A scan that is missing, with the marker where the file goes on: only progressive files may leave out some. */
START_TEST(a_jpeg_without_a_scan_of_its_colors_is_refused) {
    unsigned char *data;
    unsigned long bytes = write_jpeg(0, false, false, true, &data);
    int scans = 0;
    for (unsigned long i = 2; i + 1 < bytes; i++) {
        if (data[i] != 0xff || data[i + 1] != 0xda || scans++ == 0)
            continue;
        unsigned char old = data[i + 1];
        pst_image *image;
        data[i + 1] = 0xd9;
        ck_assert_int_eq(pst_img_decode(&error, data, i + 2, "scans.jpg", &image), PST_ERROR_FORMAT);
        data[i + 1] = old;
    }
    ck_assert_int_eq(scans, 3);
    free(data);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("image faults");
    TCase *cases = tcase_create("image faults");
    suite_add_tcase(suite, cases);
    tcase_set_timeout(cases, 300);
    tcase_add_test(cases, images_are_made);
    tcase_add_test(cases, every_image_is_read_or_refused_with_its_reason);
    tcase_add_test(cases, a_damaged_or_cut_image_is_read_or_refused);
    tcase_add_test(cases, a_png_may_lack_what_follows_its_pixels);
    tcase_add_loop_test(cases, a_jpeg_may_lack_its_end_marker_alone, 0, CODINGS);
    tcase_add_test(cases, a_jpeg_without_a_scan_of_its_colors_is_refused);
    return test_run(suite);
}
