/* What a job was made from, in digests: a checkpoint and the ranks of a run must have the same. */
#include <stdio.h>
#include <string.h>

#include "base/digest.h"
#include "base/memory.h"
#include "model/weights_digest.h"
#include "transfer/job.h"
#include "transfer/transfer_options.h"

const char *const pst_input_names[PST_INPUTS] = {"another content image", "other style images", "other masks",
                                                 "another network"};

static void add_image(pst_digest *digest, const pst_image *image) {
    if (!image)
        return;
    pst_digest_add(digest, &image->width, sizeof image->width);
    pst_digest_add(digest, &image->height, sizeof image->height);
    pst_digest_add(digest, image->rgb, sizeof(float) * 3 * (size_t)image->width * (size_t)image->height);
}

void pst_job_digest_masks(pst_job *job) {
    const pst_transfer_options *o = &job->options;
    pst_digest digest;
    pst_digest_begin(&digest, PST_DIGEST_SHA256);
    add_image(&digest, o->content_mask);
    for (size_t s = 0; o->style_masks && s < o->style_count; s++)
        add_image(&digest, o->style_masks[s]);
    pst_regions_digest(job->regions, &digest);
    pst_digest_end(&digest, job->masks_digest);
}

static void digest_images(pst_job *job) {
    char(*hex)[PST_DIGEST_BYTES] = job->image_digests;
    pst_digest content, styles;
    if (job->images_digested)
        return;
    pst_digest_begin(&content, PST_DIGEST_SHA256);
    add_image(&content, job->content);
    add_image(&content, job->start);
    pst_digest_end(&content, hex[PST_INPUT_CONTENT]);
    pst_digest_begin(&styles, PST_DIGEST_SHA256);
    for (size_t s = 0; s < job->options.style_count; s++) {
        add_image(&styles, job->styles[s]);
        if (job->stored[s])
            pst_digest_add(&styles, job->stored[s]->digest, sizeof job->stored[s]->digest);
        pst_digest_add(&styles, &job->blend[s], sizeof job->blend[s]);
    }
    pst_digest_end(&styles, hex[PST_INPUT_STYLES]);
    job->images_digested = true;
}

void pst_job_drop_images(pst_job *job) {
    const bool needed =
        job->options.original_colors || pst_regions_keep_any(job->regions) || (job->content && job->content->alpha);
    digest_images(job);
    if (!needed) {
        pst_image_destroy(job->content);
        job->content = NULL;
    }
    pst_image_destroy(job->start);
    job->start = NULL;
    for (size_t s = 0; s < job->options.style_count; s++) {
        pst_image_destroy(job->styles[s]);
        job->styles[s] = NULL;
    }
}

pst_status pst_job_digest_inputs(pst_job *job, char hex[PST_INPUTS][PST_DIGEST_BYTES]) {
    pst_weights *model = job->network->model;
    const char *network;
    digest_images(job);
    memcpy(hex, job->image_digests, sizeof job->image_digests);
    memcpy(hex[PST_INPUT_MASKS], job->masks_digest, PST_DIGEST_BYTES);
    pst_status status = pst_weights_digest(&job->context->error, model, model->convolution_count, &network);
    snprintf(hex[PST_INPUT_NETWORK], PST_DIGEST_BYTES, "%s", network);
    return status;
}

/* ---- of ranks ---- */

static pst_status compare_options(pst_job *job) {
    pst_error *error = &job->context->error;
    const char *mine = job->options_text, *theirs;
    int m, t;
    char *first = NULL;
    pst_status status;
    PST_TRY(pst_ranks_tell(job->context->ranks, error, mine, &first));
    theirs = first;
    if (pst_options_differ(&mine, &m, &theirs, &t))
        status = pst_fail(error, PST_ERROR_RANKS, "has %.*s, and rank 0 has %.*s; start all with the same options", m,
                          mine, t, theirs);
cleanup:
    pst_free(first);
    return status;
}

static pst_status compare_digests(pst_job *job) {
    pst_error *error = &job->context->error;
    char mine[PST_INPUTS][PST_DIGEST_BYTES], first[PST_INPUTS][PST_DIGEST_BYTES];
    pst_status status;
    PST_TRY(pst_job_digest_inputs(job, mine));
    memcpy(first, mine, sizeof first);
    PST_TRY(pst_ranks_broadcast(job->context->ranks, error, 0, first, sizeof first));
    for (size_t i = 0; i < PST_INPUTS && status == PST_OK; i++)
        if (memcmp(mine[i], first[i], sizeof mine[i]) != 0)
            status = pst_fail(error, PST_ERROR_RANKS, "has %s than rank 0; give all ranks the same files",
                              pst_input_names[i]);
cleanup:
    return status;
}

pst_status pst_job_compare_ranks(pst_job *job) {
    const pst_ranks *ranks = job->context->ranks;
    pst_error *error = &job->context->error;
    pst_status status;
    if (!ranks)
        return PST_OK;
    PST_TRY(pst_ranks_agree(ranks, error, compare_options(job)));
    PST_TRY(pst_ranks_agree(ranks, error, compare_digests(job)));
cleanup:
    return status;
}
