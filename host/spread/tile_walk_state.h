/* What the files of the walk share. */
#ifndef PST_SPREAD_TILE_WALK_STATE_H
#define PST_SPREAD_TILE_WALK_STATE_H

#include "spread/shared_map.h"
#include "spread/tile_list.h"
#include "spread/tile_walk.h"

/* Where the maps of a tile are kept. There is room for windows of every shape; the pass is for the shape of the last
 * tile. */
typedef struct pst_tile_kept {
    pst_pass_memory memory; /* but for the workspace, which is the walker's */
    pst_pass *pass;         /* NULL: none yet */
    int shape, tile;
} pst_tile_kept;

/* What one device needs to walk tiles. */
typedef struct pst_tile_walker {
    pst_device_network *net;
    pst_session *session;
    pst_pass *passes[PST_SEGMENTS_MAX][PST_SHAPES]; /* NULL: no window has that shape */
    pst_tile_kept *kept[PST_SEGMENTS_MAX];
    int kept_count[PST_SEGMENTS_MAX], kept_used[PST_SEGMENTS_MAX];
    uint64_t kept_bytes[PST_SEGMENTS_MAX]; /* what a tile takes that is kept */
    pst_pass_memory memory;
    pst_buffer *x, *dx, *own; /* of a window: input, its gradient, own part of a map */
    pst_buffer *slice;        /* an own part within a map */
    float *staging;
} pst_tile_walker;

struct pst_tile_walk {
    pst_error *error;
    const pst_layers *layers;
    pst_tile_walk_options options;
    pst_stores *stores;
    size_t layer_count;
    pst_partition partition;
    pst_tile_walker walkers[PST_TILED_DEVICES_MAX];
    size_t walker_count;
    pst_shared_map *levels[PST_SEGMENTS_MAX], *d_levels[PST_SEGMENTS_MAX]; /* what a segment hands on */
    pst_shared_part *parts; /* of the most tiles of a segment: scratch for exchanges */
    pst_rect *held;         /* of each rank, likewise */
    pst_lock *lock;
    int *keepers[PST_SEGMENTS_MAX]; /* as in tile_list.h, of the last walk forward */
    bool *taken;                    /* of the most tiles of a segment */
    pst_tile_times times;
    pst_tile_watcher watcher;
    void *watching;
};

static inline pst_tile_range pst_tile_walk_own_range(const pst_tile_walk *walk, size_t s) {
    return pst_tile_walk_range(walk, s, pst_ranks_rank(walk->stores->ranks));
}

static inline const pst_segment *pst_walk_segment(const pst_tile_walk *walk, size_t s) {
    return &walk->partition.segments[s];
}

/* An evaluation sees the same windows on both ways: where maps are kept they are then what they would be if they were
 * not, to the last bit. (A Winograd tile at the border of a window rounds its right values differently.) */
static inline pst_walk pst_walk_windows(const pst_tile_walk *walk) {
    return walk->options.backward ? PST_WALK_BACKWARD : PST_WALK_FORWARD;
}

/* How often an evaluation walks each of so many tiles, on the average, if the maps of `kept` of them are kept. */
static inline double pst_tile_walk_walks(const pst_tile_walk *walk, int kept, int tiles) {
    const double share = !tiles ? 0 : kept < tiles ? (double)kept / tiles : 1;
    return walk->options.backward ? 3 - share : 1;
}

/* ---- tile_walk_share.c: what lies between segments, and who has it ---- */

/* Of level s, what each rank holds: its tiles of the segment before it make parts of it, those of the one behind it see
 * windows of it; and the way back. */
void pst_tile_walk_held(const pst_tile_walk *walk, size_t s, pst_rect *held);

/* What the tiles of segment s hand on, and of the next one hand back, with their owners; how many. */
size_t pst_tile_walk_made(const pst_tile_walk *walk, size_t s, bool backward, pst_shared_part *parts);

/* Bytes in stores of this rank, and of host memory while the largest exchange lasts. */
uint64_t pst_tile_walk_level_bytes(const pst_tile_walk *walk);
uint64_t pst_tile_walk_exchange_bytes(const pst_tile_walk *walk);

/* Creates them; exchanges what was made of one. */
pst_status pst_tile_walk_create_levels(pst_tile_walk *walk);
pst_status pst_tile_walk_exchange(pst_tile_walk *walk, size_t s, bool backward);

/* ---- tile_walk_plan.c ---- */

/* The passes of a device; then what it allocates. */
pst_status pst_tile_walker_plan(pst_tile_walk *walk, pst_tile_walker *walker);
pst_status pst_tile_walker_allocate(pst_tile_walk *walk, pst_tile_walker *walker);
void pst_tile_walker_close(pst_tile_walker *walker);

/* Makes a place for kept maps suit a shape. */
pst_status pst_tile_walker_keep(const pst_tile_walk *walk, const pst_tile_walker *walker, size_t segment, int shape,
                                pst_tile_kept *kept);

/* ---- tile_walker.c: one tile by one device ---- */

pst_status pst_tile_walker_forward(pst_tile_walk *walk, size_t device, size_t segment, int tile, bool hands_on,
                                   const pst_tile_visitor *visitor);
pst_status pst_tile_walker_backward(pst_tile_walk *walk, size_t device, size_t segment, int tile,
                                    const pst_tile_visitor *visitor);

#endif
