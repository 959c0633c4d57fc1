/* Rows of floats as IEEE 754 halves with one scale, a power of two that brings the largest finite one near the top of
 * the range. Values above 2^-29 of it keep 11 bits, an error of at most 2^-12 to 2^-11 of each; smaller ones are wrong
 * by at most 2^-40 of the largest. Infinities and NaN stay what they are. What was
 * rounded once is not rounded again. */
#ifndef PST_SPREAD_HALF_H
#define PST_SPREAD_HALF_H

#include <stddef.h>
#include <stdint.h>

/* What the halves of a row are to be multiplied by; from 2^-126 to 2^114. */
float pst_half_scale(const float *row, size_t count);

void pst_half_encode(uint16_t *halves, const float *values, size_t count, float scale);
void pst_half_decode(float *values, const uint16_t *halves, size_t count, float scale);

#endif
