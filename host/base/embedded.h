/* Files that CMake puts inside the library (see cl/embed.cmake): the catalogue of known networks, the network that
 * ships with the program. file.h reads them by their name behind PST_BUILT_IN. */
#ifndef PST_BASE_EMBEDDED_H
#define PST_BASE_EMBEDDED_H

#include <stddef.h>
#include <stdint.h>

typedef struct pst_embedded_file {
    const char *name; /* "catalogue.json" */
    const uint8_t *data;
    size_t bytes;
} pst_embedded_file;

/* Ends with an entry of NULLs. */
extern const pst_embedded_file pst_embedded_files[];

/* NULL if there is none. `path` begins with PST_BUILT_IN. */
const pst_embedded_file *pst_embedded_find(const char *path);

#endif
