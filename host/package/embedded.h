/* Files that CMake builds in (see embed.cmake). Each room that has some declares a table of its own. */
#ifndef PST_PACKAGE_EMBEDDED_H
#define PST_PACKAGE_EMBEDDED_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

typedef struct embedded_file {
    const char *name; /* "page.html" */
    const uint8_t *data;
    size_t bytes; /* a zero follows them */
} embedded_file;

/* NULL if there is none. A table ends with an entry of NULLs. */
static inline const embedded_file *embedded_find(const embedded_file *table, const char *name) {
    while (table->name && strcmp(table->name, name) != 0)
        table++;
    return table->name ? table : NULL;
}

#endif
