/* A memory plan: tensors with lifetimes share slots, and everything is counted to the byte before anything is allocated. */
#ifndef PST_NET_PLAN_H
#define PST_NET_PLAN_H

#include <stddef.h>

typedef struct pst_plan_tensor {
    size_t bytes;     /* 0: there is no such tensor */
    int first, last;  /* the steps between which it must keep its content, both included */
    int slot;         /* set by pst_plan_assign; -1 for no tensor */
} pst_plan_tensor;

/* Puts each tensor into a slot so that no two with a step in common share one, largest first into the slot that wastes
 * least. slot_bytes has room for `count`; returns how many slots there are. A slot's size is its largest tensor's. */
size_t pst_plan_assign(pst_plan_tensor *tensors, size_t count, size_t *slot_bytes);

#endif
