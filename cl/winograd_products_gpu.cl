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
    local float a[BK * AP], b[BK * BP];
    float4 next_a[CARRIED(BM)], next_b[CARRIED(BN)];
    vecn acc[RM][NV];
    int point = get_group_id(2), first_row = get_group_id(1) * BM, first_column = get_group_id(0) * BN;
    v += (size_t)point * strip * c;
    m += (size_t)point * strip * k;
    for (int r = 0; r < RM; r++)
        for (int q = 0; q < NV; q++)
            acc[r][q] = 0.0f;
#if TURNED
    u += (size_t)(RECIPROCAL(point / SIDE) * SIDE + RECIPROCAL(point % SIDE)) * c * k;
#define FETCH_U(step) FETCH_ACROSS(next_b, BN, u + (step), first_column, k, c)
#define KEEP_U KEEP_ACROSS(next_b, BN, b)
#else
    u += (size_t)point * c * k;
#define FETCH_U(step) FETCH_ALONG(next_b, BN, u + (size_t)(step)*k, first_column, k, BK, k)
#define KEEP_U KEEP_ALONG(next_b, BN, b)
#endif
#define FETCH_BOTH(step)                                   \
    FETCH_ACROSS(next_a, BM, v + (step), first_row, n, c); \
    FETCH_U(step)
#define KEEP_BOTH               \
    KEEP_ACROSS(next_a, BM, a); \
    KEEP_U
    MULTIPLY_BLOCK(acc, 0, c, FETCH_BOTH, KEEP_BOTH);
    for (int r = 0; r < RM; r++)
        for (int q = 0; q < NV; q++)
            if (first_row + ROW + r < n && first_column + COLUMN(q) < k)
                STOREN(acc[r][q], 0, m + (size_t)(first_row + ROW + r) * k + first_column + COLUMN(q));
}
