#include "model/weights_write.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/file.h"
#include "base/memory.h"
#include "model/convention.h"

static const char *file_name(const char *path) {
    const char *name = path;
    for (const char *c = path; *c; c++)
        if (*c == '/' || *c == '\\')
            name = c + 1;
    return name;
}

static json_t *metadata_of(const pst_weights *model) {
    const char *name = file_name(model->path);
    json_t *origin = json_string(name);
    if (!origin) /* a name that is no UTF-8 */
        origin = json_string("");
    return json_pack("{s:s, s:s, s:s, s:s, s:s, s:o, s:s, s:s}", "layout", "OIHW", "channel_order", "BGR",
                     "pixel_range", "0..255", "mean", "103.939,116.779,123.68", "padding", "zero", "origin", origin,
                     "origin_format", model->format, "origin_convention", pst_convention_name(model->convention));
}

static size_t weight_count(const pst_weights_convolution *c) { return (size_t)c->c_out * (size_t)c->c_in * 9; }

/* The header's text, from malloc, or NULL; *data_bytes is the size of what follows. */
static char *make_header(const pst_weights *model, bool half, size_t *data_bytes) {
    json_t *header = json_object();
    size_t width = half ? 2 : 4, at = 0;
    const char *type = half ? "F16" : "F32";
    bool whole = json_object_set_new(header, "__metadata__", metadata_of(model)) == 0;
    for (size_t i = 0; whole && i < model->convolution_count; i++) {
        const pst_weights_convolution *c = &model->convolutions[i];
        size_t middle = at + width * weight_count(c), end = middle + width * (size_t)c->c_out;
        char weight[32], bias[32];
        snprintf(weight, sizeof weight, "%s.weight", c->name);
        snprintf(bias, sizeof bias, "%s.bias", c->name);
        whole = json_object_set_new(header, weight,
                                    json_pack("{s:s, s:[i,i,i,i], s:[I,I]}", "dtype", type, "shape", c->c_out, c->c_in,
                                              3, 3, "data_offsets", (json_int_t)at, (json_int_t)middle)) == 0 &&
                json_object_set_new(header, bias,
                                    json_pack("{s:s, s:[i], s:[I,I]}", "dtype", type, "shape", c->c_out, "data_offsets",
                                              (json_int_t)middle, (json_int_t)end)) == 0;
        at = end;
    }
    char *text = whole ? json_dumps(header, JSON_COMPACT) : NULL;
    json_decref(header);
    *data_bytes = at;
    return text;
}

static pst_status put(pst_error *error, const char *path, bool half, const pst_weights_convolution *c,
                      const float *values, size_t count, uint8_t **at) {
    for (size_t i = 0; i < count; i++) {
        uint32_t bits;
        size_t width = half ? 2 : 4;
        memcpy(&bits, &values[i], sizeof bits);
        if (half) {
            if (fabsf(values[i]) >= 65520)
                return pst_fail(error, PST_ERROR_NUMERIC, "%s: %s has the number %g, too large for F16; write F32",
                                path, c->name, (double)values[i]);
            bits = pst_half_of_float(values[i]);
        }
        for (size_t k = 0; k < width; k++)
            *(*at)++ = (uint8_t)(bits >> (8 * k));
    }
    return PST_OK;
}

pst_status pst_weights_write(pst_error *error, const pst_weights *model, const char *path, bool half) {
    size_t data_bytes, bytes;
    uint8_t *file = NULL;
    pst_status status = PST_OK;
    char *header = make_header(model, half, &data_bytes);
    if (!header)
        return pst_fail(error, PST_ERROR_MEMORY, "%s: not enough memory for its header", path);
    size_t length = strlen(header), header_bytes = (length + 7) / 8 * 8;
    bytes = 8 + header_bytes + data_bytes;
    PST_TRY(pst_allocate(error, bytes, 1, &file));
    for (int i = 0; i < 8; i++)
        file[i] = (uint8_t)((uint64_t)header_bytes >> (8 * i));
    memset(file + 8, ' ', header_bytes);
    memcpy(file + 8, header, length);
    uint8_t *at = file + 8 + header_bytes;
    for (size_t i = 0; i < model->convolution_count; i++) {
        const pst_weights_convolution *c = &model->convolutions[i];
        PST_TRY(put(error, path, half, c, c->weight, weight_count(c), &at));
        PST_TRY(put(error, path, half, c, c->bias, (size_t)c->c_out, &at));
    }
    PST_TRY(pst_file_save(error, path, file, bytes));
cleanup:
    free(header);
    pst_free(file);
    return status;
}
