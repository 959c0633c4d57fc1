#include "transfer/carry.h"

#include <math.h>

#include "base/memory.h"
#include "image/plane.h"
#include "transfer/job.h"
#include "transfer/stage.h"

enum { FIRST, SECOND };

static pst_status take_moment(pst_job *job, const pst_vector *moment, int which, pst_carried *carried) {
    const pst_stage *stage = &job->stage;
    const pst_extent *extent = &stage->extent;
    const size_t count = 3 * (size_t)extent->image_w * (size_t)extent->image_h;
    pst_status status;
    PST_TRY(pst_allocate(&job->context->error, count, sizeof(float), &carried->moments[which]));
    float *values = carried->moments[which];
    PST_TRY(pst_space_take(stage->space, extent, moment, values));
    for (size_t i = 0; which == SECOND && i < count; i++) /* in the unit of the gradient, as the steps use it */
        values[i] = sqrtf(values[i]);
cleanup:
    return status;
}

/* A scale that runs whole runs on each rank, and where devices are not alike the images are not: rank 0's counts. */
static pst_status share(pst_job *job, pst_carried *carried) {
    const pst_ranks *ranks = job->context->ranks;
    pst_error *error = &job->context->error;
    const size_t bytes = sizeof(float) * 3 * (size_t)carried->image->width * (size_t)carried->image->height;
    pst_status status = PST_OK;
    if (job->stage.tiled)
        return PST_OK;
    PST_TRY(pst_ranks_broadcast(ranks, error, 0, carried->image->rgb, bytes));
    for (int which = FIRST; which <= SECOND && carried->moments[which]; which++)
        PST_TRY(pst_ranks_broadcast(ranks, error, 0, carried->moments[which], bytes));
cleanup:
    return status;
}

pst_status pst_carry_take(pst_job *job, pst_carried *carried) {
    const pst_adam_moments *moments = pst_optimizer_moments(job->stage.optimizer);
    pst_status status;
    *carried = (pst_carried){0};
    PST_TRY(pst_stage_image(job, &carried->image));
    if (moments && moments->first && moments->second) {
        PST_TRY(take_moment(job, moments->first, FIRST, carried));
        PST_TRY(take_moment(job, moments->second, SECOND, carried));
        carried->powers[FIRST] = moments->power1;
        carried->powers[SECOND] = moments->power2;
    }
    PST_TRY(share(job, carried));
cleanup:
    return status;
}

/* Of the second moment's root: overshoots of the cubic filter reach down to this part of the linear one's result, which
 * is positive where the samples are. A root of nearly 0 would make a step of any length. */
#define LEAST_PART 0.5f

static pst_status resize_moment(pst_error *error, const pst_carried *carried, int which, int w, int h, float *to) {
    const pst_image *image = carried->image;
    const float *from = carried->moments[which];
    float *least = NULL;
    pst_status status;
    PST_TRY(pst_plane_resize(error, PST_FILTER_CUBIC, 3, from, image->width, image->height, to, w, h));
    if (which == FIRST)
        return PST_OK;
    PST_TRY(pst_allocate(error, 3 * (size_t)w * (size_t)h, sizeof(float), &least));
    PST_TRY(pst_plane_resize(error, PST_FILTER_LINEAR, 3, from, image->width, image->height, least, w, h));
    for (size_t i = 0; i < 3 * (size_t)w * (size_t)h; i++)
        to[i] = fmaxf(to[i], LEAST_PART * least[i]);
cleanup:
    pst_free(least);
    return status;
}

/* Losses are means over the pixels, so a sample's gradient is smaller where there are more of them. */
static pst_status give_moment(pst_job *job, const pst_carried *carried, int which, pst_vector **vector) {
    const pst_image *image = carried->image;
    pst_stage *stage = &job->stage;
    const int w = stage->extent.image_w, h = stage->extent.image_h;
    const size_t count = 3 * (size_t)w * (size_t)h;
    const float fewer = (float)((double)image->width * image->height / ((double)w * h));
    float *values = NULL;
    pst_status status;
    PST_TRY(pst_allocate(&job->context->error, count, sizeof(float), &values));
    PST_TRY(resize_moment(&job->context->error, carried, which, w, h, values));
    for (size_t i = 0; i < count; i++) {
        values[i] *= fewer;
        if (which == SECOND)
            values[i] *= values[i];
    }
    PST_TRY(stage->space->vectors.create(stage->space->vectors.self, vector));
    PST_TRY(pst_space_put(stage->space, &stage->extent, values, *vector));
cleanup:
    pst_free(values);
    return status;
}

pst_status pst_carry_give(pst_job *job, const pst_carried *carried) {
    pst_adam_moments *moments = pst_optimizer_moments(job->stage.optimizer);
    pst_status status = PST_OK;
    if (!moments || !carried->moments[SECOND])
        return PST_OK;
    PST_TRY(give_moment(job, carried, FIRST, &moments->first));
    PST_TRY(give_moment(job, carried, SECOND, &moments->second));
    moments->power1 = carried->powers[FIRST];
    moments->power2 = carried->powers[SECOND];
cleanup:
    return status;
}

void pst_carry_drop(pst_carried *carried) {
    pst_image_destroy(carried->image);
    pst_free(carried->moments[FIRST]);
    pst_free(carried->moments[SECOND]);
    *carried = (pst_carried){0};
}
