/* Sums of the channels of maps f [pixels][c], WIDE channels at a time. */

#define MAP(n) \
    global const float *restrict f##n, global const float *restrict guide##n, int pixels##n, int c##n, int parts##n
#define NEXT_MAP(n)                                                                 \
    if (get_group_id(1) >= n) {                                                     \
        partials += (size_t)parts * c;                                              \
        f = f##n, guide = guide##n, pixels = pixels##n, c = c##n, parts = parts##n; \
    }

/* partials [part][c]: sums over that part of the pixels, each times its guide where there is one. The second dimension
 * of groups are maps, whose partials lie one behind the other. Several loads at once, for on a GPU each waits for
 * memory. */
EACH_KERNEL void channel_sums(MAP(0), MAP(1), MAP(2), MAP(3), MAP(4), global float *restrict partials) {
    global const float *restrict f = f0, *restrict guide = guide0;
    int pixels = pixels0, c = c0, parts = parts0;
    NEXT_MAP(1)
    NEXT_MAP(2)
    NEXT_MAP(3)
    NEXT_MAP(4)
    int groups = c / WIDE;
    FOR_EACH(i, parts * groups) {
        int part = i / groups, group = i % groups, last = (int)((long)pixels * (part + 1) / parts);
        wide sum = 0.0f;
#pragma unroll 8
        for (int pixel = (int)((long)pixels * part / parts); pixel < last; pixel++)
            sum = FMA(LOADW((size_t)pixel * groups + group, f), (wide)(guide ? guide[pixel] : 1.0f), sum);
        STOREW(sum, i, partials);
    }
}
