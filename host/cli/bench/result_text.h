/* Results as tables on the terminal. */
#ifndef PST_CLI_BENCH_RESULT_TEXT_H
#define PST_CLI_BENCH_RESULT_TEXT_H

#include "cli/bench/result.h"

/* Title of the table that was begun last; zero to begin with. */
typedef struct bench_table {
    const char *title;
} bench_table;

void bench_print_head(const json_t *root);
void bench_print_score(const pst_score *score);
void bench_print_descent(const bench_descent *descent);
void bench_print_row(bench_table *table, const pst_bench_row *row);

/* Prints what `count` results have in common, two of them with the ratio of their rates. False: nothing. */
bool bench_print_together(size_t count, json_t *const results[], const char *const paths[]);

#endif
