/* Server-sent events of the service. */
#include <stdlib.h>
#include <string.h>

#include "web/serve.h"

enum { BLOCK_BYTES = 4096 };
#define HEARTBEAT_SECONDS 15 /* by which a listener that has gone is found out */

typedef struct listener {
    web *web;
    visitor *visitor;
    unsigned long long seen;
    char *text; /* that is being sent */
    size_t at, length;
    double spoke; /* when it got the last text; 0: not yet */
} listener;

static char *copy(const char *text) {
    char *made = malloc(strlen(text) + 1);
    return made ? strcpy(made, text) : NULL;
}

static bool is_over(const listener *l) { return l->web->ending || visitor_has_ended(l->visitor); }

/* The next text; a comment where there is nothing for long. NULL: it is over. */
static char *next_text(listener *l) {
    web *w = l->web;
    char *text = NULL;
    web_lock(w->monitor);
    while (!text && !is_over(l)) {
        unsigned wakes = w->wakes;
        web_unlock(w->monitor);
        text = w->service.events(w->service.user, &l->seen); /* which may lock what calls web_wake */
        web_lock(w->monitor);
        double until = l->spoke + HEARTBEAT_SECONDS;
        while (!text && !is_over(l) && w->wakes == wakes && web_clock() < until)
            web_wait(w->monitor, until - web_clock());
        if (!text && w->wakes == wakes && !is_over(l))
            text = copy(":\n\n");
    }
    l->spoke = web_clock();
    web_unlock(w->monitor);
    return text;
}

static ssize_t read_events(void *self, uint64_t position, char *to, size_t most) {
    listener *l = self;
    if (position == 0 && l->at == 0)
        visitors_listen(l->web->visitors, l->visitor);
    while (l->at == l->length) {
        free(l->text);
        l->text = next_text(l);
        if (!l->text)
            return MHD_CONTENT_READER_END_OF_STREAM;
        l->at = 0;
        l->length = strlen(l->text);
    }
    size_t bytes = l->length - l->at < most ? l->length - l->at : most;
    memcpy(to, l->text + l->at, bytes);
    l->at += bytes;
    return (ssize_t)bytes;
}

static void end_events(void *self) {
    listener *l = self;
    free(l->text);
    free(l);
}

enum MHD_Result events_send(web *w, connection *to, const request *r) {
    if (r->posts || !w->service.events)
        return r->posts ? answer_line(to, r, MHD_HTTP_METHOD_NOT_ALLOWED, "events are for GET")
                        : answer_not_found(to, r);
    listener *l = calloc(1, sizeof *l);
    struct MHD_Response *made = NULL;
    if (l) {
        *l = (listener){.web = w, .visitor = request_visitor(to), .spoke = web_clock()};
        l->text = copy("retry: 1000\n\n"); /* so that the browser hears at once that it is heard */
        l->length = l->text ? strlen(l->text) : 0;
        made = MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, BLOCK_BYTES, read_events, l, end_events);
    }
    if (!made && l)
        end_events(l);
    return answer_with(to, MHD_HTTP_OK, made, "text/event-stream", CACHE_NEVER);
}
