/* The files beside a network's own file that hold parts of it. The file that names them may come from anywhere, so only
 * regular files in its own folder are opened. */
#ifndef PST_MODEL_COMPANION_H
#define PST_MODEL_COMPANION_H

#include "base/file.h"

typedef struct pst_companion {
    char *name, *path;
    pst_file *file;
    uint64_t bytes;
} pst_companion;

typedef struct pst_companions {
    const char *path; /* of the file that names them; the owner's */
    pst_companion *list;
    size_t count;
} pst_companions;

/* Opens the file of that name, or finds the one that was opened before; it is closed with the others. Messages begin
 * with the path of the file that names it. */
pst_status pst_companion_open(pst_error *error, pst_companions *of, const char *name, const pst_companion **companion);
void pst_companions_close(pst_companions *of);

/* For a path that is named as one of several parts of a network: fails with a message that tells which file to name
 * instead. PST_OK for other paths. */
pst_status pst_companion_refuse_part(pst_error *error, const char *path);

#endif
