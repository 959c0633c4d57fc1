#define _POSIX_C_SOURCE 200809L /* for folders and truncation; must stand before any header */

#include <dirent.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/memory.h"
#include "image/image.h"
#include "image_truth.h"
#include "support.h"

static pst_error error;

/* How a broken file of a format fails that this build may have no library for. */
#ifdef PST_WITH_WEBP
#define WITH_WEBP PST_ERROR_FORMAT
#else
#define WITH_WEBP PST_ERROR_UNSUPPORTED
#endif
#ifdef PST_WITH_LIBTIFF
#define WITH_TIFF PST_ERROR_FORMAT
#else
#define WITH_TIFF PST_ERROR_UNSUPPORTED
#endif

static pst_image *read_image(const char *path) {
    pst_image *image;
    ck_ok(error, pst_img_read(&error, path, &image));
    return image;
}

static void check_refused(const char *path, pst_status expected, const char *text) {
    pst_image *image = (pst_image *)&error;
    pst_status status = pst_img_read(&error, path, &image);
    ck_assert_msg(status == expected, "%s: %s", path, status ? error.text : "was read");
    ck_assert_ptr_null(image);
    ck_assert_msg(strncmp(error.text, path, strlen(path)) == 0, "no path: %s", error.text);
    ck_assert_msg(!text || strstr(error.text, text), "no \"%s\" in: %s", text, error.text);
}

static double mean_difference(const pst_image *a, const pst_image *b) {
    double sum = 0;
    ck_assert(a->width == b->width && a->height == b->height);
    for (int i = 0; i < a->width * a->height * 3; i++)
        sum += fabs((double)a->rgb[i] - (double)b->rgb[i]);
    return sum / (a->width * a->height * 3);
}

START_TEST(images_are_made_and_measured) {
    const float rgb[] = {1, 2, 3, 4, 5, 6}, wrong[] = {0, NAN, 0};
    pst_image *image;
    ck_ok(error, pst_img_create(&error, 2, 1, rgb, &image));
    ck_assert(pst_image_width(image) == 2 && pst_image_height(image) == 1);
    ck_assert(pst_image_samples(image) != rgb);
    ck_assert_mem_eq(pst_image_samples(image), rgb, sizeof rgb);
    pst_image_destroy(image);
    pst_image_destroy(NULL);
    ck_assert_int_eq(pst_img_create(&error, 1, 1, wrong, &image), PST_ERROR_ARGUMENT);
    const int sizes[][2] = {{0, 1}, {1, 0}, {-1, 5}, {65536, 1}, {1, 65536}, {65535, 65535}};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        ck_assert_int_eq(pst_img_create(&error, sizes[i][0], sizes[i][1], NULL, &image), PST_ERROR_ARGUMENT);
        ck_assert_ptr_null(image);
    }
}
END_TEST

START_TEST(an_image_has_a_name) {
    char name[] = "standard input";
    pst_image *image;
    ck_ok(error, pst_img_create(&error, 2, 1, NULL, &image));
    ck_assert_str_eq(pst_image_name(image), "");
    pst_fail(&error, PST_ERROR_ARGUMENT, "style 1 is wrong");
    ck_assert_int_eq(pst_img_fail_in(&error, image), PST_ERROR_ARGUMENT);
    ck_assert_str_eq(error.text, "style 1 is wrong");
    ck_ok(error, pst_img_set_name(&error, image, name));
    name[0] = 'S';
    ck_assert_str_eq(pst_image_name(image), "standard input");
    ck_assert_int_eq(pst_img_fail_in(&error, image), PST_ERROR_ARGUMENT);
    ck_assert_str_eq(error.text, "standard input: style 1 is wrong");
    ck_ok(error, pst_img_set_name(&error, image, NULL));
    ck_assert_str_eq(pst_image_name(image), "");
    const char *path = test_path("named.png");
    ck_ok(error, pst_img_write(&error, image, path, NULL));
    pst_image_destroy(image);
    ck_ok(error, pst_img_read(&error, path, &image));
    ck_assert_str_eq(pst_image_name(image), path);
    pst_image_destroy(image);
}
END_TEST

START_TEST(what_is_written_is_read_again) {
    static const int sizes[][2] = {{1, 1}, {17, 13}, {300, 2}, {1, 500}, {64, 64}};
    static const char *const names[] = {"a.png", "a.bmp", "a.tga", "a.PNG", "a.jpg", "a.JPEG"};
    for (size_t s = 0; s < sizeof sizes / sizeof sizes[0]; s++)
        for (size_t n = 0; n < sizeof names / sizeof names[0]; n++) {
            pst_image *image = random_image(sizes[s][0], sizes[s][1], s + 1);
            bool jpeg = n >= 4;
            for (int i = 0; i < image->width * image->height * 3 && jpeg; i++)
                image->rgb[i] = 40.0f + 60.0f * (float)(i % 3); /* one color; noise would be lost */
            const char *path = test_path(names[n]);
            ck_ok(error, pst_img_write_check(&error, path, NULL));
            ck_ok(error, pst_img_write(&error, image, path, NULL));
            pst_image *again = read_image(path);
            ck_assert_double_le(mean_difference(image, again), jpeg ? 1.5 : 0);
            pst_image_destroy(image);
            pst_image_destroy(again);
        }
}
END_TEST

START_TEST(samples_are_rounded_and_clamped) {
    const float given[] = {-5, 300, 0.49f, 0.5f, 127.5f, 254.6f}, expected[] = {0, 255, 0, 1, 128, 255};
    pst_image *image;
    ck_ok(error, pst_img_create(&error, 2, 1, given, &image));
    ck_ok(error, pst_img_write(&error, image, test_path("round.png"), NULL));
    image->rgb[0] = NAN;
    ck_ok(error, pst_img_write(&error, image, test_path("nan.bmp"), NULL));
    pst_image_destroy(image);
    for (int i = 0; i < 2; i++) {
        image = read_image(test_path(i ? "nan.bmp" : "round.png"));
        ck_assert_mem_eq(image->rgb, expected, sizeof expected);
        pst_image_destroy(image);
    }
}
END_TEST

/* In memory it is the file that would have been written. */
START_TEST(bytes_are_those_of_the_file) {
    static const struct {
        const char *name;
        pst_image_format format;
    } files[] = {
        {"b.png", PST_FORMAT_AUTO}, {"b.jpg", PST_FORMAT_JPEG}, {"b.bmp", PST_FORMAT_BMP}, {"b.tga", PST_FORMAT_TGA}};
    for (size_t f = 0; f < sizeof files / sizeof files[0]; f++) {
        pst_image *image = random_image(37, 21, f + 1);
        pst_write_options options;
        uint8_t *data, *file;
        size_t bytes, file_bytes;
        image->rgb[0] = NAN;
        image->rgb[1] = 300;
        ck_ok(error, pst_img_write(&error, image, test_path(files[f].name), NULL));
        ck_ok(error, pst_file_load(&error, test_path(files[f].name), 1 << 20, &file, &file_bytes));
        pst_write_options_init(&options, sizeof options);
        options.format = files[f].format;
        ck_assert_int_eq(pst_image_encode(NULL, image, f ? &options : NULL, &data, &bytes), PST_OK);
        ck_assert_uint_eq(bytes, file_bytes);
        ck_assert_mem_eq(data, file, bytes);
        pst_bytes_destroy(data);
        pst_free(file);
        options.format = PST_FORMAT_TGA + 1;
        ck_assert_int_eq(pst_image_encode(NULL, image, &options, &data, &bytes), PST_ERROR_ARGUMENT);
        ck_assert_ptr_null(data);
        ck_assert_uint_eq(bytes, 0);
        pst_image_destroy(image);
    }
    pst_bytes_destroy(NULL);
}
END_TEST

/* Without a context, as any thread may ask: the status is the same. */
START_TEST(a_context_is_not_needed) {
    const float rgb[] = {0, 128, 255}, wrong[] = {0, NAN, 0};
    pst_image *image, *again;
    uint8_t *data;
    size_t bytes;
    ck_assert_int_eq(pst_image_create(NULL, 1, 1, wrong, &image), PST_ERROR_ARGUMENT);
    ck_assert_int_eq(pst_image_create(NULL, 1, 1, rgb, &image), PST_OK);
    ck_assert_int_eq(pst_image_encode(NULL, image, NULL, &data, &bytes), PST_OK);
    ck_assert_int_eq(pst_image_decode(NULL, data, bytes, "image", &again), PST_OK);
    ck_assert_mem_eq(pst_image_samples(again), rgb, sizeof rgb);
    pst_image_destroy(again);
    ck_assert_int_eq(pst_image_decode(NULL, data, bytes / 2, "half", &again), PST_ERROR_FORMAT);
    ck_assert_ptr_null(again);
    ck_assert_int_eq(pst_image_decode(NULL, "text", 4, "text", &again), PST_ERROR_FORMAT);
    ck_assert_int_eq(pst_image_read(NULL, test_path("absent.png"), &again), PST_ERROR_FILE);
    ck_assert_int_eq(pst_image_write(NULL, image, test_path("a.gif"), NULL), PST_ERROR_ARGUMENT);
    pst_bytes_destroy(data);
    pst_image_destroy(image);
}
END_TEST

START_TEST(names_that_cannot_be_written_are_refused) {
    pst_image *image = random_image(2, 2, 1);
    static const char *const wrong[] = {"a.gif", "png", "a.", "", "a.png.txt"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        ck_assert_int_eq(pst_img_write_check(&error, wrong[i], NULL), PST_ERROR_ARGUMENT);
        ck_assert_int_eq(pst_img_write(&error, image, wrong[i], NULL), PST_ERROR_ARGUMENT);
        ck_assert_ptr_nonnull(strstr(error.text, ".jpeg"));
    }
    ck_assert_int_eq(pst_img_write_check(&error, test_path("none/a.png"), NULL), PST_ERROR_FILE);
    ck_assert_int_eq(pst_img_write(&error, image, test_path("none/a.png"), NULL), PST_ERROR_FILE);
    ck_ok(error, pst_img_write_check(&error, test_path("never.png"), NULL));
    ck_assert_int_ne(access(test_path("never.png"), F_OK), 0);
    pst_image_destroy(image);
}
END_TEST

START_TEST(other_files_are_named_for_what_they_are) {
    static const struct {
        const char *bytes;
        size_t count;
        pst_status status;
        const char *text;
    } cases[] = {
        {"", 0, PST_ERROR_FORMAT, "is empty"},
        {"<html></html>", 13, PST_ERROR_FORMAT, "not an image"},
        {"RIFF\x10\0\0\0WEBPVP8 ", 16, WITH_WEBP, "WebP"},
        {"II*\0\x08\0\0\0", 8, WITH_TIFF, "TIFF"},
        {"\0\0\0\x18"
         "ftypheic",
         12, PST_ERROR_UNSUPPORTED, "HEIC"},
        {"\0\0\0\x18"
         "ftypavif",
         12, PST_ERROR_UNSUPPORTED, "AVIF"},
        {"\xff\xd8\xff\xdb", 4, PST_ERROR_FORMAT, "JPEG image cannot be read"},
        {"\x89PNG\r\n\x1a\n", 8, PST_ERROR_FORMAT, "cut short"},
        {"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\xff\xff\0\0\xff\xff\x08\x02\0\0\0....", 33, PST_ERROR_FORMAT, NULL},
        {"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\1\x11\x70\0\0\0\1\x08\0\0\0\0\xd7\x28\x22\x97\0\0\0\1IDAT", 41,
         PST_ERROR_FORMAT, "70000 x 1 pixels; at most 65535"},
        {"P6 65535 65535 255\n....", 23, PST_ERROR_FORMAT, "PNM"},
        {"BM", 2, PST_ERROR_FORMAT, NULL},
        {"GIF89a", 6, PST_ERROR_FORMAT, NULL},
        {"8BPS", 4, PST_ERROR_FORMAT, NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        test_write(test_path("other.jpg"), cases[i].bytes, cases[i].count);
        check_refused(test_path("other.jpg"), cases[i].status, cases[i].text);
    }
    ck_ok(error, pst_folder_create(&error, test_path("folder.png")));
    check_refused(test_path("folder.png"), PST_ERROR_FILE, "is a folder");
    check_refused(test_path("nothing.png"), PST_ERROR_FILE, "no such file");
}
END_TEST

static void make_small(const char *path) {
    const char *ending = strrchr(path, '.');
    if (strcmp(ending, ".ppm") == 0) {
        static uint8_t raw[13 + 24 * 16 * 3 * 2] = "P6 24 16 999\n";
        test_write(path, raw, sizeof raw);
        return;
    }
    pst_image *image = random_image(24, 16, 5);
    ck_ok(error, pst_img_write(&error, image, path, NULL));
    pst_image_destroy(image);
}

static bool in_range(const pst_image *image) {
    size_t count = image ? (size_t)image->width * (size_t)image->height * 3 : 0, i = 0;
    while (i < count && image->rgb[i] >= 0 && image->rgb[i] <= 255)
        i++;
    return i == count;
}

static const char *const small_names[] = {"cut.png", "cut.jpg", "cut.bmp", "cut.tga", "cut.ppm"};

/* A cut that costs no pixel is in the notice. */
START_TEST(a_part_of_an_image_is_refused) {
    const char *path = test_path(small_names[_i]);
    struct stat facts;
    make_small(path);
    pst_image *whole = read_image(path);
    ck_assert_int_eq(stat(path, &facts), 0);
    for (off_t kept = facts.st_size - 1; kept >= 0; kept--) {
        pst_image *part;
        ck_assert_int_eq(truncate(path, kept), 0);
        if (pst_img_read(&error, path, &part) == PST_OK)
            ck_assert_msg(mean_difference(whole, part) == 0 && *pst_image_notice(part), "%s: %lld bytes", path,
                          (long long)kept);
        else
            check_refused(path, PST_ERROR_FORMAT, NULL);
        pst_image_destroy(part);
    }
    pst_image_destroy(whole);
}
END_TEST

START_TEST(a_damaged_image_is_read_or_refused) {
    const char *path = test_path(small_names[_i]);
    uint8_t *data;
    size_t bytes;
    uint64_t state = 9;
    make_small(path);
    ck_ok(error, pst_file_load(&error, path, 1 << 20, &data, &bytes));
    int file = open(path, O_WRONLY);
    ck_assert_int_ge(file, 0);
    for (size_t at = 0; at < bytes; at += at < 700 ? 1 : 13) {
        uint8_t changed = data[at] ^ (uint8_t)(1 + (int)((test_random(&state) + 1) * 127));
        ck_assert_int_eq(pwrite(file, &changed, 1, (off_t)at), 1);
        pst_image *image;
        pst_status status = pst_img_read(&error, path, &image);
        ck_assert_int_eq(pwrite(file, data + at, 1, (off_t)at), 1);
        ck_assert((status == PST_OK) == (image != NULL));
        ck_assert(status == PST_OK || status == PST_ERROR_FORMAT || status == PST_ERROR_UNSUPPORTED);
        ck_assert(in_range(image));
        pst_image_destroy(image);
    }
    close(file);
    pst_free(data);
}
END_TEST

static void put_bits(uint8_t *out, size_t *at, unsigned value, int count, bool high_first) {
    for (int i = 0; i < count; i++, ++*at)
        if (value >> (high_first ? count - 1 - i : i) & 1)
            out[*at / 8] |= (uint8_t)(1u << *at % 8);
}

/* Puts the check sum behind a PNG chunk that begins at `at`. */
static void put_crc(uint8_t *file, size_t at) {
    size_t length = (size_t)file[at] << 24 | (size_t)file[at + 1] << 16 | (size_t)file[at + 2] << 8 | file[at + 3];
    uint32_t crc = 0xffffffff;
    for (size_t i = at + 4; i < at + 8 + length; i++) {
        crc ^= file[i];
        for (int bit = 0; bit < 8; bit++)
            crc = crc & 1 ? crc >> 1 ^ 0xedb88320 : crc >> 1;
    }
    for (int i = 0; i < 4; i++)
        file[at + 8 + length + (size_t)i] = (uint8_t)(~crc >> (24 - 8 * i));
}

START_TEST(a_small_file_cannot_unfold_without_end) {
    enum { COPIES = 300000, BYTES = COPIES * 13 / 8 + 100 }; /* 77 MB from 488 kB */
    uint8_t *file = calloc(1, BYTES);
    ck_assert_ptr_nonnull(file);
    memcpy(file, "\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\1\0\0\0\1\x08\x02\0\0\0....", 33);
    size_t at = 41 * 8;
    put_bits(file, &at, 0x0178, 16, false); /* zlib's two bytes */
    put_bits(file, &at, 1, 1, false);       /* the last block, with the fixed codes */
    put_bits(file, &at, 1, 2, false);
    put_bits(file, &at, 0x30, 8, true); /* a zero */
    for (int i = 0; i < COPIES; i++) {
        put_bits(file, &at, 0xc5, 8, true); /* 258 bytes again, from distance 1 */
        put_bits(file, &at, 0, 5, true);
    }
    put_bits(file, &at, 0, 7, true);
    at = (at + 7) / 8 * 8; /* then zlib's sum, of so many zeros */
    uint8_t *sum = file + at / 8;
    sum[0] = (uint8_t)((1 + 258u * COPIES) % 65521 >> 8);
    sum[1] = (uint8_t)((1 + 258u * COPIES) % 65521);
    sum[3] = 1;
    at += 32;
    size_t length = (at + 7) / 8 - 41;
    for (int i = 0; i < 4; i++)
        file[33 + i] = (uint8_t)(length >> (24 - 8 * i));
    memcpy(file + 37, "IDAT", 4);
    memcpy(file + 41 + length + 4, "\0\0\0\0IEND", 8);
    put_crc(file, 8);
    put_crc(file, 33);
    put_crc(file, 41 + length + 4);
    test_write(test_path("bomb.png"), file, 41 + length + 16);
    free(file);
    pst_image *image = read_image(test_path("bomb.png")); /* no more is unfolded than its one pixel needs */
    ck_assert(image->width == 1 && image->height == 1 && image->rgb[0] == 0);
    pst_image_destroy(image);
}
END_TEST

START_TEST(opacity_is_kept_apart) {
    /* TGA, 3 by 1, blue first, rows from the top */
    uint8_t file[18 + 12] = {[2] = 2, [12] = 3, [14] = 1, [16] = 32, [17] = 0x28};
    static const uint8_t pixels[3][12] = {{10, 20, 30, 255, 10, 20, 30, 51, 10, 20, 30, 0},
                                          {10, 20, 30, 0, 11, 21, 31, 0, 12, 22, 32, 0},
                                          {10, 20, 30, 255, 11, 21, 31, 255, 12, 22, 32, 255}};
    static const float expected[3][9] = {{30, 20, 10, 30, 20, 10, 255, 255, 255},
                                         {30, 20, 10, 31, 21, 11, 32, 22, 12},
                                         {30, 20, 10, 31, 21, 11, 32, 22, 12}};
    static const float alpha[3] = {1, 0.2f, 0};
    for (int k = 0; k < 3; k++) {
        memcpy(file + 18, pixels[k], 12);
        test_write(test_path("alpha.tga"), file, sizeof file);
        pst_image *image = read_image(test_path("alpha.tga"));
        ck_assert(image->width == 3 && image->height == 1);
        for (int i = 0; i < 9; i++)
            ck_assert_float_eq_tol(image->rgb[i], expected[k][i], 1e-4f);
        ck_assert((pst_image_alpha(image) != NULL) ==
                  (k == 0)); /* none everywhere, or full everywhere: none is meant */
        for (int i = 0; i < 3 && k == 0; i++)
            ck_assert_float_eq_tol(pst_image_alpha(image)[i], alpha[i], 1e-6f);
        pst_image_destroy(image);
    }
}
END_TEST

START_TEST(pnm_is_scaled_to_255) {
    static const struct {
        const char *bytes;
        size_t count;
        float expected[6];
    } cases[] = {
        {"P6 2 1 255\n\0\1\2\xfd\xfe\xff", 17, {0, 1, 2, 253, 254, 255}},
        {"P5\n# a comment 1 1\n2 1\n15\n\x0f\x03", 28, {255, 255, 255, 51, 51, 51}},
        {"P5 2 1 65535\n\xff\xff\x01\x01", 17, {255, 255, 255, 1, 1, 1}},
        {"P3 2 1 5 0 1 2\n3 #x\n4 5", 24, {0, 51, 102, 153, 204, 255}},
        {"P2 2 1 1\n1\n0\n", 13, {255, 255, 255, 0, 0, 0}},
    };
    static const char *const wrong[] = {"P3 2 1 5 0 1 2 3 4",    "P3 2 1 5 0 1 2 3 4 6", "P3 2 1 0 0 0 0 0 0 0",
                                        "P3 2 1 5 0 1 2 3 4 -1", "P2 0 1 5 0",           "P2 70000 1 5 0",
                                        "P2 2 1 65536 0 0"};
    for (size_t k = 0; k < sizeof cases / sizeof cases[0]; k++) {
        test_write(test_path("a.ppm"), cases[k].bytes, cases[k].count);
        pst_image *image = read_image(test_path("a.ppm"));
        ck_assert(image->width == 2 && image->height == 1);
        for (int i = 0; i < 6; i++)
            ck_assert_float_eq_tol(image->rgb[i], cases[k].expected[i], 1e-4f);
        pst_image_destroy(image);
    }
    for (size_t k = 0; k < sizeof wrong / sizeof wrong[0]; k++) {
        test_write(test_path("a.ppm"), wrong[k], strlen(wrong[k]));
        check_refused(test_path("a.ppm"), PST_ERROR_FORMAT, "PNM");
    }
}
END_TEST

START_TEST(the_collected_edge_cases_are_read_or_refused) {
    static const char *const folders[] = {"exif_orientation", "jpeg", "made_here", "png", "pngsuite"};
    int read_count = 0;
    for (size_t f = 0; f < sizeof folders / sizeof folders[0]; f++) {
        char folder[128], path[1024];
        snprintf(folder, sizeof folder, "images/edge_cases/%s", folders[f]);
        const char *root = test_reference(folder);
        DIR *open = root ? opendir(root) : NULL;
        for (struct dirent *found; open && (found = readdir(open));) {
            if (found->d_name[0] == '.')
                continue;
            snprintf(path, sizeof path, "%s/%s", root, found->d_name);
            pst_image *image;
            pst_status status = pst_img_read(&error, path, &image);
            ck_assert_msg(!status || status == PST_ERROR_FORMAT || status == PST_ERROR_UNSUPPORTED, "%s", path);
            bool cut = strstr(path, "truncated_half") || strstr(path, "empty");
            ck_assert_msg(!cut || status != PST_OK, "%s", path);
            if (strstr(path, "truncated_jpeg")) /* it lacks its end marker alone */
                ck_assert_msg(status == PST_OK && *pst_image_notice(image), "%s", path);
            read_count += status == PST_OK;
            pst_image_destroy(image);
        }
        if (open)
            closedir(open);
    }
    ck_assert(read_count == 0 || read_count >= 240);
}
END_TEST

START_TEST(formats_agree_on_a_photograph) {
    static const char *const names[] = {"baseline_444.jpg", "baseline_422.jpg", "progressive_420.jpg", "cmyk_adobe.jpg",
                                        "palette64.png"};
    const char *path = test_reference("images/edge_cases/made_here/srgb_reference.png");
    if (!path)
        return;
    pst_image *reference = read_image(path);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char name[128];
        snprintf(name, sizeof name, "images/edge_cases/made_here/%s", names[i]);
        pst_image *image = read_image(test_reference(name));
        double difference = mean_difference(image, reference);
        ck_assert_msg(difference < 8, "%s: %g", names[i], difference);
        pst_image_destroy(image);
    }
    pst_image_destroy(reference);

    reference = read_image(test_reference("images/edge_cases/made_here/grey16_ramp.png"));
    int fractions = 0;
    for (int i = 0; i < reference->width * reference->height * 3; i++)
        fractions += reference->rgb[i] != floorf(reference->rgb[i]);
    ck_assert_int_gt(fractions, reference->width); /* 16 bits are not cut to 8 */
    pst_image_destroy(reference);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("image");
    TCase *cases = tcase_create("image");
    int small_count = sizeof small_names / sizeof small_names[0];
    suite_add_tcase(suite, cases);
    tcase_set_timeout(cases, 120);
    tcase_add_test(cases, images_are_made_and_measured);
    tcase_add_test(cases, an_image_has_a_name);
    tcase_add_test(cases, what_is_written_is_read_again);
    tcase_add_test(cases, samples_are_rounded_and_clamped);
    tcase_add_test(cases, bytes_are_those_of_the_file);
    tcase_add_test(cases, a_context_is_not_needed);
    tcase_add_test(cases, names_that_cannot_be_written_are_refused);
    tcase_add_test(cases, other_files_are_named_for_what_they_are);
    tcase_add_loop_test(cases, a_part_of_an_image_is_refused, 0, small_count);
    tcase_add_loop_test(cases, a_damaged_image_is_read_or_refused, 0, small_count);
    tcase_add_test(cases, a_small_file_cannot_unfold_without_end);
    tcase_add_test(cases, opacity_is_kept_apart);
    tcase_add_test(cases, pnm_is_scaled_to_255);
    tcase_add_test(cases, the_collected_edge_cases_are_read_or_refused);
    tcase_add_test(cases, formats_agree_on_a_photograph);
    return test_run(suite);
}
