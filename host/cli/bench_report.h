/* What a benchmark found: tables for people, JSON for machines, two of them side by side. */
#ifndef PST_CLI_BENCH_REPORT_H
#define PST_CLI_BENCH_REPORT_H

#include <jansson.h>

#include "pastiche.h"

typedef struct bench_report {
    json_t *root;      /* what --json writes */
    const char *title; /* of the table that was begun last */
} bench_report;

/* False when memory is short. */
bool bench_report_begin(bench_report *report, const pst_device_info *device);

/* Prints a row, below the head of its table, and adds it. */
void bench_report_row(bench_report *report, const pst_bench_row *row);
void bench_report_end(bench_report *report);

/* Prints what two files have in common, and the ratio of their rates. The exit code. */
int bench_compare(const char *first, const char *second);

#endif
