/* pastiche studio: a page in which people paint, over one folder. What its files share.
 *
 * The program works in the studio's folder: every name of a file here is one that the command line has there, too. The
 * main thread paints (painter.h); handlers answer on the server's threads, several at once. Whatever has state has a
 * lock of its own, is opened before the server listens and closed after it has ended. */
#ifndef PST_CLI_STUDIO_STUDIO_H
#define PST_CLI_STUDIO_STUDIO_H

#include <jansson.h>

#include "cli/options/options.h"
#include "cli/run/command_line.h"
#include "web/platform.h"
#include "web/web.h"

#define STUDIO_SOURCES "sources" /* what was uploaded */
#define STUDIO_OWN ".studio"
#define STUDIO_QUEUE STUDIO_OWN "/queue.json"
#define STUDIO_SHELF STUDIO_OWN "/shelf.json"
#define STUDIO_GALLERY STUDIO_OWN "/gallery.json"
#define STUDIO_CHECKPOINTS STUDIO_OWN "/checkpoints"
#define STUDIO_THUMBS STUDIO_OWN "/thumbs"
#define STUDIO_SHEETS STUDIO_OWN "/sheets"
#define STUDIO_TRASH STUDIO_OWN "/trash"

#define STUDIO_UPLOAD_MOST (512ull << 20) /* bytes of a file */

typedef struct studio {
    settings *settings; /* of the invocation; names of files in it are absolute */
    command_line given; /* what of it each run has, too */
    char *folder;       /* absolute, for people */
    _Atomic(web *) web; /* NULL before the server listens; its threads are there a moment earlier */
    path_list absolute; /* owned, for the settings */
    struct events *events;
    struct queue *queue;
    struct painter *painter;
    struct librarian *librarian;
    struct shelf *shelf;
    struct gallery *gallery;
    struct networks *networks;
} studio;

/* Answers a path whose first part is the handler's; GET and POST alike. */
typedef void studio_handler(studio *s, const web_call *call, web_reply *reply);

/* ---- answers ---- */

/* JSON; takes the root, NULL is a failure for lack of memory. */
void studio_reply(web_reply *reply, int code, json_t *root);

/* {"error": "..."}, printable. */
void studio_refuse(web_reply *reply, int code, const char *format, ...) PRINTF_LIKE(3, 4);

/* 404 of a path that nobody has, 405 of another method. */
void studio_unknown(const web_call *call, web_reply *reply);

bool studio_is(const web_call *call, const char *method, size_t parts);

/* The body as a JSON object, which the caller ends with json_decref; NULL after a refusal. */
json_t *studio_body(const web_call *call, web_reply *reply);

/* ---- events: what has changed is read again by who listens ---- */

typedef enum studio_event {
    STUDIO_EVENT_QUEUE,
    STUDIO_EVENT_PROGRESS,
    STUDIO_EVENT_SHELF,
    STUDIO_EVENT_RESULTS,
    STUDIO_EVENT_FETCH,
    STUDIO_EVENTS
} studio_event;

/* For any thread, under any lock. data: taken; NULL is {}. A new one replaces one of its kind that was not sent yet. */
void studio_tell(studio *s, studio_event kind, json_t *data);

/* ---- the handlers, each in the file that its name begins with ---- */

studio_handler queue_answer;       /* api/runs and api/queue */
studio_handler forecast_answer;    /* api/forecast */
studio_handler shelf_answer;       /* api/shelf */
studio_handler demo_answer;        /* api/demo */
studio_handler gallery_answer;     /* api/results */
studio_handler from_record_answer; /* api/read */
studio_handler trash_answer;       /* api/undo */
studio_handler networks_answer;    /* api/networks */
studio_handler sheets_answer;      /* api/sheets */

#endif
