/* Contexts of ranks that share jobs. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "transfer/context.h"
#include "tune/choices_file.h"

#ifndef __VERSION__
#define __VERSION__ "?"
#endif

/* The same build computes the same: of the host's code that is known by the version and the compiler. */
static pst_status compare_builds(pst_context *context) {
    char mine[256];
    char *first = NULL;
    pst_status status;
    snprintf(mine, sizeof mine, "%s (kernels %016" PRIx64 ", compiler %.100s)", pst_version(), pst_choices_kernels(),
             __VERSION__);
    PST_TRY(pst_ranks_tell(context->ranks, &context->error, mine, &first));
    if (strcmp(mine, first) != 0)
        status = pst_fail(&context->error, PST_ERROR_RANKS, "runs pastiche %s, and rank 0 runs %.200s", mine, first);
cleanup:
    pst_free(first);
    return pst_ranks_agree(context->ranks, &context->error, status);
}

static pst_status take_choices(pst_context *context, const char *text) {
    pst_conv_choices theirs = {0};
    char foreign[256] = "";
    pst_status status =
        pst_choices_parse(context->session, "the choices of rank 0", text, strlen(text), &theirs, foreign);
    if (status != PST_OK || foreign[0]) {
        pst_conv_choices_clear(&theirs);
        return status;
    }
    pst_conv_choices_clear(&context->devices[0].choices);
    context->devices[0].choices = theirs;
    context->session->refused |= theirs.refused;
    pst_context_share_refused(context);
    return PST_OK;
}

pst_status pst_context_share_choices(pst_context *context) {
    const bool first = pst_ranks_rank(context->ranks) == 0;
    char *text = NULL, *told = NULL;
    pst_status status = PST_OK;
    if (!context->ranks)
        return PST_OK;
    if (first)
        PST_TRY(pst_choices_print(context->session, &context->devices[0].choices, &text));
    PST_TRY(pst_ranks_tell(context->ranks, &context->error, text, &told));
    if (!first)
        PST_TRY(take_choices(context, told));
cleanup:
    pst_free(text);
    pst_free(told);
    return pst_ranks_agree(context->ranks, &context->error, status);
}

pst_status pst_context_unite_refused(pst_context *context) {
    uint64_t all = 0;
    for (size_t d = 0; d < context->device_count; d++)
        all |= context->devices[d].session->refused;
    const pst_status status = pst_ranks_unite(context->ranks, &context->error, &all);
    for (size_t d = 0; context->ranks && status == PST_OK && d < context->device_count; d++)
        context->devices[d].session->refused = all;
    return status;
}

pst_status pst_context_join(pst_context *context, pst_status status) {
    PST_TRY(pst_ranks_agree(context->ranks, &context->error, status));
    PST_TRY(compare_builds(context));
    PST_TRY(pst_context_share_choices(context));
    PST_TRY(pst_context_unite_refused(context));
    for (size_t d = 0; d < context->device_count; d++) /* not to be kept as what this device refused */
        context->devices[d].choices.refused = context->devices[d].session->refused;
cleanup:
    return status;
}
