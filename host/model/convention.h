/* What the first convolution of a file expects, found out and folded into its weights, so that all networks are
 * Caffe's. */
#ifndef PST_MODEL_CONVENTION_H
#define PST_MODEL_CONVENTION_H

#include "model/layer_names.h"

/* What a file's first 3x3 convolution is applied to: input[k] = sum over c of matrix[k][c] * x[c] + offset[k], where x
 * is the internal input, BGR from 0 to 255 minus Caffe's mean. */
typedef struct pst_input {
    double matrix[3][3], offset[3];
} pst_input;

/* Decides by `asked`, or else by what the file says, or else by the biases and the names; says so in model->convention,
 * reason and assumed. The model's first convolution has the file's own weights. */
pst_status pst_convention_decide(pst_error *error, pst_source *source, const pst_names *names, pst_convention asked,
                                 pst_weights *model, pst_input *input);

/* Rewrites a convolution of the file's input as one of x: weights are mixed over the channels, and the offset goes into
 * the biases. Exact wherever all nine taps lie in the image. In the outermost row of pixels the file's network sees
 * zeros of its own input, and the folded one zeros of x, Caffe's mean color: for torchvision these differ by (0.409,
 * 0.499, 0.005) of 255 levels. Where `input` is x itself nothing is touched, and where it is x with its channels in
 * another order no number changes. */
void pst_convention_fold(const pst_input *input, pst_weights_convolution *first);

/* "caffe", "torchvision", "rgb". */
const char *pst_convention_name(pst_convention convention);

#endif
