/* What a prepared run would take, for people. */
#ifndef PST_CLI_RUN_RUN_PLAN_H
#define PST_CLI_RUN_RUN_PLAN_H

#include "cli/run/run.h"

/* Prints the memory plan and, where that fits, a forecast of the time. */
int run_plan(run *r);

#endif
