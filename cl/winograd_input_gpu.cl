/* 3x3 convolution, stride 1, zero padding 1, as Winograd F(MxM,3x3), M = 4 or 2 (Lavin and Gray, "Fast Algorithms for
 * Convolutional Neural Networks", 2015), for GPUs, in three steps: winograd_input, winograd_products
 * (winograd_products_gpu.cl), winograd_output (winograd_output_gpu.cl). The n tiles from t0 on pass through them
 * together. v [POINTS][strip][c], m [POINTS][strip][k].
 *
 * A work-item takes two channels of a tile and its neighbor the next two: VN is 2. With lanes_gpu.cl and
 * winograd_points.cl.
 *
 * LX       work-items of a group across the channels; GROUP / LX tiles
 * UNPOOL   0: in is a map [h][w][c]. 1, 2: it is the gradient behind a maximum or average pooling [h/2][w/2][c], which
 *          `bits` expands
 * MASKED   defined without UNPOOL: `bits` mask in */

#define SPAN (UNPOOL ? T / 2 + 1 : T) /* of the pixels that a tile reads: windows begin on even rows and columns */

/* Tile t of the strip that begins with tile t0. */
static inline void input_tile(global const float *in, global const ushort *bits, global float *v, int h, int w, int c,
                              int channel, int t0, int t, int strip) {
    int across = TILES(w), ty = (t0 + t) / across, tx = t0 + t - ty * across, y0 = ty * M - 1, x0 = tx * M - 1;
    /* Offsets from the first pixel that exists fit an int; rows and columns outside read one inside, unused. */
#if UNPOOL
    int rows = h / 2, columns = w / 2, first_y = (y0 + 1) / 2 - 1, first_x = (x0 + 1) / 2 - 1;
#else
    int rows = h, columns = w, first_y = y0, first_x = x0;
#endif
    int base_y = clamp(first_y, 0, max(rows - 1, 0)), base_x = clamp(first_x, 0, max(columns - 1, 0));
    global const float *from = in + ((size_t)base_y * columns + base_x) * c + channel;
    int down[SPAN], right[SPAN];
    bool row_exists[SPAN], column_exists[SPAN];
#pragma unroll
    for (int i = 0; i < SPAN; i++) {
        row_exists[i] = first_y + i >= 0 && first_y + i < rows;
        down[i] = row_exists[i] ? (first_y + i - base_y) * columns * c : 0;
        column_exists[i] = first_x + i >= 0 && first_x + i < columns;
        right[i] = column_exists[i] ? (first_x + i - base_x) * c : 0;
    }
#if UNPOOL || defined MASKED
    /* Of what does not exist the bits are 0, so that only these are asked for: fewer conditions, fewer registers. */
    int words = c / 16, word_y = clamp(y0, 0, h - 1), word_x = clamp(x0, 0, w - 1);
    global const ushort *word = bits + ((size_t)word_y * w + word_x) * words + channel / 16;
#define BITS_AT(i, j) word[((y0 + i - word_y) * w + x0 + j - word_x) * words]
    vecn behind[SPAN][SPAN];
#pragma unroll
    for (int i = 0; i < SPAN; i++)
#pragma unroll
        for (int j = 0; j < SPAN; j++) {
            behind[i][j] = READN(from + down[i] + right[j]);
            if (UNPOOL == 2)
                behind[i][j] *= 0.25f;
        }
#endif
    vecn d[T][T];
#pragma unroll
    for (int j = 0; j < T; j++) {
        vecn column[T], e[T];
#pragma unroll
        for (int i = 0; i < T; i++) {
#if UNPOOL || defined MASKED
            int y = UNPOOL ? (i + 1) / 2 : i, x = UNPOOL ? (j + 1) / 2 : j;
            uint set = row_exists[y] && column_exists[x] ? (uint)BITS_AT(i, j) >> channel % 16 : 0;
            column[i] = keep(behind[y][x], set);
#else
            column[i] = row_exists[i] && column_exists[j] ? READN(from + down[i] + right[j]) : (vecn)(0.0f);
#endif
        }
        INPUT_1D(vecn, e, column);
#pragma unroll
        for (int i = 0; i < T; i++)
            d[i][j] = e[i];
    }
    v += (size_t)t * c + channel;
#pragma unroll
    for (int i = 0; i < T; i++) {
        vecn e[T];
        INPUT_1D(vecn, e, d[i]);
#pragma unroll
        for (int j = 0; j < T; j++)
            WRITEN(v + (size_t)(i * T + j) * strip * c) = e[j];
    }
}

#ifndef DOWN /* else winograd_between_gpu.cl has a kernel */
/* ids: (pair of channels, tile; the last tiles of a group may be beyond n) */
__attribute__((reqd_work_group_size(LX, GROUP / LX, 1))) kernel void winograd_input(global const float *restrict in,
                                                                                    global const ushort *restrict bits,
                                                                                    global float *restrict v, int h,
                                                                                    int w, int c, int t0, int n,
                                                                                    int strip) {
    int t = get_global_id(1);
    if (t < n)
        input_tile(in, bits, v, h, w, c, (int)get_global_id(0) * VN, t0, t, strip);
}
#endif
