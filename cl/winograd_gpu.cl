/* 3x3 convolution, stride 1, zero padding 1, as Winograd F(MxM,3x3), M = 4 or 2 (Lavin and Gray, "Fast Algorithms for
 * Convolutional Neural Networks", 2015), for GPUs, in three steps: winograd_input, winograd_products
 * (winograd_products_gpu.cl), winograd_output. The n tiles from t0 on pass through them together. v [POINTS][strip][c],
 * m [POINTS][strip][k].
 *
 * A work-item takes two channels of a tile and its neighbor the next two. VN is 2. With lanes_gpu.cl and
 * winograd_points.cl. */

#define EACH_TILE __attribute__((reqd_work_group_size(GROUP, 1, 1))) kernel

/* u [POINTS][c][k] = G g G^T of g [filters][channels][3][3]; filters and channels beyond those are zero. ids: (output,
 * input) */
kernel void winograd_filters(global const float *restrict g, global float *restrict u, int filters, int channels) {
    int k = get_global_id(0), c = get_global_id(1);
    int k_count = get_global_size(0), c_count = get_global_size(1);
    bool real = k < filters && c < channels;
    float t[T][3];
    for (int j = 0; j < 3; j++) {
        float d[3], e[T];
        for (int i = 0; i < 3; i++)
            d[i] = real ? g[((size_t)k * channels + c) * 9 + i * 3 + j] : 0.0f;
        FILTER_1D(float, e, d);
        for (int i = 0; i < T; i++)
            t[i][j] = e[i];
    }
    for (int i = 0; i < T; i++) {
        float e[T];
        FILTER_1D(float, e, t[i]);
        for (int j = 0; j < T; j++)
            u[((size_t)(i * T + j) * c_count + c) * k_count + k] = e[j];
    }
}

/* Two channels of a pixel, which is zero outside of the image. With bits `in` is a gradient behind a pooling,
 * [h/2][w/2][c]. */
inline vecn input_pixel(global const float *in, global const ushort *bits, float scale, int h, int w, int c,
                        int channel, int y, int x) {
    if (bits) {
        if (y < 0 || y / 2 >= h / 2 || x < 0 || x / 2 >= w / 2)
            return 0.0f;
        vecn v = LOADN(0, in + ((size_t)(y / 2) * (w / 2) + x / 2) * c + channel);
        return keep(v * scale, bits_of(bits, (size_t)y * w + x, c, channel));
    }
    return y < 0 || y >= h || x < 0 || x >= w ? (vecn)(0.0f) : LOADN(0, in + ((size_t)y * w + x) * c + channel);
}

/* ids: (pair of channels of a tile, tile after tile; the last group may be only partly used) */
EACH_TILE void winograd_input(global const float *restrict in, global const ushort *restrict bits, float scale,
                              global float *restrict v, int h, int w, int c, int t0, int n, int strip) {
    int id = get_global_id(0), t = id / (c / VN), channel = (id - t * (c / VN)) * VN;
    int across = TILES(w), ty = (t0 + t) / across, tx = t0 + t - ty * across;
    if (t >= n)
        return;
    vecn columns[T][T];
#pragma unroll
    for (int j = 0; j < T; j++) {
        vecn d[T], e[T];
#pragma unroll
        for (int i = 0; i < T; i++)
            d[i] = input_pixel(in, bits, scale, h, w, c, channel, ty * M + i - 1, tx * M + j - 1);
        INPUT_1D(vecn, e, d);
#pragma unroll
        for (int i = 0; i < T; i++)
            columns[i][j] = e[i];
    }
#pragma unroll
    for (int i = 0; i < T; i++) {
        vecn e[T];
        INPUT_1D(vecn, e, columns[i]);
#pragma unroll
        for (int j = 0; j < T; j++)
            STOREN(e[j], 0, v + ((size_t)(i * T + j) * strip + t) * c + channel);
    }
}

/* y = A^T m A of two channels; the 4x4 (2x2) outputs of a tile. */
inline void output_transform(global const float *m, size_t point, vecn y[M][M]) {
    vecn rows[M][T];
#pragma unroll
    for (int j = 0; j < T; j++) {
        vecn d[T], e[M];
#pragma unroll
        for (int i = 0; i < T; i++)
            d[i] = LOADN(0, m + (i * T + j) * point);
        OUTPUT_1D(vecn, e, d);
#pragma unroll
        for (int i = 0; i < M; i++)
            rows[i][j] = e[i];
    }
#pragma unroll
    for (int i = 0; i < M; i++)
        OUTPUT_1D(vecn, y[i], rows[i]);
}

/* Forward: bias and ReLU, pool (0 none, 1 maximum, 2 average), and bits are written. Backward, with bias NULL: out is
 * added to if `add` and masked by bits. bits may be NULL. ids as above; a group's work-items put their bits together.
 */
EACH_TILE void winograd_output(global const float *restrict m, global const float *restrict bias,
                               global float *restrict out, global ushort *restrict bits, int add, int pool, int h,
                               int w, int k, int t0, int n, int strip) {
    local uint sets[GROUP];
    int id = get_global_id(0), item = get_local_id(0), t = id / (k / VN), channel = (id - t * (k / VN)) * VN;
    int across = TILES(w), ty = (t0 + t) / across, y0 = ty * M, x0 = (t0 + t - ty * across) * M;
    uint set = 0; /* VN bits for each pixel of the tile */
    if (t < n) {
        vecn y[M][M], b = bias ? LOADN(0, bias + channel) : (vecn)(0.0f);
        output_transform(m + (size_t)t * k + channel, (size_t)strip * k, y);
#pragma unroll
        for (int i = 0; i < M; i++)
#pragma unroll
            for (int j = 0; j < M; j++) {
                int py = y0 + i, px = x0 + j;
                if (bias)
                    y[i][j] = fmax(y[i][j] + b, (vecn)(0.0f));
                if (!pool && py < h && px < w) {
                    size_t pixel = (size_t)py * w + px;
                    if (bias)
                        set |= put(y[i][j], out, pixel, k, channel) << VN * (i * M + j);
                    else
                        put_back(y[i][j], out, bits, add, pixel, k, channel);
                }
            }
        if (pool) {
#pragma unroll
            for (int i = 0; i < M; i += 2)
#pragma unroll
                for (int j = 0; j < M; j += 2) {
                    uint places;
                    vecn best = pooled(y[i][j], y[i][j + 1], y[i + 1][j], y[i + 1][j + 1], pool, &places);
                    if (y0 + i + 1 < h && x0 + j + 1 < w) {
                        STOREN(best, 0, out + ((size_t)((y0 + i) / 2) * (w / 2) + (x0 + j) / 2) * k + channel);
                        set |= (places & 15) << VN * (i * M + j) | places >> 2 * VN << VN * ((i + 1) * M + j);
                    }
                }
        }
    }
    sets[item] = set;
    barrier(CLK_LOCAL_MEM_FENCE);
    if (bias && bits && t < n)
        for (int p = item % WORD; p < M * M; p += WORD) {
            int py = y0 + p / M, px = x0 + p % M;
            uint word = 0;
            for (int i = 0; i < WORD; i++)
                word |= (sets[item / WORD * WORD + i] >> VN * p & 3) << VN * i;
            if (py < h && px < w)
                bits[((size_t)py * w + px) * (k / 16) + channel / 16] = (ushort)word;
        }
}
