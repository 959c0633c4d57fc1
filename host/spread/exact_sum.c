#include "spread/exact_sum.h"

#include <math.h>
#include <string.h>

#include "base/memory.h"

#define DIGIT_BITS 32
#define LEAST_BIT (-72)
#define MOST_BIT 71
#define MANTISSA_BITS 24

_Static_assert(PST_EXACT_DIGITS == 4, "worth[] below");

pst_status pst_exact_sum_create(pst_error *error, size_t count, pst_exact_sum *sum) {
    *sum = (pst_exact_sum){.count = count};
    return pst_allocate(error, PST_EXACT_DIGITS * count + 1, sizeof *sum->digits, &sum->digits);
}

void pst_exact_sum_destroy(pst_exact_sum *sum) {
    pst_free(sum->digits);
    *sum = (pst_exact_sum){0};
}

size_t pst_exact_sum_bytes(size_t count) { return sizeof(int64_t) * (PST_EXACT_DIGITS * count + 1); }

void pst_exact_sum_clear(pst_exact_sum *sum) { memset(sum->digits, 0, pst_exact_sum_bytes(sum->count)); }

void pst_exact_sum_add(pst_exact_sum *sum, size_t first, size_t count, const float *values) {
    for (size_t i = 0; i < count; i++) {
        uint32_t bits;
        memcpy(&bits, &values[i], sizeof bits);
        const int exponent = (int)(bits >> 23 & 255); /* 0: a denormal, which is below the least bit too */
        const int at = exponent - 127 - (MANTISSA_BITS - 1) - LEAST_BIT;
        if (exponent - 127 >= MOST_BIT) {
            sum->digits[PST_EXACT_DIGITS * sum->count]++;
            continue;
        }
        if (exponent == 0 || at <= -MANTISSA_BITS)
            continue;
        uint64_t mantissa = (bits & 0x7fffff) | 0x800000;
        mantissa = at < 0 ? mantissa >> -at : mantissa << at % DIGIT_BITS;
        const size_t digit = at < 0 ? 0 : (size_t)(at / DIGIT_BITS);
        int64_t *to = sum->digits + digit * sum->count + first + i;
        const int64_t low = (int64_t)(mantissa & 0xffffffff), high = (int64_t)(mantissa >> DIGIT_BITS);
        const int64_t sign = bits >> 31 ? -1 : 1;
        if (digit + 1 == PST_EXACT_DIGITS) { /* the last one has room for all of it */
            *to += sign * (int64_t)mantissa;
        } else {
            to[0] += sign * low;
            to[sum->count] += sign * high;
        }
    }
}

void pst_exact_sum_read(const pst_exact_sum *sum, size_t first, size_t count, float *values) {
    static const double worth[PST_EXACT_DIGITS] = {0x1p-72, 0x1p-40, 0x1p-8, 0x1p24};
    const bool refused = sum->digits[PST_EXACT_DIGITS * sum->count] != 0;
    for (size_t i = 0; i < count; i++) {
        const int64_t *from = sum->digits + first + i;
        int64_t digits[PST_EXACT_DIGITS], carry = 0;
        double value = 0;
        for (size_t d = 0; d + 1 < PST_EXACT_DIGITS; d++) {
            const int64_t digit = from[d * sum->count] + carry;
            digits[d] = digit & 0xffffffff;
            carry = (digit - digits[d]) / ((int64_t)1 << DIGIT_BITS);
        }
        digits[PST_EXACT_DIGITS - 1] = from[(PST_EXACT_DIGITS - 1) * sum->count] + carry;
        for (size_t d = PST_EXACT_DIGITS; d-- > 0;)
            value += (double)digits[d] * worth[d];
        values[i] = refused ? NAN : (float)value;
    }
}
