/* The image's scales, for the optimizer: a map is [row][column][3], the next coarser one half of it each way, rounded
 * up.
 *
 * shrink takes 1 3 3 1 (over 8) each way around each place, what lies outside being zero; widen is its transpose
 * times 4. */

/* Place p of the map that is half of `fine`. */
static inline float3 shrunk(global const float *fine, int h, int w, int p) {
    int cw = (w + 1) / 2, y = p / cw * 2 - 1, x = p % cw * 2 - 1;
    float3 sum = 0.0f;
    for (int i = 0; i < 4; i++)
        for (int j = 0; j < 4; j++)
            if (y + i >= 0 && y + i < h && x + j >= 0 && x + j < w)
                sum = FMA(vload3((y + i) * w + x + j, fine), (float3)((i % 3 ? 3.0f : 1.0f) * (j % 3 ? 3.0f : 1.0f)),
                          sum);
    return sum * (1.0f / 64);
}

/* Place p of a map [h][w] to which the coarser one is added. */
static inline float3 widened(global const float *map, int h, int w, global const float *coarse, float gain, int p) {
    int ch = (h + 1) / 2, cw = (w + 1) / 2, y = p / w, x = p % w, i = y / 2, j = x / 2;
    /* 3 parts of the place above, and 1 of that on the other side */
    int i2 = y % 2 ? i + 1 : i - 1, j2 = x % 2 ? j + 1 : j - 1;
    float3 sum = vload3(i * cw + j, coarse) * 9.0f;
    if (i2 >= 0 && i2 < ch)
        sum = FMA(vload3(i2 * cw + j, coarse), (float3)(3.0f), sum);
    if (j2 >= 0 && j2 < cw)
        sum = FMA(vload3(i * cw + j2, coarse), (float3)(3.0f), sum);
    if (i2 >= 0 && i2 < ch && j2 >= 0 && j2 < cw)
        sum += vload3(i2 * cw + j2, coarse);
    return FMA(sum, (float3)(gain / 16), vload3(p, map));
}

EACH_KERNEL void shrink(global const float *fine, int fine_at, int h, int w, global float *coarse, int coarse_at) {
    FOR_EACH(p, (h + 1) / 2 * ((w + 1) / 2))
        vstore3(shrunk(fine + fine_at, h, w, p), p, coarse + coarse_at);
}

/* to = from + (map + gain * widen(coarse)); has_from 0: from is zero. `to` may be `from` or `map`. */
EACH_KERNEL void widen(global float *to, global const float *from, int has_from, global const float *map, int map_at,
                       int h, int w, global const float *coarse, int coarse_at, float gain) {
    to += has_from ? 0 : map_at;
    FOR_EACH(p, h * w) {
        float3 sum = widened(map + map_at, h, w, coarse + coarse_at, gain, p);
        vstore3(has_from ? vload3(p, from) + sum : sum, p, to);
    }
}

/* All of both from a map [h][w] of the scales that lie one behind the other from `at` on: `levels` of them are shrunk
 * out of it, then taken in again. One group, for the maps that are too small to fill a device. */
__attribute__((reqd_work_group_size(SUM_GROUP, 1, 1))) kernel void spread_coarse(global float *scales, int at, int h,
                                                                                 int w, int levels) {
    int item = get_local_id(0), first_h = h, first_w = w;
    for (int l = 0; l < levels; l++) {
        int next = at + 3 * h * w, ch = (h + 1) / 2, cw = (w + 1) / 2;
        for (int p = item; p < ch * cw; p += SUM_GROUP)
            vstore3(shrunk(scales + at, h, w, p), p, scales + next);
        barrier(CLK_GLOBAL_MEM_FENCE);
        at = next;
        h = ch;
        w = cw;
    }
    for (int l = levels - 1; l >= 0; l--) {
        h = first_h;
        w = first_w;
        for (int i = 0; i < l; i++) {
            h = (h + 1) / 2;
            w = (w + 1) / 2;
        }
        int fine = at - 3 * h * w;
        for (int p = item; p < h * w; p += SUM_GROUP)
            vstore3(widened(scales + fine, h, w, scales + at, 1.0f, p), p, scales + fine);
        barrier(CLK_GLOBAL_MEM_FENCE);
        at = fine;
    }
}
