/* The colors of images: maps by moments and distributions against sums of our own, OkLab against published values.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "image/color.h"
#include "support.h"

static pst_error error;

static const pst_match_colors linear[] = {PST_MATCH_CHOLESKY, PST_MATCH_PCA, PST_MATCH_SYMMETRIC};

static pst_image *empty(int width, int height) {
    pst_image *image;
    ck_ok(error, pst_img_create(&error, width, height, NULL, &image));
    return image;
}

/* Colors mean + mix * three random numbers, smooth over the image so that no two axes are alike. */
static pst_image *colored(int width, int height, const double mean[3], const double mix[3][3], uint64_t seed) {
    pst_image *image = empty(width, height);
    for (int i = 0; i < width * height; i++) {
        double r[3];
        for (int k = 0; k < 3; k++)
            r[k] = (double)test_random(&seed);
        r[2] = r[2] * r[2] * r[2] + 0.3 * r[0] * r[1]; /* not normal, not even symmetric */
        for (int c = 0; c < 3; c++)
            image->rgb[3 * i + c] = (float)(mean[c] + mix[c][0] * r[0] + mix[c][1] * r[1] + mix[c][2] * r[2]);
    }
    return image;
}

static const double warm[3] = {150, 120, 90}, cool[3] = {90, 110, 140};
static const double wide[3][3] = {{20, 5, 3}, {18, -4, 6}, {15, 2, -9}},
                    narrow[3][3] = {{4, 8, 1}, {2, 9, 6}, {-3, 10, 2}};

/* Plain sums of products. */
static void sums(const pst_image *image, const float *weights, long double mean[3], long double covariance[3][3]) {
    long double total = 0, s[3] = {0}, p[3][3] = {{0}};
    for (int i = 0; i < image->width * image->height; i++) {
        long double weight = weights ? weights[i] : 1;
        total += weight;
        for (int a = 0; a < 3; a++) {
            s[a] += weight * (long double)image->rgb[3 * i + a];
            for (int b = 0; b < 3; b++)
                p[a][b] += weight * (long double)image->rgb[3 * i + a] * (long double)image->rgb[3 * i + b];
        }
    }
    for (int a = 0; a < 3; a++)
        mean[a] = s[a] / total;
    for (int a = 0; a < 3; a++)
        for (int b = 0; b < 3; b++)
            covariance[a][b] = p[a][b] / total - mean[a] * mean[b];
}

static void ck_same_moments(const pst_image *a, const float *a_weights, const pst_image *b, const float *b_weights,
                            double levels) {
    long double mean[2][3], covariance[2][3][3];
    sums(a, a_weights, mean[0], covariance[0]);
    sums(b, b_weights, mean[1], covariance[1]);
    for (int i = 0; i < 3; i++) {
        ck_assert_double_eq_tol((double)mean[0][i], (double)mean[1][i], levels);
        for (int j = 0; j < 3; j++)
            ck_assert_double_eq_tol((double)covariance[0][i][j], (double)covariance[1][i][j], 10 * levels);
    }
}

START_TEST(moments_are_plain_sums) {
    pst_image *image = colored(37, 23, warm, wide, 3);
    float *weights = malloc(sizeof(float) * 37 * 23);
    uint64_t seed = 9;
    for (int i = 0; i < 37 * 23; i++)
        weights[i] = i % 5 ? test_random(&seed) + 1 : 0;
    for (int weighted = 0; weighted < 2; weighted++) {
        pst_color_statistics moments;
        long double mean[3], covariance[3][3];
        pst_color_measure(image, weighted ? weights : NULL, &moments);
        sums(image, weighted ? weights : NULL, mean, covariance);
        for (int a = 0; a < 3; a++) {
            ck_assert_double_eq_tol(moments.mean[a], (double)mean[a], 1e-9);
            for (int b = 0; b < 3; b++)
                ck_assert_double_eq_tol(moments.covariance[a][b], (double)covariance[a][b], 1e-8);
        }
    }
    free(weights);
    pst_image_destroy(image);
}
END_TEST

START_TEST(linear_maps_give_the_other_moments) {
    for (int k = 0; k < 3; k++) {
        pst_image *style = colored(61, 47, warm, wide, 1), *content = colored(40, 33, cool, narrow, 2);
        ck_ok(error, pst_img_match_colors(&error, style, NULL, content, NULL, linear[k]));
        ck_same_moments(style, NULL, content, NULL, 1e-3);
        pst_image_destroy(style);
        pst_image_destroy(content);
    }
}
END_TEST

/* What tells the three from each other: Cholesky's is triangular, the optimal transport symmetric and positive, PCA's
 * times the root of the style's covariance the root of the content's - so symmetric, with the square a S a'. */
START_TEST(each_map_is_its_own) {
    pst_color_statistics from = {.covariance = {{300, 120, -40}, {120, 200, 15}, {-40, 15, 90}}};
    pst_color_statistics to = {.covariance = {{100, -30, 20}, {-30, 400, 60}, {20, 60, 150}}};
    double a[3][3][3];
    for (int k = 0; k < 3; k++) {
        pst_color_map(from, to, linear[k], a[k]);
        for (int i = 0; i < 3; i++)
            for (int j = 0; j < 3; j++) {
                double sum = 0;
                for (int p = 0; p < 3; p++)
                    for (int q = 0; q < 3; q++)
                        sum += a[k][i][p] * from.covariance[p][q] * a[k][j][q];
                ck_assert_double_eq_tol(sum, to.covariance[i][j], 1e-9);
            }
    }
    ck_assert(a[0][0][1] == 0 && a[0][0][2] == 0 && a[0][1][2] == 0 && a[0][0][0] > 0 && a[0][1][1] > 0 &&
              a[0][2][2] > 0);
    for (int i = 0; i < 3; i++)
        for (int j = 0; j < i; j++) {
            ck_assert_double_eq_tol(a[2][i][j], a[2][j][i], 1e-12);
            ck_assert_double_gt(fabs(a[1][i][j] - a[1][j][i]), 1e-3); /* these two covariances do not commute */
        }
    ck_assert_double_gt(a[2][0][0] * a[2][1][1] - a[2][0][1] * a[2][0][1], 0);
    /* numpy: sqrtm(to) @ inv(sqrtm(from)), 10 digits */
    static const double pca[3][3] = {{0.688905379316, -0.302329010748, 0.264000337782},
                                     {-0.452875858448, 1.606930790430, -0.041077476254},
                                     {0.196505313291, -0.011012049413, 1.334724998068}};
    for (int i = 0; i < 3; i++)
        for (int j = 0; j < 3; j++)
            ck_assert_double_eq_tol(a[1][i][j], pca[i][j], 1e-8);
}
END_TEST

static pst_image *flat(int width, int height, float r, float g, float b) {
    pst_image *image = empty(width, height);
    for (int i = 0; i < width * height; i++)
        image->rgb[3 * i] = r, image->rgb[3 * i + 1] = g, image->rgb[3 * i + 2] = b;
    return image;
}

static void make_gray(pst_image *image) {
    for (int i = 0; i < image->width * image->height; i++)
        image->rgb[3 * i + 1] = image->rgb[3 * i + 2] = image->rgb[3 * i];
}

static const pst_match_colors all[] = {PST_MATCH_CHOLESKY, PST_MATCH_PCA, PST_MATCH_SYMMETRIC, PST_MATCH_HISTOGRAM};

START_TEST(flat_and_gray_images_are_matched) {
    for (int k = 0; k < 4; k++) {
        pst_image *content = colored(40, 33, cool, narrow, 2), *style = flat(20, 10, 200, 30, 7);
        long double mean[3], covariance[3][3];
        /* One color becomes the content's middle. */
        ck_ok(error, pst_img_match_colors(&error, style, NULL, content, NULL, all[k]));
        sums(content, NULL, mean, covariance);
        for (int i = 0; i < 600; i++)
            ck_assert_double_eq_tol((double)style->rgb[i], (double)mean[i % 3], k == 3 ? 4 : 1e-3);
        pst_image_destroy(style);
        /* Gray gets what one dimension can have of three: the mean, and no noise. */
        style = colored(61, 47, warm, wide, 1);
        make_gray(style);
        ck_ok(error, pst_img_match_colors(&error, style, NULL, content, NULL, all[k]));
        long double gray_mean[3], gray_covariance[3][3];
        sums(style, NULL, gray_mean, gray_covariance);
        for (int a = 0; a < 3; a++) {
            ck_assert_double_eq_tol((double)gray_mean[a], (double)mean[a], k == 3 ? .5 : 1e-3);
            ck_assert_double_le((double)gray_covariance[a][a], 1.1 * (double)covariance[a][a]);
        }
        pst_image_destroy(style);
        /* A gray content makes a gray style, a flat one a flat one. */
        style = colored(61, 47, warm, wide, 1);
        make_gray(content);
        ck_ok(error, pst_img_match_colors(&error, style, NULL, content, NULL, all[k]));
        ck_same_moments(style, NULL, content, NULL, k == 3 ? .3 : 1e-3);
        for (int i = 0; i < 61 * 47; i++)
            for (int c = 1; c < 3; c++)
                ck_assert_double_eq_tol((double)style->rgb[3 * i + c], (double)style->rgb[3 * i], k == 3 ? .3 : 1e-3);
        pst_image_destroy(content);
        content = flat(9, 4, 10, 20, 250);
        ck_ok(error, pst_img_match_colors(&error, style, NULL, content, NULL, all[k]));
        for (int i = 0; i < 3 * 61 * 47; i++)
            ck_assert_double_eq_tol((double)style->rgb[i], (double)content->rgb[i % 3], 1e-3);
        pst_image_destroy(style);
        pst_image_destroy(content);
    }
}
END_TEST

/* A drawing in black and white whose chroma is but rounding: its noise must not become colors. */
START_TEST(noise_is_not_blown_up) {
    for (int k = 0; k < 4; k++) {
        pst_image *style = colored(61, 47, warm, wide, 1), *content = colored(40, 33, cool, wide, 2);
        long double mean[3], covariance[3][3];
        uint64_t seed = 4;
        sums(content, NULL, mean, covariance);
        make_gray(style);
        for (int i = 0; i < 3 * 61 * 47; i++)
            style->rgb[i] += 0.3f * test_random(&seed);
        ck_ok(error, pst_img_match_colors(&error, style, NULL, content, NULL, all[k]));
        double widest = sqrt((double)(covariance[0][0] + covariance[1][1] + covariance[2][2]));
        for (int i = 0; i < 61 * 47; i++) /* the noise is 0.3 levels, the map widens one level to the widest at most */
            ck_assert_double_lt(
                fabs((double)style->rgb[3 * i + 2] - (double)style->rgb[3 * i] - (double)(mean[2] - mean[0])),
                k == 3 ? 3 * widest : 2.5 * widest);
        pst_image_destroy(style);
        pst_image_destroy(content);
    }
}
END_TEST

static int compare(const void *a, const void *b) {
    float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

static float *sorted(const pst_image *image, int channel) {
    int count = image->width * image->height;
    float *values = malloc(sizeof(float) * (size_t)count);
    for (int i = 0; i < count; i++)
        values[i] = image->rgb[3 * i + channel];
    qsort(values, (size_t)count, sizeof(float), compare);
    return values;
}

START_TEST(histograms_become_the_others) {
    pst_image *style = colored(90, 60, warm, wide, 1), *content = colored(60, 90, cool, narrow, 2);
    ck_ok(error, pst_img_match_colors(&error, style, NULL, content, NULL, PST_MATCH_HISTOGRAM));
    for (int c = 0; c < 3; c++) {
        float *a = sorted(style, c), *b = sorted(content, c);
        for (int i = 0; i < 90 * 60; i++)
            ck_assert_float_eq_tol(a[i], b[i], 0.1f);
        free(a);
        free(b);
    }
    ck_same_moments(style, NULL, content, NULL, .3);
    /* Along an axis of no channel too, where matching channels alone would fail. */
    for (int i = 0; i < 90 * 60; i++) {
        style->rgb[3 * i] += 2 * style->rgb[3 * i + 1] - style->rgb[3 * i + 2];
        content->rgb[3 * i] += 2 * content->rgb[3 * i + 1] - content->rgb[3 * i + 2];
    }
    float *a = sorted(style, 0), *b = sorted(content, 0);
    double sum = 0;
    for (int i = 0; i < 90 * 60; i++)
        sum += fabs((double)a[i] - (double)b[i]) / (90 * 60);
    ck_assert_double_lt(sum, 1);
    free(a);
    free(b);
    pst_image_destroy(style);
    pst_image_destroy(content);
}
END_TEST

/* Pixels of weight 0 might as well not be there; an image of nothing else is left as it is. */
START_TEST(weights_leave_pixels_out) {
    enum { W = 40, H = 30 };
    static float weights[W * H], none[W * H];
    for (int i = 0; i < W * H; i++)
        weights[i] = i / W < H / 2;
    for (int k = 0; k < 4; k++) {
        pst_image *style = colored(W, H, warm, wide, 1), *half = colored(W, H / 2, warm, wide, 1);
        pst_image *content = colored(W, H, cool, narrow, 2), *half_content = colored(W, H / 2, cool, narrow, 2);
        for (int i = 3 * W * (H / 2); i < 3 * W * H; i++)
            style->rgb[i] = content->rgb[i] = i % 2 ? 255 : 0;
        pst_image *before = colored(W, H / 2, warm, wide, 1);
        ck_ok(error, pst_img_match_colors(&error, half, NULL, half_content, NULL, all[k]));
        ck_ok(error, pst_img_match_colors(&error, style, weights, content, weights, all[k]));
        for (int i = 0; i < 3 * W * (H / 2); i++)
            ck_assert_float_eq_tol(style->rgb[i], half->rgb[i], 1e-3f);
        ck_ok(error, pst_img_match_colors(&error, before, none, content, NULL, all[k]));
        ck_ok(error, pst_img_match_colors(&error, before, NULL, content, none, all[k]));
        ck_ok(error, pst_img_match_colors(&error, before, NULL, content, NULL, PST_MATCH_NONE));
        pst_image *again = colored(W, H / 2, warm, wide, 1);
        ck_assert_mem_eq(before->rgb, again->rgb, sizeof(float) * 3 * W * (H / 2));
        pst_image *gone[] = {style, half, content, half_content, before, again};
        for (int i = 0; i < 6; i++)
            pst_image_destroy(gone[i]);
    }
}
END_TEST

/* CSS Color 4 gives these for sRGB's corners. */
START_TEST(oklab_has_the_published_values) {
    static const struct {
        float rgb[3];
        double lab[3];
    } known[] = {
        {{255, 255, 255}, {1, 0, 0}},
        {{0, 0, 0}, {0, 0, 0}},
        {{255, 0, 0}, {0.62796, 0.22486, 0.12585}},
        {{0, 255, 0}, {0.86644, -0.23389, 0.17950}},
        {{0, 0, 255}, {0.45201, -0.03246, -0.31153}},
        {{255, 255, 0}, {0.96798, -0.07137, 0.19857}},
        {{0, 255, 255}, {0.90540, -0.14944, -0.03940}},
        {{255, 0, 255}, {0.70167, 0.27457, -0.16916}},
        {{128, 128, 128}, {0.59987, 0, 0}},
    };
    for (size_t k = 0; k < sizeof known / sizeof *known; k++) {
        double lab[3];
        float rgb[3];
        pst_oklab_from_rgb(known[k].rgb, lab);
        for (int c = 0; c < 3; c++)
            ck_assert_double_eq_tol(lab[c], known[k].lab[c], 2e-5);
        pst_oklab_to_rgb(lab, rgb);
        for (int c = 0; c < 3; c++)
            ck_assert_float_eq_tol(rgb[c], known[k].rgb[c], 1e-2f);
    }
}
END_TEST

START_TEST(oklab_keeps_lightness_and_hue) {
    static const double mild[3] = {120, 130, 125}, strong[3] = {128, 128, 128};
    static const double some[3][3] = {{25, 5, 3}, {25, -4, 6}, {25, 2, -9}},
                        most[3][3] = {{70, 40, 10}, {20, 60, -40}, {-30, 30, 60}};
    for (int wild = 0; wild < 2; wild++) {
        pst_image *painted = colored(50, 40, wild ? strong : mild, wild ? most : some, 1);
        pst_image *colors = colored(50, 40, wild ? strong : mild, wild ? most : some, 7);
        pst_image *result = empty(50, 40);
        int reduced = 0;
        for (int i = 0; i < 6000; i++) {
            painted->rgb[i] = fminf(fmaxf(painted->rgb[i], 0), 255);
            colors->rgb[i] = fminf(fmaxf(colors->rgb[i], 0), 255);
        }
        memcpy(result->rgb, painted->rgb, sizeof(float) * 6000);
        pst_img_keep_colors(result, colors, PST_COLOR_SPACE_OKLAB);
        for (int i = 0; i < 2000; i++) {
            double light[3], color[3], got[3];
            pst_oklab_from_rgb(painted->rgb + 3 * i, light);
            pst_oklab_from_rgb(colors->rgb + 3 * i, color);
            pst_oklab_from_rgb(result->rgb + 3 * i, got);
            double share = (got[1] * color[1] + got[2] * color[2]) / (color[1] * color[1] + color[2] * color[2]);
            double aside = (got[2] * color[1] - got[1] * color[2]) / hypot(color[1], color[2]);
            ck_assert_double_eq_tol(got[0], light[0], 2e-3);
            ck_assert_double_eq_tol(aside, 0, 2e-3);
            ck_assert_double_le(share, 1 + 1e-3);
            if (share < 1 - 1e-3) { /* then at the edge of what is a color */
                float least = 255, largest = 0;
                for (int c = 0; c < 3; c++)
                    least = fminf(least, result->rgb[3 * i + c]), largest = fmaxf(largest, result->rgb[3 * i + c]);
                ck_assert(least < 0.5f || largest > 254.5f);
                reduced++;
            }
        }
        ck_assert_msg(wild ? reduced > 50 : reduced == 0, "%d of 2000 were made smaller", reduced);
        pst_image_destroy(painted);
        pst_image_destroy(colors);
        pst_image_destroy(result);
    }
}
END_TEST

/* BT.601 by its matrices, there and back. */
START_TEST(yuv_is_bt_601) {
    pst_image *painted = colored(50, 40, warm, narrow, 1), *colors = colored(50, 40, cool, narrow, 2),
              *result = empty(50, 40);
    memcpy(result->rgb, painted->rgb, sizeof(float) * 6000);
    pst_img_keep_colors(result, colors, PST_COLOR_SPACE_YUV);
    for (int i = 0; i < 2000; i++) {
        const float *p = painted->rgb + 3 * i, *q = colors->rgb + 3 * i;
        double y = .299 * (double)p[0] + .587 * (double)p[1] + .114 * (double)p[2];
        double own = .299 * (double)q[0] + .587 * (double)q[1] + .114 * (double)q[2];
        double u = .492 * ((double)q[2] - own), v = .877 * ((double)q[0] - own);
        const double expected[3] = {y + v / .877, y - .114 / .587 * u / .492 - .299 / .587 * v / .877, y + u / .492};
        for (int c = 0; c < 3; c++)
            ck_assert_double_eq_tol((double)result->rgb[3 * i + c], expected[c], 1e-3);
    }
    pst_image_destroy(painted);
    pst_image_destroy(colors);
    pst_image_destroy(result);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("color");
    TCase *tests = tcase_create("color");
    tcase_set_timeout(tests, 120);
    tcase_add_test(tests, moments_are_plain_sums);
    tcase_add_test(tests, linear_maps_give_the_other_moments);
    tcase_add_test(tests, each_map_is_its_own);
    tcase_add_test(tests, flat_and_gray_images_are_matched);
    tcase_add_test(tests, noise_is_not_blown_up);
    tcase_add_test(tests, histograms_become_the_others);
    tcase_add_test(tests, weights_leave_pixels_out);
    tcase_add_test(tests, oklab_has_the_published_values);
    tcase_add_test(tests, oklab_keeps_lightness_and_hue);
    tcase_add_test(tests, yuv_is_bt_601);
    suite_add_tcase(suite, tests);
    return test_run(suite);
}
