/* A job: one content, its styles, the options, and what the descent needs. */
#ifndef PST_TRANSFER_JOB_H
#define PST_TRANSFER_JOB_H

#include "transfer/context.h"
#include "transfer/scales.h"
#include "transfer/stage.h"

#define PST_PLAN_ENTRIES 8

struct pst_job {
    pst_context *context;
    pst_network *network;
    pst_transfer_options options; /* pointers in it are not kept */
    int width, height;
    pst_image *content, *start, **styles; /* at the largest sizes they are used at */
    double *blend;
    pst_scale scales[PST_SCALES_MAX]; /* coarse to fine; the last is the result's */
    size_t scale_count;
    pst_conv_choices choices; /* of the context when the job was made */
    pst_choice named_choices[2 * PST_LAYERS_MAX];
    size_t named_count;
    pst_net *net;
    pst_objective_options objective_options; /* w and h are those of the last scale */
    pst_plan plan;
    pst_plan_entry entries[PST_PLAN_ENTRIES];

    /* while it runs */
    bool started;
    int iteration; /* evaluations done, of all scales */
    size_t scale;
    pst_stage stage;
    bool weights_changed; /* since the last evaluation of the stage */
    double start_seconds, scale_seconds; /* by the clock: before the first evaluation; after the first one of the scale */
};

/* The size of a style where the result's longer side is image_size. */
void pst_job_style_size(const pst_job *job, size_t style, int image_size, int *w, int *h);

/* Fills job->named_choices. */
pst_status pst_job_name_choices(pst_job *job);

/* After pst_job_set_weights, between evaluations: lets the optimiser begin anew at the best picture. */
pst_status pst_job_begin_anew(pst_job *job);

/* Fills job->scales and job->plan for the sizes of the job. */
pst_status pst_job_make_plan(pst_job *job);

#endif
