/* Arithmetic of the optimizers. Vectors are padded with zeros to a multiple of 16 floats; `groups` counts WIDE ones. */

#define TERM(k) global const float *x##k, float f##k
#define TERMS(a, b, c, d) TERM(a), TERM(b), TERM(c), TERM(d)
#define ADD(k) v = FMA(LOADW(at, x##k), (wide)(f##k), v)
/* The next twelve: a work-item goes over its elements again, for the scalar registers of some GPUs hold no more terms
 * at a time, nor a condition for each. */
#define ADD_NEXT(first, b, c, d, e, f, g, h, i, j, k, l)                                                        \
    if (count > first)                                                                                          \
        FOR_EACH(at, groups) {                                                                                  \
            wide v = LOADW(at, y);                                                                              \
            ADD(first), ADD(b), ADD(c), ADD(d), ADD(e), ADD(f), ADD(g), ADD(h), ADD(i), ADD(j), ADD(k), ADD(l); \
            STOREW(v, at, y);                                                                                   \
        }

/* y = keep * y + sum of f_i * x_i for i < count <= 48; the factors behind these are zero. */
EACH_KERNEL void combine(int groups, global float *y, float keep, int count, TERMS(0, 1, 2, 3), TERMS(4, 5, 6, 7),
                         TERMS(8, 9, 10, 11), TERMS(12, 13, 14, 15), TERMS(16, 17, 18, 19), TERMS(20, 21, 22, 23),
                         TERMS(24, 25, 26, 27), TERMS(28, 29, 30, 31), TERMS(32, 33, 34, 35), TERMS(36, 37, 38, 39),
                         TERMS(40, 41, 42, 43), TERMS(44, 45, 46, 47)) {
    FOR_EACH(at, groups) {
        wide v = keep != 0.0f ? LOADW(at, y) * keep : (wide)(0.0f);
        ADD(0), ADD(1), ADD(2), ADD(3);
        if (count > 4)
            ADD(4), ADD(5), ADD(6), ADD(7);
        if (count > 8)
            ADD(8), ADD(9), ADD(10), ADD(11);
        STOREW(v, at, y);
    }
    ADD_NEXT(12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23)
    ADD_NEXT(24, 25, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35)
    ADD_NEXT(36, 37, 38, 39, 40, 41, 42, 43, 44, 45, 46, 47)
}

/* Four vectors of a block. */
#define OF_BLOCK(n, a, b, c, d) \
    if (block == n)             \
        a0 = a, a1 = b, a2 = c, a3 = d;

#define OF(a, b, c, d) global const float *a, global const float *b, global const float *c, global const float *d

/* sums[slot + 3 * i + j]: a_i . b_j for i < a_count <= 44, j < b_count <= 3; the second dimension of groups are blocks
 * of four of the a_i, whose sums stay in registers. */
SUM_KERNEL void dots(int groups, int a_count, OF(a0, a1, a2, a3), OF(a4, a5, a6, a7), OF(a8, a9, a10, a11),
                     OF(a12, a13, a14, a15), OF(a16, a17, a18, a19), OF(a20, a21, a22, a23), OF(a24, a25, a26, a27),
                     OF(a28, a29, a30, a31), OF(a32, a33, a34, a35), OF(a36, a37, a38, a39), OF(a40, a41, a42, a43),
                     int b_count, global const float *b0, global const float *b1, global const float *b2,
                     global float *sums, int slot) {
    SUM_SCRATCH
    int block = get_group_id(1), count = a_count - 4 * block;
    OF_BLOCK(1, a4, a5, a6, a7)
    OF_BLOCK(2, a8, a9, a10, a11)
    OF_BLOCK(3, a12, a13, a14, a15)
    OF_BLOCK(4, a16, a17, a18, a19)
    OF_BLOCK(5, a20, a21, a22, a23)
    OF_BLOCK(6, a24, a25, a26, a27)
    OF_BLOCK(7, a28, a29, a30, a31)
    OF_BLOCK(8, a32, a33, a34, a35)
    OF_BLOCK(9, a36, a37, a38, a39)
    OF_BLOCK(10, a40, a41, a42, a43)
    wide s[12];
    for (int k = 0; k < 12; k++)
        s[k] = 0.0f;
    wide zero = 0.0f;
    FOR_SHARE(at, groups) {
        wide x = LOADW(at, b0), y = b_count > 1 ? LOADW(at, b1) : zero, z = b_count > 2 ? LOADW(at, b2) : zero;
        wide v = LOADW(at, a0);
        s[0] = FMA(v, x, s[0]), s[1] = FMA(v, y, s[1]), s[2] = FMA(v, z, s[2]);
        if (count > 1) {
            v = LOADW(at, a1);
            s[3] = FMA(v, x, s[3]), s[4] = FMA(v, y, s[4]), s[5] = FMA(v, z, s[5]);
        }
        if (count > 2) {
            v = LOADW(at, a2);
            s[6] = FMA(v, x, s[6]), s[7] = FMA(v, y, s[7]), s[8] = FMA(v, z, s[8]);
        }
        if (count > 3) {
            v = LOADW(at, a3);
            s[9] = FMA(v, x, s[9]), s[10] = FMA(v, y, s[10]), s[11] = FMA(v, z, s[11]);
        }
    }
#pragma unroll /* else compilers may keep s in memory */
    for (int k = 0; k < 12; k++)
        PUT_SUM(wide_sum(s[k]), sums, slot + 12 * block + k);
}

/* sums[slot]: |x| */
SUM_KERNEL void absolute_sum(global const float *x, int groups, global float *sums, int slot) {
    SUM_SCRATCH
    wide s = 0.0f;
    FOR_SHARE(at, groups)
        s += fabs(LOADW(at, x));
    PUT_SUM(wide_sum(s), sums, slot);
}

/* Adam (Kingma and Ba 2015), one pass; rate and root are the rate and the second moment's correction with the bias
 * corrections folded in. rest1 and rest2 are 1 - beta, which a float's 1 - .999 would miss by 5e-5. */
EACH_KERNEL void adam(int groups, global float *x, global float *m, global float *v, global const float *g, float rate,
                      float beta1, float rest1, float beta2, float rest2, float root, float epsilon) {
    FOR_EACH(at, groups) {
        wide gradient = LOADW(at, g);
        wide first = FMA(LOADW(at, m), (wide)(beta1), gradient * rest1);
        wide second = FMA(LOADW(at, v), (wide)(beta2), gradient * gradient * rest2);
        STOREW(first, at, m);
        STOREW(second, at, v);
        STOREW(LOADW(at, x) - rate * first / (sqrt(second) * root + epsilon), at, x);
    }
}
