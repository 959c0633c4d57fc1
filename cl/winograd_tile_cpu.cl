/* Input and output transforms of Winograd F(MxM,3x3) for one tile, with what precedes and follows the convolution fused
 * in. With winograd_points.cl; defines: see conv_winograd_cpu.cl. */

/* Odd multiples of a cache line between rows and points, or they all fall in the same sets. */
#define VROW (C + (C >= 256 ? 16 : 0))
#if DEEP
#define MROW (K + 16)
#else
#define MROW KW
#endif
#define POINT(tiles, row) ((tiles) * (row) + 16) /* floats between the points of a transform */
#define PATCH (POINTS * C)
#if MATRIX || (STREAM && VEC < 16)
#define SIDE_BY_SIDE 2 /* vectors of inputs that are transformed together */
#else
#define SIDE_BY_SIDE 1
#endif

#if UNPOOL
#define PIXEL(y, x, c)                                                                                      \
    keep((UNPOOL == 2 ? 0.25f : 1.0f) * LOADV(in + ((size_t)((y) >> 1) * (w >> 1) + ((x) >> 1)) * C + (c)), \
         in_mask[(((size_t)(y)*w + (x)) * C + (c)) / VEC])
#else
#define PIXEL(y, x, c) LOADV(in + ((size_t)(y)*w + (x)) * C + (c))
#endif

/* v[POINTS][...] of tile t: T x T inputs from one pixel up and left of the M x M outputs. */
APART void input_tile(global const float *in, global const maskt *in_mask, global float *v, global float *patch, int h,
                      int w, int t, int vpoint) {
    int tw = TILES(w), ty = t / tw, tx = t - mul24(ty, tw);
    int y0 = ty * M - 1, x0 = tx * M - 1;
    int inside = y0 >= 0 && x0 >= 0 && y0 + T <= h && x0 + T <= w;
    global const float *src = in + ((long)y0 * w + x0) * C;
    size_t pitch = (size_t)w * C;
    if (UNPOOL || !inside) {
        int hv = UNPOOL ? (h & ~1) : h, wv = UNPOOL ? (w & ~1) : w;
        for (int i = 0; i < T; i++)
            for (int j = 0; j < T; j++) {
                int y = y0 + i, x = x0 + j;
                global float *to = patch + (i * T + j) * C;
                if (y >= 0 && x >= 0 && y < hv && x < wv)
                    for (int c = 0; c < C; c += VEC)
                        STOREV(to + c, PIXEL(y, x, c));
                else
                    for (int c = 0; c < C; c += VEC)
                        STOREV(to + c, (vecf)0.0f);
            }
        src = patch;
        pitch = T * C;
    }
    for (int c = 0; c < C; c += SIDE_BY_SIDE * VEC) {
        vecf t[SIDE_BY_SIDE][T][T];
#pragma unroll
        for (int s = 0; s < SIDE_BY_SIDE; s++)
#pragma unroll
            for (int j = 0; j < T; j++) {
                vecf d[T], e[T];
#pragma unroll
                for (int i = 0; i < T; i++)
                    d[i] = LOADV(src + c + s * VEC + j * C + i * pitch);
                INPUT_1D(vecf, e, d);
#pragma unroll
                for (int i = 0; i < T; i++)
                    t[s][i][j] = e[i];
            }
#pragma unroll
        for (int i = 0; i < T; i++) {
            vecf e[SIDE_BY_SIDE][T];
#pragma unroll
            for (int s = 0; s < SIDE_BY_SIDE; s++)
                INPUT_1D(vecf, e[s], t[s][i]);
#pragma unroll
            for (int j = 0; j < T; j++) {
                global float *to = v + (size_t)(i * T + j) * vpoint + c;
#if MATRIX
                split_to(e[0][j], e[1][j], to, UNIT_INPUTS / 2);
#else
#pragma unroll
                for (int s = 0; s < SIDE_BY_SIDE; s++)
                    STREAMV(to + s * VEC, e[s][j]);
#endif
            }
        }
    }
}

/* The M x M outputs of one tile and VEC channels from m[POINTS], with the epilogue. */
APART void output_tile(global const float *m, global const float *bias, global float *out, global maskt *out_mask,
                       int h, int w, int tile, int k, int mpoint) {
    int tw = TILES(w), ty = tile / tw, tx = tile - mul24(ty, tw);
    vecf t[M][T], y[M][M];
#pragma unroll
    for (int j = 0; j < T; j++) {
        vecf d[T], e[M];
#pragma unroll
        for (int i = 0; i < T; i++) {
            global const float *from = m + (size_t)(i * T + j) * mpoint;
            d[i] = LOADV(from);
            if (DEEP && k % 16 == 0)
                FETCH(from + 32);
        }
        OUTPUT_1D(vecf, e, d);
#pragma unroll
        for (int i = 0; i < M; i++)
            t[i][j] = e[i];
    }
#pragma unroll
    for (int i = 0; i < M; i++)
        OUTPUT_1D(vecf, y[i], t[i]);
#if RELU
    vecf b = LOADV(bias + k);
#pragma unroll
    for (int i = 0; i < M * M; i++)
        y[i / M][i % M] = fmax(y[i / M][i % M] + b, (vecf)0.0f);
#endif
#if POOL
    int h2 = h >> 1, w2 = w >> 1;
#pragma unroll
    for (int i = 0; i < M; i += 2)
#pragma unroll
        for (int j = 0; j < M; j += 2) {
            int py = ty * M + i, px = tx * M + j;
            vecf a0 = y[i][j], a1 = y[i][j + 1], a2 = y[i + 1][j], a3 = y[i + 1][j + 1];
            if (py < h && px < w) {
                int whole = (py >> 1) < h2 && (px >> 1) < w2;
#if POOL == 1
                /* first largest wins, as in PyTorch */
                vecf m01 = fmax(a0, a1), m23 = fmax(a2, a3), best = fmax(m01, m23);
                maskt alive = whole ? greater_bits(best, (vecf)0.0f) : 0;
                maskt low = greater_bits(m23, m01), s1 = greater_bits(a1, a0);
                maskt s3 = greater_bits(a3, a2);
                maskt b0 = alive & ~low & ~s1, b1 = alive & ~low & s1, b2 = alive & low & ~s3, b3 = alive & low & s3;
#else
                vecf best = ((a0 + a1) + (a2 + a3)) * 0.25f;
                maskt alive = whole ? (maskt)-1 : 0;
                maskt b0 = alive & greater_bits(a0, (vecf)0.0f);
                maskt b1 = alive & greater_bits(a1, (vecf)0.0f);
                maskt b2 = alive & greater_bits(a2, (vecf)0.0f);
                maskt b3 = alive & greater_bits(a3, (vecf)0.0f);
#endif
#if MASK_OUT
                global maskt *bits = out_mask + (((size_t)py * w + px) * K + k) / VEC;
                bits[0] = b0;
                if (px + 1 < w)
                    bits[K / VEC] = b1;
                if (py + 1 < h)
                    bits[(size_t)w * (K / VEC)] = b2;
                if (px + 1 < w && py + 1 < h)
                    bits[((size_t)w + 1) * (K / VEC)] = b3;
#endif
                if (whole)
                    STOREV(out + ((size_t)(py >> 1) * w2 + (px >> 1)) * K + k, best);
            }
        }
#else
#pragma unroll
    for (int i = 0; i < M; i++)
#pragma unroll
        for (int j = 0; j < M; j++) {
            int py = ty * M + i, px = tx * M + j;
            if (py < h && px < w)
                put_out(y[i][j], out, out_mask, ((size_t)py * w + px) * K + k);
        }
#endif
}
