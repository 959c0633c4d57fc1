#include "model/pickle_machine.h"

#include <string.h>

#include "base/memory.h"

pst_status pst_pickle_fail(pst_pickle_machine *m, const char *what) {
    return pst_fail(m->error, PST_ERROR_FORMAT, "%s: its pickle %s at byte %zu", m->path, what,
                    (size_t)(m->at - m->begin));
}

/* Makes room for one element more in an array that grows. */
static pst_status grow(pst_pickle_machine *m, void *array, uint32_t count, uint32_t *capacity, size_t element_bytes) {
    void *old, *larger;
    if (count < *capacity)
        return PST_OK;
    if (count >= PST_PICKLE_MAX_VALUES)
        return pst_pickle_fail(m, "holds more than any network's");
    uint32_t wanted = *capacity ? 2 * *capacity : 256;
    pst_status status = pst_allocate(m->error, wanted, element_bytes, &larger);
    if (status != PST_OK)
        return status;
    memcpy(&old, array, sizeof old);
    if (count > 0)
        memcpy(larger, old, count * element_bytes);
    pst_free(old);
    memcpy(array, &larger, sizeof larger);
    *capacity = wanted;
    return PST_OK;
}

pst_status pst_pickle_push(pst_pickle_machine *m, uint32_t id) {
    if (m->depth == PST_PICKLE_MAX_DEPTH)
        return pst_pickle_fail(m, "is nested too deeply");
    m->stack[m->depth++] = id;
    return PST_OK;
}

pst_status pst_pickle_push_new(pst_pickle_machine *m, pst_pickle_value value) {
    pst_pickle *p = m->pickle;
    pst_status status = grow(m, &p->values, p->value_count, &p->value_capacity, sizeof *p->values);
    if (status != PST_OK)
        return status;
    p->values[p->value_count] = value;
    return pst_pickle_push(m, p->value_count++);
}

pst_status pst_pickle_begin(pst_pickle_machine *m) {
    pst_pickle *p = m->pickle;
    pst_status status;
    PST_TRY(pst_pickle_push_new(m, (pst_pickle_value){.kind = PST_PICKLE_NONE}));
    PST_TRY(grow(m, &p->items, 0, &p->item_capacity, sizeof *p->items));
    m->depth = 0;
    p->item_count = 1;
cleanup:
    return status;
}

pst_status pst_pickle_pop(pst_pickle_machine *m, pst_pickle_id *id) {
    *id = 0;
    if (m->depth == 0 || m->stack[m->depth - 1] == PST_PICKLE_MARK)
        return pst_pickle_fail(m, "takes from an empty stack");
    *id = m->stack[--m->depth];
    return PST_OK;
}

pst_status pst_pickle_append(pst_pickle_machine *m, pst_pickle_id to, pst_pickle_id value) {
    pst_pickle *p = m->pickle;
    pst_status status = grow(m, &p->items, p->item_count, &p->item_capacity, sizeof *p->items);
    if (status != PST_OK)
        return status;
    uint32_t made = p->item_count++;
    pst_pickle_value *v = &p->values[to];
    p->items[made] = (pst_pickle_item){value, 0};
    if (v->last)
        p->items[v->last].next = made;
    else
        v->first = made;
    v->last = made;
    v->count++;
    return PST_OK;
}
