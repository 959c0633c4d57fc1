/* The products of roots on CPUs. With vector_cpu.cl, of which KB and CB divide SIDE, and roots.cl. */

#define LAST_ROWS (SIDE % RT) /* that a register tile does not fill */

/* Parts of SIDE x SIDE. group ids: (part, -, -) */
kernel __attribute__((reqd_work_group_size(1, 1, 1))) void roots_product(global float *all, SIDES, int what,
                                                                         int products, int now, float a) {
    part p = find_part(all, n0, n1, n2, n3, n4, get_group_id(0), SIDE, what, products, now, a);
    int n = p.n;
    global float *out = p.out + p.row * n + p.column;
    global const float *x = p.x + p.row * n + p.column;
    for (int c = 0; c < n; c += CB)
        for (int k = 0; k < SIDE; k += KB) {
            global const float *left = p.left + p.row * n + c, *right = p.right + c * n + p.column + k;
            for (int r = 0; r + RT <= SIDE; r += RT)
                rows_product(RT, left + r * n, n, right, n, out + r * n + k, n, c > 0);
            if (LAST_ROWS)
                rows_product(LAST_ROWS, left + (SIDE - LAST_ROWS) * n, n, right, n, out + (SIDE - LAST_ROWS) * n + k, n,
                             c > 0);
        }
    for (int r = 0; r < SIDE; r++)
        for (int k = 0; k < SIDE; k += VEC) {
            vecf v = p.factor * LOADV(out + r * n + k);
            if (p.same != 0.0f)
                v = FMA((vecf)p.same, LOADV(x + r * n + k), v);
            STOREV(out + r * n + k, v);
        }
    if (p.row == p.column)
        for (int r = 0; r < SIDE; r++)
            out[r * (n + 1)] += p.one;
}
