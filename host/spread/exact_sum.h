/* Sums of floats without any rounding: integers of many digits. So their order does not matter, nor who adds what; and
 * parts of a sum from several processes are added as plain integers. (The idea of U. Kulisch's long accumulator.) */
#ifndef PST_SPREAD_EXACT_SUM_H
#define PST_SPREAD_EXACT_SUM_H

#include "base/status.h"

/* Digits of 32 bits, in 64, so that they may be added 2^31 times before a carry is due. The last bit of the first digit
 * is worth 2^-72: what a float has below that is cut off. One of 2^71 or more, or that is not a number, makes the sum
 * not a number. */
#define PST_EXACT_DIGITS 4

/* A plain struct. */
typedef struct pst_exact_sum {
    size_t count;    /* of sums */
    int64_t *digits; /* [PST_EXACT_DIGITS][count], the least first; then how many numbers were refused */
} pst_exact_sum;

/* All sums 0. */
pst_status pst_exact_sum_create(pst_error *error, size_t count, pst_exact_sum *sum);
void pst_exact_sum_destroy(pst_exact_sum *sum);
size_t pst_exact_sum_bytes(size_t count);

void pst_exact_sum_clear(pst_exact_sum *sum);

/* sums [first .. first + count) += values. */
void pst_exact_sum_add(pst_exact_sum *sum, size_t first, size_t count, const float *values);

/* The sums, rounded once. */
void pst_exact_sum_read(const pst_exact_sum *sum, size_t first, size_t count, float *values);

/* All that there is of it as integers: to be added to those of others. */
static inline size_t pst_exact_sum_integers(const pst_exact_sum *sum) { return PST_EXACT_DIGITS * sum->count + 1; }

#endif
