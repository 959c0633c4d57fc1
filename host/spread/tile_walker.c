/* Walks over tiles: what one device does with one tile. */
#include "spread/tile_walk_state.h"

/* `own` of a map of `window`, both in the same units: from *offset on in *packed, which is the map where that has the
 * part in one piece. */
static pst_status pack(pst_tile_walker *walker, pst_rect window, pst_rect own, int c, const pst_buffer *map,
                       const pst_buffer **packed, size_t *offset) {
    const size_t unit = sizeof(float) * (size_t)c, step = unit * (size_t)window.w, row = unit * (size_t)own.w,
                 first = (size_t)(own.y - window.y) * step + (size_t)(own.x - window.x) * unit;
    *packed = map;
    *offset = first;
    if (own.w == window.w)
        return PST_OK;
    *packed = walker->own;
    *offset = 0;
    return pst_buffer_copy_rows(walker->session, walker->own, (pst_rows){0, row}, map, (pst_rows){first, step}, row,
                                (size_t)own.h);
}

pst_status pst_tile_walk_own(pst_tile_walk *walk, const pst_tile_view *view, const pst_buffer *map,
                             const pst_buffer **own) {
    pst_tile_walker *walker = &walk->walkers[view->device];
    const size_t bytes = sizeof(float) * pst_rect_area(view->own) * (size_t)view->c;
    size_t offset;
    pst_status status;
    PST_TRY(pack(walker, view->window, view->own, view->c, map, own, &offset));
    if (!offset)
        return PST_OK;
    if (offset % PST_SLICE_ALIGN) {
        *own = walker->own;
        return pst_buffer_copy_rows(walker->session, walker->own, (pst_rows){0, bytes}, map, (pst_rows){offset, bytes},
                                    bytes, 1);
    }
    pst_buffer_destroy(walker->session, walker->slice);
    PST_TRY(pst_buffer_slice(walker->session, map, offset, bytes, &walker->slice));
    *own = walker->slice;
cleanup:
    return status;
}

/* One tile on its way through a segment. */
typedef struct tile_way {
    pst_tile_walk *walk;
    pst_tile_walker *walker;
    const pst_tile_visitor *visitor;
    size_t device, s;
    const pst_segment *segment;
    int tile;
    pst_rect window, own; /* of the input */
    bool kept;            /* is `pass` this tile's alone? */
    pst_pass *pass;
} tile_way;

static pst_tile_view view_of(const tile_way *way, size_t layer) {
    const pst_layers *layers = way->walk->layers;
    const pst_rect all = {0, 0, way->segment->h, way->segment->w};
    const pst_rect map = pst_segment_at_layer(layers, way->segment, all, layer);
    return (pst_tile_view){.device = way->device,
                           .layer = layer,
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
    float *staging = way->walker->staging;
    pst_status status;
    PST_TRY(way->s ? pst_shared_map_read(way->walk->levels[way->s - 1], way->window, staging)
                   : way->visitor->read(way->visitor->user, way->device, way->window, staging));
    PST_TRY(pst_buffer_write(way->walker->session, way->walker->x, 0, staging,
                             sizeof(float) * pst_rect_area(way->window) * (size_t)way->segment->c));
cleanup:
    return status;
}

/* The own part of a map of the window (both in the map's units), in staging once the device is waited for. */
static pst_status fetch(const tile_way *way, pst_rect window, pst_rect own, int c, const pst_buffer *map) {
    pst_tile_walker *walker = way->walker;
    const pst_buffer *packed;
    size_t offset;
    pst_status status;
    PST_TRY(pack(walker, window, own, c, map, &packed, &offset));
    PST_TRY(pst_buffer_read_later(walker->session, packed, offset, walker->staging,
                                  sizeof(float) * pst_rect_area(own) * (size_t)c));
cleanup:
    return status;
}

/* Where a tile's maps are kept; keep: or where they shall be. NULL: nowhere. */
static pst_tile_kept *kept_place(const tile_way *way, bool keep) {
    pst_tile_walker *walker = way->walker;
    int *used = &walker->kept_used[way->s];
    if (keep && *used < walker->kept_count[way->s]) {
        way->walk->keepers[way->s][way->tile] = (int)way->device;
        walker->kept[way->s][(*used)++].tile = way->tile;
    }
    for (int k = *used; k-- > 0;)
        if (walker->kept[way->s][k].tile == way->tile)
            return &walker->kept[way->s][k];
    return NULL;
}

static pst_status begin_way(pst_tile_walk *walk, size_t device, size_t s, int tile, bool keep,
                            const pst_tile_visitor *visitor, tile_way *way) {
    const pst_segment *segment = pst_walk_segment(walk, s);
    const int shape = pst_segment_shape(segment, tile);
    *way = (tile_way){.walk = walk,
                      .walker = &walk->walkers[device],
                      .visitor = visitor,
                      .device = device,
                      .s = s,
                      .segment = segment,
                      .tile = tile,
                      .window = pst_segment_window(segment, tile, pst_walk_windows(walk)),
                      .own = pst_segment_own(segment, tile)};
    pst_tile_kept *kept = kept_place(way, keep);
    pst_status status = kept ? pst_tile_walker_keep(walk, way->walker, s, shape, kept) : PST_OK;
    way->kept = kept != NULL;
    way->pass = kept ? kept->pass : way->walker->passes[s][shape];
    return status;
}

pst_status pst_tile_walker_forward(pst_tile_walk *walk, size_t device, size_t s, int tile, bool hands_on,
                                   const pst_tile_visitor *visitor) {
    const bool stores = hands_on && s + 1 < walk->partition.count;
    tile_way way;
    pst_status status;
    PST_TRY(begin_way(walk, device, s, tile, hands_on, visitor, &way));
    const pst_rect window = pst_segment_at_output(walk->layers, way.segment, way.window),
                   own = pst_segment_at_output(walk->layers, way.segment, way.own);
    PST_TRY(load_input(&way));
    PST_TRY(pst_pass_forward(way.pass, way.walker->x, visitor->features ? look : NULL, &way));
    if (stores)
        PST_TRY(fetch(&way, window, own, way.segment->out_c, pst_pass_output(way.pass)));
    PST_TRY(pst_session_finish(way.walker->session));
    if (stores)
        PST_TRY(pst_shared_map_write(walk->levels[s], own, way.walker->staging));
    if (visitor->waited)
        PST_TRY(visitor->waited(visitor->user, device, tile));
cleanup:
    return status;
}

/* The gradient of what the segment hands on, on the device. */
static pst_status load_gradient(const tile_way *way) {
    const pst_rect window = pst_segment_at_output(way->walk->layers, way->segment, way->window);
    pst_status status;
    PST_TRY(pst_shared_map_read(way->walk->d_levels[way->s], window, way->walker->staging));
    PST_TRY(pst_buffer_write(way->walker->session, pst_pass_output_gradient(way->pass), 0, way->walker->staging,
                             sizeof(float) * pst_rect_area(window) * (size_t)way->segment->out_c));
cleanup:
    return status;
}

/* The image's own terms. */
static pst_status see_image(const tile_way *way) {
    const pst_tile_view view = {.device = way->device,
                                .tile = way->tile,
                                .window = way->window,
                                .own = way->own,
                                .map_h = way->segment->h,
                                .map_w = way->segment->w,
                                .c = way->segment->c,
                                .workspace = pst_pass_workspace(way->pass)};
    return way->visitor->image(way->visitor->user, &view, way->walker->x, way->walker->dx);
}

pst_status pst_tile_walker_backward(pst_tile_walk *walk, size_t device, size_t s, int tile,
                                    const pst_tile_visitor *visitor) {
    pst_tile_walker *walker = &walk->walkers[device];
    tile_way way;
    pst_status status;
    PST_TRY(begin_way(walk, device, s, tile, false, visitor, &way));
    if (!way.kept || !s) /* the first layer may be computed again, and smoothness is the image's */
        PST_TRY(load_input(&way));
    if (!way.kept)
        PST_TRY(pst_pass_forward(way.pass, walker->x, NULL, NULL));
    if (s + 1 < walk->partition.count)
        PST_TRY(load_gradient(&way));
    PST_TRY(pst_pass_backward(way.pass, walker->dx, add_gradient, &way));
    if (!s)
        PST_TRY(see_image(&way));
    PST_TRY(fetch(&way, way.window, way.own, way.segment->c, walker->dx));
    PST_TRY(pst_session_finish(walker->session));
    PST_TRY(s ? pst_shared_map_write(walk->d_levels[s - 1], way.own, walker->staging)
              : visitor->write(visitor->user, device, way.own, walker->staging));
    if (visitor->waited)
        PST_TRY(visitor->waited(visitor->user, device, tile));
cleanup:
    return status;
}
