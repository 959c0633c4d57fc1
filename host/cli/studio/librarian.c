#include "cli/studio/librarian.h"

#include <stdlib.h>

#include "cli/options/complain.h"

/* In the order in which they came: who works through many images lets everybody in between two of them. */
typedef struct librarian {
    web_monitor *lock;
    unsigned long next, served;
    pst_context *context;
} librarian;

bool librarian_open(studio *s) {
    librarian *l = s->librarian = calloc(1, sizeof *l);
    pst_context_options where;
    pst_context_options_init(&where, sizeof where);
    where.device = "none";
    if (!l || !(l->lock = web_monitor_create())) {
        complain("no memory left");
        return false;
    }
    if (pst_context_create(&where, &l->context) == PST_OK)
        return true;
    complain("%s", l->context ? pst_context_message(l->context) : "no memory left");
    return false;
}

void librarian_close(studio *s) {
    if (!s->librarian)
        return;
    pst_context_destroy(s->librarian->context);
    web_monitor_destroy(s->librarian->lock);
    free(s->librarian);
    s->librarian = NULL;
}

pst_context *librarian_take(studio *s) {
    librarian *l = s->librarian;
    web_lock(l->lock);
    const unsigned long own = l->next++;
    while (l->served != own)
        web_wait(l->lock, 1);
    web_unlock(l->lock);
    return l->context;
}

void librarian_give(studio *s) {
    web_lock(s->librarian->lock);
    s->librarian->served++;
    web_tell(s->librarian->lock);
    web_unlock(s->librarian->lock);
}
