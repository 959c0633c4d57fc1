/* What people see of a run, all on stderr: a bar on a terminal, plain lines elsewhere. */
#ifndef PST_CLI_RUN_PROGRESS_H
#define PST_CLI_RUN_PROGRESS_H

#include <stdbool.h>

#include "cli/options/complain.h"
#include "pastiche.h"

typedef struct progress {
    bool quiet, terminal;
    bool hides_smoothness;      /* of the loss, as settings.h says */
    double loss;                /* of the last evaluation, as it is shown */
    int print_every;            /* evaluations from one plain line to the next; 0: none */
    int drawn;                  /* characters of the bar that stand on the terminal's last line */
    double drawn_at;            /* seconds of the run when they were drawn */
    double evaluated_at;        /* ... and when the last evaluation was done */
    char line[160];             /* what the bar says of it */
    int item, items;            /* this run of so many, from 1; 0: there is only one */
    int scale, scale_iteration; /* the present scale, and the iteration and seconds from which its pace is measured */
    double scale_seconds;
} progress;

void progress_begin(progress *p, bool quiet, int print_every);

/* A line of its own, "pastiche: ...", above the bar. Not printed when quiet. */
void progress_say(progress *p, const char *format, ...) PRINTF_LIKE(2, 3);

/* On a terminal, says what takes a while before the first evaluation. */
void progress_wait(progress *p, const char *what);

/* On a terminal, a bar of so many steps done, with what comes next. */
void progress_step(progress *p, int done, int total, const char *what);

/* After an evaluation. */
void progress_update(progress *p, const pst_progress *now);

/* On a terminal, in the course of an evaluation that takes long. */
void progress_tiles(progress *p, const pst_tile_progress *now);

/* Takes the bar away; needed before anything else is written. */
void progress_clear(progress *p);

/* "12:45" or "1:02:03". Returns text. */
char *progress_time(double seconds, char text[32]);

#endif
