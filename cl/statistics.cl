/* Means of the channels of a map f [pixels][c]; WIDE channels at a time. */

/* partials [part][c]: sums over that part of the pixels. Several loads at once, for on a GPU each waits for memory. */
EACH_KERNEL void channel_sums(global const float *restrict f, int pixels, int c, int parts,
                              global float *restrict partials) {
    int groups = c / WIDE;
    FOR_EACH(i, parts * groups) {
        int part = i / groups, group = i % groups, last = (int)((long)pixels * (part + 1) / parts);
        wide sum = 0.0f;
#pragma unroll 8
        for (int pixel = (int)((long)pixels * part / parts); pixel < last; pixel++)
            sum += LOADW((size_t)pixel * groups + group, f);
        STOREW(sum, i, partials);
    }
}

/* mean += scale * (sum of the partials) */
EACH_KERNEL void channel_add(global const float *partials, int c, int parts, float scale, global float *mean) {
    EACH_SCRATCH
    int groups = c / WIDE;
    FOR_GROUPS(at, groups) {
        wide sum = 0.0f;
        for (int part = get_local_id(0); part < parts; part += GROUP)
            sum += LOADW((size_t)part * groups + at, partials);
        sum = each_sum(sum, scratch);
        if (get_local_id(0) == 0)
            STOREW(LOADW(at, mean) + scale * sum, at, mean);
    }
}
