/* A file that holds for a while what does not fit into memory. It has no name once it is open, so that none is left
 * however the process ends. Several threads may read and write at once. */
#ifndef PST_BASE_SCRATCH_FILE_H
#define PST_BASE_SCRATCH_FILE_H

#include "base/status.h"

typedef struct pst_scratch_file pst_scratch_file;

/* Makes a file of so many zeros in a folder, which must be there. The room on the disk is taken now where the system
 * can do that; elsewhere it is only compared. what names the content in messages. */
pst_status pst_scratch_open(pst_error *error, const char *folder, uint64_t bytes, const char *what,
                            pst_scratch_file **file);
void pst_scratch_close(pst_scratch_file *file); /* NULL is fine */

/* Exactly `bytes` bytes from `offset` on, all within the file. */
pst_status pst_scratch_read(pst_error *error, const pst_scratch_file *file, uint64_t offset, void *data, size_t bytes);
pst_status pst_scratch_write(pst_error *error, pst_scratch_file *file, uint64_t offset, const void *data, size_t bytes);

/* How many bytes the user may still write into a folder. PST_ERROR_FILE if it is none, or no file can be made there. */
pst_status pst_scratch_room(pst_error *error, const char *folder, uint64_t *bytes);

#endif
