/* The snapshot that stands between the run and the browsers, under one lock. */
#ifndef PST_WEB_STATE_H
#define PST_WEB_STATE_H

#include "web/curve.h"
#include "web/platform.h"
#include "web/shot.h"
#include "web/web.h"

enum { WEB_SECRET = 32, WEB_NOTES = 24, WEB_STYLES_MOST = 8 };

typedef struct web_noted {
    unsigned id;
    int iteration;
    web_note_kind kind;
    char text[240];
} web_noted;

struct web {
    /* for all time */
    web_monitor *monitor, *encoding; /* encoding: held while a file is made; never while the other one is */
    void *daemon;
    struct visitors *visitors;
    web_socket listener;
    web_service service; /* without answer: none */
    bool loopback, stays;
    char secret[WEB_SECRET + 1];        /* the first part of every path, where other machines can come */
    char button_secret[WEB_SECRET + 1]; /* a page shows that it could read the state */
    char url[400];

    /* under the lock */
    bool ending;
    unsigned wakes;    /* that the service has told */
    unsigned version;  /* of all that follows */
    unsigned run;      /* 0: none yet */
    const char *phase; /* "preparing", "painting", "done", "stopped", "failed" */
    char message[400];
    json_t *about; /* what does not change during a run; NULL before */
    web_shot *content, *styles[WEB_STYLES_MOST], *image;
    web_shot *next_content, *next_styles[WEB_STYLES_MOST]; /* of the run that comes; the run's thread alone has them */
    unsigned image_version;
    int image_iteration;
    double weights[3], first_weights[3];
    int iteration, iterations, width, height; /* of the result */
    int scale, scale_count, scale_width, scale_height;
    int scale_iteration; /* after the first evaluation of the scale, which has waited for its targets */
    double scale_seconds;
    double seconds, seconds_left, loss, best_loss;
    double terms[WEB_TERMS_MOST];
    json_t *term_names; /* NULL: none yet */
    json_t *shares;     /* of the last evaluation: [[rank, device, tiles, busy, wait, exchange], ...]; NULL: none */
    web_curve curve;
    web_noted notes[WEB_NOTES]; /* at id % WEB_NOTES */
    unsigned note_count;
    web_wishes wishes;
    bool has_wishes;

    int requests;     /* that are not answered yet */
    int lookers;      /* who wait for news and show the image */
    double looked_at; /* when somebody last did */
    bool image_fetched;
    double image_at, image_began, image_cost, encode_cost;
    unsigned told_version; /* the newest that somebody who looks has had */
};

/* What a browser has already: notes, and points of this run and epoch. */
typedef struct web_has {
    unsigned run, epoch;
    size_t points;
    unsigned notes;
} web_has;

/* The state as JSON without what the browser has; free() it. NULL: no memory. Under the lock. */
char *web_state_text(const web *w, const web_has *has);

/* server.c, or no_server.c. On failure a line for people is in message. */
bool web_server_start(web *w, char message[512]);
void web_server_stop(web *w);

#endif
