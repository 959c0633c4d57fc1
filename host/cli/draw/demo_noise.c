#include "cli/draw/demo_noise.h"

#include <math.h>

color color_mix(color a, color b, float part) {
    return (color){a.r + (b.r - a.r) * part, a.g + (b.g - a.g) * part, a.b + (b.b - a.b) * part};
}

color color_scale(color a, float factor) { return (color){a.r * factor, a.g * factor, a.b * factor}; }

float linear_step(float from, float to, float x) {
    const float t = (x - from) / (to - from);
    return t < 0 ? 0 : t > 1 ? 1 : t;
}

float smooth_step(float from, float to, float x) {
    const float t = linear_step(from, to, x);
    return t * t * (3 - 2 * t);
}

float noise_at(int x, int y, uint32_t seed) {
    uint32_t h = (uint32_t)x * 0x9e3779b1u ^ (uint32_t)y * 0x85ebca77u ^ seed * 0xc2b2ae3du;
    h = (h ^ h >> 15) * 0x2c1b3c6du;
    h = (h ^ h >> 12) * 0x297a2d39u;
    return (float)((h ^ h >> 15) >> 8) / 16777216.0f;
}

float noise(float x, float y, uint32_t seed) {
    const float left = floorf(x), top = floorf(y);
    const int i = (int)left, j = (int)top;
    const float u = smooth_step(0, 1, x - left), v = smooth_step(0, 1, y - top);
    const float a = noise_at(i, j, seed), b = noise_at(i + 1, j, seed);
    const float c = noise_at(i, j + 1, seed), d = noise_at(i + 1, j + 1, seed);
    return (a + (b - a) * u) * (1 - v) + (c + (d - c) * u) * v;
}

float noise_octaves(float x, float y, int octaves, uint32_t seed) {
    float sum = 0, all = 0, part = 1;
    for (int i = 0; i < octaves; i++) {
        sum += part * noise(x, y, seed + (uint32_t)i);
        all += part;
        part *= 0.5f;
        x = 2 * x + 17.3f;
        y = 2 * y + 5.9f;
    }
    return sum / all;
}
