/* What follows a convolution on GPUs, where a work-item holds VN channels (2 or 4) and neighbors hold the next ones,
 * so that a group of them reads and writes whole lines of memory. */
#ifndef NV /* else cl/block_gpu.cl has these */
#if VN == 2
typedef float2 vecn;
#else
typedef float4 vecn;
#endif
#define READN(from) (*(global const vecn *)(from))
#define WRITEN(to) (*(global vecn *)(to))
#endif
#define WORD (16 / VN) /* work-items whose bits make a word */

/* A bit for each channel where a > b, lowest first. */
static inline uint above(vecn a, vecn b) {
#if VN == 2
    return (uint)(a.x > b.x) | (uint)(a.y > b.y) << 1;
#else
    return (uint)(a.x > b.x) | (uint)(a.y > b.y) << 1 | (uint)(a.z > b.z) << 2 | (uint)(a.w > b.w) << 3;
#endif
}

/* v where the bit is set, else 0. The bit becomes a mask: conditions of so many lanes are more than what AMD's compiler
 * has scalar registers for. */
#define KEEP(v, bits, i) as_float(as_int(v) & (int)((bits) << (31 - i)) >> 31)
static inline vecn keep(vecn v, uint bits) {
#if VN == 2
    return (vecn)(KEEP(v.x, bits, 0), KEEP(v.y, bits, 1));
#else
    return (vecn)(KEEP(v.x, bits, 0), KEEP(v.y, bits, 1), KEEP(v.z, bits, 2), KEEP(v.w, bits, 3));
#endif
}

/* The bits, from the lowest on, of a pixel's channels from `channel` on. */
static inline uint bits_of(global const ushort *bits, size_t pixel, int channels, int channel) {
    return (uint)bits[pixel * (channels / 16) + channel / 16] >> channel % 16;
}

/* The activation of one pixel on its way out, and the bits of its signs. */
static inline uint put(vecn v, global float *out, size_t pixel, int channels, int channel) {
    WRITEN(out + pixel * channels + channel) = v;
    return above(v, (vecn)(0.0f));
}

/* The gradient of one pixel on its way out. */
static inline void put_back(vecn v, global float *out, global const ushort *mask, int add, size_t pixel, int channels,
                            int channel) {
    global float *to = out + pixel * channels + channel;
    if (add)
        v += READN(to);
    if (mask)
        v = keep(v, bits_of(mask, pixel, channels, channel));
    WRITEN(to) = v;
}

/* 2x2 pooling (1: the maximum, 2: the average) of activations. *places: VN bits for each of the four in turn, those
 * through which the gradient goes: the first maximum if it is above 0, or all that are above 0. */
static inline vecn pooled(vecn a0, vecn a1, vecn a2, vecn a3, int pool, uint *places) {
    vecn zero = 0.0f;
    if (pool == 2) {
        *places = above(a0, zero) | above(a1, zero) << VN | above(a2, zero) << 2 * VN | above(a3, zero) << 3 * VN;
        return ((a0 + a1) + (a2 + a3)) * 0.25f;
    }
    vecn top = fmax(a0, a1), bottom = fmax(a2, a3), best = fmax(top, bottom);
    uint alive = above(best, zero), low = above(bottom, top), s1 = above(a1, a0), s3 = above(a3, a2);
    *places =
        (alive & ~low & ~s1) | (alive & ~low & s1) << VN | (alive & low & ~s3) << 2 * VN | (alive & low & s3) << 3 * VN;
    return best;
}
