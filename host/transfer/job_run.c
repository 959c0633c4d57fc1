/* The descent, in five steps, at one size after the other: pst_job_run is the whole method.
 *   1. start from the content, from noise or from an image      pst_stage_open (transfer/stage.c)
 *   2. features of the network                                   pst_objective_evaluate (net/pass.c)
 *   3. content, style and smoothness losses and their gradient   pst_objective_evaluate (loss/objective.c)
 *   4. a step of L-BFGS, Adam or gradient descent                pst_optimizer_measure and _move (optim/)
 *   5. again, until it is done                                   is_done
 */
#include "base/clock.h"
#include "base/file.h"
#include "image/color.h"
#include "transfer/carry.h"
#include "transfer/job.h"
#include "transfer/stage.h"

#define FORECAST_SECONDS 0.5 /* of evaluations that are measured, */
#define FORECAST_LONG 5      /* of a single one, */
#define FORECAST_MOST 20     /* or so many of them */

/* Have the iterations of this scale come to their end? */
static bool is_done(pst_job *job) {
    const pst_transfer_options *o = &job->options;
    pst_stage *stage = &job->stage;
    if (!stage->iteration)
        return false;
    if (stage->iteration >= stage->iterations || stage->best_loss <= o->loss_threshold)
        return true;
    if (!stage->window)
        return false;
    double *then = &stage->window[stage->iteration % o->improvement_window], before = *then;
    *then = stage->best_loss;
    return stage->iteration > stage->window_since + o->improvement_window &&
           before - stage->best_loss < o->min_improvement * before;
}

/* By the losses of rank 0, whose device may not be like the others. */
static pst_status find_whether_done(pst_job *job, bool *done) {
    *done = is_done(job);
    return pst_ranks_broadcast(job->context->ranks, &job->context->error, 0, done, sizeof *done);
}

double pst_job_seconds(const pst_job *job) { return job->seconds_before + pst_clock_seconds() - job->start_seconds; }

/* The time left, if a pixel goes on to cost what it does at this scale, in tiles as much more as it is more work; -1
 * while that is not known. The first evaluation tells nothing: it waits for the targets. */
static double seconds_left(const pst_job *job) {
    const pst_stage *stage = &job->stage;
    int measured = stage->iteration - job->pace_iteration;
    if (measured < 1)
        return -1;
    double scale_pixels = (double)stage->extent.image_w * stage->extent.image_h * job->scales[job->scale].work;
    double pixels = (stage->iterations - stage->iteration) * scale_pixels;
    for (size_t k = job->scale + 1; k < job->scale_count; k++)
        pixels += (double)job->scales[k].iterations * job->scales[k].w * job->scales[k].h * job->scales[k].work;
    return (pst_clock_seconds() - job->pace_seconds) / (measured * scale_pixels) * pixels;
}

/* Tells the callback; *stop: it wants to stop, on any rank. `evaluated`: this run has losses of the single terms. */
static pst_status report(const pst_job *job, pst_progress_callback callback, void *user, const char *notice,
                         bool evaluated, bool *stop) {
    const pst_stage *stage = &job->stage;
    pst_loss_term terms[PST_TERMS_MAX];
    for (size_t t = 0; t < job->objective_options.term_count; t++)
        terms[t] = (pst_loss_term){job->objective_options.terms[t].name, stage->losses[t]};
    pst_progress progress = {.iteration = job->iteration,
                             .iterations = job->options.iterations,
                             .seconds = pst_job_seconds(job),
                             .loss = stage->loss,
                             .best_loss = stage->best_loss,
                             .terms = terms,
                             .term_count = evaluated ? job->objective_options.term_count : 0,
                             .notice = notice[0] ? notice : NULL,
                             .scale = (int)job->scale + 1,
                             .scale_count = (int)job->scale_count,
                             .width = stage->extent.image_w,
                             .height = stage->extent.image_h,
                             .seconds_left = seconds_left(job),
                             .shares = stage->shares,
                             .share_count = stage->tiled ? pst_tiled_share_count(stage->tiled) : 0};
    bool goes_on = !callback || !callback(user, &progress);
    pst_status status = pst_ranks_all(job->context->ranks, &job->context->error, &goes_on);
    *stop = !goes_on;
    return status;
}

/* The next scale begins where this one ended. */
static pst_status go_up(pst_job *job) {
    pst_status status;
    PST_TRY(pst_carry_take(job, &job->carried));
    pst_stage_close(job);
    job->pace_seconds = 0;
    PST_TRY(pst_job_open_stage(job, ++job->scale, job->carried.image));
cleanup:
    return status;
}

static pst_status descend(pst_job *job, pst_progress_callback callback, void *user) {
    char notice[PST_NOTICE_BYTES];
    bool stop = false, evaluated = false, done, ignored;
    pst_status status = PST_OK;
    if (job->started)
        return pst_fail(&job->context->error, PST_ERROR_ARGUMENT, "a job runs only once");
    PST_TRY(pst_job_check_memory(job));
    job->started = true;
    if (!job->stage.space) /* else it was resumed */
        PST_TRY(pst_job_open_stage(job, 0, NULL));
    job->start_seconds = pst_clock_seconds();
    while (!stop) {
        PST_TRY(find_whether_done(job, &done));
        if (done) {
            if (job->scale + 1 == job->scale_count) {
                if (!evaluated) /* resumed, and nothing was left to do */
                    PST_TRY(report(job, callback, user, job->notice, evaluated, &ignored));
                break;
            }
            PST_TRY(go_up(job));
        }
        PST_TRY(pst_job_advance(job, job->scale, job->carried.image, notice));
        pst_carry_drop(&job->carried);
        evaluated = true;
        job->iteration++;
        if (job->stage.tiled)
            PST_TRY(pst_tiled_shares(job->stage.tiled, job->stage.shares));
        if (job->scale + 1 == job->scale_count)
            pst_job_drop_images(job);
        if (job->pace_seconds == 0) {
            job->pace_seconds = pst_clock_seconds();
            job->pace_iteration = job->stage.iteration;
        }
        PST_TRY(report(job, callback, user, notice[0] ? notice : job->notice, evaluated, &stop));
        if (!notice[0])
            job->notice[0] = '\0';
    }
    status = stop ? PST_STOPPED : PST_OK;
cleanup:
    return status;
}

void pst_job_watch_tiles(pst_job *job, pst_tile_callback callback, void *user) {
    job->tile_callback = callback;
    job->tile_user = user;
}

pst_status pst_job_run(pst_job *job, pst_progress_callback callback, void *user) {
    return pst_ranks_agree(job->context->ranks, &job->context->error, descend(job, callback, user));
}

/* The scale that a forecast measures: the finest that runs whole, or else the coarsest in tiles. */
static size_t forecast_scale(const pst_job *job) {
    size_t k = job->scale_count - 1;
    while (k > 0 && job->scales[k].tile.w)
        k--;
    return k;
}

/* By rank 0's clock. */
static pst_status forecast(pst_job *job, double *seconds) {
    const pst_ranks *ranks = job->context->ranks;
    pst_error *error = &job->context->error;
    const size_t k = forecast_scale(job);
    const pst_scale *tried = &job->scales[k];
    char notice[PST_NOTICE_BYTES];
    double opening, start, evaluation, measured = 0, all = 0;
    pst_status status;
    *seconds = 0;
    if (job->started || job->stage.space)
        return pst_fail(&job->context->error, PST_ERROR_ARGUMENT, "a forecast is possible only before the run");
    PST_TRY(pst_job_check_memory(job));
    start = pst_clock_seconds();
    PST_TRY(pst_job_open_stage(job, k, job->content));
    opening = pst_clock_seconds() - start;
    for (int n = 0; n <= FORECAST_MOST && measured < (n > 2 ? FORECAST_SECONDS : FORECAST_LONG); n++) {
        start = pst_clock_seconds();
        job->stage.iterations = 1000; /* so that each one ends with a step, as most do */
        PST_TRY(pst_job_advance(job, k, job->content, notice));
        evaluation = pst_clock_seconds() - start;
        PST_TRY(pst_ranks_broadcast(ranks, error, 0, &evaluation, sizeof evaluation));
        if (n) { /* the first compiles kernels; the second may too, those for pairs: the fastest one compiles none */
            measured += evaluation;
            *seconds = n == 1 || evaluation < *seconds ? evaluation : *seconds;
        }
    }
    for (const pst_scale *scale = job->scales; scale < job->scales + job->scale_count; scale++)
        all += ((double)scale->w * scale->h) / ((double)tried->w * tried->h) *
               (opening + scale->iterations * *seconds * scale->work / tried->work);
    PST_TRY(pst_ranks_broadcast(ranks, error, 0, &all, sizeof all));
    *seconds = all;
cleanup:
    if (!job->started)
        pst_stage_close(job);
    return status;
}

pst_status pst_job_forecast(pst_job *job, double *seconds) {
    return pst_ranks_agree(job->context->ranks, &job->context->error, forecast(job, seconds));
}

pst_status pst_job_result(pst_job *job, pst_image **result) {
    pst_image *image = NULL;
    pst_status status;
    *result = NULL;
    PST_TRY(pst_stage_image(job, &image));
    if (image->width != job->width || image->height != job->height) {
        PST_TRY(pst_img_resize(&job->context->error, image, job->width, job->height, result));
        PST_TRY(pst_job_keep_content(job, *result));
    } else { /* the content was kept in the stage's size; a copy would be as large as the image */
        *result = image;
        image = NULL;
    }
    for (size_t i = 0; i < (size_t)job->width * (size_t)job->height * 3; i++)
        (*result)->rgb[i] = (*result)->rgb[i] < 0 ? 0 : (*result)->rgb[i] > 255 ? 255 : (*result)->rgb[i];
    if (job->options.original_colors)
        pst_img_keep_colors(*result, job->content, job->options.color_space);
    if (job->gray)
        pst_img_make_gray(*result);
    if (job->content)
        PST_TRY(pst_img_take_alpha(&job->context->error, *result, job->content));
cleanup:
    pst_image_destroy(image);
    status = pst_ranks_agree(job->context->ranks, &job->context->error, status);
    if (status != PST_OK) {
        pst_image_destroy(*result);
        *result = NULL;
    }
    return status;
}
