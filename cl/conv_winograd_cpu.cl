// 3x3 convolution, stride 1, zero padding 1, as Winograd F(4x4,3x3) (Lavin and Gray, "Fast
// Algorithms for Convolutional Neural Networks", 2015) for processors with wide vectors: one
// work-item does everything for its tiles in a scratch slice that fits the second-level cache.
//
// in [h][w][C], out [h][w][K], C and K multiples of VEC*NV; weights from winograd_weights:
// [K/KB][36][C][KB] with KB = VEC*NV. The points 0, +-1/sqrt2, +-sqrt2, infinity halve the
// rounding error of the usual 0, +-1, +-2.
//
// NV, RT, CB  see vector_cpu.cl; C is a multiple of CB
// TB       tiles a block, a multiple of RT
// RELU     out = max(conv + bias, 0); 0 for the backward convolution
// MASK_OUT write the signs of the outputs as bits, [h][w][K] bits, lowest channel lowest
// POOL     0; 1 max, 2 average: out is [h/2][w/2][K] and the mask bit marks the inputs that
//          receive gradient (the chosen one if positive; every positive one for the average)
// UNPOOL   0; 1 max, 2 average: in is the gradient [h/2][w/2][C] of the pooled map and in_mask,
//          [h][w][C] bits, says which pixels of a window receive it (a quarter of it, average)
// MASK_IN  backward: out = (conv + inject) * bit of out_mask
// INJECT   add what out already holds (the loss layer's own gradient) before the mask
// DEEP     0: winograd_fused; 1: the three kernels below it

// The rows that fill the last register tile are zero, so that every value read is defined.
void input_rest(global float *v, int n, int vpoint)
{
    for (int t = n; t < (n + RT - 1) / RT * RT; t++)
        for (int p = 0; p < 36; p++)
            for (int c = 0; c < C; c += VEC)
                STOREV(v + (size_t)p * vpoint + (size_t)t * VROW + c, (vecf)0.0f);
}

#if !DEEP
// One range of blocks a work-item; global size = slices in scratch.
kernel __attribute__((reqd_work_group_size(1, 1, 1))) void
winograd_fused(global const float *restrict in, global const maskt *restrict in_mask,
               global const float *restrict weights, global const float *restrict bias,
               global float *restrict out, global maskt *restrict out_mask,
               global float *restrict scratch, int h, int w)
{
    int tiles = ((h + 3) / 4) * ((w + 3) / 4);
    int blocks = (tiles + TB - 1) / TB, id = get_group_id(0), workers = get_num_groups(0);
    int first = (int)((long)blocks * id / workers), last = (int)((long)blocks * (id + 1) / workers);
    const int vpoint = POINT(TB, VROW), mpoint = POINT(TB, MROW);
    global float *v = scratch + (size_t)id * (36 * vpoint + 36 * mpoint + PATCH);
    global float *m = v + 36 * vpoint, *patch = m + 36 * mpoint;
    for (int block = first; block < last; block++) {
        int t0 = block * TB, n = min(TB, tiles - t0);
        for (int t = 0; t < n; t++)
            input_tile(in, in_mask, v + t * VROW, patch, h, w, t0 + t, vpoint);
        input_rest(v, n, vpoint);
        for (int k = 0; k < K; k += KB) {
            for (int p = 0; p < 36; p++)
                for (int c = 0; c < C; c += CB)
                    for (int t = 0; t < n; t += RT)
                        product(v + p * vpoint + t * VROW + c, VROW,
                                weights + ((size_t)k * 36 + (size_t)p * KB) * C + c * KB,
                                m + p * mpoint + t * MROW, MROW, c > 0);
            for (int t = 0; t < n; t++)
                for (int q = 0; q < KB; q += VEC)
                    output_tile(m + t * MROW + q, bias, out, out_mask, h, w, t0 + t, k + q, mpoint);
        }
    }
}
#else
// Deep layers, whose weights fill the second-level cache many times over: the `strip` tiles from t0
// on, n of them, pass through the kernels together. Transformed weights would take four times the
// room of the filters, in each direction; transforming them anew for every strip and group of outputs
// costs about one part in fifty of the products that follow.
// scratch: 36 * (POINT(strip, VROW) + POINT(strip, MROW)) floats, then PATCH for each work-item of
// winograd_input; strip is n rounded up to a multiple of RT.

// global size: any, the tiles are divided evenly
kernel __attribute__((reqd_work_group_size(1, 1, 1))) void
winograd_input(global const float *restrict in, global const maskt *restrict in_mask,
               global float *restrict scratch, int h, int w, int t0, int n, int strip)
{
    int id = get_group_id(0), workers = get_num_groups(0), vpoint = POINT(strip, VROW);
    global float *patch = scratch + 36 * ((size_t)vpoint + POINT(strip, MROW)) + (size_t)id * PATCH;
    for (int t = n * id / workers; t < n * (id + 1) / workers; t++)
        input_tile(in, in_mask, scratch + (size_t)t * VROW, patch, h, w, t0 + t, vpoint);
    if (id == 0)
        input_rest(scratch, n, vpoint);
}

// Floats between the points of a panel's filters: not a power of two, or all 36 fall in the same sets.
#define UPOINT (C * KB + KB)

// u [panels][36][UPOINT] = the transformed filters [C][KB] of the outputs from first on; g [9][C][K].
// global size: any, panels
kernel __attribute__((reqd_work_group_size(1, 1, 1))) void
winograd_filters(global const float *restrict g, global float *restrict u, int first)
{
    int id = get_group_id(0), workers = get_num_groups(0), panel = get_group_id(1);
    global float *to = u + (size_t)panel * 36 * UPOINT;
    for (int c = C * id / workers; c < C * (id + 1) / workers; c++)
        for (int k = 0; k < KB; k += VEC) {
            vecf t[6][3];
            global const float *from = g + (size_t)c * K + first + panel * KB + k;
#pragma unroll
            for (int j = 0; j < 3; j++)
                FILTER_1D(t[0][j], t[1][j], t[2][j], t[3][j], t[4][j], t[5][j], LOADV(from + (size_t)j * C * K),
                          LOADV(from + (size_t)(3 + j) * C * K), LOADV(from + (size_t)(6 + j) * C * K));
#pragma unroll
            for (int i = 0; i < 6; i++) {
                vecf s[6];
                FILTER_1D(s[0], s[1], s[2], s[3], s[4], s[5], t[i][0], t[i][1], t[i][2]);
#pragma unroll
                for (int j = 0; j < 6; j++)
                    STOREV(to + (size_t)(i * 6 + j) * UPOINT + c * KB + k, s[j]);
            }
        }
}

// The outputs from first on, of which u has the filters. global size: how many of them / KW, 36;
// KW outputs a work-item, a multiple of KB
kernel __attribute__((reqd_work_group_size(1, 1, 1))) void
winograd_products(global const float *restrict u, global float *restrict scratch, int strip, int first)
{
    int p = get_group_id(1), k0 = get_group_id(0) * KW;
    size_t vpoint = POINT(strip, VROW), mpoint = POINT(strip, MROW);
    global const float *v = scratch + p * vpoint;
    global float *m = scratch + 36 * vpoint + p * mpoint;
    for (int k = k0; k < k0 + KW; k += KB)
        for (int c = 0; c < C; c += CB)
            for (int t = 0; t < strip; t += RT)
                product(v + (size_t)t * VROW + c, VROW,
                        u + (size_t)(k / KB * 36 + p) * UPOINT + c * KB,
                        m + (size_t)t * MROW + first + k, MROW, c > 0);
}

// global size: any
kernel __attribute__((reqd_work_group_size(1, 1, 1))) void
winograd_output(global const float *restrict scratch, global const float *restrict bias,
                global float *restrict out, global maskt *restrict out_mask, int h, int w, int t0,
                int n, int strip)
{
    int id = get_group_id(0), workers = get_num_groups(0), mpoint = POINT(strip, MROW);
    global const float *m = scratch + 36 * (size_t)POINT(strip, VROW);
    for (int t = n * id / workers; t < n * (id + 1) / workers; t++)
        for (int k = 0; k < K; k += VEC)
            output_tile(m + (size_t)t * MROW + k, bias, out, out_mask, h, w, t0 + t, k, mpoint);
}
#endif
