// The transforms of Winograd F(4x4,3x3) for one tile (Lavin and Gray 2015), with what precedes and
// follows the convolution fused in. Defines: see conv_winograd_cpu.cl.

// Odd multiples of a cache line between rows and points, or they all fall in the same sets.
#define VROW (C + (C >= 256 ? 16 : 0))
#if DEEP
#define MROW (K + 16)
#else
#define MROW KB
#endif
#define POINT(tiles, row) ((tiles) * (row) + 16) // floats between the points of a transform
#define PATCH (36 * C)

#define R1_2 0.70710678118654752f
#define R2 1.41421356237309505f
// B^T of six values.
#define INPUT_1D(v0, v1, v2, v3, v4, v5, d0, d1, d2, d3, d4, d5)                                   \
    {                                                                                              \
        vecf e0 = fma((vecf)-2.0f, d2, d4), o0 = fma((vecf)-2.0f, d1, d3);                         \
        vecf e1 = fma((vecf)-0.5f, d2, d4), o1 = fma((vecf)-0.5f, d1, d3);                         \
        v0 = fma((vecf)-2.5f, d2, d0 + d4);                                                        \
        v1 = fma((vecf)R1_2, o0, e0);                                                              \
        v2 = fma((vecf)-R1_2, o0, e0);                                                             \
        v3 = fma((vecf)R2, o1, e1);                                                                \
        v4 = fma((vecf)-R2, o1, e1);                                                               \
        v5 = fma((vecf)-2.5f, d3, d1 + d5);                                                        \
    }
// G of three values.
#define FILTER_1D(u0, u1, u2, u3, u4, u5, g0, g1, g2)                                              \
    {                                                                                              \
        vecf a = g0, b = g1, d = g2, e0 = fma((vecf)0.5f, d, a), e1 = fma((vecf)2.0f, d, a);       \
        u0 = a;                                                                                    \
        u1 = fma((vecf)R1_2, b, e0) * (-2.0f / 3.0f);                                              \
        u2 = fma((vecf)-R1_2, b, e0) * (-2.0f / 3.0f);                                             \
        u3 = fma((vecf)R2, b, e1) * (1.0f / 6.0f);                                                 \
        u4 = fma((vecf)-R2, b, e1) * (1.0f / 6.0f);                                                \
        u5 = d;                                                                                    \
    }
// A^T of six values.
#define OUTPUT_1D(y0, y1, y2, y3, m0, m1, m2, m3, m4, m5)                                          \
    {                                                                                              \
        vecf s0 = m1 + m2, e0 = m1 - m2, s1 = m3 + m4, e1 = m3 - m4;                               \
        y0 = m0 + s0 + s1;                                                                         \
        y1 = fma((vecf)R1_2, e0, R2 * e1);                                                         \
        y2 = fma((vecf)0.5f, s0, 2.0f * s1);                                                       \
        y3 = fma((vecf)(0.5f * R1_2), e0, fma((vecf)(2.0f * R2), e1, m5));                         \
    }

#if UNPOOL
#define PIXEL(y, x, c)                                                                             \
    keep((UNPOOL == 2 ? 0.25f : 1.0f) *                                                            \
             LOADV(in + ((size_t)((y) >> 1) * (w >> 1) + ((x) >> 1)) * C + (c)),                   \
         in_mask[(((size_t)(y)*w + (x)) * C + (c)) / VEC])
#else
#define PIXEL(y, x, c) LOADV(in + ((size_t)(y)*w + (x)) * C + (c))
#endif

// v[36][...] of tile t: 6x6 inputs from one pixel up and left of the 4x4 outputs.
void input_tile(global const float *in, global const maskt *in_mask,
                global float *v, global float *patch, int h, int w, int t, int vpoint)
{
    int tw = (w + 3) / 4, ty = t / tw, tx = t - mul24(ty, tw); // no %: see winograd_weights
    int y0 = ty * 4 - 1, x0 = tx * 4 - 1;
    int inside = y0 >= 0 && x0 >= 0 && y0 + 6 <= h && x0 + 6 <= w;
    global const float *src = in + ((long)y0 * w + x0) * C;
    size_t pitch = (size_t)w * C;
    if (UNPOOL || !inside) {
        int hv = UNPOOL ? (h & ~1) : h, wv = UNPOOL ? (w & ~1) : w;
        for (int i = 0; i < 6; i++)
            for (int j = 0; j < 6; j++) {
                int y = y0 + i, x = x0 + j;
                global float *to = patch + (i * 6 + j) * C;
                if (y >= 0 && x >= 0 && y < hv && x < wv)
                    for (int c = 0; c < C; c += VEC)
                        STOREV(to + c, PIXEL(y, x, c));
                else
                    for (int c = 0; c < C; c += VEC)
                        STOREV(to + c, (vecf)0.0f);
            }
        src = patch;
        pitch = 6 * C;
    }
    for (int c = 0; c < C; c += VEC) {
        vecf t[6][6];
#pragma unroll
        for (int j = 0; j < 6; j++) {
            global const float *s = src + c + j * C;
            vecf d0 = LOADV(s), d1 = LOADV(s + pitch), d2 = LOADV(s + 2 * pitch);
            vecf d3 = LOADV(s + 3 * pitch), d4 = LOADV(s + 4 * pitch), d5 = LOADV(s + 5 * pitch);
            INPUT_1D(t[0][j], t[1][j], t[2][j], t[3][j], t[4][j], t[5][j], d0, d1, d2, d3, d4, d5);
        }
#pragma unroll
        for (int i = 0; i < 6; i++) {
            vecf v0, v1, v2, v3, v4, v5;
            INPUT_1D(v0, v1, v2, v3, v4, v5, t[i][0], t[i][1], t[i][2], t[i][3], t[i][4], t[i][5]);
            global float *to = v + (size_t)i * 6 * vpoint + c;
            STOREV(to, v0);
            STOREV(to + vpoint, v1);
            STOREV(to + 2 * vpoint, v2);
            STOREV(to + 3 * vpoint, v3);
            STOREV(to + 4 * vpoint, v4);
            STOREV(to + 5 * vpoint, v5);
        }
    }
}

// The 4x4 outputs of one tile and VEC channels from m[36], with the epilogue.
void output_tile(global const float *m, global const float *bias,
                 global float *out, global maskt *out_mask, int h, int w, int tile, int k, int mpoint)
{
    int tw = (w + 3) / 4, ty = tile / tw, tx = tile - mul24(ty, tw);
    vecf t[4][6], y[4][4];
#pragma unroll
    for (int j = 0; j < 6; j++) {
        global const float *s = m + (size_t)j * mpoint;
        OUTPUT_1D(t[0][j], t[1][j], t[2][j], t[3][j], LOADV(s), LOADV(s + 6 * mpoint),
                  LOADV(s + 12 * mpoint), LOADV(s + 18 * mpoint), LOADV(s + 24 * mpoint),
                  LOADV(s + 30 * mpoint));
    }
#pragma unroll
    for (int i = 0; i < 4; i++)
        OUTPUT_1D(y[i][0], y[i][1], y[i][2], y[i][3], t[i][0], t[i][1], t[i][2], t[i][3], t[i][4],
                  t[i][5]);
#if RELU
    vecf b = LOADV(bias + k);
#pragma unroll
    for (int i = 0; i < 16; i++)
        y[i / 4][i % 4] = fmax(y[i / 4][i % 4] + b, (vecf)0.0f);
#endif
#if POOL
    int h2 = h >> 1, w2 = w >> 1;
#pragma unroll
    for (int i = 0; i < 4; i += 2)
#pragma unroll
        for (int j = 0; j < 4; j += 2) {
            int py = ty * 4 + i, px = tx * 4 + j;
            vecf a0 = y[i][j], a1 = y[i][j + 1], a2 = y[i + 1][j], a3 = y[i + 1][j + 1];
            if (py < h && px < w) {
                int whole = (py >> 1) < h2 && (px >> 1) < w2;
#if POOL == 1
                // first largest wins, as in PyTorch
                vecf m01 = fmax(a0, a1), m23 = fmax(a2, a3), best = fmax(m01, m23);
                maskt alive = whole ? greater_bits(best, (vecf)0.0f) : 0;
                maskt low = greater_bits(m23, m01), s1 = greater_bits(a1, a0);
                maskt s3 = greater_bits(a3, a2);
                maskt b0 = alive & ~low & ~s1, b1 = alive & ~low & s1, b2 = alive & low & ~s3,
                      b3 = alive & low & s3;
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
                    STORE_OUT(out + ((size_t)(py >> 1) * w2 + (px >> 1)) * K + k, best);
            }
        }
#else
#pragma unroll
    for (int i = 0; i < 4; i++)
#pragma unroll
        for (int j = 0; j < 4; j++) {
            int py = ty * 4 + i, px = tx * 4 + j;
            if (py < h && px < w) {
                size_t at = ((size_t)py * w + px) * K + k;
                vecf v = y[i][j];
#if INJECT
                v += LOADV(out + at);
#endif
#if MASK_IN
                v = keep(v, out_mask[at / VEC]);
#endif
#if MASK_OUT
                out_mask[at / VEC] = greater_bits(v, (vecf)0.0f);
#endif
                STORE_OUT(out + at, v);
            }
        }
#endif
}

