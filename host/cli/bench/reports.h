/* The files that people read: a page, tables in Markdown. */
#ifndef PST_CLI_BENCH_REPORTS_H
#define PST_CLI_BENCH_REPORTS_H

#include <stddef.h>

#include <jansson.h>

typedef struct bench_reports {
    const char *page, *markdown; /* files to write; NULL: none */
} bench_reports;

/* Of results that bench_result_read gave, or of a new one; labels name their files in messages and on the page. The
 * exit code. */
int bench_reports_write(const bench_reports *to, json_t *const *results, const char *const *labels, size_t count);

#endif
