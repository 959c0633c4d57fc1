/* The tiles of a segment that the devices of a process take from, one after the other, so that each does as many as it
 * is fast. What is not asked for decides nothing: sums of tiles do not depend on who computed them. */
#ifndef PST_SPREAD_TILE_LIST_H
#define PST_SPREAD_TILE_LIST_H

#include "base/threads.h"

#define PST_NO_KEEPER (-1)

/* A plain struct; set by whoever has the rest of what is in it. */
typedef struct pst_tile_list {
    pst_lock *lock;
    int first, end; /* tiles */
    int *keepers;   /* of each tile of the segment: the device that has kept its maps, or PST_NO_KEEPER. Such a tile is
                       given to that device if it asks in time; NULL: that does not matter */
    bool *taken;    /* of each tile of the segment; all false to begin with */
    bool stopped;   /* a device has failed: there are no more */
} pst_tile_list;

/* The next tile for a device; false: there is none. */
bool pst_tile_list_take(pst_tile_list *list, int device, int *tile);

/* Lets take find none from now on. */
void pst_tile_list_stop(pst_tile_list *list);

#endif
