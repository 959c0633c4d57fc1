/* The plan of a run that does not fit on the device in one piece, or is to go in tiles. A scale that is no larger than
 * a tile runs whole. */
#include "base/memory.h"
#include "spread/shared_rows.h"
#include "transfer/job_plan.h"
#include "transfer/stage.h"

/* What walks over styles take while they last; the content is walked as evaluations are. */
static pst_status measure_styles(pst_job *job, const pst_scale *scale, pst_tiled *tiled, const pst_tiled_needs *needs,
                                 pst_needs *n) {
    uint64_t most_device = 0, most_stores = 0, staging = needs->walk.staging;
    pst_status status = PST_OK;
    for (size_t s = 0; s < job->options.style_count; s++) {
        int w, h;
        pst_tile_walk_needs walk;
        if (job->stored[s])
            continue;
        pst_job_style_size(job, job->styles[s], scale->image_size, &w, &h);
        PST_TRY(pst_tiled_style_needs(tiled, h, w, &walk));
        pst_at_least(&most_device, walk.maps + walk.workspace + walk.windows);
        pst_at_least(&most_stores, walk.levels);
        pst_at_least(&staging, walk.staging);
        pst_at_least(&n->largest, walk.largest);
    }
    uint64_t later = n->maps + n->workspace + n->windows;
    n->while_targets = most_device > later ? most_device - later : 0;
    if (most_stores > n->levels + n->images)
        n->levels = most_stores - n->images;
    n->scratch += staging - needs->walk.staging;
cleanup:
    return status;
}

/* Of the last scale. The default optimizer spreads the gradient and the step over scales. */
static pst_status measure_ranks(pst_job *job, pst_tiled *tiled, pst_extent extent, double whole_work,
                                pst_rank_needs *needs) {
    const pst_ranks *ranks = job->stores.ranks;
    const int count = pst_ranks_count(ranks), spreads = job->options.optimizer == PST_OPTIMIZER_LBFGS ? 2 : 0;
    uint64_t *bytes;
    pst_status status;
    PST_TRY(pst_allocate(&job->context->error, (size_t)count, sizeof *bytes, &bytes));
    *needs = (pst_rank_needs){.busiest_work = pst_tiled_busiest_work(tiled) * count / whole_work,
                              .sums = pst_tiled_traffic(tiled, bytes)};
    if (count > 1)
        needs->gather =
            (uint64_t)spreads * 3 * sizeof(float) * (uint64_t)((extent.h + 1) / 2) * (uint64_t)((extent.w + 1) / 2);
    for (int i = 0; i < spreads; i++)
        pst_rows_edges_traffic(ranks, extent.h, 3 * (size_t)extent.w, bytes);
    for (int r = 0; r < count; r++)
        pst_at_least(&needs->exchange, bytes[r]);
cleanup:
    pst_free(bytes);
    return status;
}

/* The needs of a scale in tiles. partition: NULL, or how it is taken apart. */
static pst_status measure(pst_job *job, const pst_scale *scale, pst_tile_size tile, uint64_t keep_bytes, pst_needs *n,
                          pst_partition *partition) {
    pst_objective_options options = job->objective_options;
    const pst_extent extent = pst_extent_make(scale->w, scale->h, job->multiple);
    const pst_tiled_options tiles = {.tile = tile, .keep_bytes = keep_bytes, .in_file = job->stores.folder != NULL};
    pst_tiled *tiled;
    pst_status status;
    *n = (pst_needs){0};
    options.w = extent.w;
    options.h = extent.h;
    PST_TRY(pst_tiled_create(job->nets, job->context->device_count, &options, &tiles, &job->stores, &tiled));
    const pst_tiled_needs needs = pst_tiled_measure(tiled);
    const pst_optimizer_options optimizer = pst_stage_optimizer(job, extent.w, extent.h, scale->iterations);
    const size_t vectors = pst_optimizer_vector_count(&optimizer);
    const size_t halves = pst_stage_halves(job) ? 2 * (size_t)optimizer.history + 1 : 0;
    *n = (pst_needs){.weights = needs.walk.weights,
                     .maps = needs.walk.maps,
                     .workspace = needs.walk.workspace,
                     .windows = needs.walk.windows,
                     .targets = needs.targets,
                     .weight_piece = needs.walk.weight_piece,
                     .largest = needs.largest,
                     .levels = needs.walk.levels,
                     .contents = needs.stores - needs.walk.levels,
                     .images = (vectors + PST_OWN_VECTORS - halves) *
                                   pst_host_vector_bytes(job->stores.ranks, false, extent.h, extent.w) +
                               halves * pst_host_vector_bytes(job->stores.ranks, true, extent.h, extent.w),
                     .scratch = needs.host + pst_host_vectors_bytes(job->stores.ranks, extent.h, extent.w, vectors + 2),
                     .work = needs.walk.work / needs.walk.whole_work};
    if (partition) {
        *partition = *pst_tiled_partition(tiled);
        PST_TRY(measure_ranks(job, tiled, extent, needs.walk.whole_work, &n->ranks));
    }
    PST_TRY(measure_styles(job, scale, tiled, &needs, n));
cleanup:
    pst_tiled_destroy(tiled);
    return status;
}

bool pst_scale_is_whole(const pst_job *job, const pst_scale *scale, pst_tile_size tile) {
    const pst_extent extent = pst_extent_make(scale->w, scale->h, job->multiple);
    return extent.w <= tile.w && extent.h <= tile.h;
}

pst_status pst_job_try_tile(pst_job *job, const pst_needs *whole, pst_tile_size tile, bool *fits) {
    pst_status status = PST_OK;
    *fits = true;
    for (size_t k = job->scale_count; k-- > 0 && *fits;) { /* the finest takes most */
        pst_needs n;
        if (!pst_scale_is_whole(job, &job->scales[k], tile))
            PST_TRY(measure(job, &job->scales[k], tile, 0, &n, NULL));
        PST_TRY(pst_job_fits_all(job, pst_scale_is_whole(job, &job->scales[k], tile) ? &whole[k] : &n, fits));
    }
cleanup:
    return status;
}

/* A scale in tiles, with the maps of as many tiles kept as there is room for. */
static pst_status plan_scale(pst_job *job, pst_scale *scale, pst_needs *n) {
    const uint64_t limit = job->plan.device_limit_bytes;
    pst_status status;
    PST_TRY(measure(job, scale, scale->tile, 0, n, &job->partition));
    const uint64_t taken = pst_needs_device(n) - n->while_targets;
    if (taken < limit) {
        scale->keep_bytes = limit - taken;
        PST_TRY(measure(job, scale, scale->tile, scale->keep_bytes, n, &job->partition));
    }
    scale->work = n->work;
    job->plan.busiest_work = n->ranks.busiest_work;
    job->plan.exchange_bytes = n->ranks.exchange;
    job->plan.gather_bytes = n->ranks.gather;
    job->plan.sum_bytes = n->ranks.sums;
cleanup:
    return status;
}

/* What people see of how the last scale is taken apart. */
static void list_segments(pst_job *job) {
    const pst_layers *layers = &job->net->layers;
    const pst_partition *p = &job->partition;
    const pst_scale *scale = &job->scales[job->scale_count - 1];
    const pst_extent extent = pst_extent_make(scale->w, scale->h, job->multiple);
    size_t layer_count = 0;
    double work = 0;
    for (size_t i = 0; i < p->count; i++) {
        const pst_segment *s = &p->segments[i];
        layer_count = s->first + s->count;
        job->segments[i] = (pst_plan_segment){.first = layers->at[s->first].name,
                                              .last = layers->at[layer_count - 1].name,
                                              .columns = s->columns,
                                              .rows = s->rows,
                                              .tile_width = s->tile_w * s->stride,
                                              .tile_height = s->tile_h * s->stride,
                                              .halo = s->halo[PST_WALK_BACKWARD] * s->stride};
        work += pst_segment_tile_work(layers, s, PST_WALK_BACKWARD);
    }
    job->plan.segments = job->segments;
    job->plan.segment_count = p->count;
    job->plan.halo_work = work / pst_partition_whole_work(layers, layer_count, extent.h, extent.w) - 1;
    job->plan.work = scale->work;
}

/* The tile of the options; none: 0. */
static pst_tile_size given_tile(const pst_transfer_options *o) {
    const size_t w = (size_t)(o->tile_width ? o->tile_width : o->tile_height),
                 h = (size_t)(o->tile_height ? o->tile_height : o->tile_width);
    return (pst_tile_size){.w = (int)pst_round_up(w, PST_TILE_MULTIPLE), .h = (int)pst_round_up(h, PST_TILE_MULTIPLE)};
}

pst_status pst_job_plan_tiles(pst_job *job, const pst_needs *whole, pst_needs *device, pst_needs *host) {
    pst_tile_size tile = given_tile(&job->options);
    pst_status status = PST_OK;
    *device = *host = (pst_needs){0};
    if (!tile.w)
        PST_TRY(pst_job_choose_tile(job, whole, &tile));
    job->plan.tile_width = job->plan.tile_height = 0;
    for (size_t k = 0; k < job->scale_count; k++) {
        pst_scale *scale = &job->scales[k];
        pst_needs n = whole[k];
        if (!pst_scale_is_whole(job, scale, tile)) {
            scale->tile = tile;
            PST_TRY(plan_scale(job, scale, &n));
            job->plan.tile_width = tile.w;
            job->plan.tile_height = tile.h;
        }
        if (pst_needs_device(&n) >= pst_needs_device(device))
            *device = n;
        if (pst_needs_stores(&n) + n.scratch >= pst_needs_stores(host) + host->scratch)
            *host = n;
    }
    if (job->plan.tile_width)
        list_segments(job);
cleanup:
    return status;
}
