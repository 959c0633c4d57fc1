#include "spread/host_arithmetic.h"

#include <math.h>

#define LANES 8 /* of a sum; they are added in order */

void pst_host_scale(float *to, const float *from, size_t count, float factor) {
    for (size_t i = 0; i < count; i++)
        to[i] = from[i] * factor;
}

static void add_four(float *restrict to, size_t count, const float *f, const float *restrict a, const float *restrict b,
                     const float *restrict c, const float *restrict d) {
    const float fa = f[0], fb = f[1], fc = f[2], fd = f[3];
    for (size_t i = 0; i < count; i++)
        to[i] = to[i] + fa * a[i] + fb * b[i] + fc * c[i] + fd * d[i];
}

static void add_one(float *restrict to, size_t count, float f, const float *restrict a) {
    for (size_t i = 0; i < count; i++)
        to[i] += f * a[i];
}

void pst_host_add(float *to, size_t count, size_t terms, const float *factors, const float *const *from) {
    if (terms == PST_HOST_TERMS)
        add_four(to, count, factors, from[0], from[1], from[2], from[3]);
    else
        for (size_t k = 0; k < terms; k++)
            add_one(to, count, factors[k], from[k]);
}

/* ---- sums ---- */

static double sum_lanes(const double lanes[LANES]) {
    double sum = 0;
    for (int k = 0; k < LANES; k++)
        sum += lanes[k];
    return sum;
}

static double dot(const float *a, const float *b, size_t count) {
    double lanes[LANES] = {0};
    size_t i = 0;
    for (; i + LANES <= count; i += LANES)
        for (int k = 0; k < LANES; k++)
            lanes[k] += (double)a[i + k] * (double)b[i + k];
    for (int k = 0; i + k < count; k++)
        lanes[k] += (double)a[i + k] * (double)b[i + k];
    return sum_lanes(lanes);
}

void pst_host_dots(const float *a, size_t b_count, const float *const *b, size_t count, double *sums) {
    for (size_t j = 0; j < b_count; j++)
        sums[j] += dot(a, b[j], count);
}

double pst_host_absolute_sum(const float *x, size_t count) {
    double lanes[LANES] = {0};
    size_t i = 0;
    for (; i + LANES <= count; i += LANES)
        for (int k = 0; k < LANES; k++)
            lanes[k] += (double)fabsf(x[i + k]);
    for (int k = 0; i + k < count; k++)
        lanes[k] += (double)fabsf(x[i + k]);
    return sum_lanes(lanes);
}

/* ---- Adam ---- */

void pst_host_adam(float *restrict x, float *restrict m, float *restrict v, const float *restrict g, size_t count,
                   double rate, double beta1, double beta2, double correction1, double correction2, double epsilon) {
    const float step = (float)(rate / correction1), root = (float)(1 / sqrt(correction2)), e = (float)epsilon;
    const float keep1 = (float)beta1, rest1 = (float)(1 - beta1), keep2 = (float)beta2, rest2 = (float)(1 - beta2);
    for (size_t i = 0; i < count; i++) {
        m[i] = m[i] * keep1 + g[i] * rest1;
        v[i] = v[i] * keep2 + g[i] * g[i] * rest2;
        x[i] -= step * m[i] / (sqrtf(v[i]) * root + e);
    }
}

/* ---- pixels ---- */

static const float mean[3] = {103.939f, 116.779f, 123.68f}; /* blue, green, red; as in cl/pixels.cl */

void pst_host_pixels_import(const float *rgb, size_t pixels, double scale, float *x) {
    const float factor = (float)scale;
    for (size_t p = 0; p < 3 * pixels; p += 3) {
        const float red = rgb[p], green = rgb[p + 1], blue = rgb[p + 2];
        x[p] = blue * factor - mean[0];
        x[p + 1] = green * factor - mean[1];
        x[p + 2] = red * factor - mean[2];
    }
}

void pst_host_pixels_export(const float *x, size_t pixels, double scale, float *rgb) {
    const float factor = (float)(1 / scale);
    for (size_t p = 0; p < 3 * pixels; p += 3) {
        const float blue = x[p] + mean[0], green = x[p + 1] + mean[1], red = x[p + 2] + mean[2];
        rgb[p] = red * factor;
        rgb[p + 1] = green * factor;
        rgb[p + 2] = blue * factor;
    }
}

void pst_host_pixels_clamp(const float *x, size_t pixels, double scale, float *to) {
    const float white = 255 * (float)scale;
    for (size_t p = 0; p < 3 * pixels; p += 3)
        for (size_t c = 0; c < 3; c++) {
            const float low = -mean[c], high = white - mean[c], value = x[p + c];
            to[p + c] = value < low ? low : value > high ? high : value;
        }
}

void pst_host_pixels_gray(const float *d, size_t pixels, double scale, float *to) {
    (void)scale;
    for (size_t p = 0; p < 3 * pixels; p += 3)
        to[p] = to[p + 1] = to[p + 2] = (d[p] + d[p + 1] + d[p + 2]) * (float)(1.0 / 3);
}
