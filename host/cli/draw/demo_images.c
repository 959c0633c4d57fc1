#include "cli/draw/demo_images.h"

#include <math.h>

#include "cli/draw/demo_landscape.h"
#include "cli/draw/demo_noise.h"

static void put(float *rgb, int at, color c) {
    const float samples[3] = {c.r, c.g, c.b};
    for (int i = 0; i < 3; i++)
        rgb[3 * at + i] = 255 * linear_step(0, 1, samples[i]);
}

/* ---- a painting of strokes that follow whirls ---- */

/* Where the stroke at a place runs: around three centers, otherwise along slow noise. */
static float flow(float x, float y) {
    static const float whirls[][3] = {{0.30f, 0.30f, 0.20f}, {0.74f, 0.22f, 0.13f}, {0.62f, 0.66f, 0.24f}};
    float dx = 0.5f, dy = 1.1f * (noise_octaves(x * 2.5f, y * 2.5f, 2, 7) - 0.5f);
    for (int i = 0; i < 3; i++) {
        const float ax = x - whirls[i][0], ay = y - whirls[i][1], r2 = whirls[i][2] * whirls[i][2];
        const float pull = 2.5f * expf(-(ax * ax + ay * ay) / r2), far = hypotf(ax, ay) + 0.02f;
        dx += pull * -ay / far;
        dy += pull * ax / far;
    }
    return atan2f(dy, dx);
}

static color paint_at(float x, float y, float chance) {
    static const color palette[] = {{0.05f, 0.10f, 0.30f}, {0.10f, 0.24f, 0.55f}, {0.20f, 0.45f, 0.72f},
                                    {0.50f, 0.72f, 0.80f}, {0.93f, 0.88f, 0.62f}, {0.96f, 0.76f, 0.20f},
                                    {0.85f, 0.45f, 0.12f}, {0.10f, 0.32f, 0.28f}};
    const float warm = expf(-18 * ((x - 0.30f) * (x - 0.30f) + (y - 0.30f) * (y - 0.30f))) +
                       expf(-40 * ((x - 0.74f) * (x - 0.74f) + (y - 0.22f) * (y - 0.22f)));
    float tone = 3.4f * noise_octaves(x * 3, y * 3, 3, 21) + 3.6f * warm + 2.2f * (chance - 0.5f);
    if (y > 0.80f + 0.08f * noise(x * 4, 0, 5) && chance > 0.25f)
        tone = chance > 0.93f ? 5.2f : 7;
    const int i = tone < 0 ? 0 : tone > 7 ? 7 : (int)tone;
    return palette[i];
}

/* One stroke of a brush: bristles along it, a ridge of paint at its side, thinner to its ends. */
static void stroke(int side, float *rgb, float x, float y, float length, float thick, uint32_t number) {
    const color base = paint_at(x, y, noise_at((int)number, 1, 3));
    const float shade = 0.86f + 0.28f * noise_at((int)number, 2, 3);
    const int steps = (int)(length * (float)side);
    for (int backwards = 0; backwards < steps / 2; backwards++) {
        x -= cosf(flow(x, y)) / (float)side;
        y -= sinf(flow(x, y)) / (float)side;
    }
    for (int step = 0; step < steps; step++) {
        const float angle = flow(x, y), along = 2 * (float)step / (float)steps - 1;
        const float half = thick * (float)side * sqrtf(1 - along * along * along * along) + 0.25f;
        for (float across = -half; across <= half; across += 0.45f) {
            const int px = (int)floorf(x * (float)side - across * sinf(angle)),
                      py = (int)floorf(y * (float)side + across * cosf(angle));
            if (px < 0 || py < 0 || px >= side || py >= side)
                continue;
            const float t = across / half, bristle = noise(t * 5, (float)step * 0.06f, number);
            if (bristle < 0.16f)
                continue;
            put(rgb, py * side + px,
                color_scale(base, shade * (0.80f + 0.34f * bristle + 0.16f * smooth_step(0.4f, 0.9f, -t) -
                                           0.22f * smooth_step(0.6f, 1.0f, t))));
        }
        x += cosf(angle) / (float)side;
        y += sinf(angle) / (float)side;
    }
}

static void draw_strokes(int width, int height, float *rgb) {
    (void)height; /* a square */
    for (int i = 0; i < width * width; i++)
        put(rgb, i,
            color_scale(paint_at((float)(i % width) / (float)width, (float)(i / width) / (float)width, 0.3f), 0.7f));
    uint32_t number = 0;
    for (int layer = 0; layer < 3; layer++) {
        const int count = 500 << layer;
        for (int i = 0; i < count; i++, number++) {
            const float x = noise_at((int)number, 11, 1), y = noise_at((int)number, 12, 1),
                        size = 1.0f / (float)(1 << layer);
            stroke(width, rgb, x, y, 0.05f + 0.10f * size, 0.005f + 0.009f * size, number);
        }
    }
}

/* ---- a mosaic ---- */

typedef struct cell {
    int i, j;   /* of the grid */
    float x, y; /* its middle, from the place that was asked about */
    float edge; /* how far the place is from the next cell */
} cell;

static cell cell_at(float x, float y) {
    const int i0 = (int)floorf(x), j0 = (int)floorf(y);
    float first = 9, second = 9;
    cell found = {0};
    for (int j = j0 - 1; j <= j0 + 1; j++)
        for (int i = i0 - 1; i <= i0 + 1; i++) {
            const float cx = (float)i + 0.15f + 0.7f * noise_at(i, j, 51),
                        cy = (float)j + 0.15f + 0.7f * noise_at(i, j, 52);
            const float d = hypotf(cx - x, cy - y);
            if (d < first) {
                second = first;
                first = d;
                found = (cell){i, j, cx - x, cy - y, 0};
            } else if (d < second)
                second = d;
        }
    found.edge = second - first;
    return found;
}

static color mosaic(float x, float y) {
    static const color palette[] = {{0.80f, 0.18f, 0.12f}, {0.93f, 0.55f, 0.16f}, {0.95f, 0.84f, 0.58f},
                                    {0.12f, 0.40f, 0.44f}, {0.16f, 0.18f, 0.34f}, {0.62f, 0.74f, 0.44f},
                                    {0.94f, 0.92f, 0.86f}};
    const float scale = 13, bent = 0.35f * (noise_octaves(x * 4, y * 4, 2, 61) - 0.5f);
    const cell c = cell_at(x * scale + bent, y * scale - bent);
    const float cx = (float)c.i / scale, cy = (float)c.j / scale;
    float tone = 9.5f * noise_octaves(cx * 2.2f, cy * 2.2f, 2, 71) - 1.8f + 2.4f * (noise_at(c.i, c.j, 53) - 0.5f);
    const int i = tone < 0 ? 0 : tone > 6 ? 6 : (int)tone;
    const float angle = 6.2831853f * noise_at(c.i, c.j, 54), across = cosf(angle) * c.x + sinf(angle) * c.y;
    const float hatch = smooth_step(0.25f, 0.45f, fabsf(fmodf(fabsf(across) * 9, 1.0f) - 0.5f));
    const float grain = noise_octaves(x * 120, y * 120, 2, 81);
    color tile = color_scale(palette[i], (0.74f + 0.30f * hatch) * (0.90f + 0.2f * grain) + 0.10f * (c.x + c.y));
    return color_mix((color){0.09f, 0.07f, 0.07f}, tile, smooth_step(0.07f, 0.12f, c.edge));
}

static void draw_mosaic(int width, int height, float *rgb) {
    enum { SIDE = 3 };
    for (int i = 0; i < width * height; i++) {
        color sum = {0, 0, 0};
        for (int s = 0; s < SIDE * SIDE; s++) {
            const color c = mosaic(((float)(i % width) + ((float)(s % SIDE) + 0.5f) / SIDE) / (float)height,
                                   ((float)(i / width) + ((float)(s / SIDE) + 0.5f) / SIDE) / (float)height);
            sum = (color){sum.r + c.r, sum.g + c.g, sum.b + c.b};
        }
        put(rgb, i, color_scale(sum, 1.0f / (SIDE * SIDE)));
    }
}

const demo_image demo_images[DEMO_IMAGES] = {{"landscape", 640, 448, demo_draw_landscape},
                                             {"strokes", 1024, 1024, draw_strokes},
                                             {"mosaic", 512, 512, draw_mosaic}};
