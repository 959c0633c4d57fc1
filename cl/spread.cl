/* The image's scales, for the optimizer: a map is [row][column][3], the next coarser one half of it each way, rounded
 * up.
 *
 * shrink takes 1 3 3 1 (over 8) each way around each place, what lies outside being zero; widen is its transpose
 * times 4. */

EACH_KERNEL void shrink(global const float *fine, int fine_at, int h, int w, global float *coarse, int coarse_at) {
    int ch = (h + 1) / 2, cw = (w + 1) / 2;
    fine += fine_at;
    coarse += coarse_at;
    FOR_EACH(p, ch * cw) {
        int y = p / cw * 2 - 1, x = p % cw * 2 - 1;
        float3 sum = 0.0f;
        for (int i = 0; i < 4; i++)
            for (int j = 0; j < 4; j++)
                if (y + i >= 0 && y + i < h && x + j >= 0 && x + j < w)
                    sum = FMA(vload3((y + i) * w + x + j, fine),
                              (float3)((i % 3 ? 3.0f : 1.0f) * (j % 3 ? 3.0f : 1.0f)), sum);
        vstore3(sum * (1.0f / 64), p, coarse);
    }
}

/* to = from + (map + gain * widen(coarse)); has_from 0: from is zero. `to` may be `from` or `map`. */
EACH_KERNEL void widen(global float *to, global const float *from, int has_from, global const float *map, int map_at,
                       int h, int w, global const float *coarse, int coarse_at, float gain) {
    int ch = (h + 1) / 2, cw = (w + 1) / 2;
    to += has_from ? 0 : map_at;
    map += map_at;
    coarse += coarse_at;
    FOR_EACH(p, h * w) {
        int y = p / w, x = p % w, i = y / 2,
            j = x / 2; /* 3 parts of the place above, and 1 of that on the other side */
        int i2 = y % 2 ? i + 1 : i - 1, j2 = x % 2 ? j + 1 : j - 1;
        float3 sum = vload3(i * cw + j, coarse) * 9.0f;
        if (i2 >= 0 && i2 < ch)
            sum = FMA(vload3(i2 * cw + j, coarse), (float3)(3.0f), sum);
        if (j2 >= 0 && j2 < cw)
            sum = FMA(vload3(i * cw + j2, coarse), (float3)(3.0f), sum);
        if (i2 >= 0 && i2 < ch && j2 >= 0 && j2 < cw)
            sum += vload3(i2 * cw + j2, coarse);
        sum = FMA(sum, (float3)(gain / 16), vload3(p, map));
        vstore3(has_from ? vload3(p, from) + sum : sum, p, to);
    }
}
