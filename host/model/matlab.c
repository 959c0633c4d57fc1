/* MatConvNet's networks: `layers` is a list of structures, each convolution with its name and its weights, or in older
 * files its filters and biases; the mean color is in meta.normalization.averageImage, or normalization.averageImage.
 */
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "model/mat5.h"
#include "model/source.h"

#define MAX_LAYERS 1000
#define MAX_MEAN ((uint64_t)1 << 20) /* numbers of an average image */

static pst_status fail(pst_error *error, const pst_source *source, const char *what) {
    return pst_fail(error, PST_ERROR_FORMAT, "%s: %s; MatConvNet's networks are read", source->path, what);
}

/* The weights (0) or biases (1) of a layer. */
static pst_mat5_id part_of(const pst_mat5 *mat, pst_mat5_id layer, uint64_t part) {
    pst_mat5_id id = pst_mat5_element(mat, pst_mat5_field(mat, layer, "weights"), part);
    return id ? id : pst_mat5_field(mat, layer, part == 0 ? "filters" : "biases");
}

static pst_status add_part(pst_error *error, pst_source *source, const char *name, pst_mat5_id id, bool bias) {
    const pst_mat5_array *array = pst_mat5_get(source->state, id);
    char full[96];
    int64_t shape[PST_TENSOR_MAX_DIMENSIONS];
    pst_source_tensor *tensor;
    if (id == 0)
        return PST_OK;
    for (int d = 0; d < array->dimension_count; d++) /* the first dimension is the fastest there */
        shape[d] = (int64_t)array->dimensions[array->dimension_count - 1 - d];
    snprintf(full, sizeof full, "%s.%s", name, bias ? "bias" : "weight");
    pst_status status = pst_source_add(error, source, full, array->readable ? PST_TENSOR_F32 : PST_TENSOR_OTHER,
                                       array->dimension_count, shape, &tensor);
    if (status != PST_OK)
        return status;
    tensor->at = id;
    if (bias)
        pst_source_make_vector(tensor);
    return PST_OK;
}

static pst_status add_layers(pst_error *error, pst_source *source) {
    const pst_mat5 *mat = source->state;
    pst_mat5_id layers = pst_mat5_variable(mat, "layers");
    pst_status status = PST_OK;
    if (pst_mat5_get(mat, layers)->kind != PST_MAT5_CELL)
        return fail(error, source, "has no list named layers");
    if (pst_mat5_get(mat, layers)->count > MAX_LAYERS)
        return fail(error, source, "has more layers than any network");
    for (uint64_t i = 0; i < pst_mat5_get(mat, layers)->count && status == PST_OK; i++) {
        pst_mat5_id layer = pst_mat5_element(mat, layers, i);
        const char *type = pst_mat5_get(mat, pst_mat5_field(mat, layer, "type"))->text;
        const char *name = pst_mat5_get(mat, pst_mat5_field(mat, layer, "name"))->text;
        if (strcmp(type, "conv") != 0)
            continue;
        status = add_part(error, source, name, part_of(mat, layer, 0), false);
        if (status == PST_OK)
            status = add_part(error, source, name, part_of(mat, layer, 1), true);
    }
    return status;
}

/* The mean over the average image, which for VGG is of one color. Its channels are its last dimension. */
static pst_status read_mean(pst_error *error, pst_source *source) {
    pst_mat5 *mat = source->state;
    pst_mat5_id normalization = pst_mat5_field(mat, pst_mat5_variable(mat, "meta"), "normalization");
    if (!normalization)
        normalization = pst_mat5_variable(mat, "normalization");
    pst_mat5_id id = pst_mat5_field(mat, normalization, "averageImage");
    const pst_mat5_array *average = pst_mat5_get(mat, id);
    float *values;
    if (!average->readable || average->count % 3 != 0 || average->count > MAX_MEAN ||
        (average->dimension_count != 3 && average->count != 3))
        return fail(error, source, "has no normalization.averageImage, the mean color of what it was trained on");
    pst_status status = pst_allocate(error, (size_t)average->count, sizeof *values, &values);
    if (status != PST_OK)
        return status;
    status = pst_mat5_read(error, mat, id, values);
    size_t pixels = (size_t)average->count / 3;
    for (size_t i = 0; status == PST_OK && i < 3 * pixels; i++)
        source->mean[i / pixels] += (double)values[i] / (double)pixels;
    for (int c = 0; c < 3 && status == PST_OK; c++)
        if (!(source->mean[c] >= 0 && source->mean[c] <= 255))
            status = fail(error, source, "has an invalid mean color");
    pst_free(values);
    return status;
}

static pst_status open_matlab(pst_error *error, pst_source *source) {
    pst_mat5 *mat;
    pst_status status = pst_mat5_open(error, source->path, source->file, source->bytes, &mat);
    source->state = mat;
    source->layout = PST_LAYOUT_OIWH;
    source->convention = PST_CONVENTION_RGB;
    if (status == PST_OK)
        status = add_layers(error, source);
    return status == PST_OK ? read_mean(error, source) : status;
}

static pst_status read_matlab(pst_error *error, pst_source *source, const pst_source_tensor *tensor, float *values) {
    return pst_mat5_read(error, source->state, (pst_mat5_id)tensor->at, values);
}

static void close_matlab(pst_source *source) { pst_mat5_close(source->state); }

const pst_format pst_format_matlab = {
    .name = "MATLAB 5", .open = open_matlab, .read = read_matlab, .close = close_matlab};
