/* The output transform of Winograd's convolution for GPUs (winograd_input_gpu.cl says more), with all that follows.
 * With lanes_gpu.cl, VN 2, and winograd_points.cl.
 *
 * LX         work-items of a group across the channels; GROUP / LX tiles
 * FORWARD    1: bias, ReLU and POOL (0 none, 1 maximum, 2 average); with BITS, bits are written
 *            0: with ADD, out is added to; with BITS, the result is masked by them */

/* y = A^T m A of two channels. */
static inline void output_transform(global const float *m, size_t point, vecn y[M][M]) {
    vecn rows[M][T];
#pragma unroll
    for (int j = 0; j < T; j++) {
        vecn d[T], e[M];
#pragma unroll
        for (int i = 0; i < T; i++)
            d[i] = READN(m + (size_t)(i * T + j) * point);
        OUTPUT_1D(vecn, e, d);
#pragma unroll
        for (int i = 0; i < M; i++)
            rows[i][j] = e[i];
    }
#pragma unroll
    for (int i = 0; i < M; i++)
        OUTPUT_1D(vecn, y[i], rows[i]);
}

/* A tile's bits, VN for each pixel, lowest pixel lowest. */
static inline uint put_tile(vecn y[M][M], global float *out, global const ushort *bits, int h, int w, int k, int y0,
                            int x0, int channel) {
    uint set = 0;
#if FORWARD && POOL
    out += ((size_t)(y0 / 2) * (w / 2) + x0 / 2) * k + channel;
#pragma unroll
    for (int i = 0; i < M; i += 2)
#pragma unroll
        for (int j = 0; j < M; j += 2) {
            uint places;
            vecn best = pooled(y[i][j], y[i][j + 1], y[i + 1][j], y[i + 1][j + 1], POOL, &places);
            if (y0 + i + 1 < h && x0 + j + 1 < w) {
                WRITEN(out + (i / 2 * (w / 2) + j / 2) * k) = best;
                set |= (places & 15) << VN * (i * M + j) | places >> 2 * VN << VN * ((i + 1) * M + j);
            }
        }
#else
    size_t first = (size_t)y0 * w + x0;
    out += first * k + channel;
#if !FORWARD && BITS
    bits += first * (k / 16) + channel / 16;
#endif
#pragma unroll
    for (int i = 0; i < M; i++)
#pragma unroll
        for (int j = 0; j < M; j++) {
            if (y0 + i >= h || x0 + j >= w)
                continue;
            int pixel = i * w + j;
#if FORWARD
            set |= above(y[i][j], (vecn)(0.0f)) << VN * (i * M + j);
#else
#if ADD
            y[i][j] += READN(out + pixel * k);
#endif
#if BITS
            y[i][j] = keep(y[i][j], (uint)bits[pixel * (k / 16)] >> channel % 16);
#endif
#endif
            WRITEN(out + pixel * k) = y[i][j];
        }
#endif
    return set;
}

/* Tile t of the n of a strip that begins with tile t0; every work-item of a group comes here, and for bits they put
 * theirs together: in `sets`, one for each. */
static inline void output_tile(global const float *m, global const float *bias, global float *out, global ushort *bits,
                               int h, int w, int k, int channel, int t0, int t, int n, int strip, local uint *sets) {
    int across = TILES(w), ty = (t0 + t) / across, y0 = ty * M, x0 = (t0 + t - ty * across) * M;
    uint set = 0;
    if (t < n) {
        vecn y[M][M];
        output_transform(m + (size_t)t * k + channel, (size_t)strip * k, y);
#if FORWARD
        vecn b = READN(bias + channel);
#pragma unroll
        for (int i = 0; i < M; i++)
#pragma unroll
            for (int j = 0; j < M; j++)
                y[i][j] = fmax(y[i][j] + b, (vecn)(0.0f));
#endif
        set = put_tile(y, out, bits, h, w, k, y0, x0, channel);
    }
#if FORWARD && BITS
    int item = (int)get_local_id(1) * LX + (int)get_local_id(0);
    sets[item] = set;
    barrier(CLK_LOCAL_MEM_FENCE);
    if (t >= n)
        return;
    bits += ((size_t)y0 * w + x0) * (k / 16) + channel / 16;
#pragma unroll
    for (int first = 0; first < M * M; first += WORD) {
        int p = first + item % WORD, i = p / M, j = p % M;
        uint word = 0;
#pragma unroll
        for (int l = 0; l < WORD; l++)
            word |= (sets[item / WORD * WORD + l] >> VN * p & 3) << VN * l;
        if (p < M * M && y0 + i < h && x0 + j < w)
            bits[(i * w + j) * (k / 16)] = (ushort)word;
    }
#else
    (void)set;
#endif
}

#if FORWARD && BITS
#define SETS(items) local uint sets[items];
#else
#define SETS(items) local uint *sets = 0;
#endif

#ifndef DOWN /* else winograd_between_gpu.cl has a kernel */
/* ids as in winograd_input */
__attribute__((reqd_work_group_size(LX, GROUP / LX, 1))) kernel void winograd_output(
    global const float *restrict m, global const float *restrict bias, global float *restrict out,
    global ushort *restrict bits, int h, int w, int k, int t0, int n, int strip) {
    SETS(GROUP)
    output_tile(m, bias, out, bits, h, w, k, (int)get_global_id(0) * VN, t0, get_global_id(1), n, strip, sets);
}
#endif
