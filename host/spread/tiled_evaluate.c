/* The tiled objective: its evaluation. */
#include "base/memory.h"
#include "op/loss.h"
#include "op/vector.h"
#include "spread/tiled_state.h"

/* ---- evaluation: forward ---- */

/* A part of the content's features of a term, in the device's `content`. */
static pst_status load_content(pst_tiled *tiled, size_t d, size_t term, pst_rect part, int c) {
    pst_tiled_device *device = &tiled->devices[d];
    pst_status status;
    PST_TRY(pst_shared_map_read(tiled->contents[term], part, device->staging));
    PST_TRY(pst_buffer_write(device->session, device->content, 0, device->staging,
                             sizeof(float) * (size_t)part.h * (size_t)part.w * (size_t)c));
cleanup:
    return status;
}

static pst_status sum_tile(void *user, const pst_tile_view *view, const pst_buffer *features) {
    pst_tiled *tiled = user;
    pst_tiled_device *device = &tiled->devices[view->device];
    const size_t count = (size_t)view->own.h * (size_t)view->own.w * (size_t)view->c;
    const pst_buffer *own;
    pst_status status;
    PST_TRY(pst_tiled_sum_styles(tiled, tiled->walk, view, features, &tiled->guides));
    for (size_t t = 0; t < tiled->options.term_count; t++) {
        if (!pst_tiled_is_at(tiled, t, view->layer) || tiled->options.terms[t].kind != PST_TERM_CONTENT)
            continue;
        PST_TRY(pst_tile_walk_own(tiled->walk, view, features, &own));
        PST_TRY(load_content(tiled, view->device, t, view->own, view->c));
        PST_TRY(pst_content(device->session, own, device->content, count, 0, false, NULL, &device->sums,
                            pst_tiled_slot(tiled, t, 0)));
        PST_TRY(pst_sums_read_later(&device->sums, pst_tiled_slots(tiled)));
    }
cleanup:
    return status;
}

/* Numbers of tiles, which are added in the tiles' order once all are there. */
static double *value_of(pst_tiled *tiled, size_t term, int tile) {
    return &tiled->tile_values[term * tiled->most_tiles + (size_t)tile];
}

static void clear_values(pst_tiled *tiled) {
    for (size_t i = 0; i < tiled->options.term_count * tiled->most_tiles; i++)
        tiled->tile_values[i] = 0;
}

/* Once the tiles of the segment were walked: all ranks get all values. */
static pst_status gather_values(pst_tiled *tiled) {
    return pst_ranks_gather(tiled->stores->ranks, tiled->error, tiled->tile_values,
                            tiled->options.term_count * tiled->most_tiles);
}

static bool is_of_image(const pst_tiled *tiled, size_t term) {
    return !pst_term_is_of_features(&tiled->options.terms[term]);
}

static double sum_of_values(pst_tiled *tiled, size_t term) {
    const int tiles = pst_segment_tiles(&pst_tiled_partition(tiled)->segments[tiled->segment]);
    double sum = 0;
    for (int tile = 0; tile < tiles; tile++)
        sum += *value_of(tiled, term, tile);
    return sum;
}

static bool is_here(const pst_tiled *tiled, size_t term) {
    return pst_tiled_is_in(tiled, pst_tiled_partition(tiled), tiled->segment, term);
}

static pst_status take_sums(void *user, size_t device, int tile) {
    pst_tiled *tiled = user;
    pst_tiled_add_tile(tiled, pst_tiled_partition(tiled), tiled->segment, device);
    for (size_t t = 0; t < tiled->options.term_count; t++)
        if (is_here(tiled, t) && tiled->options.terms[t].kind == PST_TERM_CONTENT)
            *value_of(tiled, t, tile) = pst_sums_value(&tiled->devices[device].sums, pst_tiled_slot(tiled, t, 0));
    return PST_OK;
}

/* What a segment's style terms come to, and what their gradient needs: each device for itself. */
static pst_status compare_styles(pst_tiled *tiled, size_t d) {
    pst_tiled_device *device = &tiled->devices[d];
    bool here[PST_TERMS_MAX];
    pst_status status = PST_OK;
    for (size_t t = 0; t < tiled->options.term_count; t++) {
        here[t] = is_here(tiled, t) && tiled->options.terms[t].kind == PST_TERM_STYLE;
        for (size_t r = 0; r < pst_tiled_regions(tiled); r++)
            if (here[t] && pst_style_regions_compared(&device->styles[t], r)) {
                PST_TRY(pst_tiled_upload_sums(tiled, d, t, r));
                PST_TRY(pst_style_regions_compare_sum(&device->styles[t], r, device->gram, device->row, &device->sums,
                                                      pst_tiled_slot(tiled, t, r)));
            }
    }
    PST_TRY(pst_style_regions_finish(device->styles, here, tiled->options.term_count, tiled->options.term_count,
                                     &device->sums, pst_tile_walk_workspace(tiled->walk, d)));
    PST_TRY(pst_sums_read_later(&device->sums, pst_tiled_slots(tiled)));
    PST_TRY(pst_session_finish(device->session));
cleanup:
    return status;
}

/* All tiles of a segment were summed up. */
static pst_status take_losses(pst_tiled *tiled) {
    const pst_tiled_device *first = &tiled->devices[0];
    pst_status status;
    PST_TRY(gather_values(tiled));
    for (size_t t = 0; t < tiled->options.term_count; t++)
        if (is_here(tiled, t))
            PST_TRY(pst_tiled_share_sums(tiled, t));
    PST_TRY(pst_tile_walk_agree(tiled->walk, pst_tiled_on_each(tiled, compare_styles), false));
    for (size_t t = 0; t < tiled->options.term_count; t++) {
        if (!is_here(tiled, t))
            continue;
        tiled->losses[t] = tiled->options.terms[t].kind == PST_TERM_CONTENT
                               ? sum_of_values(tiled, t)
                               : pst_style_regions_sum(&first->styles[t], &first->sums, pst_tiled_slot(tiled, t, 0),
                                                       tiled->options.term_count);
    }
cleanup:
    return status;
}

/* d (+)= scale * a term's gradient with respect to the features of a part of its map. */
static pst_status part_gradient(pst_tiled *tiled, size_t t, const pst_tile_view *view, pst_rect part,
                                const pst_buffer *features, double scale, bool accumulate, pst_buffer *d) {
    pst_tiled_device *device = &tiled->devices[view->device];
    const size_t pixels = (size_t)part.h * (size_t)part.w;
    pst_status status;
    if (tiled->options.terms[t].kind == PST_TERM_CONTENT) {
        const double factor = pst_content_factor(tiled->options.form, pst_tiled_layer(tiled, t)->true_c_out,
                                                 (size_t)view->map_h * (size_t)view->map_w);
        PST_TRY(load_content(tiled, view->device, t, part, view->c));
        PST_TRY(pst_content(device->session, features, device->content, pixels * (size_t)view->c, scale * factor,
                            accumulate, d, &device->sums, pst_tiled_slot(tiled, t, 0)));
        return PST_OK;
    }
    PST_TRY(pst_style_regions_guide_part(&device->styles[t], &tiled->guides, view->layer, view->map_w, part.y, part.x,
                                         part.h, part.w));
    PST_TRY(pst_style_regions_gradient(&device->styles[t], features, pixels, scale, accumulate, d, view->workspace));
cleanup:
    return status;
}

/* Once more over a segment, for the norms of the gradients that a layer's terms have. */
static pst_status sum_norms(void *user, const pst_tile_view *view, const pst_buffer *features) {
    pst_tiled *tiled = user;
    pst_tiled_device *device = &tiled->devices[view->device];
    const size_t count = (size_t)view->own.h * (size_t)view->own.w * (size_t)view->c;
    const pst_buffer *own;
    pst_status status = PST_OK;
    for (size_t t = 0; t < tiled->options.term_count; t++) {
        if (!pst_tiled_is_at(tiled, t, view->layer))
            continue;
        PST_TRY(pst_tile_walk_own(tiled->walk, view, features, &own));
        PST_TRY(part_gradient(tiled, t, view, view->own, own, 1, false, device->gradient));
        PST_TRY(
            pst_absolute_sum(device->session, device->gradient, count, &device->sums, pst_tiled_norm_slot(tiled, t)));
        PST_TRY(pst_sums_read_later(&device->sums, pst_tiled_slots(tiled)));
    }
cleanup:
    return status;
}

static pst_status take_norms(void *user, size_t device, int tile) {
    pst_tiled *tiled = user;
    for (size_t t = 0; t < tiled->options.term_count; t++)
        if (is_here(tiled, t))
            *value_of(tiled, t, tile) = pst_sums_value(&tiled->devices[device].sums, pst_tiled_norm_slot(tiled, t));
    return PST_OK;
}

/* ---- evaluation: the image, and backward ---- */

/* x, or where content is kept x * free + content * (1 - free). */
static pst_status read_image(void *user, size_t d, pst_rect part, float *to) {
    pst_tiled *tiled = user;
    const pst_tiled_device *device = &tiled->devices[d];
    const size_t pixels = (size_t)part.h * (size_t)part.w;
    float *free = device->staging, *row = NULL;
    pst_status status = pst_tiled_read_image(tiled, part, to);
    if (status != PST_OK || !tiled->options.keeps_content)
        return status;
    PST_TRY(pst_allocate(device->session->error, (size_t)part.w, 3 * sizeof *row, &row));
    PST_TRY(pst_shared_map_read(tiled->free, part, free));
    for (int y = 0; y < part.h; y++) {
        PST_TRY(pst_shared_map_read(tiled->kept, (pst_rect){part.y + y, part.x, 1, part.w}, row));
        for (size_t i = 0, p = (size_t)y * (size_t)part.w; i < (size_t)part.w && p < pixels; i++, p++)
            for (size_t k = 0; k < 3; k++)
                to[3 * p + k] = to[3 * p + k] * free[p] + row[3 * i + k] * (1 - free[p]);
    }
cleanup:
    pst_free(row);
    return status;
}

static pst_status write_gradient(void *user, size_t device, pst_rect own, float *gradient) {
    pst_tiled *tiled = user;
    float *free = tiled->devices[device].staging;
    const size_t pixels = (size_t)own.h * (size_t)own.w;
    pst_status status = PST_OK;
    if (tiled->options.keeps_content) {
        PST_TRY(pst_shared_map_read(tiled->free, own, free));
        for (size_t i = 0; i < 3 * pixels; i++)
            gradient[i] *= free[i / 3];
    }
    PST_TRY(pst_tiled_write_gradient(tiled, own, gradient));
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

static pst_status add_image_terms(void *user, const pst_tile_view *view, const pst_buffer *x, pst_buffer *dx) {
    pst_tiled *tiled = user;
    pst_tiled_device *device = &tiled->devices[view->device];
    const pst_rect *own = &view->own, *window = &view->window;
    const pst_smooth_part part = {own->y - window->y, own->x - window->x, own->h, own->w, view->map_h, view->map_w};
    pst_status status = PST_OK;
    for (size_t t = 0; t < tiled->options.term_count; t++)
        if (is_of_image(tiled, t))
            PST_TRY(pst_image_term(device->session, &tiled->options, t, x, window->h, window->w, &part, dx,
                                   &device->sums, pst_tiled_slot(tiled, t, 0)));
    PST_TRY(pst_sums_read_later(&device->sums, pst_tiled_slots(tiled)));
cleanup:
    return status;
}

static pst_status take_image_terms(void *user, size_t device, int tile) {
    pst_tiled *tiled = user;
    for (size_t t = 0; t < tiled->options.term_count && tiled->segment == 0; t++)
        if (is_of_image(tiled, t))
            *value_of(tiled, t, tile) = pst_sums_value(&tiled->devices[device].sums, pst_tiled_slot(tiled, t, 0));
    return PST_OK;
}

int pst_tiled_tiles(const pst_tiled *tiled) {
    const pst_partition *p = pst_tiled_partition(tiled);
    int tiles = 0;
    for (size_t s = 0; s < p->count; s++) {
        const pst_tile_range range = pst_tile_walk_range(tiled->walk, s, pst_ranks_rank(tiled->stores->ranks));
        tiles += (tiled->options.normalize_gradients ? 3 : 2) * (range.end - range.first);
    }
    return tiles;
}

const pst_tile_times *pst_tiled_times(const pst_tiled *tiled) { return pst_tile_walk_times(tiled->walk); }

static bool watch(void *user, int tiles) {
    const pst_tiled *tiled = user;
    for (size_t d = 0; d < tiled->device_count; d++)
        tiles -= tiled->before.devices[d].tiles;
    return tiled->g && tiled->watcher && tiled->watcher(tiled->watching, tiles);
}

void pst_tiled_watch(pst_tiled *tiled, pst_tiled_watcher watcher, void *user) {
    tiled->watcher = watcher;
    tiled->watching = user;
    pst_tile_walk_watch(tiled->walk, watcher ? watch : NULL, tiled);
}

pst_status pst_tiled_evaluate(pst_tiled *tiled, const pst_store *x, pst_store *g) {
    const pst_tile_visitor sums = {.user = tiled, .read = read_image, .features = sum_tile, .waited = take_sums},
                           norms = {.user = tiled, .read = read_image, .features = sum_norms, .waited = take_norms},
                           gradients = {.user = tiled,
                                        .read = read_image,
                                        .gradient = add_gradients,
                                        .image = add_image_terms,
                                        .write = write_gradient,
                                        .waited = take_image_terms};
    const size_t count = pst_tiled_partition(tiled)->count;
    pst_status status;
    PST_TRY(pst_tiled_take_image(tiled, x));
    tiled->g = g;
    tiled->before = *pst_tiled_times(tiled);
    pst_tiled_clear_sums(tiled);
    for (size_t s = 0; s < count; s++) {
        tiled->segment = s;
        clear_values(tiled);
        PST_TRY(pst_tile_walk_forward(tiled->walk, s, true, &sums));
        PST_TRY(take_losses(tiled));
        if (!tiled->options.normalize_gradients)
            continue;
        clear_values(tiled);
        PST_TRY(pst_tile_walk_forward(tiled->walk, s, false, &norms));
        PST_TRY(gather_values(tiled));
        for (size_t t = 0; t < tiled->options.term_count; t++)
            if (is_here(tiled, t))
                tiled->norms[t] = sum_of_values(tiled, t);
    }
    clear_values(tiled);
    for (size_t s = count; s-- > 0;) {
        tiled->segment = s;
        PST_TRY(pst_tile_walk_backward(tiled->walk, s, &gradients));
    }
    PST_TRY(gather_values(tiled));
    for (size_t t = 0; t < tiled->options.term_count; t++)
        if (is_of_image(tiled, t))
            tiled->losses[t] = sum_of_values(tiled, t);
    /* What each rank's device made of the same sums may differ in the last bit where devices do. */
    PST_TRY(pst_ranks_broadcast(tiled->stores->ranks, tiled->error, 0, tiled->losses, sizeof tiled->losses));
    PST_TRY(pst_tiled_give_gradient(tiled));
cleanup:
    tiled->x = NULL;
    tiled->g = NULL;
    return status;
}

size_t pst_tiled_share_count(const pst_tiled *tiled) {
    return (size_t)pst_ranks_count(tiled->stores->ranks) * tiled->device_count;
}

pst_status pst_tiled_shares(const pst_tiled *tiled, pst_share *shares) {
    enum { TILES, BUSY, WAIT, EXCHANGE, NUMBERS };
    const pst_tile_times *now = pst_tiled_times(tiled), *before = &tiled->before;
    const double walk_seconds = now->walk_seconds - before->walk_seconds;
    const size_t count = pst_tiled_share_count(tiled), devices = tiled->device_count;
    double *numbers = NULL, *own;
    pst_status status;
    PST_TRY(pst_allocate(tiled->error, NUMBERS * count, sizeof *numbers, &numbers));
    own = numbers + NUMBERS * devices * (size_t)pst_ranks_rank(tiled->stores->ranks);
    for (size_t d = 0; d < devices; d++) {
        own[NUMBERS * d + TILES] = now->devices[d].tiles - before->devices[d].tiles;
        own[NUMBERS * d + BUSY] = now->devices[d].busy_seconds - before->devices[d].busy_seconds;
        own[NUMBERS * d + WAIT] = walk_seconds - own[NUMBERS * d + BUSY];
        own[NUMBERS * d + EXCHANGE] = now->exchange_seconds - before->exchange_seconds;
    }
    PST_TRY(pst_ranks_gather(tiled->stores->ranks, tiled->error, numbers, NUMBERS * count));
    for (size_t i = 0; i < count; i++)
        shares[i] = (pst_share){.rank = (int)(i / devices),
                                .device = (int)(i % devices),
                                .tiles = (int)numbers[NUMBERS * i + TILES],
                                .busy_seconds = numbers[NUMBERS * i + BUSY],
                                .wait_seconds = numbers[NUMBERS * i + WAIT],
                                .exchange_seconds = numbers[NUMBERS * i + EXCHANGE]};
cleanup:
    pst_free(numbers);
    return status;
}

double pst_tiled_losses(const pst_tiled *tiled, double *losses) {
    double total = 0;
    for (size_t t = 0; t < tiled->options.term_count; t++) {
        const bool of_image = is_of_image(tiled, t);
        double loss = tiled->losses[t] * pst_term_loss_factor(&tiled->options, t,
                                                              of_image ? 0 : pst_tiled_layer(tiled, t)->true_c_out,
                                                              of_image ? 0 : pst_tiled_map_pixels(tiled, t));
        if (losses)
            losses[t] = loss;
        total += loss;
    }
    return total;
}

void pst_tiled_set_weight(pst_tiled *tiled, size_t term, double weight) { tiled->options.terms[term].weight = weight; }
