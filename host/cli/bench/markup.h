/* A text that grows, for pages and tables. Texts from result files become part of it only through the functions that
 * escape. */
#ifndef PST_CLI_BENCH_MARKUP_H
#define PST_CLI_BENCH_MARKUP_H

#include <stdbool.h>
#include <stddef.h>

#include "package/compiler.h"

typedef struct markup {
    char *text; /* a zero follows; free() ends it. NULL: nothing yet, or failed */
    size_t length, room;
    bool failed; /* memory is short: what is added is lost */
} markup;

/* For the program's own words and for numbers: nothing is escaped. */
void markup_add(markup *m, const char *format, ...) PRINTF_LIKE(2, 3);

/* before, the text with what HTML and SVG would read as markup escaped, after. */
void markup_put(markup *m, const char *before, const char *text, const char *after);

/* The same for a line or a cell of a table in Markdown. */
void markdown_put(markup *m, const char *before, const char *text, const char *after);

void markup_free(markup *m);

#endif
