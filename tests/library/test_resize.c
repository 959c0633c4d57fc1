/* Resizing, and the sizes and colors of images, against the definitions. */
#include <math.h>
#include <string.h>

#include "image/image.h"
#include "image/plane.h"
#include "image_truth.h"
#include "support.h"

static pst_error error;

static double mean_difference(const pst_image *a, const pst_image *b) {
    double sum = 0;
    ck_assert(a->width == b->width && a->height == b->height);
    for (int i = 0; i < a->width * a->height * 3; i++)
        sum += fabs((double)a->rgb[i] - (double)b->rgb[i]);
    return sum / (a->width * a->height * 3);
}

static bool in_range(const pst_image *image) {
    size_t count = image ? (size_t)image->width * (size_t)image->height * 3 : 0, i = 0;
    while (i < count && image->rgb[i] >= 0 && image->rgb[i] <= 255)
        i++;
    return i == count;
}

/* An image whose samples are a function of the place of their centers. */
static pst_image *ramp(int width, int height, double across, double down) {
    pst_image *image;
    ck_ok(error, pst_img_create(&error, width, height, NULL, &image));
    for (int y = 0; y < height; y++)
        for (int x = 0; x < width; x++)
            for (int c = 0; c < 3; c++)
                image->rgb[(y * width + x) * 3 + c] =
                    (float)(10 + 5 * c + across * (x + 0.5) / width + down * (y + 0.5) / height);
    return image;
}

START_TEST(a_ramp_stays_a_ramp) {
    static const int sizes[][4] = {{64, 48, 128, 96},   {64, 48, 32, 24},   {64, 48, 65, 47}, {97, 61, 31, 200},
                                   {200, 300, 512, 77}, {640, 480, 50, 37}, {64, 40, 64, 80}};
    for (size_t s = 0; s < sizeof sizes / sizeof sizes[0]; s++) {
        const int *size = sizes[s];
        pst_image *source = ramp(size[0], size[1], 120, 90), *expected = ramp(size[2], size[3], 120, 90), *image;
        ck_ok(error, pst_img_resize(&error, source, size[2], size[3], &image));
        ck_assert(image->width == size[2] && image->height == size[3]);
        /* Within the filter's reach of the edge the image goes on flat, which is no ramp. */
        int edge_x = 2 + (int)ceil(2.0 * size[2] / size[0]), edge_y = 2 + (int)ceil(2.0 * size[3] / size[1]);
        /* A stretched filter, sampled off its center, has a small first moment of its own. */
        bool shrunk = size[2] < size[0] || size[3] < size[1];
        float worst = 0;
        for (int y = edge_y; y < size[3] - edge_y; y++)
            for (int i = (y * size[2] + edge_x) * 3; i < (y * size[2] + size[2] - edge_x) * 3; i++)
                worst = fmaxf(worst, fabsf(image->rgb[i] - expected->rgb[i]));
        ck_assert_float_lt(worst, shrunk ? 0.06f : 1e-3f);
        pst_image_destroy(source);
        pst_image_destroy(expected);
        pst_image_destroy(image);
    }
}
END_TEST

START_TEST(resizing_keeps_what_it_must) {
    static const int sizes[][4] = {{1, 1, 7, 5},     {7, 5, 1, 1},     {1, 100, 3, 30}, {100, 1, 30, 3},
                                   {2, 2, 501, 499}, {301, 299, 2, 2}, {13, 17, 13, 5}, {13, 17, 40, 17},
                                   {5, 4, 6, 3},     {3000, 1, 1, 2}};
    for (size_t s = 0; s < sizeof sizes / sizeof sizes[0]; s++) {
        const int *size = sizes[s];
        pst_image *flat = ramp(size[0], size[1], 0, 0), *noise = random_image(size[0], size[1], s), *a, *b;
        ck_ok(error, pst_img_resize(&error, flat, size[2], size[3], &a));
        float error_of_flat = 0;
        for (int i = 0; i < size[2] * size[3] * 3; i++)
            error_of_flat = fmaxf(error_of_flat, fabsf(a->rgb[i] - (10.0f + 5.0f * (float)(i % 3))));
        ck_assert_float_lt(error_of_flat, 1e-4f);
        pst_image_destroy(a);

        /* Turned by half before or after is the same; nothing leaves 0..255. */
        ck_ok(error, pst_img_resize(&error, noise, size[2], size[3], &a));
        int count = size[0] * size[1];
        for (int i = 0; i < count; i++)
            memcpy(flat->rgb + 3 * i, noise->rgb + 3 * (count - 1 - i), 3 * sizeof(float));
        ck_ok(error, pst_img_resize(&error, flat, size[2], size[3], &b));
        count = size[2] * size[3];
        float worst = 0;
        for (int i = 0; i < 3 * count; i++)
            worst = fmaxf(worst, fabsf(a->rgb[i] - b->rgb[3 * (count - 1 - i / 3) + i % 3]));
        ck_assert_float_lt(worst, 1e-3f);
        ck_assert(in_range(a));
        pst_image_destroy(a);
        pst_image_destroy(b);

        ck_ok(error, pst_img_resize(&error, noise, size[0], size[1], &a));
        ck_assert(a != noise && mean_difference(a, noise) == 0);
        pst_image_destroy(a);
        pst_image_destroy(flat);
        pst_image_destroy(noise);
    }
    pst_image *image = random_image(2, 2, 1), *none;
    ck_assert_int_eq(pst_img_resize(&error, image, 0, 5, &none), PST_ERROR_ARGUMENT);
    ck_assert_ptr_null(none);
    pst_image_destroy(image);
}
END_TEST

START_TEST(resizing_is_catmull_rom) {
    /* Doubled, each sample lies a quarter beside an old one. */
    static const double weights[4] = {-0.0234375, 0.2265625, 0.8671875, -0.0703125};
    pst_image *image = random_image(12, 1, 3), *doubled, *lines, *small;
    for (int i = 0; i < 36; i++)
        image->rgb[i] = 64 + image->rgb[i] / 2; /* far from the clamps */
    ck_ok(error, pst_img_resize(&error, image, 24, 1, &doubled));
    for (int x = 2; x < 10; x++)
        for (int c = 0; c < 3; c++) {
            double left = 0, right = 0;
            for (int k = 0; k < 4; k++) {
                left += weights[k] * (double)image->rgb[3 * (x - 2 + k) + c];
                right += weights[k] * (double)image->rgb[3 * (x + 2 - k) + c];
            }
            ck_assert_double_eq_tol((double)doubled->rgb[3 * (2 * x) + c], left, 1e-4);
            ck_assert_double_eq_tol((double)doubled->rgb[3 * (2 * x + 1) + c], right, 1e-4);
        }

    /* The finest lines turn gray when shrunk; an unwidened filter would keep them or make new ones. */
    ck_ok(error, pst_img_create(&error, 400, 4, NULL, &lines));
    for (int i = 0; i < 400 * 4 * 3; i++)
        lines->rgb[i] = i / 3 % 2 ? 255 : 0;
    ck_ok(error, pst_img_resize(&error, lines, 90, 4, &small));
    for (int i = 0; i < 90 * 4 * 3; i++)
        if (i / 3 % 90 > 2 && i / 3 % 90 < 87)
            ck_assert_float_eq_tol(small->rgb[i], 127.5f, 3);
    pst_image_destroy(image);
    pst_image_destroy(doubled);
    pst_image_destroy(lines);
    pst_image_destroy(small);
}
END_TEST

/* Planes by the cubic filter are images that nothing clamps: they follow any scale and offset of the samples. */
START_TEST(a_cubic_plane_is_an_image_without_limits) {
    static const int sizes[][4] = {{20, 15, 33, 41}, {20, 15, 7, 6}, {20, 15, 40, 4}};
    const float unit = 1e-4f, offset = -100;
    float from[20 * 15 * 3], to[41 * 40 * 3];
    for (size_t s = 0; s < sizeof sizes / sizeof sizes[0]; s++) {
        const int *size = sizes[s];
        pst_image *source = random_image(size[0], size[1], s), *image;
        for (int i = 0; i < size[0] * size[1] * 3; i++) {
            source->rgb[i] = 64 + source->rgb[i] / 2; /* no overshoot leaves 0 to 255 */
            from[i] = (source->rgb[i] + offset) * unit;
        }
        ck_ok(error, pst_img_resize(&error, source, size[2], size[3], &image));
        ck_ok(error, pst_plane_resize(&error, PST_FILTER_CUBIC, 3, from, size[0], size[1], to, size[2], size[3]));
        for (int i = 0; i < size[2] * size[3] * 3; i++)
            ck_assert_float_eq_tol(to[i] / unit - offset, image->rgb[i], 1e-3f);
        pst_image_destroy(source);
        pst_image_destroy(image);
    }
}
END_TEST

START_TEST(sizes_fit_as_in_neural_style) {
    static const int cases[][5] = {{1024, 768, 512, 512, 384},
                                   {1000, 333, 512, 512, 170},
                                   {333, 1000, 512, 170, 512},
                                   {100, 100, 700, 700, 700},
                                   {65535, 1, 512, 512, 1},
                                   {1, 65535, 65535, 1, 65535},
                                   {65535, 65534, 65535, 65535, 65534},
                                   {3, 2, 1, 1, 1}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        int width, height;
        pst_img_fit(cases[i][0], cases[i][1], cases[i][2], &width, &height);
        ck_assert_int_eq(width, cases[i][3]);
        ck_assert_int_eq(height, cases[i][4]);
    }
}
END_TEST

START_TEST(colors_are_kept) {
    pst_image *image = random_image(50, 40, 1), *colors = random_image(50, 40, 2), *old;
    ck_ok(error, pst_img_create(&error, 50, 40, image->rgb, &old));
    pst_img_keep_colors(image, colors, PST_COLOR_SPACE_YUV);
    for (int i = 0; i < 50 * 40; i++) {
        const float *p = image->rgb + 3 * i, *q = colors->rgb + 3 * i, *o = old->rgb + 3 * i;
        bool clamped = false;
        for (int c = 0; c < 3; c++) {
            ck_assert(p[c] >= 0 && p[c] <= 255);
            clamped |= p[c] == 0 || p[c] == 255;
        }
        if (clamped)
            continue;
        double y = 0.299 * (double)p[0] + 0.587 * (double)p[1] + 0.114 * (double)p[2];
        double y_colors = 0.299 * (double)q[0] + 0.587 * (double)q[1] + 0.114 * (double)q[2];
        ck_assert_double_eq_tol(y, 0.299 * (double)o[0] + 0.587 * (double)o[1] + 0.114 * (double)o[2], 1e-3);
        ck_assert_double_eq_tol((double)p[2] - y, (double)q[2] - y_colors, 1e-3); /* U up to a factor */
        ck_assert_double_eq_tol((double)p[0] - y, (double)q[0] - y_colors, 1e-3); /* V */
    }
    pst_image_destroy(image);
    pst_image_destroy(colors);
    pst_image_destroy(old);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("resize");
    TCase *cases = tcase_create("resize");
    suite_add_tcase(suite, cases);
    tcase_set_timeout(cases, 120);
    tcase_add_test(cases, a_ramp_stays_a_ramp);
    tcase_add_test(cases, resizing_keeps_what_it_must);
    tcase_add_test(cases, resizing_is_catmull_rom);
    tcase_add_test(cases, a_cubic_plane_is_an_image_without_limits);
    tcase_add_test(cases, sizes_fit_as_in_neural_style);
    tcase_add_test(cases, colors_are_kept);
    return test_run(suite);
}
