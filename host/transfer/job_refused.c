/* A job whose programs the device's compiler is not up to is planned anew, with what is plainer (op/refused.h), and
 * one for which the device has too little memory with less (job_smaller.c). */
#include <stdio.h>
#include <string.h>

#include "op/refused.h"
#include "transfer/carry.h"
#include "transfer/job.h"
#include "transfer/stage.h"

bool pst_job_is_outdated(const pst_job *job) {
    const pst_context *context = job->context;
    for (size_t d = 0; d < context->device_count; d++)
        if (job->choices[context->devices[d].kind].refused != context->devices[d].session->refused)
            return true;
    return false;
}

static void name_all(uint64_t refused, char names[160]) {
    names[0] = '\0';
    for (unsigned bit = 0; bit < PST_REFUSED_MOST; bit++)
        if (refused >> bit & 1) {
            size_t used = strlen(names);
            snprintf(names + used, 160 - used, "%s%s", used ? ", " : "", pst_refused_name(bit));
        }
}

static void set_notice(pst_job *job) {
    const pst_context *context = job->context;
    uint64_t since = 0, in_memory = 0;
    char slow[160], kept[160];
    for (size_t d = 0; d < context->device_count; d++) {
        since |= context->devices[d].session->refused & ~job->refused_before[context->devices[d].kind];
        in_memory |= context->devices[d].session->in_memory;
    }
    name_all(since & ~in_memory, slow);
    name_all(since & in_memory, kept);
    if (!*kept)
        snprintf(job->notice, sizeof job->notice,
                 "the driver's compiler takes more than %g s for %s; plainer kernels are used",
                 context->session->compile_seconds, slow);
    else
        snprintf(job->notice, sizeof job->notice,
                 "the driver's compiler has too few registers for %.75s%s%.75s; plainer kernels are used", kept,
                 *slow ? " and takes too long for " : "", slow);
}

static pst_status plan_anew(pst_job *job) {
    const pst_context *context = job->context;
    set_notice(job);
    pst_context_keep_refused(job->context);
    for (size_t d = 0; d < context->device_count; d++)
        job->choices[context->devices[d].kind].refused = context->devices[d].session->refused;
    return pst_job_plan_again(job);
}

/* Ranks come together after an attempt: all plan anew, or none does. */
static pst_status agree(pst_job *job, pst_status status) {
    pst_error *error = &job->context->error;
    status = pst_ranks_agree_in(job->context->ranks, error, status, PST_RANKS_ATTEMPT);
    if (status == PST_OK)
        return PST_OK;
    const pst_error before = *error;
    if (pst_context_unite_refused(job->context) == PST_OK)
        *error = before;
    return status;
}

/* After a failure before the first evaluation of a stage: PST_OK if the job can try again, planned anew. */
static pst_status make_good(pst_job *job, pst_status status) {
    if (pst_job_is_outdated(job))
        return PST_OK; /* pst_job_open_stage plans it */
    return status == PST_ERROR_DEVICE_MEMORY && !job->stage.iteration ? pst_job_shrink(job, status) : status;
}

pst_status pst_job_open_stage(pst_job *job, size_t k, const pst_image *from) {
    for (;;) {
        pst_status status = pst_job_is_outdated(job) ? plan_anew(job) : PST_OK;
        if (status == PST_OK)
            status = pst_stage_open(job, k, from);
        if (status == PST_OK)
            status = pst_carry_give(job, &job->carried);
        status = agree(job, status);
        if (status == PST_OK)
            return PST_OK;
        pst_stage_close(job);
        status = make_good(job, status);
        if (status != PST_OK)
            return status;
    }
}

pst_status pst_job_advance(pst_job *job, size_t k, const pst_image *from, char *notice) {
    for (;;) {
        const bool first = !job->stage.iteration;
        pst_status status = pst_stage_advance(job, notice);
        if (first)
            status = agree(job, status);
        if (status == PST_OK || !first)
            return status;
        status = make_good(job, status);
        if (status != PST_OK)
            return status;
        pst_stage_close(job);
        status = pst_job_open_stage(job, k, from);
        if (status != PST_OK)
            return status;
    }
}
