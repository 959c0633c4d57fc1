/* The demonstration's content: a lake between mountains in the evening, with a cabin, firs and a meadow. Everything is
 * a function of the place; x runs from 0 to the image's width over its height, y from 0 at the top to 1. */
#include "cli/draw/demo_landscape.h"

#include <math.h>
#include <stdbool.h>

#include "cli/draw/demo_noise.h"

#define SHORE 0.56f /* where the lake begins, and what it reflects ends */
#define MEADOW 0.80f

static const color haze = {0.93f, 0.72f, 0.58f};

static color sky(float x, float y) {
    color c = color_mix((color){0.16f, 0.30f, 0.58f}, (color){0.98f, 0.76f, 0.50f}, smooth_step(0.0f, 0.50f, y));
    const float from_sun = hypotf(x - 0.98f, y - 0.31f);
    c = color_mix(c, (color){1.0f, 0.88f, 0.58f}, 0.8f * expf(-from_sun * from_sun * 22));
    c = color_mix(c, (color){1.0f, 0.97f, 0.84f}, 1 - smooth_step(0.050f, 0.056f, from_sun));
    const float cloud = noise_octaves(x * 2.6f + 3, y * 9, 5, 11);
    const color lit =
        color_mix((color){0.98f, 0.93f, 0.90f}, (color){0.93f, 0.55f, 0.45f}, smooth_step(0.1f, 0.42f, y));
    return color_mix(c, lit, 0.85f * smooth_step(0.52f, 0.68f, cloud) * (1 - smooth_step(0.34f, 0.48f, y)));
}

/* How high a ridge stands at x, as y; sharp crests where the noise folds. */
static float ridge(float x, float base, float height, float scale, uint32_t seed) {
    float sum = 0, part = height;
    for (int i = 0; i < 5; i++) {
        sum += part * (1 - fabsf(2 * noise(x * scale, 0.5f, seed + (uint32_t)i) - 1));
        scale *= 2.1f;
        part *= 0.45f;
    }
    return base - sum;
}

static color mountains(float x, float y, color behind) {
    static const struct {
        float base, height, scale;
        uint32_t seed;
        color dark, light;
        float snow, haze;
    } ridges[] = {
        {0.50f, 0.17f, 1.9f, 31, {0.35f, 0.38f, 0.55f}, {0.66f, 0.60f, 0.66f}, 0.10f, 0.40f},
        {0.57f, 0.14f, 2.7f, 57, {0.17f, 0.24f, 0.36f}, {0.48f, 0.45f, 0.47f}, 0.05f, 0.16f},
        {0.58f, 0.055f, 5.0f, 83, {0.09f, 0.18f, 0.16f}, {0.24f, 0.33f, 0.20f}, 0, 0.06f},
    };
    color c = behind;
    for (int i = 0; i < 3; i++) {
        const float top = ridge(x, ridges[i].base, ridges[i].height, ridges[i].scale, ridges[i].seed), depth = y - top;
        if (depth < 0)
            continue;
        /* facets: lit where the rock falls towards the sun */
        const float here = noise_octaves(x * 14 + depth * 6, depth * 22, 4, ridges[i].seed + 9);
        const float beside = noise_octaves(x * 14 + 0.25f + depth * 6, depth * 22, 4, ridges[i].seed + 9);
        const float light = linear_step(-0.10f, 0.12f, beside - here);
        c = color_mix(ridges[i].dark, ridges[i].light, light);
        if (ridges[i].snow > 0)
            c = color_mix(c, color_mix((color){0.62f, 0.66f, 0.82f}, (color){1.0f, 0.94f, 0.88f}, light),
                          1 - smooth_step(0.3f, 1.0f, depth / ridges[i].snow + 0.8f * here - 0.4f));
        c = color_mix(c, haze, ridges[i].haze * smooth_step(0, 0.2f, depth));
    }
    return c;
}

/* A fir: whether a place is in it, by its distance from the middle, `half` the width that it may have there. */
static float fir(float x, float y, float foot_x, float foot_y, float height, uint32_t seed) {
    const float up = (foot_y - y) / height; /* 0 at the foot */
    if (up < 0 || up > 1)
        return 0;
    const float across = fabsf(x - foot_x) / height;
    if (up < 0.08f)
        return across < 0.018f;
    const float tier = (1 - up) * 9, whole = tier - floorf(tier);
    const float half = 0.30f * (1 - up) * (0.55f + 0.45f * whole) + 0.02f * (noise(y * 300, x * 40, seed) - 0.5f);
    return across < half;
}

static color firs(float x, float y, color c) {
    static const float trees[][3] = {{0.05f, 0.86f, 0.42f}, {0.17f, 0.84f, 0.30f}, {1.30f, 0.88f, 0.50f},
                                     {1.42f, 0.84f, 0.34f}, {1.17f, 0.83f, 0.22f}, {-0.03f, 0.90f, 0.36f}};
    for (uint32_t i = 0; i < sizeof trees / sizeof *trees; i++)
        if (fir(x, y, trees[i][0], trees[i][1], trees[i][2], 200 + i) > 0) {
            const float light = noise_octaves(x * 60, y * 45, 3, 300 + i) + 1.2f * (x - trees[i][0]) / trees[i][2];
            c = color_mix((color){0.03f, 0.10f, 0.09f}, (color){0.26f, 0.38f, 0.17f}, smooth_step(0.3f, 0.9f, light));
        }
    return c;
}

static color cabin(float x, float y, color c) {
    const float left = 0.34f, right = 0.50f, eaves = 0.515f, floor_y = 0.585f, u = (x - left) / (right - left);
    const float slope = fabsf(u - 0.5f) * 2, roof = 0.43f + 0.105f * slope;
    if (u > 0.68f && u < 0.80f && y > 0.425f && y < roof + 0.01f && y < 0.5f)
        return (color){0.42f, 0.30f, 0.28f};
    if (u > -0.14f && u < 1.14f && y > roof && y < roof + 0.030f)
        return color_mix((color){0.30f, 0.16f, 0.14f}, (color){0.62f, 0.36f, 0.26f}, u > 0.5f ? 0.9f : 0.3f);
    if (u < 0 || u > 1 || y < roof || y > floor_y)
        return c;
    const float plank = fmodf(y * 130, 1.0f);
    color wall = color_scale((color){0.72f, 0.24f, 0.17f},
                             plank < 0.18f ? 0.7f : 0.9f + 0.2f * noise(x * 40, floorf(y * 130), 5));
    const bool pane =
        y > eaves + 0.010f && y < eaves + 0.042f && ((u > 0.12f && u < 0.32f) || (u > 0.68f && u < 0.88f));
    if (pane)
        wall = fabsf(u - 0.22f) < 0.012f || fabsf(u - 0.78f) < 0.012f ? (color){0.95f, 0.93f, 0.88f}
                                                                      : (color){1.0f, 0.82f, 0.40f};
    if (u > 0.43f && u < 0.57f && y > eaves + 0.012f)
        wall = (color){0.24f, 0.30f, 0.36f};
    return wall;
}

static color shore(float x, float y) {
    color c = mountains(x, y, sky(x, y));
    const float bank =
        SHORE + 0.014f - 0.022f * noise_octaves(x * 5, 0, 3, 41) + 0.030f * linear_step(0.25f, 0.1f, fabsf(x - 0.42f));
    if (y > bank - 0.012f)
        c = color_mix((color){0.28f, 0.36f, 0.16f}, (color){0.62f, 0.58f, 0.26f}, noise_octaves(x * 50, y * 90, 3, 43));
    return cabin(x, y, c);
}

static color lake(float x, float y) {
    const float depth = y - SHORE - 0.03f, ripple = noise_octaves(x * 7, y * 95, 3, 61) - 0.5f;
    color c = shore(x + 0.05f * ripple, SHORE + 0.024f - 1.05f * depth - 0.02f * ripple);
    c = color_mix(color_scale(c, 0.88f), (color){0.16f, 0.32f, 0.42f},
                  0.20f + 0.45f * smooth_step(0.02f, 0.22f, depth));
    const float glitter = noise_octaves(x * 16, y * 150, 2, 67) - 2.2f * fabsf(x - 0.98f);
    return color_mix(c, (color){1.0f, 0.90f, 0.66f}, smooth_step(0.52f, 0.66f, glitter));
}

static color meadow(float x, float y, float edge) {
    const float near = linear_step(edge, 1.0f, y), scale = 90 - 55 * near;
    const float blades = noise_octaves(x * scale * 1.5f + 6 * noise(x * 9, y * 9, 3), y * scale * 0.4f, 3, 71);
    color c = color_mix((color){0.13f, 0.26f, 0.08f}, (color){0.62f, 0.66f, 0.22f}, smooth_step(0.2f, 0.8f, blades));
    c = color_mix(c, (color){0.85f, 0.72f, 0.30f}, 0.3f * (1 - near));
    const float cell = 30 - 14 * near;
    const int i = (int)floorf(x * cell), j = (int)floorf(y * cell * 1.3f);
    const float fx = x * cell - (float)i - 0.25f - 0.5f * noise_at(i, j, 90),
                fy = y * cell * 1.3f - (float)j - 0.25f - 0.5f * noise_at(i, j, 91);
    if (noise_at(i, j, 92) > 0.55f && hypotf(fx, fy) < 0.16f + 0.10f * noise_at(i, j, 93)) {
        const float kind = noise_at(i, j, 94);
        c = kind < 0.4f   ? (color){0.90f, 0.20f, 0.16f}
            : kind < 0.7f ? (color){0.98f, 0.86f, 0.28f}
                          : (color){0.96f, 0.94f, 0.98f};
    }
    return c;
}

static color place(float x, float y) {
    const float edge = MEADOW - 0.05f * noise_octaves(x * 3, 0, 3, 47) + 0.045f * cosf(x * 2.2f);
    color c = y > edge ? meadow(x, y, edge) : y > SHORE + 0.03f ? lake(x, y) : shore(x, y);
    return firs(x, y, c);
}

void demo_draw_landscape(int width, int height, float *rgb) {
    enum { SIDE = 3 }; /* samples along a side of a pixel */
    for (int i = 0; i < width * height; i++) {
        color sum = {0, 0, 0};
        for (int s = 0; s < SIDE * SIDE; s++) {
            const float x = ((float)(i % width) + ((float)(s % SIDE) + 0.5f) / SIDE) / (float)height;
            const float y = ((float)(i / width) + ((float)(s / SIDE) + 0.5f) / SIDE) / (float)height;
            const color c = place(x, y);
            sum = (color){sum.r + c.r, sum.g + c.g, sum.b + c.b};
        }
        sum = color_scale(sum, 255.0f / (SIDE * SIDE));
        rgb[3 * i] = sum.r;
        rgb[3 * i + 1] = sum.g;
        rgb[3 * i + 2] = sum.b;
    }
}
