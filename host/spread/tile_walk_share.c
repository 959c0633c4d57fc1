/* Walks over tiles by several ranks: what lies between segments, which parts of it each rank holds, and exchanges. */
#include "base/memory.h"
#include "spread/tile_walk_state.h"

pst_tile_range pst_tile_walk_range(const pst_tile_walk *walk, size_t s, int rank) {
    const int tiles = pst_segment_tiles(pst_walk_segment(walk, s)), ranks = pst_ranks_count(walk->stores->ranks);
    return (pst_tile_range){pst_ranks_first(tiles, ranks, rank), pst_ranks_first(tiles, ranks, rank + 1)};
}

void pst_tile_walk_held(const pst_tile_walk *walk, size_t s, pst_rect *held) {
    const pst_segment *before = pst_walk_segment(walk, s), *behind = pst_walk_segment(walk, s + 1);
    const pst_walk windows = pst_walk_windows(walk);
    for (int r = 0; r < pst_ranks_count(walk->stores->ranks); r++) {
        const pst_tile_range made = pst_tile_walk_range(walk, s, r), seen = pst_tile_walk_range(walk, s + 1, r);
        held[r] = (pst_rect){0};
        for (int t = made.first; t < made.end; t++) /* windows, for the gradients that come back are seen by them */
            held[r] = pst_rect_around(held[r], pst_segment_at_output(walk->layers, before,
                                                                     walk->options.backward
                                                                         ? pst_segment_window(before, t, windows)
                                                                         : pst_segment_own(before, t)));
        for (int t = seen.first; t < seen.end; t++)
            held[r] = pst_rect_around(held[r], pst_segment_window(behind, t, windows));
    }
}

size_t pst_tile_walk_made(const pst_tile_walk *walk, size_t s, bool backward, pst_shared_part *parts) {
    const size_t maker = backward ? s + 1 : s;
    const pst_segment *segment = pst_walk_segment(walk, maker);
    size_t count = 0;
    for (int r = 0; r < pst_ranks_count(walk->stores->ranks); r++) {
        const pst_tile_range tiles = pst_tile_walk_range(walk, maker, r);
        for (int t = tiles.first; t < tiles.end; t++) {
            const pst_rect own = pst_segment_own(segment, t);
            parts[count++] = (pst_shared_part){backward ? own : pst_segment_at_output(walk->layers, segment, own), r};
        }
    }
    return count;
}

uint64_t pst_tile_walk_level_bytes(const pst_tile_walk *walk) {
    uint64_t bytes = 0;
    for (size_t s = 0; s + 1 < walk->partition.count; s++) {
        pst_tile_walk_held(walk, s, walk->held);
        const pst_rect own = walk->held[pst_ranks_rank(walk->stores->ranks)];
        bytes +=
            (walk->options.backward ? 2 : 1) * pst_store_bytes(false, own.h, own.w, pst_walk_segment(walk, s)->out_c);
    }
    return bytes;
}

uint64_t pst_tile_walk_exchange_bytes(const pst_tile_walk *walk) {
    const int ways = walk->options.backward ? 2 : 1;
    uint64_t most = 0;
    for (size_t s = 0; s + 1 < walk->partition.count; s++)
        for (int backward = 0; backward < ways; backward++) {
            pst_tile_walk_held(walk, s, walk->held);
            const size_t count = pst_tile_walk_made(walk, s, backward, walk->parts);
            const uint64_t bytes = pst_shared_map_exchange_bytes(walk->stores->ranks, pst_walk_segment(walk, s)->out_c,
                                                                 walk->held, walk->parts, count);
            most = bytes > most ? bytes : most;
        }
    return most;
}

/* How often an evaluation walks each of a rank's tiles of a segment, on the average. left: what it has for maps that
 * are kept, of each device; less afterwards. */
static double walks_by(const pst_tile_walk *walk, size_t s, int tiles, uint64_t *left) {
    const uint64_t bytes = walk->walkers[0].kept_bytes[s];
    uint64_t kept = 0;
    for (; walk->options.backward && kept < (uint64_t)tiles && bytes <= *left; *left -= bytes)
        kept++;
    return pst_tile_walk_walks(walk, (int)(kept * walk->walker_count), tiles);
}

double pst_tile_walk_busiest_work(const pst_tile_walk *walk) {
    double most[PST_SEGMENTS_MAX] = {0}, sum = 0;
    for (int r = 0; r < pst_ranks_count(walk->stores->ranks); r++) {
        uint64_t left = walk->options.keep_bytes;
        for (size_t s = walk->partition.count; s-- > 0;) {
            const pst_tile_range own = pst_tile_walk_range(walk, s, r);
            const double work = walks_by(walk, s, own.end - own.first, &left) *
                                pst_segment_work_of(walk->layers, pst_walk_segment(walk, s), pst_walk_windows(walk),
                                                    own.first, own.end);
            most[s] = work > most[s] ? work : most[s];
        }
    }
    for (size_t s = 0; s < walk->partition.count; s++)
        sum += most[s];
    return sum;
}

void pst_tile_walk_traffic(const pst_tile_walk *walk, uint64_t *bytes) {
    const int ways = walk->options.backward ? 2 : 1;
    for (size_t s = 0; s + 1 < walk->partition.count; s++) {
        pst_tile_walk_held(walk, s, walk->held);
        for (int backward = 0; backward < ways; backward++)
            pst_shared_map_traffic(walk->stores->ranks, pst_walk_segment(walk, s)->out_c, walk->held, walk->parts,
                                   pst_tile_walk_made(walk, s, backward, walk->parts), bytes);
    }
}

static pst_status create_level(pst_tile_walk *walk, size_t s, const char *what, pst_shared_map **level) {
    const pst_segment *segment = pst_walk_segment(walk, s);
    return pst_shared_map_create(walk->stores, walk->options.in_file, segment->out_h, segment->out_w, segment->out_c,
                                 walk->held, what, level);
}

pst_status pst_tile_walk_create_levels(pst_tile_walk *walk) {
    pst_status status = PST_OK;
    for (size_t s = 0; s + 1 < walk->partition.count; s++) {
        pst_tile_walk_held(walk, s, walk->held);
        PST_TRY(create_level(walk, s, "maps between segments", &walk->levels[s]));
        if (walk->options.backward)
            PST_TRY(create_level(walk, s, "gradients between segments", &walk->d_levels[s]));
    }
cleanup:
    return status;
}

pst_status pst_tile_walk_exchange(pst_tile_walk *walk, size_t s, bool backward) {
    const size_t count = pst_tile_walk_made(walk, s, backward, walk->parts);
    return pst_shared_map_exchange(backward ? walk->d_levels[s] : walk->levels[s], walk->parts, count);
}
