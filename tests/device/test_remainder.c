/* What becomes of sides that poolings do not halve evenly. With PST_REMAINDER_EXTEND the border of a result is
 * like its inside: measured where content and style are one texture, beside that texture. With PST_REMAINDER_FLOOR it
 * is not, which shows that the measure sees the difference. */
/* promise: borders */
#include <math.h>
#include <stdlib.h>

#include "base/memory.h"
#include "image/extent.h"
#include "job_fixture.h"
#include "transfer/device_space.h"

#define STRIP 16 /* rows or columns at a border */
#define ITERATIONS 40
#define APART 0.15

/* Waves in all directions, each color its own. */
static pst_image *texture(int w, int h, uint64_t seed) {
    float *rgb;
    pst_image *image;
    double phases[24];
    ck_assert_int_eq(pst_allocate(NULL, (size_t)w * (size_t)h * 3, sizeof(float), &rgb), PST_OK);
    for (int k = 0; k < 24; k++)
        phases[k] = 3.14159265 * (double)test_random(&seed);
    for (int y = 0; y < h; y++)
        for (int x = 0; x < w; x++)
            for (int c = 0; c < 3; c++) {
                double sum = 127.5;
                for (int k = 0; k < 8; k++) {
                    double turn = 0.785 * k / 2 + 0.3, length = 4.0 + 1.5 * k;
                    sum += 18 * sin(6.2831853 / length * (x * cos(turn) + y * sin(turn)) + phases[3 * k + c]);
                }
                rgb[3 * (y * w + x) + c] = (float)sum;
            }
    ck_assert_int_eq(pst_image_create(context, w, h, rgb, &image), PST_OK);
    pst_free(rgb);
    return image;
}

/* Of a rectangle: the root of the variance, and the mean absolute second difference in proportion to it; of all colors.
 */
typedef struct statistics {
    double contrast, roughness;
} statistics;

static statistics measure(const pst_image *image, int left, int top, int right, int bottom) {
    const float *at = pst_image_samples(image);
    const int w = pst_image_width(image), h = pst_image_height(image);
    double sum[3] = {0}, squares = 0, differences = 0, pixels = (double)(right - left) * (bottom - top), inner = 0;
    for (int y = top; y < bottom; y++)
        for (int x = left; x < right; x++) {
            const bool is_inner = x > 0 && y > 0 && x < w - 1 && y < h - 1;
            inner += is_inner;
            for (int c = 0; c < 3; c++) {
                const float *here = at + 3 * (y * w + x) + c;
                sum[c] += (double)here[0];
                squares += (double)here[0] * (double)here[0];
                if (is_inner)
                    differences += fabs(4.0 * (double)here[0] - (double)here[-3] - (double)here[3] -
                                        (double)here[-3 * w] - (double)here[3 * w]);
            }
        }
    double variance = (squares - (sum[0] * sum[0] + sum[1] * sum[1] + sum[2] * sum[2]) / pixels) / pixels;
    return (statistics){sqrt(variance), differences / inner / sqrt(variance)};
}

static statistics ratio(statistics a, statistics b) {
    return (statistics){a.contrast / b.contrast, a.roughness / b.roughness};
}

/* The statistics in proportion to those of the truth there. */
static statistics beside(const pst_image *result, const pst_image *truth, const int at[4]) {
    return ratio(measure(result, at[0], at[1], at[2], at[3]), measure(truth, at[0], at[1], at[2], at[3]));
}

#define BORDERS 4

/* Paints some sizes; the largest distance from 1 of a border's statistics beside those of the inside, as means over
 * the sizes. With `worst` all sizes leave 15. */
static double paint(pst_network *net, pst_remainder remainder, int sizes, bool worst) {
    statistics borders[BORDERS] = {{0, 0}};
    double most = 0;
    for (int k = 0; k < sizes; k++) {
        int w = 65 + k * 6 % 32 + k % 2 * 16, h = 65 + (k * 10 + 4) % 32;
        w |= worst ? 15 : 0;
        h |= worst ? 15 : 0;
        const int s = STRIP, inside[4] = {s, s, w - s, h - s};
        const int strips[BORDERS][4] = {{s, 0, w - s, s}, {s, h - s, w - s, h}, {0, s, s, h - s}, {w - s, s, w, h - s}};
        pst_image *truth = texture(w, h, (uint64_t)k + 1), *result;
        pst_transfer_options options;
        pst_job *job;
        pst_transfer_options_init(&options, sizeof options);
        options.content = truth;
        options.styles = (const pst_image *const *)&truth;
        options.style_count = 1;
        options.image_size = w > h ? w : h;
        options.iterations = ITERATIONS;
        options.scales = 1;
        options.remainder = remainder;
        ck_assert_msg(pst_job_create(context, net, &options, &job) == PST_OK, "%s", pst_context_message(context));
        ck_assert_int_eq(pst_job_run(job, NULL, NULL), PST_OK);
        ck_assert_int_eq(pst_job_result(job, &result), PST_OK);
        ck_assert_int_eq(pst_image_width(result), w);
        ck_assert_int_eq(pst_image_height(result), h);
        for (int b = 0; b < BORDERS; b++) {
            statistics one = ratio(beside(result, truth, strips[b]), beside(result, truth, inside));
            borders[b].contrast += one.contrast / sizes;
            borders[b].roughness += one.roughness / sizes;
        }
        pst_image_destroy(result);
        pst_image_destroy(truth);
        pst_job_destroy(job);
    }
    for (int b = 0; b < BORDERS; b++)
        most = fmax(most, fmax(fabs(borders[b].contrast - 1), fabs(borders[b].roughness - 1)));
    return most;
}

/* The small network, and in the long tier VGG-19. */
START_TEST(the_border_is_like_the_inside) {
    const char *path = _i ? test_reference("weights/vgg19.safetensors") : "small";
    pst_network *net;
    if (!path || (_i && !test_long()))
        return;
    ck_assert_int_eq(pst_network_load(context, path, PST_CONVENTION_AUTO, &net), PST_OK);
    ck_assert_double_lt(paint(net, PST_REMAINDER_EXTEND, test_long() ? 20 : 6, false), APART);
    ck_assert_double_gt(paint(net, PST_REMAINDER_FLOOR, 4, true), APART);
    pst_network_destroy(net);
}
END_TEST

/* ---- what is added ---- */

START_TEST(borders_are_mirrored) {
    const float row[] = {1, 2, 3};
    float continued[8 * 4], back[3];
    const pst_extent e = pst_extent_make(3, 1, 4),
                     wide = {.image_w = 3, .image_h = 1, .w = 8, .h = 4, .left = 4, .top = 1};
    ck_assert(e.w == 4 && e.h == 4 && e.left == 0 && e.top == 1 && e.image_w == 3 && e.image_h == 1);
    pst_extent_continue(&e, 1, row, continued);
    for (int y = 0; y < 4; y++)
        ck_assert_mem_eq(continued + 4 * y, ((const float[]){1, 2, 3, 3}), 4 * sizeof(float));
    pst_extent_crop_rows(&e, 1, continued, 0, e.h, back);
    ck_assert_mem_eq(back, row, sizeof row);
    pst_extent_continue(&wide, 1, row, continued); /* mirrored more than once */
    ck_assert_mem_eq(continued + 24, ((const float[]){3, 3, 2, 1, 1, 2, 3, 3}), 8 * sizeof(float));
    const pst_extent same = pst_extent_make(3, 1, 1);
    ck_assert(same.w == 3 && same.h == 1 && !same.left && !same.top);
}
END_TEST

/* An image so large that it goes to the device in several bands comes back whole, in network units and in RGB. */
START_TEST(bands_are_whole) {
    const pst_extent e = pst_extent_make(30, 50001, 16);
    const size_t count = 3 * (size_t)e.image_w * (size_t)e.image_h, all = 3 * (size_t)e.w * (size_t)e.h;
    float *image, *continued, *back;
    pst_device_space space;
    pst_vector *x, *rgb;
    ck_assert_int_eq(pst_allocate(NULL, count, sizeof(float), &image), PST_OK);
    ck_assert_int_eq(pst_allocate(NULL, all, sizeof(float), &continued), PST_OK);
    ck_assert_int_eq(pst_allocate(NULL, all, sizeof(float), &back), PST_OK);
    for (size_t i = 0; i < count; i++)
        image[i] = (float)(i % 251);
    pst_extent_continue(&e, 3, image, continued);
    pst_device_space_open(context->session, e.h, e.w, 1, &space);
    ck_assert_int_lt(pst_space_band(&space.base), e.h);
    ck_assert_int_eq(pst_space_import(&space.base, &e, image, &x), PST_OK);
    ck_assert_int_eq(space.base.vectors.create(&space, &rgb), PST_OK);
    ck_assert_int_eq(space.base.methods->export(&space.base, x, rgb), PST_OK);
    ck_assert_int_eq(space.base.methods->read(&space.base, rgb, 0, e.h, back), PST_OK);
    for (size_t i = 0; i < all; i++)
        ck_assert_float_eq_tol(back[i], continued[i], 1e-3f);
    ck_assert_int_eq(pst_space_put(&space.base, &e, image, rgb), PST_OK);
    ck_assert_int_eq(pst_space_take(&space.base, &e, rgb, back), PST_OK);
    ck_assert_mem_eq(back, image, sizeof(float) * count);
    ck_assert_int_eq(space.base.methods->read(&space.base, rgb, e.h - 7, 7, back), PST_OK);
    ck_assert_mem_eq(back, continued + 3 * (size_t)e.w * (size_t)(e.h - 7), sizeof(float) * 3 * (size_t)e.w * 7);
    space.base.vectors.destroy(&space, x);
    space.base.vectors.destroy(&space, rgb);
    pst_device_space_close(&space);
    pst_free(image);
    pst_free(continued);
    pst_free(back);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("remainder");
    TCase *borders = tcase_create("borders");
    tcase_add_unchecked_fixture(borders, job_open_context, job_close);
    tcase_set_timeout(borders, 0);
    tcase_add_loop_test(borders, the_border_is_like_the_inside, 0, 2);
    tcase_add_test(borders, borders_are_mirrored);
    tcase_add_test(borders, bands_are_whole);
    suite_add_tcase(suite, borders);
    return test_run(suite);
}
