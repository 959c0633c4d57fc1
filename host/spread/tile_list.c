#include "spread/tile_list.h"

/* How late a device should take a tile: its own kept ones come first, then those that nobody has kept. */
static int rank_of(const pst_tile_list *list, int device, int tile) {
    const int keeper = list->keepers ? list->keepers[tile] : PST_NO_KEEPER;
    return !list->keepers || keeper == device ? 0 : keeper == PST_NO_KEEPER ? 1 : 2;
}

bool pst_tile_list_take(pst_tile_list *list, int device, int *tile) {
    int best = list->end;
    pst_lock_take(list->lock);
    for (int t = list->first; t < list->end && !list->stopped; t++)
        if (!list->taken[t] && (best == list->end || rank_of(list, device, t) < rank_of(list, device, best)))
            best = t;
    if (best < list->end)
        list->taken[best] = true;
    pst_lock_give(list->lock);
    *tile = best;
    return best < list->end;
}

void pst_tile_list_stop(pst_tile_list *list) {
    pst_lock_take(list->lock);
    list->stopped = true;
    pst_lock_give(list->lock);
}
