#include "cli/run/invocation.h"

#include <string.h>

#include "cli/options/complain.h"
#include "cli/options/file_names.h"
#include "cli/options/option_table.h"
#include "cli/ranks/world.h"
#include "cli/run/inputs.h"
#include "cli/run/live_page.h"
#include "cli/run/measuring.h"
#include "cli/run/unused.h"

/* Floating point operations that are worth measuring for. On processors the built-in choices are within a few per cent
 * of the best, and measuring takes them half a minute at first: worth it for a quarter of an hour's work. */
static const double tune_flops = 2e13, tune_flops_cpu = 5e14;

int invocation_failed_at(invocation *w, const char *about, pst_status status) {
    const char *message = w->context ? pst_context_message(w->context) : "";
    if (!*message)
        message = status == PST_ERROR_MEMORY ? "no memory left" : pst_status_name(status);
    progress_clear(&w->report);
    if (status == PST_ERROR_RANKS)
        world_gave_up();
    complain("%s%s%s", about ? about : "", about ? ": " : "", message);
    live_page_failed(w->page, message);
    w->status = status;
    return status == PST_ERROR_ARGUMENT ? EXIT_USAGE : EXIT_FAILED;
}

int invocation_failed(invocation *w, pst_status status) { return invocation_failed_at(w, NULL, status); }

int invocation_begin(invocation *w, const settings *s) {
    *w = (invocation){.settings = s, .runs = 1};
    progress_begin(&w->report, s->quiet, s->print_every);
    w->report.hides_smoothness = s->hides_smoothness;
    pst_status status = pst_catalogue_open(&w->catalogue);
    if (status == PST_OK)
        status = pst_catalogue_find(w->catalogue, s->model, &w->model);
    if (status == PST_OK)
        return EXIT_OK;
    complain("%s", w->catalogue ? pst_catalogue_message(w->catalogue) : "no memory left");
    return EXIT_FAILED;
}

static void print_notices(invocation *w) {
    const settings *s = w->settings;
    if (!s->model)
        progress_say(&w->report, "the network is %s%s", w->model,
                     strncmp(w->model, "built-in:", 9) == 0 ? "; `pastiche model fetch vgg19` installs a better one"
                                                            : "");
    for (size_t i = 0; i < s->ignored_count; i++)
        progress_say(&w->report, "--%s has no meaning here and is ignored",
                     option_name(s->ignored[i], 0, (char[OPTION_NAME_MOST]){0}));
    inputs_tell_left_out(&w->report, &s->left_out);
    unused_tell(&w->report, s);
}

int invocation_open(invocation *w) {
    const settings *s = w->settings;
    char index[DEVICE_CHOICE_MOST];
    print_notices(w);
    if (!w->page && !live_page_open(s, &w->page))
        return EXIT_FAILED;
    live_page_preparing(w->page, "opening the device");
    pst_context_options where;
    pst_context_options_init(&where, sizeof where);
    if (!device_choose(s, &w->report, index, &where.device))
        return EXIT_FAILED;
    where.kernel_folder = s->kernels;
    where.no_matrix_units = s->no_matrix_units;
    where.choices_file = s->choices;
    where.choices_text = s->choices_text;
    where.ranks = world_ranks();
    pst_status status = pst_context_create(&where, &w->context);
    if (status != PST_OK)
        return invocation_failed(w, status);
    pst_context_devices(w->context, w->devices, PST_CONTEXT_DEVICES_MAX, &w->device_count);
    device_names(w->devices, w->device_count, w->device_names);
    if (*pst_context_notice(w->context))
        progress_say(&w->report, "%s", pst_context_notice(w->context));
    return EXIT_OK;
}

/* What nothing in the network's file proves should be heard of. */
static void tell_assumptions(invocation *w) {
    pst_network_info info = {.size = sizeof info};
    pst_network_describe(w->network, &info);
    if (info.assumed)
        progress_say(&w->report, "%s: assumed to be %s's, %s; if not, pastiche model convert --convention sets it",
                     file_name(w->model), info.convention == PST_CONVENTION_TORCHVISION ? "torchvision" : "Caffe",
                     info.reason);
    if (*info.notice)
        progress_say(&w->report, "%s: %s", file_name(w->model), info.notice);
}

int invocation_load(invocation *w) {
    if (w->network)
        return EXIT_OK;
    progress_wait(&w->report, "reading the network");
    live_page_preparing(w->page, "reading the network");
    pst_status status = pst_network_load(w->context, w->model, PST_CONVENTION_AUTO, &w->network);
    if (status != PST_OK)
        return invocation_failed(w, status);
    tell_assumptions(w);
    return EXIT_OK;
}

/* What a run takes as direct convolution, forward and backward, if it uses all layers. */
static double run_flops(const invocation *w, const settings *s, int width, int height) {
    pst_network_info info = {.size = sizeof info};
    double flops = 0, pixels = (double)width * height;
    pst_network_describe(w->network, &info);
    for (size_t i = 0; i < info.layer_count; i++) {
        const pst_network_layer *layer = &info.layers[i];
        if (i > 0 &&
            layer->name[4] != info.layers[i - 1].name[4]) /* of "conv3_1": a pooling comes before another block */
            pixels /= 4;
        flops += 2 * 18 * pixels * layer->c_in * layer->c_out;
    }
    return flops * s->transfer.iterations;
}

/* The longer side to measure at, which does for sizes from half of it to twice. Where the run may go in tiles, their
 * windows are what counts, and measuring must not take more memory than they do. */
static int tuned_side(const settings *s) {
    enum { MOST = 2048, MOST_IN_TILES = 1024 };
    const pst_transfer_options *o = &s->transfer;
    const int tile = o->tile_width > o->tile_height ? o->tile_width : o->tile_height;
    int most = tile || o->memory_bytes ? MOST_IN_TILES : MOST;
    if (tile && tile < most)
        most = tile;
    return o->image_size < most ? o->image_size : most;
}

void invocation_tune(invocation *w, const settings *s, const pst_image *content) {
    if (w->looked_at_choices)
        return;
    w->looked_at_choices = true;
    const char *notice;
    pst_context_choices(w->context, &notice);
    if (*notice)
        progress_say(&w->report, "%s", notice);
    if (s->choices || s->choices_text || s->plan)
        return;
    pst_tune_options options;
    pst_tune_options_init(&options, sizeof options);
    int width = pst_image_width(content), height = pst_image_height(content), longer = width > height ? width : height;
    options.width = (int)((int64_t)tuned_side(s) * width / longer);
    options.height = (int)((int64_t)tuned_side(s) * height / longer);
    const int all_w = (int)((int64_t)s->transfer.image_size * width / longer),
              all_h = (int)((int64_t)s->transfer.image_size * height / longer);
    const double least = w->devices[0].type == PST_DEVICE_CPU ? tune_flops_cpu : tune_flops;
    bool wanted = options.width > 0 && options.height > 0 && w->runs * run_flops(w, s, all_w, all_h) >= least &&
                  !pst_tune_known(w->context, w->network, &options);
    if (!world_tell(&wanted, sizeof wanted) || !wanted)
        return;
    progress_say(&w->report, "measuring once which algorithms are the fastest on %s", w->device_names);
    live_page_preparing(w->page, "measuring once which algorithms are the fastest here");
    pst_status status = tune_run(w->context, w->network, &options, &w->report);
    if (status != PST_OK && status != PST_STOPPED) /* by a signal, which ends the run as well */
        progress_say(&w->report, "measuring: %s", pst_context_message(w->context));
}

void invocation_end(invocation *w) {
    live_page_close(w->page);
    pst_network_destroy(w->network);
    pst_context_destroy(w->context);
    pst_catalogue_close(w->catalogue);
    *w = (invocation){0};
}
