/* The scales of a job, and how much memory it will take, before anything is allocated. */
#include "transfer/job_plan.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "transfer/stage.h"
#include "transfer/transfer_options.h"

uint64_t pst_needs_device(const pst_needs *n) {
    return n->weights + n->maps + n->workspace + n->windows + n->targets + n->vectors + n->while_targets;
}

uint64_t pst_needs_stores(const pst_needs *n) { return n->levels + n->contents + n->images; }

/* The least of a size that suits all styles, and the content for layer `deepest` if that is not NULL; 0 if none does.
 * `part` is the size's share of a style's. */
static int least_size(const pst_job *job, size_t deepest, const pst_image *content, double part) {
    int least = content ? pst_scale_least(&job->net->layers, deepest, content) : 1;
    for (size_t s = 0; s < job->options.style_count && least > 0; s++) {
        if (job->stored[s])
            continue;
        double size = ceil(pst_scale_least(&job->net->layers, deepest, job->options.styles[s]) * part);
        least = size < 1 || size > PST_IMAGE_MAX_SIDE ? 0 : size > least ? (int)size : least;
    }
    return least;
}

/* Names an image of which the network leaves nothing, and what helps, also where other images are too small. */
static pst_status check_size(pst_job *job, const pst_image *image, bool style, int image_size, int w, int h) {
    const pst_transfer_options *o = &job->options;
    const pst_objective_options *objective = &job->objective_options;
    size_t deepest = 0;
    char larger[96] = "";
    int layer_h, layer_w;
    for (size_t t = 0; t < objective->term_count; t++)
        if (!style || objective->terms[t].kind == PST_TERM_STYLE)
            deepest = objective->terms[t].layer > deepest ? objective->terms[t].layer : deepest;
    if (pst_layer_size(&job->net->layers, deepest, h, w, &layer_h, &layer_w))
        return PST_OK;
    int least = style ? least_size(job, deepest, NULL, 1) : least_size(job, deepest, image, 1 / o->style_scale);
    double scale = ceil(100.0 * least / image_size) / 100;
    if (style && least && scale <= PST_STYLE_SCALE_MAX && scale * o->image_size <= PST_IMAGE_MAX_SIDE)
        snprintf(larger, sizeof larger, "a style-scale of %g or more, or ", scale);
    if (!style && least)
        snprintf(larger, sizeof larger, "an image size of %d or more, or ",
                 (int)ceil((double)least * o->image_size / image_size));
    pst_fail(&job->context->error, PST_ERROR_ARGUMENT, "%dx%d is too small for layer %s; use %sremainder ceil%s", w, h,
             job->net->layers.at[deepest].name, larger, o->scales > 1 ? ", or fewer scales" : "");
    return pst_img_fail_in(&job->context->error, image);
}

/* The needs of a scale of this size; styles scale with it. anew: of another job with this size, which begins with the
 * images as they were given; those of this job have rounded sizes. */
static pst_status measure(pst_job *job, int image_size, bool anew, int iterations, pst_needs *n) {
    *n = (pst_needs){.work = 1};
    pst_objective_options options = job->objective_options;
    pst_objective *objective = NULL;
    int image_w, image_h;
    size_t largest;
    uint64_t most_while = 0;
    pst_status status;
    const pst_image *content = job->options.content;
    pst_img_fit(anew ? content->width : job->width, anew ? content->height : job->height, image_size, &image_w,
                &image_h);
    const pst_extent extent = pst_extent_make(image_w, image_h, job->multiple);
    options.w = extent.w;
    options.h = extent.h;
    PST_TRY(check_size(job, content, false, image_size, options.w, options.h));
    PST_TRY(pst_objective_create(job->net, &options, &objective));
    pst_pass_bytes pass = pst_objective_pass_bytes(objective);
    n->weights = pass.weights;
    n->maps = pass.maps;
    n->workspace = pass.workspace;
    n->weight_piece = pass.weight_piece;
    n->largest = pass.largest;
    n->targets = pst_objective_target_bytes(objective, &largest);
    pst_at_least(&n->largest, largest);
    const pst_optimizer_options optimizer = pst_stage_optimizer(job, options.w, options.h, iterations);
    size_t length = (size_t)options.h * (size_t)options.w * 3, count = pst_optimizer_vector_count(&optimizer);
    n->vectors = (count + PST_OWN_VECTORS) * pst_device_vector_bytes(length) +
                 pst_device_space_bytes(options.h, options.w, count + 2);
    pst_at_least(&n->largest, pst_device_vector_bytes(length));
    for (size_t s = 0; s <= job->options.style_count; s++) { /* and the content */
        bool style = s < job->options.style_count;
        int w = options.w, h = options.h;
        size_t bytes;
        if (style && job->stored[s]) /* its numbers pass through buffers of the targets */
            continue;
        if (style) {
            pst_job_style_size(job, anew ? job->options.styles[s] : job->styles[s], image_size, &w, &h);
            PST_TRY(check_size(job, job->options.styles[s], true, image_size, w, h));
        }
        status = style ? pst_objective_style_bytes(objective, h, w, &bytes, &largest)
                       : pst_objective_content_bytes(objective, &bytes, &largest);
        PST_TRY(status);
        pst_at_least(&n->largest, largest);
        uint64_t image = pst_device_vector_bytes((size_t)h * (size_t)w * 3);
        pst_at_least(&most_while, image + bytes);
    }
    uint64_t later = n->maps + n->workspace + n->vectors;
    n->while_targets = most_while > later ? most_while - later : 0;
cleanup:
    pst_objective_destroy(objective);
    return status;
}

bool pst_job_fits(const pst_job *job, const pst_needs *n) {
    return pst_needs_device(n) <= job->plan.device_limit_bytes && n->largest <= pst_context_piece_bytes(job->context);
}

pst_status pst_job_fits_all(pst_job *job, const pst_needs *n, bool *fits) {
    *fits = pst_job_fits(job, n);
    return pst_ranks_all(job->context->ranks, &job->context->error, fits);
}

static int last_iterations(const pst_job *job) { return job->scales[job->scale_count - 1].iterations; }

static void keep(pst_job *job, size_t bytes) {
    for (size_t d = 0; d < job->context->device_count; d++)
        pst_device_network_keep(job->nets[d], bytes);
}

/* The largest image size that fits, by bisection; 0 if none does. */
static pst_status largest_size(pst_job *job, int *size) {
    int low = 0, high = 32768;
    const size_t kept = job->net->engine.keep_limit;
    pst_status status = PST_OK;
    keep(job, 0);
    while (high - low > 1) {
        int middle = low + (high - low) / 2;
        pst_needs n;
        /* Too small for the network is no reason to go down; what the host has no memory to plan is not offered. */
        bool good =
            middle < 16 ||
            (measure(job, middle, true, last_iterations(job), &n) == PST_OK ? pst_job_fits(job, &n) : middle < 256);
        job->context->error = (pst_error){0};
        PST_TRY(pst_ranks_all(job->context->ranks, &job->context->error, &good));
        *(good ? &low : &high) = middle;
    }
    *size = low < 16 ? 0 : low;
cleanup:
    keep(job, kept);
    return status;
}

/* With `count` scales: their sizes and shares, and the needs of each. */
static pst_status try_scales(pst_job *job, size_t count, pst_needs *whole) {
    int longer = job->width > job->height ? job->width : job->height;
    pst_status status = PST_OK;
    job->scale_count = count;
    for (size_t k = 0; k < count; k++) {
        pst_scale *scale = &job->scales[k];
        *scale = (pst_scale){.image_size = pst_scale_size(longer, count, k), .work = 1};
        pst_img_fit(job->width, job->height, scale->image_size, &scale->w, &scale->h);
    }
    pst_scales_share(job->scales, count, job->options.iterations);
    for (size_t k = 0; k < count && status == PST_OK; k++)
        status = measure(job, job->scales[k].image_size, false, job->scales[k].iterations, &whole[k]);
    return status;
}

/* What was asked for, or as many scales as make sense; a network that finds the coarsest ones too small gets fewer. */
static pst_status choose_scales(pst_job *job, pst_needs *whole) {
    const pst_transfer_options *o = &job->options;
    int longer = job->width > job->height ? job->width : job->height;
    size_t count = o->scales                     ? (size_t)o->scales
                   : o->start == PST_START_IMAGE ? 1
                                                 : pst_scale_count(longer, o->min_size, o->iterations);
    pst_status status = try_scales(job, count, whole);
    while (status == PST_ERROR_ARGUMENT && !o->scales && count > 1)
        status = try_scales(job, --count, whole);
    return status;
}

/* The needs of the scale that takes most. */
static pst_needs most_of(const pst_job *job, const pst_needs *whole) {
    pst_needs most = {0};
    for (size_t k = 0; k < job->scale_count; k++)
        if (pst_needs_device(&whole[k]) >= pst_needs_device(&most))
            most = whole[k];
    return most;
}

/* The needs of each scale, and of the one that takes most, without tiles. */
static pst_status measure_whole(pst_job *job, pst_needs *whole, pst_needs *most, bool *fits) {
    pst_status status;
    PST_TRY(choose_scales(job, whole));
    job->context->error = (pst_error){0};
    *most = most_of(job, whole);
    PST_TRY(pst_job_fits_all(job, most, fits));
cleanup:
    return status;
}

static void add_entry(pst_job *job, const char *name, uint64_t bytes, pst_place place) {
    pst_plan *plan = &job->plan;
    uint64_t *all = place == PST_PLACE_DEVICE   ? &plan->device_bytes
                    : place == PST_PLACE_MEMORY ? &plan->memory_bytes
                                                : &plan->file_bytes;
    *all += bytes;
    if (bytes)
        job->entries[plan->entry_count++] = (pst_plan_entry){name, bytes, place};
}

static void list_entries(pst_job *job, const pst_needs *device, const pst_needs *host) {
    const pst_place stores = job->stores.folder ? PST_PLACE_FILE : PST_PLACE_MEMORY;
    add_entry(job, "network weights", device->weights, PST_PLACE_DEVICE);
    add_entry(job, "feature maps and their gradients", device->maps, PST_PLACE_DEVICE);
    add_entry(job, "convolution workspace", device->workspace, PST_PLACE_DEVICE);
    add_entry(job, "windows of tiles", device->windows, PST_PLACE_DEVICE);
    add_entry(job, "targets of content and style", device->targets, PST_PLACE_DEVICE);
    add_entry(job, "image, gradient and optimizer", device->vectors, PST_PLACE_DEVICE);
    add_entry(job, "more while the targets are made", device->while_targets, PST_PLACE_DEVICE);
    add_entry(job, "maps between segments", host->levels, stores);
    add_entry(job, "features of the content", host->contents, stores);
    add_entry(job, "images of the optimizer", host->images, stores);
    add_entry(job, "scratch", host->scratch, PST_PLACE_MEMORY);
    job->plan.entries = job->entries;
}

pst_status pst_job_make_plan(pst_job *job) {
    pst_plan *plan = &job->plan;
    pst_needs *whole = NULL, most, host = {0};
    bool whole_fits;
    pst_status status;
    *plan = (pst_plan){
        .width = job->width, .height = job->height, .ranks = pst_ranks_count(job->context->ranks), .busiest_work = 1};
    plan->device_limit_bytes = pst_context_memory_bytes(job->context);
    if (job->options.memory_bytes && job->options.memory_bytes < plan->device_limit_bytes)
        plan->device_limit_bytes = job->options.memory_bytes;
    if (job->device_has && job->device_has < plan->device_limit_bytes)
        plan->device_limit_bytes = job->device_has;
    PST_TRY(pst_allocate(&job->context->error, PST_SCALES_MAX, sizeof *whole, &whole));
    keep(job, pst_keep_bytes(plan->device_limit_bytes));
    PST_TRY(measure_whole(job, whole, &most, &whole_fits));
    if (!whole_fits) { /* what is kept is not worth tiles */
        keep(job, 0);
        PST_TRY(measure_whole(job, whole, &most, &whole_fits));
    }
    const bool given = job->options.tile_width || job->options.tile_height;
    job->tile_chosen = !given && !job->keeps_whole;
    if (given || pst_job_is_shared(job) || (!whole_fits && !job->keeps_whole))
        PST_TRY(pst_job_plan_tiles(job, whole, &most, &host));
    plan->largest_bytes = most.largest;
    list_entries(job, &most, &host);
    PST_TRY(largest_size(job, &plan->largest_image_size));
    PST_TRY(pst_job_find_problem(job, &most));
cleanup:
    pst_free(whole);
    return status;
}

pst_status pst_job_plan_again(pst_job *job) {
    pst_status status;
    job->named_count = 0;
    job->options.content = job->content;
    job->options.styles = (const pst_image *const *)job->styles;
    PST_TRY(pst_job_make_plan(job));
    PST_TRY(pst_job_name_choices(job));
    PST_TRY(pst_job_check_memory(job));
    PST_TRY(
        pst_options_set_tile(&job->context->error, &job->options_text, job->plan.tile_width, job->plan.tile_height));
cleanup:
    job->options.content = NULL;
    job->options.styles = NULL;
    return status;
}
