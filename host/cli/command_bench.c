#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/bench_report.h"
#include "cli/commands.h"
#include "cli/options/arguments.h"
#include "cli/options/complain.h"
#include "cli/options/values.h"
#include "cli/run/signals.h"

enum { SIZES_MOST = 16 };

static bool take_row(void *user, const pst_bench_row *row) {
    bench_report_row(user, row);
    return signals_caught() != 0;
}

/* The file is opened before anything is measured: nobody should wait minutes to hear that it cannot be written. */
static bool write_report(const bench_report *report, FILE *file, const char *path) {
    errno = 0;
    bool good =
        json_dumpf(report->root, file, JSON_INDENT(1) | JSON_REAL_PRECISION(7)) == 0 && fputc('\n', file) != EOF;
    good = fclose(file) == 0 && good;
    if (!good)
        complain("%s: cannot be written: %s", path, strerror(errno ? errno : EIO));
    return good;
}

static int failed(const pst_context *context, pst_status status) {
    complain("%s", context ? pst_context_message(context) : "no memory left");
    return status == PST_ERROR_ARGUMENT ? EXIT_USAGE : EXIT_FAILED;
}

static int measure(pst_context *context, const char *model, const pst_bench_options *options, FILE *file,
                   const char *path) {
    pst_device_info device;
    pst_network *network = NULL;
    bench_report report = {0};
    int code = EXIT_OK;
    pst_status status = model ? pst_network_load(context, model, PST_CONVENTION_AUTO, &network) : PST_OK;
    if (status != PST_OK)
        return failed(context, status);
    pst_context_device(context, &device);
    if (bench_report_begin(&report, &device)) {
        signals_catch();
        status = pst_bench(context, network, options, take_row, &report);
        if (status == PST_STOPPED)
            code = EXIT_SIGNAL + signals_caught();
        else if (status != PST_OK)
            code = failed(context, status);
        if (code == EXIT_OK)
            puts("\n* is what a run would use. Rates count direct convolution: what needs less arithmetic can exceed "
                 "100 %.");
        if (code == EXIT_OK && file) {
            code = write_report(&report, file, path) ? EXIT_OK : EXIT_FAILED;
            file = NULL;
        }
    } else {
        code = failed(NULL, PST_ERROR_MEMORY);
    }
    bench_report_end(&report);
    pst_network_destroy(network);
    return code;
}

static bool read_sizes(const char *text, int sizes[SIZES_MOST], size_t *count) {
    char **parts = value_list(text, count);
    bool good = parts && *count <= SIZES_MOST;
    for (size_t i = 0; good && i < *count; i++) {
        int64_t size;
        good = value_integer(parts[i], &size) && size >= 16 && size <= 65535;
        sizes[i] = good ? (int)size : 0;
    }
    free(parts);
    if (!good)
        complain("--sizes \"%s\": must be at most %d whole numbers from 16 to 65535, such as 256,512", text,
                 SIZES_MOST);
    return good;
}

static void print_help(void) {
    puts("Usage: pastiche bench [--sizes LIST] [--seconds X] [--json FILE] [--model FILE]\n"
         "                      [--device DEVICE] [--choices FILE]\n"
         "       pastiche bench --compare A.json B.json\n\n"
         "Measures a device: its arithmetic and bandwidth, each convolution algorithm for\n"
         "each layer, and whole evaluations of images of the sizes in LIST\n"
         "(256,512,1024). Without a network VGG-19 is made up. X is for how long each\n"
         "measurement goes on (1). --json writes every figure; --compare prints two such\n"
         "files side by side.");
}

int bench_command(int count, char **arguments) {
    const char *sizes = NULL, *seconds = NULL, *json = NULL;
    const char *model = NULL, *device = getenv("PASTICHE_DEVICE"), *choices = choices_from_environment();
    const argument table[] = {{"--sizes", &sizes, NULL}, {"--seconds", &seconds, NULL}, {"--json", &json, NULL},
                              {"--model", &model, NULL}, {"--device", &device, NULL},   {"--choices", &choices, NULL},
                              {NULL, NULL, NULL}};
    int numbers[SIZES_MOST];
    bool help;
    if (count > 0 && strcmp(arguments[0], "--compare") == 0) {
        if (count == 3)
            return bench_compare(arguments[1], arguments[2]);
        complain("--compare needs two files; see pastiche bench --help");
        return EXIT_USAGE;
    }
    if (!arguments_read("bench", count, arguments, table, &help))
        return EXIT_USAGE;
    if (help) {
        print_help();
        return EXIT_OK;
    }
    pst_bench_options options;
    pst_bench_options_init(&options, sizeof options);
    if (seconds && (!value_number(seconds, &options.seconds) || options.seconds < 1e-3 || options.seconds > 3600)) {
        complain("--seconds \"%s\": must be a number from 0.001 to 3600", seconds);
        return EXIT_USAGE;
    }
    if (sizes) {
        options.sizes = numbers;
        if (!read_sizes(sizes, numbers, &options.size_count))
            return EXIT_USAGE;
    }
    FILE *file = json ? fopen(json, "w") : NULL;
    if (json && !file) {
        complain("%s: cannot be written: %s", json, strerror(errno));
        return EXIT_FAILED;
    }
    pst_context_options where;
    pst_context_options_init(&where, sizeof where);
    where.device = device;
    where.kernel_folder = getenv("PASTICHE_KERNELS");
    where.choices_file = choices && strcmp(choices, "none") == 0 ? "" : choices;
    pst_context *context;
    pst_status status = pst_context_create(&where, &context);
    int code = status == PST_OK ? measure(context, model, &options, file, json) : failed(context, status);
    pst_context_destroy(context);
    return code;
}
