#include "base/embedded.h"

#include <string.h>

#include "base/file.h"

const pst_embedded_file *pst_embedded_find(const char *path) {
    const char *name = path + strlen(PST_BUILT_IN);
    for (const pst_embedded_file *file = pst_embedded_files; file->name; file++)
        if (strcmp(file->name, name) == 0)
            return file;
    return NULL;
}
