/* Walks over tiles: what the devices share. */
#include "base/clock.h"
#include "base/memory.h"
#include "spread/tile_walk_state.h"

pst_status pst_tile_walk_create(pst_device_network *const *nets, size_t count, const pst_tile_walk_options *options,
                                pst_stores *stores, pst_tile_walk **result) {
    pst_tile_walk *walk;
    pst_status status;
    size_t most = 1;
    *result = NULL;
    status = pst_allocate(stores->error, 1, sizeof *walk, &walk);
    if (status != PST_OK)
        return status;
    walk->error = stores->error;
    walk->layers = &nets[0]->layers;
    walk->options = *options;
    walk->stores = stores;
    walk->walker_count = count;
    for (size_t d = 0; d < count; d++) {
        walk->walkers[d].net = nets[d];
        walk->walkers[d].session = nets[d]->engine.session;
    }
    for (size_t l = 0; l < walk->layers->count; l++)
        if (options->wanted[l])
            walk->layer_count = l + 1;
    int h, w;
    if (!pst_layer_size(walk->layers, walk->layer_count - 1, options->h, options->w, &h, &w)) {
        status = pst_fail(walk->error, PST_ERROR_ARGUMENT,
                          "an image of %dx%d is too small for layer %s; use a larger image size", options->w,
                          options->h, walk->layers->at[walk->layer_count - 1].name);
        goto cleanup;
    }
    walk->partition = pst_partition_make(walk->layers, walk->layer_count, options->h, options->w, options->tile);
    for (size_t d = 0; d < count; d++)
        PST_TRY(pst_tile_walk_tell(walk, d, pst_tile_walker_plan(walk, &walk->walkers[d])));
    PST_TRY(pst_lock_create(walk->error, &walk->lock));
    PST_TRY(pst_allocate(walk->error, (size_t)pst_ranks_count(stores->ranks), sizeof *walk->held, &walk->held));
    for (size_t s = 0; s < walk->partition.count; s++) {
        const size_t tiles = (size_t)pst_segment_tiles(pst_walk_segment(walk, s));
        most = tiles > most ? tiles : most;
        PST_TRY(pst_allocate(walk->error, tiles, sizeof *walk->keepers[s], &walk->keepers[s]));
    }
    PST_TRY(pst_allocate(walk->error, most, sizeof *walk->taken, &walk->taken));
    PST_TRY(pst_allocate(walk->error, most, sizeof *walk->parts, &walk->parts));
    *result = walk;
    return PST_OK;
cleanup:
    pst_tile_walk_destroy(walk);
    return status;
}

void pst_tile_walk_destroy(pst_tile_walk *walk) {
    if (!walk)
        return;
    for (size_t d = 0; d < walk->walker_count; d++)
        pst_tile_walker_close(&walk->walkers[d]);
    for (size_t s = 0; s < PST_SEGMENTS_MAX; s++) {
        pst_shared_map_destroy(walk->levels[s]);
        pst_shared_map_destroy(walk->d_levels[s]);
        pst_free(walk->keepers[s]);
    }
    pst_lock_destroy(walk->lock);
    pst_free(walk->taken);
    pst_free(walk->parts);
    pst_free(walk->held);
    pst_free(walk);
}

pst_buffer *pst_tile_walk_workspace(const pst_tile_walk *walk, size_t device) {
    return walk->walkers[device].memory.workspace;
}

const pst_partition *pst_tile_walk_partition(const pst_tile_walk *walk) { return &walk->partition; }

pst_status pst_tile_walk_allocate(pst_tile_walk *walk) {
    pst_status status;
    for (size_t d = 0; d < walk->walker_count; d++)
        PST_TRY(pst_tile_walk_tell(walk, d, pst_tile_walker_allocate(walk, &walk->walkers[d])));
    status = pst_tile_walk_create_levels(walk);
cleanup:
    return status;
}

/* One walk over the tiles of a segment by all devices. */
typedef struct round {
    pst_tile_walk *walk;
    size_t segment;
    bool backward, hands_on, stopped; /* stopped: by the watcher */
    const pst_tile_visitor *visitor;
    pst_tile_list list;
    pst_status statuses[PST_TILED_DEVICES_MAX];
} round;

static int tiles_so_far(const pst_tile_walk *walk) {
    int tiles = 0;
    pst_lock_take(walk->lock);
    for (size_t d = 0; d < walk->walker_count; d++)
        tiles += walk->times.devices[d].tiles;
    pst_lock_give(walk->lock);
    return tiles;
}

static void note_tile(pst_tile_walk *walk, size_t device, double seconds) {
    pst_lock_take(walk->lock);
    walk->times.devices[device].tiles++;
    walk->times.devices[device].busy_seconds += seconds;
    pst_lock_give(walk->lock);
}

static void walk_tiles(void *user, size_t device) {
    round *r = user;
    pst_tile_walk *walk = r->walk;
    pst_status status = PST_OK;
    int tile;
    while (status == PST_OK && pst_tile_list_take(&r->list, (int)device, &tile)) {
        const double begun = pst_clock_seconds();
        status = r->backward ? pst_tile_walker_backward(walk, device, r->segment, tile, r->visitor)
                             : pst_tile_walker_forward(walk, device, r->segment, tile, r->hands_on, r->visitor);
        note_tile(walk, device, pst_clock_seconds() - begun);
        if (status == PST_OK && device == 0 && walk->watcher && walk->watcher(walk->watching, tiles_so_far(walk))) {
            r->stopped = true;
            if (pst_ranks_count(walk->stores->ranks) == 1) /* others would wait for what this rank's tiles hand on */
                pst_tile_list_stop(&r->list);
        }
    }
    r->statuses[device] = status;
    if (status != PST_OK)
        pst_tile_list_stop(&r->list);
}

const pst_tile_times *pst_tile_walk_times(const pst_tile_walk *walk) { return &walk->times; }

void pst_tile_walk_watch(pst_tile_walk *walk, pst_tile_watcher watcher, void *user) {
    walk->watcher = watcher;
    walk->watching = user;
}

pst_status pst_tile_walk_tell(const pst_tile_walk *walk, size_t device, pst_status status) {
    const pst_error *own = walk->walkers[device].session->error;
    if (status != PST_OK && own != walk->error && own->status == status)
        *walk->error = *own;
    return status;
}

pst_status pst_tile_walk_agree(const pst_tile_walk *walk, pst_status status, bool stopped) {
    const pst_ranks *ranks = walk->stores->ranks;
    bool goes_on = !stopped;
    PST_TRY(pst_ranks_agree_in(ranks, walk->error, status, PST_RANKS_WALK));
    PST_TRY(pst_ranks_all(ranks, walk->error, &goes_on));
    status = goes_on ? PST_OK : PST_STOPPED;
cleanup:
    return status;
}

static pst_status run(round *r) {
    pst_tile_walk *walk = r->walk;
    const int tiles = pst_segment_tiles(pst_walk_segment(walk, r->segment));
    const pst_tile_range own = pst_tile_walk_own_range(walk, r->segment);
    r->list.lock = walk->lock;
    r->list.first = own.first;
    r->list.end = own.end;
    r->list.taken = walk->taken;
    for (int t = 0; t < tiles; t++)
        walk->taken[t] = false;
    const double begun = pst_clock_seconds();
    pst_status status = PST_OK;
    pst_threads_run(walk->walker_count, walk_tiles, r);
    const double walked = pst_clock_seconds();
    walk->times.walk_seconds += walked - begun;
    for (size_t d = 0; d < walk->walker_count && status == PST_OK; d++)
        status = pst_tile_walk_tell(walk, d, r->statuses[d]);
    PST_TRY(pst_tile_walk_agree(walk, status, r->stopped));
    if (r->backward && r->segment)
        PST_TRY(pst_tile_walk_exchange(walk, r->segment - 1, true));
    if (!r->backward && r->hands_on && r->segment + 1 < walk->partition.count)
        PST_TRY(pst_tile_walk_exchange(walk, r->segment, false));
    walk->times.exchange_seconds += pst_clock_seconds() - walked;
cleanup:
    return status;
}

pst_status pst_tile_walk_forward(pst_tile_walk *walk, size_t s, bool hands_on, const pst_tile_visitor *visitor) {
    round r = {.walk = walk, .segment = s, .hands_on = hands_on, .visitor = visitor};
    if (hands_on) {
        for (size_t d = 0; d < walk->walker_count; d++)
            walk->walkers[d].kept_used[s] = 0;
        for (int t = 0; t < pst_segment_tiles(pst_walk_segment(walk, s)); t++)
            walk->keepers[s][t] = PST_NO_KEEPER;
    } else {
        r.list.keepers = walk->keepers[s];
    }
    return run(&r);
}

pst_status pst_tile_walk_backward(pst_tile_walk *walk, size_t s, const pst_tile_visitor *visitor) {
    round r = {.walk = walk, .segment = s, .backward = true, .visitor = visitor, .list = {.keepers = walk->keepers[s]}};
    return run(&r);
}
