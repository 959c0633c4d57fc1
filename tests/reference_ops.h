/* Every operation of host/op and its gradient in plain C and double precision: the truth that the kernels are held to.
 * Written for reading, from the definitions in the headers of host/op and not from the kernels. Maps are
 * [row][column][channel]. */
#ifndef PST_TESTS_REFERENCE_OPS_H
#define PST_TESTS_REFERENCE_OPS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The bit of a channel in bits [pixel][c/16]; bits NULL: all are set. Those that are the signs of a map. */
bool reference_bit(const uint16_t *bits, size_t at);
void reference_signs(const double *map, size_t count, uint16_t *signs);

/* 3x3 convolution, zero padding 1, stride 1: in [h][w][c_in], out [h][w][c_out], weights [k][c][3][3] of which k <=
 * c_out and c <= c_in; channels beyond those count as having weights of zero. */
typedef struct reference_conv {
    int h, w, c_in, c_out, k, c;
    const float *weights;
} reference_conv;
void reference_conv_forward(const reference_conv *conv, const double *in, double *out);
void reference_conv_backward(const reference_conv *conv, const double *d_out, double *d_in);

/* map = max(map + bias, 0), bias [c] or NULL; d = d + more (NULL: 0) where the bit is set, else 0. */
void reference_bias_relu(double *map, size_t pixels, int c, const double *bias);
void reference_add_mask(double *d, size_t count, const double *more, const uint16_t *bits);

/* 2x2, stride 2, an odd last row or column left out; map is what comes out of a ReLU. bits [h][w][c/16]: the places
 * through which the gradient goes back through the pooling and the ReLU: of the maximum the first place (row-major)
 * that holds it, and only places above 0. d_map = what comes back, + d_map where signs are set (signs NULL: d_map
 * counts as 0). */
void reference_pool(const double *map, int h, int w, int c, bool average, double *pooled, uint16_t *bits);
void reference_unpool(const double *d_pooled, const uint16_t *bits, int h, int w, int c, bool average,
                      const uint16_t *signs, double *d_map);

/* gram = scale * F' F of F [pixels][c]; backward: d += scale * F D, D [c][c] symmetric. */
void reference_gram(const double *f, size_t pixels, int c, double scale, double *gram);
void reference_gram_backward(const double *f, const double *difference, size_t pixels, int c, double scale, double *d);

/* The sum of squared differences; d += scale * (f - target). */
double reference_content(const double *f, const double *target, size_t count, double scale, double *d);

/* The sum of dx^2 + dy^2 of x [h][w][3] over pixels with both a right and a lower neighbor; d += scale / 2 * its
 * gradient. */
double reference_smoothness(const double *x, int h, int w, double scale, double *d);

double reference_absolute_sum(const double *x, size_t count);
/* d += weight / (norm + 1e-8) * from. */
void reference_add_normalized(const double *from, size_t count, double weight, double norm, double *d);

double reference_dot(const double *a, const double *b, size_t count);

/* Adam's update in the textbook's steps: moments, corrected moments, step. */
void reference_adam(double *x, double *m, double *v, const double *g, size_t count, double rate, double beta1,
                    double beta2, double correction1, double correction2, double epsilon);

/* to += v + gain * sum over l = 1 .. levels of 4^l D' .. D' D .. D v, D and its transpose D' l times each: D halves a
 * map [h][w][3], rounded up; its place i is 1/8, 3/8, 3/8, 1/8 of the places 2i-1 .. 2i+2 each way, those outside being
 * 0. */
void reference_spread(const double *v, int h, int w, int levels, double gain, double *to);

/* RGB 0..255 to BGR minus the mean, and back. */
void reference_import(const double *rgb, size_t pixels, double *x);
void reference_export(const double *x, size_t pixels, double *rgb);

#endif
