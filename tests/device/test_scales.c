/* Coarse to fine: the sizes, the shares of the iterations, and that a job over two scales is the two jobs that it
 * stands for. */
#include <math.h>
#include <stdlib.h>

#include "image/plane.h"
#include "job_fixture.h"
#include "transfer/carry.h"
#include "transfer/stage.h"

static pst_transfer_options options_of(pst_optimizer_kind kind, int image_size, int iterations) {
    pst_transfer_options options = job_options(kind, image_size, iterations);
    options.min_size = 12;
    return options;
}

START_TEST(sizes_go_up_by_the_root_of_two) {
    ck_assert_uint_eq(pst_scale_count(1024, 128, 1000), 7);
    ck_assert_uint_eq(pst_scale_count(512, 128, 1000), 5);
    ck_assert_uint_eq(pst_scale_count(180, 128, 1000), 1);
    ck_assert_uint_eq(pst_scale_count(181, 128, 1000), 2);
    ck_assert_uint_eq(pst_scale_count(1024, 128, 39), 3);
    ck_assert_uint_eq(pst_scale_count(1024, 128, 1), 1);
    ck_assert_uint_eq(pst_scale_count(65535, 1, 1000000000), PST_SCALES_MAX);
    ck_assert_int_eq(pst_scale_size(1024, 7, 0), 128);
    ck_assert_int_eq(pst_scale_size(1024, 7, 1), 181);
    ck_assert_int_eq(pst_scale_size(1024, 7, 6), 1024);
}
END_TEST

START_TEST(shares_add_up) {
    for (int count = 1; count <= PST_SCALES_MAX; count++)
        for (int total = count; total < 300; total += 7) {
            pst_scale scales[PST_SCALES_MAX];
            int sum = 0;
            pst_scales_share(scales, (size_t)count, total);
            for (int k = 0; k < count; k++) {
                ck_assert_int_ge(scales[k].iterations, 1);
                ck_assert_int_le(abs(scales[k].iterations - scales[0].iterations), 1);
                sum += scales[k].iterations;
            }
            ck_assert_int_eq(sum, total);
        }
}
END_TEST

typedef struct seen {
    int count, widths[64], heights[64], scales[64];
    double losses[64];
    bool steps_by_one, left_is_known;
} seen;

static bool look(void *user, const pst_progress *now) {
    seen *s = user;
    s->steps_by_one &= now->iteration == s->count + 1 && now->iterations >= now->iteration;
    s->left_is_known &= isfinite(now->seconds_left);
    s->widths[s->count] = now->width;
    s->heights[s->count] = now->height;
    s->scales[s->count] = now->scale;
    s->losses[s->count++] = now->loss;
    return false;
}

/* The content with the change that a coarser scale made to it. */
static pst_image *with_change(const pst_image *coarser) {
    static float change[WIDTH * HEIGHT * 3], rgb[WIDTH * HEIGHT * 3];
    const int w = coarser->width, h = coarser->height;
    pst_image *small, *made;
    ck_assert_int_eq(pst_img_resize(&context->error, content, w, h, &small), PST_OK);
    for (int i = 0; i < w * h * 3; i++)
        change[i] = coarser->rgb[i] - small->rgb[i];
    pst_image_destroy(small);
    ck_assert_int_eq(pst_plane_resize(&context->error, PST_FILTER_CUBIC, 3, change, w, h, rgb, WIDTH, HEIGHT), PST_OK);
    for (int i = 0; i < WIDTH * HEIGHT * 3; i++)
        rgb[i] += content->rgb[i];
    ck_assert_int_eq(pst_img_create(&context->error, WIDTH, HEIGHT, rgb, &made), PST_OK);
    return made;
}

/* Adam's moments belong to the enlarged image, and noise has nothing that a change could be added to. */
static const struct {
    pst_optimizer_kind kind;
    pst_start start;
    bool adds_change;
} cases[] = {{PST_OPTIMIZER_LBFGS, PST_START_CONTENT, true},
             {PST_OPTIMIZER_LBFGS_PLAIN, PST_START_CONTENT, true},
             {PST_OPTIMIZER_GRADIENT_DESCENT, PST_START_CONTENT, true},
             {PST_OPTIMIZER_LBFGS, PST_START_IMAGE, true},
             {PST_OPTIMIZER_LBFGS, PST_START_RANDOM, false}};

START_TEST(a_job_is_as_many_as_its_scales) {
    const pst_optimizer_kind kind = cases[_i].kind;
    seen both = {.steps_by_one = true, .left_is_known = true}, first = {0}, second = {0};
    pst_transfer_options options = options_of(kind, WIDTH, 24);
    options.scales = 2;
    options.start = cases[_i].start;
    if (options.start == PST_START_IMAGE)
        options.start_image = content;
    pst_job *job = job_make(&options);
    ck_assert_int_eq(pst_job_run(job, look, &both), PST_OK);
    pst_image *result, *small, *changed = NULL, *alone;
    ck_assert_int_eq(pst_job_result(job, &result), PST_OK);
    pst_job_destroy(job);
    ck_assert(both.steps_by_one && both.left_is_known);
    ck_assert_int_eq(both.count, 24);
    for (int i = 0; i < 24; i++) {
        ck_assert_int_eq(both.scales[i], i < 12 ? 1 : 2);
        ck_assert_int_eq(both.widths[i], i < 12 ? 32 : WIDTH); /* 45 / sqrt(2) = 31.8 */
        ck_assert_int_eq(both.heights[i], i < 12 ? 22 : HEIGHT);
    }

    /* The images of a small scale are made from those of the full size; ours have it already. */
    options = options_of(kind, 32, 12);
    options.scales = 1;
    options.start = cases[_i].start == PST_START_RANDOM ? PST_START_RANDOM : PST_START_CONTENT;
    job = job_make(&options);
    ck_assert_int_eq(pst_job_run(job, look, &first), PST_OK);
    ck_assert_int_eq(pst_stage_image(job, &small), PST_OK);
    pst_job_destroy(job);
    options = options_of(kind, WIDTH, 12);
    options.start = PST_START_IMAGE;
    if (cases[_i].adds_change)
        changed = with_change(small);
    options.start_image = changed ? changed : small;
    job = job_make(&options);
    ck_assert_int_eq(pst_job_run(job, look, &second), PST_OK);
    ck_assert_int_eq(pst_job_result(job, &alone), PST_OK);
    pst_job_destroy(job);
    for (int i = 0; i < 12; i++) {
        ck_assert_double_eq(both.losses[i], first.losses[i]);
        ck_assert_double_eq(both.losses[12 + i], second.losses[i]);
    }
    ck_assert_int_eq(pst_image_width(result), WIDTH);
    for (int i = 0; i < WIDTH * HEIGHT * 3; i++)
        ck_assert(pst_image_samples(result)[i] == pst_image_samples(alone)[i]);
    pst_image_destroy(result);
    pst_image_destroy(alone);
    pst_image_destroy(small);
    pst_image_destroy(changed);
}
END_TEST

START_TEST(the_plan_holds_over_all_scales) {
    pst_session *session = context->session;
    session->peak_bytes = session->buffer_bytes;
    pst_transfer_options options = options_of(PST_OPTIMIZER_LBFGS, WIDTH, 60);
    pst_job *job = job_make(&options);
    ck_assert_uint_eq(job->scale_count, 4);
    const uint64_t before = session->buffer_bytes;
    ck_assert_int_eq(pst_job_run(job, NULL, NULL), PST_OK);
    ck_assert_uint_eq(session->peak_bytes - before, pst_job_plan(job)->device_bytes);
    pst_job_destroy(job);
    ck_assert_uint_eq(session->buffer_bytes, before);
}
END_TEST

/* A ramp, which the enlargement gives back exactly but for its borders; c: the channel. */
static double ramp(int which, double x, double y, int c) {
    return which ? 3e-6 * pow(1 + x + 0.5 * y + c, 2) : 2e-4 * (x - 0.7 * y + 0.1 * c);
}

/* ---- Adam's moments ---- */

static float numbers[(WIDTH + 1) * (HEIGHT + 1) * 3]; /* what is worked on has even sides */

/* A job of two scales, after one step of Adam at the first. */
static pst_job *begin_with_adam(int *w, int *h) {
    pst_transfer_options options = options_of(PST_OPTIMIZER_ADAM, WIDTH, 24);
    char notice[PST_NOTICE_BYTES];
    options.scales = 2;
    pst_job *job = job_make(&options);
    ck_assert_int_eq(pst_stage_open(job, 0, NULL), PST_OK);
    ck_assert_int_eq(pst_stage_advance(job, notice), PST_OK);
    *w = job->stage.w;
    *h = job->stage.h;
    return job;
}

static pst_buffer *moment_of(pst_job *job, int which) {
    const pst_adam_moments *moments = pst_optimizer_moments(job->stage.optimizer);
    return (pst_buffer *)(which ? moments->second : moments->first);
}

/* Of the first w * h * 3 numbers. */
static void set_moment(pst_job *job, int which, int w, int h) {
    ck_assert_int_eq(
        pst_buffer_write(job->context->session, moment_of(job, which), 0, numbers, sizeof(float) * (size_t)(w * h * 3)),
        PST_OK);
}

static void get_moment(pst_job *job, int which) {
    ck_assert_int_eq(pst_buffer_read(job->context->session, moment_of(job, which), 0, numbers, sizeof numbers), PST_OK);
}

static void go_up(pst_job *job) {
    pst_carried carried;
    ck_assert_int_eq(pst_carry_take(job, &carried), PST_OK);
    pst_stage_close(job);
    ck_assert_int_eq(pst_stage_open(job, 1, carried.image), PST_OK);
    ck_assert_int_eq(pst_carry_give(job, &carried), PST_OK);
    pst_carry_drop(&carried);
}

START_TEST(adams_moments_are_enlarged) {
    int w, h;
    pst_job *job = begin_with_adam(&w, &h);
    for (int which = 0; which < 2; which++) {
        for (int y = 0; y < h; y++)
            for (int x = 0; x < w; x++)
                for (int c = 0; c < 3; c++)
                    numbers[(y * w + x) * 3 + c] = (float)ramp(which, (x + 0.5) / w, (y + 0.5) / h, c);
        set_moment(job, which, w, h);
    }
    go_up(job);
    const pst_adam_moments *moments = pst_optimizer_moments(job->stage.optimizer);
    ck_assert(fabs(moments->power1 - 0.9) < 1e-12 && fabs(moments->power2 - 0.999) < 1e-12);
    const double fewer = (double)(w * h) / (WIDTH * HEIGHT);
    for (int which = 0; which < 2; which++) {
        get_moment(job, which);
        for (int y = 4; y < HEIGHT - 4; y++)
            for (int x = 4; x < WIDTH - 4; x++)
                for (int c = 0; c < 3; c++) {
                    double expected =
                        ramp(which, (x + 0.5) / WIDTH, (y + 0.5) / HEIGHT, c) * (which ? fewer * fewer : fewer);
                    double largest = ramp(which, 1, which ? 1 : 0, 2);
                    const pst_extent *e = &job->stage.extent;
                    double number = (double)numbers[((y + e->top) * e->w + x + e->left) * 3 + c];
                    ck_assert(fabs(number - expected) < 1e-5 * largest);
                }
    }
    pst_job_destroy(job);
}
END_TEST

/* Bright stripes on a ground of almost nothing. The first moment overshoots, which an image's resizer would cut; the
 * root of the second, which would be negative in the ground, becomes half of what is there. */
START_TEST(adams_second_moment_stays_positive) {
    int w, h;
    pst_job *job = begin_with_adam(&w, &h);
    const double fewer = (double)(w * h) / (WIDTH * HEIGHT), high = 3e4, low = 1e-3;
    for (int which = 0; which < 2; which++) {
        for (int i = 0; i < w * h * 3; i++) {
            double root = i / 3 % w / 3 % 2 ? high : low;
            numbers[i] = (float)(which ? root * root : root);
        }
        set_moment(job, which, w, h);
    }
    go_up(job);
    float least[2] = {INFINITY, INFINITY};
    for (int which = 0; which < 2; which++) {
        get_moment(job, which);
        for (int i = 0; i < job->stage.w * job->stage.h * 3; i++)
            least[which] = fminf(least[which], numbers[i]);
    }
    ck_assert_double_lt((double)least[0], -0.05 * high * fewer);
    ck_assert_double_eq_tol(sqrt((double)least[1]), 0.5 * low * fewer, 1e-5 * low);
    pst_job_destroy(job);
}
END_TEST

static bool stop_at_once(void *user, const pst_progress *now) {
    (void)user;
    return now->iteration == 3;
}

START_TEST(a_stop_gives_an_image_of_the_full_size) {
    const pst_transfer_options options = options_of(PST_OPTIMIZER_ADAM, WIDTH, 60);
    pst_job *job = job_make(&options);
    pst_image *result;
    ck_assert_int_eq(pst_job_run(job, stop_at_once, NULL), PST_STOPPED);
    ck_assert_int_lt(job->stage.w, WIDTH);
    ck_assert_int_eq(pst_job_result(job, &result), PST_OK);
    ck_assert_int_eq(pst_image_width(result), WIDTH);
    ck_assert_int_eq(pst_image_height(result), HEIGHT);
    pst_image_destroy(result);
    pst_job_destroy(job);
}
END_TEST

/* No figure can be asked of a time here; but it is one, and the run after it is the same as without. */
START_TEST(a_forecast_changes_nothing) {
    const pst_transfer_options options = options_of(PST_OPTIMIZER_LBFGS, WIDTH, 24);
    seen without = {0}, with = {0};
    pst_job *job = job_make(&options);
    double seconds;
    ck_assert_int_eq(pst_job_run(job, look, &without), PST_OK);
    ck_assert_int_eq(pst_job_forecast(job, &seconds), PST_ERROR_ARGUMENT);
    pst_job_destroy(job);
    job = job_make(&options);
    const uint64_t before = context->session->buffer_bytes;
    ck_assert_int_eq(pst_job_forecast(job, &seconds), PST_OK);
    ck_assert(seconds > 0 && seconds < 1000);
    ck_assert_int_eq(pst_job_run(job, look, &with), PST_OK);
    ck_assert_int_eq(with.count, without.count);
    for (int i = 0; i < with.count; i++)
        ck_assert_double_eq(with.losses[i], without.losses[i]);
    pst_job_destroy(job);
    ck_assert_uint_eq(context->session->buffer_bytes, before);
}
END_TEST

static bool halve_style(void *user, const pst_progress *now) {
    pst_job *job = user;
    double c, style_weight, tv;
    pst_job_weights(job, &c, &style_weight, &tv);
    ck_assert(now->iteration != 3 || pst_job_set_weights(job, c, style_weight / 2, tv) == PST_OK);
    return now->iteration == 8;
}

/* Half the full size is the same job as half the style weight, live weights included. */
START_TEST(small_scales_have_less_style_weight) {
    double first = 0, ends[2];
    for (int k = 0; k < 2; k++) {
        pst_transfer_options options = options_of(PST_OPTIMIZER_LBFGS, WIDTH, 20);
        options.scales = 1;
        options.style_weight = k ? 100 : 50;
        options.full_style_size = k ? 2 * WIDTH : WIDTH; /* which is full */
        pst_job *job = job_make(&options);
        ck_assert_int_eq(pst_job_run(job, halve_style, job), PST_STOPPED);
        ends[k] = job->stage.loss;
        pst_job_destroy(job);
    }
    ck_assert_double_eq(ends[0], ends[1]);
    for (int k = 0; k < 2; k++) { /* both begin with the content in the first of two sizes */
        pst_transfer_options options = options_of(PST_OPTIMIZER_LBFGS, WIDTH, 20);
        options.scales = 2;
        options.start = PST_START_CONTENT;
        options.content_weight = options.tv_weight = 0;
        options.full_style_size = k ? 2 * WIDTH : 0;
        seen of = {0};
        pst_job *job = job_make(&options);
        ck_assert_int_eq(pst_job_run(job, look, &of), PST_OK);
        first = k ? first : of.losses[0];
        ck_assert_double_eq_tol(of.losses[0] / first, k ? of.widths[0] / (2. * WIDTH) : 1, 1e-6);
        pst_job_destroy(job);
    }
}
END_TEST

START_TEST(scales_that_cannot_be_are_refused) {
    pst_job *job;
    pst_transfer_options options = options_of(PST_OPTIMIZER_LBFGS, WIDTH, 5);
    options.scales = 6; /* more than iterations */
    ck_assert_int_eq(pst_job_create(context, network, &options, &job), PST_ERROR_ARGUMENT);
    options.scales = 20; /* the coarsest would have no pixels for the second block */
    options.iterations = 100;
    ck_assert_int_eq(pst_job_create(context, network, &options, &job), PST_ERROR_ARGUMENT);
    ck_assert_ptr_nonnull(strstr(pst_context_message(context), "too small"));
    options.scales = 0; /* left to us there are as many as can be */
    options.min_size = 1;
    job = job_make(&options);
    ck_assert_uint_gt(job->scale_count, 4);
    ck_assert_uint_lt(job->scale_count, 10);
    ck_assert_str_eq(pst_context_message(context), "");
    pst_job_destroy(job);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("scales");
    TCase *tests = tcase_create("scales");
    tcase_add_unchecked_fixture(tests, job_open, job_close);
    tcase_set_timeout(tests, 300);
    tcase_add_test(tests, sizes_go_up_by_the_root_of_two);
    tcase_add_test(tests, shares_add_up);
    tcase_add_loop_test(tests, a_job_is_as_many_as_its_scales, 0, (int)(sizeof cases / sizeof *cases));
    tcase_add_test(tests, the_plan_holds_over_all_scales);
    tcase_add_test(tests, adams_moments_are_enlarged);
    tcase_add_test(tests, adams_second_moment_stays_positive);
    tcase_add_test(tests, a_stop_gives_an_image_of_the_full_size);
    tcase_add_test(tests, a_forecast_changes_nothing);
    tcase_add_test(tests, small_scales_have_less_style_weight);
    tcase_add_test(tests, scales_that_cannot_be_are_refused);
    suite_add_tcase(suite, tests);
    return test_run(suite);
}
