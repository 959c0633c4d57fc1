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

/* A kernel works on several matrices at once: an argument of each, and that of row MAP of the launch. */
#define EACH_MAP(type, name) type name##0, type name##1, type name##2, type name##3, type name##4
#define MAP (int)get_group_id(1)
#define OF_MAP(name) (MAP == 0 ? name##0 : MAP == 1 ? name##1 : MAP == 2 ? name##2 : MAP == 3 ? name##3 : name##4)
#define FLOATS(name) EACH_MAP(global const float *, name)

static inline float norm_of(global const float *sums) { return sqrt(total(sums, 0)) / SMALL; }

/* m = m - mean mean' + e on the diagonal of the first true_c channels, e = max(epsilon, (noise |mean|^2 - 10 noise
 * tr(m - mean mean')) / true_c). One group has the whole diagonal, of which it needs the sum first. */
EACH_KERNEL void covariance(EACH_MAP(global float *, m), EACH_MAP(int, c), EACH_MAP(int, true_c), FLOATS(mean),
                            float epsilon, float noise) {
    EACH_SCRATCH
    global float *m = OF_MAP(m);
    global const float *mean = OF_MAP(mean);
    int c = OF_MAP(c), true_c = OF_MAP(true_c);
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
SUM_KERNEL void norm_parts(FLOATS(m), EACH_MAP(int, count), EACH_MAP(global float *, sums)) {
    SUM_SCRATCH
    global const float *m = OF_MAP(m);
    wide sum = 0.0f;
    FOR_SHARE(at, OF_MAP(count) / WIDE) {
        wide v = LOADW(at, m) * SMALL;
        sum = FMA(v, v, sum);
    }
    PUT_SUM(wide_sum(sum), OF_MAP(sums), 0);
}

/* From m [r][stride], all [n][n] with zeros to that side: b = m / |m|; z = a^1/2 (3 - a b) / 2; w = a^1/2 3 (1 - a b) /
 * 2. */
EACH_KERNEL void first_step(FLOATS(m), EACH_MAP(int, r), EACH_MAP(int, stride), FLOATS(sums), EACH_MAP(int, n),
                            EACH_MAP(global float *, b), EACH_MAP(global float *, z), EACH_MAP(global float *, w),
                            float a) {
    global const float *m = OF_MAP(m);
    global float *b = OF_MAP(b), *z = OF_MAP(z), *w = OF_MAP(w);
    int r = OF_MAP(r), stride = OF_MAP(stride), n = OF_MAP(n);
    float scale = 1.0f / norm_of(OF_MAP(sums)), half_root = 0.5f * sqrt(a);
    FOR_MATRIX(i, j, n, n) {
        float one = i == j ? 1.0f : 0.0f, v = i < r && j < r ? m[i * stride + j] * scale : 0.0f;
        b[i * n + j] = v;
        z[i * n + j] = FMA(-a, v, 3.0f * one) * half_root;
        w[i * n + j] = FMA(-a, v, one) * (3.0f * half_root);
    }
}

/* loss[slot]: |mean - target_mean|^2 + trace + tr(covariance - 2 sqrt(|m|) b z), b, z and w [n][n]; sums[1]: tr(b w) */
SUM_KERNEL void distance_parts(FLOATS(mean), FLOATS(target_mean), EACH_MAP(float, trace), FLOATS(covariance),
                               EACH_MAP(int, c), FLOATS(b), FLOATS(z), FLOATS(w), EACH_MAP(int, n),
                               EACH_MAP(global float *, sums), EACH_MAP(int, slot), global float *loss) {
    SUM_SCRATCH
    global const float *mean = OF_MAP(mean), *target_mean = OF_MAP(target_mean), *covariance = OF_MAP(covariance),
                       *b = OF_MAP(b), *z = OF_MAP(z), *w = OF_MAP(w);
    global float *sums = OF_MAP(sums);
    int c = OF_MAP(c), n = OF_MAP(n);
    float rest = 0.0f, trace = OF_MAP(trace);
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
    PUT_SUM(FMA(-2.0f * sqrt(norm_of(sums)), wide_sum(roots), rest), loss, OF_MAP(slot));
    PUT_SUM(wide_sum(slopes), sums, 1);
}

/* slopes [r][c] = z + w - tr(b w) b beside zeros, from [n][n]; the rows of `below` [c][c] from r on are 0. */
EACH_KERNEL void slope(FLOATS(z), FLOATS(w), FLOATS(b), EACH_MAP(int, n), EACH_MAP(int, r), FLOATS(sums),
                       EACH_MAP(global float *, slopes), EACH_MAP(global float *, below), EACH_MAP(int, c)) {
    global const float *z = OF_MAP(z), *w = OF_MAP(w), *b = OF_MAP(b);
    global float *slopes = OF_MAP(slopes), *below = OF_MAP(below);
    int n = OF_MAP(n), r = OF_MAP(r), c = OF_MAP(c);
    float k = total(OF_MAP(sums), 1);
    FOR_MATRIX(i, j, c, c) {
        if (i >= r)
            below[i * c + j] = 0.0f;
        else
            slopes[i * c + j] = j < r ? FMA(-k, b[i * n + j], z[i * n + j] + w[i * n + j]) : 0.0f;
    }
}

/* d = 1 - (p + p') / (2 sqrt(|m|)) and row = mean - target_mean - d mean */
EACH_KERNEL void difference(FLOATS(p), EACH_MAP(int, c), FLOATS(sums), FLOATS(mean), FLOATS(target_mean),
                            EACH_MAP(global float *, d), EACH_MAP(global float *, row)) {
    EACH_SCRATCH
    global const float *p = OF_MAP(p), *mean = OF_MAP(mean), *target_mean = OF_MAP(target_mean);
    global float *d = OF_MAP(d), *row = OF_MAP(row);
    int c = OF_MAP(c);
    float scale = 0.5f / sqrt(norm_of(OF_MAP(sums)));
    FOR_GROUPS(i, c) {
        wide sum = 0.0f;
        for (int j = get_local_id(0); j < c; j += GROUP) {
            float v = FMA(-scale, p[i * c + j] + p[j * c + i], i == j ? 1.0f : 0.0f);
            d[i * c + j] = v;
            sum.s0 = FMA(v, mean[j], sum.s0);
        }
        sum = each_sum(sum, scratch);
        if (get_local_id(0) == 0)
            row[i] = mean[i] - target_mean[i] - sum.s0;
    }
}
