/* Gray images give a gray result, from every start and at every scale, and no worse than with colors. */
/* promise: gray */
#include <math.h>
#include <stdlib.h>

#include "base/memory.h"
#include "job_fixture.h"

/* Waves, of which red has `color` more. */
static pst_image *gray_waves(int w, int h, double turn, float color) {
    float *rgb;
    pst_image *image;
    ck_assert_int_eq(pst_allocate(NULL, (size_t)w * (size_t)h * 3, sizeof(float), &rgb), PST_OK);
    for (int i = 0; i < w * h * 3; i++) {
        int x = i / 3 % w, y = i / 3 / w;
        rgb[i] = (float)(127 + 60 * sin(turn * x + 0.5 * y) + 40 * sin(0.9 * x - turn * y)) + (i % 3 ? 0 : color);
    }
    ck_assert_int_eq(pst_image_create(context, w, h, rgb, &image), PST_OK);
    pst_free(rgb);
    return image;
}

static bool look(void *user, const pst_progress *now) {
    *(double *)user = now->best_loss;
    return false;
}

/* The most that channels of a pixel are apart in the result; `color` is what red has more in the style. */
static float colors_of_result(pst_network *net, bool keep, pst_start start, float color, double *loss) {
    pst_image *gray = gray_waves(45, 39, 0.3, 1.5f), *ink = gray_waves(40, 40, 0.7, color),
              *red = gray_waves(38, 41, 0.5, 90), *result;
    pst_transfer_options options;
    pst_job *job;
    float most = 0;
    pst_transfer_options_init(&options, sizeof options);
    options.content = options.start_image = gray;
    const pst_image *styles[2] = {ink, red};
    const double weights[2] = {1, 0}; /* a style that does not count */
    options.styles = styles;
    options.style_count = 2;
    options.blend_weights = weights;
    options.image_size = 45;
    options.iterations = 60;
    options.keep_gray = keep;
    options.start = start;
    options.scales = 2;
    ck_assert_msg(pst_job_create(context, net, &options, &job) == PST_OK, "%s", pst_context_message(context));
    ck_assert_int_eq(pst_job_run(job, look, loss), PST_OK);
    ck_assert_int_eq(pst_job_result(job, &result), PST_OK);
    for (int i = 0; i < 45 * 39; i++) {
        const float *rgb = pst_image_samples(result) + 3 * i;
        most = fmaxf(most, fmaxf(fabsf(rgb[0] - rgb[1]), fabsf(rgb[1] - rgb[2])));
    }
    pst_image_destroy(red);
    pst_image_destroy(gray);
    pst_image_destroy(ink);
    pst_image_destroy(result);
    pst_job_destroy(job);
    return most;
}

START_TEST(gray_stays_gray) {
    pst_network *net;
    double gray, colored;
    ck_assert_int_eq(pst_network_load(context, "small", PST_CONVENTION_AUTO, &net), PST_OK);
    ck_assert(colors_of_result(net, true, (pst_start)_i, -1.5f, &gray) == 0);
    ck_assert(colors_of_result(net, false, (pst_start)_i, -1.5f, &colored) > 3);
    ck_assert_msg(gray < 1.05 * colored, "%g, and with colors %g", gray, colored);
    ck_assert(colors_of_result(net, true, (pst_start)_i, 2.5f, &colored) > 3); /* an ink with a hue */
    pst_network_destroy(net);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("gray");
    TCase *tests = tcase_create("jobs");
    tcase_add_unchecked_fixture(tests, job_open_context, job_close);
    tcase_set_timeout(tests, 0);
    tcase_add_loop_test(tests, gray_stays_gray, PST_START_RANDOM, PST_START_IMAGE + 1);
    suite_add_tcase(suite, tests);
    return test_run(suite);
}
