/* One run: a content, its styles, a result. */
#ifndef PASTICHE_RUN_H
#define PASTICHE_RUN_H

#include "log.h"
#include "record.h"
#include "session.h"

typedef struct run {
    session *session;
    const settings *settings;
    pst_image *content, *start, **styles; /* until the job has its copies */
    pst_job *job;
    json_t *inputs;      /* for the result to tell of */
    run_log log;
    pst_progress last;   /* of the last evaluation; its pointers are not valid any more */
    double checkpoint_at;   /* seconds of the run when the last one was kept */
    bool checkpoint_failed;
    bool picture_failed; /* an intermediate picture could not be written */
} run;

/* The functions give an exit code; what is wrong was told then. */

/* Whether no output is an input or another output; needs no device. */
int run_check_names(const session *w, const settings *s);

/* Does all that comes before the first evaluation: tries the output, reads the pictures and, the first time, the network, and
 * plans. s may be others than the session's, and must live as long as the run. Always end it with run_end. */
int run_prepare(run *r, session *w, const settings *s);

/* The descent, up to the written result. A signal ends it early: EXIT_SIGNAL and its number, with the picture so far written. */
int run_paint(run *r);

void run_end(run *r);

#endif
