/* One run: a content, its styles, a result. */
#ifndef PST_CLI_RUN_RUN_H
#define PST_CLI_RUN_RUN_H

#include "cli/options/file_names.h"
#include "cli/run/invocation.h"
#include "cli/run/log.h"
#include "cli/run/masks.h"
#include "cli/run/record.h"
#include "cli/run/run_keeper.h"

typedef struct run {
    invocation *invocation;
    const settings *settings;
    pst_image *content, *start, **styles; /* until the job has its copies */
    pst_style **stored;                   /* for each style, where its image is NULL; as they */
    masks masks;                          /* as they */
    pst_job *job;
    json_t *inputs; /* for the result to tell of */
    run_log log;
    pst_progress last;  /* of the last evaluation; its pointers are not valid any more */
    pst_progress first; /* of the first evaluation of that scale, the same; iteration 0: unknown, or of other weights */
    double checkpoint_at;     /* seconds of the run when the last one was kept */
    double checkpoint_cost;   /* seconds that keeping it took */
    int checkpoint_iteration; /* the last one that was kept or tried; 0: none */
    bool checkpoint_failed;
    file_mark checkpoint; /* the file that this run wrote there, or goes on from; zero: none */
    bool stopped;         /* by a signal, before its end */
    bool image_failed;    /* an intermediate image could not be written */
    const char *bad;      /* the file of the image that could not be read, or NULL */

    /* May be set after run_prepare. */
    const char *title;        /* said before the run, instead of what it runs on */
    bool apart;               /* when a signal ends it, the image goes to OUT_N: OUT stays for a whole one */
    pst_image **result;       /* the image goes there instead of into a file; the caller's then */
    const run_keeper *keeper; /* no image on the way replaces a file then. NULL: none */

    run_wish wish;     /* the keeper's last */
    run_ending ending; /* after run_paint */
} run;

/* The functions give an exit code; what is wrong was told then. */

/* Whether a path is one of the files that a run reads. */
bool run_is_input(const invocation *w, const settings *s, const char *path);

/* Whether an image on the way must not have this name: an input, a result or the log. */
bool run_is_taken(const invocation *w, const settings *s, const char *path);

/* Whether no output is an input or another output; needs no device. */
int run_check_names(const invocation *w, const settings *s);

/* For several runs of one command: refuses what only a single one can have. */
int run_check_single(const settings *s);

/* Whether the output can be written, without a trace. */
int run_check_output(invocation *w, const settings *s);

/* Does all that comes before the first evaluation: reads the images and, the first time, the network, and plans. s
 * may be others than the invocation's, and must live as long as the run. Always end it with run_end. */
int run_prepare(run *r, invocation *w, const settings *s);

/* Complains if the plan does not fit into the device's memory. */
int run_check_plan(const run *r);

/* Complains about what was computed, whose messages name no image: in a batch with the output's name before it. */
int run_failed(run *r, pst_status status);

void run_end(run *r);

#endif
