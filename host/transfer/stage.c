#include "transfer/stage.h"

#include <math.h>
#include <stdio.h>

#include "base/memory.h"
#include "base/random.h"
#include "image/color.h"
#include "transfer/job.h"

#define NOISE 0.001        /* standard deviation of a random start, in 0..255 units */
#define MEAN_GRAY 114.799f /* of the mean color that networks subtract */
#define RESTARTS_MAX 10    /* without a better loss in between */
#define RESTART_SCALE 0.1

/* Mean move of a sample in L-BFGS's first step, of 0..255: visible progress at once, and halved should the loss rise.
 */
#define FIRST_STEP 0.5

/* Pairs of L-BFGS where none are asked for: bench/README.md tells how it was chosen; the plain one has neural-style's.
 */
#define HISTORY 20
#define PLAIN_HISTORY 100

pst_optimizer_options pst_stage_optimizer(const pst_job *job, int w, int h, int iterations) {
    const pst_transfer_options *o = &job->options;
    double default_rate = o->optimizer == PST_OPTIMIZER_GRADIENT_DESCENT ? 1e-4 : 1;
    int useful = iterations > 2 ? iterations - 1 : 1; /* pairs that a run of this length can hold */
    int history = o->lbfgs_history                            ? o->lbfgs_history
                  : o->optimizer == PST_OPTIMIZER_LBFGS_PLAIN ? PLAIN_HISTORY
                                                              : HISTORY;
    return (pst_optimizer_options){.kind = o->optimizer,
                                   .history = history < useful ? history : useful,
                                   .learning_rate = o->learning_rate > 0 ? o->learning_rate : default_rate,
                                   .beta1 = o->adam_beta1,
                                   .beta2 = o->adam_beta2,
                                   .epsilon = 1e-8,
                                   .epsilon_first = o->adam_epsilon_first,
                                   .clamp = o->clamp,
                                   .average = o->average,
                                   .robust_first = FIRST_STEP * 3.0 * w * h,
                                   .momentum = o->momentum,
                                   .decay = o->decay};
}

/* ---- images to the space and back ---- */

pst_status pst_stage_upload(pst_session *session, const pst_image *image, double pixel_scale, pst_buffer **x) {
    pst_device_space space;
    pst_vector *vector;
    const pst_extent extent = pst_extent_make(image->width, image->height, 1);
    pst_device_space_open(session, image->height, image->width, pixel_scale, &space);
    pst_status status = pst_space_import(&space.base, &extent, image->rgb, &vector);
    pst_device_space_close(&space);
    *x = (pst_buffer *)vector;
    return status;
}

/* `image` in another size, continued, as a new vector. */
static pst_status import_at(pst_job *job, pst_space *space, const pst_image *image, const pst_extent *extent,
                            pst_vector **x) {
    pst_image *resized = NULL;
    pst_status status;
    *x = NULL;
    PST_TRY(pst_img_resize(&job->context->error, image, extent->image_w, extent->image_h, &resized));
    if (job->gray)
        pst_img_make_gray(resized);
    PST_TRY(pst_space_import(space, extent, resized->rgb, x));
cleanup:
    pst_image_destroy(resized);
    return status;
}

static const pst_vector *best_image(const pst_stage *stage) {
    return stage->x_is_best ? stage->x : pst_optimizer_best(stage->optimizer);
}

pst_status pst_stage_go_to_best(pst_stage *stage) {
    const pst_vector_space *vectors = &stage->space->vectors;
    return stage->x_is_best ? PST_OK : vectors->copy(vectors->self, stage->x, pst_optimizer_best(stage->optimizer));
}

pst_status pst_stage_image(pst_job *job, pst_image **result) {
    pst_stage *stage = &job->stage;
    pst_vector *rgb = stage->gradient; /* which the next evaluation makes anew: a result takes no memory more */
    pst_image *image = NULL;
    pst_status status;
    *result = NULL;
    if (!stage->best_iteration)
        return pst_fail(&job->context->error, PST_ERROR_ARGUMENT, "there is no result before the first evaluation");
    PST_TRY(pst_img_create(&job->context->error, stage->extent.image_w, stage->extent.image_h, NULL, &image));
    const pst_vector *average = pst_optimizer_average(stage->optimizer);
    PST_TRY(stage->space->methods->export(stage->space, average ? average : best_image(stage), rgb));
    PST_TRY(pst_space_take(stage->space, &stage->extent, rgb, image->rgb));
    if (job->gray)
        pst_img_make_gray(image); /* the network's units round each color its own way */
    PST_TRY(pst_job_keep_content(job, image));
    *result = image;
    image = NULL;
cleanup:
    pst_image_destroy(image);
    return status;
}

/* ---- opening and closing ---- */

/* A style of which the image is there. */
static pst_status add_style(pst_job *job, int image_size, size_t s, const pst_guides *guides) {
    pst_session *session = job->context->session;
    pst_objective *objective = job->stage.objective;
    pst_device_space space;
    pst_vector *x = NULL;
    int w, h;
    pst_status status;
    pst_job_style_size(job, job->styles[s], image_size, &w, &h);
    const pst_extent extent = pst_extent_make(w, h, 1);
    pst_device_space_open(session, h, w, pst_job_pixel_scale(job), &space);
    PST_TRY(import_at(job, &space.base, job->styles[s], &extent, &x));
    PST_TRY(guides ? pst_objective_add_guided_style(objective, (pst_buffer *)x, h, w, guides)
                   : pst_objective_add_style(objective, (pst_buffer *)x, h, w, job->blend[s]));
cleanup:
    space.base.vectors.destroy(&space, x);
    pst_device_space_close(&space);
    return status;
}

/* Leaves the content, in the stage's extent, in stage->x. Styles are not extended: what deep layers miss of their last
 * rows is a small part of their statistics, and a stored style then serves either way. */
static pst_status make_targets(pst_job *job, int image_size) {
    pst_stage *stage = &job->stage;
    pst_guides *guides;
    pst_status status;
    PST_TRY(pst_job_make_guides(job, &stage->extent, image_size, &guides));
    PST_TRY(pst_objective_begin(stage->objective));
    if (guides)
        PST_TRY(pst_objective_set_guides(stage->objective, &guides[0]));
    for (size_t s = 0; s < job->options.style_count; s++) {
        const pst_guides *own = guides ? &guides[s + 1] : NULL;
        PST_TRY(job->stored[s] ? pst_job_add_stored_style(job, stage->objective, s, image_size, own)
                               : add_style(job, image_size, s, own));
    }
    PST_TRY(import_at(job, stage->space, job->content, &stage->extent, &stage->x));
    PST_TRY(pst_objective_set_content(stage->objective, (pst_buffer *)stage->x));
    PST_TRY(pst_job_hold_content(job, stage->objective, (pst_buffer *)stage->x, &stage->extent));
    PST_TRY(pst_objective_end(stage->objective));
cleanup:
    pst_job_drop_guides(job, guides);
    return status;
}

static uint64_t seed_of(const pst_job *job) { return job->options.seed < 0 ? 0 : (uint64_t)job->options.seed; }

static pst_status make_noise(pst_job *job) {
    pst_stage *stage = &job->stage;
    pst_vector_space *vectors = &stage->space->vectors;
    const size_t count = (size_t)stage->w * (size_t)stage->h * 3;
    float *noise = NULL;
    pst_status status;
    PST_TRY(pst_allocate(&job->context->error, count, sizeof(float), &noise));
    pst_random_normal(seed_of(job), noise, count);
    for (size_t i = 0; i < count; i++)
        noise[i] *= (float)NOISE;
    PST_TRY(vectors->create(vectors->self, &stage->x));
    PST_TRY(stage->space->methods->write(stage->space, stage->x, 0, stage->h, noise));
cleanup:
    pst_free(noise);
    return status;
}

/* The same around a gray of the mean color's lightness. */
static pst_status make_gray_noise(pst_job *job) {
    pst_stage *stage = &job->stage;
    const pst_extent whole = pst_extent_make(stage->w, stage->h, 1);
    const size_t count = (size_t)stage->w * (size_t)stage->h;
    float *noise = NULL, *rgb = NULL;
    pst_status status;
    PST_TRY(pst_allocate(&job->context->error, count, sizeof(float), &noise));
    PST_TRY(pst_allocate(&job->context->error, 3 * count, sizeof(float), &rgb));
    pst_random_normal(seed_of(job), noise, count);
    for (size_t i = 0; i < 3 * count; i++)
        rgb[i] = MEAN_GRAY + (float)NOISE * noise[i / 3];
    PST_TRY(pst_space_import(stage->space, &whole, rgb, &stage->x));
cleanup:
    pst_free(noise);
    pst_free(rgb);
    return status;
}

/* Puts the first image of the descent into stage->x, where the content is. */
static pst_status start_image(pst_job *job, const pst_image *from) {
    pst_stage *stage = &job->stage;
    if (!from && job->options.start != PST_START_RANDOM)
        from = job->options.start == PST_START_CONTENT ? job->content : job->start;
    if (from == job->content)
        return PST_OK;
    stage->space->vectors.destroy(stage->space->vectors.self, stage->x);
    stage->x = NULL;
    if (from)
        return import_at(job, stage->space, from, &stage->extent, &stage->x);
    return job->gray ? make_gray_noise(job) : make_noise(job);
}

pst_status pst_stage_open(pst_job *job, size_t k, const pst_image *from) {
    const pst_scale *scale = &job->scales[k];
    pst_stage *stage = &job->stage;
    pst_objective_options options = job->objective_options;
    pst_status status;
    const pst_extent extent = pst_extent_make(scale->w, scale->h, job->multiple);
    *stage = (pst_stage){.extent = extent, .w = extent.w, .h = extent.h, .iterations = scale->iterations};
    stage->optimizer_options = pst_stage_optimizer(job, stage->w, stage->h, stage->iterations);
    options.w = stage->w;
    options.h = stage->h;
    if (job->options.min_improvement > 0)
        PST_TRY(pst_allocate(&job->context->error, (size_t)job->options.improvement_window, sizeof(double),
                             &stage->window));
    pst_device_space_open(job->context->session, stage->h, stage->w, pst_job_pixel_scale(job), &stage->on_device);
    stage->space = &stage->on_device.base;
    const pst_vector_space *vectors = &stage->space->vectors;
    PST_TRY(pst_objective_create(job->net, &options, &stage->objective));
    PST_TRY(make_targets(job, scale->image_size));
    pst_weights_forget(job->network->model); /* all weights are on the device now */
    PST_TRY(start_image(job, from));
    PST_TRY(vectors->create(vectors->self, &stage->gradient));
    PST_TRY(pst_device_space_allocate(&stage->on_device, pst_optimizer_vector_count(&stage->optimizer_options) + 2));
    PST_TRY(pst_optimizer_create(vectors, &stage->optimizer_options, &stage->optimizer));
cleanup:
    return status;
}

void pst_stage_close(pst_job *job) {
    pst_stage *stage = &job->stage;
    pst_optimizer_destroy(stage->optimizer);
    if (stage->space) {
        stage->space->vectors.destroy(stage->space->vectors.self, stage->x);
        stage->space->vectors.destroy(stage->space->vectors.self, stage->gradient);
    }
    pst_device_space_close(&stage->on_device);
    pst_objective_destroy(stage->objective);
    pst_free(stage->window);
    *stage = (pst_stage){0};
}

/* ---- an iteration ---- */

/* Queues the losses and their gradient at x. */
static pst_status evaluate(pst_stage *stage) {
    return pst_objective_evaluate(stage->objective, (const pst_buffer *)stage->x, (pst_buffer *)stage->gradient);
}

void pst_stage_set_weight(pst_stage *stage, size_t term, double weight) {
    pst_objective_set_weight(stage->objective, term, weight);
}

/* Lets the optimizer move x. A gradient that is not finite is as bad as such a loss, and becomes one. */
static pst_status move(pst_stage *stage) {
    pst_status status = pst_optimizer_move(stage->optimizer, &stage->x, &stage->gradient, stage->loss);
    if (status != PST_ERROR_NUMERIC)
        return status;
    stage->loss = NAN;
    return PST_OK;
}

/* Back to the best image so far, with smaller steps. */
static pst_status restart(pst_job *job) {
    pst_stage *stage = &job->stage;
    if (!stage->best_iteration)
        return pst_fail(
            &job->context->error, PST_ERROR_NUMERIC,
            "the very first loss is not a finite number; the weights are too large or the network is damaged");
    if (++stage->restarts > RESTARTS_MAX)
        return pst_fail(
            &job->context->error, PST_ERROR_NUMERIC,
            "the loss at iteration %d is not a finite number, and smaller steps did not help; use smaller weights or a "
            "smaller learning rate",
            stage->iteration);
    pst_status status = pst_stage_go_to_best(stage);
    return status == PST_OK ? pst_optimizer_restart(stage->optimizer, RESTART_SCALE) : status;
}

/* Notes the loss of the last evaluation; the optimizer has kept the image itself if a step followed. */
static void note_best(pst_stage *stage, bool last) {
    if (stage->best_iteration && stage->loss > stage->best_loss)
        return;
    if (!stage->best_iteration || stage->loss < stage->best_loss)
        stage->restarts = 0;
    stage->best_loss = stage->loss;
    stage->best_iteration = stage->iteration;
    stage->x_is_best = last;
}

pst_status pst_stage_advance(pst_job *job, char *notice) {
    pst_stage *stage = &job->stage;
    const bool last = stage->iteration + 1 == stage->iterations; /* no step follows */
    pst_status status;
    notice[0] = '\0';

    /* Queued: the losses and their gradient at x, and what the step needs to know about the gradient. */
    PST_TRY(evaluate(stage));
    if (job->gray) /* descent among the gray images: every step is made of such gradients */
        PST_TRY(stage->space->methods->gray(stage->space, stage->gradient));
    if (!last)
        PST_TRY(pst_optimizer_measure(stage->optimizer, stage->x, stage->gradient));

    /* The one wait. */
    PST_TRY(pst_session_finish(job->context->session));
    stage->loss = pst_objective_losses(stage->objective, stage->losses);

    /* The step, with the loss at hand: the optimizer keeps x if it is the best, decides, and queues the move of x. */
    if (!last && isfinite(stage->loss))
        PST_TRY(move(stage));
    stage->iteration++;

    if (isfinite(stage->loss)) {
        note_best(stage, last);
    } else {
        snprintf(notice, PST_NOTICE_BYTES, "the loss was not finite; continuing from iteration %d%s with smaller steps",
                 stage->best_iteration, job->scale_count > 1 ? " of this scale" : "");
        PST_TRY(restart(job));
    }
cleanup:
    return status;
}
