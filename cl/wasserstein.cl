/* Matrices [c][c] around the square root of a covariance by Newton and Schulz's iteration; the products themselves are
 * those of Gram matrices. host/op/wasserstein.c tells the mathematics and the names. */

#define SMALL 2.3283064365386963e-10f /* 2^-32: squares of covariances of covariances leave the range of floats */

static inline float norm_of(global const float *sums) { return sqrt(total(sums, 0)) / SMALL; }

/* m = m - mean mean' + e on the diagonal of the first true_c channels, e = max(epsilon, (noise |mean|^2 - 10 noise
 * tr(m - mean mean')) / true_c). One work-item has the whole diagonal, of which it needs the sum first. */
EACH_KERNEL void covariance(global float *m, int c, int true_c, float epsilon, float noise, global const float *mean) {
    FOR_EACH(at, c * c) {
        int i = at / c, j = at % c;
        if (i != j) {
            m[at] = FMA(-mean[i], mean[j], m[at]);
        } else if (at == 0) {
            float squares = 0.0f, trace = 0.0f;
#pragma unroll 4
            for (int k = 0; k < c; k++) {
                squares = FMA(mean[k], mean[k], squares);
                trace += FMA(-mean[k], mean[k], m[k * (c + 1)]);
            }
            epsilon = fmax(epsilon, noise * FMA(-10.0f, trace, squares) / true_c);
#pragma unroll 4
            for (int k = 0; k < c; k++)
                m[k * (c + 1)] = FMA(-mean[k], mean[k], m[k * (c + 1)]) + (k < true_c ? epsilon : 0.0f);
        }
    }
}

/* sums[0]: squares of m, in small units */
SUM_KERNEL void norm_parts(global const float *m, int count, global float *sums) {
    SUM_SCRATCH
    float sum = 0.0f;
    FOR_SHARE(at, count) {
        float v = m[at] * SMALL;
        sum = FMA(v, v, sum);
    }
    PUT_SUM(sum, sums, 0);
}

/* b = m / |m|; z = a^1/2 (3 - a b) / 2; w = a^1/2 3 (1 - a b) / 2. b may be m. */
EACH_KERNEL void first_step(global const float *m, int c, global const float *sums, float a, global float *b,
                            global float *z, global float *w) {
    float scale = 1.0f / norm_of(sums), half_root = 0.5f * sqrt(a);
    FOR_EACH(at, c * c) {
        float one = at / c == at % c ? 1.0f : 0.0f, v = m[at] * scale;
        b[at] = v;
        z[at] = FMA(-a, v, 3.0f * one) * half_root;
        w[at] = FMA(-a, v, one) * (3.0f * half_root);
    }
}

/* t = a^1/2 (3 - a s) / 2; s = a^1/2 3 (1 - a s) / 2 */
EACH_KERNEL void next_step(global float *s, int c, float a, global float *t) {
    float half_root = 0.5f * sqrt(a);
    FOR_EACH(at, c * c) {
        float one = at / c == at % c ? 1.0f : 0.0f, v = s[at];
        t[at] = FMA(-a, v, 3.0f * one) * half_root;
        s[at] = FMA(-a, v, one) * (3.0f * half_root);
    }
}

/* root = sqrt(|m|) (y + y') / 2 */
EACH_KERNEL void take_root(global const float *y, int c, global const float *sums, global float *root) {
    float scale = sqrt(norm_of(sums)) * 0.5f;
    FOR_EACH(at, c * c)
        root[at] = (y[at] + y[at % c * c + at / c]) * scale;
}

/* loss[slot]: |mean - target_mean|^2 + tr(target + covariance - 2 sqrt(|m|) b z); sums[1]: tr(b w) */
SUM_KERNEL void distance_parts(global const float *mean, global const float *target_mean, global const float *target,
                               global const float *covariance, global const float *b, global const float *z,
                               global const float *w, int c, global float *sums, global float *loss, int slot) {
    SUM_SCRATCH
    float scale = 2.0f * sqrt(norm_of(sums)), roots = 0.0f, slopes = 0.0f, rest = 0.0f;
    FOR_SHARE(at, c * c) {
        roots = FMA(b[at], z[at], roots);
        slopes = FMA(b[at], w[at], slopes);
        if (at / c == at % c) {
            float e = mean[at % c] - target_mean[at % c];
            rest += FMA(e, e, target[at] + covariance[at]);
        }
    }
    PUT_SUM(FMA(-scale, roots, rest), loss, slot);
    PUT_SUM(slopes, sums, 1);
}

/* z = z + w - tr(b w) b */
EACH_KERNEL void slope(global float *z, int c, global const float *w, global const float *b, global const float *sums) {
    float k = total(sums, 1);
    FOR_EACH(at, c * c)
        z[at] = FMA(-k, b[at], z[at] + w[at]);
}

/* difference = 1 - (p + p') / (2 sqrt(|m|)) */
EACH_KERNEL void difference(global const float *p, int c, global const float *sums, global float *d) {
    float scale = 0.5f / sqrt(norm_of(sums));
    FOR_EACH(at, c * c)
        d[at] = FMA(-scale, p[at] + p[at % c * c + at / c], at / c == at % c ? 1.0f : 0.0f);
}

/* row = mean - target_mean - d mean */
EACH_KERNEL void mean_row(global const float *d, int c, global const float *mean, global const float *target_mean,
                          global float *row) {
    FOR_EACH(i, c) {
        float sum = 0.0f;
        for (int j = 0; j < c; j++)
            sum = FMA(d[(size_t)i * c + j], mean[j], sum);
        row[i] = mean[i] - target_mean[i] - sum;
    }
}
