/* A file that is written in pieces, over several runs if need be, and takes its name only when it is whole. Until then
 * it is beside its place as "NAME.part", and one process at a time has it. */
#ifndef PST_BASE_PARTIAL_H
#define PST_BASE_PARTIAL_H

#include "base/status.h"

typedef struct pst_partial pst_partial;

/* Opens what an earlier run left, or an empty one; *bytes is its size. Makes the folder. PST_ERROR_FILE when another
 * process writes it. */
pst_status pst_partial_open(pst_error *error, const char *path, pst_partial **partial, uint64_t *bytes);

/* Throws away what stands behind the first `bytes` bytes. */
pst_status pst_partial_cut(pst_error *error, pst_partial *partial, uint64_t bytes);

pst_status pst_partial_append(pst_error *error, pst_partial *partial, const void *data, size_t bytes);

/* Reads at most `bytes` bytes; *got is 0 at the end. */
pst_status pst_partial_read(pst_error *error, pst_partial *partial, uint64_t offset, void *data, size_t bytes,
                            size_t *got);

uint64_t pst_partial_bytes(const pst_partial *partial);

/* Makes it durable and gives it its name, atomically, over what is there. */
pst_status pst_partial_install(pst_error *error, pst_partial *partial);

/* Leaves the part for a later run; an empty one is removed. */
void pst_partial_close(pst_partial *partial);

#endif
