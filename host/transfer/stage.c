#include "transfer/stage.h"

#include <math.h>
#include <stdio.h>

#include "image/color.h"
#include "transfer/job.h"

#define RESTARTS_MAX 10 /* without a better loss in between */
#define RESTART_SCALE 0.1

/* Mean move of a sample in the first step of L-BFGS, and of gradient descent that finds its rate, of 0..255: visible
 * progress at once, and halved should the loss rise. */
#define FIRST_STEP 0.5

/* Pairs of L-BFGS where none are asked for: bench/README.md tells how it was chosen; the plain one has neural-style's.
 */
#define HISTORY 20
#define PLAIN_HISTORY 100

pst_optimizer_options pst_stage_optimizer(const pst_job *job, int w, int h, int iterations) {
    const pst_transfer_options *o = &job->options;
    double default_rate = o->optimizer == PST_OPTIMIZER_GRADIENT_DESCENT ? 0 : 1;
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
                                   .first_step = FIRST_STEP * 3.0 * w * h,
                                   .momentum = o->momentum,
                                   .decay = o->decay};
}

bool pst_stage_halves(const pst_job *job) {
    const pst_transfer_options *o = &job->options;
    return o->lbfgs_storage == PST_STORAGE_HALF &&
           (o->optimizer == PST_OPTIMIZER_LBFGS || o->optimizer == PST_OPTIMIZER_LBFGS_PLAIN);
}

/* ---- images ---- */

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

/* ---- an iteration ---- */

/* The losses and their gradient at x; queued, or done where the stage is in tiles. */
static pst_status evaluate(pst_stage *stage) {
    return stage->tiled
               ? pst_tiled_evaluate(stage->tiled, pst_host_vector_store(stage->x),
                                    pst_host_vector_store(stage->gradient))
               : pst_objective_evaluate(stage->objective, (const pst_buffer *)stage->x, (pst_buffer *)stage->gradient);
}

static double losses(pst_stage *stage) {
    return stage->tiled ? pst_tiled_losses(stage->tiled, stage->losses)
                        : pst_objective_losses(stage->objective, stage->losses);
}

void pst_stage_weigh(pst_job *job, size_t term) {
    pst_stage *stage = &job->stage;
    const pst_term *of = &job->objective_options.terms[term];
    const double size = job->scales[job->scale].image_size, full = job->options.full_style_size;
    const double weight = of->kind == PST_TERM_STYLE && size < full ? of->weight * size / full : of->weight;
    if (stage->tiled)
        pst_tiled_set_weight(stage->tiled, term, weight);
    else if (stage->objective)
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
    stage->loss = losses(stage);

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
