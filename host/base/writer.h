/* A file that is written in pieces and replaces another one only when it is whole. Several writers of one file, of any
 * processes and threads, do not meet: the last one that is installed stays. */
#ifndef PST_BASE_WRITER_H
#define PST_BASE_WRITER_H

#include "base/status.h"

typedef struct pst_writer pst_writer;

/* Names of temporary files are those of the files, this, and more. */
#define PST_WRITER_MARK ".pastiche-"

/* Begins a file, beside its place. Removes what writers of the same file left that were killed. */
pst_status pst_writer_open(pst_error *error, const char *path, pst_writer **writer);

/* The same for a file that only this user may open, whatever the umask allows. */
pst_status pst_writer_open_own(pst_error *error, const char *path, pst_writer **writer);

pst_status pst_writer_append(pst_error *error, pst_writer *writer, const void *data, size_t bytes);

/* Makes it durable and puts it in its place, atomically. */
pst_status pst_writer_install(pst_error *error, pst_writer *writer);

/* Ends a writer; what was not installed is gone. NULL is fine. */
void pst_writer_close(pst_writer *writer);

#endif
