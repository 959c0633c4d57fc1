/* The charts of the page: each a figure with its caption, from results that have what it shows. */
#ifndef PST_CLI_BENCH_CHARTS_H
#define PST_CLI_BENCH_CHARTS_H

#include "cli/bench/figures.h"
#include "cli/bench/markup.h"

/* How a result is told from others: a letter, a symbol and a class of colors. */
char result_letter(size_t result);
const char *result_symbol(size_t result);
const char *result_class(size_t result);

/* "A  name of the device" with its symbol, for legends; of one result only the name. */
void result_name(markup *m, const bench_figures *results, size_t count, size_t result);
/* The caption of a figure that is one of several. */
void result_caption(markup *m, const bench_figures *results, size_t count, size_t result);
void result_legend(markup *m, const bench_figures *results, size_t count);

/* Seconds and memory of whole evaluations over the size of the image. */
void chart_evaluations(markup *m, const bench_figures *results, size_t count);

/* The ceilings and every kernel. All results have the same axes. */
void chart_rooflines(markup *m, const bench_figures *results, size_t count);

/* The loss over time. */
void chart_descent(markup *m, const bench_figures *results, size_t count);

/* The least and the most of every figure, as parts of its median. */
void chart_spreads(markup *m, const bench_figures *results, size_t count);

#endif
