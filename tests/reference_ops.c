#include "reference_ops.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

bool reference_bit(const uint16_t *bits, size_t at) { return !bits || (bits[at / 16] >> (at % 16) & 1); }

static void clear_bits(uint16_t *bits, size_t count) { memset(bits, 0, (count + 15) / 16 * sizeof *bits); }

static void set_bit(uint16_t *bits, size_t at) { bits[at / 16] = (uint16_t)(bits[at / 16] | 1u << at % 16); }

void reference_signs(const double *map, size_t count, uint16_t *signs) {
    clear_bits(signs, count);
    for (size_t at = 0; at < count; at++)
        if (map[at] > 0)
            set_bit(signs, at);
}

/* Calls for each pixel and each tap that lies inside the image; both directions of the convolution walk the same
 * pairs. */
typedef void each_pair(const reference_conv *conv, const double *from, double *to, size_t pixel, size_t neighbor,
                       int tap);

static void walk(const reference_conv *conv, each_pair *pair, const double *from, double *to) {
    for (int y = 0; y < conv->h; y++)
        for (int x = 0; x < conv->w; x++)
            for (int tap = 0; tap < 9; tap++) {
                int row = y + tap / 3 - 1, column = x + tap % 3 - 1;
                if (row >= 0 && row < conv->h && column >= 0 && column < conv->w)
                    pair(conv, from, to, (size_t)y * (size_t)conv->w + (size_t)x,
                         (size_t)row * (size_t)conv->w + (size_t)column, tap);
            }
}

static double weight(const reference_conv *conv, int o, int i, int tap) {
    return conv->weights[((size_t)o * (size_t)conv->c + (size_t)i) * 9 + (size_t)tap];
}

static void gather(const reference_conv *conv, const double *in, double *out, size_t pixel, size_t neighbor, int tap) {
    const double *x = in + neighbor * (size_t)conv->c_in;
    for (int o = 0; o < conv->k; o++) {
        double sum = 0;
        for (int i = 0; i < conv->c; i++)
            sum += x[i] * weight(conv, o, i, tap);
        out[pixel * (size_t)conv->c_out + (size_t)o] += sum;
    }
}

static void scatter(const reference_conv *conv, const double *d_out, double *d_in, size_t pixel, size_t neighbor,
                    int tap) {
    double *d = d_in + neighbor * (size_t)conv->c_in;
    for (int o = 0; o < conv->k; o++)
        for (int i = 0; i < conv->c; i++)
            d[i] += d_out[pixel * (size_t)conv->c_out + (size_t)o] * weight(conv, o, i, tap);
}

void reference_conv_forward(const reference_conv *conv, const double *in, double *out) {
    memset(out, 0, sizeof *out * (size_t)conv->h * (size_t)conv->w * (size_t)conv->c_out);
    walk(conv, gather, in, out);
}

void reference_conv_backward(const reference_conv *conv, const double *d_out, double *d_in) {
    memset(d_in, 0, sizeof *d_in * (size_t)conv->h * (size_t)conv->w * (size_t)conv->c_in);
    walk(conv, scatter, d_out, d_in);
}

void reference_bias_relu(double *map, size_t pixels, int c, const double *bias) {
    for (size_t at = 0; at < pixels * (size_t)c; at++) {
        double v = map[at] + (bias ? bias[at % (size_t)c] : 0);
        map[at] = v > 0 ? v : 0;
    }
}

void reference_add_mask(double *d, size_t count, const double *more, const uint16_t *bits) {
    for (size_t at = 0; at < count; at++)
        d[at] = reference_bit(bits, at) ? d[at] + (more ? more[at] : 0) : 0;
}

/* The index of a place 0..3 of the window of pooled pixel (py, px). */
static size_t place_at(int py, int px, int place, int w, int c, int channel) {
    return ((size_t)(2 * py + place / 2) * (size_t)w + (size_t)(2 * px + place % 2)) * (size_t)c + (size_t)channel;
}

void reference_pool(const double *map, int h, int w, int c, bool average, double *pooled, uint16_t *bits) {
    clear_bits(bits, (size_t)h * (size_t)w * (size_t)c);
    for (int py = 0; py < h / 2; py++)
        for (int px = 0; px < w / 2; px++)
            for (int channel = 0; channel < c; channel++) {
                double sum = 0, best = 0;
                int first = -1; /* the place of the maximum, if it is above 0 */
                for (int place = 0; place < 4; place++) {
                    size_t at = place_at(py, px, place, w, c, channel);
                    sum += map[at];
                    if (average && map[at] > 0)
                        set_bit(bits, at);
                    if (map[at] > best) {
                        best = map[at];
                        first = place;
                    }
                }
                if (!average && first >= 0)
                    set_bit(bits, place_at(py, px, first, w, c, channel));
                pooled[((size_t)py * (size_t)(w / 2) + (size_t)px) * (size_t)c + (size_t)channel] =
                    average ? sum / 4 : best;
            }
}

void reference_unpool(const double *d_pooled, const uint16_t *bits, int h, int w, int c, bool average,
                      const uint16_t *signs, double *d_map) {
    for (size_t at = 0; at < (size_t)h * (size_t)w * (size_t)c; at++)
        if (!signs || !reference_bit(signs, at))
            d_map[at] = 0;
    for (int py = 0; py < h / 2; py++)
        for (int px = 0; px < w / 2; px++)
            for (int channel = 0; channel < c; channel++)
                for (int place = 0; place < 4; place++) {
                    size_t from = ((size_t)py * (size_t)(w / 2) + (size_t)px) * (size_t)c + (size_t)channel;
                    size_t to = place_at(py, px, place, w, c, channel);
                    if (reference_bit(bits, to))
                        d_map[to] += d_pooled[from] * (average ? .25 : 1);
                }
}

void reference_gram(const double *f, size_t pixels, int c, double scale, double *gram) {
    size_t n = (size_t)c;
    memset(gram, 0, n * n * sizeof *gram);
    for (size_t p = 0; p < pixels; p++)
        for (size_t i = 0; i < n; i++)
            for (size_t j = 0; j < n; j++)
                gram[i * n + j] += f[p * n + i] * f[p * n + j];
    for (size_t i = 0; i < n * n; i++)
        gram[i] *= scale;
}

void reference_gram_backward(const double *f, const double *difference, size_t pixels, int c, double scale, double *d) {
    size_t n = (size_t)c;
    for (size_t p = 0; p < pixels; p++)
        for (size_t j = 0; j < n; j++) {
            double sum = 0;
            for (size_t i = 0; i < n; i++)
                sum += f[p * n + i] * difference[i * n + j];
            d[p * n + j] += scale * sum;
        }
}

double reference_content(const double *f, const double *target, size_t count, double scale, double *d) {
    double sum = 0;
    for (size_t at = 0; at < count; at++) {
        double e = f[at] - target[at];
        sum += e * e;
        if (d)
            d[at] += scale * e;
    }
    return sum;
}

/* Each gradient is gathered and written once: gcc 12 -O3 gets loops wrong that add to overlapping places of d. */
double reference_smoothness(const double *x, int h, int w, double scale, double *d) {
    double sum = 0;
    for (int row = 0; row < h; row++)
        for (int column = 0; column < w; column++)
            for (int channel = 0; channel < 3; channel++) {
                size_t step = 3, down = 3 * (size_t)w,
                       here = (size_t)row * down + (size_t)column * step + (size_t)channel;
                double gradient = 0;
                if (row + 1 < h && column + 1 < w) { /* this pixel has both neighbors */
                    double dx = x[here + step] - x[here], dy = x[here + down] - x[here];
                    sum += dx * dx + dy * dy;
                    gradient -= dx + dy;
                }
                if (row + 1 < h && column > 0) /* so has the one to the left */
                    gradient += x[here] - x[here - step];
                if (row > 0 && column + 1 < w) /* and the one above */
                    gradient += x[here] - x[here - down];
                d[here] += scale * gradient;
            }
    return sum;
}

double reference_absolute_sum(const double *x, size_t count) {
    double sum = 0;
    for (size_t at = 0; at < count; at++)
        sum += fabs(x[at]);
    return sum;
}

void reference_add_normalized(const double *from, size_t count, double weight, double norm, double *d) {
    for (size_t at = 0; at < count; at++)
        d[at] += weight / (norm + 1e-8) * from[at];
}

double reference_dot(const double *a, const double *b, size_t count) {
    double sum = 0;
    for (size_t at = 0; at < count; at++)
        sum += a[at] * b[at];
    return sum;
}

void reference_adam(double *x, double *m, double *v, const double *g, size_t count, double rate, double beta1,
                    double beta2, double correction1, double correction2, double epsilon) {
    for (size_t at = 0; at < count; at++) {
        m[at] = beta1 * m[at] + (1 - beta1) * g[at];
        v[at] = beta2 * v[at] + (1 - beta2) * g[at] * g[at];
        x[at] -= rate * (m[at] / correction1) / (sqrt(v[at] / correction2) + epsilon);
    }
}

static const double mean[3] = {103.939, 116.779, 123.68};

/* coarse += D fine, or fine += D' coarse. */
static void spread_step(double *fine, double *coarse, int h, int w, bool back) {
    static const double parts[] = {1 / 8., 3 / 8., 3 / 8., 1 / 8.};
    const int ch = (h + 1) / 2, cw = (w + 1) / 2;
    for (int y = 0; y < ch; y++)
        for (int x = 0; x < cw; x++)
            for (int i = 0; i < 4; i++)
                for (int j = 0; j < 4; j++) {
                    const int fy = 2 * y - 1 + i, fx = 2 * x - 1 + j;
                    for (int c = 0; c < 3 && fy >= 0 && fy < h && fx >= 0 && fx < w; c++) {
                        double *one = &fine[(fy * w + fx) * 3 + c], *other = &coarse[(y * cw + x) * 3 + c];
                        *(back ? one : other) += parts[i] * parts[j] * *(back ? other : one);
                    }
                }
}

void reference_spread(const double *v, int h, int w, int levels, double gain, double *to) {
    enum { MOST = 8 };
    double *down[MOST + 1], *up[MOST + 1];
    int hs[MOST + 1] = {h}, ws[MOST + 1] = {w};
    for (int l = 0; l <= levels; l++) {
        if (l > 0) {
            hs[l] = (hs[l - 1] + 1) / 2;
            ws[l] = (ws[l - 1] + 1) / 2;
        }
        down[l] = calloc((size_t)(hs[l] * ws[l] * 3), sizeof(double));
        up[l] = calloc((size_t)(hs[l] * ws[l] * 3), sizeof(double));
    }
    memcpy(down[0], v, (size_t)(h * w * 3) * sizeof *v);
    for (int l = 1; l <= levels; l++)
        spread_step(down[l - 1], down[l], hs[l - 1], ws[l - 1], false);
    for (int l = 1; l <= levels; l++) { /* each by itself, all the way up */
        for (int k = 0; k < l; k++)
            memset(up[k], 0, (size_t)(hs[k] * ws[k] * 3) * sizeof(double));
        memcpy(up[l], down[l], (size_t)(hs[l] * ws[l] * 3) * sizeof(double));
        for (int k = l; k > 0; k--)
            spread_step(up[k - 1], up[k], hs[k - 1], ws[k - 1], true);
        for (int i = 0; i < h * w * 3; i++)
            to[i] += gain * pow(4, l) * up[0][i];
    }
    for (int i = 0; i < h * w * 3; i++)
        to[i] += v[i];
    for (int l = 0; l <= levels; l++) {
        free(down[l]);
        free(up[l]);
    }
}

void reference_import(const double *rgb, size_t pixels, double *x) {
    for (size_t at = 0; at < 3 * pixels; at++)
        x[at] = rgb[at / 3 * 3 + 2 - at % 3] - mean[at % 3];
}

void reference_export(const double *x, size_t pixels, double *rgb) {
    for (size_t at = 0; at < 3 * pixels; at++)
        rgb[at] = x[at / 3 * 3 + 2 - at % 3] + mean[2 - at % 3];
}
