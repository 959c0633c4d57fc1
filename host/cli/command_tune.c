#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/commands.h"
#include "cli/options/arguments.h"
#include "cli/options/complain.h"
#include "cli/run/measuring.h"

static int failed(const pst_context *context, pst_status status) {
    complain("%s", context ? pst_context_message(context) : "no memory left");
    return status == PST_ERROR_ARGUMENT ? EXIT_USAGE : EXIT_FAILED;
}

static int tune(const pst_context_options *where, const char *model, const pst_tune_options *options) {
    progress report;
    pst_context *context;
    pst_network *network = NULL;
    pst_device_info device;
    progress_begin(&report, false, 0);
    pst_status status = pst_context_create(where, &context);
    if (status == PST_OK && model)
        status = pst_network_load(context, model, PST_CONVENTION_AUTO, &network);
    if (status == PST_OK) {
        pst_context_device(context, &device);
        status = tune_run(context, network, options, &report);
    }
    int code = status == PST_OK ? EXIT_OK : failed(context, status);
    if (code == EXIT_OK)
        printf("%zu products measured on %s.\n", pst_context_choices(context, NULL), device.name);
    pst_network_destroy(network);
    pst_context_destroy(context);
    return code;
}

int tune_command(int count, char **arguments) {
    const char *size = NULL, *model = getenv("PASTICHE_MODEL"), *device = getenv("PASTICHE_DEVICE");
    const char *choices = choices_from_environment();
    bool help;
    const argument table[] = {{"--image-size", &size, NULL},
                              {"--model", &model, NULL},
                              {"--device", &device, NULL},
                              {"--choices", &choices, NULL},
                              {NULL, NULL, NULL}};
    if (!arguments_read("tune", count, arguments, table, &help))
        return EXIT_USAGE;
    if (help) {
        puts("Usage: pastiche tune [--image-size N] [--model FILE] [--device DEVICE]\n"
             "                     [--choices FILE]\n\n"
             "Measures which convolution algorithms are the fastest on a device, for images\n"
             "of about N pixels (512) and a network (VGG-19), and keeps them for later runs,\n"
             "or in FILE.");
        return EXIT_OK;
    }
    pst_tune_options options;
    pst_tune_options_init(&options, sizeof options);
    if (size && !argument_integer("--image-size", size, 16, 65535, &options.width))
        return EXIT_USAGE;
    options.height = options.width;
    options.choices_file = choices && *choices ? choices : NULL;
    pst_context_options where;
    pst_context_options_init(&where, sizeof where);
    where.device = device;
    where.kernel_folder = getenv("PASTICHE_KERNELS");
    where.choices_file = ""; /* what was measured before is measured again */
    return tune(&where, model && *model ? model : NULL, &options);
}
