/* The stack machine that a pickle is a program for. */
#ifndef PST_MODEL_PICKLE_MACHINE_H
#define PST_MODEL_PICKLE_MACHINE_H

#include "base/status.h"
#include "model/pickle_values.h"

#define PST_PICKLE_MAX_DEPTH 4096                 /* of the stack, where 1000 items of a list wait for APPENDS */
#define PST_PICKLE_MAX_VALUES ((uint32_t)1 << 21) /* values and items each */
#define PST_PICKLE_MARK UINT32_MAX                /* on the stack */

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

/* Makes value 0, None, and item 0, which stands for none; the stack is empty. */
pst_status pst_pickle_begin(pst_pickle_machine *m);

/* "its pickle <what> at byte N". */
pst_status pst_pickle_fail(pst_pickle_machine *m, const char *what);

/* A new value on the stack; the top of the stack; a value more in a sequence or map. */
pst_status pst_pickle_push_new(pst_pickle_machine *m, pst_pickle_value value);
pst_status pst_pickle_push(pst_pickle_machine *m, pst_pickle_id id);
pst_status pst_pickle_pop(pst_pickle_machine *m, pst_pickle_id *id);
pst_status pst_pickle_append(pst_pickle_machine *m, pst_pickle_id to, pst_pickle_id value);

#endif
