#include "cli/batch_deal.h"

#include <stdlib.h>

#include "cli/options/complain.h"
#include "cli/ranks/world.h"
#include "cli/run/log.h"

/* Where it is not known what became of an item, 0. */
static int64_t *states_of(const batch_list *list) {
    int64_t *states = calloc(list->count + 1, sizeof *states);
    if (!states)
        complain("no memory left");
    for (size_t i = 0; states && i < list->count; i++)
        states[i] = list->items[i].state == BATCH_ELSEWHERE ? 0 : 1 + (int64_t)list->items[i].state;
    return states;
}

/* One file for all: made anew here, and continued by each rank. */
static int begin_log(const settings *s) {
    run_log log;
    return log_open(&log, s->log, false) && log_close(&log) ? EXIT_OK : EXIT_FAILED;
}

int batch_deal(batch_list *list, const settings *s) {
    const int count = world_count();
    int64_t *states = NULL, rest = 0;
    if (count == 1 || s->plan)
        return EXIT_OK;
    int code = begin_log(s);
    if (code == EXIT_OK)
        states = states_of(list);
    code = world_agree(states ? code : EXIT_FAILED);
    if (code == EXIT_OK && !world_tell(states, list->count * sizeof *states)) {
        world_gave_up();
        complain("the ranks see other images in the batch");
        code = EXIT_FAILED;
    }
    for (size_t i = 0; i < list->count && code == EXIT_OK; i++) {
        batch_item *item = &list->items[i];
        item->state = (batch_state)(states[i] - 1);
        bool own = item->state == BATCH_TO_DO ? rest++ % count == world_rank() : world_rank() == 0;
        if (!own)
            item->state = BATCH_ELSEWHERE;
    }
    free(states);
    code = world_agree(code);
    if (code == EXIT_OK)
        world_go(WORLD_APART);
    return code;
}

bool batch_collect(batch_list *list) {
    if (world_count() == 1)
        return true;
    int64_t *states = states_of(list);
    bool good = states && world_collect(states, list->count);
    for (size_t i = 0; i < list->count && good; i++)
        list->items[i].state = (batch_state)(states[i] - 1);
    free(states);
    return good;
}
