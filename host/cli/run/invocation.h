/* What the runs of one call share: the file of the network, the device, the loaded network. */
#ifndef PST_CLI_RUN_INVOCATION_H
#define PST_CLI_RUN_INVOCATION_H

#include "cli/options/options.h"
#include "cli/run/device_choice.h"

typedef struct live_page live_page; /* live_page.h */

typedef struct invocation {
    const settings *settings; /* for the device and the network */
    pst_catalogue *catalogue;
    const char *model;    /* the network's file; of the catalogue */
    pst_context *context; /* NULL before invocation_open */
    pst_network *network; /* NULL before invocation_load */
    pst_device_info devices[PST_CONTEXT_DEVICES_MAX];
    size_t device_count;
    char device_names[DEVICE_NAMES_MOST];
    progress report;
    int runs; /* how many the device will do; 1 unless the caller says otherwise */
    bool looked_at_choices, log_begun;
    bool evaluated;    /* so there is something to lose, and kernels are compiled */
    pst_status status; /* of the last complaint of the library */
    live_page *page;   /* NULL: none is wanted */
} invocation;

/* The functions give an exit code; what is wrong was told then. */

/* Finds out which file the network is; nothing that takes time. Always end it with invocation_end. */
int invocation_begin(invocation *w, const settings *s);

/* Says what people should hear about the options, and opens the device. */
int invocation_open(invocation *w);

/* Reads the network, the first time. */
int invocation_load(invocation *w);

/* Measures a device where the network was not measured yet, once, before runs on images like this (any size, for its
 * sides) that are long enough to gain from it. */
void invocation_tune(invocation *w, const settings *s, const pst_image *content);

/* Complains with the library's detail of its last failure. */
int invocation_failed(invocation *w, pst_status status);

/* The same, with what it is about before it, unless that is NULL. */
int invocation_failed_at(invocation *w, const char *about, pst_status status);

void invocation_end(invocation *w);

#endif
