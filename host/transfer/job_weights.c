/* Weights that change while a job runs. */
#include <math.h>

#include "transfer/job.h"
#include "transfer/stage.h"
#include "transfer/transfer_options.h"

/* The image stays what it is, the best so far; what is known of its loss, and by the optimizer, is not true any more.
 * At once, so that a checkpoint in the same breath is right. */
static pst_status begin_anew(pst_job *job) {
    pst_stage *stage = &job->stage;
    pst_status status = pst_stage_go_to_best(stage);
    pst_optimizer_begin_anew(stage->optimizer);
    stage->best_loss = INFINITY;
    stage->window_since = stage->iteration;
    return status;
}

pst_status pst_job_set_weights(pst_job *job, double content_weight, double style_weight, double tv_weight) {
    pst_error *error = &job->context->error;
    pst_objective_options *o = &job->objective_options;
    pst_stage *stage = &job->stage;
    pst_status status;
    PST_TRY(pst_options_check_value(error, offsetof(pst_transfer_options, content_weight), content_weight));
    PST_TRY(pst_options_check_value(error, offsetof(pst_transfer_options, style_weight), style_weight));
    PST_TRY(pst_options_check_value(error, offsetof(pst_transfer_options, tv_weight), tv_weight));
    job->options.content_weight = content_weight;
    job->options.style_weight = style_weight;
    job->options.tv_weight = tv_weight;
    for (size_t t = 0; t < o->term_count; t++) {
        pst_term *term = &o->terms[t];
        double weight = term->kind == PST_TERM_CONTENT ? content_weight
                        : term->kind == PST_TERM_STYLE ? style_weight
                        : term->kind == PST_TERM_TV    ? tv_weight
                                                       : job->options.range_weight;
        term->weight = weight * term->factor;
        pst_stage_weigh(job, t);
    }
    if (stage->best_iteration)
        PST_TRY(begin_anew(job));
cleanup:
    return status;
}

void pst_job_weights(const pst_job *job, double *content_weight, double *style_weight, double *tv_weight) {
    *content_weight = job->options.content_weight;
    *style_weight = job->options.style_weight;
    *tv_weight = job->options.tv_weight;
}
