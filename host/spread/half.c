#include "spread/half.h"

#include <math.h>
#include <string.h>

static const uint32_t sign_bit = 0x80000000, infinity_bits = 0x7f800000;

static uint32_t bits_of(float value) {
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

static float float_of(uint32_t bits) {
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

float pst_half_scale(const float *row, size_t count) {
    uint32_t most = 0; /* without their sign, the bits of floats are in the order of their size */
    for (size_t i = 0; i < count; i++) {
        const uint32_t bits = bits_of(row[i]) & ~sign_bit, finite = bits < infinity_bits ? bits : 0;
        most = finite > most ? finite : most;
    }
    /* The largest, rounded, is to be in [2^14, 2^15): what was rounded once has the same scale again. */
    const int exponent = (int)((most + 0xfff + ((most >> 13) & 1)) >> 23) - 127 - 14;
    return ldexpf(1, exponent < -126 ? -126 : exponent);
}

/* Both ways without branches, so that compilers make vectors of it. All that is chosen between is exact or rounds to
 * the nearest, ties to even. */
void pst_half_encode(uint16_t *halves, const float *values, size_t count, float scale) {
    const float factor = 1 / scale;
    const uint32_t smallest = bits_of(0x1p-14f), half_infinity = 0x7c00;
    for (size_t i = 0; i < count; i++) {
        const uint32_t bits = bits_of(values[i] * factor), sign = bits & sign_bit, size = bits ^ sign;
        /* Below 2^-14 the last place is 2^-24: that of 0.5 as a float. */
        const uint32_t denormal = bits_of(float_of(size) + 0.5f) - bits_of(0.5f);
        const uint32_t normal = (size - ((uint32_t)(127 - 15) << 23) + 0xfff + ((size >> 13) & 1)) >> 13;
        const uint32_t other = size > infinity_bits ? half_infinity | 0x200 : half_infinity;
        const uint32_t finite = size < smallest ? denormal : normal;
        halves[i] = (uint16_t)((size < infinity_bits ? finite : other) | sign >> 16);
    }
}

void pst_half_decode(float *values, const uint16_t *halves, size_t count, float scale) {
    for (size_t i = 0; i < count; i++) {
        const uint32_t half = halves[i], sign = (half & 0x8000) << 16, size = half & 0x7fff;
        const uint32_t other = infinity_bits | size << 13;
        const uint32_t finite = bits_of(float_of(size << 13) * 0x1p112f);
        values[i] = float_of((size < 0x7c00 ? finite : other) | sign) * scale;
    }
}
