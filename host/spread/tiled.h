/* The objective (loss/objective.h) evaluated tile by tile: the same function and the same gradient, for images whose
 * maps do not fit on a device. Losses are sums over pixels, and style losses functions of sums over pixels: first all
 * tiles of a segment are walked forward, which gives the sums, then all are walked backward with the gradient of the
 * whole. (The two passes of Gonthier et al., "High-resolution neural texture synthesis with long-range constraints",
 * 2022, cut at poolings too, so that halos stay small.) Sums of tiles are exact or
 * added in the order of the tiles: the result does not depend on which device of which rank did which tile. All of the
 * stores' ranks call the same functions. */
#ifndef PST_SPREAD_TILED_H
#define PST_SPREAD_TILED_H

#include "loss/objective.h"
#include "spread/tile_walk.h"

typedef struct pst_tiled pst_tiled;

typedef struct pst_tiled_options {
    pst_tile_size tile;
    uint64_t keep_bytes; /* as in spread/tile_walk.h */
    bool in_file;        /* what is as large as the image may lie in a file: levels, features of the content */
} pst_tiled_options;

/* A style [h][w][3] in network units. */
typedef struct pst_tiled_image {
    void *user;
    pst_status (*read)(void *user, pst_rect part, float *to);
    int h, w;
} pst_tiled_image;

/* Plans; allocates nothing on the devices. nets: the same network on each device that shall share the tiles, at most
 * PST_TILED_DEVICES_MAX. They and the stores, whose error record tells of failures, must outlive it. */
pst_status pst_tiled_create(pst_device_network *const *nets, size_t count, const pst_objective_options *options,
                            const pst_tiled_options *tiles, pst_stores *stores, pst_tiled **tiled);
void pst_tiled_destroy(pst_tiled *tiled);

const pst_partition *pst_tiled_partition(const pst_tiled *tiled);

/* What it will take, in bytes: on the device that takes most (targets are those of the styles and what the losses
 * need), in stores, and in host memory besides. */
typedef struct pst_tiled_needs {
    pst_tile_walk_needs walk;
    uint64_t targets, largest;      /* on that device */
    uint64_t content, host, stores; /* features of the content, sums, and all stores together */
} pst_tiled_needs;
pst_tiled_needs pst_tiled_measure(pst_tiled *tiled);

/* What ranks exchange in an evaluation, in bytes: adds for each rank what it sends and gets. Returns what the sums take
 * that all ranks add up. */
uint64_t pst_tiled_traffic(pst_tiled *tiled, uint64_t *bytes);
double pst_tiled_busiest_work(const pst_tiled *tiled); /* as in spread/tile_walk.h */

/* The walk over a style of this size while its target is made; the content takes what evaluations take. */
pst_status pst_tiled_style_needs(pst_tiled *tiled, int h, int w, pst_tile_walk_needs *needs);

/* Makes the targets, as in loss/objective.h: begin, the guides, each style, then the content, end. Guides are copied.
 * The content is seen through the windows of evaluations, so that its loss is 0 where the image is the content; of its
 * store, as of x and g, each of the stores' ranks has the rows that spread/shared_rows.h says. */
pst_status pst_tiled_begin(pst_tiled *tiled);
pst_status pst_tiled_set_guides(pst_tiled *tiled, const pst_guides *guides);
pst_status pst_tiled_set_content(pst_tiled *tiled, const pst_store *content);
pst_status pst_tiled_add_style(pst_tiled *tiled, const pst_tiled_image *style, double blend, const pst_guides *guides);
pst_status pst_tiled_add_statistics(pst_tiled *tiled, const pst_feature_statistics statistics[PST_LAYERS_MAX],
                                    double blend, const pst_guides *guides);
pst_status pst_tiled_keep_content(pst_tiled *tiled, const pst_store *content, const float *free);
pst_status pst_tiled_end(pst_tiled *tiled);

/* One evaluation at x; g = gradient; both [h][w][3]. Waits. All ranks get the same losses. */
pst_status pst_tiled_evaluate(pst_tiled *tiled, const pst_store *x, pst_store *g);

/* How many tiles an evaluation walks on this rank, and how the devices shared them until now. A watcher is asked while
 * tiles are walked; pst_tiled_evaluate ends with PST_STOPPED if it wants that, and nothing has changed then but g. */
int pst_tiled_tiles(const pst_tiled *tiled);
const pst_tile_times *pst_tiled_times(const pst_tiled *tiled);
/* Of the last evaluation, by all ranks' devices, rank by rank. All ranks ask, and have as many devices. */
size_t pst_tiled_share_count(const pst_tiled *tiled);
pst_status pst_tiled_shares(const pst_tiled *tiled, pst_share *shares);
typedef bool (*pst_tiled_watcher)(void *user, int tiles); /* of this evaluation */
void pst_tiled_watch(pst_tiled *tiled, pst_tiled_watcher watcher, void *user);

double pst_tiled_losses(const pst_tiled *tiled, double *losses);
void pst_tiled_set_weight(pst_tiled *tiled, size_t term, double weight);

#endif
