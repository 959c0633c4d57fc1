/* Rows of an image unrolled for a 3x3 convolution with zero padding 1, for the pixels from row first_row on, `pixels`
 * of them. Element k = tap * c + channel of pixel p, tap = 3 * row + column of the filter, stands at columns[p][depth]
 * or, with TRANSPOSED, at columns[k][pixels]; depth is 9 c rounded up, and what is beyond 9 c is zero. */

/* The 16 channels that tap needs for a pixel; outside the image zero. */
static inline float16 tap_of(global const float *in, int h, int w, int c, int group, int y, int x) {
    if (y < 0 || y >= h || x < 0 || x >= w)
        return 0.0f;
    return vload16(((size_t)y * w + x) * (c / 16) + group, in);
}

/* c a multiple of 16. With bits, `in` is a gradient behind a 2x2 pooling and is expanded on the way. Each index is a
 * block of 16 pixels, a tap and 16 channels. */
EACH_KERNEL void im2col(global const float *in, global const ushort *bits, float scale, int h, int w, int c,
                        int first_row, int pixels, int depth, global float *columns) {
    int groups = c / 16;
    FOR_EACH(i, (pixels + 15) / 16 * 9 * groups) {
        int group = i % groups, tap = i / groups % 9, first = i / groups / 9 * 16, count = min(16, pixels - first);
        int k = tap * c + group * 16;
#if TRANSPOSED && PST_CPU
        float tile[16 * 16]; /* on a CPU, to write runs of 16; on a GPU it would lie in memory */
#endif
        for (int p = 0; p < count; p++) {
            int y = first_row + (first + p) / w + tap / 3 - 1, x = (first + p) % w + tap % 3 - 1;
            float16 v = bits ? unpooled(in, bits, scale, h, w, groups, group, y, x) : tap_of(in, h, w, c, group, y, x);
#if TRANSPOSED && PST_CPU
            vstore16(v, p, tile);
#elif TRANSPOSED
            float lanes[16];
            vstore16(v, 0, lanes);
#pragma unroll
            for (int j = 0; j < 16; j++)
                columns[(size_t)(k + j) * pixels + first + p] = lanes[j];
#else
            vstore16(v, 0, columns + (size_t)(first + p) * depth + k);
#endif
        }
#if TRANSPOSED && PST_CPU
        for (int j = 0; j < 16; j++)
            for (int p = 0; p < count; p++)
                columns[(size_t)(k + j) * pixels + first + p] = tile[p * 16 + j];
#endif
    }
}

/* For the image, 3 channels. */
EACH_KERNEL void im2col_image(global const float *in, int h, int w, int first_row, int pixels, int depth,
                              global float *columns) {
    FOR_EACH(i, pixels * depth) {
#if TRANSPOSED
        int p = i % pixels, k = i / pixels;
#else
        int p = i / depth, k = i % depth;
#endif
        int tap = k / 3, y = first_row + p / w + tap / 3 - 1, x = p % w + tap % 3 - 1;
        bool inside = k < 27 && y >= 0 && y < h && x >= 0 && x < w;
        columns[i] = inside ? in[((size_t)y * w + x) * 3 + k % 3] : 0.0f;
    }
}
