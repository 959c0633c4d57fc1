/* The products of roots on GPUs, by blocks (block_gpu.cl); with roots.cl. */

/* Parts of BM x BN, BM == BN. group ids: (part, -, -) */
BLOCK_KERNEL void roots_product(global float *all, SIDES, int what, int products, int now, float scale, int first) {
    STEPS(a, AP);
    STEPS(b, BP);
    vecn acc[ROWS][NV];
    part p = find_part(all, n0, n1, n2, n3, n4, first + get_group_id(0), BN, what, products, now, scale);
    int n = p.n;
    clear(acc);
    MULTIPLY_ROWS(acc, p.left + p.row * n, BM, p.right + p.column, BN, n);
#pragma unroll
    for (int r = 0; r < ROWS; r++)
#pragma unroll
        for (int v = 0; v < NV; v++) {
            int at = (p.row + ROW(r)) * n + p.column + COLUMN(v);
            vecn value = acc[r][v] * p.factor;
            if (p.same != 0.0f)
                value += p.same * READN(p.x + at);
            WRITEN(p.out + at) = value;
            int before = p.row + ROW(r) - p.column - COLUMN(v); /* the diagonal, in this vector? */
            if (before >= 0 && before < VN)
                p.out[at + before] += p.one;
        }
}
