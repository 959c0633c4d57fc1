/* Which tile a job takes that was not told: of those that fit the one that leaves the busiest worker the least work. */
#include <stdlib.h>

#include "base/memory.h"
#include "spread/ranks.h"
#include "transfer/job_plan.h"

#define SHARED_SIDE 128 /* pixels: smaller tiles are not worth sharing */
#define PARTS_MOST 128  /* ways to cut a side */
#define LONGEST 4       /* times the other side */
#define ENOUGH 1.1      /* times the least that the busiest worker may have to do */

bool pst_job_is_shared(const pst_job *job) {
    const double pixels = (double)job->width * job->height;
    return job->workers > 1 && !job->keeps_whole && pixels >= 2.0 * job->workers * SHARED_SIDE * SHARED_SIDE;
}

/* An evaluation of a scale, for the worker that has most to do in each segment: they wait for each other there. */
static double busiest_work(const pst_job *job, const pst_scale *scale, pst_tile_size tile, size_t layer_count,
                           int workers) {
    const pst_layers *layers = &job->net->layers;
    const pst_extent extent = pst_extent_make(scale->w, scale->h, job->multiple);
    double sum = 0;
    if (pst_scale_is_whole(job, scale, tile))
        return pst_partition_whole_work(layers, layer_count, extent.h, extent.w);
    const pst_partition p = pst_partition_make(layers, layer_count, extent.h, extent.w, tile);
    for (size_t i = 0; i < p.count; i++) {
        const int tiles = pst_segment_tiles(&p.segments[i]);
        double most = 0;
        for (int r = 0; r < workers; r++) {
            const double own =
                pst_segment_work_of(layers, &p.segments[i], PST_WALK_BACKWARD, pst_ranks_first(tiles, workers, r),
                                    pst_ranks_first(tiles, workers, r + 1));
            most = own > most ? own : most;
        }
        sum += most;
    }
    return sum;
}

typedef struct candidate {
    pst_tile_size tile;
    bool small;            /* smaller than is worth sharing */
    double alone, busiest; /* work of all scales: for one worker alone, and for the one that has most of it */
} candidate;

static int64_t area(pst_tile_size tile) { return (int64_t)tile.w * tile.h; }

static int prefer(const candidate *a, const candidate *b, double work, double other) {
    if (work != other)
        return work < other ? -1 : 1;
    if (area(a->tile) != area(b->tile))
        return area(a->tile) > area(b->tile) ? -1 : 1;
    return (a->tile.w < b->tile.w) - (a->tile.w > b->tile.w);
}

static int by_work_alone(const void *left, const void *right) {
    const candidate *a = left, *b = right;
    return prefer(a, b, a->alone, b->alone);
}

static int by_busiest(const void *left, const void *right) {
    const candidate *a = left, *b = right;
    return a->small != b->small ? a->small - b->small : prefer(a, b, a->busiest, b->busiest);
}

/* Lengths that cut a side evenly, into one part and ever more, down to the least. */
static size_t lengths(int side, int length[PARTS_MOST]) {
    size_t count = 0;
    for (int parts = 1; count < PARTS_MOST; parts += 1 + parts / 16) {
        const int next = (int)pst_round_up((size_t)(side + parts - 1) / (size_t)parts, PST_TILE_MULTIPLE);
        if (!count || next < length[count - 1])
            length[count++] = next;
        if (next == PST_TILE_MULTIPLE)
            break;
    }
    return count;
}

static size_t deepest(const pst_job *job) {
    size_t count = 0;
    for (size_t t = 0; t < job->objective_options.term_count; t++)
        if (pst_term_is_of_features(&job->objective_options.terms[t]) &&
            job->objective_options.terms[t].layer + 1 > count)
            count = job->objective_options.terms[t].layer + 1;
    return count;
}

static candidate weigh(const pst_job *job, pst_tile_size tile, size_t layer_count) {
    candidate c = {.tile = tile, .small = tile.w < SHARED_SIDE || tile.h < SHARED_SIDE};
    for (size_t k = 0; k < job->scale_count; k++) {
        c.alone += job->scales[k].iterations * busiest_work(job, &job->scales[k], tile, layer_count, 1);
        c.busiest += job->scales[k].iterations * busiest_work(job, &job->scales[k], tile, layer_count, job->workers);
    }
    return c;
}

/* The first in this order that fits; the smallest tile where none does. */
static pst_status first_that_fits(pst_job *job, const pst_needs *whole, candidate *all, size_t count,
                                  int (*order)(const void *, const void *), candidate *found) {
    bool fits = false;
    pst_status status = PST_OK;
    qsort(all, count, sizeof *all, order);
    *found = (candidate){.tile = {.w = PST_TILE_MULTIPLE, .h = PST_TILE_MULTIPLE}};
    for (size_t i = 0; i < count && !fits; i++) {
        bool hopeless = false; /* a smaller one did not fit */
        for (size_t j = 0; j < i && !hopeless; j++)
            hopeless = all[j].tile.w <= all[i].tile.w && all[j].tile.h <= all[i].tile.h;
        if (!hopeless)
            PST_TRY(pst_job_try_tile(job, whole, all[i].tile, &fits));
        if (fits)
            *found = all[i];
    }
cleanup:
    return status;
}

/* The tile that one worker alone would take does for several if it leaves none of them much more to do: then one or
 * many, the result is the same to the byte. */
pst_status pst_job_choose_tile(pst_job *job, const pst_needs *whole, pst_tile_size *tile) {
    const pst_extent extent = pst_extent_make(job->width, job->height, job->multiple);
    int widths[PARTS_MOST] = {0}, heights[PARTS_MOST] = {0};
    const size_t columns = lengths(extent.w, widths), rows = lengths(extent.h, heights), layer_count = deepest(job);
    candidate *all = NULL, alone, shared;
    size_t count = 0;
    pst_status status;
    PST_TRY(pst_allocate(&job->context->error, columns * rows, sizeof *all, &all));
    for (size_t i = 0; i < columns; i++)
        for (size_t j = 0; j < rows; j++)
            if ((widths[i] <= LONGEST * heights[j] && heights[j] <= LONGEST * widths[i]) || i == 0 || j == 0)
                all[count++] = weigh(job, (pst_tile_size){.w = widths[i], .h = heights[j]}, layer_count);
    PST_TRY(first_that_fits(job, whole, all, count, by_work_alone, &alone));
    *tile = alone.tile;
    if (pst_job_is_shared(job)) {
        PST_TRY(first_that_fits(job, whole, all, count, by_busiest, &shared));
        if (alone.busiest > ENOUGH * shared.busiest)
            *tile = shared.tile;
    }
cleanup:
    pst_free(all);
    return status;
}
