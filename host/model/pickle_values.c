#include "model/pickle_values.h"

#include <string.h>

#include "base/memory.h"

void pst_pickle_close(pst_pickle *pickle) {
    if (!pickle)
        return;
    pst_free(pickle->values);
    pst_free(pickle->items);
    pst_free(pickle->texts);
    pst_free(pickle);
}

const pst_pickle_value *pst_pickle_get(const pst_pickle *pickle, pst_pickle_id id) { return &pickle->values[id]; }

bool pst_pickle_next(const pst_pickle *pickle, pst_pickle_id of, uint32_t *at, pst_pickle_id *entry) {
    uint32_t next = *at ? pickle->items[*at].next : pickle->values[of].first;
    if (next == 0)
        return false;
    *at = next;
    *entry = pickle->items[next].value;
    return true;
}

pst_pickle_id pst_pickle_lookup(const pst_pickle *pickle, pst_pickle_id map, const char *key) {
    pst_pickle_id name, value;
    uint32_t at = 0;
    if (pickle->values[map].kind != PST_PICKLE_MAP)
        return 0;
    while (pst_pickle_next(pickle, map, &at, &name) && pst_pickle_next(pickle, map, &at, &value))
        if (pickle->values[name].kind == PST_PICKLE_TEXT && strcmp(pickle->values[name].text, key) == 0)
            return value;
    return 0;
}

uint32_t pst_pickle_count(const pst_pickle *pickle) { return pickle->value_count; }
