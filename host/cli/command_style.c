/* pastiche style: files that stand for images of a style. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/commands.h"
#include "cli/options/complain.h"
#include "cli/options/file_names.h"
#include "cli/options/values.h"
#include "cli/run/inputs.h"
#include "cli/run/invocation.h"

enum { ABOUT_MOST = 1000 };

/* "monet.jpg 2, harvest.jpg 1" */
static void tell_sources(const settings *s, char about[ABOUT_MOST]) {
    about[0] = '\0';
    for (size_t i = 0; i < s->style_count; i++) {
        size_t used = strlen(about);
        if (used + strlen(file_name(s->styles[i])) + 64 > ABOUT_MOST) {
            snprintf(about + used, ABOUT_MOST - used, " and %zu more", s->style_count - i);
            break;
        }
        used += (size_t)snprintf(about + used, ABOUT_MOST - used, "%s%s", i ? ", " : "", file_name(s->styles[i]));
        if (s->blend_weights)
            snprintf(about + used, ABOUT_MOST - used, " %.6g", s->blend_weights[i]);
    }
}

static int check_names(const settings *s, const char *model) {
    if (!file_is_style(s->output)) {
        complain("%s: give the style file a name that ends in .style", s->output);
        return EXIT_USAGE;
    }
    for (size_t i = 0; i < s->style_count; i++)
        if (file_same(s->output, s->styles[i]) || file_same(s->output, model)) {
            complain("%s: is both the output and an input; choose another name for -o", s->output);
            return EXIT_USAGE;
        }
    return EXIT_OK;
}

static int make_of(invocation *w, const settings *s, pst_image **images) {
    char about[ABOUT_MOST], bytes[32];
    pst_style *style = NULL;
    pst_style_info info = {.size = sizeof info};
    pst_transfer_options options = s->transfer;
    options.styles = (const pst_image *const *)images;
    options.style_count = s->style_count;
    pst_status status = PST_OK;
    for (size_t i = 0; i < s->style_count && status == PST_OK; i++) {
        if (pst_style_recognize(s->styles[i])) {
            complain("%s: is a style file already; a run blends it with others by --style-blend-weights", s->styles[i]);
            return EXIT_USAGE;
        }
        status = image_read(w->context, s, s->styles[i], &w->report, &images[i]);
    }
    if (status != PST_OK)
        return invocation_failed(w, status);
    int code = invocation_load(w);
    if (code != EXIT_OK)
        return code;
    tell_sources(s, about);
    progress_wait(&w->report, "checking the images");
    status = pst_style_create(w->context, w->network, &options, about, &style);
    if (status == PST_OK)
        status = pst_style_save(w->context, style, s->output);
    progress_clear(&w->report);
    if (status == PST_OK) {
        pst_style_describe(style, &info);
        progress_say(&w->report, "%s: %s, %zu layer%s at %zu size%s from %d to %d pixels, %s", s->output, about,
                     info.layer_count, plural(info.layer_count), info.size_count, plural(info.size_count),
                     info.sizes[info.size_count - 1], info.sizes[0], bytes_text(info.bytes, bytes));
    }
    pst_style_destroy(style);
    return status == PST_OK ? EXIT_OK : invocation_failed(w, status);
}

int style_make_command(const settings *s) {
    invocation w;
    int code = invocation_begin(&w, s);
    pst_image **images = calloc(s->style_count, sizeof *images);
    if (code == EXIT_OK)
        code = check_names(s, w.model);
    if (code == EXIT_OK)
        code = invocation_open(&w);
    if (code == EXIT_OK)
        code = images ? make_of(&w, s, images) : invocation_failed(&w, PST_ERROR_MEMORY);
    for (size_t i = 0; images && i < s->style_count; i++)
        pst_image_destroy(images[i]);
    free(images);
    invocation_end(&w);
    return code;
}

static void print_info(const pst_style_info *info) {
    static const char *const poolings[] = {"max", "average", "L2"};
    char bytes[32];
    print_line("images       %s", *info->about ? info->about : "unknown");
    print_line("network      %s (weights %.12s)", info->network, info->network_digest);
    printf("features     %s pooling%s, a border %s, samples to %d\n", poolings[info->pooling],
           info->ceil ? " that rounds up" : "", info->replicate_border ? "replicated" : "of zeros",
           info->pixels_256 ? 256 : 255);
    printf("layers      ");
    for (size_t l = 0; l < info->layer_count; l++)
        printf(" %s (%d)", info->layers[l], info->channels[l]);
    printf("\nsizes       ");
    for (size_t i = 0; i < info->size_count; i++)
        printf(" %d", info->sizes[i]);
    printf("\nbytes        %" PRIu64 " (%s)\n", info->bytes, bytes_text(info->bytes, bytes));
}

int style_info_command(const settings *s) {
    pst_context_options where;
    pst_context *context;
    pst_style *style = NULL;
    pst_style_info info = {.size = sizeof info};
    pst_context_options_init(&where, sizeof where);
    where.device = "none";
    pst_status status = pst_context_create(&where, &context);
    if (status == PST_OK)
        status = pst_style_load(context, s->words[0], &style);
    int code = status == PST_OK ? EXIT_OK : EXIT_FAILED;
    if (status != PST_OK) {
        complain("%s", context ? pst_context_message(context) : "no memory left");
    } else {
        pst_style_describe(style, &info);
        print_info(&info);
    }
    pst_style_destroy(style);
    pst_context_destroy(context);
    return code;
}
