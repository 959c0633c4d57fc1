/* The report of one or several results as one HTML file that needs nothing else: no network, no script. */
#ifndef PST_CLI_BENCH_PAGE_H
#define PST_CLI_BENCH_PAGE_H

#include "cli/bench/figures.h"
#include "cli/bench/markup.h"

/* free() ends the text. NULL: memory is short. */
char *bench_page(const bench_figures *results, size_t count, size_t *bytes);

/* Parts of it: page_layers.c */
void page_layers(markup *m, const bench_figures *results, size_t count);
void page_kernels(markup *m, const bench_figures *results, size_t count);

/* page_tables.c */
void page_evaluations(markup *m, const bench_figures *results, size_t count);
void page_targets(markup *m, const bench_figures *results, size_t count);
void page_loads(markup *m, const bench_figures *results, size_t count);
void page_rows(markup *m, const bench_figures *results, size_t count);

#endif
