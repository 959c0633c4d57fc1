#include "cli/run/measuring.h"

static bool show(void *user, const pst_tune_progress *now) {
    progress *report = user;
    if (now->notice)
        progress_say(report, "%s: %s", now->what, now->notice);
    else
        progress_step(report, now->done, now->total, now->what);
    return false;
}

pst_status tune_run(pst_context *context, pst_network *network, const pst_tune_options *options, progress *report) {
    pst_status status = pst_tune(context, network, options, show, report);
    progress_clear(report);
    return status;
}
