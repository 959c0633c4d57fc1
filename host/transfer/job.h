/* A job: one content, its styles, the options, and what the descent needs. */
#ifndef PST_TRANSFER_JOB_H
#define PST_TRANSFER_JOB_H

#include "transfer/context.h"
#include "transfer/objective.h"
#include "transfer/space.h"

#define PST_PLAN_ENTRIES 8

struct pst_job {
    pst_context *context;
    pst_network *network;
    pst_transfer_options options; /* pointers in it are not kept */
    int width, height;
    pst_image *content, *start, **styles; /* at the sizes they are used at */
    double *blend;
    pst_optimizer_options optimizer_options;
    pst_conv_choices choices; /* of the context when the job was made */
    pst_choice named_choices[2 * PST_LAYERS_MAX];
    size_t named_count;
    pst_net *net;
    pst_objective *objective;
    pst_objective_options objective_options;
    pst_plan plan;
    pst_plan_entry entries[PST_PLAN_ENTRIES];

    /* while it runs */
    bool started;
    pst_space space;
    pst_optimizer *optimizer;
    pst_buffer *x, *gradient; /* x moves; the optimiser may exchange either for another one of their size */
    double loss, losses[PST_TERMS_MAX]; /* of the last evaluation, once the device has been waited for */
    double best_loss;
    int best_iteration; /* 0: none yet */
    bool weights_changed; /* since the last evaluation */
    bool x_is_best;     /* after the last evaluation, which no step follows; else the optimiser keeps it */
};

/* Fills job->named_choices. */
void pst_job_name_choices(pst_job *job);

/* After pst_job_set_weights, between evaluations: lets the optimiser begin anew at the best picture. */
pst_status pst_job_begin_anew(pst_job *job);

/* Fills job->plan for the sizes of the job. */
pst_status pst_job_make_plan(pst_job *job);

#endif
