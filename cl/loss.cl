/* The content loss with its gradient, and gradients scaled to a unit L1 norm. */

/* sums: (f - target)^2. d (may be NULL) (+)= scale * (f - target); d may be f. */
SUM_KERNEL void content(global const float *f, global const float *target, int groups, float scale, int accumulate,
                        global float *d, global float *sums, int slot) {
    SUM_SCRATCH
    wide squares = 0.0f;
    FOR_SHARE(at, groups) {
        wide e = LOADW(at, f) - LOADW(at, target);
        squares = FMA(e, e, squares);
        if (d) {
            wide v = e * scale;
            if (accumulate)
                v += LOADW(at, d);
            STOREW(v, at, d);
        }
    }
    PUT_SUM(wide_sum(squares), sums, slot);
}

/* d (+)= weight / (sum of sums[slot] + 1e-8) * from; `groups` of WIDE. */
EACH_KERNEL void add_normalized(global const float *from, int groups, global const float *sums, int slot, float weight,
                                int accumulate, global float *d) {
    float scale = weight / (total(sums, slot) + 1e-8f);
    FOR_EACH(at, groups) {
        wide v = LOADW(at, from) * scale;
        if (accumulate)
            v += LOADW(at, d);
        STOREW(v, at, d);
    }
}
