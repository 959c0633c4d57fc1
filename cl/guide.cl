/* Feature maps f [pixels][c] and what each pixel counts for a region: guide [pixels]; WIDE channels at a time. */

/* out = f * guide, or with `squared` f * guide * guide; out may be f. */
EACH_KERNEL void guide_map(global const float *f, int pixels, int c, global const float *guide, int squared,
                           global float *out) {
    int groups = c / WIDE;
    FOR_EACH(i, pixels * groups) {
        float g = guide[i / groups];
        STOREW(LOADW(i, f) * (squared ? g * g : g), i, out);
    }
}

/* d [pixels][c] += scale * guide * guide * row [c] */
EACH_KERNEL void guide_row(global float *d, int pixels, int c, float scale, global const float *guide,
                           global const float *row) {
    int groups = c / WIDE;
    FOR_EACH(i, pixels * groups) {
        float g = guide[i / groups];
        STOREW(LOADW(i, d) + LOADW(i % groups, row) * (scale * g * g), i, d);
    }
}

/* Images [pixels][3]: out = a * part + b * (1 - part), part [pixels]; b NULL: 0. out may be a. */
EACH_KERNEL void mix_images(global const float *a, global const float *b, global const float *part, int pixels,
                            global float *out) {
    FOR_EACH(p, pixels) {
        float own = part[p];
        float3 v = vload3(p, a) * own;
        if (b)
            v += vload3(p, b) * (1.0f - own);
        vstore3(v, p, out);
    }
}
