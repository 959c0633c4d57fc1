#include "net/memory_plan.h"

#include <stdbool.h>

static bool share_a_step(const pst_plan_tensor *a, const pst_plan_tensor *b) {
    return a->first <= b->last && b->first <= a->last;
}

static size_t aligned_end(const pst_plan_tensor *t, size_t align) {
    return (t->offset + t->bytes + align - 1) / align * align;
}

/* The place in the slot with the least room left over: it begins at the slot's beginning or behind another tensor, and
 * ends before the next one that has a step in common. */
static bool find_place(const pst_plan_tensor *tensors, size_t count, int slot, size_t slot_bytes, size_t align,
                       const pst_plan_tensor *wanted, size_t *offset, size_t *left) {
    bool found = false;
    for (size_t i = 0; i <= count; i++) { /* `count` stands for the slot's beginning */
        if (i < count && (tensors[i].slot != slot || !share_a_step(&tensors[i], wanted)))
            continue;
        size_t begin = i < count ? aligned_end(&tensors[i], align) : 0, end = slot_bytes;
        bool is_free = true;
        for (size_t j = 0; j < count && is_free; j++) {
            const pst_plan_tensor *other = &tensors[j];
            if (other->slot != slot || !share_a_step(other, wanted))
                continue;
            if (other->offset >= begin)
                end = other->offset < end ? other->offset : end;
            else
                is_free = other->offset + other->bytes <= begin;
        }
        if (is_free && begin + wanted->bytes <= end && (!found || end - begin - wanted->bytes < *left)) {
            found = true;
            *offset = begin;
            *left = end - begin - wanted->bytes;
        }
    }
    return found;
}

size_t pst_plan_assign(pst_plan_tensor *tensors, size_t count, size_t align, size_t *slot_bytes) {
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
        int best = -1;
        size_t best_left = 0, best_offset = 0;
        for (size_t s = 0; s < slots; s++) {
            size_t offset = 0, left = 0;
            if (find_place(tensors, count, (int)s, slot_bytes[s], align, largest, &offset, &left) &&
                (best < 0 || left < best_left)) {
                best = (int)s;
                best_left = left;
                best_offset = offset;
            }
        }
        if (best < 0) {
            best = (int)slots;
            slot_bytes[slots++] = largest->bytes;
        }
        largest->slot = best;
        largest->offset = best_offset;
    }
}
