/* 3x3 convolution, stride 1, zero padding 1, directly: RT pixels of a row times KB outputs in
 * registers. For the first layer (C = 3), where Winograd does not pay, and as the plain fast path.
 *
 * in [h][w][C], any C; out [h][w][K], K a multiple of KB; weights [K/KB][3][3][C][KB] from
 * direct_weights. With vector_cpu.cl. scratch: PATCH floats a work-item.
 * RELU, MASK_OUT, MASK_IN, INJECT: see conv_winograd_cpu.cl */

#define PATCH (3 * (RT + 2) * C)

/* acc[RT][NV] over the 3x3xC window of RT neighbors; src is the pixel up and left of the first. */
__attribute__((always_inline)) static inline void window(global const float *src, size_t pitch, global const float *u,
                                                         vecf acc[RT][NV]) {
    for (int i = 0; i < 3; i++) {
        /* the three taps of a row are neighbors in memory, so they and C are one loop */
        global const float *s = src + i * pitch;
#pragma unroll 1
        for (int c = 0; c < 3 * C; c++, u += KB) {
            vecf b[NV];
#pragma unroll
            for (int n = 0; n < NV; n++)
                b[n] = LOADV(u + n * VEC);
#pragma unroll
            for (int r = 0; r < RT; r++) {
                vecf a = (vecf)(s[r * C + c]);
#pragma unroll
                for (int n = 0; n < NV; n++)
                    acc[r][n] = FMA(a, b[n], acc[r][n]);
            }
        }
    }
}

/* global size: any; each work-item takes a range of the h * ceil(w / RT) tiles */
kernel __attribute__((reqd_work_group_size(1, 1, 1))) void conv_direct(
    global const float *restrict in, global const float *restrict weights, global const float *restrict bias,
    global float *restrict out, global maskt *restrict out_mask, global float *restrict scratch, int h, int w) {
    int tw = (w + RT - 1) / RT, id = get_group_id(0), workers = get_num_groups(0);
    int first = (int)((long)h * tw * id / workers), last = (int)((long)h * tw * (id + 1) / workers);
    global float *patch = scratch + (size_t)id * PATCH;
    for (int t = first; t < last; t++) {
        int y = t / tw, x0 = (t - mul24(y, tw)) * RT, n = min(RT, w - x0);
        global const float *src = in + ((long)(y - 1) * w + x0 - 1) * C;
        size_t pitch = (size_t)w * C;
        if (y == 0 || y == h - 1 || x0 == 0 || x0 + RT >= w) {
            for (int i = 0; i < 3; i++)
                for (int j = 0; j < RT + 2; j++) {
                    int yy = y + i - 1, xx = x0 + j - 1;
                    int inside = yy >= 0 && xx >= 0 && yy < h && xx < w;
                    for (int c = 0; c < C; c++)
                        patch[(i * (RT + 2) + j) * C + c] = inside ? in[((size_t)yy * w + xx) * C + c] : 0.0f;
                }
            src = patch;
            pitch = (RT + 2) * C;
        }
        for (int k = 0; k < K; k += KB) {
            vecf acc[RT][NV];
#pragma unroll
            for (int i = 0; i < RT * NV; i++)
                acc[i / NV][i % NV] = RELU ? LOADV(bias + k + i % NV * VEC) : (vecf)0.0f;
            window(src, pitch, weights + (size_t)k * 9 * C, acc);
#pragma unroll
            for (int r = 0; r < RT; r++)
                if (r < n)
#pragma unroll
                    for (int q = 0; q < NV; q++)
                        put_out(RELU ? fmax(acc[r][q], (vecf)0.0f) : acc[r][q], out, out_mask,
                                ((size_t)y * w + x0 + r) * K + k + q * VEC);
        }
    }
}

/* u [K/KB][3][3][C][KB] from g [filters][channels][3][3]; backward: C runs over the filters and K
 * over their channels, turned by 180 degrees. Global size: K x C. */
kernel void direct_weights(global const float *restrict g, global float *restrict u, uint filters, uint channels,
                           int backward) {
    uint k = get_global_id(0), c = get_global_id(1);
    int real = backward ? k < channels && c < filters : k < filters && c < channels;
    for (int i = 0; i < 9; i++) {
        size_t at = backward ? ((size_t)c * channels + k) * 9 + 8 - i : ((size_t)k * channels + c) * 9 + i;
        u[(((size_t)(k / KB) * 9 + i) * C + c) * KB + k % KB] = real ? g[at] : 0.0f;
    }
}
