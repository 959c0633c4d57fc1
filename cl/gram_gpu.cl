/* Gram matrices and their gradient for GPUs, by blocks (block_gpu.cl).
 *
 * MAPS     1, or 5: gram_partial takes so many maps. For one alone the compiler knows where it reads from. */

#ifndef MAPS
#define MAPS 1
#endif

/* A map f [pixels][c] whose pixels are cut into so many parts, and the groups that it takes. */
#define MAP(n) global const float *restrict f##n, int pixels##n, int c##n, int parts##n
#define GROUPS(c, parts) (((c) + BN - 1) / BN * (((c) + BN - 1) / BN + 1) / 2 * (parts))
/* Goes on to map n where the group lies behind the map at hand. */
#define NEXT_MAP(n)                                                   \
    if (group >= GROUPS(c0, parts0)) {                                \
        group -= GROUPS(c0, parts0);                                  \
        partials += (size_t)parts0 * c0 * c0;                         \
        f0 = f##n, pixels0 = pixels##n, c0 = c##n, parts0 = parts##n; \
    }
#if MAPS == 1
#define ALL_MAPS MAP(0)
#define FIND_MAP
#else
#define ALL_MAPS MAP(0), MAP(1), MAP(2), MAP(3), MAP(4)
#define FIND_MAP NEXT_MAP(1) NEXT_MAP(2) NEXT_MAP(3) NEXT_MAP(4)
#endif

/* For each map, one behind the other: partials [part][c][c]: F' F over that part of its pixels, in blocks on and above
 * the diagonal only. BM == BN. group ids: (block, numbered over the upper triangle row by row, of part first_part, then
 * of the next part; then those of the next map; -, -) */
BLOCK_KERNEL void gram_partial(ALL_MAPS, int first_part, global float *restrict partials) {
    STEPS(a, AP);
    STEPS(b, BP);
    float4 next_a[CARRIED(BM)], next_b[CARRIED(BN)];
    vecn acc[ROWS][NV];
    int group = get_group_id(0), row = 0;
    FIND_MAP
    int c = c0, parts = parts0, pixels = pixels0, blocks = (c + BN - 1) / BN, of_part = GROUPS(c, 1),
        part = first_part + group / of_part, column = group % of_part;
    while (column >= blocks - row) {
        column -= blocks - row;
        row++;
    }
    column += row;
    int first = (int)((long)pixels * part / parts), last = (int)((long)pixels * (part + 1) / parts);
    clear(acc);
    int rows = c - row * BM, columns = c - column * BN;
    f0 += (size_t)first * c;
#define FETCH_PIXELS(step)                                                                     \
    FETCH_ALONG(next_a, BM, f0 + (size_t)(step)*c + row * BM, rows, last - first - (step), c); \
    FETCH_ALONG(next_b, BN, f0 + (size_t)(step)*c + column * BN, columns, last - first - (step), c)
#define KEEP_PIXELS            \
    KEEP_ALONG(next_a, BM, a); \
    KEEP_ALONG(next_b, BN, b)
    MULTIPLY_BLOCK(acc, 0, last - first, FETCH_PIXELS, KEEP_PIXELS);
    partials += (size_t)part * c * c + row * BM * c + column * BN;
#pragma unroll
    for (int r = 0; r < ROWS; r++)
#pragma unroll
        for (int v = 0; v < NV; v++)
            if (ROW(r) < rows && COLUMN(v) < columns)
                WRITEN(partials + ROW(r) * c + COLUMN(v)) = acc[r][v];
}

/* Adds up runs of `run` parts, each into its first. */
EACH_KERNEL void gram_reduce(global float *partials, int c, int parts, int run) {
    FOR_EACH(at, (parts + run - 1) / run * c * c) {
        int element = at % (c * c), first = at / (c * c) * run;
        if (element / c / BM <= element % c / BN) {
            float sum = 0.0f;
            for (int part = first; part < min(first + run, parts); part++)
                sum += partials[(size_t)part * c * c + element];
            partials[(size_t)first * c * c + element] = sum;
        }
    }
}

/* d (+)= scale * (F D + row [c]), D [c][c] symmetric; row may be NULL. group ids: (block of columns, block of pixels
 * from first_pixel on, -) */
BLOCK_KERNEL void gram_backward(global const float *restrict f, global const float *restrict difference,
                                global const float *restrict row, int pixels, int c, float scale, int accumulate,
                                global float *restrict d, int first_pixel) {
    STEPS(a, AP);
    STEPS(b, BP);
    vecn acc[ROWS][NV];
    int first_row = first_pixel + get_group_id(1) * BM, first_column = get_group_id(0) * BN;
    clear(acc);
    int rows = pixels - first_row, columns = c - first_column;
    MULTIPLY_ROWS(acc, f + (size_t)first_row * c, rows, difference + first_column, columns, c);
    d += (size_t)first_row * c + first_column;
#pragma unroll
    for (int r = 0; r < ROWS; r++)
#pragma unroll
        for (int v = 0; v < NV; v++)
            if (ROW(r) < rows && COLUMN(v) < columns) {
                global float *to = d + ROW(r) * c + COLUMN(v);
                vecn value = acc[r][v] * scale;
                if (row)
                    value += READN(row + first_column + COLUMN(v)) * scale;
                if (accumulate)
                    value += READN(to);
                WRITEN(to) = value;
            }
}
