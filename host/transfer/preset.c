/* Ways of working by name: what other programs do where it differs from the defaults, as far as it is done here.
 * Numbers are those of the programs' sources; what stays different is told in the README. */
#include <string.h>

#include "transfer/transfer_options.h"

typedef struct preset {
    const char *name;
    void (*set)(pst_transfer_options *options);
} preset;

/* What won by grain, palette and structure over the pairs of bench/look.py: covariances and means instead of Gram
 * matrices, fine layers that count as much as coarse ones, and poolings through which every pixel gets its gradient, so
 * that no grain grows in flat areas. What a file would cut off stays within its range. */
static void best(pst_transfer_options *o) {
    o->start = PST_START_CONTENT;
    o->loss_form = PST_LOSS_WASSERSTEIN;
    o->style_layers = "relu1_1=32,relu2_1=8,relu3_1=2,relu4_1=0.5,relu5_1=0.125";
    o->pooling = PST_POOLING_AVERAGE;
    o->tv_kind = PST_TV_NINE_POINT; /* a mean: it weighs alike at every size */
    o->tv_weight = 800;
    o->range_weight = 1e5; /* from 1e4 to 1e6 results are alike */
    o->full_style_size = 1024;
}

/* The values of pst_transfer_options_init, with which pastiche 0.1 painted, are those of neural-style. */
static void first(pst_transfer_options *o) { (void)o; }

/* neural_style.lua (Johnson): Torch7's optimizers, 256 levels, windows of pooling that reach over the edge. */
static void neural_style(pst_transfer_options *o) {
    o->keep_gray = false;
    o->remainder = PST_REMAINDER_CEIL;
    o->scales = 1;
    o->optimizer = PST_OPTIMIZER_LBFGS_PLAIN;
    o->learning_rate = 10; /* of Adam */
    o->adam_epsilon_first = true;
    o->pixels_256 = true;
    o->pooling = PST_POOLING_MAX;
    o->tv_kind = PST_TV_SQUARES;
}

/* neural_style.py (ProGamerGov): torch's optimizers, absolute differences. Until 2020 it had 256 levels too. */
static void neural_style_pt(pst_transfer_options *o) {
    o->keep_gray = false;
    o->remainder = PST_REMAINDER_FLOOR;
    o->scales = 1;
    o->optimizer = PST_OPTIMIZER_LBFGS_PLAIN;
    o->learning_rate = 1;
    o->pooling = PST_POOLING_MAX;
    o->tv_kind = PST_TV_ABSOLUTE;
}

/* Gatys' own PytorchNeuralStyleTransfer, whose style weights of 1000/C^2 over F F'/N are 1000 over F F'/(C N). */
static void gatys(pst_transfer_options *o) {
    o->keep_gray = false;
    o->remainder = PST_REMAINDER_FLOOR;
    o->scales = 1;
    o->optimizer = PST_OPTIMIZER_LBFGS_PLAIN;
    o->iterations = 500;
    o->start = PST_START_CONTENT;
    o->content_weight = 1;
    o->style_weight = 1000;
    o->tv_weight = 0;
}

/* style_transfer.py (Crowson). Her features are of torchvision's network over samples divided by some 58 (255 times a
 * standard deviation), and both losses grow with the square of the features: for smoothness to weigh as much beside
 * those of the usual weights, 2 / 255^2 is multiplied by 58^2. 1000 iterations on the first scale and 500 on the others
 * are 3000 for 512 pixels. */
static void style_transfer_pytorch(pst_transfer_options *o) {
    o->keep_gray = false;
    o->remainder = PST_REMAINDER_FLOOR;
    o->scales = 0;
    o->min_size = 128;
    o->iterations = 3000;
    o->start = PST_START_CONTENT;
    o->loss_form = PST_LOSS_WASSERSTEIN;
    o->content_weight = 0.015;
    o->style_weight = 1.0 / 341;
    o->style_layers = "relu1_1=256,relu2_1=64,relu3_1=16,relu4_1=4,relu5_1=1";
    o->replicate_border = true;
    o->tv_kind = PST_TV_NINE_POINT;
    o->tv_weight = 2.0 * 58 * 58 / (255 * 255);
    o->optimizer = PST_OPTIMIZER_ADAM;
    o->learning_rate = 0.02 * 255;
    o->adam_beta1 = 0.9;
    o->adam_beta2 = 0.99;
    o->clamp = true;
    o->average = 0.99;
}

static const preset presets[] = {{"best", best},
                                 {"neural-style", neural_style},
                                 {"neural-style-pt", neural_style_pt},
                                 {"gatys", gatys},
                                 {"style-transfer-pytorch", style_transfer_pytorch},
                                 {"0.1", first}};

const char *pst_preset_name(size_t index) {
    return index < sizeof presets / sizeof *presets ? presets[index].name : NULL;
}

pst_status pst_transfer_options_preset(pst_transfer_options *options, const char *name) {
    for (size_t i = 0; i < sizeof presets / sizeof *presets; i++)
        if (strcmp(presets[i].name, name) == 0) {
            pst_transfer_options set;
            size_t known =
                options->size < sizeof set ? options->size : sizeof set; /* to a caller built with an older header */
            pst_options_take(&set, options);
            presets[i].set(&set);
            memcpy(options, &set, known);
            return PST_OK;
        }
    return PST_ERROR_ARGUMENT;
}
