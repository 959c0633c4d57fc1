#include "spread/partition.h"

#include "op/conv.h"

#define NARROW 128    /* channels: narrower layers may be computed with Winograd tiles of 6 units, others with 4 or 2 */
#define TILES_KEPT 16 /* that deeper segments are left with */
#define THIN 16       /* times the halo: parts of a side up to this are thin */
#define CUT_BYTES ((double)(64 << 20)) /* the largest level for the sake of thin parts */

static int least(int a, int b) { return a < b ? a : b; }
static int most(int a, int b) { return a > b ? a : b; }
static int round_up(int a, int multiple) { return (int)pst_round_up((size_t)a, (size_t)multiple); }

static size_t end_of(const pst_segment *s) { return s->first + s->count; }

/* Is a layer's map pooled for the segment's next layer? */
static bool pooled_inside(const pst_layers *layers, const pst_segment *s, size_t layer) {
    return layers->at[layer].pooled && layer + 1 < end_of(s);
}

/* Of its last layer, in units of its input. */
static int inner_stride(const pst_layers *layers, const pst_segment *s) {
    int stride = 1;
    for (size_t l = s->first; l < end_of(s); l++)
        if (pooled_inside(layers, s, l))
            stride *= 2;
    return stride;
}

/* Units on whose multiples the Winograd tiles of a segment's layers coincide. */
static int grid(const pst_layers *layers, const pst_segment *s) {
    for (size_t l = s->first; l < end_of(s); l++)
        if (layers->at[l].c_in <= NARROW && layers->at[l].c_out <= NARROW)
            return 12;
    return 4;
}

/* Layers from the first on up to a pooling that ends a segment. */
static size_t count_layers(const pst_layers *layers, size_t first, size_t layer_count) {
    bool inside = first == 0; /* the next pooling */
    for (size_t l = first; l + 1 < layer_count; l++) {
        if (layers->at[l].pooled && !inside)
            return l + 1 - first;
        inside = inside && !layers->at[l].pooled;
    }
    return layer_count - first;
}

/* Around an own part: going up, how far the units of the last layer reach whose gradient comes to it; from there down
 * again, what the values of these depend on. Parts begin and end on even units where they are pooled, and the gradient
 * of a maximum depends on all that was compared: so going up, whole pairs. */
static int halo(const pst_layers *layers, const pst_segment *s, pst_walk walk) {
    int units = 0;
    if (walk == PST_WALK_BACKWARD) {
        for (size_t l = s->first; l < end_of(s); l++)
            units = pooled_inside(layers, s, l) ? (units + 2) / 2 : units + 1;
        if (s->ends_pooled)
            units = round_up(units, 2);
    }
    for (size_t l = end_of(s); l-- > s->first;)
        units = (pooled_inside(layers, s, l) ? 2 * units : units) + 1;
    return units;
}

/* Floats of the segment's input and maps for each pixel of the image; wherever a walk ends, of all layers up to the
 * pooling, so that walks that end elsewhere are cut alike. */
static double floats_per_pixel(const pst_layers *layers, const pst_segment *s) {
    const size_t end = s->first + count_layers(layers, s->first, layers->count);
    double pixels = (double)s->stride * s->stride, sum = s->c / pixels;
    for (size_t l = s->first; l < end; l++) {
        sum += layers->at[l].c_out / pixels;
        if (layers->at[l].pooled)
            pixels *= 4;
    }
    return sum;
}

/* One side of the input, into own parts of at most `tile` and a last one that may be smaller, or larger by less than
 * half a quantum. */
static void cut(int side, int tile, int quantum, int *own, int *count) {
    tile = least(tile, round_up(side, quantum));
    int parts = (side + tile - 1) / tile;
    *own = round_up((side + parts - 1) / parts, quantum);
    *count = (side + *own - 1) / *own;
    if (*count > 1 && 2 * (side - (*count - 1) * *own) < quantum)
        (*count)--;
}

typedef struct span {
    int start, length;
} span;

static span own_span(int side, int own, int count, int index) {
    return (span){index * own, index + 1 < count ? own : side - index * own};
}

static pst_tile_place place_of(int count, int index) {
    return index + 1 == count ? PST_TILE_LAST : index == 0 ? PST_TILE_FIRST : PST_TILE_MIDDLE;
}

/* Where a window of this length begins: as late as what its own part depends on lets it, and not beyond the map. */
static int window_start(const pst_segment *s, int side, span own, int length, pst_walk walk) {
    return least(most(0, own.start - s->halo[walk]), side - length) / s->align * s->align;
}

/* Does a window of this length hold all that its own part depends on? */
static bool is_long_enough(const pst_segment *s, int side, span own, int length, pst_walk walk) {
    const int end = least(own.start + own.length + s->halo[walk], side);
    return window_start(s, side, own, length, walk) + length >= end;
}

/* The least length that suits all parts in a place. What ends inside the map ends where poolings take whole pairs, but
 * where windows must be moved back from the end of the map. */
static int window_length(const pst_layers *layers, const pst_segment *s, int side, int own, int count, pst_walk walk,
                         pst_tile_place place) {
    const int step = 2 * inner_stride(layers, s);
    int length = 0;
    for (int i = 0; i < count; i++) {
        const span part = own_span(side, own, count, i);
        const int needed = least(part.start + part.length + s->halo[walk], side) - window_start(s, side, part, 0, walk);
        if (place_of(count, i) != place)
            continue;
        length = most(length, place == PST_TILE_LAST ? needed : least(round_up(needed, step), side));
        while (!is_long_enough(s, side, part, length, walk))
            length++;
    }
    return length;
}

static void cut_into_tiles(const pst_layers *layers, pst_segment *s, pst_tile_size tile) {
    const int quantum = PST_TILE_MULTIPLE / s->stride;
    s->align = grid(layers, s) * inner_stride(layers, s);
    cut(s->h, tile.h / s->stride, quantum, &s->tile_h, &s->rows);
    cut(s->w, tile.w / s->stride, quantum, &s->tile_w, &s->columns);
}

static void set_windows(const pst_layers *layers, pst_segment *s) {
    for (pst_walk walk = PST_WALK_FORWARD; walk <= PST_WALK_BACKWARD; walk++) {
        s->halo[walk] = halo(layers, s, walk);
        for (pst_tile_place place = PST_TILE_FIRST; place < PST_TILE_PLACES; place++) {
            s->window_h[walk][place] = window_length(layers, s, s->h, s->tile_h, s->rows, walk, place);
            s->window_w[walk][place] = window_length(layers, s, s->w, s->tile_w, s->columns, walk, place);
        }
    }
}

/* A size of the same shape whose longer side is `longer`. */
static pst_tile_size resize(pst_tile_size tile, int longer) {
    const double by = (double)longer / most(tile.h, tile.w) / PST_TILE_MULTIPLE;
    return (pst_tile_size){.w = PST_TILE_MULTIPLE * (int)(tile.w * by + 0.5),
                           .h = PST_TILE_MULTIPLE * (int)(tile.h * by + 0.5)};
}

/* Into the largest tiles whose maps take no more memory than the first segment's do for a tile, and which are as many
 * as are to be kept. */
static void cut_deeper(const pst_layers *layers, const pst_segment *first, pst_segment *s, pst_tile_size tile) {
    const double available = floats_per_pixel(layers, first) * tile.h * tile.w, needed = floats_per_pixel(layers, s);
    const int kept = least(pst_segment_tiles(first), TILES_KEPT);
    pst_segment larger = *s;
    pst_tile_size size = tile;
    cut_into_tiles(layers, s, tile);
    for (int longer = most(tile.h, tile.w); size.h < first->h || size.w < first->w;) {
        longer += PST_TILE_MULTIPLE;
        size = resize(tile, longer);
        cut_into_tiles(layers, &larger, size);
        if (needed * least(size.h, first->h) * least(size.w, first->w) > available || pst_segment_tiles(&larger) < kept)
            return;
        *s = larger;
    }
}

/* Does what is computed twice outweigh one more level? */
static bool is_thin(const pst_layers *layers, const pst_segment *s) {
    const double bytes = 4.0 * s->h * s->w * layers->at[s->first].c_out;
    const int halo = THIN * s->halo[PST_WALK_BACKWARD];
    return bytes <= CUT_BYTES && ((s->rows > 1 && s->tile_h <= halo) || (s->columns > 1 && s->tile_w <= halo));
}

/* One segment becomes two of the same parts. */
static void cut_in_the_middle(const pst_layers *layers, pst_segment s[2]) {
    const size_t half = s->count / 2;
    s[1] = s[0];
    s[1].first += half;
    s[1].count -= half;
    s[1].c = layers->at[s[1].first].c_in;
    s[0].count = half;
    s[0].ends_pooled = false;
    s[0].out_h = s->h, s[0].out_w = s->w, s[0].out_c = s[1].c;
    for (size_t i = 0; i < 2; i++) {
        s[i].align = grid(layers, &s[i]);
        set_windows(layers, &s[i]);
    }
}

pst_partition pst_partition_make(const pst_layers *layers, size_t layer_count, int h, int w, pst_tile_size tile) {
    pst_partition p = {.tile = tile};
    tile = (pst_tile_size){.w = least(tile.w, round_up(w, PST_TILE_MULTIPLE)),
                           .h = least(tile.h, round_up(h, PST_TILE_MULTIPLE))};
    pst_segment next = {.stride = 1, .h = h, .w = w, .c = PST_IMAGE_CHANNELS};
    while (next.first < layer_count) {
        pst_segment *s = &p.segments[p.count++];
        *s = next;
        s->count = count_layers(layers, s->first, layer_count);
        s->ends_pooled = end_of(s) < layer_count;
        if (s->ends_pooled) {
            s->out_c = layers->at[end_of(s) - 1].c_out;
            pst_rect out = pst_segment_at_output(layers, s, (pst_rect){0, 0, h, w});
            s->out_h = h = out.h, s->out_w = w = out.w;
        }
        if (s->h > 0 && s->w > 0) {
            if (s->first == 0)
                cut_into_tiles(layers, s, tile);
            else
                cut_deeper(layers, &p.segments[0], s, tile);
            set_windows(layers, s);
        }
        if (s->first > 0 && s->count > 1 && is_thin(layers, s)) {
            cut_in_the_middle(layers, s);
            s = &p.segments[p.count++];
        }
        next = (pst_segment){
            .first = end_of(s), .stride = 2 * inner_stride(layers, s) * s->stride, .h = h, .w = w, .c = s->out_c};
    }
    return p;
}

pst_rect pst_segment_own(const pst_segment *s, int tile) {
    span y = own_span(s->h, s->tile_h, s->rows, tile / s->columns);
    span x = own_span(s->w, s->tile_w, s->columns, tile % s->columns);
    return (pst_rect){y.start, x.start, y.length, x.length};
}

pst_rect pst_segment_window(const pst_segment *s, int tile, pst_walk walk) {
    const pst_rect own = pst_segment_own(s, tile), size = pst_segment_shape_size(s, pst_segment_shape(s, tile), walk);
    return (pst_rect){.y = window_start(s, s->h, (span){own.y, own.h}, size.h, walk),
                      .x = window_start(s, s->w, (span){own.x, own.w}, size.w, walk),
                      .h = size.h,
                      .w = size.w};
}

int pst_segment_shape(const pst_segment *s, int tile) {
    return PST_TILE_PLACES * (int)place_of(s->rows, tile / s->columns) + (int)place_of(s->columns, tile % s->columns);
}

pst_rect pst_segment_shape_size(const pst_segment *s, int shape, pst_walk walk) {
    const int h = s->window_h[walk][shape / PST_TILE_PLACES], w = s->window_w[walk][shape % PST_TILE_PLACES];
    return (pst_rect){.h = h && w ? h : 0, .w = h && w ? w : 0};
}

pst_rect pst_segment_longest(const pst_segment *s, pst_walk walk) {
    pst_rect longest = {0};
    for (int place = 0; place < PST_TILE_PLACES; place++) {
        longest.h = most(longest.h, s->window_h[walk][place]);
        longest.w = most(longest.w, s->window_w[walk][place]);
    }
    return longest;
}

/* Parts begin on even units where they are pooled. */
static pst_rect pool(const pst_layers *layers, pst_rect part) {
    return (pst_rect){part.y / 2, part.x / 2, pst_pooled_side(layers->ceil, part.h),
                      pst_pooled_side(layers->ceil, part.w)};
}

pst_rect pst_segment_at_layer(const pst_layers *layers, const pst_segment *s, pst_rect part, size_t layer) {
    for (size_t l = s->first; l < layer; l++)
        if (layers->at[l].pooled)
            part = pool(layers, part);
    return part;
}

pst_rect pst_segment_at_output(const pst_layers *layers, const pst_segment *s, pst_rect part) {
    if (!s->out_c)
        return (pst_rect){0};
    part = pst_segment_at_layer(layers, s, part, end_of(s) - 1);
    return s->ends_pooled ? pool(layers, part) : part;
}

static double layer_work(const pst_layers *layers, size_t layer, double units) {
    return 9.0 * layers->at[layer].c_in * layers->at[layer].c_out * units;
}

double pst_partition_whole_work(const pst_layers *layers, size_t layer_count, int h, int w) {
    double sum = 0;
    for (size_t l = 0; l < layer_count; l++) {
        int layer_h, layer_w;
        pst_layer_size(layers, l, h, w, &layer_h, &layer_w);
        sum += layer_work(layers, l, (double)layer_h * layer_w);
    }
    return sum;
}

double pst_segment_work_of(const pst_layers *layers, const pst_segment *s, pst_walk walk, int first, int end) {
    double of_shape[PST_SHAPES] = {0}, sum = 0;
    for (int shape = 0; shape < PST_SHAPES; shape++)
        for (size_t l = s->first; l < end_of(s); l++) {
            const pst_rect map = pst_segment_at_layer(layers, s, pst_segment_shape_size(s, shape, walk), l);
            of_shape[shape] += layer_work(layers, l, (double)map.h * map.w);
        }
    for (int tile = first; tile < end; tile++)
        sum += of_shape[pst_segment_shape(s, tile)];
    return sum;
}

double pst_segment_tile_work(const pst_layers *layers, const pst_segment *s, pst_walk walk) {
    return pst_segment_work_of(layers, s, walk, 0, pst_segment_tiles(s));
}
