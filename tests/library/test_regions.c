/* Masks and guides on the host: the regions of hard, smoothed, soft and noisy masks, and what units of the network see.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "image/mask.h"
#include "image/plane.h"
#include "loss/regions.h"
#include "support.h"

static pst_error error;

static const float colors[5][3] = {{255, 0, 0}, {0, 0, 255}, {0, 255, 0}, {0, 0, 0}, {255, 255, 255}};

static pst_image *empty(int width, int height) {
    pst_image *image;
    ck_ok(error, pst_img_create(&error, width, height, NULL, &image));
    return image;
}

static void put(pst_image *image, int x, int y, const float *a, const float *b, double part) {
    for (int c = 0; c < 3; c++)
        image->rgb[(y * image->width + x) * 3 + c] =
            (float)floor((1 - part) * (double)a[c] + part * (double)b[c] + 0.5);
}

static pst_mask *mask_of(pst_image *image) {
    pst_mask *mask;
    ck_ok(error, pst_mask_create(&error, image, &mask));
    pst_image_destroy(image);
    return mask;
}

/* The share of a color that is meant, at the mask's own size. */
static float *shares(const pst_mask *mask, const float color[3]) {
    const uint8_t wanted[3] = {(uint8_t)color[0], (uint8_t)color[1], (uint8_t)color[2]};
    float *plane = calloc((size_t)mask->width * (size_t)mask->height, sizeof(float));
    int k = pst_mask_find(mask, wanted);
    ck_assert_int_ge(k, 0);
    ck_ok(error, pst_mask_add_plane(&error, mask, (size_t)k, mask->width, mask->height, plane));
    return plane;
}

START_TEST(hard_masks_are_exact) {
    static const int sizes[][2] = {{61, 43}, {4, 4}, {300, 2}, {1, 9}, {640, 400}};
    for (size_t s = 0; s < 5; s++) {
        int w = sizes[s][0], h = sizes[s][1];
        pst_image *image = empty(w, h);
        double areas[4] = {0};
        for (int y = 0; y < h; y++)
            for (int x = 0; x < w; x++) {
                int k = (2 * x >= w) + 2 * (2 * y >= h);
                put(image, x, y, colors[k], colors[k], 0);
                areas[k] += 1.0 / (w * h);
            }
        pst_mask *mask = mask_of(image);
        size_t there = 0;
        for (int k = 0; k < 4; k++) {
            there += areas[k] > 0;
            if (areas[k] == 0)
                continue;
            float *plane = shares(mask, colors[k]);
            for (int i = 0; i < w * h; i++)
                ck_assert(plane[i] == (float)(((2 * (i % w) >= w) + 2 * (2 * (i / w) >= h)) == k));
            const uint8_t color[3] = {(uint8_t)colors[k][0], (uint8_t)colors[k][1], (uint8_t)colors[k][2]};
            ck_assert_double_eq_tol(mask->areas[pst_mask_find(mask, color)], areas[k], 1e-9);
            free(plane);
        }
        ck_assert_uint_eq(mask->count, there);
        pst_mask_destroy(mask);
    }
}
END_TEST

/* How much of a pixel a disc covers, by 16x16 points. */
static double coverage(int x, int y, double cx, double cy, double r) {
    int inside = 0;
    for (int i = 0; i < 256; i++)
        inside += hypot(x + (i % 16 + .5) / 16 - cx, y + (i / 16 + .5) / 16 - cy) < r;
    return inside / 256.0;
}

/* A smoothed disc of white on black, and a bar of gray, which the rim's pixels are too: only by what is around them can
 * they be told from it. */
START_TEST(smoothed_edges_are_shares_of_what_is_around_them) {
    static const float gray[3] = {128, 128, 128};
    pst_image *image = empty(200, 150);
    for (int y = 0; y < 150; y++)
        for (int x = 0; x < 200; x++)
            if (x >= 170)
                put(image, x, y, gray, gray, 0);
            else
                put(image, x, y, colors[3], colors[4], coverage(x, y, 80.3, 70.8, 50.4));
    pst_mask *mask = mask_of(image);
    ck_assert_uint_eq(mask->count, 3);
    float *white = shares(mask, colors[4]), *other = shares(mask, gray);
    double worst = 0;
    for (int i = 0; i < 200 * 150; i++) {
        double expected = i % 200 >= 170 ? 0 : coverage(i % 200, i / 200, 80.3, 70.8, 50.4);
        worst = fmax(worst, fabs((double)white[i] - expected));
        ck_assert_float_eq(other[i], i % 200 >= 170);
    }
    ck_assert_double_le(worst, 0.1); /* within 24 of 255 levels a flat pixel is pure */
    free(white);
    free(other);
    pst_mask_destroy(mask);
}
END_TEST

/* Red passes into blue over 60 pixels: two regions, and shares that follow the passage. */
START_TEST(soft_edges_are_passages) {
    for (int wide = 8; wide <= 60; wide += 26) {
        pst_image *image = empty(200, 80);
        for (int i = 0; i < 200 * 80; i++)
            put(image, i % 200, i / 200, colors[0], colors[1], fmin(fmax((i % 200 + .5 - 100) / wide + .5, 0), 1));
        pst_mask *mask = mask_of(image);
        ck_assert_msg(mask->count == 2, "%zu colors of a passage of %d pixels", mask->count, wide);
        float *blue = shares(mask, colors[1]);
        for (int i = 0; i < 200 * 80; i++)
            ck_assert_float_eq_tol(blue[i], (float)fmin(fmax((i % 200 + .5 - 100) / wide + .5, 0), 1), 0.12f);
        free(blue);
        pst_mask_destroy(mask);
    }
}
END_TEST

START_TEST(noise_of_jpeg_makes_no_regions) {
    static const float tints[4][3] = {{230, 40, 30}, {30, 60, 220}, {40, 200, 60}, {250, 240, 60}};
    pst_image *image = empty(320, 240), *again;
    for (int i = 0; i < 320 * 240; i++) {
        int x = i % 320, y = i / 320, k = hypot(x - 100, y - 90) < 60 ? 0 : 2 * x + y > 500 ? 1 : y > 150 ? 2 : 3;
        put(image, x, y, tints[k], tints[k], 0);
    }
    const char *path = test_path("mask.jpg");
    ck_ok(error, pst_img_write(&error, image, path, NULL));
    ck_ok(error, pst_img_read(&error, path, &again));
    uint64_t seed = 5;
    for (int i = 0; i < 3 * 320 * 240; i++) /* and more, as of a lower quality */
        again->rgb[i] = fminf(fmaxf(again->rgb[i] + 6 * test_random(&seed), 0), 255);
    pst_mask *mask = mask_of(again);
    ck_assert_uint_eq(mask->count, 4);
    double wrong = 0;
    for (int k = 0; k < 4; k++) {
        float *plane = shares(mask, tints[k]);
        for (int i = 0; i < 320 * 240; i++)
            wrong +=
                fabs((double)plane[i] - (memcmp(image->rgb + 3 * i, tints[k], sizeof tints[k]) == 0)) / (320 * 240);
        free(plane);
    }
    ck_assert_double_lt(wrong, 0.01);
    pst_image_destroy(image);
    pst_mask_destroy(mask);
}
END_TEST

START_TEST(what_is_no_mask_is_refused) {
    pst_mask *mask = NULL;
    pst_image *noise = empty(64, 64), *chart = empty(100, 100);
    uint64_t seed = 3;
    for (int i = 0; i < 3 * 64 * 64; i++)
        noise->rgb[i] = 127.5f * (1 + test_random(&seed));
    ck_assert_int_eq(pst_mask_create(&error, noise, &mask), PST_ERROR_ARGUMENT);
    ck_assert_ptr_null(mask);
    for (int i = 0; i < 100 * 100; i++) { /* 25 flat colors */
        int k = i % 100 / 20 + i / 2000 * 5;
        const float color[3] = {60.0f * (float)(k % 5), 60.0f * (float)(k / 5), (float)(k * 97 % 5 * 60)};
        put(chart, i % 100, i / 100, color, color, 0);
    }
    ck_assert_int_eq(pst_mask_create(&error, chart, &mask), PST_ERROR_ARGUMENT);
    ck_assert_ptr_nonnull(strstr(error.text, "more than 16 colors"));
    ck_assert_ptr_null(mask);
    pst_image_destroy(noise);
    pst_image_destroy(chart);
}
END_TEST

START_TEST(planes_keep_their_mean) {
    static const int sizes[][4] = {{64, 48, 32, 24}, {64, 48, 31, 17}, {5, 7, 50, 70},
                                   {97, 1, 13, 1},   {1, 1, 6, 4},     {40, 40, 40, 40}};
    for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++) {
        int w = sizes[s][0], h = sizes[s][1], to_w = sizes[s][2], to_h = sizes[s][3];
        float *from = calloc((size_t)(w * h), sizeof *from), *to = calloc((size_t)(to_w * to_h), sizeof *to);
        double before = 0, after = 0;
        uint64_t seed = s + 1;
        for (int i = 0; i < w * h; i++)
            before += (double)(from[i] = test_random(&seed) + 1) / (w * h);
        ck_ok(error, pst_plane_resize(&error, PST_FILTER_LINEAR, 1, from, w, h, to, to_w, to_h));
        for (int i = 0; i < to_w * to_h; i++) {
            after += (double)to[i] / (to_w * to_h);
            ck_assert(to[i] >= 0 && to[i] <= 2.0001f);
        }
        if (to_w <= w && to_h <= h)
            ck_assert_double_eq_tol(before, after, 1e-5);
        for (int i = 0; i < w * h; i++) /* a ramp stays one, but for the borders of what is enlarged */
            from[i] = (float)(i % w + .5) / (float)w;
        ck_ok(error, pst_plane_resize(&error, PST_FILTER_LINEAR, 1, from, w, h, to, to_w, to_h));
        for (int i = 0; i < to_w * to_h; i++)
            ck_assert_float_eq_tol(to[i], (float)(i % to_w + .5) / (float)to_w, (to_w > w ? .5f : .03f) / (float)w);
        free(from);
        free(to);
    }
}
END_TEST

/* Channels are resized each by itself, whatever their range. */
START_TEST(planes_have_channels) {
    enum { W = 9, H = 7, TO_W = 14, TO_H = 5, CHANNELS = 3 };
    float all[W * H * CHANNELS], one[W * H], to_all[TO_W * TO_H * CHANNELS], to_one[TO_W * TO_H];
    const pst_filter_kind kind = (pst_filter_kind)_i;
    uint64_t seed = 4;
    for (int i = 0; i < W * H * CHANNELS; i++)
        all[i] = 1e6f * test_random(&seed) * (float)(i % CHANNELS - 1);
    ck_ok(error, pst_plane_resize(&error, kind, CHANNELS, all, W, H, to_all, TO_W, TO_H));
    for (int c = 0; c < CHANNELS; c++) {
        for (int i = 0; i < W * H; i++)
            one[i] = all[i * CHANNELS + c];
        ck_ok(error, pst_plane_resize(&error, kind, 1, one, W, H, to_one, TO_W, TO_H));
        for (int i = 0; i < TO_W * TO_H; i++)
            ck_assert(to_all[i * CHANNELS + c] == to_one[i]);
    }
}
END_TEST

/* ---- guides ---- */

static pst_layers vgg_layers(void) {
    static const char *const names[] = {"relu1_1", "relu1_2", "relu2_1", "relu2_2", "relu3_1"};
    pst_layers layers = {.count = 5};
    for (size_t l = 0; l < 5; l++) {
        strcpy(layers.at[l].name, names[l]);
        layers.at[l].pooled = l == 1 || l == 3;
    }
    return layers;
}

/* First and last row (or column) of the image that a unit sees, by the layers from the top down. */
static void sees(const pst_layers *layers, size_t layer, int unit, int size, int *first, int *last) {
    int sizes[PST_LAYERS_MAX];
    for (size_t l = 0; l <= layer; l++) {
        sizes[l] = size;
        size = layers->at[l].pooled ? size / 2 : size;
    }
    *first = *last = unit;
    for (size_t l = layer + 1; l-- > 0;) {
        *first = *first > 0 ? *first - 1 : 0;
        *last = *last + 1 < sizes[l] ? *last + 1 : sizes[l] - 1;
        if (l > 0 && layers->at[l - 1].pooled)
            *first *= 2, *last = 2 * *last + 1;
    }
}

START_TEST(guides_are_what_units_see) {
    static const int sizes[][2] = {{41, 30}, {24, 53}, {16, 16}};
    const pst_layers layers = vgg_layers();
    const bool wanted[PST_LAYERS_MAX] = {true, false, true, true, true};
    for (size_t s = 0; s < 3; s++)
        for (int mode = PST_GUIDES_SIMPLE; mode <= PST_GUIDES_INSIDE; mode++)
            for (int weighted = 0; weighted < 2; weighted++) {
                int w = sizes[s][0], h = sizes[s][1];
                float *share = calloc((size_t)(w * h), sizeof *share),
                      *weight = calloc((size_t)(w * h), sizeof *weight);
                for (int i = 0; i < w * h; i++) {
                    share[i] =
                        (float)fmin(fmax(9.7 - hypot(i % w - 12, i / w - 14), 0), 1); /* a disc with a soft rim */
                    weight[i] = (float)((i * 7 + i / w) % 11) / 10;
                }
                pst_guides guides = {0};
                ck_ok(error, pst_guides_add(&error, &layers, wanted, (pst_guide_mode)mode, share,
                                            weighted ? weight : NULL, h, w, &guides));
                ck_assert_uint_eq(guides.count, 1);
                ck_assert_ptr_null(guides.at[0][1]);
                for (size_t l = 0, step = 1, lh = (size_t)h, lw = (size_t)w; l < 5; l++) {
                    size_t count = lh * lw;
                    double sum = 0, squares = 0, *expected = calloc(count, sizeof *expected);
                    for (size_t i = 0; i < count; i++) {
                        int y0 = (int)(i / lw * step), x0 = (int)(i % lw * step), y1 = y0 + (int)step - 1,
                            x1 = x0 + (int)step - 1;
                        double averages[2] = {0};
                        for (int y = y0; y <= y1; y++)
                            for (int x = x0; x <= x1; x++) {
                                averages[0] += (double)share[y * w + x] / (double)(step * step);
                                averages[1] += (double)weight[y * w + x] / (double)(step * step);
                            }
                        sees(&layers, l, (int)(i / lw), h, &y0, &y1);
                        sees(&layers, l, (int)(i % lw), w, &x0, &x1);
                        double least = 1, most = 0;
                        for (int y = y0; y <= y1; y++)
                            for (int x = x0; x <= x1; x++) {
                                least = fmin(least, (double)share[y * w + x]);
                                most = fmax(most, (double)share[y * w + x]);
                            }
                        expected[i] = mode == PST_GUIDES_SIMPLE ? averages[0] : mode == PST_GUIDES_ALL ? most : least;
                        expected[i] *= weighted ? averages[1] : 1;
                        sum += expected[i];
                    }
                    if (!wanted[l] || sum < 0.5) {
                        ck_assert_ptr_null(guides.at[0][l]);
                    } else {
                        ck_assert_double_eq_tol(guides.area[0][l], sum / (double)count, 1e-6);
                        for (size_t i = 0; i < count; i++) {
                            double guide = (double)guides.at[0][l][i];
                            squares += guide * guide / (double)count;
                            ck_assert_double_eq_tol(guide, sqrt(expected[i] * (double)count / sum), 1e-4);
                        }
                        ck_assert_double_eq_tol(squares, 1, 1e-5);
                    }
                    free(expected);
                    if (layers.at[l].pooled)
                        step *= 2, lh /= 2, lw /= 2;
                }
                pst_guides_clear(&guides);
                free(share);
                free(weight);
            }
}
END_TEST

START_TEST(styles_share_a_region) {
    float guide[1] = {1};
    pst_guides a = {.count = 2}, b = {.count = 2}, c = {.count = 2}, *all[] = {&a, &b, &c};
    const double weights[] = {3, 1, 0};
    a.at[0][0] = b.at[0][0] = b.at[1][0] = c.at[0][2] = guide;
    pst_guides_share(all, weights, 3);
    ck_assert_double_eq(a.blend[0][0], .75);
    ck_assert_double_eq(b.blend[0][0], .25);
    ck_assert_double_eq(c.blend[0][0], 0);
    ck_assert_double_eq(a.blend[1][0], 0);
    ck_assert_double_eq(b.blend[1][0], 1);
    ck_assert_double_eq(c.blend[0][2], 0); /* its weight is 0 */
}
END_TEST

/* ---- regions ---- */

static pst_image *halves(int w, int h, const float *left, const float *right) {
    pst_image *image = empty(w, h);
    for (int i = 0; i < w * h; i++)
        put(image, i % w, i / w, 2 * (i % w) < w ? left : right, left, 0);
    return image;
}

START_TEST(colors_of_masks_are_matched) {
    static const float orange[3] = {250, 12, 8};
    pst_image *content = empty(40, 30), *styles[2] = {empty(20, 10), empty(30, 30)};
    pst_image *mask = halves(80, 60, colors[0], colors[1]), *masks[2] = {halves(20, 10, orange, colors[2]), NULL};
    pst_transfer_options options = {.content = content,
                                    .styles = (const pst_image *const *)styles,
                                    .style_count = 2,
                                    .content_mask = mask,
                                    .style_masks = (const pst_image *const *)masks};
    pst_regions *regions;
    for (int x = 60; x < 80; x++) /* a third region, of no style's mask */
        for (int y = 0; y < 60; y++)
            put(mask, x, y, colors[3], colors[3], 0);
    ck_ok(error, pst_regions_create(&error, &options, &regions));
    ck_assert_uint_eq(regions->count, 3); /* the second style is for all of them */
    ck_assert(!pst_regions_keep_any(regions));
    ck_assert_double_eq_tol(regions->about[0].content_area, .5, 1e-9);
    ck_assert_double_eq_tol(regions->about[0].styles[0], .5, 1e-9);
    ck_assert_double_eq_tol(regions->about[1].styles[0], 0, 1e-9);
    ck_assert_double_eq_tol(regions->about[1].styles[1], 1, 1e-9);
    pst_regions_destroy(regions);

    masks[1] = halves(30, 30, colors[2], colors[1]);
    ck_ok(error, pst_regions_create(&error, &options, &regions));
    ck_assert_uint_eq(regions->count, 2);
    ck_assert(pst_regions_keep_any(regions));
    float *kept = calloc(20 * 15, sizeof *kept);
    ck_ok(error, pst_regions_kept(&error, regions, 20, 15, kept));
    for (int i = 0; i < 20 * 15; i++)
        ck_assert_float_eq_tol(kept[i], i % 20 >= 15, 1e-6f);
    free(kept);

    /* A guide for each of the two, and the same blend of one style each. */
    const pst_layers layers = vgg_layers();
    const bool wanted[PST_LAYERS_MAX] = {true};
    pst_guides guides[3] = {{0}}, *of_styles[] = {&guides[1], &guides[2]};
    const double weights[] = {.5, .5};
    for (size_t k = 0; k < 3; k++)
        ck_ok(error,
              pst_regions_guides(&error, regions, k, &layers, wanted, &(pst_extent){20, 15, 20, 15, 0, 0}, &guides[k]));
    pst_guides_share(of_styles, weights, 2);
    ck_assert(guides[1].at[0][0] && !guides[1].at[1][0] && !guides[2].at[0][0] && guides[2].at[1][0]);
    ck_assert(guides[1].blend[0][0] == 1 && guides[2].blend[1][0] == 1);
    for (int i = 0; i < 20 * 15; i++) {
        ck_assert_float_eq_tol(guides[0].at[0][0][i], i % 20 < 10 ? sqrtf(2) : 0, 1e-5f);
        ck_assert_float_eq_tol(guides[0].at[1][0][i], i % 20 >= 10 && i % 20 < 15 ? 2 : 0, 1e-5f);
        ck_assert_float_eq_tol(guides[2].at[1][0][i], i % 20 < 10 ? 0 : sqrtf(2), 1e-5f);
    }
    for (size_t k = 0; k < 3; k++)
        pst_guides_clear(&guides[k]);
    pst_regions_destroy(regions);
    pst_image *gone[] = {content, styles[0], styles[1], mask, masks[0], masks[1]};
    for (int i = 0; i < 6; i++)
        pst_image_destroy(gone[i]);
}
END_TEST

START_TEST(masks_that_do_not_fit_are_refused) {
    pst_image *content = empty(40, 30), *style = empty(20, 10), *none[1] = {NULL};
    pst_image *mask = halves(41, 31, colors[0], colors[1]), *square = halves(40, 40, colors[0], colors[1]);
    pst_image *green = halves(20, 10, colors[2], colors[2]), *photo = empty(20, 10), *masks[1];
    pst_transfer_options options = {.content = content,
                                    .styles = (const pst_image *const *)&style,
                                    .style_count = 1,
                                    .style_masks = (const pst_image *const *)masks};
    const struct {
        pst_image *content, *style;
        const char *words;
    } cases[] = {{NULL, green, "only the styles' are"},
                 {square, green, "the mask of the content has 40x40 pixels and the image 40x30"},
                 {mask, square, "the mask of style 1 has 40x40 pixels and the image 20x10"},
                 {mask, green, "#ff0000 #0000ff"},
                 {mask, photo, "the mask of style 1: has "}};
    uint64_t seed = 3;
    for (int i = 0; i < 600; i++)
        photo->rgb[i] = 127.5f * (1 + test_random(&seed));
    for (size_t k = 0; k < 5; k++) {
        pst_regions *regions;
        options.content_mask = cases[k].content;
        masks[0] = cases[k].style;
        ck_assert_int_eq(pst_regions_create(&error, &options, &regions), PST_ERROR_ARGUMENT);
        ck_assert_msg(strstr(error.text, cases[k].words), "no \"%s\" in: %s", cases[k].words, error.text);
        ck_assert_ptr_null(regions);
    }
    pst_image *named[] = {square, mask, photo, green};
    static const char *const names[] = {"square.png", "mask.png", "photo.png", "green.png"}, *const at_fault[] = {
                                                                                                 NULL,
                                                                                                 "square.png: the mask",
                                                                                                 "square.png: the mask",
                                                                                                 "mask.png: no mask",
                                                                                                 "photo.png: the mask"};
    for (int i = 0; i < 4; i++)
        ck_ok(error, pst_img_set_name(&error, named[i], names[i]));
    for (size_t k = 1; k < 5; k++) {
        pst_regions *regions;
        options.content_mask = cases[k].content;
        masks[0] = cases[k].style;
        ck_assert_int_eq(pst_regions_create(&error, &options, &regions), PST_ERROR_ARGUMENT);
        ck_assert_msg(strstr(error.text, at_fault[k]) == error.text, "\"%s\" does not begin: %s", at_fault[k],
                      error.text);
    }
    options.content_mask = mask;
    options.style_masks = NULL;
    pst_regions *regions;
    ck_assert_int_eq(pst_regions_create(&error, &options, &regions), PST_ERROR_ARGUMENT);
    ck_assert_ptr_nonnull(strstr(error.text, "only the content's is"));
    (void)none;
    pst_image *gone[] = {content, style, mask, square, green, photo};
    for (int i = 0; i < 6; i++)
        pst_image_destroy(gone[i]);
}
END_TEST

/* Opacity without masks: one region of everything, each unit by what is opaque of it. */
START_TEST(weights_alone_are_one_region) {
    pst_image *content = empty(40, 30), *style = empty(20, 10);
    pst_transfer_options options = {.content = content, .styles = (const pst_image *const *)&style, .style_count = 1};
    const pst_layers layers = vgg_layers();
    const bool wanted[PST_LAYERS_MAX] = {true, [2] = true};
    float opacity[20 * 10];
    pst_regions *regions;
    pst_guides guides = {0}, whole = {0};
    ck_ok(error, pst_regions_create(&error, &options, &regions));
    ck_assert_uint_eq(regions->count, 0);
    for (int i = 0; i < 200; i++)
        opacity[i] = (float)(i % 20) / 19;
    ck_ok(error, pst_regions_weigh(&error, regions, 1, opacity, 20, 10));
    ck_assert_uint_eq(regions->count, 1);
    ck_ok(error, pst_regions_guides(&error, regions, 0, &layers, wanted, &(pst_extent){40, 30, 40, 30, 0, 0}, &whole));
    ck_ok(error, pst_regions_guides(&error, regions, 1, &layers, wanted, &(pst_extent){20, 10, 20, 10, 0, 0}, &guides));
    for (int i = 0; i < 1200; i++)
        ck_assert_float_eq(whole.at[0][0][i], 1);
    for (int i = 0; i < 200; i++)
        ck_assert_float_eq_tol(guides.at[0][0][i], sqrtf(2 * opacity[i]), 1e-4f);
    for (int i = 0; i < 50; i++)
        ck_assert_float_eq_tol(guides.at[0][2][i], sqrtf(opacity[i % 10 * 2] + opacity[i % 10 * 2 + 1]), 1e-4f);
    pst_guides_clear(&guides);
    pst_guides_clear(&whole);
    pst_regions_destroy(regions);
    pst_image_destroy(content);
    pst_image_destroy(style);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("regions");
    TCase *tests = tcase_create("regions");
    tcase_set_timeout(tests, 120);
    tcase_add_test(tests, hard_masks_are_exact);
    tcase_add_test(tests, smoothed_edges_are_shares_of_what_is_around_them);
    tcase_add_test(tests, soft_edges_are_passages);
    tcase_add_test(tests, noise_of_jpeg_makes_no_regions);
    tcase_add_test(tests, what_is_no_mask_is_refused);
    tcase_add_test(tests, planes_keep_their_mean);
    tcase_add_loop_test(tests, planes_have_channels, PST_FILTER_LINEAR, PST_FILTER_CUBIC + 1);
    tcase_add_test(tests, guides_are_what_units_see);
    tcase_add_test(tests, styles_share_a_region);
    tcase_add_test(tests, colors_of_masks_are_matched);
    tcase_add_test(tests, masks_that_do_not_fit_are_refused);
    tcase_add_test(tests, weights_alone_are_one_region);
    suite_add_tcase(suite, tests);
    return test_run(suite);
}
