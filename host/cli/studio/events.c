#include "cli/studio/events.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct told {
    unsigned long long at; /* 0: never */
    char *text;            /* JSON; NULL: {} */
} told;

struct events {
    web_monitor *lock;
    unsigned long long count;
    told last[STUDIO_EVENTS];
};

static const char *const names[STUDIO_EVENTS] = {"queue", "progress", "shelf", "results", "fetch"};

bool events_open(studio *s) {
    s->events = calloc(1, sizeof *s->events);
    if (s->events)
        *s->events = (struct events){.lock = web_monitor_create(), .count = 1};
    return s->events && s->events->lock;
}

void events_close(studio *s) {
    if (!s->events)
        return;
    for (size_t k = 0; k < STUDIO_EVENTS; k++)
        free(s->events->last[k].text);
    web_monitor_destroy(s->events->lock);
    free(s->events);
    s->events = NULL;
}

void studio_tell(studio *s, studio_event kind, json_t *data) {
    struct events *e = s->events;
    char *text = data ? json_dumps(data, JSON_COMPACT | JSON_REAL_PRECISION(10)) : NULL;
    json_decref(data);
    web_lock(e->lock);
    free(e->last[kind].text);
    e->last[kind] = (told){++e->count, text};
    web_unlock(e->lock);
    if (s->web)
        web_wake(s->web);
}

/* Who begins to listen has just read everything, but for what has changed since. */
static bool is_new(const told *t, studio_event kind, unsigned long long seen) {
    return t->at > seen && (seen || kind == STUDIO_EVENT_QUEUE);
}

char *events_text(void *user, unsigned long long *seen) {
    const struct events *e = ((studio *)user)->events;
    size_t bytes = 1, used = 0;
    char *text = NULL;
    web_lock(e->lock);
    for (size_t k = 0; k < STUDIO_EVENTS; k++)
        if (is_new(&e->last[k], k, *seen))
            bytes += strlen(names[k]) + (e->last[k].text ? strlen(e->last[k].text) : 0) + 32;
    if (bytes > 1)
        text = malloc(bytes);
    for (size_t k = 0; text && k < STUDIO_EVENTS; k++)
        if (is_new(&e->last[k], k, *seen))
            used += (size_t)snprintf(text + used, bytes - used, "event: %s\ndata: %s\n\n", names[k],
                                     e->last[k].text ? e->last[k].text : "{}");
    if (text || bytes == 1)
        *seen = e->count;
    web_unlock(e->lock);
    return text;
}
