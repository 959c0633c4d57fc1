/* Gram matrices and their gradient for GPUs, by blocks (block_gpu.cl). */

/* partials [part][c][c]: F' F over that part of the pixels of f [pixels][c], in blocks on and above the diagonal only.
 * BM == BN. group ids: (block, numbered over the upper triangle row by row; part less first_part, -) */
BLOCK_KERNEL void gram_partial(global const float *restrict f, int pixels, int c, int parts, int first_part,
                               global float *restrict partials) {
    STEPS(a, AP);
    STEPS(b, BP);
    float4 next_a[CARRIED(BM)], next_b[CARRIED(BN)];
    vecn acc[ROWS][NV];
    int blocks = (c + BN - 1) / BN, column = get_group_id(0), row = 0, part = first_part + get_group_id(1);
    while (column >= blocks - row) {
        column -= blocks - row;
        row++;
    }
    column += row;
    int first = (int)((long)pixels * part / parts), last = (int)((long)pixels * (part + 1) / parts);
    clear(acc);
    int rows = c - row * BM, columns = c - column * BN;
    f += (size_t)first * c;
#define FETCH_PIXELS(step)                                                                    \
    FETCH_ALONG(next_a, BM, f + (size_t)(step)*c + row * BM, rows, last - first - (step), c); \
    FETCH_ALONG(next_b, BN, f + (size_t)(step)*c + column * BN, columns, last - first - (step), c)
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

/* d (+)= scale * (F D), D [c][c] symmetric. group ids: (block of columns, block of pixels from first_pixel on, -) */
BLOCK_KERNEL void gram_backward(global const float *restrict f, global const float *restrict difference, int pixels,
                                int c, float scale, int accumulate, global float *restrict d, int first_pixel) {
    STEPS(a, AP);
    STEPS(b, BP);
    float4 next_a[CARRIED(BM)], next_b[CARRIED(BN)];
    vecn acc[ROWS][NV];
    int first_row = first_pixel + get_group_id(1) * BM, first_column = get_group_id(0) * BN;
    clear(acc);
    int rows = pixels - first_row, columns = c - first_column;
    f += (size_t)first_row * c;
    difference += first_column;
#define FETCH_BOTH(step)                           \
    FETCH_ACROSS(next_a, BM, f + (step), rows, c); \
    FETCH_ALONG(next_b, BN, difference + (step)*c, columns, BK, c)
#define KEEP_BOTH               \
    KEEP_ACROSS(next_a, BM, a); \
    KEEP_ALONG(next_b, BN, b)
    MULTIPLY_BLOCK(acc, 0, c, FETCH_BOTH, KEEP_BOTH);
    d += (size_t)first_row * c + first_column;
#pragma unroll
    for (int r = 0; r < ROWS; r++)
#pragma unroll
        for (int v = 0; v < NV; v++)
            if (ROW(r) < rows && COLUMN(v) < columns) {
                global float *to = d + ROW(r) * c + COLUMN(v);
                vecn value = acc[r][v] * scale;
                if (accumulate)
                    value += READN(to);
                WRITEN(to) = value;
            }
}
