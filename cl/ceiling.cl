/* What a device can do at best: chains of fused multiply-adds that do not wait for each other, and plain streams. */

#if PST_CPU
#if PST_NATIVE >= 16
typedef float16 lanes;
#define SUM(v) lanes_sum(v)
#elif PST_NATIVE == 8
typedef float8 lanes;
#define SUM(v) (v.s0 + v.s1 + v.s2 + v.s3 + v.s4 + v.s5 + v.s6 + v.s7)
#else
typedef float4 lanes;
#define SUM(v) (v.s0 + v.s1 + v.s2 + v.s3)
#endif
#else
typedef float lanes;
#define SUM(v) (v)
#endif

#define CHAINS 12 /* more than any unit's latency times its width, and few enough for 16 registers */

/* Each work-item does CHAINS * rounds multiply-adds of `lanes`. out: a number a work-item, which keeps the compiler
 * from leaving the work out. Values stay near 1: a step takes a to a * scale + shift with scale + shift = 1. */
EACH_KERNEL void ceiling_fma(global float *out, float scale, float shift, int rounds) {
    lanes a[CHAINS];
#pragma unroll
    for (int i = 0; i < CHAINS; i++)
        a[i] = (lanes)(1.0f + 0.01f * i);
    for (int round = 0; round < rounds; round++) {
#pragma unroll
        for (int i = 0; i < CHAINS; i++)
            a[i] = FMA(a[i], (lanes)(scale), (lanes)(shift));
    }
    lanes sum = (lanes)(0.0f);
#pragma unroll
    for (int i = 0; i < CHAINS; i++)
        sum += a[i];
    out[get_global_id(0)] = SUM(sum);
}

/* count: vectors of 4 floats on a GPU, of 16 on a CPU. */
#if PST_CPU
#define LOAD(at, from) vload16(at, from)
#define STORE(v, at, to) vstore16(v, at, to)
#else
#define LOAD(at, from) vload4(at, from)
#define STORE(v, at, to) vstore4(v, at, to)
#endif

EACH_KERNEL void ceiling_copy(global const float *restrict from, global float *restrict to, int count) {
    FOR_EACH(at, count)
        STORE(LOAD(at, from), at, to);
}

EACH_KERNEL void ceiling_triad(global const float *restrict b, global const float *restrict c, global float *restrict a,
                               float factor, int count) {
    FOR_EACH(at, count)
        STORE(FMA(LOAD(at, c), factor, LOAD(at, b)), at, a);
}
