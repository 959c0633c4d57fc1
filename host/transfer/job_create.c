/* Making a job: options checked, images brought to size, memory planned. */
#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "image/color.h"
#include "transfer/carry.h"
#include "transfer/job.h"
#include "transfer/stage.h"
#include "transfer/transfer_options.h"

static pst_status check_options(pst_job *job) {
    const pst_transfer_options *o = &job->options;
    pst_error *error = &job->context->error;
    pst_status status = PST_OK;
    PST_TRY(pst_options_check(error, o));
    double style_size = o->style_scale * o->image_size;
    if (style_size < 1 || style_size > PST_IMAGE_MAX_SIDE)
        PST_TRY(pst_fail(error, PST_ERROR_ARGUMENT,
                         "a style-scale of %g makes styles of %g pixels for an image size of %d; 1 to %d are possible",
                         o->style_scale, style_size, o->image_size, PST_IMAGE_MAX_SIDE));
    if ((o->optimizer == PST_OPTIMIZER_LBFGS || o->optimizer == PST_OPTIMIZER_LBFGS_PLAIN) &&
        (o->clamp || o->average > 0))
        PST_TRY(pst_fail(error, PST_ERROR_ARGUMENT,
                         "%s does not go with L-BFGS; choose Adam or gradient descent as well",
                         o->clamp ? "clamping each step" : "the average of the images on the way"));
    if (o->scales > o->iterations)
        PST_TRY(
            pst_fail(error, PST_ERROR_ARGUMENT, "%d scales need as many iterations, not %d", o->scales, o->iterations));
    if (!o->content || (!o->styles && !o->stored_styles) || !o->style_count)
        PST_TRY(pst_fail(error, PST_ERROR_ARGUMENT, "a content image and at least one style image are needed"));
    for (size_t s = 0; s < o->style_count; s++) {
        bool image = o->styles && o->styles[s], stored = o->stored_styles && o->stored_styles[s];
        if (image == stored)
            PST_TRY(pst_fail(error, PST_ERROR_ARGUMENT, "style %zu is %s", s + 1,
                             image ? "both an image and a stored style" : "neither an image nor a stored style"));
        if (stored && o->match_colors != PST_MATCH_NONE)
            PST_TRY(pst_fail(error, PST_ERROR_ARGUMENT,
                             "%s: the colors of a stored style cannot be changed; match-colors needs its images",
                             o->stored_styles[s]->path ? o->stored_styles[s]->path : "the stored style"));
    }
    if (o->start == PST_START_IMAGE && !o->start_image)
        PST_TRY(pst_fail(error, PST_ERROR_ARGUMENT, "starting from an image needs that image"));
cleanup:
    return status;
}

static pst_status set_blend(pst_job *job) {
    size_t count = job->options.style_count;
    double sum = 0;
    pst_status status;
    PST_TRY(pst_allocate(&job->context->error, count, sizeof(double), &job->blend));
    for (size_t s = 0; s < count; s++) {
        job->blend[s] = job->options.blend_weights ? job->options.blend_weights[s] : 1;
        PST_TRY(pst_options_check_value(&job->context->error, offsetof(pst_transfer_options, blend_weights),
                                        job->blend[s]));
        sum += job->blend[s];
    }
    if (!(sum > 0))
        PST_TRY(pst_fail(&job->context->error, PST_ERROR_ARGUMENT, "all blend weights of the styles are zero"));
    for (size_t s = 0; s < count; s++)
        job->blend[s] /= sum;
cleanup:
    return status;
}

void pst_job_style_statistics(const pst_job *job, size_t style, int image_size,
                              pst_feature_statistics statistics[PST_LAYERS_MAX]) {
    const pst_style *stored = job->stored[style];
    pst_style_statistics(stored, pst_style_nearest(stored, ceil(job->options.style_scale * image_size)),
                         &job->net->layers, statistics);
}

void pst_job_style_size(const pst_job *job, const pst_image *style, int image_size, int *w, int *h) {
    pst_img_fit(style->width, style->height, (int)ceil(job->options.style_scale * image_size), w, h);
}

/* As they were read, those that count; a stored style knows it. */
static bool all_are_gray(const pst_job *job) {
    const pst_transfer_options *o = &job->options;
    bool gray = pst_img_is_gray(o->content) && (o->start != PST_START_IMAGE || pst_img_is_gray(o->start_image));
    for (size_t s = 0; s < o->style_count && gray; s++)
        if (job->blend[s] > 0)
            gray = o->styles && o->styles[s] ? pst_img_is_gray(o->styles[s]) : o->stored_styles[s]->gray;
    return gray;
}

static pst_status bring_to_size(pst_job *job) {
    const pst_transfer_options *o = &job->options;
    pst_error *error = &job->context->error;
    pst_status status;
    pst_img_fit(o->content->width, o->content->height, o->image_size, &job->width, &job->height);
    PST_TRY(pst_img_resize(error, o->content, job->width, job->height, &job->content));
    if (o->start == PST_START_IMAGE)
        PST_TRY(pst_img_resize(error, o->start_image, job->width, job->height, &job->start));
    PST_TRY(pst_allocate(error, o->style_count, sizeof(pst_image *), &job->styles));
    PST_TRY(pst_allocate(error, o->style_count, sizeof(pst_style *), &job->stored));
    for (size_t s = 0; s < o->style_count; s++) {
        int w, h;
        if (o->stored_styles && o->stored_styles[s]) {
            job->stored[s] = pst_style_hold(o->stored_styles[s]);
            continue;
        }
        pst_job_style_size(job, o->styles[s], o->image_size, &w, &h);
        PST_TRY(pst_img_resize(error, o->styles[s], w, h, &job->styles[s]));
        PST_TRY(pst_img_match_colors(error, job->styles[s], job->styles[s]->alpha, job->content, job->content->alpha,
                                     o->match_colors));
        pst_job_fill_transparent(job->styles[s]);
    }
cleanup:
    return status;
}

/* Whole windows of every pooling up to the deepest layer that is used. */
static void set_extent(pst_job *job) {
    pst_objective_options *objective = &job->objective_options;
    size_t deepest = 0;
    for (size_t t = 0; t < objective->term_count; t++)
        deepest = objective->terms[t].layer > deepest ? objective->terms[t].layer : deepest;
    for (size_t l = 0; l < deepest && job->options.remainder == PST_REMAINDER_EXTEND; l++)
        job->multiple *= job->net->layers.at[l].pooled ? 2 : 1;
    const pst_extent extent = pst_extent_make(job->width, job->height, job->multiple);
    objective->w = extent.w;
    objective->h = extent.h;
}

/* Devices of one kind have the same choices; tuning must not change a plan, so they are copied. */
static pst_status make_networks(pst_job *job) {
    pst_context *context = job->context;
    const size_t asked = job->options.workspace_bytes;
    pst_status status = PST_OK;
    pst_context_share_refused(context);
    for (size_t d = 0; d < context->device_count; d++) {
        pst_opened_device *device = &context->devices[d];
        const pst_conv_engine engine = {.session = device->session,
                                        .gemm = device->gemm,
                                        .workspace_limit = asked ? asked : pst_workspace_bytes(context),
                                        .choices = &job->choices[device->kind]};
        device->error = (pst_error){0};
        if (device->kind == d) {
            PST_TRY(pst_conv_choices_add(&context->error, &job->choices[d], &device->choices));
            job->refused_before[d] = job->choices[d].refused = device->session->refused;
        }
        status = pst_device_network_create(&engine, job->network->model, &job->nets[d]);
        PST_TRY(pst_context_tell(context, d, status));
        job->nets[d]->layers.ceil = job->options.remainder == PST_REMAINDER_CEIL;
    }
    job->net = job->nets[0];
cleanup:
    return status;
}

static pst_status make_objective(pst_job *job) {
    const pst_transfer_options *o = &job->options;
    pst_error *error = &job->context->error;
    pst_objective_options *objective = &job->objective_options;
    pst_status status;
    PST_TRY(make_networks(job));
    *objective = (pst_objective_options){.form = o->loss_form,
                                         .pooling = pst_pool_of(o->pooling),
                                         .tv_kind = o->tv_kind,
                                         .replicate = o->replicate_border,
                                         .normalize_gradients = o->normalize_gradients,
                                         .region_count = job->regions->count,
                                         .keeps_content = pst_regions_keep_any(job->regions)};
    PST_TRY(pst_objective_add_terms(error, &job->net->layers, false, o->content_layers, o->content_weight, objective));
    PST_TRY(pst_objective_add_terms(error, &job->net->layers, true, o->style_layers, o->style_weight, objective));
    set_extent(job);
    for (size_t s = 0; s < o->style_count; s++)
        if (job->stored[s])
            PST_TRY(pst_style_check(error, job->stored[s], job->network, o, objective));
    if (o->normalize_weights)
        pst_objective_normalize_weights(&job->net->layers, objective);
    pst_objective_add_tv(o->tv_weight, objective);
    pst_objective_add_range(o->range_weight, pst_job_pixel_scale(job), objective);
cleanup:
    return status;
}

static pst_status make_text(pst_job *job) {
    pst_transfer_options options = job->options;
    options.tile_width = job->plan.tile_width;
    options.tile_height = job->plan.tile_height;
    return pst_options_text(&job->context->error, &options, &job->options_text);
}

/* The folder must be there before anything begins. */
static pst_status open_stores(pst_job *job) {
    pst_error *error = &job->context->error;
    uint64_t room;
    pst_status status = PST_OK;
    job->stores.error = error;
    job->stores.ranks = job->context->ranks;
    if (!job->options.spill_folder)
        return PST_OK;
    PST_TRY(pst_copy_text(error, job->options.spill_folder, &job->spill));
    PST_TRY(pst_stores_room(error, job->spill, &room));
    job->stores.folder = job->spill;
cleanup:
    return status;
}

/* Ranks may have different numbers of devices. */
static pst_status count_workers(pst_job *job) {
    int64_t all = (int64_t)job->context->device_count;
    pst_status status = pst_ranks_sum(job->context->ranks, &job->context->error, &all, 1);
    job->workers = (int)all;
    return status;
}

static pst_status create(pst_context *context, pst_network *network, const pst_transfer_options *options,
                         pst_job **result) {
    pst_job *job;
    pst_status status = pst_allocate(&context->error, 1, sizeof *job, &job);
    if (status != PST_OK)
        return status;
    job->context = context;
    job->network = network;
    job->multiple = 1;
    pst_options_take(&job->options, options);
    PST_TRY(check_options(job));
    PST_TRY(count_workers(job));
    PST_TRY(set_blend(job));
    PST_TRY(pst_regions_create(&context->error, &job->options, &job->regions));
    PST_TRY(pst_job_weigh_by_opacity(job));
    job->gray = job->options.keep_gray && all_are_gray(job);
    PST_TRY(bring_to_size(job));
    PST_TRY(make_objective(job));
    PST_TRY(open_stores(job));
    PST_TRY(pst_job_make_plan(job));
    PST_TRY(pst_job_name_choices(job));
    PST_TRY(make_text(job));
    pst_job_digest_masks(job);
    /* These belong to the caller and may go now. */
    job->options.content = job->options.start_image = NULL;
    job->options.styles = NULL;
    job->options.stored_styles = NULL;
    job->options.content_mask = NULL;
    job->options.style_masks = NULL;
    job->options.blend_weights = NULL;
    job->options.content_layers = job->options.style_layers = NULL;
    job->options.spill_folder = NULL;
    *result = job;
    return PST_OK;
cleanup:
    pst_job_destroy(job);
    return status;
}

pst_status pst_job_create(pst_context *context, pst_network *network, const pst_transfer_options *options,
                          pst_job **result) {
    *result = NULL;
    pst_status status;
    PST_TRY(pst_context_needs_device(context));
    PST_TRY(pst_ranks_agree(context->ranks, &context->error, create(context, network, options, result)));
    PST_TRY(pst_job_compare_ranks(*result));
    return PST_OK;
cleanup:
    pst_job_destroy(*result);
    *result = NULL;
    return status;
}

const pst_plan *pst_job_plan(const pst_job *job) { return &job->plan; }

void pst_job_destroy(pst_job *job) {
    if (!job)
        return;
    pst_stage_close(job);
    pst_carry_drop(&job->carried);
    for (size_t d = 0; d < PST_CONTEXT_DEVICES_MAX; d++) {
        pst_device_network_destroy(job->nets[d]);
        pst_conv_choices_clear(&job->choices[d]);
    }
    pst_image_destroy(job->content);
    pst_image_destroy(job->start);
    for (size_t s = 0; job->styles && s < job->options.style_count; s++)
        pst_image_destroy(job->styles[s]);
    for (size_t s = 0; job->stored && s < job->options.style_count; s++)
        pst_style_destroy(job->stored[s]);
    pst_free(job->styles);
    pst_free(job->stored);
    pst_free(job->blend);
    pst_free(job->options_text);
    pst_free(job->spill);
    pst_regions_destroy(job->regions);
    pst_free(job);
}
