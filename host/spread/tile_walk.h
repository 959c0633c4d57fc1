/* Walks through a network tile by tile: windows come from stores and go back to them, and on a device there is one
 * window at a time (spread/partition.h). Each of the stores' ranks has some of the tiles of a segment, and its devices
 * share those, each on a thread of its own. Here are the mechanics; what is done with features and gradients is the
 * caller's. All ranks call the same functions.
 *
 * An evaluation: for each segment pst_tile_walk_forward; then, from the last segment to the first,
 * pst_tile_walk_backward. */
#ifndef PST_SPREAD_TILE_WALK_H
#define PST_SPREAD_TILE_WALK_H

#include "net/pass.h"
#include "spread/partition.h"
#include "spread/store.h"

#define PST_TILED_DEVICES_MAX 8

typedef struct pst_tile_walk_options {
    int h, w; /* of the image */
    pst_tile_size tile;
    pst_pool pooling;
    bool replicate; /* as in net/pass.h, and so are the next two */
    bool wanted[PST_LAYERS_MAX];
    bool in_place[PST_LAYERS_MAX];
    bool backward;
    /* Bytes of scratch memory that whoever looks at the features of a layer wants for so many units. */
    size_t (*workspace)(void *user, size_t layer, size_t pixels);
    void *user;
    uint64_t keep_bytes; /* on each device, for the maps of tiles that are kept from forward to backward */
    bool in_file;        /* levels may lie in a file */
} pst_tile_walk_options;

typedef struct pst_tile_walk pst_tile_walk;

/* Plans; allocates nothing on the devices. The options are copied; nets, one of the same network for each device, and
 * stores must outlive the walk. Failures are told in the stores' error record. PST_ERROR_ARGUMENT if the image is too
 * small for the layers. */
pst_status pst_tile_walk_create(pst_device_network *const *nets, size_t count, const pst_tile_walk_options *options,
                                pst_stores *stores, pst_tile_walk **walk);
void pst_tile_walk_destroy(pst_tile_walk *walk);

typedef struct pst_tile_walk_needs {
    /* On the device that takes most; maps with those that are kept. */
    uint64_t weights, maps, workspace, windows, weight_piece, largest; /* the last two: in one buffer */
    uint64_t levels, staging;                                          /* bytes of stores, and of host memory besides */
    double work, whole_work; /* multiply-adds of an evaluation by this rank, and of one without tiles or ranks */
} pst_tile_walk_needs;
pst_tile_walk_needs pst_tile_walk_measure(const pst_tile_walk *walk);

/* Multiply-adds of an evaluation by whatever rank has most to do in each segment, at whose end they wait for each
 * other, if all have as much memory as this one; and for each rank the bytes that it sends and gets in one: they are
 * added. */
double pst_tile_walk_busiest_work(const pst_tile_walk *walk);
void pst_tile_walk_traffic(const pst_tile_walk *walk, uint64_t *bytes);

pst_status pst_tile_walk_allocate(pst_tile_walk *walk);

/* A device's scratch memory while no tile is walked. */
pst_buffer *pst_tile_walk_workspace(const pst_tile_walk *walk, size_t device);

const pst_partition *pst_tile_walk_partition(const pst_tile_walk *walk);

/* What something on a device ended with, which it returns: a failure's message becomes that of the stores' error
 * record.
 */
pst_status pst_tile_walk_tell(const pst_tile_walk *walk, size_t device, pst_status status);

/* How the walks went so far: since pst_tile_walk_allocate. */
typedef struct pst_tile_times {
    struct {
        double busy_seconds; /* with tiles; the rest of walk_seconds it waited for the others */
        int tiles;
    } devices[PST_TILED_DEVICES_MAX];
    double walk_seconds;     /* of this rank's devices */
    double exchange_seconds; /* and then for what other ranks have, or until they have it */
} pst_tile_times;
const pst_tile_times *pst_tile_walk_times(const pst_tile_walk *walk);

/* Is called on the caller's thread now and then while tiles are walked, with the number that this rank has walked so
 * far; true: the walk ends as soon as it can with PST_STOPPED, for all ranks. */
typedef bool (*pst_tile_watcher)(void *user, int tiles);
void pst_tile_walk_watch(pst_tile_walk *walk, pst_tile_watcher watcher, void *user);

/* What has come of something on this rank becomes what has come of it on all: pst_ranks_agree, and PST_STOPPED if one
 * is stopped. */
pst_status pst_tile_walk_agree(const pst_tile_walk *walk, pst_status status, bool stopped);

/* The tiles of each segment that this rank walks, or another one does: [first, end). */
typedef struct pst_tile_range {
    int first, end;
} pst_tile_range;
pst_tile_range pst_tile_walk_range(const pst_tile_walk *walk, size_t segment, int rank);

/* What a callback sees of a layer: the map of the window, in which the own part lies. Rectangles are places in the map
 * [map_h][map_w][c] of the whole image. */
typedef struct pst_tile_view {
    size_t device, layer;
    int tile;
    pst_rect window, own;
    int map_h, map_w, c;
    pst_buffer *workspace;
} pst_tile_view;

/* Several devices call at once, each on its thread. */
typedef struct pst_tile_visitor {
    void *user;
    /* Pixels of the image in network units, [part.h][part.w][3]. */
    pst_status (*read)(void *user, size_t device, pst_rect part, float *to);
    /* For each wanted layer, its features; NULL: nobody looks. */
    pst_status (*features)(void *user, const pst_tile_view *view, const pst_buffer *features);
    /* After all of a tile that is walked forward is done and the device was waited for; NULL: nothing. */
    pst_status (*waited)(void *user, size_t device, int tile);
    /* As pst_gradient_callback, for the whole window. */
    pst_status (*gradient)(void *user, const pst_tile_view *view, const pst_buffer *features, pst_buffer *d);
    /* The image's own gradient, before its own part goes to `write`: x and dx of the window. */
    pst_status (*image)(void *user, const pst_tile_view *view, const pst_buffer *x, pst_buffer *dx);
    pst_status (*write)(void *user, size_t device, pst_rect own, float *gradient);
} pst_tile_visitor;

/* All tiles of a segment; hands_on false: once more, only to look. What one rank fails with,
 * all fail with. */
pst_status pst_tile_walk_forward(pst_tile_walk *walk, size_t segment, bool hands_on, const pst_tile_visitor *visitor);
pst_status pst_tile_walk_backward(pst_tile_walk *walk, size_t segment, const pst_tile_visitor *visitor);

/* The own part of a window's map, packed: the map itself, a slice of it, or a copy; good until the next call. */
pst_status pst_tile_walk_own(pst_tile_walk *walk, const pst_tile_view *view, const pst_buffer *map,
                             const pst_buffer **own);

#endif
