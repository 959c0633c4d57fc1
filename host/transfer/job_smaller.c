/* A job whose memory was planned, and for which the device has not got it: it is planned anew to take less. */
#include <stdio.h>

#include "spread/ranks.h"
#include "transfer/job_plan.h"
#include "transfer/stage.h"

#define NEAR 64 /* a plan so small a part above the smallest one is not halved again */

/* Takes all that an attempt has left off the devices: weights that it has prepared for other algorithms are in no plan.
 * False where a driver has failed. */
static bool clear_devices(pst_job *job) {
    bool cleared = true;
    pst_stage_close(job);
    for (size_t d = 0; d < job->context->device_count; d++) {
        /* what is still read is not free yet */
        cleared = pst_session_finish(job->context->devices[d].session) == PST_OK && cleared;
        pst_device_network_clear(job->nets[d]);
    }
    return cleared;
}

/* Plans for so many bytes of the device; *better: it fits, takes no more than before on any rank, and less on one. */
static pst_status plan_for(pst_job *job, uint64_t bytes, uint64_t had, bool *better) {
    pst_error *error = &job->context->error;
    job->device_has = bytes;
    pst_status status = pst_job_plan_again(job);
    bool as_much = job->plan.device_bytes == had;
    *better = status == PST_OK && job->plan.device_bytes <= had;
    PST_TRY(pst_ranks_all(job->context->ranks, error, better));
    PST_TRY(pst_ranks_all(job->context->ranks, error, &as_much));
    *better = *better && !as_much;
cleanup:
    return status;
}

/* Three quarters of before; if nothing fits into them, half the way down to the smallest plan, and at last that. */
static pst_status shrink(pst_job *job, bool *better) {
    const uint64_t had = job->plan.device_bytes, limit = job->device_has;
    pst_status status;
    *better = clear_devices(job);
    PST_TRY(pst_ranks_all(job->context->ranks, &job->context->error, better));
    if (!*better)
        return PST_OK;
    PST_TRY(plan_for(job, had / 4 * 3, had, better));
    if (!*better) {
        PST_TRY(plan_for(job, 1, had, better)); /* it does not fit, but tells what the smallest takes */
        const uint64_t least = job->plan.device_bytes, above = least < had ? had - least : 0;
        PST_TRY(plan_for(job, least > had ? had - 1 : least + (above > had / NEAR ? above / 2 : 0), had, better));
    }
    if (!*better) {
        bool as_before;
        PST_TRY(plan_for(job, limit, had, &as_before));
    }
cleanup:
    return status;
}

pst_status pst_job_shrink(pst_job *job, pst_status why) {
    const pst_error before = job->context->error;
    bool better;
    pst_status status = shrink(job, &better);
    if (status == PST_OK && better) {
        char what[64] = "fewer maps of tiles are kept";
        if (!job->plan.tile_width)
            snprintf(what, sizeof what, "filters are transformed in every evaluation");
        else if (job->tile_chosen) /* one that was asked for stays */
            snprintf(what, sizeof what, "tiles of %dx%d pixels are used", job->plan.tile_width, job->plan.tile_height);
        snprintf(job->notice, sizeof job->notice, "the device gives less memory than it says it has; %s", what);
        job->context->error = (pst_error){0};
        return PST_OK;
    }
    job->context->error = before;
    return why;
}
