/* A job whose memory was planned, and for which the device has not got it: it is planned anew to take less. */
#include <stdio.h>

#include "spread/ranks.h"
#include "transfer/job_plan.h"

static bool is_lost(const pst_job *job) {
    for (size_t d = 0; d < job->context->device_count; d++)
        if (job->context->devices[d].session->lost)
            return true;
    return false;
}

/* Plans; *better: it fits, and takes less of the device than before, on every rank. */
static pst_status plan_below(pst_job *job, uint64_t had, bool *better) {
    pst_status status = pst_job_plan_again(job);
    *better = status == PST_OK && job->plan.device_bytes < had;
    return pst_ranks_all(job->context->ranks, &job->context->error, better);
}

static pst_status shrink(pst_job *job, bool *better) {
    const uint64_t had = job->plan.device_bytes;
    pst_status status;
    bool may = !is_lost(job) && (job->tile_chosen || (job->plan.tile_width && !job->keeps_no_maps));
    *better = false;
    PST_TRY(pst_ranks_all(job->context->ranks, &job->context->error, &may));
    if (!may)
        return PST_OK;
    if (!job->tile_chosen) { /* a tile that was asked for stays */
        job->keeps_no_maps = true;
        return plan_below(job, had, better);
    }
    job->device_has = had / 4 * 3;
    PST_TRY(plan_below(job, had, better));
    if (!*better) { /* is there anything in between? */
        job->device_has = had - 1;
        PST_TRY(plan_below(job, had, better));
    }
cleanup:
    return status;
}

pst_status pst_job_shrink(pst_job *job, pst_status why) {
    const pst_error before = job->context->error;
    bool better;
    pst_status status = shrink(job, &better);
    if (status == PST_OK && better) {
        char what[64] = "no maps of tiles are kept";
        if (!job->plan.tile_width)
            snprintf(what, sizeof what, "filters are transformed in every evaluation");
        else if (!job->keeps_no_maps)
            snprintf(what, sizeof what, "tiles of %dx%d pixels are used", job->plan.tile_width, job->plan.tile_height);
        snprintf(job->notice, sizeof job->notice, "the device gives less memory than it says it has; %s", what);
        job->context->error = (pst_error){0};
        return PST_OK;
    }
    job->context->error = before;
    return why;
}
