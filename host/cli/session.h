/* What the runs of one call share: the file of the network, the device, the loaded network. */
#ifndef PASTICHE_SESSION_H
#define PASTICHE_SESSION_H

#include "options.h"
#include "progress.h"

typedef struct page page; /* page.h */

typedef struct session {
    const settings *settings; /* for the device and the network */
    pst_catalogue *catalogue;
    const char *model;       /* the network's file; of the catalogue */
    pst_context *context;    /* NULL before session_open */
    pst_network *network;    /* NULL before session_load */
    char network_sha256[65]; /* of its file, for results to tell; "" if they are not to */
    pst_device_info device;
    progress report;
    int runs; /* how many the device will do; 1 unless the caller says otherwise */
    bool looked_at_choices, log_begun;
    const char *about; /* what a complaint of the library is about, put before it; may be NULL */
    pst_status status; /* of the last such complaint */
    page *page;        /* NULL: none is wanted */
} session;

/* The functions give an exit code; what is wrong was told then. */

/* Finds out which file the network is; nothing that takes time. Always end it with session_end. */
int session_begin(session *w, const settings *s);

/* Says what people should hear about the options, and opens the device. */
int session_open(session *w);

/* Reads the network, the first time. */
int session_load(session *w);

/* Measures a device where the network was not measured yet, once, before runs on pictures like this (any size, for its
 * sides) that are long enough to gain from it. */
void session_tune(session *w, const settings *s, const pst_image *content);

/* Complains with the library's detail of its last failure. */
int session_failed(session *w, pst_status status);

void session_end(session *w);

#endif
