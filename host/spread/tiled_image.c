/* The tiled objective: what is as large as the image or a content target, and which parts of it each rank holds. The
 * image and its gradient come and go as rows (spread/shared_rows.h), and tiles see windows. */
#include "base/memory.h"
#include "spread/tiled_state.h"

static const pst_ranks *ranks_of(const pst_tiled *tiled) { return tiled->stores->ranks; }

static pst_rect rows_of(const pst_tiled *tiled, int rank) {
    const pst_row_range rows = pst_rows_of(ranks_of(tiled), tiled->options.h, rank);
    return (pst_rect){rows.first, 0, rows.count, tiled->options.w};
}

/* Around the windows, or own parts, of a rank's tiles in a segment, at a layer of it; or of its input. */
static pst_rect around_tiles(const pst_tiled *tiled, size_t s, const size_t *layer, bool windows, int rank) {
    const pst_segment *segment = &pst_tiled_partition(tiled)->segments[s];
    const pst_tile_range tiles = pst_tile_walk_range(tiled->walk, s, rank);
    pst_rect around = {0};
    for (int t = tiles.first; t < tiles.end; t++) {
        const pst_rect part = windows ? pst_segment_window(segment, t, PST_WALK_BACKWARD) : pst_segment_own(segment, t);
        around = pst_rect_around(around, layer ? pst_segment_at_layer(tiled->layers, segment, part, *layer) : part);
    }
    return around;
}

static size_t segment_of_term(const pst_tiled *tiled, size_t term) {
    size_t s = 0;
    while (!pst_tiled_is_in(tiled, pst_tiled_partition(tiled), s, term))
        s++;
    return s;
}

/* What each rank holds, in tiled->held: of the image, of its gradient, of a content target. */
static void hold_image(pst_tiled *tiled, bool windows, bool rows) {
    for (int r = 0; r < pst_ranks_count(ranks_of(tiled)); r++)
        tiled->held[r] =
            pst_rect_around(around_tiles(tiled, 0, NULL, windows, r), rows ? rows_of(tiled, r) : (pst_rect){0});
}

static void hold_content(pst_tiled *tiled, size_t term) {
    const size_t s = segment_of_term(tiled, term);
    for (int r = 0; r < pst_ranks_count(ranks_of(tiled)); r++)
        tiled->held[r] = around_tiles(tiled, s, &tiled->options.terms[term].layer, true, r);
}

/* All tiles of a segment, at a layer of it or as parts of its input, with their owners. */
static size_t list_tiles(pst_tiled *tiled, size_t s, const size_t *layer) {
    const pst_segment *segment = &pst_tiled_partition(tiled)->segments[s];
    size_t count = 0;
    for (int r = 0; r < pst_ranks_count(ranks_of(tiled)); r++) {
        const pst_tile_range tiles = pst_tile_walk_range(tiled->walk, s, r);
        for (int t = tiles.first; t < tiles.end; t++) {
            const pst_rect own = pst_segment_own(segment, t);
            tiled->parts[count++] =
                (pst_shared_part){layer ? pst_segment_at_layer(tiled->layers, segment, own, *layer) : own, r};
        }
    }
    return count;
}

static size_t list_rows(pst_tiled *tiled) {
    const int count = pst_ranks_count(ranks_of(tiled));
    for (int r = 0; r < count; r++)
        tiled->parts[r] = (pst_shared_part){rows_of(tiled, r), r};
    return (size_t)count;
}

/* ---- planning and creating ---- */

static uint64_t held_bytes(const pst_tiled *tiled, int c) {
    const pst_rect own = tiled->held[pst_ranks_rank(ranks_of(tiled))];
    return pst_rect_is_empty(own) ? 0 : pst_store_bytes(false, own.h, own.w, c);
}

static void at_least(uint64_t *most, uint64_t bytes) { *most = bytes > *most ? bytes : *most; }

uint64_t pst_tiled_map_bytes(pst_tiled *tiled, uint64_t *content, uint64_t *exchange) {
    const pst_ranks *ranks = ranks_of(tiled);
    const pst_objective_options *o = &tiled->options;
    uint64_t images = 0;
    *content = *exchange = 0;
    for (size_t t = 0; t < o->term_count; t++)
        if (o->terms[t].kind == PST_TERM_CONTENT) {
            const int c = pst_tiled_layer(tiled, t)->c_out;
            hold_content(tiled, t);
            *content += held_bytes(tiled, c);
            at_least(exchange,
                     pst_shared_map_exchange_bytes(ranks, c, tiled->held, tiled->parts,
                                                   list_tiles(tiled, segment_of_term(tiled, t), &o->terms[t].layer)));
        }
    if (pst_ranks_count(ranks) > 1) {
        hold_image(tiled, true, true);
        images += held_bytes(tiled, 3);
        at_least(exchange, pst_shared_map_exchange_bytes(ranks, 3, tiled->held, tiled->parts, list_rows(tiled)));
        hold_image(tiled, false, true);
        images += held_bytes(tiled, 3);
        at_least(exchange,
                 pst_shared_map_exchange_bytes(ranks, 3, tiled->held, tiled->parts, list_tiles(tiled, 0, NULL)));
    }
    if (o->keeps_content) {
        hold_image(tiled, true, false);
        images += held_bytes(tiled, 3) + held_bytes(tiled, 1);
    }
    return images;
}

uint64_t pst_tiled_traffic(pst_tiled *tiled, uint64_t *bytes) {
    const pst_ranks *ranks = ranks_of(tiled);
    const size_t values = tiled->options.term_count * tiled->most_tiles;
    uint64_t integers = values * (pst_tiled_partition(tiled)->count + 1);
    if (pst_ranks_count(ranks) == 1)
        return 0;
    pst_tile_walk_traffic(tiled->walk, bytes);
    hold_image(tiled, true, true);
    pst_shared_map_traffic(ranks, 3, tiled->held, tiled->parts, list_rows(tiled), bytes);
    hold_image(tiled, false, true);
    pst_shared_map_traffic(ranks, 3, tiled->held, tiled->parts, list_tiles(tiled, 0, NULL), bytes);
    for (size_t t = 0; t < tiled->options.term_count; t++)
        if (tiled->options.terms[t].kind == PST_TERM_STYLE)
            integers += PST_EXACT_DIGITS * pst_tiled_regions(tiled) * pst_tiled_sum_floats(tiled, t) + 1;
    return sizeof(int64_t) * integers;
}

double pst_tiled_busiest_work(const pst_tiled *tiled) { return pst_tile_walk_busiest_work(tiled->walk); }

static pst_status create_image(pst_tiled *tiled, bool windows, bool rows, int c, const char *what,
                               pst_shared_map **map) {
    hold_image(tiled, windows, rows);
    return pst_shared_map_create(tiled->stores, tiled->tiles.in_file, tiled->options.h, tiled->options.w, c,
                                 tiled->held, what, map);
}

pst_status pst_tiled_create_maps(pst_tiled *tiled) {
    const pst_objective_options *o = &tiled->options;
    pst_status status = PST_OK;
    for (size_t t = 0; t < o->term_count; t++) {
        int h, w;
        if (o->terms[t].kind != PST_TERM_CONTENT)
            continue;
        pst_layer_size(tiled->layers, o->terms[t].layer, o->h, o->w, &h, &w);
        hold_content(tiled, t);
        PST_TRY(pst_shared_map_create(tiled->stores, tiled->tiles.in_file, h, w, pst_tiled_layer(tiled, t)->c_out,
                                      tiled->held, o->terms[t].name, &tiled->contents[t]));
    }
    if (pst_ranks_count(ranks_of(tiled)) > 1) {
        PST_TRY(create_image(tiled, true, true, 3, "windows of the image", &tiled->image));
        PST_TRY(create_image(tiled, false, true, 3, "gradient of the image", &tiled->d_image));
    }
    if (o->keeps_content) {
        PST_TRY(create_image(tiled, true, false, 3, "content that is kept", &tiled->kept));
        PST_TRY(create_image(tiled, true, false, 1, "where content is kept", &tiled->free));
    }
cleanup:
    return status;
}

void pst_tiled_destroy_maps(pst_tiled *tiled) {
    for (size_t t = 0; t < PST_TERMS_MAX; t++)
        pst_shared_map_destroy(tiled->contents[t]);
    pst_shared_map_destroy(tiled->image);
    pst_shared_map_destroy(tiled->d_image);
    pst_shared_map_destroy(tiled->kept);
    pst_shared_map_destroy(tiled->free);
}

/* ---- the image ---- */

/* This rank's rows between a store and a map, one at a time. */
static pst_status copy_rows(pst_tiled *tiled, pst_store *rows, pst_shared_map *map, bool to_map) {
    const pst_rect own = rows_of(tiled, pst_ranks_rank(ranks_of(tiled)));
    float *row = NULL;
    pst_status status;
    PST_TRY(pst_allocate(tiled->error, (size_t)own.w, 3 * sizeof *row, &row));
    for (int y = 0; y < own.h; y++) {
        const pst_rect at = {own.y + y, 0, 1, own.w};
        if (to_map) {
            PST_TRY(pst_store_read_rows(rows, y, 1, row));
            PST_TRY(pst_shared_map_write(map, at, row));
        } else {
            PST_TRY(pst_shared_map_read(map, at, row));
            PST_TRY(pst_store_write_rows(rows, y, 1, row));
        }
    }
cleanup:
    pst_free(row);
    return status;
}

pst_status pst_tiled_take_image(pst_tiled *tiled, const pst_store *x) {
    pst_status status;
    tiled->x = x;
    if (!tiled->image)
        return PST_OK;
    PST_TRY(copy_rows(tiled, (pst_store *)(uintptr_t)x, tiled->image, true));
    PST_TRY(pst_shared_map_exchange(tiled->image, tiled->parts, list_rows(tiled)));
cleanup:
    return status;
}

pst_status pst_tiled_read_image(const pst_tiled *tiled, pst_rect part, float *to) {
    return tiled->image ? pst_shared_map_read(tiled->image, part, to) : pst_store_read(tiled->x, part, to);
}

pst_status pst_tiled_write_gradient(pst_tiled *tiled, pst_rect part, const float *from) {
    return tiled->d_image ? pst_shared_map_write(tiled->d_image, part, from) : pst_store_write(tiled->g, part, from);
}

pst_status pst_tiled_give_gradient(pst_tiled *tiled) {
    pst_status status;
    if (!tiled->d_image)
        return PST_OK;
    PST_TRY(pst_shared_map_exchange(tiled->d_image, tiled->parts, list_tiles(tiled, 0, NULL)));
    PST_TRY(copy_rows(tiled, tiled->g, tiled->d_image, false));
cleanup:
    return status;
}

pst_status pst_tiled_exchange_content(pst_tiled *tiled, size_t term) {
    const size_t count = list_tiles(tiled, segment_of_term(tiled, term), &tiled->options.terms[term].layer);
    return pst_shared_map_exchange(tiled->contents[term], tiled->parts, count);
}

pst_status pst_tiled_keep_content(pst_tiled *tiled, const pst_store *content, const float *free) {
    const pst_rect held = around_tiles(tiled, 0, NULL, true, pst_ranks_rank(ranks_of(tiled)));
    float *row = NULL;
    pst_status status;
    PST_TRY(pst_allocate(tiled->error, (size_t)tiled->options.w, 3 * sizeof *row, &row));
    PST_TRY(pst_tiled_take_image(tiled, content));
    for (int y = held.y; y < held.y + held.h; y++) {
        const pst_rect at = {y, held.x, 1, held.w};
        PST_TRY(pst_shared_map_write(tiled->free, at, free + (size_t)y * (size_t)tiled->options.w + (size_t)held.x));
        PST_TRY(pst_tiled_read_image(tiled, at, row));
        PST_TRY(pst_shared_map_write(tiled->kept, at, row));
    }
cleanup:
    tiled->x = NULL;
    pst_free(row);
    return status;
}
