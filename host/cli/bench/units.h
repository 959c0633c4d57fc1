/* Numbers as the pages and tables of the benchmark show them: four digits and a unit, "-" for a number that is missing.
 */
#ifndef PST_CLI_BENCH_UNITS_H
#define PST_CLI_BENCH_UNITS_H

enum { UNITS_MOST = 32 };

/* Writes a number and returns text. */
typedef char *units_text(double value, char text[UNITS_MOST]);

units_text units_plain, units_count, units_seconds, units_percent, units_bytes;
units_text units_flops;      /* "233.1 GFLOP/s" */
units_text units_bandwidth;  /* "22.13 GB/s" */
units_text units_megapixels; /* "0.3784 MP/s" */

/* For ticks of an axis: few digits. */
units_text units_tick, units_tick_seconds, units_tick_prefix, units_tick_percent;

#endif
