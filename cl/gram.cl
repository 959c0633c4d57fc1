/* Gram matrices [c][c] from sums over parts of the pixels. T, a define, is the side of the blocks in which those were
 * computed, on and above the diagonal only; the order of every sum is fixed. There are `parts` of them, each c * c *
 * step from the next. */

static inline float gram_element(global const float *partials, int c, int parts, int step, int i, int j) {
    /* Blocks below the diagonal were not computed: take the mirrored element. */
    if (i / T > j / T) {
        int k = i;
        i = j;
        j = k;
    }
    float sum = 0.0f;
    for (int part = 0; part < parts; part++)
        sum += partials[((size_t)part * step * c + i) * c + j];
    return sum;
}

/* target += scale * (sum of the partials) */
EACH_KERNEL void gram_add(global const float *partials, int c, int parts, int step, float scale, global float *target) {
    FOR_EACH(at, c * c)
        target[at] += scale * gram_element(partials, c, parts, step, at / c, at % c);
}

/* difference = scale * (sum of the partials) - target, and sums[PARTS]: the squares of the differences. */
SUM_KERNEL void gram_compare(global const float *partials, int c, int parts, int step, float scale,
                             global const float *target, global float *difference, global float *sums, int slot) {
    SUM_SCRATCH
    int count = c * c;
    float sum = 0.0f;
    FOR_SHARE(at, count) {
        float d = scale * gram_element(partials, c, parts, step, at / c, at % c) - target[at];
        difference[at] = d;
        sum += d * d;
    }
    PUT_SUM(sum, sums, slot);
}
