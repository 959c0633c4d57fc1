/* A page in the browser that shows a run as it goes, and takes what people want of it.
 *
 *     web_open(...)                                  the server listens; its page says that the run is being prepared
 *     web_sources(web, ...)                          the images of the run that comes
 *     web_begin(web, &run)                           what is painted from what
 *     after every evaluation:
 *         if (web_evaluation(web, progress))         somebody looks and it is time for another image
 *             web_image(web, image)
 *         web_take(web, &wishes)                     which the program then fulfils or tells by web_note why not
 *     web_end(web, WEB_DONE, "...", image)         the last state; then perhaps another web_begin
 *     web_close(web)
 *
 * All these functions but web_wake are for the run's thread, and none of them waits for a browser but web_end, web_stay
 * and web_close. The server's threads only read a snapshot, and note wishes. A program that is more than one run gives
 * web_open a service, which answers what is asked under "api/". */
#ifndef PST_WEB_WEB_H
#define PST_WEB_WEB_H

#include "package/compiler.h"
#include "pastiche.h"

enum { WEB_PORT = 1889, WEB_PORT_NICE = -1 }; /* the year of The Starry Night */

typedef struct web web;

/* One request to a service; valid during the call. */
typedef struct web_call {
    const char *method; /* "GET" or "POST"; a HEAD is a GET whose answer's content is not sent */
    /* What follows "api/", cut at "/": at least one part, at most 8, each UTF-8 without control characters and "/",
     * never empty, "." or "..". */
    char *const *path;
    size_t parts;
    const char *(*query)(const struct web_call *call, const char *name); /* as clean as the path; NULL: not there */
    const char *body; /* of a POST: text of at most 64 KiB, a zero behind it */
    size_t bytes;     /* of body; of the upload, where there is one */
    /* The file with a body that wants_upload wanted. It is removed after the call unless it was moved away. NULL: none
     */
    const char *upload;
} web_call;

/* The answer: text, or a file. Beforehand {.code = 200}. */
typedef struct web_reply {
    int code;         /* HTTP's */
    const char *type; /* static text; NULL: application/json */
    char *text;       /* by malloc, the server frees it; NULL: empty */
    size_t bytes;     /* of text; 0: up to its zero */
    char *file;       /* or the path of a file that is sent, by malloc, too. One that is not there is 404 */
    char *download;   /* a name under which a browser saves it, by malloc; NULL: it shows it */
    bool keeps;       /* a browser may keep it, and asks whether it has changed */
} web_reply;

/* What the program answers. The callbacks are for several threads at once, and none runs after web_close. */
typedef struct web_service {
    void *user;
    void (*answer)(void *user, const web_call *call, web_reply *reply);

    /* Whether the body of this POST goes into a new file, asked before it is read: in which folder, and how many bytes
     * it may have. A name begins with ".upload-": what an ended program has left of them the service may remove. NULL:
     * never. */
    bool (*wants_upload)(void *user, const web_call *call, const char **folder, unsigned long long *most);

    /* What "api/events" sends: all server-sent events that are newer than *seen (0: a new listener), by malloc, and
     * *seen moved on. NULL: nothing new. Asked at the beginning and after each web_wake. NULL: there are none. */
    char *(*events)(void *user, unsigned long long *seen);
} web_service;

/* address: NULL is 127.0.0.1, which no other machine reaches; any other one makes a URL with a secret in it. port: 0
 * takes any, WEB_PORT_NICE 1889 or the next free one. With a service (copied; NULL: none), the studio's page is at the
 * URL, and the live page at "live". NULL after putting into message what is wrong. */
web *web_open(const char *address, int port, const web_service *service, char message[512]);

/* Waits a moment for who looks to see the end. NULL is fine. */
void web_close(web *w);

/* The service has new events. For any thread, also one that holds what the service's callbacks lock. */
void web_wake(web *w);

/* Shows a URL in the user's browser and does not wait for it. False: there is none, or no screen. Processes of this
 * machine may read the URL meanwhile. */
bool web_open_browser(const char *url);

/* Where the page is; valid as long as web. */
const char *web_url(const web *w);

/* Whether web_stay will follow web_end: the page then offers to end the program. Before web_begin. */
void web_will_stay(web *w);

/* What the program is doing before the first evaluation. */
void web_preparing(web *w, const char *what);

/* Small copies are kept for the next web_begin, of the last call before it. */
void web_sources(web *w, const pst_image *content, const pst_image *const *styles, size_t style_count);

typedef struct web_run {
    const char *content_name, *const *style_names; /* for people */
    size_t style_count;
    const char *output, *device, *network;
    double content_weight, style_weight, tv_weight;
    int width, height, iterations;
} web_run;

/* Everything is copied. What was shown of a run before is gone. */
void web_begin(web *w, const web_run *run);

/* True: an image is wanted, by web_image, from where it is copied. Somebody looks, and making images so often
 * costs the run no more than about 2 per cent. */
bool web_evaluation(web *w, const pst_progress *now);
void web_image(web *w, const pst_image *image);

typedef struct web_wishes {
    bool stop, keep, weights, leave;                /* leave: web_stay need not go on */
    double content_weight, style_weight, tv_weight; /* with weights: from 0 to 1e12 */
} web_wishes;

/* Each wish is had once. Cheap where there is none, which it tells by false. */
bool web_take(web *w, web_wishes *wishes);

typedef enum web_note_kind {
    WEB_NOTE_KEPT,
    WEB_NOTE_WEIGHTS,
    WEB_NOTE_SCALE,
    WEB_NOTE_PROBLEM,
    WEB_NOTE_OTHER
} web_note_kind;

/* A line for the page, about the last evaluation. */
void web_note(web *w, web_note_kind kind, const char *format, ...) PRINTF_LIKE(3, 4);

/* The weights in force: the page's fields show them. */
void web_weights(web *w, double content_weight, double style_weight, double tv_weight);

typedef enum web_ending { WEB_DONE, WEB_STOPPED, WEB_FAILED } web_ending;

/* The run is over; image (NULL: none) is the result. */
void web_end(web *w, web_ending how, const char *text, const pst_image *image);

/* Goes on serving until somebody presses the button or is_over says so; it is asked ten times a second. */
void web_stay(web *w, bool (*is_over)(void));

#endif
