/* Targets of the tiled objective, and the sums over tiles that styles and evaluations both take. */
#include <string.h>

#include "base/memory.h"
#include "spread/tiled_state.h"

/* ---- sums over tiles ---- */

void pst_tiled_clear_sums(pst_tiled *tiled) {
    for (size_t t = 0; t < tiled->options.term_count; t++) {
        tiled->losses[t] = tiled->norms[t] = 0;
        if (tiled->map_sums[t])
            memset(tiled->map_sums[t], 0, sizeof(double) * pst_tiled_regions(tiled) * pst_tiled_sum_floats(tiled, t));
    }
}

pst_status pst_tiled_sum_styles(pst_tiled *tiled, pst_tile_walk *walk, const pst_tile_view *view,
                                const pst_buffer *features, const pst_guides *guides) {
    const pst_rect part = view->own;
    const size_t pixels = (size_t)part.h * (size_t)part.w;
    const pst_buffer *own;
    pst_status status = PST_OK;
    for (size_t t = 0; t < tiled->options.term_count; t++) {
        pst_style_regions *styles = &tiled->styles[t];
        if (!pst_tiled_is_at(tiled, t, view->layer) || tiled->options.terms[t].kind != PST_TERM_STYLE)
            continue;
        const size_t c = (size_t)view->c;
        PST_TRY(pst_tile_walk_own(walk, view, features, &own));
        PST_TRY(pst_style_regions_guide_part(styles, guides, view->layer, view->map_w, part.y, part.x, part.h, part.w));
        for (size_t r = 0; r < pst_tiled_regions(tiled); r++) {
            float *to = tiled->tile_sums[t] + r * pst_tiled_sum_floats(tiled, t);
            if (tiled->options.region_count && !guides->at[r][view->layer])
                continue;
            PST_TRY(pst_style_regions_part_sum(styles, r, own, pixels, tiled->gram, tiled->row, view->workspace));
            PST_TRY(pst_buffer_read_later(tiled->session, tiled->gram, 0, to, sizeof(float) * c * c));
            PST_TRY(pst_buffer_read_later(tiled->session, tiled->row, 0, to + c * c, sizeof(float) * c));
        }
    }
cleanup:
    return status;
}

void pst_tiled_add_tile(pst_tiled *tiled, const pst_partition *partition, size_t segment) {
    for (size_t t = 0; t < tiled->options.term_count; t++) {
        if (!pst_tiled_is_in(tiled, partition, segment, t) || tiled->options.terms[t].kind != PST_TERM_STYLE)
            continue;
        const size_t floats = pst_tiled_regions(tiled) * pst_tiled_sum_floats(tiled, t);
        for (size_t i = 0; i < floats; i++)
            tiled->map_sums[t][i] += (double)tiled->tile_sums[t][i];
    }
}

pst_status pst_tiled_upload_sums(pst_tiled *tiled, size_t t, size_t region) {
    const size_t floats = pst_tiled_sum_floats(tiled, t);
    const size_t c = (size_t)tiled->net->layers.at[tiled->options.terms[t].layer].c_out;
    const double *from = tiled->map_sums[t] + region * floats;
    pst_status status;
    float *sums;
    PST_TRY(pst_allocate(tiled->session->error, floats, sizeof *sums, &sums));
    for (size_t i = 0; i < floats; i++)
        sums[i] = (float)from[i];
    PST_TRY(pst_buffer_write(tiled->session, tiled->gram, 0, sums, sizeof(float) * c * c));
    PST_TRY(pst_buffer_write(tiled->session, tiled->row, 0, sums + c * c, sizeof(float) * c));
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
    return any ? pst_tile_walk_create(tiled->net, &options, tiled->stores, walk) : PST_OK;
}

/* A style's own parts may be larger than the windows of the image: while it is walked, its guides have buffers of their
 * own. Bytes of one. */
static size_t guide_bytes(const pst_tiled *tiled, const pst_tile_walk *walk, size_t term) {
    if (tiled->options.terms[term].kind != PST_TERM_STYLE)
        return 0;
    return sizeof(float) * pst_tiled_part_pixels(tiled, pst_tile_walk_partition(walk), term, false);
}

/* Exchanges the buffers of the guides for others. */
static void exchange_guides(pst_tiled *tiled, pst_buffer *others[PST_TERMS_MAX][PST_REGIONS_MAX]) {
    for (size_t t = 0; t < tiled->options.term_count; t++)
        for (size_t r = 0; r < tiled->options.region_count; r++)
            if (others[t][r]) {
                pst_buffer *other = others[t][r];
                others[t][r] = tiled->styles[t].guides[r];
                tiled->styles[t].guides[r] = other;
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

static pst_status read_target(void *user, pst_rect part, float *to) {
    const target_walk *way = user;
    return way->image->read(way->image->user, part, to);
}

static pst_status sum_style(void *user, const pst_tile_view *view, const pst_buffer *features) {
    const target_walk *way = user;
    return pst_tiled_sum_styles(way->tiled, way->walk, view, features, way->guides);
}

static pst_status take_style(void *user, int tile) {
    const target_walk *way = user;
    (void)tile;
    pst_tiled_add_tile(way->tiled, pst_tile_walk_partition(way->walk), way->segment);
    return PST_OK;
}

static pst_status walk_style(pst_tiled *tiled, const pst_tiled_image *image, const pst_guides *guides) {
    target_walk way = {.tiled = tiled, .image = image, .guides = guides};
    const pst_tile_visitor visitor = {.user = &way, .read = read_target, .features = sum_style, .waited = take_style};
    pst_buffer *own_guides[PST_TERMS_MAX][PST_REGIONS_MAX] = {{NULL}};
    bool exchanged = false;
    pst_status status;
    PST_TRY(create_style_walk(tiled, image->h, image->w, &way.walk));
    if (!way.walk)
        return PST_OK;
    PST_TRY(pst_tile_walk_allocate(way.walk));
    for (size_t t = 0; t < tiled->options.term_count; t++)
        for (size_t r = 0; r < tiled->options.region_count && guide_bytes(tiled, way.walk, t); r++)
            PST_TRY(pst_buffer_create(tiled->session, guide_bytes(tiled, way.walk, t), "guide of a style",
                                      &own_guides[t][r]));
    exchange_guides(tiled, own_guides);
    exchanged = true;
    for (; way.segment < pst_tile_walk_partition(way.walk)->count; way.segment++)
        PST_TRY(pst_tile_walk_forward(way.walk, way.segment, true, &visitor));
cleanup:
    if (exchanged)
        exchange_guides(tiled, own_guides);
    for (size_t t = 0; t < PST_TERMS_MAX; t++)
        for (size_t r = 0; r < PST_REGIONS_MAX; r++)
            pst_buffer_destroy(tiled->session, own_guides[t][r]);
    pst_tile_walk_destroy(way.walk);
    return status;
}

static pst_status take_content(void *user, const pst_tile_view *view, const pst_buffer *features) {
    const target_walk *way = user;
    pst_tiled *tiled = way->tiled;
    const pst_buffer *own;
    pst_status status = PST_OK;
    for (size_t t = 0; t < tiled->options.term_count; t++) {
        if (!pst_tiled_is_at(tiled, t, view->layer) || tiled->options.terms[t].kind != PST_TERM_CONTENT)
            continue;
        PST_TRY(pst_tile_walk_own(way->walk, view, features, &own));
        PST_TRY(pst_buffer_read(tiled->session, own, 0, tiled->staging,
                                sizeof(float) * (size_t)view->own.h * (size_t)view->own.w * (size_t)view->c));
        PST_TRY(pst_store_write(tiled->contents[t], view->own, tiled->staging));
    }
cleanup:
    return status;
}

pst_status pst_tiled_set_content(pst_tiled *tiled, const pst_tiled_image *content) {
    target_walk way = {.tiled = tiled, .walk = tiled->walk, .image = content};
    const pst_tile_visitor visitor = {.user = &way, .read = read_target, .features = take_content};
    const pst_partition *p = pst_tiled_partition(tiled);
    size_t end = 0; /* behind the last segment with a content layer */
    pst_status status;
    for (size_t s = 0; s < p->count; s++)
        for (size_t t = 0; t < tiled->options.term_count; t++)
            if (pst_tiled_is_in(tiled, p, s, t) && tiled->options.terms[t].kind == PST_TERM_CONTENT)
                end = s + 1;
    PST_TRY(pst_tile_walk_allocate(tiled->walk));
    for (size_t s = 0; s < end; s++)
        PST_TRY(pst_tile_walk_forward(tiled->walk, s, true, &visitor));
cleanup:
    return status;
}

pst_status pst_tiled_add_style(pst_tiled *tiled, const pst_tiled_image *style, double blend, const pst_guides *guides) {
    pst_status status;
    pst_tiled_clear_sums(tiled);
    PST_TRY(walk_style(tiled, style, guides));
    for (size_t t = 0; t < tiled->options.term_count; t++) {
        const size_t layer = tiled->options.terms[t].layer;
        int h, w;
        if (tiled->options.terms[t].kind != PST_TERM_STYLE)
            continue;
        pst_layer_size(&tiled->net->layers, layer, style->h, style->w, &h, &w);
        for (size_t r = 0; r < pst_tiled_regions(tiled); r++) {
            const double part = !guides ? blend : guides->at[r][layer] ? guides->blend[r][layer] : 0;
            if (guides && part <= 0)
                continue;
            PST_TRY(pst_tiled_upload_sums(tiled, t, r));
            PST_TRY(
                pst_style_regions_add_sum(&tiled->styles[t], r, tiled->gram, tiled->row, (size_t)h * (size_t)w, part));
        }
    }
    PST_TRY(pst_session_finish(tiled->session));
cleanup:
    return status;
}

pst_status pst_tiled_add_statistics(pst_tiled *tiled, const pst_feature_statistics statistics[PST_LAYERS_MAX],
                                    double blend, const pst_guides *guides) {
    pst_status status = PST_OK;
    for (size_t t = 0; t < tiled->options.term_count && status == PST_OK; t++) {
        const size_t layer = tiled->options.terms[t].layer;
        if (tiled->options.terms[t].kind == PST_TERM_STYLE)
            status = pst_style_regions_add_statistics(&tiled->styles[t], &statistics[layer], blend, guides, layer);
    }
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
        pst_layer_size(&tiled->net->layers, layer, tiled->options.h, tiled->options.w, &h, &w);
        for (size_t r = 0; r < guides->count; r++) {
            tiled->styles[t].areas[r] = guides->at[r][layer] ? guides->area[r][layer] : 0;
            own->area[r][layer] = guides->area[r][layer];
            if (!guides->at[r][layer])
                continue;
            PST_TRY(pst_allocate(tiled->session->error, (size_t)h * (size_t)w, sizeof(float), &own->at[r][layer]));
            memcpy(own->at[r][layer], guides->at[r][layer], sizeof(float) * (size_t)h * (size_t)w);
        }
    }
cleanup:
    return status;
}

pst_status pst_tiled_keep_content(pst_tiled *tiled, const pst_tiled_image *content, const float *free) {
    float *row = NULL;
    pst_status status;
    PST_TRY(pst_allocate(tiled->session->error, (size_t)content->w, 3 * sizeof *row, &row));
    PST_TRY(pst_store_write(tiled->free, (pst_rect){0, 0, content->h, content->w}, free));
    for (int y = 0; y < content->h; y++) {
        const pst_rect part = {y, 0, 1, content->w};
        PST_TRY(content->read(content->user, part, row));
        PST_TRY(pst_store_write(tiled->kept, part, row));
    }
cleanup:
    pst_free(row);
    return status;
}
