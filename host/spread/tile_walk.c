#include "spread/tile_walk.h"

#include "base/memory.h"

struct pst_tile_walk {
    pst_device_network *net;
    pst_session *session;
    pst_tile_walk_options options;
    pst_stores *stores;
    size_t layer_count;
    pst_partition partition;
    pst_pass *passes[PST_SEGMENTS_MAX]; /* for the tiles that are not kept */
    pst_pass **kept[PST_SEGMENTS_MAX];  /* by tile; NULL where it is not kept */
    int kept_count[PST_SEGMENTS_MAX];   /* the first tiles */
    pst_pass_memory memory;
    pst_buffer *x, *dx, *own; /* of a window: input, its gradient, own part of a map */
    pst_store *levels[PST_SEGMENTS_MAX], *d_levels[PST_SEGMENTS_MAX]; /* what a segment hands on */
    float *staging;
};

static const pst_layers *layers_of(const pst_tile_walk *walk) { return &walk->net->layers; }

static const pst_segment *segment_of(const pst_tile_walk *walk, size_t s) { return &walk->partition.segments[s]; }

/* An evaluation sees the same windows on both ways: where maps are kept they are then what they would be if they were
 * not, to the last bit. (A Winograd tile at the border of a window rounds its right values differently.) */
static pst_walk windows_of(const pst_tile_walk *walk) {
    return walk->options.backward ? PST_WALK_BACKWARD : PST_WALK_FORWARD;
}

static size_t area(pst_rect r) { return (size_t)r.h * (size_t)r.w; }

/* Bytes of a map [h][w][c], rounded up as vectors of the image are. */
static size_t map_bytes(size_t pixels, int c) { return sizeof(float) * pst_round_up(pixels * (size_t)c, 16); }

/* ---- planning ---- */

/* Scratch memory for the layers of a segment, seen through windows of this size. */
static pst_status workspace_bytes(const pst_tile_walk *walk, const pst_segment *s, pst_rect window, pst_rect own,
                                  size_t *most) {
    pst_status status = PST_OK;
    *most = 0;
    for (size_t l = s->first; l < s->first + s->count && status == PST_OK; l++) {
        const pst_rect parts[] = {pst_segment_at_layer(layers_of(walk), s, window, l),
                                  pst_segment_at_layer(layers_of(walk), s, own, l)};
        for (size_t i = 0; i < 2 && walk->options.wanted[l] && status == PST_OK; i++) {
            size_t bytes;
            status = walk->options.workspace(walk->options.user, l, area(parts[i]), &bytes);
            *most = bytes > *most ? bytes : *most;
        }
    }
    return status;
}

static pst_status make_pass(pst_tile_walk *walk, size_t index, pst_pass **pass) {
    const pst_segment *s = segment_of(walk, index);
    const pst_tile_walk_options *o = &walk->options;
    pst_pass_options options = {.first = s->first,
                                .end = s->first + s->count,
                                .hands_on = s->ends_pooled,
                                .h = s->window_h[windows_of(walk)],
                                .w = s->window_w[windows_of(walk)],
                                .pooling = o->pooling,
                                .replicate = o->replicate && s->first == 0,
                                .backward = o->backward};
    for (size_t l = s->first; l < options.end; l++) {
        options.wanted[l] = o->wanted[l];
        options.in_place[l] = o->in_place[l];
    }
    for (int t = 0; t < pst_segment_tiles(s); t++) {
        size_t bytes;
        pst_status status =
            workspace_bytes(walk, s, pst_segment_window(s, t, windows_of(walk)), pst_segment_own(s, t), &bytes);
        if (status != PST_OK)
            return status;
        if (bytes > options.extra_workspace_bytes)
            options.extra_workspace_bytes = bytes;
    }
    return pst_pass_create(walk->net, &options, pass);
}

/* Which tiles keep their maps: the deepest segments first, for they save most work for the memory they take. */
static pst_status plan_kept(pst_tile_walk *walk) {
    uint64_t left = walk->options.keep_bytes;
    pst_status status = PST_OK;
    for (size_t s = walk->partition.count; s-- > 0;) {
        const int tiles = pst_segment_tiles(segment_of(walk, s));
        const uint64_t bytes = pst_pass_measure(walk->passes[s]).maps;
        PST_TRY(pst_allocate(walk->session->error, (size_t)tiles, sizeof *walk->kept[s], &walk->kept[s]));
        while (walk->kept_count[s] < tiles && bytes <= left) {
            PST_TRY(make_pass(walk, s, &walk->kept[s][walk->kept_count[s]]));
            walk->kept_count[s]++;
            left -= bytes;
        }
    }
cleanup:
    return status;
}

pst_status pst_tile_walk_create(pst_device_network *net, const pst_tile_walk_options *options, pst_stores *stores,
                                pst_tile_walk **result) {
    pst_tile_walk *walk;
    pst_status status;
    *result = NULL;
    status = pst_allocate(net->engine.session->error, 1, sizeof *walk, &walk);
    if (status != PST_OK)
        return status;
    walk->net = net;
    walk->session = net->engine.session;
    walk->options = *options;
    walk->stores = stores;
    for (size_t l = 0; l < net->layers.count; l++)
        if (options->wanted[l])
            walk->layer_count = l + 1;
    int h, w;
    if (!pst_layer_size(layers_of(walk), walk->layer_count - 1, options->h, options->w, &h, &w)) {
        status = pst_fail(walk->session->error, PST_ERROR_ARGUMENT,
                          "an image of %dx%d is too small for layer %s; use a larger image size", options->w,
                          options->h, net->layers.at[walk->layer_count - 1].name);
        goto cleanup;
    }
    walk->partition = pst_partition_make(layers_of(walk), walk->layer_count, options->h, options->w, options->tile);
    for (size_t s = 0; s < walk->partition.count; s++)
        PST_TRY(make_pass(walk, s, &walk->passes[s]));
    if (options->backward)
        PST_TRY(plan_kept(walk));
    for (size_t s = 0; s < walk->partition.count; s++)
        pst_pass_memory_want(&walk->memory, walk->passes[s],
                             walk->kept_count[s] < pst_segment_tiles(segment_of(walk, s)));
    *result = walk;
    return PST_OK;
cleanup:
    pst_tile_walk_destroy(walk);
    return status;
}

void pst_tile_walk_destroy(pst_tile_walk *walk) {
    if (!walk)
        return;
    for (size_t s = 0; s < PST_SEGMENTS_MAX; s++) {
        pst_pass_destroy(walk->passes[s]);
        for (int t = 0; t < walk->kept_count[s]; t++)
            pst_pass_destroy(walk->kept[s][t]);
        pst_free(walk->kept[s]);
        pst_store_destroy(walk->levels[s]);
        pst_store_destroy(walk->d_levels[s]);
    }
    pst_pass_memory_destroy(walk->session, &walk->memory);
    pst_buffer_destroy(walk->session, walk->x);
    pst_buffer_destroy(walk->session, walk->dx);
    pst_buffer_destroy(walk->session, walk->own);
    pst_session_free(walk->session, walk->staging);
    pst_free(walk);
}

pst_buffer *pst_tile_walk_workspace(const pst_tile_walk *walk) { return walk->memory.workspace; }

const pst_partition *pst_tile_walk_partition(const pst_tile_walk *walk) { return &walk->partition; }

/* The largest of what passes through buffers: inputs of windows, own parts of maps, and all that the host stages. */
typedef struct sizes {
    size_t input, own, staging; /* bytes */
} sizes;

static void at_least(size_t *most, size_t bytes) { *most = bytes > *most ? bytes : *most; }

static sizes sizes_of(const pst_tile_walk *walk) {
    sizes most = {0};
    for (size_t i = 0; i < walk->partition.count; i++) {
        const pst_segment *s = segment_of(walk, i);
        const pst_walk kind = windows_of(walk);
        at_least(&most.input, map_bytes((size_t)s->window_h[kind] * (size_t)s->window_w[kind], s->c));
        for (int t = 0; t < pst_segment_tiles(s); t++) {
            const pst_rect window = pst_segment_window(s, t, kind);
            at_least(&most.staging, map_bytes(area(pst_segment_at_output(layers_of(walk), s, window)), s->out_c));
        }
        for (int t = 0; t < pst_segment_tiles(s); t++) {
            const pst_rect own = pst_segment_own(s, t);
            at_least(&most.own, map_bytes(area(own), s->c)); /* the gradient of the input */
            at_least(&most.own, map_bytes(area(pst_segment_at_output(layers_of(walk), s, own)), s->out_c));
            for (size_t l = s->first; l < s->first + s->count; l++)
                if (walk->options.wanted[l])
                    at_least(&most.own, map_bytes(area(pst_segment_at_layer(layers_of(walk), s, own, l)),
                                                  layers_of(walk)->at[l].c_out));
        }
    }
    at_least(&most.staging, most.input);
    return most;
}

pst_tile_walk_needs pst_tile_walk_measure(const pst_tile_walk *walk) {
    const pst_partition *p = &walk->partition;
    const sizes most = sizes_of(walk);
    const bool backward = walk->options.backward;
    size_t largest;
    const uint64_t shared = pst_pass_memory_bytes(&walk->memory, &largest);
    pst_tile_walk_needs needs = {.maps = shared - walk->memory.workspace_bytes,
                                 .workspace = walk->memory.workspace_bytes,
                                 .windows = most.input + (backward ? most.input : 0) + most.own,
                                 .staging = most.staging,
                                 .whole_work =
                                     (backward ? 2 : 1) * pst_partition_whole_work(layers_of(walk), walk->layer_count,
                                                                                   walk->options.h, walk->options.w)};
    needs.largest = most.input > most.own ? most.input : most.own;
    needs.largest = largest > needs.largest ? largest : needs.largest;
    for (size_t i = 0; i < p->count; i++) {
        const pst_segment *s = &p->segments[i];
        const int tiles = pst_segment_tiles(s);
        const double kept = (double)walk->kept_count[i] / tiles;
        const pst_pass_bytes pass = pst_pass_measure(walk->passes[i]);
        needs.weights += pass.weights;
        needs.maps += (uint64_t)walk->kept_count[i] * pass.maps;
        if (walk->kept_count[i] && pass.largest > needs.largest)
            needs.largest = pass.largest;
        needs.work += (backward ? 3 - kept : 1) * pst_segment_tile_work(layers_of(walk), s, windows_of(walk));
        if (i + 1 < p->count)
            needs.levels += (backward ? 2 : 1) * pst_store_bytes(false, s->out_h, s->out_w, s->out_c);
    }
    return needs;
}

pst_status pst_tile_walk_allocate(pst_tile_walk *walk) {
    pst_session *session = walk->session;
    const sizes most = sizes_of(walk);
    const bool backward = walk->options.backward;
    pst_pass_memory workspace = {0};
    pst_status status;
    PST_TRY(pst_pass_memory_create(session, &walk->memory));
    workspace.workspace = walk->memory.workspace;
    for (size_t i = 0; i < walk->partition.count; i++) {
        const pst_segment *s = segment_of(walk, i);
        if (walk->kept_count[i] < pst_segment_tiles(s))
            PST_TRY(pst_pass_allocate(walk->passes[i], &walk->memory));
        for (int t = 0; t < walk->kept_count[i]; t++)
            PST_TRY(pst_pass_allocate(walk->kept[i][t], &workspace));
        if (i + 1 == walk->partition.count)
            break;
        PST_TRY(pst_store_create(walk->stores, walk->options.in_file, false, s->out_h, s->out_w, s->out_c,
                                 "maps between segments", &walk->levels[i]));
        if (backward)
            PST_TRY(pst_store_create(walk->stores, walk->options.in_file, false, s->out_h, s->out_w, s->out_c,
                                     "gradients between segments", &walk->d_levels[i]));
    }
    PST_TRY(pst_buffer_create(session, most.input, "a window of the image", &walk->x));
    if (backward)
        PST_TRY(pst_buffer_create(session, most.input, "gradient of a window", &walk->dx));
    PST_TRY(pst_buffer_create(session, most.own, "a tile", &walk->own));
    PST_TRY(pst_allocate(session->error, most.staging, 1, &walk->staging));
cleanup:
    return status;
}

/* ---- walking ---- */

/* `own` of a map of `window`, packed; both in the same units. */
static pst_status pack(pst_tile_walk *walk, pst_rect window, pst_rect own, int c, const pst_buffer *map,
                       const pst_buffer **packed) {
    const size_t unit = sizeof(float) * (size_t)c, step = unit * (size_t)window.w, row = unit * (size_t)own.w;
    *packed = map;
    if (own.h == window.h && own.w == window.w)
        return PST_OK;
    *packed = walk->own;
    return pst_buffer_copy_rows(walk->session, walk->own, (pst_rows){0, row}, map,
                                (pst_rows){(size_t)(own.y - window.y) * step + (size_t)(own.x - window.x) * unit, step},
                                row, (size_t)own.h);
}

pst_status pst_tile_walk_own(pst_tile_walk *walk, const pst_tile_view *view, const pst_buffer *map,
                             const pst_buffer **own) {
    return pack(walk, view->window, view->own, view->c, map, own);
}

/* One tile on its way through a segment. */
typedef struct tile_way {
    pst_tile_walk *walk;
    const pst_tile_visitor *visitor;
    const pst_segment *segment;
    int tile;
    pst_rect window, own; /* of the input */
    pst_pass *pass;
} tile_way;

static pst_tile_view view_of(const tile_way *way, size_t layer) {
    const pst_layers *layers = layers_of(way->walk);
    const pst_rect all = {0, 0, way->segment->h, way->segment->w};
    const pst_rect map = pst_segment_at_layer(layers, way->segment, all, layer);
    return (pst_tile_view){.layer = layer,
                           .tile = way->tile,
                           .window = pst_segment_at_layer(layers, way->segment, way->window, layer),
                           .own = pst_segment_at_layer(layers, way->segment, way->own, layer),
                           .map_h = map.h,
                           .map_w = map.w,
                           .c = layers->at[layer].c_out,
                           .workspace = pst_pass_workspace(way->pass)};
}

static pst_status look(void *user, size_t layer, const pst_buffer *features) {
    const tile_way *way = user;
    const pst_tile_view view = view_of(way, layer);
    return way->visitor->features(way->visitor->user, &view, features);
}

static pst_status add_gradient(void *user, size_t layer, const pst_buffer *features, pst_buffer *d) {
    const tile_way *way = user;
    const pst_tile_view view = view_of(way, layer);
    return way->visitor->gradient(way->visitor->user, &view, features, d);
}

/* The window of the segment's input, on the device. */
static pst_status load_input(const tile_way *way) {
    pst_tile_walk *walk = way->walk;
    const size_t s = (size_t)(way->segment - walk->partition.segments);
    pst_status status;
    PST_TRY(s ? pst_store_read(walk->levels[s - 1], way->window, walk->staging)
              : way->visitor->read(way->visitor->user, way->window, walk->staging));
    PST_TRY(pst_buffer_write(walk->session, walk->x, 0, walk->staging,
                             sizeof(float) * area(way->window) * (size_t)way->segment->c));
cleanup:
    return status;
}

/* The own part of a map of the window (both in the map's units), in walk->staging once the device is waited for. */
static pst_status fetch(const tile_way *way, pst_rect window, pst_rect own, int c, const pst_buffer *map) {
    pst_tile_walk *walk = way->walk;
    const pst_buffer *packed;
    pst_status status;
    PST_TRY(pack(walk, window, own, c, map, &packed));
    PST_TRY(pst_buffer_read_later(walk->session, packed, 0, walk->staging, sizeof(float) * area(own) * (size_t)c));
cleanup:
    return status;
}

static tile_way way_of(pst_tile_walk *walk, size_t s, int tile, const pst_tile_visitor *visitor) {
    const pst_segment *segment = segment_of(walk, s);
    const bool kept = tile < walk->kept_count[s];
    return (tile_way){.walk = walk,
                      .visitor = visitor,
                      .segment = segment,
                      .tile = tile,
                      .window = pst_segment_window(segment, tile, windows_of(walk)),
                      .own = pst_segment_own(segment, tile),
                      .pass = kept ? walk->kept[s][tile] : walk->passes[s]};
}

pst_status pst_tile_walk_forward(pst_tile_walk *walk, size_t s, bool hands_on, const pst_tile_visitor *visitor) {
    pst_status status = PST_OK;
    for (int t = 0; t < pst_segment_tiles(segment_of(walk, s)); t++) {
        tile_way way = way_of(walk, s, t, visitor);
        const pst_rect window = pst_segment_at_output(layers_of(walk), way.segment, way.window),
                       own = pst_segment_at_output(layers_of(walk), way.segment, way.own);
        const bool stores = hands_on && s + 1 < walk->partition.count;
        PST_TRY(load_input(&way));
        PST_TRY(pst_pass_forward(way.pass, walk->x, visitor->features ? look : NULL, &way));
        if (stores)
            PST_TRY(fetch(&way, window, own, way.segment->out_c, pst_pass_output(way.pass)));
        PST_TRY(pst_session_finish(walk->session));
        if (stores)
            PST_TRY(pst_store_write(walk->levels[s], own, walk->staging));
        if (visitor->waited)
            PST_TRY(visitor->waited(visitor->user, t));
    }
cleanup:
    return status;
}

pst_status pst_tile_walk_backward(pst_tile_walk *walk, size_t s, const pst_tile_visitor *visitor) {
    const bool last = s + 1 == walk->partition.count;
    pst_status status = PST_OK;
    for (int t = 0; t < pst_segment_tiles(segment_of(walk, s)); t++) {
        tile_way way = way_of(walk, s, t, visitor);
        const bool kept = t < walk->kept_count[s];
        const pst_segment *segment = way.segment;
        if (!kept || !s) /* the first layer may be computed again, and smoothness is the image's */
            PST_TRY(load_input(&way));
        if (!kept)
            PST_TRY(pst_pass_forward(way.pass, walk->x, NULL, NULL));
        if (!last) {
            const pst_rect window = pst_segment_at_output(layers_of(walk), segment, way.window);
            PST_TRY(pst_store_read(walk->d_levels[s], window, walk->staging));
            PST_TRY(pst_buffer_write(walk->session, pst_pass_output_gradient(way.pass), 0, walk->staging,
                                     sizeof(float) * area(window) * (size_t)segment->out_c));
        }
        PST_TRY(pst_pass_backward(way.pass, walk->dx, add_gradient, &way));
        if (!s) {
            const pst_tile_view view = {.tile = t,
                                        .window = way.window,
                                        .own = way.own,
                                        .map_h = segment->h,
                                        .map_w = segment->w,
                                        .c = segment->c,
                                        .workspace = pst_pass_workspace(way.pass)};
            PST_TRY(visitor->image(visitor->user, &view, walk->x, walk->dx));
        }
        PST_TRY(fetch(&way, way.window, way.own, segment->c, walk->dx));
        PST_TRY(pst_session_finish(walk->session));
        PST_TRY(s ? pst_store_write(walk->d_levels[s - 1], way.own, walk->staging)
                  : visitor->write(visitor->user, way.own, walk->staging));
        if (visitor->waited)
            PST_TRY(visitor->waited(visitor->user, t));
    }
cleanup:
    return status;
}
