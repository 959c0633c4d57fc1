#include "transfer/stage.h"

#include <math.h>
#include <stdio.h>

#include "base/memory.h"
#include "base/random.h"
#include "image/color.h"
#include "op/pixels.h"
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

/* ---- images to the device and back ---- */

pst_status pst_stage_upload(pst_session *session, const pst_image *image, double pixel_scale, pst_buffer **x) {
    size_t pixels = (size_t)image->width * (size_t)image->height, bytes = pst_space_vector_bytes(pixels * 3);
    pst_buffer *rgb = NULL;
    pst_status status;
    *x = NULL;
    PST_TRY(pst_buffer_create(session, bytes, "an image", &rgb));
    PST_TRY(pst_buffer_create(session, bytes, "an image", x));
    PST_TRY(pst_buffer_write(session, rgb, 0, image->rgb, sizeof(float) * pixels * 3));
    PST_TRY(pst_pixels_import(session, rgb, pixels, pixel_scale, *x));
    PST_TRY(pst_session_finish(session));
cleanup:
    pst_buffer_destroy(session, rgb);
    if (status != PST_OK) {
        pst_buffer_destroy(session, *x);
        *x = NULL;
    }
    return status;
}

/* `image` in another size, continued, on the device. */
static pst_status upload_at(pst_job *job, const pst_image *image, const pst_extent *extent, pst_buffer **x) {
    pst_error *error = &job->context->error;
    pst_image *resized = NULL, *continued = NULL;
    pst_status status;
    *x = NULL;
    PST_TRY(pst_img_resize(error, image, extent->image_w, extent->image_h, &resized));
    PST_TRY(pst_img_create(error, extent->w, extent->h, NULL, &continued));
    if (job->gray)
        pst_img_make_gray(resized);
    pst_extent_continue(extent, 3, resized->rgb, continued->rgb);
    PST_TRY(pst_stage_upload(job->context->session, continued, pst_job_pixel_scale(job), x));
cleanup:
    pst_image_destroy(resized);
    pst_image_destroy(continued);
    return status;
}

static const pst_buffer *best_image(const pst_stage *stage) {
    return stage->x_is_best ? stage->x : (const pst_buffer *)pst_optimizer_best(stage->optimizer);
}

pst_status pst_stage_image(pst_job *job, pst_image **result) {
    pst_session *session = job->context->session;
    pst_stage *stage = &job->stage;
    size_t pixels = (size_t)stage->w * (size_t)stage->h;
    pst_buffer *rgb = stage->gradient; /* which the next evaluation makes anew: a result takes no memory more */
    pst_image *whole = NULL, *image = NULL;
    pst_status status;
    *result = NULL;
    if (!stage->best_iteration)
        return pst_fail(&job->context->error, PST_ERROR_ARGUMENT, "there is no result before the first evaluation");
    PST_TRY(pst_img_create(&job->context->error, stage->w, stage->h, NULL, &whole));
    PST_TRY(pst_img_create(&job->context->error, stage->extent.image_w, stage->extent.image_h, NULL, &image));
    const pst_buffer *average = (const pst_buffer *)pst_optimizer_average(stage->optimizer);
    PST_TRY(pst_pixels_export(session, average ? average : best_image(stage), pixels, pst_job_pixel_scale(job), rgb));
    PST_TRY(pst_buffer_read(session, rgb, 0, whole->rgb, sizeof(float) * pixels * 3));
    pst_extent_crop(&stage->extent, 3, whole->rgb, image->rgb);
    if (job->gray)
        pst_img_make_gray(image); /* the network's units round each color its own way */
    PST_TRY(pst_job_keep_content(job, image));
    *result = image;
    image = NULL;
cleanup:
    pst_image_destroy(whole);
    pst_image_destroy(image);
    return status;
}

/* ---- opening and closing ---- */

/* Leaves the content, in the stage's extent, in stage->x. Styles are not extended: what deep layers miss of their last
 * rows is a small part of their statistics, and a stored style then serves either way. */
static pst_status make_targets(pst_job *job, int image_size) {
    pst_session *session = job->context->session;
    pst_stage *stage = &job->stage;
    pst_buffer *x = NULL;
    pst_guides *guides;
    pst_status status;
    PST_TRY(pst_job_make_guides(job, &stage->extent, image_size, &guides));
    PST_TRY(pst_objective_begin(stage->objective));
    if (guides)
        PST_TRY(pst_objective_set_guides(stage->objective, &guides[0]));
    for (size_t s = 0; s < job->options.style_count; s++) {
        int w, h;
        if (job->stored[s]) {
            PST_TRY(pst_job_add_stored_style(job, stage->objective, s, image_size, guides ? &guides[s + 1] : NULL));
            continue;
        }
        pst_job_style_size(job, job->styles[s], image_size, &w, &h);
        const pst_extent extent = pst_extent_make(w, h, 1);
        PST_TRY(upload_at(job, job->styles[s], &extent, &x));
        PST_TRY(guides ? pst_objective_add_guided_style(stage->objective, x, h, w, &guides[s + 1])
                       : pst_objective_add_style(stage->objective, x, h, w, job->blend[s]));
        pst_buffer_destroy(session, x);
        x = NULL;
    }
    PST_TRY(upload_at(job, job->content, &stage->extent, &stage->x));
    PST_TRY(pst_objective_set_content(stage->objective, stage->x));
    PST_TRY(pst_job_hold_content(job, stage->objective, stage->x, &stage->extent));
    PST_TRY(pst_objective_end(stage->objective));
cleanup:
    pst_job_drop_guides(job, guides);
    pst_buffer_destroy(session, x);
    return status;
}

static pst_status upload_noise(pst_job *job, pst_buffer **x) {
    pst_session *session = job->context->session;
    size_t count = (size_t)job->stage.w * (size_t)job->stage.h * 3;
    float *noise = NULL;
    pst_status status;
    PST_TRY(pst_allocate(&job->context->error, count, sizeof(float), &noise));
    pst_random_normal(job->options.seed < 0 ? 0 : (uint64_t)job->options.seed, noise, count);
    for (size_t i = 0; i < count; i++)
        noise[i] *= (float)NOISE;
    PST_TRY(pst_buffer_create(session, pst_space_vector_bytes(count), "the image", x));
    PST_TRY(pst_buffer_write(session, *x, 0, noise, sizeof(float) * count));
cleanup:
    pst_free(noise);
    return status;
}

/* The same around a gray of the mean color's lightness. */
static pst_status upload_gray_noise(pst_job *job, pst_buffer **x) {
    const pst_extent *extent = &job->stage.extent;
    const size_t count = (size_t)extent->w * (size_t)extent->h;
    float *noise = NULL;
    pst_image *image = NULL;
    pst_status status;
    *x = NULL;
    PST_TRY(pst_img_create(&job->context->error, extent->w, extent->h, NULL, &image));
    PST_TRY(pst_allocate(&job->context->error, count, sizeof(float), &noise));
    pst_random_normal(job->options.seed < 0 ? 0 : (uint64_t)job->options.seed, noise, count);
    for (size_t i = 0; i < 3 * count; i++)
        image->rgb[i] = MEAN_GRAY + (float)NOISE * noise[i / 3];
    PST_TRY(pst_stage_upload(job->context->session, image, pst_job_pixel_scale(job), x));
cleanup:
    pst_free(noise);
    pst_image_destroy(image);
    return status;
}

/* Puts the first image of the descent into stage->x, where the content is. */
static pst_status start_image(pst_job *job, const pst_image *from) {
    pst_stage *stage = &job->stage;
    if (!from && job->options.start != PST_START_RANDOM)
        from = job->options.start == PST_START_CONTENT ? job->content : job->start;
    if (from == job->content)
        return PST_OK;
    pst_buffer_destroy(job->context->session, stage->x);
    stage->x = NULL;
    if (from)
        return upload_at(job, from, &stage->extent, &stage->x);
    return job->gray ? upload_gray_noise(job, &stage->x) : upload_noise(job, &stage->x);
}

pst_status pst_stage_open(pst_job *job, size_t k, const pst_image *from) {
    pst_session *session = job->context->session;
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
    PST_TRY(pst_objective_create(job->net, &options, &stage->objective));
    PST_TRY(make_targets(job, scale->image_size));
    pst_weights_forget(job->network->model); /* all weights are on the device now */
    PST_TRY(start_image(job, from));
    PST_TRY(pst_buffer_create(session, stage->x->bytes, "the gradient", &stage->gradient));
    PST_TRY(pst_space_open(session, stage->h, stage->w, pst_optimizer_vector_count(&stage->optimizer_options) + 2,
                           &stage->space));
    stage->space.pixel_scale = pst_job_pixel_scale(job);
    PST_TRY(pst_optimizer_create(&stage->space.vectors, &stage->optimizer_options, &stage->optimizer));
cleanup:
    return status;
}

void pst_stage_close(pst_job *job) {
    pst_session *session = job->context->session;
    pst_stage *stage = &job->stage;
    pst_optimizer_destroy(stage->optimizer);
    pst_space_close(&stage->space);
    pst_buffer_destroy(session, stage->x);
    pst_buffer_destroy(session, stage->gradient);
    pst_objective_destroy(stage->objective);
    pst_free(stage->window);
    *stage = (pst_stage){0};
}

/* ---- an iteration ---- */

/* Lets the optimizer move x. A gradient that is not finite is as bad as such a loss, and becomes one. */
static pst_status move(pst_stage *stage) {
    pst_vector *x = (pst_vector *)stage->x, *g = (pst_vector *)stage->gradient;
    pst_status status = pst_optimizer_move(stage->optimizer, &x, &g, stage->loss);
    stage->x = (pst_buffer *)x;
    stage->gradient = (pst_buffer *)g;
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
    pst_status status = pst_buffer_copy(job->context->session, stage->x, best_image(stage), stage->x->bytes);
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
    PST_TRY(pst_objective_evaluate(stage->objective, stage->x, stage->gradient));
    if (job->gray) /* descent among the gray images: every step is made of such gradients */
        PST_TRY(pst_pixels_gray(job->context->session, stage->gradient, (size_t)stage->w * (size_t)stage->h));
    if (!last)
        PST_TRY(pst_optimizer_measure(stage->optimizer, (pst_vector *)stage->x, (pst_vector *)stage->gradient));

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
