/* Several products at once on GPUs, by blocks (block_gpu.cl), so that small ones fill a device too. */

/* out [rows][c] = left [rows][c] right [c][c] */
#define PRODUCT(n) \
    global const float *left##n, global const float *right##n, global float *out##n, int rows##n, int c##n
#define GROUPS(rows, c) (((rows) + BM - 1) / BM * (((c) + BN - 1) / BN))
/* Goes on to product n where the group lies behind the product at hand. */
#define NEXT_PRODUCT(n)                                                                \
    if (group >= GROUPS(rows0, c0)) {                                                  \
        group -= GROUPS(rows0, c0);                                                    \
        left0 = left##n, right0 = right##n, out0 = out##n, rows0 = rows##n, c0 = c##n; \
    }

/* group ids: (block from `first` on, row by row, of the first product, then of the next, -, -) */
BLOCK_KERNEL void products(PRODUCT(0), PRODUCT(1), PRODUCT(2), PRODUCT(3), PRODUCT(4), int first) {
    STEPS(a, AP);
    STEPS(b, BP);
    vecn acc[ROWS][NV];
    int group = first + get_group_id(0);
    NEXT_PRODUCT(1)
    NEXT_PRODUCT(2)
    NEXT_PRODUCT(3)
    NEXT_PRODUCT(4)
    int c = c0, across = (c + BN - 1) / BN, row = group / across * BM, column = group % across * BN, rows = rows0 - row,
        columns = c - column;
    clear(acc);
    MULTIPLY_ROWS(acc, left0 + row * c, rows, right0 + column, columns, c);
    out0 += row * c + column;
#pragma unroll
    for (int r = 0; r < ROWS; r++)
#pragma unroll
        for (int v = 0; v < NV; v++)
            if (ROW(r) < rows && COLUMN(v) < columns)
                WRITEN(out0 + ROW(r) * c + COLUMN(v)) = acc[r][v];
}
