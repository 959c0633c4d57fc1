/* Whole jobs over a small network: how often an iteration waits for the device, that the plan is what is taken, and
 * that the result is the image of the lowest loss. */
#define _POSIX_C_SOURCE 200809L /* setenv */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "job_fixture.h"
#include "transfer/stage.h"

#define ITERATIONS 14

static const pst_optimizer_kind kinds[] = {PST_OPTIMIZER_LBFGS, PST_OPTIMIZER_LBFGS_PLAIN, PST_OPTIMIZER_ADAM,
                                           PST_OPTIMIZER_GRADIENT_DESCENT};
#define KINDS 4

static pst_job *make_job(pst_optimizer_kind kind, bool noise, double learning_rate) {
    pst_transfer_options options = job_options(kind, WIDTH, ITERATIONS);
    options.start = noise ? PST_START_RANDOM : PST_START_CONTENT;
    options.learning_rate = learning_rate;
    return job_make(&options);
}

typedef struct watch {
    double losses[ITERATIONS];
    unsigned waits[ITERATIONS];
    int stop_at; /* 0: never */
} watch;

static bool look(void *user, const pst_progress *progress) {
    watch *w = user;
    w->losses[progress->iteration - 1] = progress->loss;
    w->waits[progress->iteration - 1] = context->session->waits;
    return progress->iteration == w->stop_at;
}

START_TEST(an_iteration_waits_once) {
    watch w = {0};
    pst_job *job = make_job(kinds[_i], _i % 2, 0);
    ck_assert_int_eq(pst_job_run(job, look, &w), PST_OK);
    for (int k = 1; k < ITERATIONS; k++)
        ck_assert_uint_eq(w.waits[k] - w.waits[k - 1], 1);
    pst_job_destroy(job);
}
END_TEST

/* From the first iteration on nothing is made but the optimizer's vectors, which `vectors` counts; all of them are at
 * the end. Where products take most while targets are made, the weights of the backward pass are not there yet. */
START_TEST(the_plan_is_what_is_taken) {
    pst_session *session = context->session;
    session->peak_bytes = session->buffer_bytes;
    pst_job *job = make_job(kinds[_i], false, 0);
    const uint64_t before = session->buffer_bytes;
    ck_assert_int_eq(pst_job_run(job, NULL, NULL), PST_OK);
    const pst_plan *plan = pst_job_plan(job);
    const bool early = strstr(plan->entries[plan->entry_count - 1].name, "more while") != NULL;
    const uint64_t taken = session->peak_bytes - before;
    ck_assert_uint_le(taken, plan->device_bytes);
    ck_assert_uint_le(plan->device_bytes - taken, early ? plan->entries[0].bytes : 0);
    pst_job_destroy(job);
}
END_TEST

static double loss_at(pst_stage *stage, const float *x, const float *g, double step, size_t count) {
    static float moved[WIDTH * HEIGHT * 3];
    for (size_t i = 0; i < count; i++)
        moved[i] = (float)((double)x[i] + step * (double)g[i]);
    ck_assert_int_eq(pst_buffer_write(context->session, (pst_buffer *)stage->x, 0, moved, sizeof(float) * count),
                     PST_OK);
    ck_assert_int_eq(pst_objective_evaluate(stage->objective, (pst_buffer *)stage->x, (pst_buffer *)stage->gradient),
                     PST_OK);
    ck_assert_int_eq(pst_session_finish(context->session), PST_OK);
    return pst_objective_losses(stage->objective, NULL);
}

/* Where poolings round up, their maps have other sizes, and they are no part of convolutions: the plan knows, and a
 * small step along the gradient changes the loss by what the gradient says. */
START_TEST(poolings_that_round_up_have_their_gradient) {
    pst_session *session = context->session;
    static float x[WIDTH * HEIGHT * 3], g[WIDTH * HEIGHT * 3];
    const size_t count = WIDTH * HEIGHT * 3;
    pst_transfer_options options = job_options(PST_OPTIMIZER_ADAM, WIDTH, ITERATIONS);
    options.pooling = (pst_pooling)_i;
    options.remainder = PST_REMAINDER_CEIL;
    options.start = PST_START_CONTENT;
    session->peak_bytes = session->buffer_bytes;
    const uint64_t before = session->buffer_bytes;
    pst_job *job = job_make(&options);
    ck_assert_int_eq(pst_job_run(job, NULL, NULL), PST_OK);
    ck_assert_uint_eq(session->peak_bytes - before, pst_job_plan(job)->device_bytes);
    pst_stage *stage = &job->stage;
    ck_assert_int_eq(pst_buffer_read(session, (pst_buffer *)stage->x, 0, x, sizeof x), PST_OK);
    double loss = loss_at(stage, x, x, 0, count), squares = 0;
    ck_assert_int_eq(pst_buffer_read(session, (pst_buffer *)stage->gradient, 0, g, sizeof g), PST_OK);
    for (size_t i = 0; i < count; i++)
        squares += (double)g[i] * (double)g[i];
    double step = 1e-3 * loss / squares;
    double change = loss_at(stage, x, g, step, count) - loss_at(stage, x, g, -step, count);
    ck_assert_double_eq_tol(change / (2 * step * squares), 1, 0.02);
    pst_job_destroy(job);
}
END_TEST

/* The optimizers hold this many images, and the job two: the memory that people are promised. */
START_TEST(images_are_few) {
    static const size_t held[KINDS] = {2 * 4 + 3, 2 * 4 + 3, 3, 2};
    pst_job *job = make_job(kinds[_i], false, 0);
    const pst_optimizer_options optimizer = pst_stage_optimizer(job, job->width, job->height, ITERATIONS);
    ck_assert_uint_eq(pst_optimizer_vector_count(&optimizer), held[_i]);
    pst_job_destroy(job);
}
END_TEST

/* Evaluated again, the result gives the lowest loss that was reported, to the last bit: where a run ends by itself,
 * where it is stopped, and where the last steps led up. */
START_TEST(the_result_has_the_lowest_loss) {
    for (int form = 0; form < 6; form++) {
        watch w = {.stop_at = form % 3 == 1 ? 9 : form % 3 == 2 ? 1 : 0};
        /* Rates at which the loss rises now and then, or for good. */
        pst_job *job = make_job(kinds[_i], form >= 3, kinds[_i] == PST_OPTIMIZER_ADAM ? 40 : 3e-3);
        ck_assert_int_eq(pst_job_run(job, look, &w), w.stop_at ? PST_STOPPED : PST_OK);
        double lowest = INFINITY;
        for (int k = 0; k < (w.stop_at ? w.stop_at : ITERATIONS); k++)
            lowest = fmin(lowest, w.losses[k]);
        const pst_stage *stage = &job->stage;
        ck_assert(stage->best_loss == lowest);
        ck_assert(w.losses[stage->best_iteration - 1] == lowest);
        const pst_buffer *best =
            (const pst_buffer *)(stage->x_is_best ? stage->x : pst_optimizer_best(stage->optimizer));
        ck_assert_int_eq(pst_objective_evaluate(stage->objective, best, (pst_buffer *)stage->gradient), PST_OK);
        ck_assert_int_eq(pst_session_finish(context->session), PST_OK);
        ck_assert(pst_objective_losses(stage->objective, NULL) == lowest);
        pst_image *result;
        ck_assert_int_eq(pst_job_result(job, &result), PST_OK);
        pst_image_destroy(result);
        pst_job_destroy(job);
    }
}
END_TEST

/* Whether programs are built one by one or ahead, the image is the same and so is what is built and queued. On a
 * context of its own, for programs are built once, and none are kept. */
START_TEST(programs_built_ahead_change_nothing) {
    pst_context *all_tests = context;
    pst_image *images[2];
    unsigned compiled[2], launches[2];
    setenv("PASTICHE_BINARIES", "none", 1);
    for (int ahead = 0; ahead < 2; ahead++) {
        context = test_context();
        context->session->device.quirks.builds_at_once = ahead;
        pst_transfer_options options = job_options(PST_OPTIMIZER_LBFGS, WIDTH, 3);
        options.loss_form = (pst_loss_form)_i;
        options.normalize_gradients = _i == PST_LOSS_GATYS;
        pst_job *job = job_make(&options);
        ck_assert_msg(pst_job_run(job, NULL, NULL) == PST_OK, "%s", pst_context_message(context));
        ck_assert_int_eq(pst_job_result(job, &images[ahead]), PST_OK);
        pst_job_destroy(job);
        compiled[ahead] = context->session->compiled;
        launches[ahead] = context->session->launches;
        pst_context_destroy(context);
    }
    context = all_tests;
    ck_assert_uint_eq(compiled[1], compiled[0]);
    ck_assert_uint_eq(launches[1], launches[0]);
    ck_assert_mem_eq(images[1]->rgb, images[0]->rgb,
                     sizeof(float) * 3 * (size_t)images[0]->width * (size_t)images[0]->height);
    pst_image_destroy(images[0]);
    pst_image_destroy(images[1]);
}
END_TEST

/* ---- weights that change on the way ---- */

#define CHANGE_AT 6

typedef struct change {
    pst_job *job;
    double losses[ITERATIONS], bests[ITERATIONS],
        terms[ITERATIONS][4]; /* content.relu1_2, style.relu1_1, style.relu2_1, tv */
    double content, style, tv;
    int stop_at; /* 0: never */
} change;

static bool change_weights(void *user, const pst_progress *progress) {
    change *c = user;
    int k = progress->iteration - 1;
    ck_assert_uint_eq(progress->term_count, 4);
    c->losses[k] = progress->loss;
    c->bests[k] = progress->best_loss;
    for (int t = 0; t < 4; t++)
        c->terms[k][t] = progress->terms[t].value;
    if (progress->iteration == CHANGE_AT) {
        ck_assert_int_eq(pst_job_set_weights(c->job, -1, 1, 1), PST_ERROR_ARGUMENT);
        ck_assert_int_eq(pst_job_set_weights(c->job, 1, NAN, 1), PST_ERROR_ARGUMENT);
        ck_assert_int_eq(pst_job_set_weights(c->job, 1, 1, INFINITY), PST_ERROR_ARGUMENT);
        ck_assert_ptr_nonnull(strstr(pst_context_message(context), "tv_weight"));
        ck_assert_int_eq(pst_job_set_weights(c->job, c->content, c->style, c->tv), PST_OK);
        pst_image *result; /* still there, though its loss is not known any more */
        ck_assert_int_eq(pst_job_result(c->job, &result), PST_OK);
        pst_image_destroy(result);
    }
    return progress->iteration == c->stop_at;
}

static int lowest_of(const double *losses, int from, int to) {
    int lowest = from;
    for (int k = from; k < to; k++)
        lowest = losses[k] <= losses[lowest] ? k : lowest;
    return lowest;
}

/* The evaluation after the change is of the best image until then, so that its terms are known beforehand:
 * proportional to the weights. The lowest loss counts from there, even though all before were far lower. */
START_TEST(changed_weights_hold_at_the_best_image) {
    change c = {.content = 5000, .style = 50, .tv = 0.5, .stop_at = ITERATIONS - 1};
    double rate = kinds[_i] == PST_OPTIMIZER_ADAM ? 40 : kinds[_i] == PST_OPTIMIZER_GRADIENT_DESCENT ? 3e-5 : 0;
    c.job = make_job(kinds[_i], false, rate);
    ck_assert_int_eq(pst_job_run(c.job, change_weights, &c), PST_STOPPED);
    const int best = lowest_of(c.losses, 0, CHANGE_AT);
    const double factors[] = {5000 / 5.0, 50 / 100.0, 50 / 100.0, 0.5 / 1e-3};
    double sum = 0;
    for (int t = 0; t < 4; t++) {
        double expected = c.terms[best][t] * factors[t];
        sum += expected;
        ck_assert_msg(fabs(c.terms[CHANGE_AT][t] - expected) <= 1e-12 * expected, "term %d: %.17g, not %.17g", t,
                      c.terms[CHANGE_AT][t], expected);
    }
    ck_assert(c.bests[CHANGE_AT] == c.losses[CHANGE_AT]);
    ck_assert_double_gt(sum, 2 * c.losses[best]);
    const pst_stage *stage = &c.job->stage;
    const pst_buffer *result = (const pst_buffer *)(stage->x_is_best ? stage->x : pst_optimizer_best(stage->optimizer));
    ck_assert_int_eq(pst_objective_evaluate(stage->objective, result, (pst_buffer *)stage->gradient), PST_OK);
    ck_assert_int_eq(pst_session_finish(context->session), PST_OK);
    ck_assert(pst_objective_losses(stage->objective, NULL) == stage->best_loss);
    ck_assert(c.job->stage.best_loss == c.losses[lowest_of(c.losses, CHANGE_AT, c.stop_at)]);
    if (kinds[_i] != PST_OPTIMIZER_ADAM) /* which takes long steps at first */
        ck_assert_double_lt(c.job->stage.best_loss, c.losses[CHANGE_AT]);
    pst_job_destroy(c.job);
}
END_TEST

/* Before the run it is as if the options had said so. No min_improvement ends a run because of a change. */
START_TEST(weights_set_before_are_those_of_the_options) {
    change a = {.content = 70, .style = 3, .tv = 0}, b = a;
    a.job = make_job(PST_OPTIMIZER_LBFGS, false, 0);
    ck_assert_int_eq(pst_job_set_weights(a.job, 0, 3, 0), PST_OK);
    a.job->options.min_improvement = 1e-9;
    a.job->options.improvement_window = 5;
    ck_assert_int_eq(pst_job_run(a.job, change_weights, &a), PST_OK);

    pst_transfer_options options = job_options(PST_OPTIMIZER_LBFGS, WIDTH, ITERATIONS);
    options.start = PST_START_CONTENT;
    options.content_weight = 0;
    options.style_weight = 3;
    options.tv_weight = 0;
    b.job = job_make(&options);
    ck_assert_int_eq(pst_job_run(b.job, change_weights, &b), PST_OK);
    for (int k = 0; k < ITERATIONS; k++)
        ck_assert_msg(a.losses[k] == b.losses[k] && a.losses[k] > 0, "iteration %d: %.17g, %.17g", k + 1, a.losses[k],
                      b.losses[k]);
    for (int k = 1; k < CHANGE_AT; k++)
        ck_assert(a.terms[k][0] == 0);
    ck_assert_double_gt(a.terms[CHANGE_AT][0], 0); /* a weight of 0 is no dead end */
    pst_job_destroy(a.job);
    pst_job_destroy(b.job);
}
END_TEST

static bool look_once(void *user, const pst_progress *progress) {
    double *terms = user;
    for (size_t t = 0; t < 4; t++)
        terms[t] = progress->terms[t].value;
    return true;
}

/* What else divides the weights goes on doing so. */
START_TEST(normalized_weights_stay_normalized) {
    double terms[2][4];
    for (int set = 0; set < 2; set++) {
        pst_transfer_options options = job_options(PST_OPTIMIZER_LBFGS, WIDTH, 3);
        options.content_layers = "relu1_2=0.3";
        options.style_layers = "relu1_1=2,relu2_1";
        options.normalize_weights = true;
        options.content_weight = set ? 1 : 700;
        options.style_weight = set ? 0 : 30;
        options.tv_weight = set ? 1 : 0.5;
        pst_job *job = job_make(&options);
        if (set)
            ck_assert_int_eq(pst_job_set_weights(job, 700, 30, 0.5), PST_OK);
        ck_assert_int_eq(pst_job_run(job, look_once, terms[set]), PST_STOPPED);
        pst_job_destroy(job);
    }
    for (int t = 0; t < 4; t++)
        ck_assert_msg(terms[0][t] > 0 && fabs(terms[1][t] - terms[0][t]) <= 1e-12 * terms[0][t],
                      "term %d: %.17g, not %.17g", t, terms[1][t], terms[0][t]);
}
END_TEST

static bool drop_content(void *user, const pst_progress *progress) {
    change *c = user;
    const bool before = progress->iteration <= 2;
    if (progress->iteration > 1)
        ck_assert((progress->terms[0].value > 0) == before);
    ck_assert((progress->terms[3].value > 0) == before);
    ck_assert_double_gt(progress->terms[1].value, 0);
    if (progress->iteration == 2)
        ck_assert_int_eq(pst_job_set_weights(c->job, 0, 3, 0), PST_OK);
    c->content = progress->scale;
    return false;
}

/* The next scale takes over the weights. */
START_TEST(changed_weights_hold_at_later_scales) {
    change c = {0};
    pst_transfer_options options = job_options(PST_OPTIMIZER_LBFGS, WIDTH, ITERATIONS);
    options.start = PST_START_CONTENT;
    options.scales = 2;
    c.job = job_make(&options);
    ck_assert_int_eq(pst_job_run(c.job, drop_content, &c), PST_OK);
    ck_assert(c.content == 2);
    pst_job_destroy(c.job);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("job");
    TCase *tests = tcase_create("jobs");
    tcase_add_unchecked_fixture(tests, job_open, job_close);
    tcase_set_timeout(tests, 300);
    tcase_add_loop_test(tests, an_iteration_waits_once, 0, KINDS);
    tcase_add_loop_test(tests, the_plan_is_what_is_taken, 0, KINDS);
    tcase_add_loop_test(tests, poolings_that_round_up_have_their_gradient, PST_POOLING_MAX, PST_POOLING_L2 + 1);
    tcase_add_loop_test(tests, images_are_few, 0, KINDS);
    tcase_add_loop_test(tests, the_result_has_the_lowest_loss, 0, KINDS);
    tcase_add_loop_test(tests, programs_built_ahead_change_nothing, 0, PST_LOSS_WASSERSTEIN + 1);
    tcase_add_loop_test(tests, changed_weights_hold_at_the_best_image, 0, KINDS);
    tcase_add_test(tests, weights_set_before_are_those_of_the_options);
    tcase_add_test(tests, changed_weights_hold_at_later_scales);
    tcase_add_test(tests, normalized_weights_stay_normalized);
    suite_add_tcase(suite, tests);
    return test_run(suite);
}
