#include "spread/shared_map.h"

#include "base/memory.h"

struct pst_shared_map {
    const pst_ranks *ranks;
    pst_error *error;
    pst_store *store; /* NULL: this rank holds nothing */
    int c;
    pst_rect *held; /* of each rank */
};

static pst_rect own(const pst_shared_map *map) { return map->held[pst_ranks_rank(map->ranks)]; }

pst_status pst_shared_map_create(pst_stores *stores, bool in_file, int h, int w, int c, const pst_rect *held,
                                 const char *what, pst_shared_map **result) {
    const int count = pst_ranks_count(stores->ranks);
    pst_shared_map *map;
    pst_status status;
    *result = NULL;
    PST_TRY(pst_allocate(stores->error, 1, sizeof *map, &map));
    map->ranks = stores->ranks;
    map->error = stores->error;
    map->c = c;
    PST_TRY(pst_allocate(stores->error, (size_t)count, sizeof *map->held, &map->held));
    for (int r = 0; r < count; r++)
        map->held[r] = held ? held[r] : (pst_rect){0, 0, h, w};
    if (!pst_rect_is_empty(own(map)))
        PST_TRY(pst_store_create(stores, in_file, false, own(map).h, own(map).w, c, what, &map->store));
    *result = map;
    return PST_OK;
cleanup:
    pst_shared_map_destroy(map);
    return status;
}

void pst_shared_map_destroy(pst_shared_map *map) {
    if (!map)
        return;
    pst_store_destroy(map->store);
    pst_free(map->held);
    pst_free(map);
}

/* The part as a place in the store. */
static pst_status place(const pst_shared_map *map, pst_rect part, pst_rect *at) {
    const pst_rect held = own(map);
    if (pst_rect_is_empty(part) || !pst_rect_holds(held, part))
        return pst_fail(map->error, PST_ERROR_ARGUMENT, "a part of %dx%d at %d, %d is not in %dx%d at %d, %d", part.w,
                        part.h, part.x, part.y, held.w, held.h, held.x, held.y);
    *at = (pst_rect){part.y - held.y, part.x - held.x, part.h, part.w};
    return PST_OK;
}

pst_status pst_shared_map_read(const pst_shared_map *map, pst_rect part, float *to) {
    pst_rect at;
    pst_status status = place(map, part, &at);
    return status == PST_OK ? pst_store_read(map->store, at, to) : status;
}

pst_status pst_shared_map_write(pst_shared_map *map, pst_rect part, const float *from) {
    pst_rect at;
    pst_status status = place(map, part, &at);
    return status == PST_OK ? pst_store_write(map->store, at, from) : status;
}

/* ---- exchanges ---- */

/* What goes from one rank to another. */
static size_t floats_between(int from, int to, int c, const pst_rect *held, const pst_shared_part *parts,
                             size_t count) {
    size_t floats = 0;
    for (size_t i = 0; i < count; i++)
        if (parts[i].owner == from)
            floats += pst_rect_area(pst_rect_common(parts[i].part, held[to])) * (size_t)c;
    return floats;
}

uint64_t pst_shared_map_exchange_bytes(const pst_ranks *ranks, int c, const pst_rect *held,
                                       const pst_shared_part *parts, size_t count) {
    const int self = pst_ranks_rank(ranks);
    uint64_t floats = 0;
    for (int r = 0; r < pst_ranks_count(ranks); r++)
        if (r != self)
            floats += floats_between(self, r, c, held, parts, count) + floats_between(r, self, c, held, parts, count);
    return sizeof(float) * floats;
}

void pst_shared_map_traffic(const pst_ranks *ranks, int c, const pst_rect *held, const pst_shared_part *parts,
                            size_t count, uint64_t *bytes) {
    for (size_t i = 0; i < count; i++)
        for (int r = 0; r < pst_ranks_count(ranks); r++)
            if (r != parts[i].owner) {
                const size_t common = pst_rect_area(pst_rect_common(parts[i].part, held[r]));
                bytes[r] += sizeof(float) * common * (size_t)c;
                bytes[parts[i].owner] += sizeof(float) * common * (size_t)c;
            }
}

/* Between the store and what goes from one rank to another, part by part. */
static pst_status pack(pst_shared_map *map, int from, int to, const pst_shared_part *parts, size_t count,
                       float *packed) {
    const bool sends = from == pst_ranks_rank(map->ranks);
    pst_status status = PST_OK;
    for (size_t i = 0; i < count && status == PST_OK; i++) {
        const pst_rect common = pst_rect_common(parts[i].part, map->held[to]);
        if (parts[i].owner != from || pst_rect_is_empty(common))
            continue;
        status = sends ? pst_shared_map_read(map, common, packed) : pst_shared_map_write(map, common, packed);
        packed += pst_rect_area(common) * (size_t)map->c;
    }
    return status;
}

pst_status pst_shared_map_exchange(pst_shared_map *map, const pst_shared_part *parts, size_t count) {
    const int ranks = pst_ranks_count(map->ranks), self = pst_ranks_rank(map->ranks);
    pst_ranks_block *blocks = NULL, *sent, *received;
    size_t sent_count = 0, received_count = 0;
    float *packed = NULL, *at;
    pst_status status;
    if (ranks == 1)
        return PST_OK;
    PST_TRY(pst_allocate(map->error, 2 * (size_t)ranks, sizeof *blocks, &blocks));
    PST_TRY(pst_allocate(
        map->error, (size_t)pst_shared_map_exchange_bytes(map->ranks, map->c, map->held, parts, count) / sizeof *packed,
        sizeof *packed, &packed));
    sent = blocks;
    received = blocks + ranks;
    at = packed;
    for (int r = 0; r < ranks; r++) {
        const size_t out = floats_between(self, r, map->c, map->held, parts, count),
                     in = floats_between(r, self, map->c, map->held, parts, count);
        if (r == self)
            continue;
        if (out) {
            PST_TRY(pack(map, self, r, parts, count, at));
            sent[sent_count++] = (pst_ranks_block){r, at, sizeof *at * out};
        }
        at += out;
        if (in)
            received[received_count++] = (pst_ranks_block){r, at, sizeof *at * in};
        at += in;
    }
    PST_TRY(pst_ranks_exchange(map->ranks, map->error, sent, sent_count, received, received_count));
    for (size_t i = 0; i < received_count; i++)
        PST_TRY(pack(map, received[i].rank, self, parts, count, received[i].data));
cleanup:
    pst_free(packed);
    pst_free(blocks);
    return status;
}
