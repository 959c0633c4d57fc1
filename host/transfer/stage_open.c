/* What a stage begins with: where its images lie, targets of content and styles, and the first image. */
#include "base/memory.h"
#include "base/random.h"
#include "image/color.h"
#include "image/plane.h"
#include "spread/host_arithmetic.h"
#include "transfer/stage.h"

#define NOISE 0.001        /* standard deviation of a random start, in 0..255 units */
#define MEAN_GRAY 114.799f /* of the mean color that networks subtract */

/* ---- images to the space ---- */

pst_status pst_stage_upload(pst_session *session, const pst_image *image, double pixel_scale, pst_buffer **x) {
    pst_device_space space;
    pst_vector *vector;
    const pst_extent extent = pst_extent_make(image->width, image->height, 1);
    pst_device_space_open(session, image->height, image->width, pixel_scale, &space);
    pst_status status = pst_space_import(&space.base, &extent, image->rgb, &vector);
    pst_device_space_close(&space);
    *x = (pst_buffer *)vector;
    return status;
}

/* `image` in another size, and gray where the job is: itself, or *made. */
static pst_status bring_to(pst_job *job, const pst_image *image, int w, int h, const pst_image **result,
                           pst_image **made) {
    pst_status status = PST_OK;
    *made = NULL;
    if (job->gray || image->width != w || image->height != h)
        PST_TRY(pst_img_resize(&job->context->error, image, w, h, made));
    if (job->gray)
        pst_img_make_gray(*made);
    *result = *made ? *made : image;
cleanup:
    return status;
}

/* `image` in the stage's size, continued, as stage->x. */
static pst_status import_at(pst_job *job, const pst_image *image) {
    pst_stage *stage = &job->stage;
    pst_image *made;
    pst_status status;
    PST_TRY(bring_to(job, image, stage->extent.image_w, stage->extent.image_h, &image, &made));
    PST_TRY(pst_space_import(stage->space, &stage->extent, image->rgb, &stage->x));
cleanup:
    pst_image_destroy(made);
    return status;
}

/* ---- targets ---- */

/* A style is read from its image, which takes no store. */
typedef struct style_image {
    const pst_image *image;
    double pixel_scale;
} style_image;

static pst_status read_style(void *user, pst_rect part, float *to) {
    const style_image *style = user;
    for (int y = 0; y < part.h; y++) {
        const size_t at = (size_t)(part.y + y) * (size_t)style->image->width + (size_t)part.x;
        pst_host_pixels_import(style->image->rgb + 3 * at, (size_t)part.w, style->pixel_scale,
                               to + 3 * (size_t)y * (size_t)part.w);
    }
    return PST_OK;
}

/* A style of which the image is there, for the whole image at once. */
static pst_status add_whole_style(pst_job *job, const pst_image *image, size_t s, const pst_guides *guides) {
    pst_objective *objective = job->stage.objective;
    const int w = image->width, h = image->height;
    pst_buffer *x;
    pst_status status;
    PST_TRY(pst_stage_upload(job->context->session, image, pst_job_pixel_scale(job), &x));
    PST_TRY(guides ? pst_objective_add_guided_style(objective, x, h, w, guides)
                   : pst_objective_add_style(objective, x, h, w, job->blend[s]));
cleanup:
    pst_buffer_destroy(job->context->session, x);
    return status;
}

static pst_status add_style(pst_job *job, int image_size, size_t s, const pst_guides *guides) {
    pst_stage *stage = &job->stage;
    pst_image *resized;
    const pst_image *image;
    int w, h;
    pst_status status;
    pst_job_style_size(job, job->styles[s], image_size, &w, &h);
    PST_TRY(bring_to(job, job->styles[s], w, h, &image, &resized));
    const style_image style = {image, pst_job_pixel_scale(job)};
    const pst_tiled_image tiled = {.user = (void *)(uintptr_t)&style, .read = read_style, .h = h, .w = w};
    PST_TRY(stage->tiled ? pst_tiled_add_style(stage->tiled, &tiled, job->blend[s], guides)
                         : add_whole_style(job, image, s, guides));
cleanup:
    pst_image_destroy(resized);
    return status;
}

static pst_status add_stored_style(pst_job *job, int image_size, size_t s, const pst_guides *guides) {
    pst_stage *stage = &job->stage;
    pst_feature_statistics statistics[PST_LAYERS_MAX];
    pst_job_style_statistics(job, s, image_size, statistics);
    return stage->tiled ? pst_tiled_add_statistics(stage->tiled, statistics, job->blend[s], guides)
                        : pst_objective_add_statistics(stage->objective, statistics, job->blend[s], guides);
}

/* Leaves the content, in the stage's extent, in stage->x. Styles are not extended: what deep layers miss of their last
 * rows is a small part of their statistics, and a stored style then serves either way. */
static pst_status make_targets(pst_job *job, int image_size) {
    pst_stage *stage = &job->stage;
    pst_objective *objective = stage->objective;
    float *free = NULL;
    pst_guides *guides;
    pst_status status;
    PST_TRY(pst_job_make_guides(job, &stage->extent, image_size, &guides));
    PST_TRY(stage->tiled ? pst_tiled_begin(stage->tiled) : pst_objective_begin(objective));
    if (guides)
        PST_TRY(stage->tiled ? pst_tiled_set_guides(stage->tiled, &guides[0])
                             : pst_objective_set_guides(objective, &guides[0]));
    for (size_t s = 0; s < job->options.style_count; s++) {
        const pst_guides *own = guides ? &guides[s + 1] : NULL;
        PST_TRY(job->stored[s] ? add_stored_style(job, image_size, s, own) : add_style(job, image_size, s, own));
    }
    PST_TRY(import_at(job, job->content));
    PST_TRY(stage->tiled ? pst_tiled_set_content(stage->tiled, pst_host_vector_store(stage->x))
                         : pst_objective_set_content(objective, (pst_buffer *)stage->x));
    PST_TRY(pst_job_free_parts(job, &stage->extent, &free));
    if (free)
        PST_TRY(stage->tiled ? pst_tiled_keep_content(stage->tiled, pst_host_vector_store(stage->x), free)
                             : pst_objective_keep_content(objective, (pst_buffer *)stage->x, free));
    PST_TRY(stage->tiled ? pst_tiled_end(stage->tiled) : pst_objective_end(objective));
cleanup:
    pst_free(free);
    pst_job_drop_guides(job, guides);
    return status;
}

/* ---- the start ---- */

static uint64_t seed_of(const pst_job *job) { return job->options.seed < 0 ? 0 : (uint64_t)job->options.seed; }

static pst_status make_noise(pst_job *job) {
    pst_stage *stage = &job->stage;
    pst_vector_space *vectors = &stage->space->vectors;
    const size_t count = (size_t)stage->w * (size_t)stage->h * 3;
    float *noise = NULL;
    pst_status status;
    PST_TRY(pst_allocate(&job->context->error, count, sizeof(float), &noise));
    pst_random_normal(seed_of(job), noise, count);
    for (size_t i = 0; i < count; i++)
        noise[i] *= (float)NOISE;
    PST_TRY(vectors->create(vectors->self, &stage->x));
    PST_TRY(stage->space->methods->write(stage->space, stage->x, 0, stage->h, noise));
cleanup:
    pst_free(noise);
    return status;
}

/* The same around a gray of the mean color's lightness. */
static pst_status make_gray_noise(pst_job *job) {
    pst_stage *stage = &job->stage;
    const pst_extent whole = pst_extent_make(stage->w, stage->h, 1);
    const size_t count = (size_t)stage->w * (size_t)stage->h;
    float *noise = NULL, *rgb = NULL;
    pst_status status;
    PST_TRY(pst_allocate(&job->context->error, count, sizeof(float), &noise));
    PST_TRY(pst_allocate(&job->context->error, 3 * count, sizeof(float), &rgb));
    pst_random_normal(seed_of(job), noise, count);
    for (size_t i = 0; i < 3 * count; i++)
        rgb[i] = MEAN_GRAY + (float)NOISE * noise[i / 3];
    PST_TRY(pst_space_import(stage->space, &whole, rgb, &stage->x));
cleanup:
    pst_free(noise);
    pst_free(rgb);
    return status;
}

/* `start` in the stage's size with the change that a coarser scale made to it, as stage->x. An enlarged image alone
 * lacks the finest octave, which the descent would have to find again. */
static pst_status import_changed(pst_job *job, const pst_image *start, const pst_image *coarser) {
    pst_error *error = &job->context->error;
    const int w = job->stage.extent.image_w, h = job->stage.extent.image_h;
    pst_image *change = NULL, *image = NULL;
    pst_status status;
    PST_TRY(pst_img_resize(error, start, coarser->width, coarser->height, &change));
    for (size_t i = 0; i < 3 * (size_t)change->width * (size_t)change->height; i++)
        change->rgb[i] = coarser->rgb[i] - change->rgb[i];
    PST_TRY(pst_img_resize(error, start, w, h, &image));
    PST_TRY(pst_plane_add_resized(error, PST_FILTER_CUBIC, 3, change->rgb, change->width, change->height, image->rgb, w,
                                  h));
    PST_TRY(import_at(job, image));
cleanup:
    pst_image_destroy(change);
    pst_image_destroy(image);
    return status;
}

/* Puts the first image of the descent into stage->x, where the content is. `from`: as in pst_stage_open. */
static pst_status start_image(pst_job *job, const pst_image *from) {
    pst_stage *stage = &job->stage;
    const pst_transfer_options *o = &job->options;
    const pst_image *start = o->start == PST_START_RANDOM    ? NULL
                             : o->start == PST_START_CONTENT ? job->content
                                                             : job->start;
    const bool changes = from && from != job->content && start && o->optimizer != PST_OPTIMIZER_ADAM;
    if (!from)
        from = start;
    if (from == job->content)
        return PST_OK;
    stage->space->vectors.destroy(stage->space->vectors.self, stage->x);
    stage->x = NULL;
    if (changes)
        return import_changed(job, start, from);
    if (from)
        return import_at(job, from);
    return job->gray ? make_gray_noise(job) : make_noise(job);
}

/* ---- opening and closing ---- */

static bool watch_tiles(void *user, int tiles) {
    const pst_job *job = user;
    const pst_tile_progress progress = {.iteration = job->iteration + 1,
                                        .tiles = tiles,
                                        .tile_count = pst_tiled_tiles(job->stage.tiled),
                                        .seconds = pst_job_seconds(job)};
    const bool loses_all = job->iteration && !job->stage.best_iteration; /* what the scale before had */
    return job->tile_callback && job->tile_callback(job->tile_user, &progress) && !loses_all;
}

static pst_status open_space(pst_job *job, const pst_scale *scale) {
    pst_stage *stage = &job->stage;
    pst_objective_options options = job->objective_options;
    const double pixel_scale = pst_job_pixel_scale(job);
    const pst_tiled_options tiles = {
        .tile = scale->tile, .keep_bytes = scale->keep_bytes, .in_file = job->stores.folder != NULL};
    pst_status status;
    options.w = stage->w;
    options.h = stage->h;
    if (scale->tile.w) {
        stage->space = &stage->on_host.base;
        PST_TRY(pst_host_space_open(&job->stores, stage->h, stage->w, pixel_scale,
                                    pst_optimizer_vector_count(&stage->optimizer_options) + 2, pst_stage_halves(job),
                                    &stage->on_host));
        PST_TRY(pst_tiled_create(job->nets, job->context->device_count, &options, &tiles, &job->stores, &stage->tiled));
        pst_tiled_watch(stage->tiled, watch_tiles, job);
        PST_TRY(pst_allocate(&job->context->error, pst_tiled_share_count(stage->tiled), sizeof *stage->shares,
                             &stage->shares));
    } else {
        stage->space = &stage->on_device.base;
        pst_device_space_open(job->context->session, stage->h, stage->w, pixel_scale, &stage->on_device);
        PST_TRY(pst_objective_create(job->net, &options, &stage->objective));
    }
    for (size_t t = 0; t < options.term_count; t++)
        pst_stage_weigh(job, t);
cleanup:
    return status;
}

pst_status pst_stage_open(pst_job *job, size_t k, const pst_image *from) {
    const pst_scale *scale = &job->scales[k];
    pst_stage *stage = &job->stage;
    pst_status status;
    const pst_extent extent = pst_extent_make(scale->w, scale->h, job->multiple);
    *stage = (pst_stage){.extent = extent, .w = extent.w, .h = extent.h, .iterations = scale->iterations};
    stage->optimizer_options = pst_stage_optimizer(job, stage->w, stage->h, stage->iterations);
    if (job->options.min_improvement > 0)
        PST_TRY(pst_allocate(&job->context->error, (size_t)job->options.improvement_window, sizeof(double),
                             &stage->window));
    PST_TRY(open_space(job, scale));
    const pst_vector_space *vectors = &stage->space->vectors;
    PST_TRY(make_targets(job, scale->image_size));
    pst_weights_forget(job->network->model); /* all weights are on the device now */
    PST_TRY(start_image(job, from));
    PST_TRY(vectors->create(vectors->self, &stage->gradient));
    if (!stage->tiled)
        PST_TRY(
            pst_device_space_allocate(&stage->on_device, pst_optimizer_vector_count(&stage->optimizer_options) + 2));
    PST_TRY(pst_optimizer_create(vectors, &stage->optimizer_options, &stage->optimizer));
cleanup:
    return status;
}

void pst_stage_close(pst_job *job) {
    pst_stage *stage = &job->stage;
    pst_optimizer_destroy(stage->optimizer);
    if (stage->x)
        stage->space->vectors.destroy(stage->space->vectors.self, stage->x);
    if (stage->gradient)
        stage->space->vectors.destroy(stage->space->vectors.self, stage->gradient);
    pst_device_space_close(&stage->on_device);
    pst_host_space_close(&stage->on_host);
    pst_objective_destroy(stage->objective);
    pst_tiled_destroy(stage->tiled);
    pst_free(stage->window);
    pst_free(stage->shares);
    *stage = (pst_stage){0};
}
