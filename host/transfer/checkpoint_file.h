/* How the file of a checkpoint begins and ends; checkpoint.c has the whole layout. */
#ifndef PST_TRANSFER_CHECKPOINT_FILE_H
#define PST_TRANSFER_CHECKPOINT_FILE_H

#include <stdint.h>

#include "base/file.h"

#define PST_CHECKPOINT_MAGIC "pastiche checkpoint\n"
#define PST_CHECKPOINT_VERSION 3u
#define PST_CHECKPOINT_TEXT_MOST (1u << 20) /* of the options */

/* The last line of the text of options, which is no option: another value changes the last bits only. Files from before
 * have none. */
#define PST_CHECKPOINT_UNITS "matrix_units="

/* The numbers of the job and its stage, as they stand in the file. */
typedef struct pst_checkpoint_state {
    int64_t iteration, best_iteration, x_is_best, restarts, job_iteration, window_since;
    double best_loss, loss, seconds, content_weight, style_weight, tv_weight;
} pst_checkpoint_state;

/* Does the file begin as a checkpoint does, and is the sum at its end that of all before? Nothing is believed before
 * that is known. */
pst_status pst_checkpoint_check_sum(pst_error *error, pst_file *file, const char *path, uint64_t bytes);

/* Fails for a file that is there and is no checkpoint: its content would be lost. An empty one is a name that was
 * reserved. */
pst_status pst_checkpoint_refuse_other(pst_error *error, const char *path);

/* Fails for the file of another version. */
pst_status pst_checkpoint_refuse_version(pst_error *error, const char *path);

#endif
