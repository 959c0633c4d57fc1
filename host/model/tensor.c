#include "model/tensor.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"

#define CHUNK_BYTES 16384 /* a multiple of every element's size */

size_t pst_tensor_element_bytes(pst_tensor_type type) {
    switch (type) {
    case PST_TENSOR_F16:
    case PST_TENSOR_BF16:
        return 2;
    case PST_TENSOR_F32:
        return 4;
    case PST_TENSOR_F64:
        return 8;
    case PST_TENSOR_I8:
        return 1;
    case PST_TENSOR_OTHER:
        break;
    }
    return 0;
}

bool pst_tensor_count(pst_tensor_info *info) {
    info->count = 1;
    for (int d = 0; d < info->dimension_count; d++)
        if (info->shape[d] < 0 || (uint64_t)info->shape[d] > SIZE_MAX ||
            !pst_multiply(info->count, (size_t)info->shape[d], &info->count))
            return false;
    return true;
}

char *pst_tensor_shape_text(const pst_tensor_info *info, char text[200]) {
    size_t used = (size_t)snprintf(text, 200, "%s", info->dimension_count > 0 ? "" : "()");
    for (int d = 0; d < info->dimension_count; d++)
        used += (size_t)snprintf(text + used, 200 - used, "%s%" PRId64, d ? "x" : "", info->shape[d]);
    return text;
}

static uint64_t little_endian(const uint8_t *bytes, size_t count) {
    uint64_t value = 0;
    for (size_t i = 0; i < count; i++)
        value |= (uint64_t)bytes[i] << (8 * i);
    return value;
}

static float float_of_bits(uint32_t bits) {
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

static float float_of_half(uint32_t half) {
    uint32_t sign = (half & 0x8000) << 16, exponent = half >> 10 & 31, fraction = half & 0x3ff;
    if (exponent == 31)
        return float_of_bits(sign | 0x7f800000 | fraction << 13);
    if (exponent == 0) { /* zero or subnormal: fraction * 2^-24, exact in a float */
        float value = (float)fraction * 0x1p-24f;
        return sign ? -value : value;
    }
    return float_of_bits(sign | (exponent + 112) << 23 | fraction << 13);
}

static double element(const uint8_t *at, pst_tensor_type type) {
    switch (type) {
    case PST_TENSOR_F16:
        return (double)float_of_half((uint32_t)little_endian(at, 2));
    case PST_TENSOR_BF16:
        return (double)float_of_bits((uint32_t)little_endian(at, 2) << 16);
    case PST_TENSOR_F32:
        return (double)float_of_bits((uint32_t)little_endian(at, 4));
    case PST_TENSOR_I8:
        return *at < 128 ? *at : *at - 256;
    default:
        break;
    }
    uint64_t bits = little_endian(at, 8);
    double value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

void pst_tensor_convert(const uint8_t *bytes, pst_tensor_type type, size_t count, float *floats, double *doubles) {
    size_t width = pst_tensor_element_bytes(type);
    if (floats && type == PST_TENSOR_F32) { /* what nearly all files hold */
        for (size_t i = 0; i < count; i++)
            floats[i] = float_of_bits((uint32_t)little_endian(bytes + 4 * i, 4));
        return;
    }
    for (size_t i = 0; i < count; i++) {
        double value = element(bytes + i * width, type);
        if (floats)
            floats[i] = (float)value;
        else
            doubles[i] = value;
    }
}

pst_status pst_tensor_read(pst_error *error, pst_file *file, uint64_t offset, pst_tensor_type type, size_t count,
                           float *floats, double *doubles) {
    uint8_t chunk[CHUNK_BYTES];
    size_t width = pst_tensor_element_bytes(type), most = CHUNK_BYTES / width;
    for (size_t done = 0; done < count;) {
        size_t part = count - done < most ? count - done : most;
        pst_status status = pst_file_read(error, file, offset + done * width, chunk, part * width);
        if (status != PST_OK)
            return status;
        pst_tensor_convert(chunk, type, part, floats ? floats + done : NULL, doubles ? doubles + done : NULL);
        done += part;
    }
    return PST_OK;
}

uint16_t pst_half_of_float(float value) {
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    uint16_t sign = (uint16_t)(bits >> 16 & 0x8000);
    uint32_t size = bits & 0x7fffffff;
    if (size > 0x7f800000)
        return (uint16_t)(sign | 0x7e00);
    if (size >= 0x477ff000) /* 65520 */
        return (uint16_t)(sign | 0x7c00);
    if (size < 0x33000001) /* at most 2^-25, half of the smallest */
        return sign;
    uint32_t exponent = size >> 23, fraction = (size & 0x7fffff) | 0x800000;
    /* Bits that are dropped: 13 of a normal number, more of a subnormal one. */
    uint32_t shift = exponent >= 113 ? 13 : 126 - exponent;
    uint32_t kept = fraction >> shift, rest = fraction & ((1u << shift) - 1), tie = 1u << (shift - 1);
    kept += rest > tie || (rest == tie && (kept & 1));
    /* A normal number's leading bit adds 1 to the exponent below it, and so does a carry. */
    return (uint16_t)(sign | (exponent >= 113 ? ((exponent - 113) << 10) + kept : kept));
}
