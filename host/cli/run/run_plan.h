/* What a prepared run would take, for people. */
#ifndef PST_CLI_RUN_RUN_PLAN_H
#define PST_CLI_RUN_RUN_PLAN_H

#include "cli/run/run.h"

/* Prints the memory plan and, where that fits, a forecast of the time. */
int run_plan(run *r);

/* "in tiles of 128x128 pixels", and whether that is what was asked for rounded up. Returns text. */
char *run_tiles_text(const run *r, char text[96]);

#endif
