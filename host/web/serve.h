/* What the files of the server share: server.c has the connections and judges requests, serve_live.c answers for the
 * run, serve_call.c and serve_reply.c for the service, serve_events.c sends its events. Every connection has a thread
 * of its own, so that one may wait for news; what it may touch stands in state.h. */
#ifndef PST_WEB_SERVE_H
#define PST_WEB_SERVE_H

#include <microhttpd.h>

#include "web/state.h"
#include "web/visitors.h"

typedef struct MHD_Connection connection;
typedef struct service_call service_call;

typedef struct request {
    const char *path;                     /* behind "/" and the secret */
    bool posts, is_api;                   /* POST; under "api/" */
    unsigned refusal;                     /* the code, as soon as it is clear that it is refused; 0: it is not */
    const char *why;                      /* one line */
    char *body;                           /* of a POST, with a zero; NULL: empty */
    size_t bytes, most;                   /* of body */
    service_call *call;                   /* to the service; NULL: none */
    unsigned told_version, image_version; /* of what somebody who looks gets with the answer; 0: nothing of that kind */
} request;

static inline void refuse(request *r, unsigned code, const char *why) {
    if (!r->refusal) {
        r->refusal = code;
        r->why = why;
    }
}

const char *request_header(connection *from, const char *name); /* NULL: not there */
visitor *request_visitor(connection *from);

/* ---- answers: serve_answer.c ---- */

#define CACHE_NEVER "no-store"
#define CACHE_ASKS "private, no-cache" /* the browser keeps it, and asks each time whether it has changed */

/* With the headers that every answer has; the response is given away, and NULL is no memory. */
enum MHD_Result answer_with(connection *to, unsigned code, struct MHD_Response *response, const char *type,
                            const char *cache);

/* constant: the text is there for ever; otherwise it is copied. */
enum MHD_Result answer_bytes(connection *to, unsigned code, const char *type, const void *text, size_t bytes,
                             bool constant);

/* A line for people; as {"error": line} under "api/". */
enum MHD_Result answer_line(connection *to, const request *r, unsigned code, const char *line);
enum MHD_Result answer_not_found(connection *to, const request *r);

/* ---- the run: serve_live.c ---- */

enum MHD_Result live_state(web *w, connection *to, request *r);
enum MHD_Result live_image(web *w, connection *to, const char *name, request *r);
enum MHD_Result live_press(web *w, connection *to, const request *r);

/* ---- the service: serve_call.c, serve_reply.c, serve_events.c ---- */

enum { CALL_BODY_MOST = 65536 };

/* From the headers; refuses the request where its path is not clean. */
void call_open(web *w, connection *from, request *r);
bool call_uploads(const service_call *call);                /* NULL is none */
void call_take(request *r, const char *data, size_t bytes); /* a part of an upload */
enum MHD_Result call_answer(web *w, connection *to, request *r);
void call_close(service_call *call); /* NULL is fine; no file is left */

/* Frees what the reply holds. */
enum MHD_Result reply_send(web *w, connection *to, const request *r, web_reply *reply);

enum MHD_Result events_send(web *w, connection *to, const request *r);

#endif
