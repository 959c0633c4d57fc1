/* pastiche model info and pastiche model convert. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/commands.h"
#include "cli/options/complain.h"
#include "cli/options/file_names.h"
#include "cli/options/values.h"

static const char *convention_text(pst_convention convention) {
    switch (convention) {
    case PST_CONVENTION_CAFFE:
        return "Caffe: BGR, 0 to 255, minus (103.939, 116.779, 123.68)";
    case PST_CONVENTION_TORCHVISION:
        return "torchvision: RGB, 0 to 1, normalized";
    case PST_CONVENTION_RGB:
        return "RGB, 0 to 255, minus a mean of its own";
    case PST_CONVENTION_AUTO:
        break;
    }
    return "unknown";
}

static int failed(const pst_context *context, pst_status status) {
    complain("%s", context ? pst_context_message(context) : "no memory left");
    return status == PST_ERROR_ARGUMENT ? EXIT_USAGE : EXIT_FAILED;
}

/* Loads a network without any device. */
static pst_status load(const char *path, pst_convention convention, pst_context **context, pst_network **network) {
    pst_context_options where;
    pst_context_options_init(&where, sizeof where);
    where.device = "none";
    *network = NULL;
    pst_status status = pst_context_create(&where, context);
    return status == PST_OK ? pst_network_load(*context, path, convention, network) : status;
}

static bool has_layer(const pst_network_info *info, const char *relu) {
    for (size_t i = 0; i < info->layer_count; i++)
        if (strcmp(info->layers[i].name + strlen("conv"), relu + strlen("relu")) == 0)
            return true;
    return false;
}

/* Appends the layers of a list that the network lacks. */
static void add_missing(const pst_network_info *info, const char *list, char *missing, size_t size) {
    size_t count;
    char **layers = value_list(list, &count);
    for (size_t i = 0; layers && i < count; i++) {
        size_t used = strlen(missing);
        if (!has_layer(info, layers[i]))
            snprintf(missing + used, size - used, "%s%s", used ? ", " : "", layers[i]);
    }
    free(layers);
}

static void print_info(const pst_network_info *info) {
    char missing[128] = "";
    pst_transfer_options usual;
    pst_transfer_options_init(&usual, sizeof usual);
    add_missing(info, usual.style_layers, missing, sizeof missing);
    add_missing(info, usual.content_layers, missing, sizeof missing);
    print_line("format       %s", info->format);
    if (info->scaled)
        print_line("             weights in 8 bits, with a scale for each output channel");
    print_line("convention   %s", convention_text(info->convention));
    print_line("             %s%s", info->assumed ? "assumed " : "", info->reason);
    if (*info->notice)
        print_line("note         %s", info->notice);
    printf("parameters   %" PRIu64 " in %zu convolutions\n", info->parameters, info->layer_count);
    for (size_t i = 0; i < info->layer_count; i++)
        print_line("%-13s%d -> %d", info->layers[i].name, info->layers[i].c_in, info->layers[i].c_out);
    if (*missing)
        print_line("missing      %s of the default layers", missing);
}

int model_info_command(const settings *s) {
    pst_context *context;
    pst_network *network;
    pst_network_info info = {.size = sizeof info};
    pst_status status = load(s->words[0], (pst_convention)s->convention, &context, &network);
    int code = status == PST_OK ? EXIT_OK : failed(context, status);
    if (code == EXIT_OK) {
        pst_network_describe(network, &info);
        print_info(&info);
    }
    pst_network_destroy(network);
    pst_context_destroy(context);
    return code;
}

static int convert(const char *from, const char *to, pst_convention convention, bool half) {
    pst_context *context;
    pst_network *network;
    pst_network_info info = {.size = sizeof info};
    pst_status status = load(from, convention, &context, &network);
    if (status == PST_OK) {
        pst_network_describe(network, &info);
        if (info.assumed)
            complain("%s: its first layer is assumed to expect %s, %s; if not, --convention sets it", from,
                     convention_text(info.convention), info.reason);
        if (*info.notice)
            complain("%s: %s", from, info.notice);
        status = pst_network_save(network, to, half);
    }
    int code = status == PST_OK ? EXIT_OK : failed(context, status);
    if (code == EXIT_OK)
        print_line("%s: %zu convolutions of %s, %s", to, info.layer_count, from, half ? "F16" : "F32");
    pst_network_destroy(network);
    pst_context_destroy(context);
    return code;
}

int model_convert_command(const settings *s) {
    static const char ending[] = ".safetensors";
    const char *from = s->words[0], *to = s->words[1];
    size_t length = strlen(to);
    if (length < sizeof ending || strcmp(to + length - (sizeof ending - 1), ending) != 0) {
        complain("%s: the result is a safetensors file; give it a name that ends in %s", to, ending);
        return EXIT_USAGE;
    }
    if (file_same(from, to)) {
        complain("%s: would be replaced by what is converted from it; name another file", to);
        return EXIT_USAGE;
    }
    return convert(from, to, (pst_convention)s->convention, s->f16);
}
