#include "model/convention.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"

static const double caffe_mean[3] = {103.939, 116.779, 123.68}; /* blue, green, red */
static const double torchvision_mean[3] = {.485, .456, .406},
                    torchvision_deviation[3] = {.229, .224, .225}; /* red, green, blue */

const char *pst_convention_name(pst_convention convention) {
    switch (convention) {
    case PST_CONVENTION_CAFFE:
        return "caffe";
    case PST_CONVENTION_TORCHVISION:
        return "torchvision";
    case PST_CONVENTION_RGB:
        return "rgb";
    case PST_CONVENTION_AUTO:
        break;
    }
    return "auto";
}

/* ---- deciding ------------------------------------------------------------------------------------------------ */

/* The first biases of Simonyan and Zisserman's networks, with 19 and 16 layers. Whatever the container, and though cut,
 * converted or rounded, a network that begins with one of these is theirs. bfloat16 has 8 bits, of which the last may
 * be cut off rather than rounded; the constant is for what was rounded to 8 bits a tensor on its way. Six numbers
 * together are still unmistakable. The sizes of the weights show nothing: theirs, for inputs of 0 to 255, have a
 * standard deviation of 0.19 in conv1_1, as large as those for inputs of about 1. */
static bool has_caffe_biases(const pst_weights_convolution *first) {
    static const float known[2][6] = {{0.7301776f, 0.06493629f, 0.03428847f, 0.8260386f, 0.2578029f, 0.54867655f},
                                      {0.73429835f, 0.093403675f, 0.06775674f, 0.8862966f, 0.25994542f, 0.66426694f}};
    for (int n = 0; n < 2; n++) {
        int i = 0;
        while (i < 6 && i < first->c_out && fabsf(first->bias[i] - known[n][i]) < 4e-3f + known[n][i] * 0x1p-7f)
            i++;
        if (i == 6)
            return true;
    }
    return false;
}

static void decide(const pst_source *source, const pst_names *names, pst_convention asked, pst_weights *model) {
    model->assumed = false;
    if (asked != PST_CONVENTION_AUTO) {
        model->convention = asked;
        model->reason = "as asked for";
    } else if (source->convention != PST_CONVENTION_AUTO) {
        model->convention = source->convention;
        model->reason = "as the format or the file says";
    } else if (names->color_weight) {
        model->convention = PST_CONVENTION_CAFFE;
        model->reason = "by the 1x1 convolution that the file begins with";
    } else if (has_caffe_biases(&model->convolutions[0])) {
        model->convention = PST_CONVENTION_CAFFE;
        model->reason = "by its first biases, which match the original network";
    } else if (names->shifted_classifier) {
        model->convention = PST_CONVENTION_CAFFE;
        model->reason = "by its classifier's names, which match the Caffe weights for PyTorch";
    } else {
        bool listed = names->naming == PST_NAMING_SEQUENCE || source->format == &pst_format_onnx;
        model->convention = listed ? PST_CONVENTION_TORCHVISION : PST_CONVENTION_CAFFE;
        model->reason = "only by the names of its tensors";
        model->assumed = true;
    }
}

/* The 1x1 convolution takes RGB from 0 to 1. */
static pst_status apply_colors(pst_error *error, pst_source *source, const pst_names *names, pst_input *input) {
    pst_status status = PST_OK;
    float *weight = NULL, *bias = NULL;
    const pst_tensor_info *size = names->color_bias ? &names->color_bias->info : NULL;
    if (!size || size->dimension_count != 1 || size->shape[0] != 3)
        return pst_fail(error, PST_ERROR_FORMAT, "%s: %.64s has no bias of 3 numbers", source->path,
                        names->color_weight->info.name);
    PST_TRY(pst_source_read(error, source, names->color_weight, &weight));
    PST_TRY(pst_source_read(error, source, names->color_bias, &bias));
    for (int k = 0; k < 3; k++) {
        input->offset[k] = (double)bias[k];
        for (int c = 0; c < 3; c++) {
            double w = (double)weight[3 * k + 2 - c] / 255;
            input->matrix[k][c] = w;
            input->offset[k] += w * caffe_mean[c];
        }
        if (!isfinite(input->offset[k]) || !isfinite(input->matrix[k][0] + input->matrix[k][1] + input->matrix[k][2]))
            PST_TRY(pst_fail(error, PST_ERROR_FORMAT, "%s: %.64s has numbers that are not finite", source->path,
                             names->color_weight->info.name));
    }
cleanup:
    pst_free(weight);
    pst_free(bias);
    return status;
}

/* What float arithmetic or a rounded mean makes of 0 and 1 in the file is made 0 and 1 again, so that weights stay as
 * they are. */
static void tidy(pst_input *input) {
    for (int k = 0; k < 3; k++) {
        for (int c = 0; c < 3; c++)
            if (fabs(input->matrix[k][c] - round(input->matrix[k][c])) < 1e-6)
                input->matrix[k][c] = round(input->matrix[k][c]);
        if (fabs(input->offset[k]) < 1e-3 * fabs(input->matrix[k][0] + input->matrix[k][1] + input->matrix[k][2]))
            input->offset[k] = 0;
    }
}

pst_status pst_convention_decide(pst_error *error, pst_source *source, const pst_names *names, pst_convention asked,
                                 pst_weights *model, pst_input *input) {
    decide(source, names, asked, model);
    *input = (pst_input){.matrix = {{1, 0, 0}, {0, 1, 0}, {0, 0, 1}}};
    if (names->color_weight && asked == PST_CONVENTION_AUTO) {
        pst_source_note(source, "its paddings reflect the image at the border; here they are zeros");
        pst_status status = apply_colors(error, source, names, input);
        if (status != PST_OK)
            return status;
    } else if (model->convention != PST_CONVENTION_CAFFE) {
        for (int k = 0; k < 3; k++) { /* red, green, blue */
            int c = 2 - k;
            bool torchvision = model->convention == PST_CONVENTION_TORCHVISION;
            double scale = torchvision ? 1 / (255 * torchvision_deviation[k]) : 1;
            double mean = torchvision ? 255 * torchvision_mean[k] : source->mean[k];
            input->matrix[k][0] = input->matrix[k][1] = input->matrix[k][2] = 0;
            input->matrix[k][c] = scale;
            input->offset[k] = scale * (caffe_mean[c] - mean);
        }
    }
    tidy(input);
    return PST_OK;
}

/* ---- folding ------------------------------------------------------------------------------------------------- */

void pst_convention_fold(const pst_input *input, pst_weights_convolution *first) {
    static const double same[3][3] = {{1, 0, 0}, {0, 1, 0}, {0, 0, 1}}, none[3] = {0, 0, 0};
    if (memcmp(input->matrix, same, sizeof same) == 0 && memcmp(input->offset, none, sizeof none) == 0)
        return;
    for (int o = 0; o < first->c_out; o++) {
        float *weight = first->weight + (size_t)o * 27;
        double bias = (double)first->bias[o], mixed[3][9] = {{0}};
        for (int k = 0; k < 3; k++)
            for (int tap = 0; tap < 9; tap++) {
                double w = (double)weight[9 * k + tap];
                bias += w * input->offset[k];
                for (int c = 0; c < 3; c++)
                    mixed[c][tap] += w * input->matrix[k][c];
            }
        for (int c = 0; c < 3; c++)
            for (int tap = 0; tap < 9; tap++)
                weight[9 * c + tap] = (float)mixed[c][tap];
        first->bias[o] = (float)bias;
    }
}
