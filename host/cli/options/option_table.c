#include "cli/options/option_table.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/options/choose.h"
#include "cli/options/complain.h"
#include "cli/options/values.h"

#define MEMBER(type, s, o) (*(type *)(void *)((char *)(s) + (o)->offset))
#define LARGEST 1e12 /* of weights and thresholds: far from where their products with pixels overflow */

static bool set_text(settings *s, const option *o, const char *given, const char *value) {
    if (!*value) {
        complain("%s needs a value", given);
        return false;
    }
    MEMBER(const char *, s, o) = value;
    return true;
}

static bool set_flag(settings *s, const option *o, const char *given, const char *value) {
    (void)given;
    MEMBER(bool, s, o) = !value || strcmp(value, "0") != 0;
    return true;
}

static bool read_integer(const option *o, const char *given, const char *value, int64_t *number) {
    if (!value_integer(value, number)) {
        complain("%s \"%s\": not a whole number", given, value);
        return false;
    }
    if ((double)*number < o->least || (double)*number > o->most) {
        complain("%s %s: must be from %.0f to %.0f", given, value, o->least, o->most);
        return false;
    }
    return true;
}

static bool set_integer(settings *s, const option *o, const char *given, const char *value) {
    int64_t number;
    if (!read_integer(o, given, value, &number))
        return false;
    MEMBER(int, s, o) = (int)number;
    return true;
}

static bool set_seed(settings *s, const option *o, const char *given, const char *value) {
    return read_integer(o, given, value, &s->transfer.seed);
}

static bool set_workspace(settings *s, const option *o, const char *given, const char *value) {
    int64_t mib;
    if (!read_integer(o, given, value, &mib))
        return false;
    s->transfer.workspace_bytes = (size_t)mib << 20;
    return true;
}

static bool set_number(settings *s, const option *o, const char *given, const char *value) {
    double number;
    if (!value_number(value, &number)) {
        complain("%s \"%s\": not a number", given, value);
        return false;
    }
    if (number < o->least || number > o->most) {
        complain("%s %s: must be from %g to %g", given, value, o->least, o->most);
        return false;
    }
    MEMBER(double, s, o) = number;
    return true;
}

static bool set_optimizer(settings *s, const option *o, const char *given, const char *value) {
    static const choice choices[] = {
        {"lbfgs", PST_OPTIMIZER_LBFGS},
        {"adam", PST_OPTIMIZER_ADAM},
        {"gradient-descent", PST_OPTIMIZER_GRADIENT_DESCENT},
        {"lbfgs-plain", PST_OPTIMIZER_LBFGS_PLAIN},
        {"gradient_descent", PST_OPTIMIZER_GRADIENT_DESCENT},
        {"gd", PST_OPTIMIZER_GRADIENT_DESCENT},
        {"l-bfgs", PST_OPTIMIZER_LBFGS},
        {NULL, 0},
    };
    (void)o;
    int chosen;
    if (!choose(choices, 4, given, value, &chosen))
        return false;
    s->transfer.optimizer = (pst_optimizer_kind)chosen;
    return true;
}

static bool set_pooling(settings *s, const option *o, const char *given, const char *value) {
    static const choice choices[] = {{"max", PST_POOLING_MAX},
                                     {"avg", PST_POOLING_AVERAGE},
                                     {"l2", PST_POOLING_L2},
                                     {"average", PST_POOLING_AVERAGE},
                                     {NULL, 0}};
    (void)o;
    int chosen;
    if (!choose(choices, 3, given, value, &chosen))
        return false;
    s->transfer.pooling = (pst_pooling)chosen;
    return true;
}

static bool set_tv_kind(settings *s, const option *o, const char *given, const char *value) {
    static const choice choices[] = {{"squares", PST_TV_SQUARES},
                                     {"absolute", PST_TV_ABSOLUTE},
                                     {"nine-point", PST_TV_NINE_POINT},
                                     {"nine_point", PST_TV_NINE_POINT},
                                     {NULL, 0}};
    (void)o;
    int chosen;
    if (!choose(choices, 3, given, value, &chosen))
        return false;
    s->transfer.tv_kind = (pst_tv_kind)chosen;
    return true;
}

static bool set_border(settings *s, const option *o, const char *given, const char *value) {
    static const choice choices[] = {{"zeros", false}, {"replicate", true}, {"zero", false}, {NULL, 0}};
    (void)o;
    int chosen;
    if (!choose(choices, 2, given, value, &chosen))
        return false;
    s->transfer.replicate_border = chosen;
    return true;
}

static bool set_loss(settings *s, const option *o, const char *given, const char *value) {
    static const choice choices[] = {
        {"mean", PST_LOSS_MEAN}, {"gatys", PST_LOSS_GATYS}, {"wasserstein", PST_LOSS_WASSERSTEIN}, {NULL, 0}};
    (void)o;
    int chosen;
    if (!choose(choices, 3, given, value, &chosen))
        return false;
    s->transfer.loss_form = (pst_loss_form)chosen;
    return true;
}

static bool set_match_colors(settings *s, const option *o, const char *given, const char *value) {
    static const choice choices[] = {
        {"cholesky", PST_MATCH_CHOLESKY},   {"pca", PST_MATCH_PCA},   {"symmetric", PST_MATCH_SYMMETRIC},
        {"histogram", PST_MATCH_HISTOGRAM}, {"none", PST_MATCH_NONE}, {NULL, 0},
    };
    (void)o;
    int chosen;
    if (!choose(choices, 5, given, value, &chosen))
        return false;
    s->transfer.match_colors = (pst_match_colors)chosen;
    return true;
}

static bool set_style_masks(settings *s, const option *o, const char *given, const char *value) {
    (void)o;
    size_t count = 0;
    char **parts = value_list(value, &count);
    if (!parts) {
        complain("%s \"%s\": a name between the commas is empty", given, value);
        return false;
    }
    free(s->style_masks);
    s->style_masks = parts;
    s->mask_count = count;
    return true;
}

static bool set_guides(settings *s, const option *o, const char *given, const char *value) {
    static const choice choices[] = {
        {"simple", PST_GUIDES_SIMPLE}, {"all", PST_GUIDES_ALL}, {"inside", PST_GUIDES_INSIDE}, {NULL, 0}};
    (void)o;
    int chosen;
    if (!choose(choices, 3, given, value, &chosen))
        return false;
    s->transfer.guide_mode = (pst_guide_mode)chosen;
    return true;
}

static bool set_color_space(settings *s, const option *o, const char *given, const char *value) {
    static const choice choices[] = {{"yuv", PST_COLOR_SPACE_YUV}, {"oklab", PST_COLOR_SPACE_OKLAB}, {NULL, 0}};
    (void)o;
    int chosen;
    if (!choose(choices, 2, given, value, &chosen))
        return false;
    s->transfer.color_space = (pst_color_space)chosen;
    return true;
}

static bool set_init(settings *s, const option *o, const char *given, const char *value) {
    static const choice choices[] = {{"random", START_NOISE}, {"image", START_INIT_IMAGE}, {NULL, 0}};
    (void)o;
    int chosen;
    if (!choose(choices, 2, given, value, &chosen))
        return false;
    s->start = (start_kind)chosen;
    return true;
}

static bool set_start(settings *s, const option *o, const char *given, const char *value) {
    s->start = strcmp(value, "noise") == 0 ? START_NOISE : strcmp(value, "content") == 0 ? START_CONTENT : START_FILE;
    return set_text(s, o, given, value);
}

/* Scripts for neural-style pass an empty name for "none". */
static bool set_init_image(settings *s, const option *o, const char *given, const char *value) {
    (void)o, (void)given;
    s->init_image = *value ? value : NULL;
    return true;
}

static bool set_blend_weights(settings *s, const option *o, const char *given, const char *value) {
    (void)o;
    size_t count = 0;
    char **parts = value_list(value, &count);
    double *weights = parts ? malloc(count * sizeof *weights) : NULL;
    double sum = 0;
    bool good = weights != NULL;
    for (size_t i = 0; good && i < count; i++) {
        good = value_number(parts[i], &weights[i]) && weights[i] >= 0 && weights[i] <= LARGEST;
        sum += good ? weights[i] : 0;
    }
    free(parts);
    if (!good || sum <= 0) {
        complain("%s \"%s\": not a list of numbers from 0 up, not all 0, such as 3,7", given, value);
        free(weights);
        return false;
    }
    free(s->blend_weights);
    s->blend_weights = weights;
    s->blend_count = count;
    return true;
}

/* --device and --gpu say the same thing in two ways: the later one holds. */
static bool set_device(settings *s, const option *o, const char *given, const char *value) {
    s->gpu = GPU_NOT_GIVEN;
    return set_text(s, o, given, value);
}

static bool set_gpu(settings *s, const option *o, const char *given, const char *value) {
    (void)o;
    size_t count = 0;
    char **parts = value_list(value, &count);
    bool good = parts != NULL;
    for (size_t i = 0; good && i < count; i++) {
        int64_t number = GPU_MEANS_CPU;
        good = strcmp(parts[i], "c") == 0 || (value_integer(parts[i], &number) && number >= -1 && number <= INT_MAX);
        if (good && i == 0)
            s->gpu = (int)number;
    }
    free(parts);
    if (!good) {
        complain("%s \"%s\": must be the number of a GPU from 0 up, or -1 or c for the CPU", given, value);
        return false;
    }
    s->several_gpus = count > 1;
    s->device = NULL;
    return true;
}

/* --choices and --no-tune exclude each other: the later one holds. */
static bool set_choices(settings *s, const option *o, const char *given, const char *value) {
    if (strcmp(value, "none") == 0) {
        s->choices = "";
        return true;
    }
    return set_text(s, o, given, value);
}

static bool set_no_tune(settings *s, const option *o, const char *given, const char *value) {
    (void)o, (void)given, (void)value;
    s->choices = "";
    return true;
}

static bool set_format(settings *s, const option *o, const char *given, const char *value) {
    static const choice choices[] = {
        {"png", PST_FORMAT_PNG},   {"jpeg", PST_FORMAT_JPEG}, {"tiff", PST_FORMAT_TIFF},
        {"webp", PST_FORMAT_WEBP}, {"bmp", PST_FORMAT_BMP},   {"tga", PST_FORMAT_TGA},
        {"jpg", PST_FORMAT_JPEG},  {"tif", PST_FORMAT_TIFF},  {NULL, 0},
    };
    (void)o;
    int chosen;
    if (!choose(choices, 6, given, value, &chosen))
        return false;
    s->writing.format = (pst_image_format)chosen;
    return true;
}

static bool set_bits(settings *s, const option *o, const char *given, const char *value) {
    static const choice choices[] = {{"8", 8}, {"16", 16}, {NULL, 0}};
    (void)o;
    return choose(choices, 2, given, value, &s->writing.bits);
}

static bool set_intent(settings *s, const option *o, const char *given, const char *value) {
    static const choice choices[] = {{"perceptual", PST_INTENT_PERCEPTUAL},
                                     {"relative", PST_INTENT_RELATIVE},
                                     {"saturation", PST_INTENT_SATURATION},
                                     {"absolute", PST_INTENT_ABSOLUTE},
                                     {NULL, 0}};
    (void)o;
    return choose(choices, 4, given, value, &s->proof_intent);
}

static bool set_preset(settings *s, const option *o, const char *given, const char *value) {
    (void)o;
    pst_transfer_options_init(&s->transfer, sizeof s->transfer); /* nothing else was set yet; the last preset holds */
    if (pst_transfer_options_preset(&s->transfer, value) != PST_OK) {
        char list[256] = "";
        for (size_t i = 0; pst_preset_name(i); i++) {
            strcat(list, i == 0 ? "" : pst_preset_name(i + 1) ? ", " : " or ");
            strcat(list, pst_preset_name(i));
        }
        complain("%s \"%s\": not known; it can be %s", given, value, list);
        return false;
    }
    s->start = s->transfer.start == PST_START_CONTENT ? START_CONTENT : START_NOISE;
    return true;
}

static bool set_betas(settings *s, const option *o, const char *given, const char *value) {
    (void)o;
    size_t count = 0;
    double betas[2];
    char **parts = value_list(value, &count);
    bool good = parts && count == 2;
    for (size_t i = 0; good && i < 2; i++)
        good = value_number(parts[i], &betas[i]) && betas[i] >= 0 && betas[i] < 1;
    free(parts);
    if (!good) {
        complain("%s \"%s\": not two numbers from 0 up and below 1, such as 0.9,0.99", given, value);
        return false;
    }
    s->transfer.adam_beta1 = betas[0];
    s->transfer.adam_beta2 = betas[1];
    return true;
}

/* Each of these asks for the page too. */
static bool set_web(settings *s, const option *o, const char *given, const char *value) {
    s->web = true;
    return set_flag(s, o, given, value);
}

static bool set_web_address(settings *s, const option *o, const char *given, const char *value) {
    s->web = true;
    return set_text(s, o, given, value);
}

static bool set_web_port(settings *s, const option *o, const char *given, const char *value) {
    s->web = true;
    return set_integer(s, o, given, value);
}

static bool set_contents(settings *s, const option *o, const char *given, const char *value) {
    (void)given, (void)value;
    s->batch_option = o->names[0];
    s->naming_styles = false;
    return true;
}

static bool set_styles(settings *s, const option *o, const char *given, const char *value) {
    set_contents(s, o, given, value);
    s->naming_styles = true;
    return true;
}

static bool set_name(settings *s, const option *o, const char *given, const char *value) {
    s->batch_option = o->names[0];
    return set_text(s, o, given, value);
}

static bool set_overwrite(settings *s, const option *o, const char *given, const char *value) {
    s->batch_option = o->names[0];
    return set_flag(s, o, given, value);
}

static bool set_help_all(settings *s, const option *o, const char *given, const char *value) {
    s->help_all = true;
    return set_flag(s, o, given, value);
}

static bool set_nothing(settings *s, const option *o, const char *given, const char *value) {
    (void)given, (void)value;
    for (size_t i = 0; i < s->ignored_count; i++)
        if (s->ignored[i] == o->names[0])
            return true;
    if (s->ignored_count < NOTICES_MOST)
        s->ignored[s->ignored_count++] = o->names[0];
    return true;
}

#define READ(type, s, o) (*(const type *)(const void *)((const char *)(s) + (o)->offset))

bool option_value(const settings *s, const option *o, char *text, size_t size) {
    int length = -1;
    if (o->set == set_number)
        length = snprintf(text, size, "%.10g", READ(double, s, o));
    else if (o->set == set_integer)
        length = snprintf(text, size, "%d", READ(int, s, o));
    else if (o->set == set_seed)
        length = snprintf(text, size, "%lld", (long long)s->transfer.seed);
    else if (o->set == set_workspace && s->transfer.workspace_bytes)
        length = snprintf(text, size, "%zu", s->transfer.workspace_bytes >> 20);
    else if (o->set == set_flag)
        length = snprintf(text, size, "%d", READ(bool, s, o));
    else if (o->set == set_text && READ(char *, s, o))
        length = snprintf(text, size, "%s", READ(char *, s, o));
    return length >= 0 && (size_t)length < size;
}

#define IN(member) offsetof(settings, member)

/* The names and defaults of neural-style's options are in docs that its users know by heart; a second name is theirs.
 */
const option option_table[] = {
    {{"Images"}, IS_HEADING},
    {{"output", "output-image", "o"},
     TAKES_VALUE,
     "FILE",
     "the result, named .png, .jpg, .tif ... (out.png)",
     set_text,
     IN(output)},
    {{"format"}, TAKES_VALUE, "NAME", "png, jpeg, tiff, webp, bmp, tga (by the name)", set_format},
    {{"bits"}, TAKES_VALUE, "N", "of a channel in PNG and TIFF: 8 or 16 (8)", set_bits},
    {{"quality"},
     TAKES_VALUE,
     "N",
     "1 to 100: of JPEG (95) and WebP (no loss)",
     set_integer,
     IN(writing.quality),
     1,
     100},
    {{"output-profile"},
     TAKES_VALUE,
     "FILE",
     "ICC profile of the result's colors (sRGB)",
     set_text,
     IN(writing.output_profile)},
    {{"proof-profile"},
     TAKES_VALUE,
     "FILE",
     "no colors but those of this press (ICC, CMYK)",
     set_text,
     IN(proof_profile)},
    {{"proof-intent"}, TAKES_VALUE, "INTENT", "... perceptual, relative, saturation, absolute", set_intent},
    {{"no-metadata"}, TAKES_NOTHING, NULL, "leave the settings out of the result", set_flag, IN(no_metadata)},
    {{"image-size"},
     TAKES_VALUE,
     "N",
     "its longer side in pixels (512)",
     set_integer,
     IN(transfer.image_size),
     1,
     65535},
    {{"style-scale"},
     TAKES_VALUE,
     "X",
     "longer side of a style, in image sizes (1)",
     set_number,
     IN(transfer.style_scale),
     .01,
     100},
    {{"style-blend-weights", "weights"},
     TAKES_VALUE,
     "LIST",
     "share of each style, such as 3,7 (equal)",
     set_blend_weights},
    {{"original-colors"}, TAKES_SWITCH, NULL, "keep the colors of the content", set_flag, IN(transfer.original_colors)},
    {{"color-space"}, TAKES_VALUE, "SPACE", "... keeping the lightness of yuv or oklab (yuv)", set_color_space},
    {{"match-colors"}, TAKES_VALUE, "HOW", "styles in the content's colors: pca, symmetric..", set_match_colors},
    {{"content-mask"}, TAKES_VALUE, "FILE", "regions of the content, a flat color each", set_text, IN(content_mask)},
    {{"style-masks"}, TAKES_VALUE, "LIST", "... and of the styles: files, or colors: #ff0000", set_style_masks},
    {{"guides"}, TAKES_VALUE, "MODE", "what counts for a region: simple, all or inside", set_guides},
    {{"start"}, TAKES_VALUE, "WHAT", "noise, content, or an image's file (noise)", set_start, IN(start_file)},
    {{"seed"}, TAKES_VALUE, "N", "of the noise (-1)", set_seed, IN(transfer.seed), -1, 9e15},
    {{"content-image"}, TAKES_VALUE, "FILE", "the content, instead of the first argument", set_text, IN(content)},
    {{"style-image"}, TAKES_VALUE, "LIST", "the styles, instead of arguments", set_text, IN(style_list)},

    {{"Loss"}, IS_HEADING},
    {{"preset"}, TAKES_VALUE, "NAME", "the settings of another program; see the manual", set_preset},
    {{"content-weight"},
     TAKES_VALUE,
     "X",
     "likeness to the content (5)",
     set_number,
     IN(transfer.content_weight),
     0,
     LARGEST},
    {{"style-weight"},
     TAKES_VALUE,
     "X",
     "likeness to the styles (100)",
     set_number,
     IN(transfer.style_weight),
     0,
     LARGEST},
    {{"tv-weight"}, TAKES_VALUE, "X", "smoothness (0.001)", set_number, IN(transfer.tv_weight), 0, LARGEST},
    {{"tv-kind"}, TAKES_VALUE, "KIND", "squares, absolute or nine-point (squares)", set_tv_kind},
    {{"content-layers"},
     TAKES_VALUE,
     "LIST",
     "relu4_2; a weight by relu3_1=0.5,relu4_2",
     set_text,
     IN(transfer.content_layers)},
    {{"style-layers"},
     TAKES_VALUE,
     "LIST",
     "relu1_1,relu2_1,relu3_1,relu4_1,relu5_1",
     set_text,
     IN(transfer.style_layers)},
    {{"loss"}, TAKES_VALUE, "FORM", "mean, wasserstein, or gatys: the paper's (mean)", set_loss},
    {{"pooling"}, TAKES_VALUE, "KIND", "max, avg or l2 (max)", set_pooling},
    {{"border"}, TAKES_VALUE, "KIND", "around the image: zeros or replicate (zeros)", set_border},
    {{"normalize-gradients"},
     TAKES_NOTHING,
     NULL,
     "divide each layer's gradient by its L1 norm",
     set_flag,
     IN(transfer.normalize_gradients)},
    {{"normalize-weights"},
     TAKES_NOTHING,
     NULL,
     "divide each weight by its target's largest side",
     set_flag,
     IN(transfer.normalize_weights)},

    {{"Descent"}, IS_HEADING},
    {{"iterations", "num-iterations"},
     TAKES_VALUE,
     "N",
     "evaluations at most (1000)",
     set_integer,
     IN(transfer.iterations),
     1,
     1e9},
    {{"scales"}, TAKES_VALUE, "N", "sizes from coarse to fine (0: automatic)", set_integer, IN(transfer.scales), 0, 32},
    {{"min-size"}, TAKES_VALUE, "N", "longer side of the coarsest (128)", set_integer, IN(transfer.min_size), 1, 65535},
    {{"optimizer"}, TAKES_VALUE, "KIND", "lbfgs, lbfgs-plain, adam, gradient-descent", set_optimizer},
    {{"lbfgs-num-correction"},
     TAKES_VALUE,
     "N",
     "pairs that L-BFGS keeps (20; plain: 100)",
     set_integer,
     IN(transfer.lbfgs_history),
     0,
     4096},
    {{"learning-rate"},
     TAKES_VALUE,
     "X",
     "of Adam and gradient descent (Adam: 1)",
     set_number,
     IN(transfer.learning_rate),
     1e-12,
     LARGEST},
    {{"adam-betas"}, TAKES_VALUE, "A,B", "decay of Adam's moments (0.9,0.999)", set_betas},
    {{"clamp"}, TAKES_NOTHING, NULL, "Adam, gradient descent: stay within 0..255", set_flag, IN(transfer.clamp)},
    {{"average"},
     TAKES_VALUE,
     "X",
     "... result: running average, decay X (0: off)",
     set_number,
     IN(transfer.average),
     0,
     .999999},
    {{"momentum"}, TAKES_VALUE, "X", "of gradient descent, below 1 (0)", set_number, IN(transfer.momentum), 0, .999999},
    {{"decay"},
     TAKES_VALUE,
     "X",
     "its rate falls as 1/(1 + X*iteration) (0)",
     set_number,
     IN(transfer.decay),
     0,
     LARGEST},
    {{"loss-threshold"},
     TAKES_VALUE,
     "X",
     "stop at this loss (0: never)",
     set_number,
     IN(transfer.loss_threshold),
     0,
     1e30},
    {{"min-improvement"},
     TAKES_VALUE,
     "X",
     "stop when the loss falls by a smaller part (0)",
     set_number,
     IN(transfer.min_improvement),
     0,
     1},
    {{"improvement-window"},
     TAKES_VALUE,
     "N",
     "... over so many iterations (50)",
     set_integer,
     IN(transfer.improvement_window),
     1,
     1e9},

    {{"Device"}, IS_HEADING},
    {{"model", "model-file"}, TAKES_VALUE, "FILE", "the network, or the name of an installed one", set_text, IN(model)},
    {{"device"}, TAKES_VALUE, "DEVICE", "number, cpu, gpu, gpu:N or part of a name (best)", set_device, IN(device)},
    {{"workspace"}, TAKES_VALUE, "MIB", "scratch memory of the convolutions (64)", set_workspace, 0, 1, 1 << 20},
    {{"choices"}, TAKES_VALUE, "FILE", "algorithms as pastiche tune chose them there", set_choices, IN(choices)},
    {{"no-tune"}, TAKES_NOTHING, NULL, "built-in choices; no measuring on the first run", set_no_tune},
    {{"plan"}, TAKES_NOTHING, NULL, "print the memory that is needed, and stop", set_flag, IN(plan)},

    {{"Reports"}, IS_HEADING},
    {{"save-iter"},
     TAKES_VALUE,
     "N",
     "an image OUT_N every N iterations (100; 0: none)",
     set_integer,
     IN(save_every),
     0,
     1e9},
    {{"print-iter"},
     TAKES_VALUE,
     "N",
     "off a terminal, a line every N (50; 0: none)",
     set_integer,
     IN(print_every),
     0,
     1e9},
    {{"checkpoint"}, TAKES_VALUE, "FILE", "keep the run's state there, to go on from", set_text, IN(checkpoint)},
    {{"checkpoint-every"},
     TAKES_VALUE,
     "S",
     "... every S seconds, and at Ctrl-C (300)",
     set_number,
     IN(checkpoint_every),
     0,
     1e9},
    {{"resume"}, TAKES_VALUE, "FILE", "go on from a checkpoint", set_text, IN(resume)},
    {{"log"}, TAKES_VALUE, "FILE", "one JSON object an iteration, all loss terms", set_text, IN(log)},
    {{"web"}, TAKES_NOTHING, NULL, "a page in the browser: see it grow, steer it", set_web, IN(web)},
    {{"web-port"}, TAKES_VALUE, "N", "its port (1889, or the next free; 0: any)", set_web_port, IN(web_port), 0, 65535},
    {{"web-address"}, TAKES_VALUE, "ADDRESS", "for other machines too (127.0.0.1)", set_web_address, IN(web_address)},
    {{"web-wait"}, TAKES_NOTHING, NULL, "serve on at the end, until told to leave", set_web, IN(web_wait)},
    {{"quiet"}, TAKES_NOTHING, NULL, "print errors only", set_flag, IN(quiet)},
    {{"help", "h"}, TAKES_NOTHING, NULL, "print the options that are used most", set_flag, IN(help)},
    {{"help-all"}, TAKES_NOTHING, NULL, "print all", set_help_all, IN(help)},
    {{"version"}, TAKES_NOTHING, NULL, "print the version", set_flag, IN(version)},

    {{"Many at once"}, IS_HEADING},
    {{"styles"}, TAKES_NOTHING, NULL, "batch: the styles follow, an image for each", set_styles},
    {{"contents"}, TAKES_NOTHING, NULL, "batch: contents follow", set_contents},
    {{"name"}, TAKES_VALUE, "NAME", "batch: of an image ({content}__{style}.png)", set_name, IN(name)},
    {{"overwrite"}, TAKES_NOTHING, NULL, "batch: paint again what is there", set_overwrite, IN(overwrite)},
    {{"sheet"}, TAKES_VALUE, "FILE", "instead of OUT a sheet of small variants", set_text, IN(sheet)},
    {{"sheet-columns"}, TAKES_VALUE, "O=LIST", "an option's values (style-weight=...)", set_text, IN(sheet_columns)},
    {{"sheet-rows"}, TAKES_VALUE, "O=LIST", "another's (start=content,noise)", set_text, IN(sheet_rows)},
    {{"sheet-size"}, TAKES_VALUE, "N", "the longer side of a variant (256)", set_integer, IN(sheet_size), 16, 4096},
    {{"sheet-iterations"},
     TAKES_VALUE,
     "N",
     "evaluations of a variant (100)",
     set_integer,
     IN(sheet_iterations),
     1,
     1e6},

    {{"gpu"}, TAKES_VALUE, NULL, NULL, set_gpu},
    {{"init"}, TAKES_VALUE, NULL, NULL, set_init},
    {{"init-image"}, TAKES_VALUE, NULL, NULL, set_init_image},
    {{"backend"}, TAKES_VALUE, NULL, NULL, set_nothing},
    {{"cudnn-autotune"}, TAKES_NOTHING, NULL, NULL, set_nothing},
    {{"proto-file"}, TAKES_VALUE, NULL, NULL, set_nothing},
    {{"multigpu-strategy", "multidevice-strategy"}, TAKES_VALUE, NULL, NULL, set_nothing},
    {{"disable-check"}, TAKES_NOTHING, NULL, NULL, set_nothing},
};
const size_t option_table_size = sizeof option_table / sizeof *option_table;
