#include "spread/half.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

/* Everything is done on the bits of floats as signed numbers, without branches: compilers make vectors of that. */
static const int32_t infinity = 0x7f800000, sign_bit = INT32_MIN, half_infinity = 0x7c00;

static int32_t bits_of(float value) {
    int32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

static float float_of(int32_t bits) {
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

static int32_t choose(bool condition, int32_t yes, int32_t no) {
    const int32_t mask = -(int32_t)condition;
    return (yes & mask) | (no & ~mask);
}

float pst_half_scale(const float *row, size_t count) {
    int32_t most = 0; /* without their sign, the bits of floats are in the order of their size */
    for (size_t i = 0; i < count; i++) {
        const int32_t size = bits_of(row[i]) & ~sign_bit, finite = choose(size < infinity, size, 0);
        most = finite > most ? finite : most;
    }
    /* The largest, rounded, is to be in [2^14, 2^15): what was rounded once has the same scale again. */
    const int exponent = ((most + 0xfff + (most >> 13 & 1)) >> 23) - 127 - 14;
    return ldexpf(1, exponent < -126 ? -126 : exponent);
}

void pst_half_encode(uint16_t *halves, const float *values, size_t count, float scale) {
    const float factor = 1 / scale;
    const int32_t smallest = bits_of(0x1p-14f), rebias = (127 - 15) << 23;
    for (size_t i = 0; i < count; i++) {
        const int32_t bits = bits_of(values[i] * factor), size = bits & ~sign_bit;
        /* Below 2^-14 the last place is 2^-24: that of 0.5 as a float. */
        const int32_t denormal = bits_of(float_of(size) + 0.5f) - bits_of(0.5f);
        const int32_t normal = (size - rebias + 0xfff + (size >> 13 & 1)) >> 13;
        const int32_t other = half_infinity | (-(int32_t)(size > infinity) & 0x200);
        const int32_t finite = choose(size < smallest, denormal, normal);
        halves[i] = (uint16_t)(choose(size < infinity, finite, other) | (bits >> 16 & 0x8000));
    }
}

void pst_half_decode(float *values, const uint16_t *halves, size_t count, float scale) {
    for (size_t i = 0; i < count; i++) {
        const int32_t half = (int16_t)halves[i], size = (half & 0x7fff) << 13;
        const int32_t finite = bits_of(float_of(size) * 0x1p112f);
        values[i] = float_of(choose(size < half_infinity << 13, finite, infinity | size) | (half & sign_bit)) * scale;
    }
}
