#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/bench_report.h"
#include "cli/commands.h"
#include "cli/options/complain.h"
#include "cli/run/signals.h"

static bool take_row(void *user, const pst_bench_row *row) {
    bench_report_row(user, row);
    return signals_caught() != 0;
}

static int failed(const pst_context *context, pst_status status) {
    complain("%s", context ? pst_context_message(context) : "no memory left");
    return status == PST_ERROR_ARGUMENT ? EXIT_USAGE : EXIT_FAILED;
}

static int write_report(pst_context *context, const bench_report *report, const char *path) {
    char *text = json_dumps(report->root, JSON_INDENT(1) | JSON_REAL_PRECISION(7));
    size_t length = text ? strlen(text) : 0;
    if (!text)
        return failed(NULL, PST_ERROR_MEMORY);
    text[length] = '\n'; /* in the place of the zero */
    pst_status status = pst_file_write(context, path, text, length + 1);
    free(text);
    return status == PST_OK ? EXIT_OK : failed(context, status);
}

static int measure(pst_context *context, const char *model, const pst_bench_options *options, const char *path) {
    pst_device_info device;
    size_t count;
    pst_network *network = NULL;
    bench_report report = {0};
    int code = EXIT_OK;
    pst_status status = path ? pst_file_write_check(context, path) : PST_OK; /* not after minutes */
    if (status == PST_OK && model)
        status = pst_network_load(context, model, PST_CONVENTION_AUTO, &network);
    if (status != PST_OK)
        return failed(context, status);
    pst_context_device(context, &device);
    pst_context_devices(context, NULL, 0, &count);
    if (count > 1) {
        complain("pastiche bench measures one device, and %zu are named; measure one after the other", count);
        code = EXIT_USAGE;
    } else if (bench_report_begin(&report, &device)) {
        signals_catch();
        status = pst_bench(context, network, options, take_row, &report);
        if (status == PST_STOPPED)
            code = EXIT_SIGNAL + signals_caught();
        else if (status != PST_OK)
            code = failed(context, status);
        if (code == EXIT_OK)
            puts("\n* marks what a run would use. Rates count direct convolution: algorithms with less arithmetic can "
                 "exceed "
                 "100 %.");
        if (code == EXIT_OK && path)
            code = write_report(context, &report, path);
    } else {
        code = failed(NULL, PST_ERROR_MEMORY);
    }
    bench_report_end(&report);
    pst_network_destroy(network);
    return code;
}

int bench_command(const settings *s) {
    if (s->compare && s->word_count == 2)
        return bench_compare(s->words[0], s->words[1]);
    if (s->compare || s->word_count > 0) {
        complain(s->compare ? "--compare needs two files; see pastiche bench --help"
                            : "%s: files are for --compare; see pastiche bench --help",
                 s->words[0]);
        return EXIT_USAGE;
    }
    pst_bench_options options = s->bench;
    options.sizes = options.size_count ? s->bench_sizes : NULL;
    pst_context_options where;
    pst_context_options_init(&where, sizeof where);
    where.device = s->device;
    where.kernel_folder = s->kernels;
    where.no_matrix_units = s->no_matrix_units;
    where.choices_file = s->choices;
    pst_context *context;
    pst_status status = pst_context_create(&where, &context);
    int code = status == PST_OK ? measure(context, s->model, &options, s->bench_json) : failed(context, status);
    pst_context_destroy(context);
    return code;
}
