/* Matrices around the square root of a covariance by Newton and Schulz's iteration; the products themselves are those
 * of Gram matrices. host/op/wasserstein.c tells the mathematics and the names. Sides are multiples of 16. */

#define SMALL 2.3283064365386963e-10f /* 2^-32: squares of covariances of covariances leave the range of floats */

/* Every element (i, j) of a matrix with so many columns, row by row; without divisions on CPUs. */
#if PST_CPU
#define FOR_MATRIX(i, j, rows, columns) \
    FOR_EACH(i, rows)                   \
        for (int j = 0; j < (columns); j++)
#else
#define FOR_MATRIX(i, j, rows, columns) \
    FOR_EACH(i##j, (rows) * (columns))  \
        for (int i = i##j / (columns), j = i##j % (columns), once = 1; once; once = 0)
#endif

static inline float norm_of(global const float *sums) { return sqrt(total(sums, 0)) / SMALL; }

/* m = m - mean mean' + e on the diagonal of the first true_c channels, e = max(epsilon, (noise |mean|^2 - 10 noise
 * tr(m - mean mean')) / true_c). One group has the whole diagonal, of which it needs the sum first. */
EACH_KERNEL void covariance(global float *m, int c, int true_c, float epsilon, float noise, global const float *mean) {
    EACH_SCRATCH
    FOR_MATRIX(i, j, c, c) {
        if (i != j)
            m[i * c + j] = FMA(-mean[i], mean[j], m[i * c + j]);
    }
    int diagonal = get_group_id(0) == 0 ? c : 0; /* not as a condition, for compilers fail over barriers in those */
    wide sums = 0.0f;                            /* of squares of the mean, and the trace */
#pragma unroll 4
    for (int k = get_local_id(0); k < diagonal; k += GROUP) {
        sums.s0 = FMA(mean[k], mean[k], sums.s0);
        sums.s1 += FMA(-mean[k], mean[k], m[k * (c + 1)]);
    }
    sums = each_sum(sums, scratch);
    epsilon = fmax(epsilon, noise * FMA(-10.0f, sums.s1, sums.s0) / true_c);
#pragma unroll 4
    for (int k = get_local_id(0); k < diagonal; k += GROUP)
        m[k * (c + 1)] = FMA(-mean[k], mean[k], m[k * (c + 1)]) + (k < true_c ? epsilon : 0.0f);
}

/* sums[0]: squares of m, in small units */
SUM_KERNEL void norm_parts(global const float *m, int count, global float *sums) {
    SUM_SCRATCH
    wide sum = 0.0f;
    FOR_SHARE(at, count / WIDE) {
        wide v = LOADW(at, m) * SMALL;
        sum = FMA(v, v, sum);
    }
    PUT_SUM(wide_sum(sum), sums, 0);
}

/* From m [r][stride], all [n][n] with zeros to that side: b = m / |m|; z = a^1/2 (3 - a b) / 2; w = a^1/2 3 (1 - a b) /
 * 2. */
EACH_KERNEL void first_step(global const float *m, int r, int stride, global const float *sums, float a, int n,
                            global float *b, global float *z, global float *w) {
    float scale = 1.0f / norm_of(sums), half_root = 0.5f * sqrt(a);
    FOR_MATRIX(i, j, n, n) {
        float one = i == j ? 1.0f : 0.0f, v = i < r && j < r ? m[i * stride + j] * scale : 0.0f;
        b[i * n + j] = v;
        z[i * n + j] = FMA(-a, v, 3.0f * one) * half_root;
        w[i * n + j] = FMA(-a, v, one) * (3.0f * half_root);
    }
}

/* loss[slot]: |mean - target_mean|^2 + trace + tr(covariance - 2 sqrt(|m|) b z), b, z and w [n][n]; sums[1]: tr(b w) */
SUM_KERNEL void distance_parts(global const float *mean, global const float *target_mean, float trace,
                               global const float *covariance, int c, global const float *b, global const float *z,
                               global const float *w, int n, global float *sums, global float *loss, int slot) {
    SUM_SCRATCH
    float rest = 0.0f;
    wide roots = 0.0f, slopes = 0.0f;
    FOR_SHARE(at, n * n / WIDE) {
        wide v = LOADW(at, b);
        roots = FMA(v, LOADW(at, z), roots);
        slopes = FMA(v, LOADW(at, w), slopes);
    }
    FOR_SHARE(i, c) {
        float e = mean[i] - target_mean[i];
        rest += FMA(e, e, covariance[i * (c + 1)]) + (i == 0 ? trace : 0.0f);
    }
    PUT_SUM(FMA(-2.0f * sqrt(norm_of(sums)), wide_sum(roots), rest), loss, slot);
    PUT_SUM(wide_sum(slopes), sums, 1);
}

/* slopes [r][c] = z + w - tr(b w) b beside zeros, from [n][n]; the rows of `below` [c][c] from r on are 0. */
EACH_KERNEL void slope(global const float *z, global const float *w, global const float *b, int n, int r,
                       global const float *sums, global float *slopes, global float *below, int c) {
    float k = total(sums, 1);
    FOR_MATRIX(i, j, c, c) {
        if (i >= r)
            below[i * c + j] = 0.0f;
        else
            slopes[i * c + j] = j < r ? FMA(-k, b[i * n + j], z[i * n + j] + w[i * n + j]) : 0.0f;
    }
}

/* difference = 1 - (p + p') / (2 sqrt(|m|)) */
EACH_KERNEL void difference(global const float *p, int c, global const float *sums, global float *d) {
    float scale = 0.5f / sqrt(norm_of(sums));
    FOR_MATRIX(i, j, c, c) { d[i * c + j] = FMA(-scale, p[i * c + j] + p[j * c + i], i == j ? 1.0f : 0.0f); }
}

/* row = mean - target_mean - d mean */
EACH_KERNEL void mean_row(global const float *d, int c, global const float *mean, global const float *target_mean,
                          global float *row) {
    EACH_SCRATCH
    FOR_GROUPS(i, c) {
        wide sum = 0.0f;
        for (int j = get_local_id(0); j < c / WIDE; j += GROUP)
            sum = FMA(LOADW(j, d + (size_t)i * c), LOADW(j, mean), sum);
        sum = each_sum(sum, scratch);
        if (get_local_id(0) == 0)
            row[i] = mean[i] - target_mean[i] - wide_sum(sum);
    }
}
