/* A map [h][w][c] of the whole image of which each rank holds one rectangle, in a store. What a rank has computed goes
 * to those that hold it too by an exchange. Places are those of the whole map. A process alone holds all of it. */
#ifndef PST_SPREAD_SHARED_MAP_H
#define PST_SPREAD_SHARED_MAP_H

#include "spread/ranks.h"
#include "spread/store.h"

typedef struct pst_shared_map pst_shared_map;

/* held: of each of the stores' ranks, may be empty; NULL: everything. It is copied. As pst_store_create otherwise. */
pst_status pst_shared_map_create(pst_stores *stores, bool in_file, int h, int w, int c, const pst_rect *held,
                                 const char *what, pst_shared_map **map);
void pst_shared_map_destroy(pst_shared_map *map); /* NULL is fine */

/* A part that this rank holds, to or from [part.h][part.w][c]; PST_ERROR_ARGUMENT for another. Several threads may read
 * and write different parts at once. */
pst_status pst_shared_map_read(const pst_shared_map *map, pst_rect part, float *to);
pst_status pst_shared_map_write(pst_shared_map *map, pst_rect part, const float *from);

/* A part of the map that its owner, a rank, has computed. */
typedef struct pst_shared_part {
    pst_rect part;
    int owner;
} pst_shared_part;

/* Called by all ranks with the same parts, which have nothing in common. Of each the others get what they hold. */
pst_status pst_shared_map_exchange(pst_shared_map *map, const pst_shared_part *parts, size_t count);

/* Bytes of host memory that an exchange takes while it lasts, for maps of c channels. */
uint64_t pst_shared_map_exchange_bytes(const pst_ranks *ranks, int c, const pst_rect *held,
                                       const pst_shared_part *parts, size_t count);

/* What one such exchange sends: adds for each rank the bytes that it sends and gets. */
void pst_shared_map_traffic(const pst_ranks *ranks, int c, const pst_rect *held, const pst_shared_part *parts,
                            size_t count, uint64_t *bytes);

#endif
