/* The queue of runs, in order, kept in STUDIO_QUEUE. Its functions lock themselves. */
#ifndef PST_CLI_STUDIO_QUEUE_H
#define PST_CLI_STUDIO_QUEUE_H

#include "cli/studio/studio.h"

bool queue_open(studio *s); /* false after complaining */
void queue_close(studio *s);

/* Checks a RUN and puts it at the end. sheet and output: of a cell of a sheet, its sheet's ID and its file; NULL: a
 * result gets a name of its own. The entry as the interface has it; NULL after a refusal. */
json_t *queue_add(studio *s, const json_t *run, const char *sheet, const char *output, web_reply *reply);

/* An entry as the interface has it; NULL: there is none, any more. */
json_t *queue_entry(studio *s, const char *id);

/* Takes all entries of a sheet out that are not finished. */
void queue_cancel_sheet(studio *s, const char *sheet);

/* Whether a waiting run has this file as its result or reads it. */
bool queue_has_file(studio *s, const char *path);

#endif
