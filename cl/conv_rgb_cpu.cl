/* Backward of the first convolution to the image: C channels of gradient to 3. One product
 * C -> 27 (9 taps x 3 colors, in 32 columns) for each pixel, then every pixel gathers the nine
 * taps of its neighbors.
 *
 * d [h][w][C]; d_image [h][w][D]: D = 3, or 4 with the last set to zero. weights [32/KB][C][KB] from
 * image_weights. KW must be 32. With vector_cpu.cl. */

#define WEIGHT(c, n) ((n) / KB * C * KB + (c)*KB + (n) % KB)
#define ROW ((size_t)(w + RT) * 32) /* room for a last register tile that runs over the edge */

/* the 27 products of row y; CB divides C */
static inline void products_of_row(global const float *d, global const float *weights, global float *z, int w, int y) {
    int x = 0;
    for (; x + RT <= w; x += RT)
        for (int c = 0; c < C; c += CB)
            products(d + ((size_t)y * w + x) * C + c, C, weights + c * KB, C * KB, z + (size_t)x * 32, 32, c > 0, 0);
    for (; x < w; x++)
        for (int n = 0; n < 32; n += VEC) {
            vecf s = (vecf)0.0f;
            for (int c = 0; c < C; c++)
                s = FMA((vecf)(d[((size_t)y * w + x) * C + c]), LOADV(weights + WEIGHT(c, n)), s);
            STOREV(z + (size_t)x * 32 + n, s);
        }
}

/* global size: any; each work-item takes a range of rows, with three rows of products in a ring.
 * scratch: 3 * 32 * (w + RT) floats a work-item. */
kernel __attribute__((reqd_work_group_size(1, 1, 1))) void conv_rgb_backward(global const float *restrict d,
                                                                             global const float *restrict weights,
                                                                             global float *restrict d_image,
                                                                             global float *restrict scratch, int h,
                                                                             int w) {
    int id = get_group_id(0), workers = get_num_groups(0);
    int first = (int)((long)h * id / workers), last = (int)((long)h * (id + 1) / workers);
    global float *ring = scratch + (size_t)id * 3 * ROW;
    if (first == last)
        return;
    for (int y = max(first - 1, 0); y <= last; y++) {
        if (y < h)
            products_of_row(d, weights, ring + y % 3 * ROW, w, y);
        int yo = y - 1;
        if (yo < first)
            continue;
        for (int x = 0; x < w; x++) {
            float4 s = (float4)(0.0f);
            for (int i = 0; i < 3; i++) {
                int yy = yo - i + 1;
                if (yy < 0 || yy >= h)
                    continue;
                global const float *z = ring + yy % 3 * ROW + (size_t)x * 32 + i * 9;
                if (x + 1 < w)
                    s += vload4(0, z + 32);
                s += vload4(0, z + 3);
                if (x > 0)
                    s += vload4(0, z - 32 + 6);
            }
            global float *to = d_image + ((size_t)yo * w + x) * D;
            to[0] = s.x;
            to[1] = s.y;
            to[2] = s.z;
            if (D == 4)
                to[3] = 0.0f;
        }
    }
}

/* weights: column tap * 3 + color, from g [filters][3][3][3]. Global size: C. */
kernel void image_weights(global const float *restrict g, global float *restrict u, int filters) {
    int c = get_global_id(0);
    for (int tap = 0; tap < 9; tap++)
        for (int e = 0; e < 3; e++)
            u[WEIGHT(c, tap * 3 + e)] = c < filters ? g[(c * 3 + e) * 9 + tap] : 0.0f;
    for (int n = 27; n < 32; n++)
        u[WEIGHT(c, n)] = 0.0f;
}
