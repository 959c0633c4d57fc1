/* Arithmetic of long arrays of floats on the host, in loops that compilers make vectors of. Sums are taken in double,
 * in a fixed order. Arrays overlap only where that is said. */
#ifndef PST_SPREAD_HOST_ARITHMETIC_H
#define PST_SPREAD_HOST_ARITHMETIC_H

#include <stddef.h>

#define PST_HOST_TERMS 4 /* of pst_host_add at once */
#define PST_HOST_DOTS 3  /* of pst_host_dots at once */

void pst_host_scale(float *to, const float *from, size_t count, float factor); /* `from` may be `to` */

/* to += the sum over i < terms <= PST_HOST_TERMS of factors[i] * from[i]. */
void pst_host_add(float *to, size_t count, size_t terms, const float *factors, const float *const *from);

/* sums[j] += a . b[j] for j < b_count <= PST_HOST_DOTS; a may be among b. */
void pst_host_dots(const float *a, size_t b_count, const float *const *b, size_t count, double *sums);
double pst_host_absolute_sum(const float *x, size_t count);

/* As pst_vector_space.adam. */
void pst_host_adam(float *x, float *m, float *v, const float *g, size_t count, double rate, double beta1, double beta2,
                   double correction1, double correction2, double epsilon);

/* As in op/pixels.h; the results may be where the numbers are. */
void pst_host_pixels_import(const float *rgb, size_t pixels, double scale, float *x);
void pst_host_pixels_export(const float *x, size_t pixels, double scale, float *rgb);
void pst_host_pixels_clamp(const float *x, size_t pixels, double scale, float *to);
void pst_host_pixels_gray(const float *d, size_t pixels, double scale, float *to); /* scale is of no matter */

#endif
