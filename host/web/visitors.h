/* The connections of the page's server, and how long each may take. The time is that of a whole request, so that nobody
 * holds a place by sending a byte now and then, or of a good many bytes of a file: slow is fine, stalled is not. Where
 * all places are taken, who has had one for longest without a whole request makes room. Everything is under the
 * monitor's lock, which these functions take. */
#ifndef PST_WEB_VISITORS_H
#define PST_WEB_VISITORS_H

#include "web/platform.h"

/* One address has no more than half of the places. A browser opens six connections; all of the loopback is one address.
 */
enum { VISITORS_MOST = 32, VISITORS_OF_ADDRESS = 16, LISTENERS_MOST = 8 };

typedef enum visitor_phase {
    VISITOR_ASKS,    /* until the request is whole; also between requests */
    VISITOR_TAKES,   /* the answer */
    VISITOR_LISTENS, /* to events, which have no end */
    VISITOR_WAITS,   /* for the answer */
    VISITOR_SENDS    /* a file */
} visitor_phase;

typedef struct visitors visitors;
typedef struct visitor visitor;

/* Starts a thread that ends what takes too long. NULL: there is no memory, or no thread. */
visitors *visitors_open(web_monitor *monitor);
void visitors_close(visitors *all); /* NULL is fine */

/* A new one, from a client's address (a struct sockaddr); the socket stays open until visitors_remove. NULL: no
 * memory. */
visitor *visitors_add(visitors *all, long long socket, const void *address);
void visitors_remove(visitors *all, visitor *one); /* NULL is fine */
void visitors_enter(visitors *all, visitor *one, visitor_phase phase);

/* So many bytes of a file have come or gone. */
void visitors_progress(visitors *all, visitor *one, size_t bytes);

/* It listens from now on; where too many do, the one that has for longest makes room. */
void visitors_listen(visitors *all, visitor *one);

/* Whether it has been ended: nobody hears the answer any more. Under the lock. */
bool visitor_has_ended(const visitor *one);

#endif
