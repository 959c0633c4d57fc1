/* The memory plan of a run, for people. */
#ifndef PST_CLI_RUN_RUN_PLAN_H
#define PST_CLI_RUN_RUN_PLAN_H

#include "pastiche.h"

/* Prints the plan and the forecast of the time. The exit code: not EXIT_OK where it does not fit. */
int plan_print(const pst_plan *plan, double seconds, const char *device);

#endif
