/* Arithmetic of the optimisers. Vectors are padded with zeros to a multiple of 16 floats; `groups` counts sixteens. */

/* y = keep * y + sum of f_i * x_i for i < count <= 8 */
EACH_KERNEL void combine(int groups, global float *y, float keep, int count, global const float *x0, float f0,
                         global const float *x1, float f1, global const float *x2, float f2, global const float *x3, float f3,
                         global const float *x4, float f4, global const float *x5, float f5, global const float *x6, float f6,
                         global const float *x7, float f7) {
    FOR_EACH(at, groups) {
        float16 v = keep != 0.0f ? vload16(at, y) * keep : (float16)(0.0f);
        v = FMA(vload16(at, x0), (float16)(f0), v);
        if (count > 1)
            v = FMA(vload16(at, x1), (float16)(f1), v);
        if (count > 2)
            v = FMA(vload16(at, x2), (float16)(f2), v);
        if (count > 3)
            v = FMA(vload16(at, x3), (float16)(f3), v);
        if (count > 4)
            v = FMA(vload16(at, x4), (float16)(f4), v);
        if (count > 5)
            v = FMA(vload16(at, x5), (float16)(f5), v);
        if (count > 6)
            v = FMA(vload16(at, x6), (float16)(f6), v);
        if (count > 7)
            v = FMA(vload16(at, x7), (float16)(f7), v);
        vstore16(v, at, y);
    }
}

/* sums[slot + 3 * i + j]: a_i . b_j for i < a_count <= 4, j < b_count <= 3 */
SUM_KERNEL void dots(int groups, int a_count, global const float *a0, global const float *a1, global const float *a2,
                     global const float *a3, int b_count, global const float *b0, global const float *b1, global const float *b2,
                     global float *sums, int slot) {
#if GROUP > 1
    local float scratch[GROUP];
#endif
    int part = get_group_id(0);
    float16 s[12];
    for (int k = 0; k < 12; k++)
        s[k] = 0.0f;
    float16 zero = 0.0f;
    for (int at = part * GROUP + get_local_id(0); at < groups; at += PARTS * GROUP) {
        float16 x = vload16(at, b0), y = b_count > 1 ? vload16(at, b1) : zero, z = b_count > 2 ? vload16(at, b2) : zero;
        float16 v = vload16(at, a0);
        s[0] = FMA(v, x, s[0]), s[1] = FMA(v, y, s[1]), s[2] = FMA(v, z, s[2]);
        if (a_count > 1) {
            v = vload16(at, a1);
            s[3] = FMA(v, x, s[3]), s[4] = FMA(v, y, s[4]), s[5] = FMA(v, z, s[5]);
        }
        if (a_count > 2) {
            v = vload16(at, a2);
            s[6] = FMA(v, x, s[6]), s[7] = FMA(v, y, s[7]), s[8] = FMA(v, z, s[8]);
        }
        if (a_count > 3) {
            v = vload16(at, a3);
            s[9] = FMA(v, x, s[9]), s[10] = FMA(v, y, s[10]), s[11] = FMA(v, z, s[11]);
        }
    }
    for (int k = 0; k < 12; k++) {
        float sum = group_sum(lanes_sum(s[k]), scratch);
        if (get_local_id(0) == 0)
            sums[(slot + k) * PARTS + part] = sum;
    }
}

/* sums[slot]: |x| */
SUM_KERNEL void absolute_sum(global const float *x, int groups, global float *sums, int slot) {
#if GROUP > 1
    local float scratch[GROUP];
#endif
    int part = get_group_id(0);
    float16 s = 0.0f;
    for (int at = part * GROUP + get_local_id(0); at < groups; at += PARTS * GROUP)
        s += fabs(vload16(at, x));
    float sum = group_sum(lanes_sum(s), scratch);
    if (get_local_id(0) == 0)
        sums[slot * PARTS + part] = sum;
}

/* Adam (Kingma and Ba 2015), one pass; rate and root are the rate and the second moment's correction with the bias
 * corrections folded in. rest1 and rest2 are 1 - beta, which a float's 1 - .999 would miss by 5e-5. */
EACH_KERNEL void adam(int groups, global float *x, global float *m, global float *v, global const float *g, float rate,
                      float beta1, float rest1, float beta2, float rest2, float root, float epsilon) {
    FOR_EACH(at, groups) {
        float16 gradient = vload16(at, g);
        float16 first = FMA(vload16(at, m), (float16)(beta1), gradient * rest1);
        float16 second = FMA(vload16(at, v), (float16)(beta2), gradient * gradient * rest2);
        vstore16(first, at, m);
        vstore16(second, at, v);
        vstore16(vload16(at, x) - rate * first / (sqrt(second) * root + epsilon), at, x);
    }
}
