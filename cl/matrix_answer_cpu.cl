/* A product with a known answer by matrix_cpu.cl: m[32][32] = v[32][CB] * u[CB][32], all float and row by row. scratch:
 * room for v and u. One work-item. */
kernel __attribute__((reqd_work_group_size(1, 1, 1))) void matrix_answer(global const float *restrict v,
                                                                         global const float *restrict u,
                                                                         global float *restrict m,
                                                                         global float *restrict scratch) {
    global float *split_v = scratch, *split_u = scratch + RT * CB;
    for (int r = 0; r < RT; r++)
        for (int c = 0; c < CB; c += UNIT_INPUTS)
            split_to(LOADV(v + r * CB + c), LOADV(v + r * CB + c + VEC), split_v + r * CB + c, UNIT_INPUTS / 2);
    for (int c = 0; c < CB; c += UNIT_INPUTS)
        for (int i = 0; i < VEC; i++)
            for (int k = 0; k < KB; k += VEC)
                split_to(LOADV(u + (c + i) * KB + k), LOADV(u + (c + i + VEC) * KB + k),
                         split_u + c * KB + UNIT_OF(k) + i * VEC, UNIT_FLOATS);
    MATRIX_BEGIN
    product(split_v, CB, split_u, m, KB, 0);
    MATRIX_END
}
