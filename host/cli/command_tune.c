#include <stdio.h>
#include <string.h>

#include "cli/commands.h"
#include "cli/options/complain.h"
#include "cli/options/values.h"
#include "cli/run/device_choice.h"
#include "cli/run/measuring.h"
#include "cli/run/signals.h"

#define NOTHING_YET "stopped before the first product was measured: nothing is kept"

static int failed(const pst_context *context, pst_status status) {
    complain("%s", context ? pst_context_message(context) : "no memory left");
    return status == PST_ERROR_ARGUMENT ? EXIT_USAGE : EXIT_FAILED;
}

/* What was measured before a signal is as good as ever. */
static int stopped(const pst_context *context, const pst_tune_options *options, progress *report) {
    const size_t count = pst_context_choices(context, NULL);
    if (count)
        progress_say(report, "stopped; the choices for the %zu product%s measured so far are kept%s%s", count,
                     plural(count), options->choices_file ? " in " : "",
                     options->choices_file ? options->choices_file : "");
    else
        progress_say(report, NOTHING_YET);
    return EXIT_SIGNAL + signals_caught();
}

static int tune(const pst_context_options *where, const char *model, const pst_tune_options *options) {
    progress report;
    pst_context *context;
    pst_network *network = NULL;
    pst_device_info devices[PST_CONTEXT_DEVICES_MAX];
    size_t count = 0;
    char names[DEVICE_NAMES_MOST];
    progress_begin(&report, false, 0);
    pst_status status = pst_context_create(where, &context);
    if (status == PST_OK && model)
        status = pst_network_load(context, model, PST_CONVENTION_AUTO, &network);
    if (status == PST_OK) {
        pst_context_devices(context, devices, PST_CONTEXT_DEVICES_MAX, &count);
        signals_catch(report.terminal);
        signals_nothing_to_lose(report.terminal ? "\npastiche: " NOTHING_YET "\n" : "pastiche: " NOTHING_YET "\n");
        status = tune_run(context, network, options, &report);
        signals_nothing_to_lose(NULL);
    }
    int code = status == PST_OK        ? EXIT_OK
               : status == PST_STOPPED ? stopped(context, options, &report)
                                       : failed(context, status);
    if (code == EXIT_OK)
        device_names(devices, count, names);
    const size_t products = code == EXIT_OK ? pst_context_choices(context, NULL) : 0;
    if (code == EXIT_OK)
        print_line("%zu product%s measured on %s. The choices are kept%s%s; measuring again replaces them.", products,
                   plural(products), names, options->choices_file ? " in " : " for later runs",
                   options->choices_file ? options->choices_file : "");
    pst_network_destroy(network);
    pst_context_destroy(context);
    return code;
}

int tune_command(const settings *s) {
    pst_tune_options options;
    if (s->choices && !*s->choices) {
        complain("--choices none keeps nothing; without it (and PASTICHE_CHOICES) the device's own file is written");
        return EXIT_USAGE;
    }
    if (s->choices && strcmp(s->choices, "-") == 0) {
        complain("--choices -: choices are written to a file only; name one");
        return EXIT_USAGE;
    }
    pst_tune_options_init(&options, sizeof options);
    options.width = options.height = s->transfer.image_size;
    options.choices_file = s->choices;
    pst_context_options where;
    pst_context_options_init(&where, sizeof where);
    where.device = s->device;
    where.kernel_folder = s->kernels;
    where.no_matrix_units = s->no_matrix_units;
    where.choices_file = ""; /* what was measured before is measured again */
    return tune(&where, s->model, &options);
}
