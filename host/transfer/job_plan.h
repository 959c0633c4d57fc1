/* What a job takes at one scale, counted before anything is allocated. */
#ifndef PST_TRANSFER_JOB_PLAN_H
#define PST_TRANSFER_JOB_PLAN_H

#include "transfer/job.h"

#define PST_OWN_VECTORS 2 /* besides those of the optimizer: x and the gradient */

/* What ranks do and exchange in an evaluation with its step; see pst_plan. */
typedef struct pst_rank_needs {
    double busiest_work;
    uint64_t exchange, gather, sums;
} pst_rank_needs;

/* Bytes. */
typedef struct pst_needs {
    /* On the device; while_targets: more than all else, while targets are made. In one buffer: of weights, of all. */
    uint64_t weights, maps, workspace, windows, targets, vectors, while_targets, weight_piece, largest;
    /* In tiles also outside: in stores, and in host memory besides. */
    uint64_t levels, contents, images, scratch;
    double work; /* of an evaluation, as a multiple of that without tiles */
    pst_rank_needs ranks;
} pst_needs;

uint64_t pst_needs_device(const pst_needs *needs);
uint64_t pst_needs_stores(const pst_needs *needs);

static inline void pst_at_least(uint64_t *value, uint64_t other) {
    if (other > *value)
        *value = other;
}

/* ---- job_plan.c ---- */

/* Does it fit into the plan's limit and the device's pieces? */
bool pst_job_fits(const pst_job *job, const pst_needs *needs);

/* The same for all ranks, each with its own device: so they make one plan. */
pst_status pst_job_fits_all(pst_job *job, const pst_needs *needs, bool *fits);

/* ---- job_fits.c ---- */

/* Sets plan.fits and what is wrong. */
pst_status pst_job_find_problem(pst_job *job, const pst_needs *most);

/* ---- job_plan_tiles.c ---- */

/* Takes the tile of the options, or chooses it, and tells each scale of the job whether it goes in tiles; whole: the
 * needs of each scale without. *device and *host become the needs of the scales that take most. */
pst_status pst_job_plan_tiles(pst_job *job, const pst_needs *whole, pst_needs *device, pst_needs *host);

bool pst_scale_is_whole(const pst_job *job, const pst_scale *scale, pst_tile_size tile);

/* Does every scale fit with this tile, the maps of no tile kept? */
pst_status pst_job_try_tile(pst_job *job, const pst_needs *whole, pst_tile_size tile, bool *fits);

/* ---- job_tile.c ---- */

/* Is the job large enough for its workers to share, even where it fits whole? */
bool pst_job_is_shared(const pst_job *job);

/* The best tile that fits; the smallest where none does. */
pst_status pst_job_choose_tile(pst_job *job, const pst_needs *whole, pst_tile_size *tile);

#endif
