#include "model/model.h"

#include "base/memory.h"
#include "model/safetensors.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#define WEIGHT 1u
#define BIAS 2u
#define MAX_UNITS PST_MODEL_MAX_CONVOLUTIONS

/* Which convolutions a file holds: WEIGHT and BIAS by block and unit, both from 1. */
typedef struct inventory {
    unsigned parts[PST_MODEL_MAX_BLOCKS + 1][MAX_UNITS + 1];
} inventory;

static const struct {
    const char *key, *value;
} convention[] = {
    {"layout", "OIHW"}, {"channel_order", "BGR"}, {"pixel_range", "0..255"}, {"mean", "103.939,116.779,123.68"},
    {"padding", "zero"},
};

static pst_status check_metadata(pst_error *error, const char *path, const pst_safetensors *file)
{
    for (size_t i = 0; i < sizeof convention / sizeof convention[0]; i++) {
        const char *value = pst_safetensors_metadata(file, convention[i].key);
        if (value && strcmp(value, convention[i].value) != 0)
            return pst_fail(error, PST_ERROR_UNSUPPORTED, "%s: its metadata says that %s is %.64s; only %s can be used",
                            path, convention[i].key, value, convention[i].value);
    }
    return PST_OK;
}

/* The names must be spelled exactly, so each is compared with what it would be; all other tensors are passed over. */
static pst_status take_stock(pst_error *error, const char *path, const pst_safetensors *file, inventory *found)
{
    for (size_t i = 0; i < pst_safetensors_count(file); i++) {
        const char *name = pst_safetensors_at(file, i)->name;
        char kind[8], exact[32];
        unsigned block, unit;
        if (sscanf(name, "conv%3u_%3u.%7[a-z]", &block, &unit, kind) != 3)
            continue;
        unsigned part = strcmp(kind, "weight") == 0 ? WEIGHT : strcmp(kind, "bias") == 0 ? BIAS : 0;
        snprintf(exact, sizeof exact, "conv%u_%u.%s", block, unit, kind);
        if (part == 0 || strcmp(name, exact) != 0)
            continue;
        if (block < 1 || block > PST_MODEL_MAX_BLOCKS || unit < 1 || unit > MAX_UNITS)
            return pst_fail(error, PST_ERROR_FORMAT, "%s: has %s; blocks go from 1 to %d and units from 1 to %d", path,
                            name, PST_MODEL_MAX_BLOCKS, MAX_UNITS);
        found->parts[block][unit] |= part;
    }
    return PST_OK;
}

/* Fills in the names of all convolutions in their order. Fails at the first gap. */
static pst_status list_convolutions(pst_error *error, const inventory *found, pst_model *model)
{
    int missing_block = 0, missing_unit = 0; /* the first that is not there, while others may still come */
    for (int block = 1; block <= PST_MODEL_MAX_BLOCKS; block++)
        for (int unit = 1; unit <= MAX_UNITS; unit++) {
            unsigned parts = found->parts[block][unit];
            bool gap = missing_block == block || (missing_block && missing_unit == 1);
            if (parts == 0 && !gap) {
                missing_block = block;
                missing_unit = unit;
            }
            if (parts == 0)
                continue;
            if (gap)
                return pst_fail(error, PST_ERROR_FORMAT, "%s: has conv%d_%d but no conv%d_%d", model->path, block, unit,
                                missing_block, missing_unit);
            if (parts != (WEIGHT | BIAS))
                return pst_fail(error, PST_ERROR_FORMAT, "%s: conv%d_%d.%s is missing", model->path, block, unit,
                                parts == WEIGHT ? "bias" : "weight");
            if (model->convolution_count == PST_MODEL_MAX_CONVOLUTIONS)
                return pst_fail(error, PST_ERROR_UNSUPPORTED, "%s: has more than %d convolutions", model->path,
                                PST_MODEL_MAX_CONVOLUTIONS);
            pst_model_convolution *made = &model->convolutions[model->convolution_count++];
            made->block = block;
            made->unit = unit;
            snprintf(made->name, sizeof made->name, "conv%d_%d", (uint8_t)block, (uint8_t)unit); /* fits for certain */
        }
    if (model->convolution_count == 0)
        return pst_fail(error, PST_ERROR_FORMAT, "%s: has no conv1_1.weight, so it is not a VGG network; tensors "
                        "conv1_1.weight, conv1_1.bias and so on were expected", model->path);
    return PST_OK;
}

static pst_status fail_shape(pst_error *error, const pst_model *model, const pst_tensor_info *tensor,
                             const char *expected)
{
    char shape[200] = "";
    size_t used = 0;
    for (int d = 0; d < tensor->dimension_count; d++)
        used += (size_t)snprintf(shape + used, sizeof shape - used, "%s%" PRId64, d ? "x" : "", tensor->shape[d]);
    return pst_fail(error, PST_ERROR_FORMAT, "%s: %s has shape %s; %s was expected", model->path, tensor->name,
                    used ? shape : "()", expected);
}

/* Sets the convolution's size from its weights and checks both tensors against it and the layer before. */
static pst_status check_shapes(pst_error *error, const pst_model *model, const pst_tensor_info *weight,
                               const pst_tensor_info *bias, int c_in, pst_model_convolution *convolution)
{
    char expected[64];
    const int64_t *shape = weight->shape;
    bool countable = weight->dimension_count > 0 && shape[0] >= 1 && shape[0] <= PST_MODEL_MAX_CHANNELS;
    if (!countable || weight->dimension_count != 4 || shape[1] != c_in || shape[2] != 3 || shape[3] != 3) {
        if (countable)
            snprintf(expected, sizeof expected, "%" PRId64 "x%dx3x3", shape[0], c_in);
        else
            snprintf(expected, sizeof expected, "Nx%dx3x3 with N from 1 to %d", c_in, PST_MODEL_MAX_CHANNELS);
        return fail_shape(error, model, weight, expected);
    }
    if (bias->dimension_count != 1 || bias->shape[0] != shape[0]) {
        snprintf(expected, sizeof expected, "%" PRId64, shape[0]);
        return fail_shape(error, model, bias, expected);
    }
    convolution->c_in = c_in;
    convolution->c_out = (int)shape[0];
    return PST_OK;
}

static pst_status read_finite(pst_error *error, const pst_model *model, pst_safetensors *file,
                              const pst_tensor_info *tensor, float **values)
{
    pst_status status = pst_allocate(error, tensor->count, sizeof(float), values);
    if (status != PST_OK)
        return pst_fail_in(error, model->path);
    status = pst_safetensors_read_float(error, file, tensor, *values);
    for (size_t i = 0; i < tensor->count && status == PST_OK; i++)
        if (!isfinite((*values)[i]))
            status = pst_fail(error, PST_ERROR_FORMAT, "%s: number %zu of %s is not finite", model->path, i,
                              tensor->name);
    return status;
}

pst_status pst_model_read(pst_error *error, const char *path, pst_model **model)
{
    pst_status status = PST_OK;
    pst_safetensors *file = NULL;
    pst_model *made = NULL;
    inventory found = {0};
    int c_in = 3;
    *model = NULL;
    PST_TRY(pst_safetensors_open(error, path, &file));
    PST_TRY(check_metadata(error, path, file));
    PST_TRY(take_stock(error, path, file, &found));
    PST_TRY(pst_allocate(error, 1, sizeof *made, &made));
    PST_TRY(pst_copy_text(error, path, &made->path));
    PST_TRY(list_convolutions(error, &found, made));

    const pst_tensor_info *tensors[PST_MODEL_MAX_CONVOLUTIONS][2];
    for (size_t i = 0; i < made->convolution_count; i++) { /* all shapes before memory is taken for the first weight */
        pst_model_convolution *convolution = &made->convolutions[i];
        char name[32];
        snprintf(name, sizeof name, "%s.weight", convolution->name);
        tensors[i][0] = pst_safetensors_find(file, name);
        snprintf(name, sizeof name, "%s.bias", convolution->name);
        tensors[i][1] = pst_safetensors_find(file, name);
        PST_TRY(check_shapes(error, made, tensors[i][0], tensors[i][1], c_in, convolution));
        c_in = convolution->c_out;
    }
    for (size_t i = 0; i < made->convolution_count; i++) {
        PST_TRY(read_finite(error, made, file, tensors[i][0], &made->convolutions[i].weight));
        PST_TRY(read_finite(error, made, file, tensors[i][1], &made->convolutions[i].bias));
    }
    *model = made;
    made = NULL;

cleanup:
    pst_model_destroy(made);
    pst_safetensors_close(file);
    return status;
}

void pst_model_forget(pst_model *model)
{
    for (size_t i = 0; i < model->convolution_count; i++) {
        pst_free(model->convolutions[i].weight);
        pst_free(model->convolutions[i].bias);
        model->convolutions[i].weight = model->convolutions[i].bias = NULL;
    }
}

pst_status pst_model_recall(pst_error *error, pst_model *model)
{
    pst_model *again;
    if (model->convolutions[0].weight)
        return PST_OK;
    pst_status status = pst_model_read(error, model->path, &again);
    if (status != PST_OK)
        return status;
    bool same = again->convolution_count == model->convolution_count;
    for (size_t i = 0; same && i < model->convolution_count; i++)
        same = again->convolutions[i].c_in == model->convolutions[i].c_in &&
               again->convolutions[i].c_out == model->convolutions[i].c_out;
    if (same)
        memcpy(model->convolutions, again->convolutions, sizeof model->convolutions);
    else
        pst_model_forget(again);
    again->convolution_count = 0; /* what it held is the model's now, or gone */
    pst_model_destroy(again);
    return same ? PST_OK
                : pst_fail(error, PST_ERROR_FORMAT, "%s: was replaced by another network since it was first read", model->path);
}

void pst_model_destroy(pst_model *model)
{
    if (!model)
        return;
    pst_model_forget(model);
    pst_free(model->path);
    pst_free(model);
}
