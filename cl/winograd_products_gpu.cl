/* The products of winograd_gpu.cl: for each of its points a matrix product v [n][c] times u [c][k], all in one launch.
 * With block_gpu.cl.
 *
 * SIDE     a tile has SIDE x SIDE points
 * TURNED   backward: u is [reciprocal point][k][c] */

/* The number of a point's reciprocal along a side: 0 and infinity are the first and the last; of six, 1/sqrt2 and sqrt2
 * are the second and the fourth, and their negatives follow each. */
#if SIDE == 6
#define RECIPROCAL(i) ((i) == 0 ? 5 : (i) == 5 ? 0 : (i) < 3 ? (i) + 2 : (i)-2)
#else
#define RECIPROCAL(i) ((i) == 0 ? 3 : (i) == 3 ? 0 : (i))
#endif

/* group ids: (block of columns, block of rows, point) */
BLOCK_KERNEL void winograd_products(global const float *restrict v, global const float *restrict u,
                                    global float *restrict m, int n, int strip, int c, int k) {
    STEPS(a, AP);
    STEPS(b, BP);
    float4 next_a[CARRIED(BM)], next_b[CARRIED(BN)];
    vecn acc[ROWS][NV];
    int point = get_group_id(2), first_row = get_group_id(1) * BM, first_column = get_group_id(0) * BN;
    int rows = n - first_row, columns = k - first_column;
    clear(acc);
    v += ((size_t)point * strip + first_row) * c;
#if TURNED
    u += ((size_t)(RECIPROCAL(point / SIDE) * SIDE + RECIPROCAL(point % SIDE)) * k + first_column) * c;
#define FETCH_U(step) FETCH_ACROSS(next_b, BN, u + (step), columns, c)
#define KEEP_U KEEP_ACROSS(next_b, BN, b)
#else
    u += (size_t)point * c * k + first_column;
#define FETCH_U(step) FETCH_ALONG(next_b, BN, u + (step)*k, columns, BK, k)
#define KEEP_U KEEP_ALONG(next_b, BN, b)
#endif
#define FETCH_BOTH(step)                           \
    FETCH_ACROSS(next_a, BM, v + (step), rows, c); \
    FETCH_U(step)
#define KEEP_BOTH               \
    KEEP_ACROSS(next_a, BM, a); \
    KEEP_U
    MULTIPLY_BLOCK(acc, 0, c, FETCH_BOTH, KEEP_BOTH);
    m += ((size_t)point * strip + first_row) * k + first_column;
#pragma unroll
    for (int r = 0; r < ROWS; r++)
#pragma unroll
        for (int q = 0; q < NV; q++)
            if (ROW(r) < rows && COLUMN(q) < columns)
                WRITEN(m + ROW(r) * k + COLUMN(q)) = acc[r][q];
}
