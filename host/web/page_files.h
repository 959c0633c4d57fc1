/* The page's own files, which CMake puts inside the program (see cl/embed.cmake). */
#ifndef PST_WEB_PAGE_FILES_H
#define PST_WEB_PAGE_FILES_H

#include <stddef.h>
#include <stdint.h>

typedef struct web_file {
    const char *name; /* "page.html" */
    const uint8_t *data;
    size_t bytes;
} web_file;

/* Ends with an entry of NULLs. */
extern const web_file web_files[];

#endif
