/* The C library's log and cos may differ in the last bit from one system to the next; these use only operations that
 * IEEE 754 rounds in one way (and the build forbids contraction), so that a seed means the same image everywhere. */
#include "base/random.h"

#include <math.h>

uint64_t pst_random_mix(uint64_t z) {
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

/* Number k of the stream: SplitMix64 jumps to any place in one multiplication. The seed is mixed first so that streams
 * of neighboring seeds do not overlap. */
static uint64_t draw(uint64_t seed, uint64_t k) {
    return pst_random_mix(pst_random_mix(seed + PST_RANDOM_STEP) + (k + 1) * PST_RANDOM_STEP);
}

/* ln x = e ln 2 + 2 artanh((m - 1) / (m + 1)), x = m 2^e with m in [sqrt 1/2, sqrt 2); eleven terms give 1e-17. */
static double natural_log(double x) {
    int exponent;
    double m = frexp(x, &exponent);
    if (m < 0.70710678118654752) {
        m *= 2;
        exponent--;
    }
    double s = (m - 1) / (m + 1), square = s * s, sum = 0;
    for (int k = 10; k >= 0; k--)
        sum = sum * square + 1.0 / (2 * k + 1);
    return exponent * 0.69314718055994531 + 2 * s * sum;
}

/* Cosine and sine of `turns` whole turns, 0 <= turns < 1: an exact reduction to an eighth of a turn around a quarter,
 * then Taylor. */
static void circle(double turns, double *cosine, double *sine) {
    double quarters = turns * 4;
    int quarter = (int)(quarters + 0.5);
    double x = (quarters - quarter) * 1.5707963267948966, square = x * x;
    double c = 0, s = 0;
    for (int k = 9; k >= 1; k--) {
        c = (1 + c) * -square / ((2 * k - 1) * (2 * k));
        s = (1 + s) * -square / ((2 * k) * (2 * k + 1));
    }
    c = 1 + c;
    s = x + x * s;
    *cosine = quarter % 4 == 0 ? c : quarter % 4 == 1 ? -s : quarter % 4 == 2 ? -c : s;
    *sine = quarter % 4 == 0 ? s : quarter % 4 == 1 ? c : quarter % 4 == 2 ? -s : -c;
}

void pst_random_normal(uint64_t seed, float *values, size_t count) {
    for (size_t i = 0; i < count; i += 2) {
        double u = (double)((draw(seed, i) >> 11) + 1) * 0x1p-53; /* (0, 1] */
        double v = (double)(draw(seed, i + 1) >> 11) * 0x1p-53;   /* [0, 1) */
        double radius = sqrt(-2 * natural_log(u)), cosine, sine;
        circle(v, &cosine, &sine);
        values[i] = (float)(radius * cosine);
        if (i + 1 < count)
            values[i + 1] = (float)(radius * sine);
    }
}
