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

#define MAP(n) \
    int c##n, int parts##n, float scale##n, global const float *target##n, global float *difference##n, int slot##n
#define NEXT_MAP(n)                                                     \
    if (get_group_id(1) >= n) {                                         \
        partials += (size_t)parts * c * c;                              \
        c = c##n, parts = parts##n, scale = scale##n;                   \
        target = target##n, difference = difference##n, slot = slot##n; \
    }

/* difference = scale * (sum of the partials) - target, and sums[PARTS]: the squares of the differences. The second
 * dimension of groups are maps, whose partials lie one behind the other. */
SUM_KERNEL void gram_compare(global const float *partials, int step, MAP(0), MAP(1), MAP(2), MAP(3), MAP(4),
                             global float *sums) {
    SUM_SCRATCH
    int c = c0, parts = parts0, slot = slot0;
    float scale = scale0, sum = 0.0f;
    global const float *target = target0;
    global float *difference = difference0;
    NEXT_MAP(1)
    NEXT_MAP(2)
    NEXT_MAP(3)
    NEXT_MAP(4)
    int count = c * c;
    FOR_SHARE(at, count) {
        float d = scale * gram_element(partials, c, parts, step, at / c, at % c) - target[at];
        difference[at] = d;
        sum += d * d;
    }
    PUT_SUM(sum, sums, slot);
}

#define MOMENTS(n) \
    int c##n, int parts##n, float scale##n, global float *moment##n, int mean_parts##n, global float *mean##n
#define NEXT_MOMENTS(n)                                                 \
    if (get_group_id(1) >= n) {                                         \
        partials += (size_t)parts * c * c;                              \
        mean_partials += (size_t)mean_parts * c;                        \
        c = c##n, parts = parts##n, scale = scale##n;                   \
        moment = moment##n, mean_parts = mean_parts##n, mean = mean##n; \
    }

/* moment = scale * (sum of the partials), and mean [c] = scale * (sum of its own [mean_parts][c]), or with `add` those
 * beside what is there. mean_parts 0: no mean. The second dimension of groups are maps, whose partials lie one behind
 * the other. */
EACH_KERNEL void moments(global const float *partials, int step, global const float *mean_partials, int add, MOMENTS(0),
                         MOMENTS(1), MOMENTS(2), MOMENTS(3), MOMENTS(4)) {
    EACH_SCRATCH
    int c = c0, parts = parts0, mean_parts = mean_parts0;
    float scale = scale0;
    global float *moment = moment0, *mean = mean0;
    NEXT_MOMENTS(1)
    NEXT_MOMENTS(2)
    NEXT_MOMENTS(3)
    NEXT_MOMENTS(4)
    FOR_EACH(at, c * c) {
        float sum = gram_element(partials, c, parts, step, at / c, at % c);
        moment[at] = (add ? moment[at] : 0.0f) + scale * sum;
    }
    int groups = mean_parts ? c / WIDE : 0;
    FOR_GROUPS(at, groups) {
        wide sum = 0.0f;
        for (int part = get_local_id(0); part < mean_parts; part += GROUP)
            sum += LOADW((size_t)part * groups + at, mean_partials);
        sum = each_sum(sum, scratch);
        if (get_local_id(0) == 0)
            STOREW((add ? LOADW(at, mean) : (wide)(0.0f)) + scale * sum, at, mean);
    }
}
