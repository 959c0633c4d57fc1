/* The descent at one scale. */
#ifndef PST_TRANSFER_STAGE_H
#define PST_TRANSFER_STAGE_H

#include "transfer/job.h"

/* Opens scale k of the job, whose stage must be closed: the targets, and the start: what the options say, or
 * with the result `from` of a coarser scale what scales.h says. The stage wants pst_stage_close after a failure too. */
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

/* Makes x the best image so far. */
pst_status pst_stage_go_to_best(pst_stage *stage);

/* Gives the open stage the weight that the job has for a term, from the next evaluation on; of a style, what
 * full_style_size leaves of it at this size. */
void pst_stage_weigh(pst_job *job, size_t term);

/* An image as a new buffer of network units; pixel_scale as in op/pixels.h. */
pst_status pst_stage_upload(pst_session *session, const pst_image *image, double pixel_scale, pst_buffer **x);

/* Are an optimizer's pairs halves, in tiles? */
bool pst_stage_halves(const pst_job *job);

/* The options of the optimizer at a scale. */
pst_optimizer_options pst_stage_optimizer(const pst_job *job, int w, int h, int iterations);

#endif
