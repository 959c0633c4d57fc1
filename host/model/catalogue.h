/* Known networks (weights/catalogue.json, inside the library), where they are installed, and which one is meant by a
 * name or by nothing at all. The public functions pst_catalogue_* are here and in install.c. */
#ifndef PST_MODEL_CATALOGUE_H
#define PST_MODEL_CATALOGUE_H

#include "base/status.h"

/* Of the networks inside the library, the one that is used where none is installed. The texts that name it:
 * weights/README.md says where they are. */
#define PST_DEFAULT_BUILT_IN "medium"

struct pst_catalogue {
    pst_error error;
    void *json; /* owns the texts of the entries */
    pst_known_network *entries;
    size_t count;
    char *folder; /* the data folder, or NULL */
    char *path;   /* what the last call gave to the caller */
};

/* Reads a catalogue file; `path` may be built in. *catalogue is NULL on failure. */
pst_status pst_catalogue_read(pst_error *error, const char *path, pst_catalogue **catalogue);

/* The path to read a network from, as pst_network_load describes it; free with pst_free. */
pst_status pst_weights_find(pst_error *error, const char *asked, char **path);

#endif
