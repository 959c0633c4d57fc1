/* A memory plan: tensors with lifetimes share slots, and everything is counted to the byte before anything is
 * allocated. */
#ifndef PST_NET_MEMORY_PLAN_H
#define PST_NET_MEMORY_PLAN_H

#include <stddef.h>

typedef struct pst_plan_tensor {
    size_t bytes;    /* 0: there is no such tensor */
    int first, last; /* the steps between which it must keep its content, both included */
    int slot;        /* set by pst_plan_assign; -1 for no tensor */
    size_t offset;   /* in the slot, in bytes; a multiple of `align` */
} pst_plan_tensor;

/* Gives each tensor a place in a slot so that no two with a step in common overlap: the largest first, each where it
 * fits most tightly, and a slot of its own where it fits nowhere. Slots and not one arena, because a device may allow
 * no piece as large as that. slot_bytes has room for `count`; returns how many slots there are. */
size_t pst_plan_assign(pst_plan_tensor *tensors, size_t count, size_t align, size_t *slot_bytes);

#endif
