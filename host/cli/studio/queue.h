/* The queue of runs, in order, kept in STUDIO_QUEUE. Its functions lock themselves. */
#ifndef PST_CLI_STUDIO_QUEUE_H
#define PST_CLI_STUDIO_QUEUE_H

#include "cli/run/run_keeper.h"
#include "cli/studio/studio.h"

bool queue_open(studio *s); /* false after complaining */
void queue_close(studio *s);

/* ---- for handlers ---- */

/* Checks a RUN and puts it at the end. sheet and output: of a cell of a sheet, its sheet's ID and its file; NULL: a
 * result gets a name of its own. The entry as the interface has it; NULL after a refusal. */
json_t *queue_add(studio *s, const json_t *run, const char *sheet, const char *output, web_reply *reply);

/* An entry as the interface has it; NULL: there is none, any more. */
json_t *queue_entry(studio *s, const char *id);

/* Takes an entry out: a run that is painted ends with nothing. False: there is none. */
bool queue_cancel(studio *s, const char *id);

/* Takes all entries of a sheet out that are not finished. */
void queue_cancel_sheet(studio *s, const char *sheet);

/* Whether a run that is to come or is painted will have this result. */
bool queue_has_output(studio *s, const char *name);

/* Whether such a run is made from what has this ID on the shelf. */
bool queue_uses(studio *s, const char *id);

/* The seconds that a run is likely to take on the device, and the bytes of its memory; below 0: not known. model: the
 * network's file, without folders. */
double queue_forecast(studio *s, const char *model, double pixels, int iterations, double *bytes);

/* ---- for the painter ---- */

enum { QUEUE_ID_MOST = 24 };

typedef struct queue_task {
    char id[QUEUE_ID_MOST];
    json_t *run;
    char *output;
    char checkpoint[64];
    bool begun; /* it may have a checkpoint */
} queue_task;

/* The next run to paint, which is then the present one; false: there is none now. End it with queue_ended. */
bool queue_next(studio *s, queue_task *task);

/* What people want of the present run; now may be NULL. */
run_wish queue_wish(studio *s, const pst_progress *now);

/* As run_keeper.place of the present run. */
char *queue_place(studio *s);

/* What became of the present run, and the task. message: of a failure. */
void queue_ended(studio *s, queue_task *task, run_ending ending, const char *message);

/* The same where not the run but the device or the disk is to blame: it waits, and so do all others until somebody
 * goes on. */
void queue_halted(studio *s, queue_task *task, const char *problem);

/* No run is taken until somebody goes on. */
void queue_halt(studio *s, const char *problem);

/* What a run took, or may take, for the forecasts to come. */
void queue_learn(studio *s, const char *model, double pixels, int iterations, double seconds, double device_bytes);

/* The device is open, or no longer (NULL). Forecasts are for it. */
void queue_set_device(studio *s, const char *names);

#endif
