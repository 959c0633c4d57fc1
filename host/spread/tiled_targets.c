/* Targets of the tiled objective, and the sums over tiles that styles and evaluations both take. */
#include <string.h>

#include "base/memory.h"
#include "spread/tiled_state.h"

/* ---- sums over tiles ---- */

void pst_tiled_clear_sums(pst_tiled *tiled) {
    for (size_t t = 0; t < tiled->options.term_count; t++) {
        tiled->losses[t] = tiled->norms[t] = 0;
        if (tiled->map_sums[t].digits)
            pst_exact_sum_clear(&tiled->map_sums[t]);
    }
}

pst_status pst_tiled_sum_styles(pst_tiled *tiled, pst_tile_walk *walk, const pst_tile_view *view,
                                const pst_buffer *features, const pst_guides *guides) {
    pst_tiled_device *device = &tiled->devices[view->device];
    const pst_rect part = view->own;
    const size_t pixels = (size_t)part.h * (size_t)part.w;
    const pst_buffer *own;
    pst_status status = PST_OK;
    for (size_t t = 0; t < tiled->options.term_count; t++) {
        pst_style_regions *styles = &device->styles[t];
        if (!pst_tiled_is_at(tiled, t, view->layer) || tiled->options.terms[t].kind != PST_TERM_STYLE)
            continue;
        const size_t c = (size_t)view->c;
        PST_TRY(pst_tile_walk_own(walk, view, features, &own));
        PST_TRY(pst_style_regions_guide_part(styles, guides, view->layer, view->map_w, part.y, part.x, part.h, part.w));
        for (size_t r = 0; r < pst_tiled_regions(tiled); r++) {
            float *to = device->tile_sums[t] + r * pst_tiled_sum_floats(tiled, t);
            if (tiled->options.region_count && !guides->at[r][view->layer])
                continue;
            PST_TRY(pst_style_regions_part_sum(styles, r, own, pixels, device->gram, device->row, view->workspace));
            PST_TRY(pst_buffer_read_later(device->session, device->gram, 0, to, sizeof(float) * c * c));
            PST_TRY(pst_buffer_read_later(device->session, device->row, 0, to + c * c, sizeof(float) * c));
        }
    }
cleanup:
    return status;
}

void pst_tiled_add_tile(pst_tiled *tiled, const pst_partition *partition, size_t segment, size_t device) {
    pst_lock_take(tiled->lock);
    for (size_t t = 0; t < tiled->options.term_count; t++)
        if (pst_tiled_is_in(tiled, partition, segment, t) && tiled->options.terms[t].kind == PST_TERM_STYLE)
            pst_exact_sum_add(&tiled->map_sums[t], 0, tiled->map_sums[t].count, tiled->devices[device].tile_sums[t]);
    pst_lock_give(tiled->lock);
}

pst_status pst_tiled_share_sums(pst_tiled *tiled, size_t t) {
    pst_exact_sum *sum = &tiled->map_sums[t];
    return sum->digits ? pst_ranks_sum(tiled->stores->ranks, tiled->error, sum->digits, pst_exact_sum_integers(sum))
                       : PST_OK;
}

pst_status pst_tiled_upload_sums(pst_tiled *tiled, size_t d, size_t t, size_t region) {
    const pst_tiled_device *device = &tiled->devices[d];
    const size_t floats = pst_tiled_sum_floats(tiled, t);
    const size_t c = (size_t)pst_tiled_layer(tiled, t)->c_out;
    pst_status status;
    float *sums;
    PST_TRY(pst_allocate(device->session->error, floats, sizeof *sums, &sums));
    pst_exact_sum_read(&tiled->map_sums[t], region * floats, floats, sums);
    PST_TRY(pst_buffer_write(device->session, device->gram, 0, sums, sizeof(float) * c * c));
    PST_TRY(pst_buffer_write(device->session, device->row, 0, sums + c * c, sizeof(float) * c));
cleanup:
    pst_free(sums);
    return status;
}

/* ---- targets ---- */

/* The walk over a style: forward only. NULL where none is wanted. */
static pst_status create_style_walk(pst_tiled *tiled, int h, int w, pst_tile_walk **walk) {
    const pst_objective_options *o = &tiled->options;
    pst_tile_walk_options options = {.h = h,
                                     .w = w,
                                     .tile = tiled->tiles.tile,
                                     .pooling = o->pooling,
                                     .replicate = o->replicate,
                                     .workspace = pst_tiled_workspace,
                                     .user = tiled,
                                     .in_file = tiled->tiles.in_file};
    bool any = false;
    *walk = NULL;
    for (size_t t = 0; t < o->term_count; t++)
        if (o->terms[t].kind == PST_TERM_STYLE)
            options.wanted[o->terms[t].layer] = any = true;
    return any ? pst_tile_walk_create(tiled->nets, tiled->device_count, &options, tiled->stores, walk) : PST_OK;
}

/* A style's own parts may be larger than the windows of the image: while it is walked, its guides have buffers of their
 * own. Bytes of one. */
static size_t guide_bytes(const pst_tiled *tiled, const pst_tile_walk *walk, size_t term) {
    if (tiled->options.terms[term].kind != PST_TERM_STYLE)
        return 0;
    return sizeof(float) * pst_tiled_part_pixels(tiled, pst_tile_walk_partition(walk), term, false);
}

typedef struct style_guides {
    pst_buffer *at[PST_TILED_DEVICES_MAX][PST_TERMS_MAX][PST_REGIONS_MAX];
} style_guides;

/* Exchanges the buffers of the guides for others. */
static void exchange_guides(pst_tiled *tiled, style_guides *others) {
    for (size_t d = 0; d < tiled->device_count; d++)
        for (size_t t = 0; t < tiled->options.term_count; t++)
            for (size_t r = 0; r < tiled->options.region_count; r++) {
                pst_buffer **own = &tiled->devices[d].styles[t].guides[r], *other = others->at[d][t][r];
                if (!other)
                    continue;
                others->at[d][t][r] = *own;
                *own = other;
            }
}

pst_status pst_tiled_style_needs(pst_tiled *tiled, int h, int w, pst_tile_walk_needs *needs) {
    pst_tile_walk *walk;
    pst_status status = create_style_walk(tiled, h, w, &walk);
    *needs = status == PST_OK && walk ? pst_tile_walk_measure(walk) : (pst_tile_walk_needs){0};
    for (size_t t = 0; walk && t < tiled->options.term_count; t++)
        needs->windows += tiled->options.region_count * guide_bytes(tiled, walk, t);
    pst_tile_walk_destroy(walk);
    return status;
}

typedef struct target_walk {
    pst_tiled *tiled;
    pst_tile_walk *walk;
    const pst_tiled_image *image;
    const pst_guides *guides;
    size_t segment;
} target_walk;

static pst_status read_target(void *user, size_t device, pst_rect part, float *to) {
    const target_walk *way = user;
    (void)device;
    return way->image->read(way->image->user, part, to);
}

static pst_status sum_style(void *user, const pst_tile_view *view, const pst_buffer *features) {
    const target_walk *way = user;
    return pst_tiled_sum_styles(way->tiled, way->walk, view, features, way->guides);
}

static pst_status take_style(void *user, size_t device, int tile) {
    const target_walk *way = user;
    (void)tile;
    pst_tiled_add_tile(way->tiled, pst_tile_walk_partition(way->walk), way->segment, device);
    return PST_OK;
}

static pst_status create_guides(pst_tiled *tiled, const pst_tile_walk *walk, style_guides *guides) {
    pst_status status = PST_OK;
    for (size_t d = 0; d < tiled->device_count; d++)
        for (size_t t = 0; t < tiled->options.term_count; t++)
            for (size_t r = 0; r < tiled->options.region_count && guide_bytes(tiled, walk, t); r++)
                PST_TRY(pst_tile_walk_tell(walk, d,
                                           pst_buffer_create(tiled->devices[d].session, guide_bytes(tiled, walk, t),
                                                             "guide of a style", &guides->at[d][t][r])));
cleanup:
    return status;
}

static void destroy_guides(pst_tiled *tiled, style_guides *guides) {
    for (size_t d = 0; d < tiled->device_count; d++)
        for (size_t t = 0; t < PST_TERMS_MAX; t++)
            for (size_t r = 0; r < PST_REGIONS_MAX; r++)
                pst_buffer_destroy(tiled->devices[d].session, guides->at[d][t][r]);
}

static pst_status walk_style(pst_tiled *tiled, const pst_tiled_image *image, const pst_guides *guides) {
    target_walk way = {.tiled = tiled, .image = image, .guides = guides};
    const pst_tile_visitor visitor = {.user = &way, .read = read_target, .features = sum_style, .waited = take_style};
    style_guides own = {0};
    bool exchanged = false;
    pst_status status;
    PST_TRY(create_style_walk(tiled, image->h, image->w, &way.walk));
    if (!way.walk)
        return PST_OK;
    PST_TRY(pst_tile_walk_allocate(way.walk));
    PST_TRY(create_guides(tiled, way.walk, &own));
    exchange_guides(tiled, &own);
    exchanged = true;
    for (; way.segment < pst_tile_walk_partition(way.walk)->count; way.segment++)
        PST_TRY(pst_tile_walk_forward(way.walk, way.segment, true, &visitor));
cleanup:
    if (exchanged)
        exchange_guides(tiled, &own);
    destroy_guides(tiled, &own);
    pst_tile_walk_destroy(way.walk);
    return status;
}

static pst_status take_content(void *user, const pst_tile_view *view, const pst_buffer *features) {
    const target_walk *way = user;
    pst_tiled *tiled = way->tiled;
    pst_tiled_device *device = &tiled->devices[view->device];
    const pst_buffer *own;
    pst_status status = PST_OK;
    for (size_t t = 0; t < tiled->options.term_count; t++) {
        if (!pst_tiled_is_at(tiled, t, view->layer) || tiled->options.terms[t].kind != PST_TERM_CONTENT)
            continue;
        PST_TRY(pst_tile_walk_own(way->walk, view, features, &own));
        PST_TRY(pst_buffer_read(device->session, own, 0, device->staging,
                                sizeof(float) * (size_t)view->own.h * (size_t)view->own.w * (size_t)view->c));
        PST_TRY(pst_shared_map_write(tiled->contents[t], view->own, device->staging));
    }
cleanup:
    return status;
}

static pst_status read_content(void *user, size_t device, pst_rect part, float *to) {
    const target_walk *way = user;
    (void)device;
    return pst_tiled_read_image(way->tiled, part, to);
}

pst_status pst_tiled_set_content(pst_tiled *tiled, const pst_store *content) {
    target_walk way = {.tiled = tiled, .walk = tiled->walk};
    const pst_tile_visitor visitor = {.user = &way, .read = read_content, .features = take_content};
    const pst_partition *p = pst_tiled_partition(tiled);
    size_t end = 0; /* behind the last segment with a content layer */
    pst_status status;
    for (size_t s = 0; s < p->count; s++)
        for (size_t t = 0; t < tiled->options.term_count; t++)
            if (pst_tiled_is_in(tiled, p, s, t) && tiled->options.terms[t].kind == PST_TERM_CONTENT)
                end = s + 1;
    PST_TRY(pst_tile_walk_allocate(tiled->walk));
    PST_TRY(pst_tiled_take_image(tiled, content));
    for (size_t s = 0; s < end; s++)
        PST_TRY(pst_tile_walk_forward(tiled->walk, s, true, &visitor));
    for (size_t t = 0; t < tiled->options.term_count; t++)
        if (tiled->contents[t])
            PST_TRY(pst_tiled_exchange_content(tiled, t));
cleanup:
    tiled->x = NULL;
    return status;
}

/* The sums of a style [h][w] into the targets of a device. */
typedef struct style_part {
    pst_tiled *tiled;
    int h, w;
    double blend;
    const pst_guides *guides;
} style_part;

static pst_status add_sums(const style_part *style, size_t d) {
    pst_tiled *tiled = style->tiled;
    pst_tiled_device *device = &tiled->devices[d];
    const pst_guides *guides = style->guides;
    pst_status status = PST_OK;
    for (size_t t = 0; t < tiled->options.term_count; t++) {
        const size_t layer = tiled->options.terms[t].layer;
        int h, w;
        if (tiled->options.terms[t].kind != PST_TERM_STYLE)
            continue;
        pst_layer_size(tiled->layers, layer, style->h, style->w, &h, &w);
        for (size_t r = 0; r < pst_tiled_regions(tiled); r++) {
            const double part = !guides ? style->blend : guides->at[r][layer] ? guides->blend[r][layer] : 0;
            if (guides && part <= 0)
                continue;
            PST_TRY(pst_tiled_upload_sums(tiled, d, t, r));
            PST_TRY(pst_style_regions_add_sum(&device->styles[t], r, device->gram, device->row, (size_t)h * (size_t)w,
                                              part));
        }
    }
    PST_TRY(pst_session_finish(device->session));
cleanup:
    return status;
}

pst_status pst_tiled_add_style(pst_tiled *tiled, const pst_tiled_image *style, double blend, const pst_guides *guides) {
    const style_part part = {tiled, style->h, style->w, blend, guides};
    pst_status status;
    pst_tiled_clear_sums(tiled);
    PST_TRY(walk_style(tiled, style, guides));
    for (size_t t = 0; t < tiled->options.term_count; t++)
        PST_TRY(pst_tiled_share_sums(tiled, t));
    for (size_t d = 0; d < tiled->device_count; d++)
        PST_TRY(pst_tile_walk_tell(tiled->walk, d, add_sums(&part, d)));
cleanup:
    return status;
}

pst_status pst_tiled_add_statistics(pst_tiled *tiled, const pst_feature_statistics statistics[PST_LAYERS_MAX],
                                    double blend, const pst_guides *guides) {
    pst_status status = PST_OK;
    for (size_t d = 0; d < tiled->device_count; d++)
        for (size_t t = 0; t < tiled->options.term_count; t++) {
            const size_t layer = tiled->options.terms[t].layer;
            if (tiled->options.terms[t].kind != PST_TERM_STYLE)
                continue;
            PST_TRY(pst_tile_walk_tell(tiled->walk, d,
                                       pst_style_regions_add_statistics(&tiled->devices[d].styles[t],
                                                                        &statistics[layer], blend, guides, layer)));
        }
cleanup:
    return status;
}

pst_status pst_tiled_set_guides(pst_tiled *tiled, const pst_guides *guides) {
    pst_guides *own = &tiled->guides;
    pst_status status = PST_OK;
    pst_guides_clear(own);
    own->count = guides->count;
    for (size_t t = 0; t < tiled->options.term_count; t++) {
        const size_t layer = tiled->options.terms[t].layer;
        int h, w;
        if (tiled->options.terms[t].kind != PST_TERM_STYLE)
            continue;
        pst_layer_size(tiled->layers, layer, tiled->options.h, tiled->options.w, &h, &w);
        for (size_t r = 0; r < guides->count; r++) {
            for (size_t d = 0; d < tiled->device_count; d++)
                tiled->devices[d].styles[t].areas[r] = guides->at[r][layer] ? guides->area[r][layer] : 0;
            own->area[r][layer] = guides->area[r][layer];
            if (!guides->at[r][layer])
                continue;
            PST_TRY(pst_allocate(tiled->error, (size_t)h * (size_t)w, sizeof(float), &own->at[r][layer]));
            memcpy(own->at[r][layer], guides->at[r][layer], sizeof(float) * (size_t)h * (size_t)w);
        }
    }
cleanup:
    return status;
}
