#include "model/scaled.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"

/* The tensor named as the weight with an ending more, or NULL. */
static const pst_source_tensor *find_beside(const pst_source *source, const pst_source_tensor *weight,
                                            const char *ending) {
    const char *name = weight->info.name;
    size_t length = strlen(name);
    for (size_t i = 0; i < source->count; i++) {
        const char *other = source->tensors[i].info.name;
        if (strncmp(other, name, length) == 0 && strcmp(other + length, ending) == 0)
            return &source->tensors[i];
    }
    return NULL;
}

/* One scale for each output channel; compressed-tensors keeps the other sides as sides of 1. */
static bool fits(const pst_tensor_info *scale, int64_t channels) {
    bool same = scale->dimension_count > 0 && scale->shape[0] == channels;
    for (int d = 1; d < scale->dimension_count; d++)
        same = same && scale->shape[d] == 1;
    return same;
}

static pst_status read_scales(pst_error *error, pst_source *source, const pst_source_tensor *weight, float **scales) {
    const pst_source_tensor *scale = find_beside(source, weight, "_scale"),
                            *zero = find_beside(source, weight, "_zero_point");
    const char *name = weight->info.name;
    char shape[200];
    *scales = NULL;
    if (!scale)
        return pst_fail(error, PST_ERROR_FORMAT,
                        "%s: %.64s is stored in 8 bits, but its scales, %.64s_scale, are missing", source->path, name,
                        name);
    if (zero)
        return pst_fail(error, PST_ERROR_UNSUPPORTED,
                        "%s: %.64s is stored in 8 bits with zero points (%.80s); only scales are read", source->path,
                        name, zero->info.name);
    if (!fits(&scale->info, weight->info.shape[0]))
        return pst_fail(error, PST_ERROR_FORMAT, "%s: %.80s has shape %s; %" PRId64 " was expected", source->path,
                        scale->info.name, pst_tensor_shape_text(&scale->info, shape), weight->info.shape[0]);
    pst_status status = pst_source_read(error, source, scale, scales);
    for (size_t i = 0; status == PST_OK && i < scale->info.count; i++)
        if (!isfinite((*scales)[i]) || (*scales)[i] < 0)
            status =
                pst_fail(error, PST_ERROR_FORMAT, "%s: number %zu of %.80s is %g; scales are finite and not negative",
                         source->path, i, scale->info.name, (double)(*scales)[i]);
    return status;
}

pst_status pst_scaled_read(pst_error *error, pst_source *source, const pst_source_tensor *weight, float **values) {
    const pst_tensor_info *info = &weight->info;
    pst_status status = PST_OK;
    float *scales = NULL;
    *values = NULL;
    if (info->type != PST_TENSOR_I8) {
        const pst_source_tensor *scale = find_beside(source, weight, "_scale");
        if (scale && info->type != PST_TENSOR_OTHER) /* and of others the reader says what they are not */
            return pst_fail(error, PST_ERROR_FORMAT, "%s: has %.80s, but %.64s is not stored in 8 bits (I8)",
                            source->path, scale->info.name, info->name);
        return pst_source_read(error, source, weight, values);
    }
    PST_TRY(read_scales(error, source, weight, &scales));
    PST_TRY(pst_source_read_whole(error, source, weight, values));
    const size_t channels = (size_t)info->shape[0], size = info->count / channels; /* no side is 0: weights_read.c */
    for (size_t o = 0; o < channels; o++)
        for (size_t i = 0; i < size; i++)
            (*values)[o * size + i] *= scales[o];

cleanup:
    pst_free(scales);
    return status;
}
