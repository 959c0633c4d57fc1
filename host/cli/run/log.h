/* --log: one JSON object a line for every evaluation. */
#ifndef PST_CLI_RUN_LOG_H
#define PST_CLI_RUN_LOG_H

#include <stdbool.h>
#include <stdio.h>

#include "pastiche.h"

typedef struct run_log {
    const char *path;
    FILE *file;                /* NULL: no log is wanted, or it could not be written */
    const pst_choice *choices; /* what the first line tells besides: the algorithms and the devices. May be NULL */
    size_t choice_count;
    const pst_device_info *devices;
    size_t device_count;
    double weights[3]; /* with weights_changed: the next line tells them */
    bool weights_changed;
    bool replaces;   /* what an earlier run has written, with the first line */
    const char *run; /* which of several runs in one log; may be NULL */
    int error;       /* errno of the first write that failed, or 0 */
} run_log;

/* False after complaining: it has no folder, or there is a file that is no log. */
bool log_check(const char *path);

/* path may be NULL: then the other two do nothing. more: goes on behind what is there, which otherwise is lost with the
 * first line. Complains and returns false when the file cannot be opened. */
bool log_open(run_log *log, const char *path, bool more);

/* Writes and flushes {"iteration":..., "seconds":..., "loss":..., "terms":{...}}, of several runs with "run":...; the
 * first one with "device", of several the first, "devices":[...] where there are several, and
 * "algorithms":{"relu1_1":["forward's", "backward's"], ...} as well. */
void log_evaluation(run_log *log, const pst_progress *progress);

/* Content, style and tv weight from the next evaluation on, which tells them as "weights". */
void log_weights(run_log *log, double content_weight, double style_weight, double tv_weight);

/* Complains and returns false when anything could not be written. */
bool log_close(run_log *log);

#endif
