/* Gram matrices of a feature map F [pixel][c] and their gradient. T, a define, is the side of a register tile: 16 on CPUs,
 * 4 on GPUs. Only tiles on and above the diagonal are computed; the order of every sum is fixed. */
#if T == 16
typedef float16 vec;
#define LOAD vload16
#define STORE vstore16
#else
typedef float4 vec;
#define LOAD vload4
#define STORE vstore4
#endif

/* partials[part][c][c]: the products over that part's pixels, upper tiles only.
 * ids: (tile, numbered over the upper triangle row by row; part; -) */
kernel void gram_partial(global const float *f, int pixels, int c, int parts, global float *partials) {
    int tiles = c / T, tile = get_global_id(0), part = get_global_id(1), row = 0;
    while (tile >= tiles - row) {
        tile -= tiles - row;
        row++;
    }
    int column = row + tile;
    int first = (int)((long)pixels * part / parts), end = (int)((long)pixels * (part + 1) / parts);
    vec sum[T];
    for (int i = 0; i < T; i++)
        sum[i] = 0.0f;
    global const float *a = f + (size_t)first * c + row * T, *b = f + (size_t)first * c + column * T;
    for (int p = first; p < end; p++, a += c, b += c) {
        vec v = LOAD(0, b);
#pragma unroll
        for (int i = 0; i < T; i++)
            sum[i] = FMA((vec)(a[i]), v, sum[i]);
    }
    global float *to = partials + ((size_t)part * c + row * T) * c + column * T;
    for (int i = 0; i < T; i++)
        STORE(sum[i], 0, to + (size_t)i * c);
}

inline float gram_element(global const float *partials, int c, int parts, int i, int j) {
    /* Tiles below the diagonal were not computed: take the mirrored element. */
    if (i / T > j / T) {
        int k = i;
        i = j;
        j = k;
    }
    float sum = 0.0f;
    for (int part = 0; part < parts; part++)
        sum += partials[((size_t)part * c + i) * c + j];
    return sum;
}

/* target += scale * (sum of the partials) */
EACH_KERNEL void gram_add(global const float *partials, int c, int parts, float scale, global float *target) {
    FOR_EACH(at, c * c)
        target[at] += scale * gram_element(partials, c, parts, at / c, at % c);
}

/* difference = scale * (sum of the partials) - target, and sums[PARTS]: the squares of the differences. */
SUM_KERNEL void gram_compare(global const float *partials, int c, int parts, float scale, global const float *target,
                             global float *difference, global float *sums, int slot) {
#if GROUP > 1
    local float scratch[GROUP];
#endif
    int part = get_group_id(0), count = c * c;
    float sum = 0.0f;
    for (int at = part * GROUP + get_local_id(0); at < count; at += PARTS * GROUP) {
        float d = scale * gram_element(partials, c, parts, at / c, at % c) - target[at];
        difference[at] = d;
        sum += d * d;
    }
    sum = group_sum(sum, scratch);
    if (get_local_id(0) == 0)
        sums[slot * PARTS + part] = sum;
}

/* d (+)= scale * (F D) with D [c][c] symmetric. A work-item makes P pixels by T channels.
 * ids: (group of T channels, group of P pixels, -) */
#define P 12
kernel void gram_backward(global const float *f, global const float *difference, int pixels, int c, float scale,
                          int accumulate, global float *d) {
    int column = get_global_id(0), first = get_global_id(1) * P;
    vec sum[P];
    global const float *rows[P];
    for (int p = 0; p < P; p++) {
        sum[p] = 0.0f;
        rows[p] = f + (size_t)min(first + p, pixels - 1) * c; /* beyond the end: read the last pixel, store nothing */
    }
    for (int i = 0; i < c; i++) {
        vec v = LOAD(0, difference + (size_t)i * c + column * T);
#pragma unroll
        for (int p = 0; p < P; p++)
            sum[p] = FMA((vec)(rows[p][i]), v, sum[p]);
    }
    for (int p = 0; p < P && first + p < pixels; p++) {
        size_t at = (size_t)(first + p) * c + column * T;
        vec v = sum[p] * scale;
        if (accumulate)
            v += LOAD(0, d + at);
        STORE(v, 0, d + at);
    }
}
