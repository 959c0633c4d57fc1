/* The stack machine that a pickle is a program for, between the two files that make it up: pickle.c has its
 * instructions, pickle_torch.c the objects of PyTorch's. */
#ifndef PST_MODEL_PICKLE_MACHINE_H
#define PST_MODEL_PICKLE_MACHINE_H

#include "model/pickle.h"

#define PST_PICKLE_MAX_DEPTH 4096  /* of the stack, where 1000 items of a list wait for APPENDS */
#define PST_PICKLE_MARK UINT32_MAX /* on the stack */

typedef struct pst_pickle_item {
    pst_pickle_id value;
    uint32_t next;
} pst_pickle_item;

struct pst_pickle {
    pst_pickle_value *values;
    pst_pickle_item *items; /* items[0] stands for none */
    uint32_t value_count, value_capacity, item_count, item_capacity;
    char *texts; /* copies of all texts, one after the other; never larger than the pickle and a zero for each */
    size_t text_bytes;
};

/* While a pickle is read. */
typedef struct pst_pickle_machine {
    pst_error *error;
    const char *path;
    const uint8_t *at, *end, *begin;
    pst_pickle *pickle;
    uint32_t stack[PST_PICKLE_MAX_DEPTH];
    size_t depth;
    uint32_t *memo;
    size_t memo_capacity, memo_count;
} pst_pickle_machine;

/* "its pickle <what> at byte N". */
pst_status pst_pickle_fail(pst_pickle_machine *m, const char *what);

/* A new value on the stack; the top of the stack; a value more in a sequence or map. */
pst_status pst_pickle_push_new(pst_pickle_machine *m, pst_pickle_value value);
pst_status pst_pickle_push(pst_pickle_machine *m, pst_pickle_id id);
pst_status pst_pickle_pop(pst_pickle_machine *m, pst_pickle_id *id);
pst_status pst_pickle_append(pst_pickle_machine *m, pst_pickle_id to, pst_pickle_id value);

/* Instructions that make PyTorch's objects: GLOBAL of a module and a name, BINPERSID, REDUCE and BUILD. */
pst_status pst_pickle_global(pst_pickle_machine *m, const char *module, size_t module_bytes, const char *name,
                             size_t name_bytes);
pst_status pst_pickle_storage(pst_pickle_machine *m);
pst_status pst_pickle_reduce(pst_pickle_machine *m);
pst_status pst_pickle_build(pst_pickle_machine *m);

#endif
