#include "cli/options/option_table.h"

#include <stdio.h>
#include <string.h>

#include "cli/options/option_setters.h"

/* Commands, and which of them have options in common. */
enum {
    RUN = 1 << COMMAND_RUN | 1 << COMMAND_DEMO,
    BATCH = 1 << COMMAND_BATCH,
    PAINT = RUN | BATCH,
    MAKE = 1 << COMMAND_STYLE_MAKE,
    STUDIO = 1 << COMMAND_STUDIO,
    AGAIN = 1 << COMMAND_AGAIN,
    FETCH = 1 << COMMAND_MODEL_FETCH,
    CONVERT = 1 << COMMAND_MODEL_CONVERT,
    NETWORK = 1 << COMMAND_MODEL_INFO | CONVERT,
    DEVICES = 1 << COMMAND_DEVICES,
    TUNE = 1 << COMMAND_TUNE,
    BENCH = 1 << COMMAND_BENCH,
    ALL = (1 << COMMAND_COUNT) - 1
};

static const char *const formats[] = {"auto", "png", "jpeg", "tiff", "webp", "bmp", "tga", NULL}; /* pst_image_format */
static const char *const bits[] = {"8", "16", NULL};
static const char *const intents[] = {"perceptual", "relative", "saturation", "absolute", NULL}; /* pst_intent */
static const char *const starts[] = {"noise", "content", NULL};
static const char *const networks[] = {"small", "medium", NULL};                 /* inside the program */
static const char *const inits[] = {"random", "image", NULL};                    /* start_kind */
static const char *const conventions[] = {"auto", "caffe", "torchvision", NULL}; /* pst_convention */

#define GROUP(name, whose) \
    { name, OPTION_HEADING, whose }
#define OPTION(kind, names, whose, value, member, ...) \
    { names, OPTION_##kind, whose, value, offsetof(settings, member), sizeof(((settings *)0)->member), __VA_ARGS__ }
#define IDLE(names, ...)                                                           \
    {                                                                              \
        names, OPTION_NO_MEANING, PAINT, .help = "no effect; a notice is printed", \
                                         .flags = FOR_NEURAL_STYLE | __VA_ARGS__   \
    }

const option option_table[] = {
    GROUP("Images", PAINT),
    OPTION(FILE_NAME, "output|output-image|o", RUN, "FILE", output, "the result; its ending sets the format",
           .usual = "out.png", .flags = USUAL),
    OPTION(CHOICE, "format", PAINT, "NAME", writing.format, "file format", .words = formats, .flags = CHANGES_RESULT,
           .usual = "auto", .shown = "by the ending"),
    OPTION(INTEGER, "bits", PAINT, "N", writing.bits, "bits per channel in PNG and TIFF", .words = bits, .shown = "8",
           .flags = CHANGES_RESULT),
    OPTION(INTEGER, "quality", PAINT, "N", writing.quality, "quality of JPEG and WebP", .least = 1, .most = 100,
           .shown = "95, lossless", .flags = CHANGES_RESULT),
    OPTION(FILE_NAME, "output-profile", PAINT, "FILE", writing.output_profile, "ICC profile of the result's colors",
           .shown = "sRGB", .flags = CHANGES_RESULT | NAMES_FILES),
    OPTION(FILE_NAME, "proof-profile", PAINT, "FILE", proof_profile, "only colors that this ICC profile can print",
           .flags = CHANGES_RESULT | NAMES_FILES),
    OPTION(CHOICE, "proof-intent", PAINT, "INTENT", proof_intent, "rendering intent", .words = intents,
           .usual = "perceptual", .flags = CHANGES_RESULT),
    OPTION(FLAG, "no-metadata", PAINT, NULL, no_metadata, "do not store the settings in the result"),
    OPTION(INTEGER, "image-size", PAINT, "N", transfer.image_size, "longer side of the result, in pixels",
           .flags = USUAL),
    OPTION(NUMBER, "style-scale", PAINT, "X", transfer.style_scale, "size of a style relative to the result"),
    OPTION(LIST, "style-blend-weights|weights", PAINT, "LIST", transfer.blend_weights,
           "share of each style, such as 3,7", .shown = "equal", .set = set_blend_weights, .flags = CHANGES_RESULT),
    OPTION(SWITCH, "original-colors", PAINT, NULL, transfer.original_colors, "keep the colors of the content",
           .flags = USUAL),
    OPTION(CHOICE, "color-space", PAINT, "SPACE", transfer.color_space, "which lightness to use"),
    OPTION(CHOICE, "keep-gray|keep-grey", PAINT, "WHEN", transfer.keep_gray, "gray images give a gray result"),
    OPTION(CHOICE, "match-colors", PAINT, "HOW", transfer.match_colors, "give the styles the content's colors"),
    OPTION(FILE_NAME, "content-mask", PAINT, "FILE", content_mask, "regions of the content, one color each",
           .flags = CHANGES_RESULT | NAMES_FILES),
    OPTION(LIST, "style-masks", PAINT, "LIST", style_masks, "regions of each style: files, or colors #ff0000",
           .set = set_style_masks, .flags = CHANGES_RESULT | NAMES_FILES),
    OPTION(CHOICE, "guides", PAINT, "MODE", transfer.guide_mode, "which units count for a region"),
    OPTION(FILE_NAME, "start", PAINT, "WHAT", start_file, "noise, content, or the file of an image", .set = set_start,
           .beside = starts, .shown = "content", .flags = USUAL),
    OPTION(INTEGER, "seed", PAINT, "N", transfer.seed, "seed of the noise"),
    OPTION(FILE_NAME, "content-image", PAINT, "FILE", content, "the content, instead of the first argument"),
    OPTION(FILE_NAME, "style-image", PAINT | MAKE, "LIST", style_list, "the styles, instead of arguments"),

    GROUP("Loss", PAINT),
    OPTION(CHOICE, "preset", PAINT | MAKE, "NAME", transfer, "settings by name, such as another program's",
           .shown = PRESET_USUAL, .set = set_preset, .flags = CHANGES_RESULT),
    OPTION(NUMBER, "strength", PAINT, "X", strength, "from the photograph (0) to the painting (1)", .most = 1,
           .usual = "0.75", .flags = USUAL | CHANGES_RESULT),
    OPTION(NUMBER, "content-weight", PAINT, "X", transfer.content_weight, "how closely to follow the content",
           .flags = USUAL),
    OPTION(NUMBER, "style-weight", PAINT, "X", transfer.style_weight, "how closely to follow the styles",
           .flags = USUAL),
    OPTION(INTEGER, "full-style-size", PAINT, "N", transfer.full_style_size, "below this size, less style weight"),
    OPTION(NUMBER, "tv-weight", PAINT, "X", transfer.tv_weight, "smoothness"),
    OPTION(CHOICE, "tv-kind", PAINT, "KIND", transfer.tv_kind, "how smoothness is measured"),
    OPTION(NUMBER, "range-weight", PAINT, "X", transfer.range_weight, "how closely to keep samples within 0..255"),
    OPTION(TEXT, "content-layers", PAINT, "LIST", transfer.content_layers, "layers that compare the content"),
    OPTION(TEXT, "style-layers", PAINT | MAKE, "LIST", transfer.style_layers, "layers that compare the styles",
           .shown = "relu1_1 to relu5_1"),
    OPTION(CHOICE, "loss", PAINT, "FORM", transfer.loss_form, "form of the style loss"),
    OPTION(CHOICE, "pooling", PAINT | MAKE, "KIND", transfer.pooling, "pooling of the network"),
    OPTION(CHOICE, "border", PAINT | MAKE, "KIND", transfer.replicate_border, "pixels around the image"),
    OPTION(CHOICE, "remainder", PAINT | MAKE, "KIND", transfer.remainder, "rows and columns that poolings leave over"),
    OPTION(FLAG, "normalize-gradients", PAINT, NULL, transfer.normalize_gradients,
           "divide each gradient by its L1 norm"),
    OPTION(FLAG, "normalize-weights", PAINT, NULL, transfer.normalize_weights,
           "divide each weight by its target's side"),

    GROUP("Descent", PAINT),
    OPTION(INTEGER, "iterations|num-iterations", PAINT, "N", transfer.iterations, "maximum number of evaluations",
           .flags = USUAL),
    OPTION(INTEGER, "scales", PAINT, "N", transfer.scales, "number of sizes from coarse to fine",
           .shown = "0: automatic"),
    OPTION(INTEGER, "min-size", PAINT, "N", transfer.min_size, "longer side of the coarsest scale"),
    OPTION(CHOICE, "optimizer", PAINT, "KIND", transfer.optimizer, "optimizer"),
    OPTION(INTEGER, "lbfgs-num-correction", PAINT, "N", transfer.lbfgs_history, "pairs that L-BFGS keeps",
           .shown = "20, lbfgs-plain: 100"),
    OPTION(CHOICE, "lbfgs-storage", PAINT, "KIND", transfer.lbfgs_storage, "how pairs are kept in tiles"),
    OPTION(NUMBER, "learning-rate", PAINT, "X", transfer.learning_rate, "step size of Adam and gradient descent",
           .shown = "Adam: 1, gradient-descent: found"),
    OPTION(PAIR, "adam-betas", PAINT, "A,B", transfer.adam_beta1, "decay of Adam's moments"),
    OPTION(FLAG, "clamp", PAINT, NULL, transfer.clamp, "limit samples to 0..255 (Adam, gradient descent)"),
    OPTION(NUMBER, "average", PAINT, "X", transfer.average, "return a running average with decay X", .shown = "0: off"),
    OPTION(NUMBER, "momentum", PAINT, "X", transfer.momentum, "momentum of gradient descent"),
    OPTION(NUMBER, "decay", PAINT, "X", transfer.decay, "decay of the rate of gradient descent"),
    OPTION(NUMBER, "loss-threshold", PAINT, "X", transfer.loss_threshold, "stop at this loss", .shown = "0: never"),
    OPTION(NUMBER, "min-improvement", PAINT, "X", transfer.min_improvement, "stop when the loss falls by less",
           .shown = "0: never"),
    OPTION(INTEGER, "improvement-window", PAINT, "N", transfer.improvement_window, "iterations for --min-improvement"),

    GROUP("Device and network", PAINT),
    OPTION(FILE_NAME, "model|model-file", PAINT | MAKE | STUDIO | TUNE, "FILE", model,
           "network file, or name of an installed one", .beside = networks, .environment = "PASTICHE_MODEL",
           .flags = USUAL),
    OPTION(TEXT, "device", PAINT | MAKE | STUDIO | DEVICES | TUNE | BENCH, "DEVICE", device,
           "number, cpu, gpu, gpu:N or part of a name; a list of these; all", .shown = "best", .set = set_device,
           .environment = "PASTICHE_DEVICE", .flags = USUAL | CHANGES_RESULT),
    OPTION(BYTES, "memory", PAINT | STUDIO, "SIZE", transfer.memory_bytes,
           "memory of the device that the run may take, as 2G", .least = 1048576, .most = 1125899906842624.0,
           .shown = "what it has", .flags = USUAL),
    OPTION(SIZE, "tile", PAINT | STUDIO, "SIZE", transfer.tile_width, "work in tiles of N or WxH pixels",
           .shown = "0: as needed"),
    OPTION(FILE_NAME, "spill", PAINT | STUDIO, "FOLDER", transfer.spill_folder,
           "files for what is as large as the image", .shown = "none: in memory"),
    OPTION(MEBIBYTE, "workspace", PAINT | MAKE | STUDIO, "MIB", transfer.workspace_bytes,
           "scratch memory of the convolutions", .shown = "64; GPU: 256", .flags = CHANGES_RESULT),
    OPTION(FILE_NAME, "choices", PAINT | MAKE | STUDIO | TUNE | BENCH, "FILE", choices,
           "the file of algorithms that pastiche tune writes", .environment = "PASTICHE_CHOICES"),
    OPTION(FLAG, "no-tune", PAINT | MAKE | STUDIO, NULL, choices, "use the built-in algorithms; measure nothing",
           .set = set_no_tune),
    OPTION(FLAG, "no-matrix-units", PAINT | MAKE | STUDIO | TUNE | BENCH, NULL, no_matrix_units,
           "leave tensor cores and matrix units unused"),
    OPTION(FLAG, "plan", PAINT, NULL, plan, "print the memory and time needed, and stop", .flags = USUAL),
    OPTION(INTEGER, "ranks", RUN, "N", plan_ranks, "with --plan: as if N processes shared the run", .least = 1,
           .most = 65536, .shown = "1"),

    GROUP("Reports", PAINT),
    OPTION(INTEGER, "save-iter", PAINT, "N", save_every, "save an image every N iterations; 0: none", .most = 1e9,
           .usual = "100"),
    OPTION(INTEGER, "print-iter", PAINT, "N", print_every, "print a line every N iterations; 0: none", .most = 1e9,
           .usual = "50"),
    OPTION(FILE_NAME, "checkpoint", RUN, "FILE", checkpoint, "save the state of the run there", .flags = USUAL),
    OPTION(NUMBER, "checkpoint-every", RUN, "S", checkpoint_every, "seconds between checkpoints", .most = 1e9,
           .usual = "300"),
    OPTION(FILE_NAME, "resume", RUN, "FILE", resume, "continue from a checkpoint", .flags = USUAL),
    OPTION(FILE_NAME, "log", PAINT, "FILE", log, "one JSON object per iteration, with all losses"),
    OPTION(FLAG, "web", PAINT, NULL, web, "watch and control the run in the browser", .flags = USUAL),
    OPTION(INTEGER, "web-port", PAINT | STUDIO, "N", web_port, "port of the page; 0: any", .most = 65535,
           .shown = "1889 or the next free"),
    OPTION(TEXT, "web-address", PAINT | STUDIO, "ADDRESS", web_address, "address to listen on", .shown = "127.0.0.1"),
    OPTION(FLAG, "web-wait", PAINT, NULL, web_wait, "keep serving the page after the run"),

    GROUP("Batches", BATCH),
    OPTION(FILE_NAME, "output|output-image|o", BATCH, "FOLDER", output, "the folder for the results", .flags = USUAL),
    OPTION(FLAG, "styles", BATCH, NULL, naming_styles, "styles follow; each paints its own images", .flags = USUAL),
    OPTION(FLAG, "contents", BATCH, NULL, naming_styles, "contents follow", .set = set_contents, .flags = USUAL),
    OPTION(TEXT, "name", BATCH, "NAME", name, "file name of an image", .shown = "{content}__{style}.png",
           .flags = USUAL),
    OPTION(FLAG, "overwrite", BATCH, NULL, overwrite, "paint images again that exist", .flags = USUAL),

    GROUP("Sheets of variants", RUN),
    OPTION(FILE_NAME, "sheet", RUN, "FILE", sheet, "paint small variants into one image", .flags = USUAL),
    OPTION(TEXT, "sheet-columns", RUN, "O=LIST", sheet_columns, "the option that columns vary, and its values",
           .shown = "style-weight"),
    OPTION(TEXT, "sheet-rows", RUN, "O=LIST", sheet_rows, "the option that rows vary", .shown = "start=content,noise"),
    OPTION(INTEGER, "sheet-size", RUN, "N", sheet_size, "longer side of a variant, in pixels", .least = 16,
           .most = 4096, .usual = "256"),
    OPTION(INTEGER, "sheet-iterations", RUN, "N", sheet_iterations, "iterations of a variant", .least = 1, .most = 1e6,
           .usual = "100"),

    GROUP("Options of pastiche style make", MAKE),
    OPTION(FILE_NAME, "output|output-image|o", MAKE, "FILE", output, "the style file; its name ends in .style"),
    OPTION(INTEGER, "image-size", MAKE, "N", transfer.image_size, "the largest size to store", .usual = "1024"),
    OPTION(INTEGER, "min-size", MAKE, "N", transfer.min_size, "the smallest size to store"),
    OPTION(LIST, "weights|style-blend-weights", MAKE, "LIST", transfer.blend_weights,
           "share of each image, such as 3,7", .shown = "equal", .set = set_blend_weights),

    GROUP("Options of pastiche studio", STUDIO),
    OPTION(FLAG, "no-browser", STUDIO, NULL, no_browser, "only print the address of the page", .flags = USUAL),

    GROUP("Options of pastiche again", AGAIN),
    OPTION(FILE_NAME, "output|o", AGAIN, "FILE", output, "the new image", .shown = "IMAGE_again"),
    OPTION(FILE_NAME, "model", AGAIN, "FILE", model, "where the network is now"),
    OPTION(TEXT, "device", AGAIN, "DEVICE", device, "another device", .set = set_device),
    OPTION(FLAG, "anyway", AGAIN, NULL, anyway, "accept files that have changed"),

    GROUP("Options of pastiche model", FETCH | NETWORK),
    OPTION(FILE_NAME, "output|o", FETCH, "FILE", output, "the file to write", .shown = "in the data folder"),
    OPTION(TEXT, "from", FETCH, "URL", fetch.from, "download a known network from here"),
    OPTION(TEXT, "sha256", FETCH, "DIGITS", fetch.sha256, "expected checksum, at least 8 digits of it"),
    OPTION(NUMBER, "timeout", FETCH, "SECONDS", fetch.stall_seconds, "give up when nothing arrives for this long",
           .least = 1, .most = 86400, .usual = "60"),
    OPTION(CHOICE, "convention", NETWORK, "KIND", convention, "pixel values that FILE expects", .words = conventions,
           .usual = "auto"),
    OPTION(FLAG, "f16", CONVERT, NULL, f16, "write half-precision numbers: half the bytes"),

    GROUP("Options of pastiche tune and bench", TUNE | BENCH),
    OPTION(INTEGER, "image-size", TUNE, "N", transfer.image_size, "measure for images of about this size", .least = 16,
           .most = 65535),
    OPTION(LIST, "sizes", BENCH, "LIST", bench_sizes, "sizes of the images to evaluate", .least = 16, .most = 65535,
           .shown = "256,512,1024", .set = set_sizes),
    OPTION(NUMBER, "seconds", BENCH, "X", bench.seconds, "duration of each measurement", .least = 1e-3, .most = 3600,
           .usual = "1"),
    OPTION(FLAG, "quick", BENCH, NULL, quick, "measure only the score, in less than a minute"),
    OPTION(FILE_NAME, "json", BENCH, "FILE", bench_json, "write all figures there"),
    OPTION(FILE_NAME, "report", BENCH, "FILE.html", bench_page, "write a page with charts there"),
    OPTION(FILE_NAME, "markdown", BENCH, "FILE", bench_markdown, "write tables in Markdown there"),
    OPTION(FILE_NAME, "model", BENCH, "FILE", model, "network file", .shown = "VGG-19 with random weights"),
    OPTION(FLAG, "compare", BENCH, NULL, compare, "print files of --json side by side"),

    GROUP("Options of pastiche devices", DEVICES),
    OPTION(FLAG, "clean", DEVICES, NULL, clean, "remove the compiled kernels that are kept"),

    GROUP("For users of neural-style", PAINT),
    OPTION(TEXT, "gpu", PAINT | MAKE | STUDIO, "N", gpus, "use graphics card N", .set = set_gpu,
           .flags = CHANGES_RESULT | FOR_NEURAL_STYLE),
    OPTION(CHOICE, "init", PAINT, "KIND", start, "where the run starts", .words = inits, .usual = "random",
           .flags = FOR_NEURAL_STYLE),
    OPTION(FILE_NAME, "init-image", PAINT, "FILE", init_image, "the image of --init image",
           .flags = MAY_BE_EMPTY | FOR_NEURAL_STYLE),
    IDLE("backend", 0),
    IDLE("cudnn-autotune", WITHOUT_VALUE),
    IDLE("proto-file", 0),
    IDLE("multigpu-strategy|multidevice-strategy", 0),
    IDLE("disable-check", WITHOUT_VALUE),

    GROUP("General", ALL),
    OPTION(FLAG, "quiet", PAINT | MAKE | STUDIO | AGAIN | FETCH, NULL, quiet, "print errors only"),
    OPTION(FLAG, "help|h", ALL, NULL, help, "print this help", .flags = USUAL),
    OPTION(FLAG, "help-all", PAINT, NULL, help_all, "print all options", .flags = USUAL),
    OPTION(FLAG, "version", PAINT | MAKE, NULL, version, "print the version", .flags = USUAL),
};
const size_t option_table_size = sizeof option_table / sizeof *option_table;

/* ---- looking up ---- */

bool option_is_of(const option *o, const command *c) {
    return o->kind != OPTION_HEADING && (!c || o->commands >> (c - command_table) & 1);
}

char *option_name(const option *o, size_t index, char name[OPTION_NAME_MOST]) {
    const char *from = o->names;
    for (; index > 0 && from; index--) {
        from = strchr(from, '|');
        from = from ? from + 1 : NULL;
    }
    if (from)
        snprintf(name, OPTION_NAME_MOST, "%.*s", (int)strcspn(from, "|"), from);
    return from ? name : NULL;
}

const option *option_find(const char *name, const command *c) {
    char known[OPTION_NAME_MOST];
    for (const option *o = option_table; o < option_table + option_table_size; o++)
        for (size_t i = 0; option_is_of(o, c) && option_name(o, i, known); i++)
            if (strcmp(known, name) == 0)
                return o;
    return NULL;
}

const char *option_manual_text(const option *o) {
    char name[OPTION_NAME_MOST];
    option_name(o, 0, name);
    for (const option_text *t = option_texts; t->name; t++)
        if (strcmp(t->name, name) == 0)
            return o->kind == OPTION_HEADING || option_find(name, NULL) == o ? t->text : NULL;
    return NULL;
}
