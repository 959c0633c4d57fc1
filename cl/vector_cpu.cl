/* What the convolutions and Gram products for processors with wide vectors share: explicit vectors
 * (VEC lanes: 16 for AVX-512, 8 for AVX2, and in pairs of registers for NEON and SSE), sign bits, and the
 * register-tiled product.
 *
 * NV, RT   the register tile: RT rows x NV vectors of outputs (RT*NV accumulators; 6x4 or 14x2
 *          fill 32 registers, 6x2 fills 16 or 32 in pairs, 6x1 16 in pairs)
 * NP       register tiles side by side that read the same rows while those are in the first-level cache
 * CB       inputs summed between loads and stores of the accumulators
 * STREAM   1: STREAMV is a non-temporal store, for what no cache holds until it is read: its lines are not fetched
 *          before they are written. They must be written from end to end, or each part goes to memory alone. A kernel
 *          ends with STREAM_END, since x86 does not keep such stores in order. 0 where not defined
 * MATRIX   the product is that of matrix_cpu.cl, which comes before this file
 *
 * Only kernels' own arguments are restrict: inlining a function with restrict arguments leaves marks
 * that Oclgrind refuses, and no loop here needs them. */

#if VEC == 16
typedef float16 vecf;
typedef int16 veci;
typedef ushort maskt;
#define LANES (veci)(1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096, 8192, 16384, 32768)
#else
typedef float8 vecf;
typedef int8 veci;
typedef uchar maskt;
#define LANES (veci)(1, 2, 4, 8, 16, 32, 64, 128)
#endif

#define KB (VEC * NV)
#define KW (KB * NP) /* outputs of a block */

#define LOADV(p) (*(global const vecf *)(p))
#define STOREV(p, v) (*(global vecf *)(p) = (v))
#ifndef __has_builtin
#define __has_builtin(x) 0
#endif
#if STREAM && __has_builtin(__builtin_nontemporal_store)
#define STREAMV(p, v) __builtin_nontemporal_store(v, (global vecf *)(p))
#else
#define STREAMV(p, v) STOREV(p, v)
#endif
#if STREAM && defined(__SSE__)
#define STREAM_END __builtin_ia32_sfence();
#else
#define STREAM_END
#endif

/* Asks for the line of a float that will soon be wanted; Oclgrind compiles for SPIR and lacks it. */
#if __has_builtin(__builtin_prefetch) && !defined(__SPIR__)
#define FETCH(p) __builtin_prefetch((const void *)(size_t)(p), 0, 2)
#else
#define FETCH(p)
#endif

static inline void fetch(global const float *p, int n) {
    for (int i = 0; i < n; i += 16)
        FETCH(p + i);
}

/* The bits of a > b. (A vector reduction in the generic form crashes Oclgrind 21.10.) */
static inline maskt greater_bits(vecf a, vecf b) {
#if VEC == 16 && defined(__AVX512F__)
    return (maskt)__builtin_ia32_cmpps512_mask(a, b, 14, (maskt)-1, 4);
#elif VEC == 8 && defined(__AVX__)
    return (maskt)__builtin_ia32_movmskps256(as_float8(a > b));
#elif VEC == 8 && defined(__SSE__)
    float8 m = as_float8(a > b);
    return (maskt)(__builtin_ia32_movmskps(m.lo) | __builtin_ia32_movmskps(m.hi) << 4);
#elif VEC == 8 && defined(__ARM_NEON)
    int8 m = (a > b) & LANES;
    int4 n = m.lo | m.hi;
    return (maskt)(n.x | n.y | n.z | n.w);
#else
    int m = 0;
#define BIT(i) m |= isgreater(a.s##i, b.s##i) << 0x##i
    BIT(0), BIT(1), BIT(2), BIT(3), BIT(4), BIT(5), BIT(6), BIT(7);
#if VEC == 16
    BIT(8), BIT(9), BIT(a), BIT(b), BIT(c), BIT(d), BIT(e), BIT(f);
#endif
    return (maskt)m;
#endif
}

static inline vecf keep(vecf v, maskt bits) { return ((veci)(int)bits & LANES) != 0 ? v : (vecf)0.0f; }

/* v as a layer's output at `at`: INJECT adds what is there, MASK_IN keeps v where the mask has bits, MASK_OUT writes
 * the bits of v. */
static inline void put_out(vecf v, global float *out, global maskt *mask, size_t at) {
#if INJECT
    v += LOADV(out + at);
#endif
#if MASK_IN
    v = keep(v, mask[at / VEC]);
#endif
#if MASK_OUT
    mask[at / VEC] = greater_bits(v, (vecf)0.0f);
#endif
    STOREV(out + at, v);
}

#ifdef RT
#if !MATRIX
#define MATRIX_BEGIN
#define MATRIX_END

/* m[rows][KB] (+)= v[rows][CB] * u[CB][KB], at most RT rows, all sums in registers. CB keeps u in the first-level cache
 * for the next rows; vrow, urow and mrow are floats between rows, constants where speed matters. */
__attribute__((always_inline)) static inline void rows_product(int rows, global const float *v, int vrow,
                                                               global const float *u, int urow, global float *m,
                                                               int mrow, int more) {
    vecf acc[RT][NV];
#pragma unroll
    for (int r = 0; r < rows; r++)
#pragma unroll
        for (int n = 0; n < NV; n++)
            acc[r][n] = more ? LOADV(m + r * mrow + n * VEC) : (vecf)0.0f;
#pragma unroll 1
    for (int c = 0; c < CB; c++) {
        vecf b[NV];
#pragma unroll
        for (int n = 0; n < NV; n++)
            b[n] = LOADV(u + c * urow + n * VEC);
#pragma unroll
        for (int r = 0; r < rows; r++) {
            vecf a = (vecf)(v[r * vrow + c]);
#pragma unroll
            for (int n = 0; n < NV; n++)
                acc[r][n] = FMA(a, b[n], acc[r][n]);
        }
    }
#pragma unroll
    for (int r = 0; r < rows; r++)
#pragma unroll
        for (int n = 0; n < NV; n++)
            STOREV(m + r * mrow + n * VEC, acc[r][n]);
}

static inline void product(global const float *v, int vrow, global const float *u, global float *m, int mrow,
                           int more) {
    rows_product(RT, v, vrow, u, KB, m, mrow, more);
}
#endif

/* The same for NP panels of u, `panel` floats apart: m[RT][KW]. ahead: floats behind these rows of v, from memory, that
 * will be wanted next. */
__attribute__((always_inline)) static inline void products(global const float *v, int vrow, global const float *u,
                                                           int panel, global float *m, int mrow, int more, int ahead) {
#pragma unroll 1
    for (int q = 0; q < NP; q++) {
        fetch(v + RT * vrow + q * ahead / NP, ahead / NP);
        product(v, vrow, u + (size_t)q * panel, m + q * KB, mrow, more);
    }
}
#endif
