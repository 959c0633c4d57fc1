/* The tiled objective: its evaluation. */
#include "base/memory.h"
#include "op/loss.h"
#include "op/vector.h"
#include "spread/tiled_state.h"

/* ---- evaluation: forward ---- */

/* A part of the content's features of a term, in tiled->content. */
static pst_status load_content(pst_tiled *tiled, size_t term, pst_rect part, int c) {
    pst_status status;
    PST_TRY(pst_store_read(tiled->contents[term], part, tiled->staging));
    PST_TRY(pst_buffer_write(tiled->session, tiled->content, 0, tiled->staging,
                             sizeof(float) * (size_t)part.h * (size_t)part.w * (size_t)c));
cleanup:
    return status;
}

static pst_status sum_tile(void *user, const pst_tile_view *view, const pst_buffer *features) {
    pst_tiled *tiled = user;
    const size_t count = (size_t)view->own.h * (size_t)view->own.w * (size_t)view->c;
    const pst_buffer *own;
    pst_status status;
    PST_TRY(pst_tiled_sum_styles(tiled, tiled->walk, view, features, &tiled->guides));
    for (size_t t = 0; t < tiled->options.term_count; t++) {
        if (!pst_tiled_is_at(tiled, t, view->layer) || tiled->options.terms[t].kind != PST_TERM_CONTENT)
            continue;
        PST_TRY(pst_tile_walk_own(tiled->walk, view, features, &own));
        PST_TRY(load_content(tiled, t, view->own, view->c));
        PST_TRY(pst_content(tiled->session, own, tiled->content, count, 0, false, NULL, &tiled->sums,
                            pst_tiled_slot(tiled, t, 0)));
        PST_TRY(pst_sums_read_later(&tiled->sums, pst_tiled_slots(tiled)));
    }
cleanup:
    return status;
}

static pst_status take_sums(void *user, int tile) {
    pst_tiled *tiled = user;
    const pst_partition *p = pst_tiled_partition(tiled);
    (void)tile;
    pst_tiled_add_tile(tiled, p, tiled->segment);
    for (size_t t = 0; t < tiled->options.term_count; t++)
        if (pst_tiled_is_in(tiled, p, tiled->segment, t) && tiled->options.terms[t].kind == PST_TERM_CONTENT)
            tiled->losses[t] += pst_sums_value(&tiled->sums, pst_tiled_slot(tiled, t, 0));
    return PST_OK;
}

/* All tiles of a segment were summed up: what its style terms come to, and what their gradient needs. */
static pst_status compare_styles(pst_tiled *tiled) {
    pst_buffer *workspace = pst_tile_walk_workspace(tiled->walk);
    const pst_partition *p = pst_tiled_partition(tiled);
    pst_status status = PST_OK;
    for (size_t t = 0; t < tiled->options.term_count; t++)
        for (size_t r = 0; r < pst_tiled_regions(tiled); r++)
            if (pst_tiled_is_in(tiled, p, tiled->segment, t) && tiled->options.terms[t].kind == PST_TERM_STYLE &&
                pst_style_regions_compared(&tiled->styles[t], r)) {
                PST_TRY(pst_tiled_upload_sums(tiled, t, r));
                PST_TRY(pst_style_regions_compare_sum(&tiled->styles[t], r, tiled->gram, tiled->row, &tiled->sums,
                                                      pst_tiled_slot(tiled, t, r), workspace));
            }
    PST_TRY(pst_sums_read_later(&tiled->sums, pst_tiled_slots(tiled)));
    PST_TRY(pst_session_finish(tiled->session));
    for (size_t t = 0; t < tiled->options.term_count; t++)
        if (pst_tiled_is_in(tiled, p, tiled->segment, t) && tiled->options.terms[t].kind == PST_TERM_STYLE)
            tiled->losses[t] = pst_style_regions_sum(&tiled->styles[t], &tiled->sums, pst_tiled_slot(tiled, t, 0),
                                                     tiled->options.term_count);
cleanup:
    return status;
}

/* d (+)= scale * a term's gradient with respect to the features of a part of its map. */
static pst_status part_gradient(pst_tiled *tiled, size_t t, const pst_tile_view *view, pst_rect part,
                                const pst_buffer *features, double scale, bool accumulate, pst_buffer *d) {
    const size_t pixels = (size_t)part.h * (size_t)part.w;
    pst_status status;
    if (tiled->options.terms[t].kind == PST_TERM_CONTENT) {
        const double factor = pst_content_factor(tiled->options.form, pst_tiled_layer(tiled, t)->true_c_out,
                                                 (size_t)view->map_h * (size_t)view->map_w);
        PST_TRY(load_content(tiled, t, part, view->c));
        PST_TRY(pst_content(tiled->session, features, tiled->content, pixels * (size_t)view->c, scale * factor,
                            accumulate, d, &tiled->sums, pst_tiled_slot(tiled, t, 0)));
        return PST_OK;
    }
    PST_TRY(pst_style_regions_guide_part(&tiled->styles[t], &tiled->guides, view->layer, view->map_w, part.y, part.x,
                                         part.h, part.w));
    PST_TRY(pst_style_regions_gradient(&tiled->styles[t], features, pixels, scale, accumulate, d, view->workspace));
cleanup:
    return status;
}

/* Once more over a segment, for the norms of the gradients that a layer's terms have. */
static pst_status sum_norms(void *user, const pst_tile_view *view, const pst_buffer *features) {
    pst_tiled *tiled = user;
    const size_t count = (size_t)view->own.h * (size_t)view->own.w * (size_t)view->c;
    const pst_buffer *own;
    pst_status status = PST_OK;
    for (size_t t = 0; t < tiled->options.term_count; t++) {
        if (!pst_tiled_is_at(tiled, t, view->layer))
            continue;
        PST_TRY(pst_tile_walk_own(tiled->walk, view, features, &own));
        PST_TRY(part_gradient(tiled, t, view, view->own, own, 1, false, tiled->gradient));
        PST_TRY(pst_absolute_sum(tiled->session, tiled->gradient, count, &tiled->sums, pst_tiled_norm_slot(tiled, t)));
        PST_TRY(pst_sums_read_later(&tiled->sums, pst_tiled_slots(tiled)));
    }
cleanup:
    return status;
}

static pst_status take_norms(void *user, int tile) {
    pst_tiled *tiled = user;
    (void)tile;
    for (size_t t = 0; t < tiled->options.term_count; t++)
        if (pst_tiled_is_in(tiled, pst_tiled_partition(tiled), tiled->segment, t))
            tiled->norms[t] += pst_sums_value(&tiled->sums, pst_tiled_norm_slot(tiled, t));
    return PST_OK;
}

/* ---- evaluation: the image, and backward ---- */

/* x, or where content is kept x * free + content * (1 - free). */
static pst_status read_image(void *user, pst_rect part, float *to) {
    pst_tiled *tiled = user;
    const size_t pixels = (size_t)part.h * (size_t)part.w;
    float *free = tiled->staging, *row = NULL;
    pst_status status = pst_store_read(tiled->x, part, to);
    if (status != PST_OK || !tiled->options.keeps_content)
        return status;
    PST_TRY(pst_allocate(tiled->session->error, (size_t)part.w, 3 * sizeof *row, &row));
    PST_TRY(pst_store_read(tiled->free, part, free));
    for (int y = 0; y < part.h; y++) {
        PST_TRY(pst_store_read(tiled->kept, (pst_rect){part.y + y, part.x, 1, part.w}, row));
        for (size_t i = 0, p = (size_t)y * (size_t)part.w; i < (size_t)part.w && p < pixels; i++, p++)
            for (size_t k = 0; k < 3; k++)
                to[3 * p + k] = to[3 * p + k] * free[p] + row[3 * i + k] * (1 - free[p]);
    }
cleanup:
    pst_free(row);
    return status;
}

static pst_status write_gradient(void *user, pst_rect own, float *gradient) {
    pst_tiled *tiled = user;
    const size_t pixels = (size_t)own.h * (size_t)own.w;
    pst_status status = PST_OK;
    if (tiled->options.keeps_content) {
        PST_TRY(pst_store_read(tiled->free, own, tiled->staging));
        for (size_t i = 0; i < 3 * pixels; i++)
            gradient[i] *= tiled->staging[i / 3];
    }
    PST_TRY(pst_store_write(tiled->g, own, gradient));
cleanup:
    return status;
}

static pst_status add_gradients(void *user, const pst_tile_view *view, const pst_buffer *features, pst_buffer *d) {
    pst_tiled *tiled = user;
    bool accumulate = false;
    pst_status status = PST_OK;
    for (size_t t = 0; t < tiled->options.term_count; t++) {
        if (!pst_tiled_is_at(tiled, t, view->layer))
            continue;
        const double weight = tiled->options.terms[t].weight;
        PST_TRY(part_gradient(tiled, t, view, view->window, features,
                              tiled->options.normalize_gradients ? weight / (tiled->norms[t] + 1e-8) : weight,
                              accumulate, d));
        accumulate = true;
    }
cleanup:
    return status;
}

static pst_status add_smoothness(void *user, const pst_tile_view *view, const pst_buffer *x, pst_buffer *dx) {
    pst_tiled *tiled = user;
    const size_t tv = tiled->options.term_count - 1;
    const pst_rect *own = &view->own, *window = &view->window;
    const pst_smooth_part part = {own->y - window->y, own->x - window->x, own->h, own->w, view->map_h, view->map_w};
    pst_status status;
    PST_TRY(pst_smoothness(tiled->session, tiled->options.tv_kind, x, window->h, window->w, &part,
                           tiled->options.terms[tv].weight, true, dx, &tiled->sums, pst_tiled_slot(tiled, tv, 0)));
    PST_TRY(pst_sums_read_later(&tiled->sums, pst_tiled_slots(tiled)));
cleanup:
    return status;
}

static pst_status take_smoothness(void *user, int tile) {
    pst_tiled *tiled = user;
    const size_t tv = tiled->options.term_count - 1;
    (void)tile;
    if (tiled->segment == 0)
        tiled->losses[tv] += pst_sums_value(&tiled->sums, pst_tiled_slot(tiled, tv, 0));
    return PST_OK;
}

pst_status pst_tiled_evaluate(pst_tiled *tiled, const pst_store *x, pst_store *g) {
    const pst_tile_visitor sums = {.user = tiled, .read = read_image, .features = sum_tile, .waited = take_sums},
                           norms = {.user = tiled, .read = read_image, .features = sum_norms, .waited = take_norms},
                           gradients = {.user = tiled,
                                        .read = read_image,
                                        .gradient = add_gradients,
                                        .image = add_smoothness,
                                        .write = write_gradient,
                                        .waited = take_smoothness};
    const size_t count = pst_tiled_partition(tiled)->count;
    pst_status status;
    tiled->x = x;
    tiled->g = g;
    pst_tiled_clear_sums(tiled);
    for (size_t s = 0; s < count; s++) {
        tiled->segment = s;
        PST_TRY(pst_tile_walk_forward(tiled->walk, s, true, &sums));
        PST_TRY(compare_styles(tiled));
        if (tiled->options.normalize_gradients)
            PST_TRY(pst_tile_walk_forward(tiled->walk, s, false, &norms));
    }
    for (size_t s = count; s-- > 0;) {
        tiled->segment = s;
        PST_TRY(pst_tile_walk_backward(tiled->walk, s, &gradients));
    }
cleanup:
    return status;
}

double pst_tiled_losses(const pst_tiled *tiled, double *losses) {
    double total = 0;
    for (size_t t = 0; t < tiled->options.term_count; t++) {
        const bool tv = tiled->options.terms[t].kind == PST_TERM_TV;
        double loss =
            tiled->losses[t] * pst_term_loss_factor(&tiled->options, t, tv ? 0 : pst_tiled_layer(tiled, t)->true_c_out,
                                                    tv ? 0 : pst_tiled_map_pixels(tiled, t));
        if (losses)
            losses[t] = loss;
        total += loss;
    }
    return total;
}

void pst_tiled_set_weight(pst_tiled *tiled, size_t term, double weight) { tiled->options.terms[term].weight = weight; }
