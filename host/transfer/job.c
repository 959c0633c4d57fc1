/* The descent, in five steps: pst_job_run is the whole method.
 *   1. start from the content, from noise or from a picture      start_picture
 *   2. features of the network                                   pst_objective_evaluate (net/pass.c)
 *   3. content, style and smoothness losses and their gradient   pst_objective_evaluate (transfer/objective.c)
 *   4. a step of L-BFGS, Adam or gradient descent                pst_optimizer_step (optim/)
 *   5. again, until it is done                                   is_done
 */
#include "transfer/job.h"

#include <math.h>
#include <stdio.h>

#include "base/file.h"
#include "base/memory.h"
#include "base/random.h"
#include "op/pixels.h"

#define NOISE 0.001 /* standard deviation of a random start, in 0..255 units */
#define RESTARTS_MAX 10 /* without a better loss in between */
#define RESTART_SCALE 0.1

/* ---- pictures to the device and back ---- */

static pst_status upload(pst_job *job, const pst_image *image, pst_buffer **x) {
    pst_session *session = job->context->session;
    size_t pixels = (size_t)image->width * (size_t)image->height, bytes = pst_space_vector_bytes(pixels * 3);
    pst_buffer *rgb = NULL;
    pst_status status;
    *x = NULL;
    PST_TRY(pst_buffer_create(session, bytes, "a picture", &rgb));
    PST_TRY(pst_buffer_create(session, bytes, "a picture", x));
    PST_TRY(pst_buffer_write(session, rgb, 0, image->rgb, sizeof(float) * pixels * 3));
    PST_TRY(pst_pixels_import(session, rgb, pixels, *x));
    PST_TRY(pst_session_finish(session));
cleanup:
    pst_buffer_destroy(session, rgb);
    if (status != PST_OK) {
        pst_buffer_destroy(session, *x);
        *x = NULL;
    }
    return status;
}

static const pst_buffer *best_picture(const pst_job *job) {
    return job->x_is_best ? job->x : (const pst_buffer *)pst_optimizer_best(job->optimizer);
}

pst_status pst_job_result(pst_job *job, pst_image **result) {
    pst_session *session = job->context->session;
    size_t pixels = (size_t)job->width * (size_t)job->height;
    pst_buffer *rgb = NULL;
    pst_image *image = NULL;
    pst_status status;
    *result = NULL;
    if (!job->best_iteration)
        return pst_fail(&job->context->error, PST_ERROR_ARGUMENT, "there is no result before the first evaluation");
    PST_TRY(pst_picture_create(&job->context->error, job->width, job->height, NULL, &image));
    PST_TRY(pst_buffer_create(session, job->x->bytes, "the result", &rgb));
    PST_TRY(pst_pixels_export(session, best_picture(job), pixels, rgb));
    PST_TRY(pst_buffer_read(session, rgb, 0, image->rgb, sizeof(float) * pixels * 3));
    for (size_t i = 0; i < pixels * 3; i++)
        image->rgb[i] = image->rgb[i] < 0 ? 0 : image->rgb[i] > 255 ? 255 : image->rgb[i];
    if (job->options.original_colors)
        pst_picture_keep_colors(image, job->content);
    PST_TRY(pst_picture_take_alpha(&job->context->error, image, job->content));
    *result = image;
    image = NULL;
cleanup:
    pst_image_destroy(image);
    pst_buffer_destroy(session, rgb);
    return status;
}

/* ---- step 1 and what comes before ---- */

static pst_status make_targets(pst_job *job) {
    pst_session *session = job->context->session;
    pst_buffer *x = NULL;
    pst_status status;
    PST_TRY(pst_objective_begin(job->objective));
    for (size_t s = 0; s < job->options.style_count; s++) {
        PST_TRY(upload(job, job->styles[s], &x));
        PST_TRY(pst_objective_add_style(job->objective, x, job->styles[s]->height, job->styles[s]->width, job->blend[s]));
        pst_buffer_destroy(session, x);
        x = NULL;
    }
    PST_TRY(upload(job, job->content, &x));
    PST_TRY(pst_objective_set_content(job->objective, x));
    PST_TRY(pst_objective_end(job->objective));
cleanup:
    pst_buffer_destroy(session, x);
    return status;
}

static pst_status start_picture(pst_job *job) {
    pst_session *session = job->context->session;
    if (job->options.start != PST_START_RANDOM)
        return upload(job, job->options.start == PST_START_CONTENT ? job->content : job->start, &job->x);
    size_t count = (size_t)job->width * (size_t)job->height * 3;
    float *noise = NULL;
    pst_status status;
    PST_TRY(pst_allocate(&job->context->error, count, sizeof(float), &noise));
    pst_random_normal(job->options.seed < 0 ? 0 : (uint64_t)job->options.seed, noise, count);
    for (size_t i = 0; i < count; i++)
        noise[i] *= (float)NOISE;
    PST_TRY(pst_buffer_create(session, pst_space_vector_bytes(count), "the picture", &job->x));
    PST_TRY(pst_buffer_write(session, job->x, 0, noise, sizeof(float) * count));
cleanup:
    pst_free(noise);
    return status;
}

static void take_losses(void *user) {
    pst_job *job = user;
    job->loss = pst_objective_losses(job->objective, job->losses);
}

static pst_status prepare(pst_job *job) {
    pst_session *session = job->context->session;
    size_t count = (size_t)job->width * (size_t)job->height * 3, bytes = pst_space_vector_bytes(count);
    pst_status status;
    PST_TRY(make_targets(job));
    pst_model_forget(job->network->model); /* all weights are on the device now */
    PST_TRY(start_picture(job));
    PST_TRY(pst_buffer_create(session, bytes, "the gradient", &job->gradient));
    PST_TRY(pst_space_open(session, job->height, job->width, pst_optimizer_vector_count(&job->optimizer_options) + 2, &job->space));
    job->space.after_wait = take_losses;
    job->space.user = job;
    PST_TRY(pst_optimizer_create(&job->space.vectors, &job->optimizer_options, &job->optimizer));
cleanup:
    return status;
}

/* ---- steps 2 to 5 ---- */

/* One evaluation at x and, unless it is the last, a step, which moves x. The device is waited for once: by the step, where
 * it needs numbers from there, and else before it. */
static pst_status evaluate_and_step(pst_job *job, bool step) {
    pst_status status;
    PST_TRY(pst_objective_evaluate(job->objective, job->x, job->gradient));
    if (!step || !pst_optimizer_waits(job->optimizer)) {
        PST_TRY(pst_session_finish(job->context->session));
        take_losses(job);
    }
    if (step) {
        pst_vector *x = (pst_vector *)job->x, *g = (pst_vector *)job->gradient;
        status = pst_optimizer_step(job->optimizer, &x, &g, &job->loss);
        job->x = (pst_buffer *)x;
        job->gradient = (pst_buffer *)g;
        if (status == PST_ERROR_NUMERIC) { /* or its gradient was not finite, which is as bad */
            job->loss = NAN;
            status = PST_OK;
        }
        PST_TRY(status);
    }
cleanup:
    return status;
}

/* Back to the best picture so far, with smaller steps. */
static pst_status restart(pst_job *job, int restarts, int iteration) {
    if (!job->best_iteration)
        return pst_fail(&job->context->error, PST_ERROR_NUMERIC,
                        "the very first loss is not a finite number; the weights are too large or the network is damaged");
    if (restarts > RESTARTS_MAX)
        return pst_fail(&job->context->error, PST_ERROR_NUMERIC,
                        "the loss at iteration %d is not a finite number, and smaller steps did not help; use smaller weights or a "
                        "smaller learning rate",
                        iteration);
    pst_status status = pst_buffer_copy(job->context->session, job->x, best_picture(job), job->x->bytes);
    return status == PST_OK ? pst_optimizer_restart(job->optimizer, RESTART_SCALE) : status;
}

/* The best loss of the last improvement_window evaluations, to see whether it still falls. */
typedef struct window {
    double *best;
    int length;
} window;

static bool is_done(const pst_job *job, const window *w, int iteration) {
    const pst_transfer_options *o = &job->options;
    if (iteration >= o->iterations || job->best_loss <= o->loss_threshold)
        return true;
    if (!w->best)
        return false;
    double *then = &w->best[iteration % w->length], before = *then;
    *then = job->best_loss;
    return iteration > w->length && before - job->best_loss < o->min_improvement * before;
}

/* Tells the callback; returns true if it wants to stop. */
static bool report(const pst_job *job, pst_progress_callback callback, void *user, pst_progress *progress) {
    pst_loss_term terms[PST_TERMS_MAX];
    for (size_t t = 0; t < job->objective_options.term_count; t++)
        terms[t] = (pst_loss_term){job->objective_options.terms[t].name, job->losses[t]};
    progress->terms = terms;
    progress->term_count = job->objective_options.term_count;
    return callback && callback(user, progress);
}

pst_status pst_job_run(pst_job *job, pst_progress_callback callback, void *user) {
    const pst_transfer_options *o = &job->options;
    pst_error *error = &job->context->error;
    window improvement = {.length = o->improvement_window};
    bool stop = false;
    int restarts = 0;
    pst_status status = PST_OK;
    if (job->started)
        return pst_fail(error, PST_ERROR_ARGUMENT, "a job runs only once");
    if (!job->plan.fits)
        return pst_fail(error, PST_ERROR_DEVICE_MEMORY,
                        "a picture of %dx%d needs %.0f MiB on a device with %.0f MiB; an image size of %d would fit", job->width,
                        job->height, (double)job->plan.device_bytes / 1048576, (double)job->plan.device_limit_bytes / 1048576,
                        job->plan.largest_image_size);
    job->started = true;
    if (o->min_improvement > 0)
        PST_TRY(pst_allocate(error, (size_t)improvement.length, sizeof(double), &improvement.best));
    PST_TRY(prepare(job));
    double start = pst_clock_seconds();
    for (int iteration = 1; !stop; iteration++) {
        char notice[96] = "";
        bool last = iteration == o->iterations;
        PST_TRY(evaluate_and_step(job, !last));
        if (isfinite(job->loss)) {
            if (!job->best_iteration || job->loss <= job->best_loss) {
                restarts = job->best_iteration && job->loss == job->best_loss ? restarts : 0;
                job->best_loss = job->loss;
                job->best_iteration = iteration;
                job->x_is_best = last; /* no step has moved it */
            }
        } else {
            PST_TRY(restart(job, ++restarts, iteration));
            snprintf(notice, sizeof notice, "the loss was not finite; going on from iteration %d with smaller steps", job->best_iteration);
        }
        pst_progress progress = {.iteration = iteration,
                                 .iterations = o->iterations,
                                 .seconds = pst_clock_seconds() - start,
                                 .loss = job->loss,
                                 .best_loss = job->best_loss,
                                 .notice = notice[0] ? notice : NULL};
        stop = report(job, callback, user, &progress);
        if (is_done(job, &improvement, iteration))
            break;
    }
    status = stop ? PST_STOPPED : PST_OK;
cleanup:
    pst_free(improvement.best);
    return status;
}
