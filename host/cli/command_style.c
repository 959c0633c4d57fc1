/* pastiche style: files that stand for images of a style. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/commands.h"
#include "cli/options/arguments.h"
#include "cli/options/complain.h"
#include "cli/options/file_names.h"
#include "cli/options/values.h"
#include "cli/run/inputs.h"
#include "cli/run/invocation.h"

enum { ABOUT_MOST = 1000 };

static const char make_help[] =
    "Usage: pastiche style make IMAGE... -o OUT.style [option...]\n\n"
    "Keeps what one painting or a blend of several is to a network, for runs that need\n"
    "no images of the style: pastiche photo.jpg OUT.style -o out.png\n\n"
    "  -o OUT.style\n"
    "  --weights LIST              share of each image, such as 2,1 (equal)\n"
    "  --image-size N              the largest longer side that is kept (1024)\n"
    "  --min-size N                the smallest; sizes are the square root of 2 apart (128)\n"
    "  --style-layers LIST         relu1_1,relu2_1,relu3_1,relu4_1,relu5_1\n"
    "  --model FILE                the network; runs must use the same\n"
    "  --pooling, --border         likewise, and --preset for all at once\n"
    "  --device DEVICE, --workspace MIB, --choices FILE, --quiet\n"
    "                              as for a run";

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
    progress_wait(&w->report, "looking at the images");
    status = pst_style_create(w->context, w->network, &options, about, &style);
    if (status == PST_OK)
        status = pst_style_save(w->context, style, s->output);
    progress_clear(&w->report);
    if (status == PST_OK) {
        pst_style_describe(style, &info);
        progress_say(&w->report, "%s: %s, %zu layers at %zu sizes from %d to %d pixels, %s", s->output, about,
                     info.layer_count, info.size_count, info.sizes[info.size_count - 1], info.sizes[0],
                     bytes_text(info.bytes, bytes));
    }
    pst_style_destroy(style);
    return status == PST_OK ? EXIT_OK : invocation_failed(w, status);
}

static int make(const settings *s) {
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

static int make_command(int count, char **arguments) {
    settings s;
    int code = EXIT_USAGE;
    if (options_read_style(&s, count, arguments)) {
        code = EXIT_OK;
        if (s.help)
            puts(make_help);
        else if (s.version)
            printf("pastiche %s\n", pst_version());
        else
            code = make(&s);
    }
    options_free(&s);
    return code;
}

static void print_info(const pst_style_info *info) {
    static const char *const poolings[] = {"max", "average", "L2"};
    char bytes[32];
    printf("images     %s\n", *info->about ? info->about : "unknown");
    printf("network      %s (weights %.12s)\n", info->network, info->network_digest);
    printf("features     %s pooling, a border %s, samples to %d\n", poolings[info->pooling],
           info->replicate_border ? "replicated" : "of zeros", info->pixels_256 ? 256 : 255);
    printf("layers      ");
    for (size_t l = 0; l < info->layer_count; l++)
        printf(" %s (%d)", info->layers[l], info->channels[l]);
    printf("\nsizes       ");
    for (size_t i = 0; i < info->size_count; i++)
        printf(" %d", info->sizes[i]);
    printf("\nbytes        %" PRIu64 " (%s)\n", info->bytes, bytes_text(info->bytes, bytes));
}

static int tell_command(int count, char **arguments) {
    const char *path = NULL;
    bool help;
    const argument table[] = {{"FILE", &path, NULL}, {NULL, NULL, NULL}};
    if (!arguments_read("style info", count, arguments, table, &help))
        return EXIT_USAGE;
    if (help) {
        puts("Usage: pastiche style info FILE\n\n"
             "Prints what a style file was made of, with which network, and its layers and sizes.");
        return EXIT_OK;
    }
    if (!path) {
        complain("no file given; usage: pastiche style info FILE");
        return EXIT_USAGE;
    }
    pst_context_options where;
    pst_context *context;
    pst_style *style = NULL;
    pst_style_info info = {.size = sizeof info};
    pst_context_options_init(&where, sizeof where);
    where.device = "none";
    pst_status status = pst_context_create(&where, &context);
    if (status == PST_OK)
        status = pst_style_load(context, path, &style);
    int code = status == PST_OK ? EXIT_OK : EXIT_FAILED;
    if (status != PST_OK)
        complain("%s", context ? pst_context_message(context) : "no memory left");
    if (code == EXIT_OK) {
        pst_style_describe(style, &info);
        print_info(&info);
        if (fflush(stdout) != 0 || ferror(stdout)) {
            complain("standard output cannot be written");
            code = EXIT_FAILED;
        }
    }
    pst_style_destroy(style);
    pst_context_destroy(context);
    return code;
}

int style_command(int count, char **arguments) {
    const char *name = count > 0 ? arguments[0] : "";
    if (strcmp(name, "make") == 0)
        return make_command(count - 1, arguments + 1);
    if (strcmp(name, "info") == 0)
        return tell_command(count - 1, arguments + 1);
    if (strcmp(name, "--help") != 0 && strcmp(name, "-h") != 0) {
        complain("pastiche style %s: there is no such command; see pastiche style --help", *name ? name : "...");
        return EXIT_USAGE;
    }
    puts("Usage:\n"
         "  pastiche style make IMAGE... -o OUT.style   keep what images of a style are to a network\n"
         "  pastiche style info FILE                      what is in such a file\n\n"
         "pastiche style COMMAND --help tells more.");
    return EXIT_OK;
}
