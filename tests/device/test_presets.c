/* The objective in all its kinds: its gradient is the slope of its loss and its memory is what was
 * planned. Then presets, and whole jobs of them. In both forms of the kernels. */
#define _POSIX_C_SOURCE 200809L /* setenv */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "on_device.h"
#include "transfer/job.h"
#include "transfer/stage.h"

enum { H = 29, W = 42, FLOATS = H * W * 3 };

static pst_context *context;
static pst_network *network;
static pst_image *content, *styles[2];

static pst_image *image(uint64_t seed, int w, int h) {
    float *rgb = malloc(sizeof *rgb * (size_t)(w * h * 3));
    pst_image *image;
    ck_assert_ptr_nonnull(rgb);
    for (int i = 0; i < w * h * 3; i++)
        rgb[i] = 127.5f + 90 * sinf(0.02f * (float)i * (float)seed) + 30 * test_random(&seed);
    ck_assert_int_eq(pst_image_create(context, w, h, rgb, &image), PST_OK);
    free(rgb);
    return image;
}

static void open_all(const char *form) {
    setenv("PASTICHE_KERNELS_FORM", form, 1);
    context = test_context();
    test_write_network(test_path("net"), (const int[]){12, 20, 16, 16, 16}, (const int[]){2, 2, 1, 2, 1}, 3);
    ck_assert_int_eq(pst_network_load(context, test_path("net"), PST_CONVENTION_AUTO, &network), PST_OK);
    content = image(5, W, H);
    styles[0] = image(8, 45, 37);
    styles[1] = image(3, 33, 50);
}

static void open_cpu(void) { open_all("cpu"); }
static void open_gpu(void) { open_all("gpu"); }

static void close_all(void) {
    pst_image_destroy(content);
    pst_image_destroy(styles[0]);
    pst_image_destroy(styles[1]);
    pst_network_destroy(network);
    pst_context_destroy(context);
    unsetenv("PASTICHE_KERNELS_FORM");
}

static void fill(pst_transfer_options *options) {
    options->content = content;
    options->styles = (const pst_image *const *)styles;
    options->style_count = 2;
    options->image_size = W;
    options->scales = 1;
    options->remainder = PST_REMAINDER_FLOOR; /* as other programs */
}

static pst_job *make_job(const pst_transfer_options *options) {
    pst_job *job;
    ck_assert_msg(pst_job_create(context, network, options, &job) == PST_OK, "%s", pst_context_message(context));
    return job;
}

/* ---- the objective ---- */

typedef struct kind {
    pst_loss_form form;
    pst_pooling pooling;
    pst_tv_kind tv;
    bool replicate;
    const char *layers;
    double tv_weight, range_weight;
} kind;

/* relu1_2 is pooled; with relu1_1 not the last of its block the first map is computed twice. */
static const kind kinds[] = {
    {PST_LOSS_WASSERSTEIN, PST_POOLING_MAX, PST_TV_NINE_POINT, true, "relu1_1,relu2_1,relu3_1,relu4_1,relu5_1", 1},
    {PST_LOSS_WASSERSTEIN, PST_POOLING_L2, PST_TV_SQUARES, false, "relu1_2,relu2_2=.5,relu3_1", 1e-3},
    {PST_LOSS_MEAN, PST_POOLING_L2, PST_TV_ABSOLUTE, true, "relu1_1,relu3_1", 1e-3},
    {PST_LOSS_GATYS, PST_POOLING_L2, PST_TV_NINE_POINT, true, "relu1_1,relu1_2,relu4_1", 1, 1e4},
    {PST_LOSS_MEAN, PST_POOLING_AVERAGE, PST_TV_SQUARES, true, "relu2_1,relu3_1", 1e-3},
    {PST_LOSS_WASSERSTEIN, PST_POOLING_AVERAGE, PST_TV_NINE_POINT, false, "relu4_2", 1, 10}};
#define KINDS ((int)(sizeof kinds / sizeof *kinds))

static double loss_at(pst_objective *objective, pst_buffer *x, pst_buffer *g, const float *values) {
    ck_assert_int_eq(pst_buffer_write(context->session, x, 0, values, sizeof(float) * FLOATS), PST_OK);
    ck_assert_int_eq(pst_objective_evaluate(objective, x, g), PST_OK);
    ck_assert_int_eq(pst_session_finish(context->session), PST_OK);
    return pst_objective_losses(objective, NULL);
}

/* Along the gradient and along a random direction. */
static void slopes(pst_objective *objective, pst_buffer *x, pst_buffer *g, const float *at, float *gradient) {
    static float moved[FLOATS], direction[FLOATS];
    uint64_t seed = 99;
    loss_at(objective, x, g, at);
    ck_assert_int_eq(pst_buffer_read(context->session, g, 0, gradient, sizeof(float) * FLOATS), PST_OK);
    double norm = 0;
    for (int i = 0; i < FLOATS; i++)
        norm += (double)gradient[i] * (double)gradient[i];
    ck_assert(isfinite(norm) && norm > 0);
    for (int k = 0; k < 2; k++) {
        double slope = 0, losses[2];
        for (int i = 0; i < FLOATS; i++) {
            direction[i] = (float)(sqrt(FLOATS / norm) * (double)gradient[i]) + (k ? test_random(&seed) : 0);
            slope += (double)direction[i] * (double)gradient[i];
        }
        for (int side = 0; side < 2; side++) {
            for (int i = 0; i < FLOATS; i++)
                moved[i] = at[i] + (side ? -.02f : .02f) * direction[i];
            losses[side] = loss_at(objective, x, g, moved);
        }
        double difference = (losses[0] - losses[1]) / .04;
        ck_assert_msg(fabs(difference - slope) <= .01 * fabs(slope),
                      "direction %d: the loss changes by %g and the gradient says %g", k, difference, slope);
    }
}

START_TEST(gradients_are_slopes) {
    static float at[FLOATS], gradient[FLOATS];
    const kind *k = &kinds[_i];
    pst_transfer_options options;
    uint64_t seed = 7;
    pst_transfer_options_init(&options, sizeof options);
    fill(&options);
    options.loss_form = k->form;
    options.pooling = k->pooling;
    options.tv_kind = k->tv;
    options.tv_weight = k->tv_weight;
    options.range_weight = k->range_weight;
    options.replicate_border = k->replicate;
    options.style_layers = k->layers;
    options.content_layers = "relu2_2,relu4_2";
    for (int i = 0; i < FLOATS; i++)
        at[i] = (k->range_weight > 0 ? 140 : 60) * sinf(.03f * (float)i) + 30 * test_random(&seed);
    pst_job *job = make_job(&options);
    pst_session *session = context->session;
    const uint64_t before = session->buffer_bytes;
    ck_assert_int_eq(pst_stage_open(job, 0, NULL), PST_OK);
    session->peak_bytes = session->buffer_bytes;
    slopes(job->stage.objective, (pst_buffer *)job->stage.x, (pst_buffer *)job->stage.gradient, at, gradient);
    ck_assert_uint_eq(session->peak_bytes, session->buffer_bytes); /* an evaluation takes nothing */
    pst_stage_close(job);
    pst_job_destroy(job);
    ck_assert_uint_le(session->buffer_bytes, before);
}
END_TEST

START_TEST(the_plan_is_what_is_taken) {
    const kind *k = &kinds[_i];
    pst_transfer_options options;
    pst_transfer_options_init(&options, sizeof options);
    fill(&options);
    options.loss_form = k->form;
    options.pooling = k->pooling;
    options.tv_kind = k->tv;
    options.replicate_border = k->replicate;
    options.style_layers = k->layers;
    options.content_layers = "relu2_2";
    options.optimizer = PST_OPTIMIZER_ADAM;
    options.average = _i % 2 ? .9 : 0;
    options.normalize_gradients = _i == 1 || _i == 3;
    options.iterations = 4;
    pst_session *session = context->session;
    pst_job *job = make_job(&options);
    const uint64_t before = session->buffer_bytes;
    session->peak_bytes = before;
    ck_assert_msg(pst_job_run(job, NULL, NULL) == PST_OK, "%s", pst_context_message(context));
    ck_assert_uint_eq(session->peak_bytes - before, pst_job_plan(job)->device_bytes);
    pst_job_destroy(job);
}
END_TEST

/* ---- presets ---- */

START_TEST(presets_are_known_by_name) {
    static const char *const names[] = {"best",  "neural-style",           "neural-style-pt",
                                        "gatys", "style-transfer-pytorch", "0.1"};
    pst_transfer_options options, defaults;
    for (size_t i = 0; i < 6; i++)
        ck_assert_str_eq(pst_preset_name(i), names[i]);
    ck_assert_ptr_null(pst_preset_name(6));
    pst_transfer_options_init(&defaults, sizeof defaults);
    pst_transfer_options_init(&options, sizeof options);
    ck_assert_int_eq(pst_transfer_options_preset(&options, "none"), PST_ERROR_ARGUMENT);
    ck_assert_int_eq(pst_transfer_options_preset(&options, ""), PST_ERROR_ARGUMENT);
    ck_assert_int_eq(pst_transfer_options_preset(&options, "0.1"), PST_OK);
    ck_assert_mem_eq(&options, &defaults, sizeof options);
    ck_assert_int_eq(pst_transfer_options_preset(&options, "best"), PST_OK);
    ck_assert(options.start == PST_START_CONTENT && options.loss_form == PST_LOSS_WASSERSTEIN);
    /* Of a caller with a shorter struct nothing beyond it is touched. */
    memset(&options, 0x5a, sizeof options);
    pst_transfer_options_init(&options, offsetof(pst_transfer_options, tv_weight));
    ck_assert_int_eq(pst_transfer_options_preset(&options, "gatys"), PST_OK);
    ck_assert_double_eq(options.style_weight, 1000);
    for (size_t i = offsetof(pst_transfer_options, tv_weight); i < sizeof options; i++)
        ck_assert_int_eq(((const unsigned char *)&options)[i], 0x5a);
}
END_TEST

/* What numerics the programs have, one by one, and that they run. */
START_TEST(presets_are_the_programs) {
    const char *name = pst_preset_name((size_t)_i);
    pst_transfer_options o;
    pst_transfer_options_init(&o, sizeof o);
    ck_assert_int_eq(pst_transfer_options_preset(&o, name), PST_OK);
    if (strncmp(name, "neural-style", 12) == 0) {
        bool torch = strcmp(name, "neural-style-pt") == 0;
        ck_assert(o.scales == 1 && o.optimizer == PST_OPTIMIZER_LBFGS_PLAIN && o.pixels_256 == !torch &&
                  o.pooling == PST_POOLING_MAX);
        ck_assert(o.content_weight == 5 && o.style_weight == 100 && o.tv_weight == 1e-3 && o.iterations == 1000);
        ck_assert(o.start == PST_START_RANDOM && o.adam_epsilon_first == !torch && o.learning_rate == (torch ? 1 : 10));
        ck_assert_int_eq(o.tv_kind, torch ? PST_TV_ABSOLUTE : PST_TV_SQUARES);
    }
    ck_assert((o.range_weight > 0) == (strcmp(name, "best") == 0)); /* no other program has it */
    if (strcmp(name, "style-transfer-pytorch") == 0) {
        ck_assert(o.scales == 0 && o.min_size == 128 && o.optimizer == PST_OPTIMIZER_ADAM && o.adam_beta2 == .99 &&
                  o.clamp);
        ck_assert(o.average == .99 && o.loss_form == PST_LOSS_WASSERSTEIN && o.tv_kind == PST_TV_NINE_POINT &&
                  o.replicate_border);
        ck_assert_double_eq_tol(o.learning_rate, 5.1, 1e-12);
        ck_assert_double_eq_tol(o.style_weight * (256 + 64 + 16 + 4 + 1), 1, 1e-12);
    }
    fill(&o);
    o.iterations = 6;
    pst_job *job = make_job(&o);
    pst_image *result;
    ck_assert_msg(pst_job_run(job, NULL, NULL) == PST_OK, "%s", pst_context_message(context));
    if (o.clamp) { /* the image on the device is within the levels before anything rounds it */
        float *x = malloc(sizeof(float) * FLOATS);
        ck_assert_ptr_nonnull(x);
        ck_assert_int_eq(pst_buffer_read(context->session, (pst_buffer *)job->stage.x, 0, x, sizeof(float) * FLOATS),
                         PST_OK);
        static const float mean[3] = {103.939f, 116.779f, 123.68f};
        for (int i = 0; i < FLOATS; i++)
            ck_assert(x[i] >= -mean[i % 3] && x[i] <= 255 - mean[i % 3]);
        free(x);
        ck_assert_ptr_nonnull(pst_optimizer_average(job->stage.optimizer));
    }
    ck_assert_int_eq(pst_job_result(job, &result), PST_OK);
    for (int i = 0; i < FLOATS; i++)
        ck_assert(isfinite(pst_image_samples(result)[i]));
    pst_image_destroy(result);
    pst_job_destroy(job);
}
END_TEST

/* Mean square of what samples in network units are outside 0..255. */
static double mean_outside(const float *x) {
    static const double mean[3] = {103.939, 116.779, 123.68};
    double sum = 0;
    for (int i = 0; i < FLOATS; i++) {
        double sample = (double)x[i] + mean[i % 3];
        sum += pow(fmax(fmax(-sample, sample - 255), 0), 2);
    }
    return sum / FLOATS;
}

/* The term is what the header says, the descent keeps within 0..255 by it, and live weights leave it alone. */
START_TEST(range_weight_keeps_samples_inside) {
    static float best[FLOATS], far[FLOATS];
    double outside[2], losses[PST_TERMS_MAX];
    for (int k = 0; k < 2; k++) {
        pst_transfer_options o;
        pst_transfer_options_init(&o, sizeof o);
        fill(&o);
        o.iterations = 40;
        o.range_weight = k ? 1e6 : 0;
        pst_job *job = make_job(&o);
        pst_stage *stage = &job->stage;
        ck_assert_int_eq(pst_job_set_weights(job, 5, 100, 1e-2), PST_OK);
        ck_assert_msg(pst_job_run(job, NULL, NULL) == PST_OK, "%s", pst_context_message(context));
        ck_assert_int_eq(pst_stage_go_to_best(stage), PST_OK);
        ck_assert_int_eq(pst_buffer_read(context->session, (pst_buffer *)stage->x, 0, best, sizeof best), PST_OK);
        outside[k] = mean_outside(best);
        for (int i = 0; i < FLOATS; i++)
            far[i] = 3 * best[i];
        loss_at(stage->objective, (pst_buffer *)stage->x, (pst_buffer *)stage->gradient, far);
        pst_objective_losses(stage->objective, losses);
        const size_t last = job->objective_options.term_count - 1;
        ck_assert_str_eq(job->objective_options.terms[last].name, k ? "range" : "tv");
        if (k)
            ck_assert_double_eq_tol(losses[last] / (1e6 * mean_outside(far)), 1, 1e-5);
        pst_job_destroy(job);
    }
    ck_assert_msg(outside[0] > 1 && outside[1] < outside[0] / 100, "%g without the term, %g with it", outside[0],
                  outside[1]);
}
END_TEST

/* 256 levels inside change the loss, but an image comes out as it went in. */
START_TEST(levels_inside_stay_inside) {
    pst_transfer_options o;
    pst_transfer_options_init(&o, sizeof o);
    fill(&o);
    o.pixels_256 = true;
    o.start = PST_START_CONTENT;
    o.iterations = 1;
    pst_job *job = make_job(&o);
    pst_image *result;
    ck_assert_int_eq(pst_job_run(job, NULL, NULL), PST_OK);
    ck_assert_int_eq(pst_job_result(job, &result), PST_OK);
    for (int i = 0; i < FLOATS; i++)
        ck_assert_float_eq_tol(pst_image_samples(result)[i], fmaxf(0, fminf(255, pst_image_samples(content)[i])),
                               1e-3f);
    float x[3];
    ck_assert_int_eq(pst_buffer_read(context->session, (pst_buffer *)job->stage.x, 0, x, sizeof x), PST_OK);
    ck_assert_float_eq_tol(x[2], pst_image_samples(content)[0] * 256 / 255 - 123.68f, 1e-3f);
    pst_image_destroy(result);
    pst_job_destroy(job);
}
END_TEST

/* As neural-style-pt divides: a content map by the largest of its three sides, a Gram matrix by its channels. */
START_TEST(weights_by_size) {
    pst_transfer_options o;
    pst_transfer_options_init(&o, sizeof o);
    fill(&o);
    o.normalize_weights = true;
    o.content_layers = "relu1_2,relu4_2";
    o.style_layers = "relu1_1,relu2_1=3";
    pst_job *job = make_job(&o);
    const double expected[] = {5. / W, 5. / 16, 100. / 12, 300. / 20, 1e-3};
    ck_assert_uint_eq(job->objective_options.term_count, 5);
    for (int t = 0; t < 5; t++)
        ck_assert_double_eq_tol(job->objective_options.terms[t].weight, expected[t], 1e-12);
    pst_job_destroy(job);
}
END_TEST

START_TEST(what_makes_no_sense_is_refused) {
    for (int k = 0; k < 9; k++) {
        pst_transfer_options o;
        pst_job *job;
        pst_transfer_options_init(&o, sizeof o);
        fill(&o);
        o.optimizer = k < 2 ? PST_OPTIMIZER_LBFGS : PST_OPTIMIZER_ADAM;
        o.clamp = k == 0;
        o.average = k == 1 ? .5 : k == 2 ? 1 : k == 3 ? -1 : 0;
        o.adam_beta1 = k == 4 ? 1 : k == 5 ? (double)NAN : .9;
        o.loss_form = k == 6 ? (pst_loss_form)7 : PST_LOSS_MEAN;
        o.pooling = k == 7 ? (pst_pooling)9 : PST_POOLING_MAX;
        o.tv_kind = k == 8 ? (pst_tv_kind)5 : PST_TV_SQUARES;
        ck_assert_msg(pst_job_create(context, network, &o, &job) == PST_ERROR_ARGUMENT, "case %d", k);
        ck_assert_ptr_null(job);
        ck_assert_int_gt((int)strlen(pst_context_message(context)), 10);
    }
}
END_TEST

int main(void) {
    Suite *suite = suite_create("presets");
    for (int form = 0; form < 2; form++) {
        TCase *tests = tcase_create(form ? "GPUs' form" : "CPUs' form");
        tcase_add_unchecked_fixture(tests, form ? open_gpu : open_cpu, close_all);
        tcase_set_timeout(tests, 0);
        tcase_add_loop_test(tests, gradients_are_slopes, 0, KINDS);
        tcase_add_loop_test(tests, the_plan_is_what_is_taken, 0, KINDS);
        tcase_add_test(tests, presets_are_known_by_name);
        tcase_add_loop_test(tests, presets_are_the_programs, 0, 6);
        tcase_add_test(tests, levels_inside_stay_inside);
        tcase_add_test(tests, range_weight_keeps_samples_inside);
        tcase_add_test(tests, weights_by_size);
        tcase_add_test(tests, what_makes_no_sense_is_refused);
        suite_add_tcase(suite, tests);
    }
    return test_run(suite);
}
