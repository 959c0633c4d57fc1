/* The descent of a prepared run, with all that it writes on the way. */
#ifndef PST_CLI_RUN_RUN_PAINT_H
#define PST_CLI_RUN_RUN_PAINT_H

#include "cli/run/run.h"

/* Runs up to the written result. A signal ends it early: EXIT_SIGNAL and its number, with the image so far written. */
int run_paint(run *r);

#endif
