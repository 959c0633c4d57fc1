/* Measuring a device's algorithms, with a bar. */
#ifndef PST_CLI_RUN_MEASURING_H
#define PST_CLI_RUN_MEASURING_H

#include "cli/run/progress.h"

/* Before the first run on a device, or on demand: pst_tune with its progress shown. PST_STOPPED: a signal was caught;
 * once a product is measured there is something to lose (signals.h). */
pst_status tune_run(pst_context *context, pst_network *network, const pst_tune_options *options, progress *report);

#endif
