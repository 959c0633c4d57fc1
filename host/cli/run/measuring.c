#include "cli/run/measuring.h"

#include "cli/run/signals.h"

static bool show(void *user, const pst_tune_progress *now) {
    progress *report = user;
    if (now->done > 0)
        signals_nothing_to_lose(NULL);
    if (now->notice)
        progress_say(report, "%s: %s", now->what, now->notice);
    else
        progress_step(report, now->done, now->total, now->what);
    return signals_caught() != 0;
}

pst_status tune_run(pst_context *context, pst_network *network, const pst_tune_options *options, progress *report) {
    pst_status status = pst_tune(context, network, options, show, report);
    progress_clear(report);
    return status;
}
