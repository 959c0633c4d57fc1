#include "net/plan.h"

#include <stdbool.h>

static bool overlap(const pst_plan_tensor *a, const pst_plan_tensor *b) { return a->first <= b->last && b->first <= a->last; }

static bool is_free(const pst_plan_tensor *tensors, size_t count, int slot, const pst_plan_tensor *tensor) {
    for (size_t i = 0; i < count; i++)
        if (tensors[i].slot == slot && overlap(&tensors[i], tensor))
            return false;
    return true;
}

size_t pst_plan_assign(pst_plan_tensor *tensors, size_t count, size_t *slot_bytes) {
    size_t slots = 0;
    for (size_t i = 0; i < count; i++)
        tensors[i].slot = -1;
    for (;;) {
        pst_plan_tensor *largest = NULL;
        for (size_t i = 0; i < count; i++)
            if (tensors[i].bytes && tensors[i].slot < 0 && (!largest || tensors[i].bytes > largest->bytes))
                largest = &tensors[i];
        if (!largest)
            return slots;
        /* Every slot is at least as large, since sizes only fall: take the smallest that is free. */
        int best = -1;
        for (size_t s = 0; s < slots; s++)
            if (is_free(tensors, count, (int)s, largest) && (best < 0 || slot_bytes[s] < slot_bytes[best]))
                best = (int)s;
        if (best < 0) {
            best = (int)slots;
            slot_bytes[slots++] = largest->bytes;
        }
        largest->slot = best;
    }
}
