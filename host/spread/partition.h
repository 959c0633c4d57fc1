/* How an image is taken apart. The walk through the network is cut into segments: at each pooling but the one behind
 * block 1, whose maps are as large per channel as the image; and where parts are thin, in the middle between two
 * poolings, for then less is computed twice. What a segment hands on, its last map, pooled or not, is a level of the
 * whole image. In each segment the image is cut into tiles: own parts that cover it, each with a
 * window around it that holds all that the own part depends on. A window that ends inside the image has a border of
 * wrong values, as deep as the convolutions behind it are many; the halo keeps it away from the own part.
 *
 * Lengths in a segment are in units of its input map (the image, or the level below); a unit is `stride` pixels of the
 * image. Own parts begin on multiples of 64 pixels, and none is smaller than 32 unless the image is. Windows begin on
 * multiples of `align`, by which the grids of Winograd tiles coincide that are used at the segment's numbers of
 * channels: what is computed for a unit does not depend on the window. (Where a device's choices use others, rounding
 * does.) The first window of a row or column, those in the middle and the last one have a length each, for what ends at
 * the image needs no halo there: so the windows of a segment have at most nine shapes. */
#ifndef PST_SPREAD_PARTITION_H
#define PST_SPREAD_PARTITION_H

#include "net/layers.h"
#include "spread/rect.h"

#define PST_SEGMENTS_MAX (2 * PST_WEIGHTS_MAX_BLOCKS)
#define PST_TILE_MULTIPLE 64 /* pixels */
#define PST_SHAPES 9

/* Pixels. */
typedef struct pst_tile_size {
    int w, h;
} pst_tile_size;

/* Of a tile in its row or column; one that is alone is the last. */
typedef enum pst_tile_place { PST_TILE_FIRST, PST_TILE_MIDDLE, PST_TILE_LAST, PST_TILE_PLACES } pst_tile_place;

typedef enum pst_walk { PST_WALK_FORWARD, PST_WALK_BACKWARD } pst_walk; /* the latter: forward again, then backward */

typedef struct pst_segment {
    size_t first, count;     /* layers */
    bool ends_pooled;        /* it hands on the pooling of its last layer; false: that layer's map, or nothing */
    int stride;              /* 1, 4, 8, 16 */
    int h, w, c;             /* of its input: the image with 3 channels, or a level */
    int out_h, out_w, out_c; /* of what it hands on; 0 if the walk ends */
    int align;
    int tile_h, tile_w; /* of own parts; the last of a row or column may be smaller, or larger by less than 32 pixels */
    int rows, columns;  /* of tiles */
    int halo[2];        /* by pst_walk: units that must be around an own part */
    int window_h[2][PST_TILE_PLACES], window_w[2][PST_TILE_PLACES]; /* 0: no tile is in that place */
} pst_segment;

typedef struct pst_partition {
    /* Of own parts in the first segment. In deeper segments, whose maps are smaller, parts are larger: their maps may
     * take the same memory, but the segment keeps 16 tiles, or as many as the first has, so that many devices have work
     * in each. Parts are evened out: an image of 1100 pixels with tiles of 1024 has two, of 576 and 524. */
    pst_tile_size tile;
    pst_segment segments[PST_SEGMENTS_MAX];
    size_t count;
} pst_partition;

/* For the first layer_count layers over an image of h by w; the tile's sides are multiples of PST_TILE_MULTIPLE; a tile
 * not smaller than the image gives one tile a segment. Where the image is too small for the layers (pst_layer_size is
 * false), the segments whose input is empty have no tiles; pst_pass_create refuses such an image. */
pst_partition pst_partition_make(const pst_layers *layers, size_t layer_count, int h, int w, pst_tile_size tile);

/* Tiles are numbered by rows, from 0. In units of the input. */
static inline int pst_segment_tiles(const pst_segment *s) { return s->rows * s->columns; }
pst_rect pst_segment_own(const pst_segment *segment, int tile);
pst_rect pst_segment_window(const pst_segment *segment, int tile, pst_walk walk);

/* The shape of a tile's window, 0 .. PST_SHAPES - 1; and what all windows of a shape have in common: h and w, 0 where
 * there are none. */
int pst_segment_shape(const pst_segment *segment, int tile);
pst_rect pst_segment_shape_size(const pst_segment *segment, int shape, pst_walk walk);

/* The longest window along each side. */
pst_rect pst_segment_longest(const pst_segment *segment, pst_walk walk);

/* An own part or window of the input as the part of a layer's map (before a pooling behind it) that it comes to, and as
 * the part of what the segment hands on (empty if the walk ends). It has the size of the map that the layers make of
 * the part alone. What ends at the image's border ends there in every map. */
pst_rect pst_segment_at_layer(const pst_layers *layers, const pst_segment *segment, pst_rect part, size_t layer);
pst_rect pst_segment_at_output(const pst_layers *layers, const pst_segment *segment, pst_rect part);

/* Multiply-adds of convolutions: of one walk forward over the whole image as if it were not cut, and of what tiles from
 * `first` up to `end`, or all of a segment, take for one walk over their windows in a direction (backward: one forward
 * or one backward walk over windows of that size; both cost the same but for the first layer's). */
double pst_partition_whole_work(const pst_layers *layers, size_t layer_count, int h, int w);
double pst_segment_work_of(const pst_layers *layers, const pst_segment *segment, pst_walk walk, int first, int end);
double pst_segment_tile_work(const pst_layers *layers, const pst_segment *segment, pst_walk walk);

#endif
