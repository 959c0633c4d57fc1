/* What the descent holds at one scale: made when it begins, gone before the next one begins. */
#ifndef PST_TRANSFER_STAGE_H
#define PST_TRANSFER_STAGE_H

#include "loss/objective.h"
#include "transfer/space.h"

/* A pst_job has one; transfer/job.h. */
typedef struct pst_stage {
    int w, h, iterations;
    pst_objective *objective; /* NULL: none is open */
    pst_space space;
    pst_optimizer_options optimizer_options;
    pst_optimizer *optimizer;
    pst_buffer *x, *gradient;           /* x moves; the optimizer may exchange either for another one of their size */
    double loss, losses[PST_TERMS_MAX]; /* of the last evaluation, once the device has been waited for */
    int iteration;                      /* evaluations done */
    double best_loss;
    int best_iteration; /* 0: none yet */
    bool x_is_best;     /* after the last evaluation, which no step follows; else the optimizer keeps it */
    int restarts;       /* without a better loss in between */
    double *window;     /* best loss at the last improvement_window evaluations, a ring; NULL: nobody asks */
    int window_since;   /* the iteration after which it began: with other weights it begins again */
} pst_stage;

/* Opens scale k of the job, whose stage must be closed: the targets, and the start: `from`, enlarged, or where it is
 * NULL what the options say. The stage wants pst_stage_close after a failure too. */
pst_status pst_stage_open(pst_job *job, size_t k, const pst_image *from);
void pst_stage_close(pst_job *job);

/* One iteration: an evaluation and, unless it is the last, a step, with one wait for the device in between. A loss that
 * is not finite leads back to the best image with smaller steps, and *notice, of PST_NOTICE_BYTES, says so; else it is
 * "". */
#define PST_NOTICE_BYTES 128
pst_status pst_stage_advance(pst_job *job, char *notice);

/* The best image so far, or the average where the options ask for one, not clamped; before the first evaluation
 * PST_ERROR_ARGUMENT. */
pst_status pst_stage_image(pst_job *job, pst_image **image);

/* An image as a new buffer of network units; pixel_scale as in op/pixels.h. */
pst_status pst_stage_upload(pst_session *session, const pst_image *image, double pixel_scale, pst_buffer **x);

/* The options of the optimizer at a scale. */
pst_optimizer_options pst_stage_optimizer(const pst_job *job, int w, int h, int iterations);

#endif
