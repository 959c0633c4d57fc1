#include "model/weights_read.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "base/threads.h"
#include "model/convention.h"
#include "model/scaled.h"

static pst_status fail_shape(pst_error *error, const pst_weights *model, const pst_tensor_info *tensor,
                             const char *expected) {
    char shape[200];
    return pst_fail(error, PST_ERROR_FORMAT, "%s: %.64s has shape %s; %s was expected", model->path, tensor->name,
                    pst_tensor_shape_text(tensor, shape), expected);
}

/* Sets the convolution's size from its weights and checks both tensors against it and the layer before. */
static pst_status check_shapes(pst_error *error, const pst_weights *model, pst_layout layout, const pst_parts *parts,
                               int c_in, pst_weights_convolution *convolution) {
    static const struct {
        int out, in, row, column;
    } orders[] = {[PST_LAYOUT_OIHW] = {0, 1, 2, 3}, [PST_LAYOUT_HWIO] = {3, 2, 0, 1}, [PST_LAYOUT_OIWH] = {0, 1, 3, 2}};
    const pst_tensor_info *weight = &parts->weight->info, *bias = &parts->bias->info;
    const int64_t *shape = weight->shape;
    int at_in = orders[layout].in, at_out = orders[layout].out, row = orders[layout].row,
        column = orders[layout].column;
    char expected[128], channels[32] = "N", range[32] = "";
    int c_out_at = weight->dimension_count == 4 ? at_out : 0;
    bool countable = weight->dimension_count > 0 && shape[c_out_at] >= 1 && shape[c_out_at] <= PST_WEIGHTS_MAX_CHANNELS;
    if (!countable || weight->dimension_count != 4 || shape[at_in] != c_in || shape[row] != 3 || shape[column] != 3) {
        if (countable)
            snprintf(channels, sizeof channels, "%d", (int)shape[c_out_at]);
        else
            snprintf(range, sizeof range, " with N from 1 to %d", PST_WEIGHTS_MAX_CHANNELS);
        if (layout == PST_LAYOUT_HWIO)
            snprintf(expected, sizeof expected, "3x3x%dx%s%s", c_in, channels, range);
        else
            snprintf(expected, sizeof expected, "%sx%dx3x3%s", channels, c_in, range);
        return fail_shape(error, model, weight, expected);
    }
    if (bias->dimension_count != 1 || bias->shape[0] != shape[at_out]) {
        snprintf(expected, sizeof expected, "%" PRId64, shape[at_out]);
        return fail_shape(error, model, bias, expected);
    }
    convolution->c_in = c_in;
    convolution->c_out = (int)shape[at_out];
    return PST_OK;
}

typedef pst_status (*reader)(pst_error *error, pst_source *source, const pst_source_tensor *tensor, float **values);

static pst_status read_finite(pst_error *error, const pst_weights *model, pst_source *source,
                              const pst_source_tensor *tensor, reader read, float **values) {
    pst_status status = read(error, source, tensor, values);
    for (size_t i = 0; status == PST_OK && i < tensor->info.count; i++)
        if (!isfinite((*values)[i]))
            status = pst_fail(error, PST_ERROR_FORMAT, "%s: number %zu of %.64s is not finite", model->path, i,
                              tensor->info.name);
    return status;
}

/* Brings a weight into the internal order: OIHW. */
static pst_status reorder(pst_error *error, pst_layout layout, pst_weights_convolution *convolution) {
    size_t c_in = (size_t)convolution->c_in, c_out = (size_t)convolution->c_out;
    float *from = convolution->weight, *to;
    if (layout == PST_LAYOUT_OIHW)
        return PST_OK;
    if (layout == PST_LAYOUT_OIWH) { /* each kernel turned over its diagonal */
        for (size_t i = 0; i < c_out * c_in; i++)
            for (int row = 0; row < 3; row++)
                for (int column = 0; column < row; column++) {
                    float swapped = from[9 * i + 3 * row + column];
                    from[9 * i + 3 * row + column] = from[9 * i + 3 * column + row];
                    from[9 * i + 3 * column + row] = swapped;
                }
        return PST_OK;
    }
    pst_status status = pst_allocate(error, 9 * c_in * c_out, sizeof *to, &to);
    if (status != PST_OK)
        return status;
    for (size_t tap = 0; tap < 9; tap++)
        for (size_t i = 0; i < c_in; i++)
            for (size_t o = 0; o < c_out; o++)
                to[(o * c_in + i) * 9 + tap] = *from++;
    pst_free(convolution->weight);
    convolution->weight = to;
    return PST_OK;
}

/* Gives the model the names and sizes of its convolutions: all shapes are checked before memory is taken for the first
 * weight. */
static pst_status take_shapes(pst_error *error, const pst_source *source, const pst_names *names, pst_weights *model) {
    int c_in = 3;
    size_t parameters = 0;
    for (size_t i = 0; i < names->count; i++) {
        pst_weights_convolution *convolution = &model->convolutions[model->convolution_count++];
        convolution->block = names->parts[i].block;
        convolution->unit = names->parts[i].unit;
        snprintf(convolution->name, sizeof convolution->name, "conv%d_%d", (uint8_t)convolution->block,
                 (uint8_t)convolution->unit); /* fits for certain */
        pst_status status = check_shapes(error, model, source->layout, &names->parts[i], c_in, convolution);
        if (status != PST_OK)
            return status;
        c_in = convolution->c_out;
        parameters += names->parts[i].weight->info.count + names->parts[i].bias->info.count;
    }
    if (parameters > PST_WEIGHTS_MAX_PARAMETERS)
        return pst_fail(error, PST_ERROR_UNSUPPORTED, "%s: has %zu parameters, more than the %zu that are read",
                        model->path, parameters, PST_WEIGHTS_MAX_PARAMETERS);
    return PST_OK;
}

pst_status pst_weights_read(pst_error *error, const char *path, pst_convention asked, pst_weights **model) {
    pst_status status = PST_OK;
    pst_source *source = NULL;
    pst_weights *made = NULL;
    pst_names names;
    pst_input input;
    *model = NULL;
    if (asked == PST_CONVENTION_RGB)
        return pst_fail(error, PST_ERROR_ARGUMENT, "%s: a convention with a mean of its own cannot be requested", path);
    PST_TRY(pst_source_open(error, path, &source));
    PST_TRY(pst_names_find(error, source, &names));
    PST_TRY(pst_allocate(error, 1, sizeof *made, &made));
    PST_TRY(pst_copy_text(error, path, &made->path));
    made->format = source->format->name;
    made->asked = asked;
    made->in_parts = source->companions.count > 0;
    PST_TRY(take_shapes(error, source, &names, made));
    for (size_t i = 0; i < made->convolution_count; i++) {
        pst_weights_convolution *convolution = &made->convolutions[i];
        made->scaled = made->scaled || names.parts[i].weight->info.type == PST_TENSOR_I8;
        PST_TRY(read_finite(error, made, source, names.parts[i].weight, pst_scaled_read, &convolution->weight));
        PST_TRY(read_finite(error, made, source, names.parts[i].bias, pst_source_read, &convolution->bias));
        PST_TRY(reorder(error, source->layout, convolution));
    }
    PST_TRY(pst_convention_decide(error, source, &names, asked, made, &input));
    pst_convention_fold(&input, &made->convolutions[0]);
    memcpy(made->notice, source->notice, sizeof made->notice);
    *model = made;
    made = NULL;

cleanup:
    pst_weights_destroy(made);
    pst_source_close(source);
    return status;
}

static pst_status recall(pst_error *error, pst_weights *model) {
    pst_weights *again;
    if (model->convolutions[0].weight)
        return PST_OK;
    pst_status status = pst_weights_read(error, model->path, model->asked, &again);
    if (status != PST_OK)
        return status;
    bool same = again->convolution_count == model->convolution_count;
    for (size_t i = 0; same && i < model->convolution_count; i++)
        same = again->convolutions[i].c_in == model->convolutions[i].c_in &&
               again->convolutions[i].c_out == model->convolutions[i].c_out;
    if (same)
        memcpy(model->convolutions, again->convolutions, sizeof model->convolutions);
    else
        pst_weights_forget(again);
    again->convolution_count = 0; /* what it held is the model's now, or gone */
    pst_weights_destroy(again);
    return same ? PST_OK
                : pst_fail(error, PST_ERROR_FORMAT, "%s: was replaced by another network since it was first read",
                           model->path);
}

pst_status pst_weights_recall(pst_error *error, pst_weights *model) {
    pst_process_lock_take(PST_LOCK_WEIGHTS);
    const pst_status status = recall(error, model);
    pst_process_lock_give(PST_LOCK_WEIGHTS);
    return status;
}
