/* Colors and noise of the demonstration's images. */
#ifndef PST_CLI_DRAW_DEMO_NOISE_H
#define PST_CLI_DRAW_DEMO_NOISE_H

#include <stdint.h>

typedef struct color {
    float r, g, b; /* 0..1 */
} color;

color color_mix(color a, color b, float part_of_b);
color color_scale(color a, float factor);

/* 0..1, linear in between; 0 below `from`, 1 above `to`. smooth_step is the one without corners. */
float linear_step(float from, float to, float x);
float smooth_step(float from, float to, float x);

/* A number in [0, 1) for a place on a grid. */
float noise_at(int x, int y, uint32_t seed);

/* Value noise, 0..1, a unit from grain to grain; and octaves of it, each half as strong and twice as fine. */
float noise(float x, float y, uint32_t seed);
float noise_octaves(float x, float y, int octaves, uint32_t seed);

#endif
