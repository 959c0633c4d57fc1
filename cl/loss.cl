/* Content and smoothness losses with their gradients, and gradients scaled to a unit L1 norm. */

/* sums: (f - target)^2. d (may be NULL) (+)= scale * (f - target); d may be f. */
SUM_KERNEL void content(global const float *f, global const float *target, int groups, float scale,
                        int accumulate, global float *d, global float *sums, int slot) {
#if SUM_GROUP > 1
    local float scratch[SUM_GROUP];
#endif
    int part = get_group_id(0);
    wide squares = 0.0f;
    for (int at = part * SUM_GROUP + get_local_id(0); at < groups; at += PARTS * SUM_GROUP) {
        wide e = LOADW(at, f) - LOADW(at, target);
        squares = FMA(e, e, squares);
        if (d) {
            wide v = e * scale;
            if (accumulate)
                v += LOADW(at, d);
            STOREW(v, at, d);
        }
    }
    float sum = group_sum(wide_sum(squares), scratch);
    if (get_local_id(0) == 0)
        sums[slot * PARTS + part] = sum;
}

/* The picture x [h][w][3]: sums: dx^2 + dy^2 over the pixels with both a right and a lower neighbour;
 * d (+)= scale * its half's gradient. */
SUM_KERNEL void smoothness(global const float *x, int h, int w, float scale, int accumulate, global float *d,
                           global float *sums, int slot) {
#if SUM_GROUP > 1
    local float scratch[SUM_GROUP];
#endif
    int part = get_group_id(0);
    float sum = 0.0f;
    for (int pixel = part * SUM_GROUP + get_local_id(0); pixel < h * w; pixel += PARTS * SUM_GROUP) {
        int row = pixel / w, column = pixel % w;
        float3 here = vload3(pixel, x), g = 0.0f;
        bool below = row + 1 < h, right = column + 1 < w;
        if (below && right) {
            float3 dx = vload3(pixel + 1, x) - here, dy = vload3(pixel + w, x) - here;
            g -= dx + dy;
            sum += dot(dx, dx) + dot(dy, dy);
        }
        if (below && column > 0)
            g += here - vload3(pixel - 1, x);
        if (right && row > 0)
            g += here - vload3(pixel - w, x);
        g *= scale;
        if (accumulate)
            g += vload3(pixel, d);
        vstore3(g, pixel, d);
    }
    sum = group_sum(sum, scratch);
    if (get_local_id(0) == 0)
        sums[slot * PARTS + part] = sum;
}

/* d (+)= weight / (sum of sums[slot] + 1e-8) * from; `groups` of WIDE. */
EACH_KERNEL void add_normalized(global const float *from, int groups, global const float *sums, int slot, float weight,
                                int accumulate, global float *d) {
    float norm = 0.0f;
    for (int part = 0; part < PARTS; part++)
        norm += sums[slot * PARTS + part];
    float scale = weight / (norm + 1e-8f);
    FOR_EACH(at, groups) {
        wide v = LOADW(at, from) * scale;
        if (accumulate)
            v += LOADW(at, d);
        STOREW(v, at, d);
    }
}
