/* What the files of the tiled objective share. */
#ifndef PST_SPREAD_TILED_STATE_H
#define PST_SPREAD_TILED_STATE_H

#include "base/threads.h"
#include "loss/style_regions.h"
#include "spread/exact_sum.h"
#include "spread/shared_map.h"
#include "spread/shared_rows.h"
#include "spread/tiled.h"

/* What each device needs of its own. */
typedef struct pst_tiled_device {
    pst_device_network *net;
    pst_session *session;
    pst_style_regions styles[PST_TERMS_MAX];
    pst_buffer *content;             /* a part of a content target */
    pst_buffer *gradient;            /* normalized gradients: of a tile's own part of a map */
    pst_buffer *gram, *row;          /* sums of a tile */
    pst_sums sums;                   /* slots: pst_tiled_slot */
    float *tile_sums[PST_TERMS_MAX]; /* of a style term, [region][c * c + c]: the last tile's */
    float *staging;
} pst_tiled_device;

struct pst_tiled {
    pst_error *error;
    const pst_layers *layers;
    pst_objective_options options;
    pst_tiled_options tiles;
    pst_stores *stores;
    pst_device_network *nets[PST_TILED_DEVICES_MAX];
    pst_tiled_device devices[PST_TILED_DEVICES_MAX];
    size_t device_count;
    pst_tile_walk *walk;                     /* of evaluations */
    pst_shared_map *contents[PST_TERMS_MAX]; /* P */
    pst_shared_map *image, *d_image;         /* NULL where this process is alone: x and g are all */
    pst_guides guides;                       /* of the image */
    pst_shared_map *kept, *free;             /* where content is kept: the content, and [h][w][1] */
    pst_lock *lock;                          /* for the next */
    pst_exact_sum map_sums[PST_TERMS_MAX];   /* of a style term, [region][c * c + c]: all tiles' */
    double *tile_values;                     /* [term][tile]: a number of each tile of the segment */
    size_t most_tiles;                       /* of a segment */
    double losses[PST_TERMS_MAX];            /* what was summed up of a term, before its factor */
    double norms[PST_TERMS_MAX];             /* of its gradient at its layer, L1 */
    pst_rect *held;                          /* of each rank, and */
    pst_shared_part *parts;                  /* of the tiles of a segment, or each rank: scratch for maps */
    size_t segment;                          /* the one that is walked */
    const pst_store *x;
    pst_store *g; /* NULL: nothing is evaluated */
    pst_tiled_watcher watcher;
    void *watching;
    pst_tile_times before; /* this evaluation */
};

/* Regions that sums are taken of; at least 1, which stands for the whole map. */
static inline size_t pst_tiled_regions(const pst_tiled *tiled) {
    return tiled->options.region_count ? tiled->options.region_count : 1;
}

/* Slots of tiled->sums: of a term, with regions of a style term's region; then the norms. */
static inline size_t pst_tiled_slot(const pst_tiled *tiled, size_t term, size_t region) {
    return region * tiled->options.term_count + term;
}
static inline size_t pst_tiled_norm_slot(const pst_tiled *tiled, size_t term) {
    return pst_tiled_slot(tiled, term, pst_tiled_regions(tiled));
}
static inline size_t pst_tiled_slots(const pst_tiled *tiled) {
    return pst_tiled_slot(tiled, 0, pst_tiled_regions(tiled) + 1);
}

static inline bool pst_tiled_is_at(const pst_tiled *tiled, size_t term, size_t layer) {
    return pst_term_is_of_features(&tiled->options.terms[term]) && tiled->options.terms[term].layer == layer;
}

/* A term's layer, and the units of its map. */
const pst_layer *pst_tiled_layer(const pst_tiled *tiled, size_t term);
size_t pst_tiled_map_pixels(const pst_tiled *tiled, size_t term);

/* Is a term's layer in a segment of the partition? */
bool pst_tiled_is_in(const pst_tiled *tiled, const pst_partition *partition, size_t segment, size_t term);

/* The largest part of a term's map that windows of evaluations, or own parts, show. */
size_t pst_tiled_part_pixels(const pst_tiled *tiled, const pst_partition *partition, size_t term, bool window);

/* Floats of a style term's sums for one region. */
static inline size_t pst_tiled_sum_floats(const pst_tiled *tiled, size_t term) {
    const size_t c = (size_t)tiled->layers->at[tiled->options.terms[term].layer].c_out;
    return c * c + c;
}

/* Sums of the own part of a style term's features, over each region of the guides (NULL: the whole part): queues them
 * into the device's tile_sums; walk: the one that shows the view. */
pst_status pst_tiled_sum_styles(pst_tiled *tiled, pst_tile_walk *walk, const pst_tile_view *view,
                                const pst_buffer *features, const pst_guides *guides);
/* After the wait: adds them to those of the map. And to begin with: zeros. */
void pst_tiled_add_tile(pst_tiled *tiled, const pst_partition *partition, size_t segment, size_t device);
void pst_tiled_clear_sums(pst_tiled *tiled);
/* A style term's sums become those of all ranks' tiles; nothing for another term. */
pst_status pst_tiled_share_sums(pst_tiled *tiled, size_t term);
/* A term's sums over the map in a region, on the device in its gram and row. */
pst_status pst_tiled_upload_sums(pst_tiled *tiled, size_t device, size_t term, size_t region);

/* Does something on each device, on its thread. */
typedef pst_status pst_tiled_work(pst_tiled *tiled, size_t device);
pst_status pst_tiled_on_each(pst_tiled *tiled, pst_tiled_work *work);

/* ---- tiled_image.c ---- */

/* Bytes in stores, with *content, and of host memory while the largest exchange lasts. */
uint64_t pst_tiled_map_bytes(pst_tiled *tiled, uint64_t *content, uint64_t *exchange);
pst_status pst_tiled_create_maps(pst_tiled *tiled);
void pst_tiled_destroy_maps(pst_tiled *tiled);

/* x, of which the store has this rank's rows, becomes what read_image reads; what write_gradient wrote becomes g. */
pst_status pst_tiled_take_image(pst_tiled *tiled, const pst_store *x);
pst_status pst_tiled_read_image(const pst_tiled *tiled, pst_rect part, float *to);
pst_status pst_tiled_write_gradient(pst_tiled *tiled, pst_rect part, const float *from);
pst_status pst_tiled_give_gradient(pst_tiled *tiled);

/* Once the tiles of its segment were walked. */
pst_status pst_tiled_exchange_content(pst_tiled *tiled, size_t term);

size_t pst_tiled_workspace(void *user, size_t layer, size_t pixels);

#endif
