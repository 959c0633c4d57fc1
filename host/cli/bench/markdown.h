/* The results as tables in Markdown, as issues and pages of projects show them. */
#ifndef PST_CLI_BENCH_MARKDOWN_H
#define PST_CLI_BENCH_MARKDOWN_H

#include "cli/bench/figures.h"

/* free() ends the text. NULL: memory is short. */
char *bench_markdown(const bench_figures *results, size_t count, size_t *bytes);

#endif
