/* Images by independent writers (make_images.py) are read as what they show, and what is written is read by
 * independent readers; cut and damaged ones are refused. */
/* promise: damage */
#define _POSIX_C_SOURCE 200809L

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "base/memory.h"
#include "image/image.h"
#include "image/metadata.h"
#include "image/profile.h"
#include "image_truth.h"
#include "support.h"

static pst_error error;

#ifdef PST_WITH_LCMS2
#define TOLD_COLORS "--check --colors"
#else
#define TOLD_COLORS "--check"
#endif

START_TEST(images_are_made) {
    int code = make_images("make_images.py", "");
    if (code == TEST_SKIPPED)
        exit(TEST_SKIPPED);
    ck_assert_int_eq(code, 0);
}
END_TEST

START_TEST(every_image_is_read_as_what_it_shows) {
    char line[512];
    int count = 0;
    FILE *list = fopen(made_path("list"), "r");
    ck_assert_ptr_nonnull(list);
    while (fgets(line, sizeof line, list)) {
        char *name;
        double tolerance = strtod(line, &name);
        name++;
        name[strcspn(name, "\n")] = '\0';
        pst_image *image;
        pst_status status = pst_img_read(&error, made_path(name), &image);
        if (!image_within_reach(name)) {
            ck_assert_msg(status == PST_OK || status == PST_ERROR_UNSUPPORTED, "%s: %s", name, error.text);
            pst_image_destroy(image);
            continue;
        }
        ck_assert_msg(status == PST_OK, "%s", error.text);
        char path[600];
        snprintf(path, sizeof path, "%s.truth", name);
        image_truth t = image_truth_read(made_path(path));
        ck_assert_msg(image->width == t.width && image->height == t.height, "%s: %dx%d", name, image->width,
                      image->height);
        ck_assert_msg((image->alpha != NULL) == (t.has_alpha != 0), "%s: opacity", name);
        double worst = image_truth_difference(image, &t);
        ck_assert_msg(worst <= tolerance, "%s: off by %g", name, worst);
        bool broken = strstr(name, "broken profile") != NULL;
        ck_assert_msg((strstr(image->notice, "profile") != NULL) == broken, "%s: notice \"%s\"", name, image->notice);
        ck_assert_uint_eq(strlen(pst_image_sha256(image)), 64);
        pst_image_destroy(image);
        free(t.rgb);
        count++;
    }
    fclose(list);
    printf("%d images compared\n", count);
    ck_assert_int_ge(count, 30);
}
END_TEST

/* ---- cut and damaged ---- */

static const char *const fragile[] = {"turn6.jpg",   "turn6.png",        "turn6.tif",     "turn6.webp",
                                      "adobe.jpg",   "adobe16.png",      "rgb16.tif",     "planes16.tif",
                                      "tiled16.tif", "deflate16.tif",    "jpeg.tif",      "alpha.webp",
                                      "bigtiff.tif", "inks profile.jpg", "float.tif",     "inks profile.tif",
                                      "adobe.webp",  "light.hdr",        "light runs.hdr"};

/* Behind its pixels a file may lack something that nobody needs; otherwise a part of an image must not pass for it. */
START_TEST(a_part_of_an_image_is_refused_or_all_that_matters) {
    const char *name = fragile[_i];
    uint8_t *data;
    size_t bytes;
    pst_image *whole, *part;
    if (!image_within_reach(name))
        return;
    ck_ok(error, pst_file_load(&error, made_path(name), 1 << 24, &data, &bytes));
    ck_ok(error, pst_img_decode(&error, data, bytes, name, &whole));
    size_t step = 1 + bytes / 300;
    for (size_t kept = 0; kept < bytes; kept += kept < 200 || bytes - kept < 100 ? 1 : step) {
        uint8_t *copy = malloc(kept + 1); /* nothing behind the end that could be read unnoticed */
        memcpy(copy, data, kept);
        pst_status status = pst_img_decode(&error, copy, kept, name, &part);
        ck_assert_msg(status == PST_ERROR_FORMAT || status == PST_ERROR_UNSUPPORTED ||
                          (status == PST_OK && strstr(name, ".tif") && part->width == whole->width &&
                           part->height == whole->height) ||
                          (status == PST_OK && part->notice[0] && image_same(whole, part)),
                      "%s cut to %zu of %zu: %s", name, kept, bytes, status ? error.text : "was read");
        ck_assert_msg(status == PST_OK || (strlen(error.text) < 400 && !strchr(error.text, '\n')), "%s", error.text);
        pst_image_destroy(part);
        free(copy);
    }
    ck_ok(error, pst_img_decode(&error, data, bytes, name, &part)); /* and nothing lingers */
    ck_assert(image_same(whole, part));
    pst_image_destroy(part);
    pst_image_destroy(whole);
    pst_free(data);
}
END_TEST

START_TEST(a_damaged_image_is_read_or_refused) {
    const char *name = fragile[_i];
    uint8_t *data;
    size_t bytes;
    uint64_t state = 5;
    if (!image_within_reach(name))
        return;
    ck_ok(error, pst_file_load(&error, made_path(name), 1 << 24, &data, &bytes));
    for (int trial = 0; trial < 200; trial++) {
        size_t at[3];
        uint8_t old[3];
        int changes = 1 + trial % 3;
        for (int i = 0; i < changes; i++) {
            /* headers first: there is more to go wrong */
            size_t reach = trial % 2 ? bytes : bytes < 400 ? bytes : 400;
            at[i] = (size_t)((double)(test_random(&state) + 1) / 2.0000002 * (double)reach);
            old[i] = data[at[i]];
            data[at[i]] = (uint8_t)((test_random(&state) + 1) * 127.9f);
        }
        pst_image *image;
        pst_status status = pst_img_decode(&error, data, bytes, name, &image);
        ck_assert((status == PST_OK) == (image != NULL));
        ck_assert_msg(status == PST_OK || status == PST_ERROR_FORMAT || status == PST_ERROR_UNSUPPORTED ||
                          status == PST_ERROR_MEMORY,
                      "%s: %s", name, error.text);
        for (size_t i = 0; image && i < (size_t)image->width * (size_t)image->height * 3; i++)
            ck_assert(image->rgb[i] >= 0 && image->rgb[i] <= 255);
        pst_image_destroy(image);
        for (int i = changes; i-- > 0;)
            data[at[i]] = old[i];
    }
    pst_free(data);
}
END_TEST

/* ---- opacity ---- */

START_TEST(what_is_transparent_does_not_bleed) {
    static const int sizes[][4] = {{40, 30, 17, 11}, {20, 15, 64, 50}, {33, 47, 33, 12}};
    for (size_t s = 0; s < sizeof sizes / sizeof sizes[0]; s++) {
        int width = sizes[s][0], height = sizes[s][1];
        size_t pixels = (size_t)width * (size_t)height;
        float *rgb = malloc(3 * pixels * sizeof(float)), *alpha = malloc(pixels * sizeof(float));
        pst_image *image, *resized[2], *again;
        for (int garbage = 0; garbage < 2; garbage++) {
            for (size_t i = 0; i < pixels;
                 i++) { /* a disc of one color with a soft edge; elsewhere whatever there may be */
                double x = (double)(i % (size_t)width) - width / 2.0, y = (double)(i / (size_t)width) - height / 2.0;
                alpha[i] = (float)fmin(fmax(height / 3.0 - sqrt(x * x + y * y), 0), 3) / 3;
                for (size_t c = 0; c < 3; c++)
                    rgb[3 * i + c] = alpha[i] > 0 ? 40.0f + 70.0f * (float)c : garbage ? 255.0f : 0.0f;
            }
            ck_ok(error, pst_img_create(&error, width, height, rgb, &image));
            ck_ok(error, pst_img_set_alpha(&error, image, alpha));
            ck_ok(error, pst_img_resize(&error, image, sizes[s][2], sizes[s][3], &resized[garbage]));
            ck_ok(error, pst_img_resize(&error, image, width, height, &again));
            ck_assert_mem_eq(again->alpha, alpha, pixels * sizeof(float));
            pst_image_destroy(again);
            pst_image_destroy(image);
        }
        size_t count = (size_t)sizes[s][2] * (size_t)sizes[s][3], shown = 0;
        ck_assert_mem_eq(resized[0]->rgb, resized[1]->rgb, 3 * count * sizeof(float));
        for (size_t i = 0; i < count; i++)
            for (size_t c = 0; c < 3; c++) {
                bool there = resized[0]->alpha[i] > 0;
                shown += there;
                float expected = there ? 40.0f + 70.0f * (float)c : 255.0f, got = resized[0]->rgb[3 * i + c];
                ck_assert_msg(fabsf(got - expected) <= 2e-3f, "%zu: %g, not %g", i, (double)got, (double)expected);
            }
        ck_assert_uint_gt(shown, count / 4);
        /* The opacity itself is resized as any sample is. */
        pst_image *plane, *plane_resized;
        for (size_t i = 0; i < 3 * pixels; i++)
            rgb[i] = alpha[i / 3] * 255;
        ck_ok(error, pst_img_create(&error, width, height, rgb, &plane));
        ck_ok(error, pst_img_resize(&error, plane, sizes[s][2], sizes[s][3], &plane_resized));
        for (size_t i = 0; i < count; i++)
            ck_assert_float_eq_tol(plane_resized->rgb[3 * i], resized[0]->alpha[i] * 255, 3e-3f);
        ck_ok(error, pst_img_create(&error, 5, 7, NULL, &again));
        ck_ok(error, pst_img_take_alpha(&error, again, resized[0]));
        ck_assert_ptr_nonnull(again->alpha);
        ck_ok(error, pst_img_take_alpha(&error, again, plane));
        ck_assert_ptr_null(again->alpha);
        pst_image_destroy(again);
        pst_image_destroy(plane);
        pst_image_destroy(plane_resized);
        pst_image_destroy(resized[0]);
        pst_image_destroy(resized[1]);
        free(rgb);
        free(alpha);
    }
}
END_TEST

/* ---- writing ---- */

static pst_image *some_image(int width, int height, bool alpha, uint64_t seed) {
    pst_image *image;
    ck_ok(error, pst_img_create(&error, width, height, NULL, &image));
    for (int i = 0; i < width * height * 3; i++)
        image->rgb[i] = test_random(&seed) * 140 + 128; /* beyond both ends too */
    if (alpha) {
        ck_ok(error, pst_allocate(&error, (size_t)(width * height), sizeof(float), &image->alpha));
        for (int i = 0; i < width * height; i++)
            image->alpha[i] = i % 5 ? (test_random(&seed) + 1) / 2 : 0;
    }
    return image;
}

static void write_truth(const char *path, const pst_image *image, bool alpha) {
    int32_t head[3] = {image->width, image->height, alpha};
    FILE *file = fopen(path, "wb");
    ck_assert_ptr_nonnull(file);
    fwrite(head, sizeof head, 1, file);
    for (int i = 0; i < image->width * image->height * 3; i++) {
        double value = (double)image->rgb[i], over = image->alpha && !alpha ? (double)image->alpha[i / 3] : 1;
        value = value < 0 ? 0 : value > 255 ? 255 : value;
        value = 255 + (value - 255) * over;
        fwrite(&value, sizeof value, 1, file);
    }
    for (int i = 0; alpha && i < image->width * image->height; i++) {
        double value = (double)image->alpha[i];
        fwrite(&value, sizeof value, 1, file);
    }
    fclose(file);
}

START_TEST(what_is_written_is_read_by_others) {
    static const struct {
        const char *name;
        int bits;
        bool alpha;
        double tolerance;
    } cases[] = {
        {"w8.png", 8, true, 0},         {"w16.png", 16, true, 0},     {"w8.tif", 8, true, 0},
        {"w16.tif", 16, true, 0},       {"w.webp", 8, true, 0},       {"w.tga", 8, true, 0},
        {"w.bmp", 8, false, 1},         {"opaque8.png", 8, false, 0}, {"opaque16.png", 16, false, 0},
        {"opaque16.tif", 16, false, 0}, {"opaque.webp", 8, false, 0},
    };
    FILE *list = fopen(made_path("checks"), "w");
    ck_assert_ptr_nonnull(list);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        bool flat = strncmp(cases[i].name, "opaque", 6) == 0;
        pst_image *image = some_image(29 + (int)i, 23, !flat, i + 1);
        pst_write_options options;
        pst_write_options_init(&options, sizeof options);
        options.bits = cases[i].bits;
        options.metadata = "{\"a\": \"<&>\\\"' \xc3\xa4\xe7\xb5\xb5\"}";
        pst_status status = pst_img_write_check(&error, made_path(cases[i].name), &options);
        if (status == PST_ERROR_UNSUPPORTED)
            continue; /* this build has no library for it, and says so beforehand */
        ck_ok(error, status);
        ck_ok(error, pst_img_write(&error, image, made_path(cases[i].name), &options));
        char path[64], *text;
        snprintf(path, sizeof path, "%s.truth", cases[i].name);
        write_truth(made_path(path), image, cases[i].alpha);
        fprintf(list, "%s %d %g\n", cases[i].name, cases[i].bits, cases[i].tolerance);
        ck_ok(error, pst_img_metadata(&error, made_path(cases[i].name), &text));
        bool room = !strstr(cases[i].name, ".bmp") && !strstr(cases[i].name, ".tga");
        ck_assert_msg((text != NULL) == room && (!room || strcmp(text, options.metadata) == 0), "%s: %s", cases[i].name,
                      text ? text : "none");
        pst_free(text);
        pst_image_destroy(image);
    }
    fclose(list);
    ck_assert_int_eq(make_images("make_images.py", TOLD_COLORS), 0);
}
END_TEST

START_TEST(sixteen_bits_come_back_exactly) {
#ifdef PST_WITH_LIBTIFF
    static const char *const names[] = {"all.png", "all.tif"};
    pst_image *image, *again;
    ck_ok(error, pst_img_create(&error, 256, 256, NULL, &image));
    ck_ok(error, pst_allocate(&error, 65536, sizeof(float), &image->alpha));
    for (int i = 0; i < 65536; i++) { /* every value in every channel */
        image->rgb[3 * i] = (float)i / 257.0f;
        image->rgb[3 * i + 1] = (float)(65535 - i) / 257.0f;
        image->rgb[3 * i + 2] = (float)(i * 7 % 65536) / 257.0f;
        image->alpha[i] = (float)(i | 1) / 65535.0f;
    }
    for (size_t n = 0; n < 2; n++) {
        pst_write_options options;
        pst_write_options_init(&options, sizeof options);
        options.bits = 16;
        ck_ok(error, pst_img_write(&error, image, test_path(names[n]), &options));
        ck_ok(error, pst_img_read(&error, test_path(names[n]), &again));
        ck_assert(image_same(image, again));
        for (int i = 0; i < 65536; i++)
            ck_assert_float_eq_tol(image->alpha[i], again->alpha[i], 1e-7f);
        pst_image_destroy(again);
    }
    pst_image_destroy(image);
#endif
}
END_TEST

START_TEST(jpeg_and_webp_have_a_quality) {
    static const char *const names[] = {"q.jpg", "q.webp"};
    for (size_t n = 0; n < 2; n++) {
        size_t sizes[3] = {0};
        double off[3] = {0};
        pst_image *image, *again;
        pst_write_options options;
        ck_ok(error, pst_img_create(&error, 64, 48, NULL, &image));
        for (int i = 0; i < 64 * 48 * 3; i++)
            image->rgb[i] = (float)(127 + 100 * sin(i % 192 / 20.0) * cos(i / 192 / 5.0));
        for (int q = 0; q < 3; q++) {
            uint8_t *data;
            pst_write_options_init(&options, sizeof options);
            options.format = n ? PST_FORMAT_WEBP : PST_FORMAT_JPEG;
            options.quality = 20 + 40 * q;
            if (pst_img_write_check(&error, NULL, &options) == PST_ERROR_UNSUPPORTED)
                break;
            ck_ok(error, pst_img_encode(&error, image, &options, &data, &sizes[q]));
            ck_ok(error, pst_img_decode(&error, data, sizes[q], names[n], &again));
            for (int i = 0; i < 64 * 48 * 3; i++)
                off[q] += fabs((double)image->rgb[i] - (double)again->rgb[i]) / (64 * 48 * 3);
            pst_image_destroy(again);
            pst_free(data);
        }
        ck_assert(sizes[0] == 0 ||
                  (sizes[0] < sizes[1] && sizes[1] < sizes[2] && off[0] > off[1] && off[1] > off[2] && off[2] < 2));
        pst_image_destroy(image);
    }
}
END_TEST

START_TEST(impossible_wishes_are_refused_beforehand) {
    static const struct {
        const char *name;
        pst_write_options options;
        pst_status status;
        const char *word;
    } cases[] = {
        {"a.jpg", {.bits = 16}, PST_ERROR_ARGUMENT, "16"},
        {"a.webp", {.bits = 16}, PST_ERROR_ARGUMENT, "16"},
        {"a.png", {.bits = 12}, PST_ERROR_ARGUMENT, "8 or 16"},
        {"a.jpg", {.quality = 101}, PST_ERROR_ARGUMENT, "quality"},
        {"a.png", {.format = (pst_image_format)99}, PST_ERROR_ARGUMENT, "format"},
        {"a.bmp", {.output_profile = "adobe.icc"}, PST_ERROR_UNSUPPORTED, "profile"},
#ifdef PST_WITH_LCMS2
        {"a.png", {.output_profile = "press.icc"}, PST_ERROR_FORMAT, "RGB"},
        {"a.png", {.output_profile = "list"}, PST_ERROR_FORMAT, "not a color profile"},
        {"a.png", {.output_profile = "missing.icc"}, PST_ERROR_FILE, "missing.icc"},
#endif
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        pst_write_options options = cases[i].options;
        options.size = sizeof options;
        if (options.output_profile)
            options.output_profile = made_path(options.output_profile);
        pst_status status = pst_img_write_check(&error, test_path(cases[i].name), &options);
        ck_assert_msg(status == cases[i].status || status == PST_ERROR_UNSUPPORTED, "%zu: %s", i, error.text);
        ck_assert_msg(strstr(error.text, cases[i].word) || status == PST_ERROR_UNSUPPORTED, "%zu: %s", i, error.text);
    }
}
END_TEST

/* ---- profiles for writing ---- */

#ifdef PST_WITH_LCMS2
/* To a wide profile and back again, in 16 bits. */
START_TEST(an_output_profile_is_undone_by_reading) {
    static const char *const names[] = {"wide.png", "wide.tif", "wide.jpg", "wide.webp"};
    static const double tolerances[] = {0.01, 0.01, 2, 0.5};
    for (size_t n = 0; n < 4; n++) {
        pst_image *image, *again;
        pst_write_options options;
        char profile[600];
        strcpy(profile, made_path("prophoto.icc"));
        pst_write_options_init(&options, sizeof options);
        options.output_profile = profile;
        options.bits = n < 2 ? 16 : 8;
        options.quality = n == 2 ? 100 : 0;
        if (pst_img_write_check(&error, test_path(names[n]), &options) == PST_ERROR_UNSUPPORTED)
            continue;
        ck_ok(error, pst_img_create(&error, 48, 32, NULL, &image));
        for (int i = 0; i < 48 * 32; i++) {
            image->rgb[3 * i] = (float)(20 + 4 * (i % 48));
            image->rgb[3 * i + 1] = (float)(20 + 6 * (i / 48));
            image->rgb[3 * i + 2] = 128;
        }
        ck_ok(error, pst_img_write(&error, image, test_path(names[n]), &options));
        ck_ok(error, pst_img_read(&error, test_path(names[n]), &again));
        double mean = 0;
        for (int i = 0; i < 48 * 32 * 3; i++)
            mean += fabs((double)image->rgb[i] - (double)again->rgb[i]) / (48 * 32 * 3);
        ck_assert_msg(mean <= tolerances[n], "%s: off by %g", names[n], mean);
        pst_image_destroy(image);
        pst_image_destroy(again);
    }
}
END_TEST

START_TEST(a_proof_is_what_the_press_can_print) {
    static const char *const names[] = {"perceptual", "relative"};
    for (int intent = 0; intent < 2; intent++) {
        char name[64];
        pst_image *image;
        snprintf(name, sizeof name, "proof %s.png", names[intent]);
        ck_ok(error, pst_img_read(&error, made_path(name), &image));
        pst_image *before;
        ck_ok(error, pst_img_create(&error, image->width, image->height, image->rgb, &before));
        ck_ok(error, pst_img_proof(&error, image, made_path("press.icc"), (pst_intent)intent));
        snprintf(name, sizeof name, "proof %s.proof", names[intent]);
        image_truth t = image_truth_read(made_path(name));
        double mean = 0, moved = 0;
        for (int i = 0; i < t.width * t.height * 3; i++) {
            mean += fabs((double)image->rgb[i] - t.rgb[i]) / (t.width * t.height * 3);
            moved = fmax(moved, fabs((double)image->rgb[i] - (double)before->rgb[i]));
        }
        ck_assert_msg(mean < 2, "%s: off by %g", names[intent],
                      mean);            /* theirs has two roundings to 8 bits and tables */
        ck_assert_double_gt(moved, 30); /* the press is dull */
        free(t.rgb);
        pst_image_destroy(image);
        pst_image_destroy(before);
    }
    pst_image *image = some_image(4, 4, false, 1);
    ck_assert_int_eq(pst_img_proof(&error, image, made_path("list"), PST_INTENT_RELATIVE), PST_ERROR_FORMAT);
    ck_assert_int_eq(pst_img_proof(&error, image, made_path("press.icc"), (pst_intent)7), PST_ERROR_ARGUMENT);
    pst_image_destroy(image);
}
END_TEST
#endif

/* ---- EXIF ---- */

START_TEST(exif_that_makes_no_sense_is_no_orientation) {
    static const struct {
        const char *bytes;
        size_t count;
        int orientation;
    } cases[] = {
        {"", 0, 0},
        {"II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0", 22, 6},
        {"Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x08\0\0", 28, 8},
        {"II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x09\0\0\0", 22, 0},       /* no such one */
        {"II*\0\x08\0\0\0\x01\0\x12\x01\x02\0\x01\0\0\0\x06\0\0\0", 22, 0},       /* a text */
        {"II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x06", 19, 0},             /* cut */
        {"II*\0\xff\xff\xff\xff\x01\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0", 22, 0}, /* elsewhere */
        {"II*\0\x08\0\0\0\xff\xff\x12\x01\x03\0\x01\0\0\0\x06\0\0\0", 22, 6},     /* more entries than there are */
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uint8_t *copy = malloc(cases[i].count + 1);
        memcpy(copy, cases[i].bytes, cases[i].count);
        int got = pst_exif_orientation(copy, cases[i].count);
        ck_assert_msg(got == cases[i].orientation, "%zu: %d", i, got);
        free(copy);
    }
}
END_TEST

int main(void) {
    Suite *suite = suite_create("images");
    TCase *cases = tcase_create("images");
    int fragile_count = sizeof fragile / sizeof fragile[0];
    suite_add_tcase(suite, cases);
    tcase_set_timeout(cases, 300);
    tcase_add_test(cases, images_are_made);
    tcase_add_test(cases, every_image_is_read_as_what_it_shows);
    tcase_add_loop_test(cases, a_part_of_an_image_is_refused_or_all_that_matters, 0, fragile_count);
    tcase_add_loop_test(cases, a_damaged_image_is_read_or_refused, 0, fragile_count);
    tcase_add_test(cases, what_is_transparent_does_not_bleed);
    tcase_add_test(cases, what_is_written_is_read_by_others);
    tcase_add_test(cases, sixteen_bits_come_back_exactly);
    tcase_add_test(cases, jpeg_and_webp_have_a_quality);
    tcase_add_test(cases, impossible_wishes_are_refused_beforehand);
#ifdef PST_WITH_LCMS2
    tcase_add_test(cases, an_output_profile_is_undone_by_reading);
    tcase_add_test(cases, a_proof_is_what_the_press_can_print);
#endif
    tcase_add_test(cases, exif_that_makes_no_sense_is_no_orientation);
    return test_run(suite);
}
