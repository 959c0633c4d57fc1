/* Measuring a device's algorithms, with a bar. */
#ifndef PST_CLI_RUN_MEASURING_H
#define PST_CLI_RUN_MEASURING_H

#include "cli/run/progress.h"

/* Before the first run on a device, or on demand: pst_tune with its progress shown. */
pst_status tune_run(pst_context *context, pst_network *network, const pst_tune_options *options, progress *report);

#endif
