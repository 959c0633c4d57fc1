/* Weights that change while a job runs. */
#include <math.h>

#include "transfer/job.h"

static pst_status check(pst_job *job, const char *name, double weight) {
    if (weight >= 0 && weight <= 1e30) /* false for NaN */
        return PST_OK;
    return pst_fail(&job->context->error, PST_ERROR_ARGUMENT, "the %s weight is %g; it must lie between 0 and 1e+30", name, weight);
}

pst_status pst_job_set_weights(pst_job *job, double content_weight, double style_weight, double tv_weight) {
    pst_objective_options *o = &job->objective_options;
    pst_status status;
    PST_TRY(check(job, "content", content_weight));
    PST_TRY(check(job, "style", style_weight));
    PST_TRY(check(job, "tv", tv_weight));
    job->options.content_weight = content_weight;
    job->options.style_weight = style_weight;
    job->options.tv_weight = tv_weight;
    for (size_t t = 0; t < o->term_count; t++) {
        pst_term *term = &o->terms[t];
        double weight = term->kind == PST_TERM_CONTENT ? content_weight : term->kind == PST_TERM_STYLE ? style_weight : tv_weight;
        term->weight = weight * term->factor;
        if (job->stage.objective)
            pst_objective_set_weight(job->stage.objective, t, term->weight);
    }
    job->weights_changed = job->stage.objective != NULL;
cleanup:
    return status;
}

/* The picture stays what it is; what is known of its loss is not true any more. */
pst_status pst_job_begin_anew(pst_job *job) {
    pst_stage *stage = &job->stage;
    pst_status status = pst_buffer_copy(job->context->session, stage->x, (const pst_buffer *)pst_optimizer_best(stage->optimizer),
                                        stage->x->bytes);
    pst_optimizer_begin_anew(stage->optimizer);
    stage->best_loss = INFINITY;
    stage->window_since = stage->iteration;
    return status;
}
