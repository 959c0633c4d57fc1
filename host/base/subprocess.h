/* Work that may go wrong beyond repair, such as a large library's reading of a file from anywhere, apart from this
 * process. */
#ifndef PST_BASE_SUBPROCESS_H
#define PST_BASE_SUBPROCESS_H

#include "base/status.h"

/* Fails with a message, or gives bytes of pst_allocate. It must not count on what it changes elsewhere. */
typedef pst_status (*pst_subprocess_work)(pst_error *error, void *user, uint8_t **result, size_t *bytes);

/* Does the work in a process of its own (a fork, which shares nothing back but the result), with at most memory_bytes
 * more memory and a minute of processor time. If that process dies, this is PST_ERROR_FORMAT: "path: is damaged". Where
 * a system cannot do so, the work is done in place. *result is to be freed with pst_free. */
pst_status pst_subprocess_run(pst_error *error, const char *path, uint64_t memory_bytes, pst_subprocess_work work,
                              void *user, uint8_t **result, size_t *bytes);

#endif
