/* 3x3 convolution, stride 1, zero padding 1, as Winograd F(MxM,3x3) (Lavin and Gray, "Fast
 * Algorithms for Convolutional Neural Networks", 2015) for processors with wide vectors. First
 * winograd_filters (winograd_filters_cpu.cl), then winograd_fused, in which a work-item does everything for its tiles
 * in a slice of scratch that fits the second-level cache, or the three kernels below it.
 *
 * in [h][w][C], out [h][w][K], C and K multiples of VEC*NV.
 *
 * M        side of a tile's outputs: 6, 4 or 2
 * NV, RT, NP  see vector_cpu.cl; CB is C, K a multiple of KW
 * TB       tiles a block, a multiple of RT
 * RELU     out = max(conv + bias, 0); 0 for the backward convolution
 * MASK_OUT write the signs of the outputs as bits, [h][w][K] bits, lowest channel lowest
 * POOL     0; 1 max, 2 average: out is [h/2][w/2][K] and the mask bit marks the inputs that
 *          receive gradient (the chosen one if positive; every positive one for the average)
 * UNPOOL   0; 1 max, 2 average: in is the gradient [h/2][w/2][C] of the pooled map and in_mask,
 *          [h][w][C] bits, says which pixels of a window receive it (a quarter of it, average)
 * MASK_IN  backward: out = (conv + inject) * bit of out_mask
 * INJECT   add what out already holds (the loss layer's own gradient) before the mask
 * DEEP     0: winograd_fused; 1: the three kernels below it
 * STREAM   as in vector_cpu.cl, for the transformed inputs; DEEP only
 * MATRIX   1: products by matrix_cpu.cl, backward */

/* The rows that fill the last register tile are zero, so that every value read is defined. */
static inline void input_rest(global float *v, int n, int vpoint) {
    for (int t = n; t < (n + RT - 1) / RT * RT; t++)
        for (int p = 0; p < POINTS; p++)
            for (int c = 0; c < C; c += VEC)
                STOREV(v + (size_t)p * vpoint + (size_t)t * VROW + c, (vecf)0.0f);
}

/* Floats between the points of a panel's filters: not a power of two, or all fall in the same sets. */
#define UPOINT (C * KB + KB)

#if !DEEP
/* Asks for one of POINTS parts of what TB tiles from t0 on have in a map [h][w][channels]: columns of `side` pixels
 * each, and `rows` rows from `above` their own. What the next row of tiles has of them is left out. */
static inline void fetch_part(global const float *map, int channels, int h, int w, int across, int side, int above,
                              int rows, int t0, int part) {
    int ty = t0 / across, x = (t0 - ty * across) * side, y = ty * side - above + part / T;
    int first = x + part % T * TB * side / T, end = min(x + (part % T + 1) * TB * side / T, w);
    if (part / T < rows && y >= 0 && y < h)
        fetch(map + ((long)y * w + first) * channels, (end - first) * channels);
}

/* One range of blocks a work-item; global size = slices in scratch. */
kernel __attribute__((reqd_work_group_size(1, 1, 1))) void winograd_fused(
    global const float *restrict in, global const maskt *restrict in_mask, global const float *restrict u,
    global const float *restrict bias, global float *restrict out, global maskt *restrict out_mask,
    global float *restrict scratch, int h, int w) {
    int tiles = TILES(h) * TILES(w);
    int blocks = (tiles + TB - 1) / TB, id = get_group_id(0), workers = get_num_groups(0);
    int first = (int)((long)blocks * id / workers), last = (int)((long)blocks * (id + 1) / workers);
    const int vpoint = POINT(TB, VROW), mpoint = POINT(TB, MROW);
    global float *v = scratch + (size_t)id * (POINTS * vpoint + POINTS * mpoint + PATCH);
    global float *m = v + POINTS * vpoint, *patch = m + POINTS * mpoint;
    MATRIX_BEGIN
    for (int block = first; block < last; block++) {
        int t0 = block * TB, n = min(TB, tiles - t0);
        for (int t = 0; t < n; t++)
            input_tile(in, in_mask, v + t * VROW, patch, h, w, t0 + t, vpoint);
        input_rest(v, n, vpoint);
        for (int k = 0; k < K; k += KW) {
            for (int p = 0; p < POINTS; p++) {
                if (k == 0) { /* the maps come from memory meanwhile */
#if UNPOOL
                    fetch_part(in, C, h / 2, w / 2, TILES(w), M / 2, 1, M / 2 + 2, t0 + TB, p);
#else
                    fetch_part(in, C, h, w, TILES(w), M, 1, T, t0 + TB, p);
#endif
#if !POOL
                    fetch_part(out, K, h, w, TILES(w), M, 0, M, t0, p);
#endif
                }
                for (int t = 0; t < n; t += RT)
                    products(v + p * vpoint + t * VROW, VROW, u + (size_t)(k / KB * POINTS + p) * UPOINT,
                             POINTS * UPOINT, m + p * mpoint + t * MROW, MROW, 0, 0);
            }
            for (int t = 0; t < n; t++)
                for (int q = 0; q < KW; q += VEC)
                    output_tile(m + t * MROW + q, bias, out, out_mask, h, w, t0 + t, k + q, mpoint);
        }
    }
    MATRIX_END
}
#else
/* Deep layers, whose weights fill the second-level cache many times over: the `strip` tiles from t0
 * on, n of them, pass through the kernels together.
 * scratch: POINTS * (POINT(strip, VROW) + POINT(strip, MROW)) floats, then PATCH for each work-item of
 * winograd_input; strip is n rounded up to a multiple of RT. */

/* global size: any, the tiles are divided evenly */
kernel __attribute__((reqd_work_group_size(1, 1, 1))) void winograd_input(global const float *restrict in,
                                                                          global const maskt *restrict in_mask,
                                                                          global float *restrict scratch, int h, int w,
                                                                          int t0, int n, int strip) {
    int id = get_group_id(0), workers = get_num_groups(0), vpoint = POINT(strip, VROW);
    global float *patch = scratch + POINTS * ((size_t)vpoint + POINT(strip, MROW)) + (size_t)id * PATCH;
    for (int t = n * id / workers; t < n * (id + 1) / workers; t++)
        input_tile(in, in_mask, scratch + (size_t)t * VROW, patch, h, w, t0 + t, vpoint);
    if (id == 0)
        input_rest(scratch, n, vpoint);
    STREAM_END
}

/* The outputs from first on, of which u has the filters. global size: how many of them / KW, POINTS */
kernel __attribute__((reqd_work_group_size(1, 1, 1))) void winograd_products(global const float *restrict u,
                                                                             global float *restrict scratch, int strip,
                                                                             int first) {
    int p = get_group_id(1), k = get_group_id(0) * KW;
    size_t vpoint = POINT(strip, VROW), mpoint = POINT(strip, MROW);
    global const float *v = scratch + p * vpoint;
    global float *m = scratch + POINTS * vpoint + p * mpoint;
    MATRIX_BEGIN
    for (int t = 0; t < strip; t += RT) {
        products(v + (size_t)t * VROW, VROW, u + (size_t)(k / KB * POINTS + p) * UPOINT, POINTS * UPOINT,
                 m + (size_t)t * MROW + first + k, MROW, 0, RT * VROW);
    }
    MATRIX_END
}

/* global size: any */
kernel __attribute__((reqd_work_group_size(1, 1, 1))) void winograd_output(global const float *restrict scratch,
                                                                           global const float *restrict bias,
                                                                           global float *restrict out,
                                                                           global maskt *restrict out_mask, int h,
                                                                           int w, int t0, int n, int strip) {
    int id = get_group_id(0), workers = get_num_groups(0), mpoint = POINT(strip, MROW);
    global const float *m = scratch + POINTS * (size_t)POINT(strip, VROW);
    for (int t = n * id / workers; t < n * (id + 1) / workers; t++)
        for (int k = 0; k < K; k += VEC)
            output_tile(m + (size_t)t * MROW + k, bias, out, out_mask, h, w, t0 + t, k, mpoint);
}
#endif
