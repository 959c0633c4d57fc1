#include "web/visitors.h"

#include <stdlib.h>
#include <string.h>

/* How long each phase may be; of a file, for each step. */
static const double most_seconds[] = {[VISITOR_ASKS] = 20,
                                      [VISITOR_TAKES] = 120, /* a large image by a slow line */
                                      [VISITOR_LISTENS] = 0, /* for ever */
                                      [VISITOR_WAITS] = 120,
                                      [VISITOR_SENDS] = 30};
enum { STEP_BYTES = 32768 };
#define LOOK_SECONDS 1 /* between two looks at who takes too long */

struct visitor {
    visitor *next;
    long long socket;
    web_origin origin;
    visitor_phase phase;
    double since; /* the phase, or its last step, began */
    size_t bytes; /* of this step */
    bool ended;
};

struct visitors {
    web_monitor *monitor;
    web_thread *watch;
    visitor *first;
    bool closing;
};

/* ---- under the lock ---- */

static void end(visitors *all, visitor *one) {
    one->ended = true;
    web_hang_up(one->socket);
    web_tell(all->monitor); /* it may wait for news */
}

static void end_the_slow(visitors *all) {
    double now = web_clock();
    for (visitor *one = all->first; one; one = one->next) {
        double most = most_seconds[one->phase];
        if (!one->ended && most > 0 && now - one->since > most)
            end(all, one);
    }
}

/* Ends the one that a newcomer replaces: of the lowest phase, the oldest. */
static void make_room(visitors *all, const visitor *newcomer) {
    visitor *oldest = NULL, *oldest_of_origin = NULL;
    size_t count = 0, count_of_origin = 0;
    for (visitor *one = all->first; one; one = one->next) {
        if (one->ended)
            continue;
        bool same = memcmp(&one->origin, &newcomer->origin, sizeof one->origin) == 0;
        visitor **places[] = {&oldest, same ? &oldest_of_origin : &oldest};
        for (size_t i = 0; i < 2 && one != newcomer; i++) {
            visitor *best = *places[i];
            if (!best || one->phase < best->phase || (one->phase == best->phase && one->since < best->since))
                *places[i] = one;
        }
        count++;
        count_of_origin += same;
    }
    if (count_of_origin > VISITORS_OF_ADDRESS)
        end(all, oldest_of_origin);
    else if (count > VISITORS_MOST)
        end(all, oldest);
}

/* ---- the thread ---- */

static void watch(void *self) {
    visitors *all = self;
    web_lock(all->monitor);
    while (!all->closing) {
        end_the_slow(all);
        web_wait(all->monitor, LOOK_SECONDS);
    }
    web_unlock(all->monitor);
}

visitors *visitors_open(web_monitor *monitor) {
    visitors *all = calloc(1, sizeof *all);
    if (!all)
        return NULL;
    all->monitor = monitor;
    all->watch = web_thread_start(watch, all);
    if (!all->watch) {
        free(all);
        return NULL;
    }
    return all;
}

void visitors_close(visitors *all) {
    if (!all)
        return;
    web_lock(all->monitor);
    all->closing = true;
    web_tell(all->monitor);
    web_unlock(all->monitor);
    web_thread_join(all->watch);
    free(all);
}

/* ---- one ---- */

visitor *visitors_add(visitors *all, long long socket, const void *address) {
    visitor *one = calloc(1, sizeof *one);
    if (!one)
        return NULL;
    one->socket = socket;
    one->since = web_clock();
    web_origin_of(address, &one->origin);
    web_lock(all->monitor);
    one->next = all->first;
    all->first = one;
    make_room(all, one);
    web_unlock(all->monitor);
    return one;
}

void visitors_remove(visitors *all, visitor *one) {
    if (!one)
        return;
    web_lock(all->monitor);
    visitor **link = &all->first;
    while (*link != one)
        link = &(*link)->next;
    *link = one->next;
    web_unlock(all->monitor);
    free(one);
}

void visitors_enter(visitors *all, visitor *one, visitor_phase phase) {
    web_lock(all->monitor);
    one->phase = phase;
    one->since = web_clock();
    one->bytes = 0;
    web_unlock(all->monitor);
}

void visitors_progress(visitors *all, visitor *one, size_t bytes) {
    web_lock(all->monitor);
    one->bytes += bytes;
    if (one->bytes >= STEP_BYTES) {
        one->since = web_clock();
        one->bytes = 0;
    }
    web_unlock(all->monitor);
}

void visitors_listen(visitors *all, visitor *one) {
    visitor *oldest = NULL;
    size_t count = 0;
    visitors_enter(all, one, VISITOR_LISTENS);
    web_lock(all->monitor);
    for (visitor *other = all->first; other; other = other->next) {
        if (other->phase != VISITOR_LISTENS || other->ended)
            continue;
        count++;
        if (!oldest || other->since < oldest->since)
            oldest = other;
    }
    if (count > LISTENERS_MOST)
        end(all, oldest);
    web_unlock(all->monitor);
}

bool visitor_has_ended(const visitor *one) { return one->ended; }
