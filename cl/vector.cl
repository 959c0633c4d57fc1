/* Arithmetic of the optimizers. Vectors are padded with zeros to a multiple of 16 floats; `groups` counts WIDE ones. */

/* y = keep * y + sum of f_i * x_i for i < count <= 8 */
EACH_KERNEL void combine(int groups, global float *y, float keep, int count, global const float *x0, float f0,
                         global const float *x1, float f1, global const float *x2, float f2, global const float *x3,
                         float f3, global const float *x4, float f4, global const float *x5, float f5,
                         global const float *x6, float f6, global const float *x7, float f7) {
    FOR_EACH(at, groups) {
        wide v = keep != 0.0f ? LOADW(at, y) * keep : (wide)(0.0f);
        v = FMA(LOADW(at, x0), (wide)(f0), v);
        if (count > 1)
            v = FMA(LOADW(at, x1), (wide)(f1), v);
        if (count > 2)
            v = FMA(LOADW(at, x2), (wide)(f2), v);
        if (count > 3)
            v = FMA(LOADW(at, x3), (wide)(f3), v);
        if (count > 4)
            v = FMA(LOADW(at, x4), (wide)(f4), v);
        if (count > 5)
            v = FMA(LOADW(at, x5), (wide)(f5), v);
        if (count > 6)
            v = FMA(LOADW(at, x6), (wide)(f6), v);
        if (count > 7)
            v = FMA(LOADW(at, x7), (wide)(f7), v);
        STOREW(v, at, y);
    }
}

/* sums[slot + 3 * i + j]: a_i . b_j for i < a_count <= 4, j < b_count <= 3 */
SUM_KERNEL void dots(int groups, int a_count, global const float *a0, global const float *a1, global const float *a2,
                     global const float *a3, int b_count, global const float *b0, global const float *b1,
                     global const float *b2, global float *sums, int slot) {
    SUM_SCRATCH
    wide s[12];
    for (int k = 0; k < 12; k++)
        s[k] = 0.0f;
    wide zero = 0.0f;
    FOR_SHARE(at, groups) {
        wide x = LOADW(at, b0), y = b_count > 1 ? LOADW(at, b1) : zero, z = b_count > 2 ? LOADW(at, b2) : zero;
        wide v = LOADW(at, a0);
        s[0] = FMA(v, x, s[0]), s[1] = FMA(v, y, s[1]), s[2] = FMA(v, z, s[2]);
        if (a_count > 1) {
            v = LOADW(at, a1);
            s[3] = FMA(v, x, s[3]), s[4] = FMA(v, y, s[4]), s[5] = FMA(v, z, s[5]);
        }
        if (a_count > 2) {
            v = LOADW(at, a2);
            s[6] = FMA(v, x, s[6]), s[7] = FMA(v, y, s[7]), s[8] = FMA(v, z, s[8]);
        }
        if (a_count > 3) {
            v = LOADW(at, a3);
            s[9] = FMA(v, x, s[9]), s[10] = FMA(v, y, s[10]), s[11] = FMA(v, z, s[11]);
        }
    }
#pragma unroll /* else compilers may keep s in memory */
    for (int k = 0; k < 12; k++)
        PUT_SUM(wide_sum(s[k]), sums, slot + k);
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
