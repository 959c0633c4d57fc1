/* The first convolution over an image whose border is replicated instead of followed by zeros: only pixels of the
 * border differ. x [h][w][3]; map [h][w][c]; weights [tap][3][c], tap row by row. */

/* How many pixels the border has, and where one of them is. */
static inline int border_count(int h, int w) { return h == 1 || w == 1 ? h * w : 2 * (h + w) - 4; }

static inline int2 border_place(int i, int h, int w) {
    if (h == 1 || w == 1)
        return (int2)(i / w, i % w);
    if (i < 2 * w)
        return (int2)(i < w ? 0 : h - 1, i % w);
    i -= 2 * w;
    return (int2)(1 + i / 2, i % 2 ? w - 1 : 0);
}

/* Writes map, after bias and ReLU, and bits (may be NULL) at the border anew. */
EACH_KERNEL void border_forward(global const float *x, int h, int w, int c, global const float *weights,
                                global const float *bias, global float *map, global ushort *bits) {
    int groups = c / 16;
    FOR_EACH(i, border_count(h, w) * groups) {
        int group = i % groups;
        int2 at = border_place(i / groups, h, w);
        float16 sum = vload16(group, bias);
        for (int tap = 0; tap < 9; tap++) {
            float3 v = vload3(clamp(at.x + tap / 3 - 1, 0, h - 1) * w + clamp(at.y + tap % 3 - 1, 0, w - 1), x);
            sum = FMA((float16)(v.x), vload16((tap * 3 + 0) * groups + group, weights), sum);
            sum = FMA((float16)(v.y), vload16((tap * 3 + 1) * groups + group, weights), sum);
            sum = FMA((float16)(v.z), vload16((tap * 3 + 2) * groups + group, weights), sum);
        }
        sum = fmax(sum, 0.0f);
        size_t to = ((size_t)at.x * w + at.y) * groups + group;
        vstore16(sum, to, map);
        if (bits)
            bits[to] = signs_of(sum);
    }
}

/* dx [h][w][3] += what comes back to the border through its replicas; d [h][w][c]. */
EACH_KERNEL void border_backward(global const float *d, int h, int w, int c, global const float *weights,
                                 global float *dx) {
    int groups = c / 16;
    FOR_EACH(i, border_count(h, w)) {
        int2 at = border_place(i, h, w);
        float16 s0 = 0.0f, s1 = 0.0f, s2 = 0.0f;
        for (int y = at.x == 0 ? -1 : at.x; y <= (at.x == h - 1 ? h : at.x); y++)
            for (int z = at.y == 0 ? -1 : at.y; z <= (at.y == w - 1 ? w : at.y); z++)
                for (int tap = 0; tap < 9 && (y != at.x || z != at.y); tap++) {
                    int row = y + 1 - tap / 3, column = z + 1 - tap % 3; /* whose window has the replica at this tap */
                    if (row < 0 || row >= h || column < 0 || column >= w)
                        continue;
                    for (int group = 0; group < groups; group++) {
                        float16 v = vload16(((size_t)row * w + column) * groups + group, d);
                        s0 = FMA(v, vload16((tap * 3 + 0) * groups + group, weights), s0);
                        s1 = FMA(v, vload16((tap * 3 + 1) * groups + group, weights), s1);
                        s2 = FMA(v, vload16((tap * 3 + 2) * groups + group, weights), s2);
                    }
                }
        size_t pixel = (size_t)at.x * w + at.y;
        vstore3(vload3(pixel, dx) + (float3)(lanes_sum(s0), lanes_sum(s1), lanes_sum(s2)), pixel, dx);
    }
}
