/* Catalogues of known networks, and a look for a network in them. */
#include <string.h>

#include "fuzz.h"
#include "model/catalogue.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes) {
    pst_error error = {0};
    pst_catalogue *catalogue;
    const char *path = fuzz_file("catalogue", data, bytes), *found;
    size_t count;
    pst_status status = pst_catalogue_read(&error, path, &catalogue);
    fuzz_check(status, &error, catalogue, path);
    if (!catalogue)
        return 0;
    const pst_known_network *networks = pst_catalogue_networks(catalogue, &count);
    for (size_t i = 0; i < count; i++) {
        FUZZ_PROMISE(pst_catalogue_known(catalogue, networks[i].name) && !strchr(networks[i].file, '/'));
        pst_catalogue_installed(catalogue, &networks[i], &found);
    }
    if (pst_catalogue_find(catalogue, "vgg19", &found) != PST_OK)
        FUZZ_PROMISE(!found && *pst_catalogue_message(catalogue));
    pst_catalogue_close(catalogue);
    return 0;
}
