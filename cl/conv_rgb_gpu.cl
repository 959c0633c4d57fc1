/* The first convolution for GPUs: from the image's 3 channels to k, and back from c channels to the image. Both are
 * bound by the map of features that is written or read once. */

/* ---- forward: a work-item makes 4 pixels of a row times 4 outputs; k / 4 neighbors make the outputs of the same
 * pixels ---- weights [27][k], row tap * 3 + color. With lanes_gpu.cl, VN 4. */
#define PIXELS 4

/* ids: (four outputs of four pixels, pixels after pixels of a row, row after row; the last group may be only partly
 * used) */
__attribute__((reqd_work_group_size(GROUP, 1, 1))) kernel void conv_rgb(
    global const float *restrict in, global const float *restrict weights, global const float *restrict bias,
    global float *restrict out, global ushort *restrict bits, int h, int w, int k, int row0, int rows) {
    local ushort sets[GROUP];
    int id = get_global_id(0), item = get_local_id(0), runs = (w + PIXELS - 1) / PIXELS, run = id / (k / VN);
    int channel = (id - run * (k / VN)) * VN, row = run / runs, y0 = row0 + row, x0 = (run - row * runs) * PIXELS;
    bool real = row < rows;
    vecn acc[PIXELS], b = READN(bias + channel);
#pragma unroll
    for (int p = 0; p < PIXELS; p++)
        acc[p] = b;
    for (int i = 0; i < 3 && real; i++) {
        int y = y0 + i - 1;
        float a[PIXELS + 2][3];
#pragma unroll
        for (int p = 0; p < PIXELS + 2; p++)
#pragma unroll
            for (int e = 0; e < 3; e++) {
                int x = x0 + p - 1;
                a[p][e] = y >= 0 && y < h && x >= 0 && x < w ? in[((size_t)y * w + x) * 3 + e] : 0.0f;
            }
#pragma unroll
        for (int j = 0; j < 3; j++)
#pragma unroll
            for (int e = 0; e < 3; e++) {
                vecn u = READN(weights + ((i * 3 + j) * 3 + e) * k + channel);
#pragma unroll
                for (int p = 0; p < PIXELS; p++)
                    acc[p] = FMA((vecn)(a[p + j][e]), u, acc[p]);
            }
    }
    uint set = 0;
#pragma unroll
    for (int p = 0; p < PIXELS; p++)
        if (real && x0 + p < w)
            set |= put(fmax(acc[p], (vecn)(0.0f)), out, (size_t)y0 * w + x0 + p, k, channel) << VN * p;
    sets[item] = (ushort)set;
    barrier(CLK_LOCAL_MEM_FENCE);
    if (bits && real)
        for (int p = item % WORD; p < PIXELS; p += WORD) {
            uint word = 0;
            for (int l = 0; l < WORD; l++)
                word |= ((uint)sets[item / WORD * WORD + l] >> VN * p & 15) << VN * l;
            if (x0 + p < w)
                bits[((size_t)y0 * w + x0 + p) * (k / 16) + channel / 16] = (ushort)word;
        }
}

/* ---- backward: a work-item makes 4 pixels of a column; a group makes a patch of 16 columns ----
 * weights [c][28]: column tap * 3 + color of the turned filters, and one for nothing. */
#define PATCH_W 16
#define DOWN 4
#define PATCH_H (GROUP / PATCH_W * DOWN)
#define EDGE_W (PATCH_W + 2)
#define EDGE (EDGE_W * (PATCH_H + 2))
#define QUADS 2 /* fours of channels at a time */

/* group ids: (patch, row of patches, -); d [h][w][c], d_image [h][w][3] */
__attribute__((reqd_work_group_size(GROUP, 1, 1))) kernel void conv_rgb_backward(global const float *restrict d,
                                                                                 global const float *restrict weights,
                                                                                 global float *restrict d_image, int h,
                                                                                 int w, int c, int row0) {
    local float4 patch[QUADS * EDGE];
    local float filters[QUADS * 4 * 28];
    int item = get_local_id(0), y0 = row0 + get_group_id(1) * PATCH_H, x0 = get_group_id(0) * PATCH_W;
    int column = item % PATCH_W, row = item / PATCH_W * DOWN;
    float sums[DOWN][3];
#pragma unroll
    for (int p = 0; p < DOWN; p++)
        sums[p][0] = sums[p][1] = sums[p][2] = 0.0f;
    for (int channel = 0; channel < c; channel += QUADS * 4) {
        barrier(CLK_LOCAL_MEM_FENCE);
        for (int i = item; i < QUADS * EDGE; i += GROUP) {
            int quad = i % QUADS, at = i / QUADS, y = y0 + at / EDGE_W - 1, x = x0 + at % EDGE_W - 1;
            bool inside = y >= 0 && y < h && x >= 0 && x < w;
            patch[quad * EDGE + at] =
                inside ? *(global const float4 *)(d + ((size_t)y * w + x) * c + channel + quad * 4) : (float4)(0.0f);
        }
        for (int i = item; i < QUADS * 4 * 28; i += GROUP)
            filters[i] = weights[channel * 28 + i];
        barrier(CLK_LOCAL_MEM_FENCE);
        for (int quad = 0; quad < QUADS; quad++)
            for (int j = 0; j < 3; j++) {
                float a[DOWN + 2][4];
#pragma unroll
                for (int i = 0; i < DOWN + 2; i++)
                    vstore4(patch[quad * EDGE + (row + i) * EDGE_W + column + j], 0, a[i]);
#pragma unroll
                for (int q = 0; q < 4; q++) {
                    local const float *u = filters + (quad * 4 + q) * 28 + j * 3;
#pragma unroll
                    for (int i = 0; i < 3; i++)
#pragma unroll
                        for (int e = 0; e < 3; e++) {
                            float f = u[i * 9 + e];
#pragma unroll
                            for (int p = 0; p < DOWN; p++)
                                sums[p][e] = FMA(a[p + i][q], f, sums[p][e]);
                        }
                }
            }
    }
#pragma unroll
    for (int p = 0; p < DOWN; p++)
        if (y0 + row + p < h && x0 + column < w) {
            global float *to = d_image + ((size_t)(y0 + row + p) * w + x0 + column) * 3;
            to[0] = sums[p][0];
            to[1] = sums[p][1];
            to[2] = sums[p][2];
        }
}
