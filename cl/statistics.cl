/* Means of the channels of a map f [pixels][c]; WIDE channels at a time. */

/* partials [part][c]: sums over that part of the pixels. */
EACH_KERNEL void channel_sums(global const float *f, int pixels, int c, int parts, global float *partials) {
    int groups = c / WIDE;
    FOR_EACH(i, parts * groups) {
        int part = i / groups, group = i % groups, last = (int)((long)pixels * (part + 1) / parts);
        wide sum = 0.0f;
        for (int pixel = (int)((long)pixels * part / parts); pixel < last; pixel++)
            sum += LOADW((size_t)pixel * groups + group, f);
        STOREW(sum, i, partials);
    }
}

/* mean += scale * (sum of the partials) */
EACH_KERNEL void channel_add(global const float *partials, int c, int parts, float scale, global float *mean) {
    FOR_EACH(i, c) {
        float sum = 0.0f;
        for (int part = 0; part < parts; part++)
            sum += partials[(size_t)part * c + i];
        mean[i] += scale * sum;
    }
}
