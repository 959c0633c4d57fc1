/* Bias, ReLU and 2x2 pooling behind a convolution, and what undoes them in the backward pass, as passes of their own;
 * 16 channels at a time. bits [pixel][c/16]: a bit a channel, set where the gradient passes on its way back: the sign
 * of an activation, or behind a pooling, at the size before it, the places through which the pooled gradient goes. */

/* In place, `pixels` of them from first_pixel on: v = max(v + bias, 0). bits may be NULL. */
EACH_KERNEL void bias_relu(global float *map, int first_pixel, int pixels, int c, global const float *bias,
                           global ushort *bits) {
    int groups = c / 16;
    size_t first = (size_t)first_pixel * groups;
    FOR_EACH(i, pixels * groups) {
        float16 v = fmax(vload16(first + i, map) + vload16(i % groups, bias), 0.0f);
        vstore16(v, first + i, map);
        if (bits)
            bits[first + i] = signs_of(v);
    }
}

/* map = (map + more) * bits, from first_pixel on; more [pixels][c] is the part to be added, or NULL, and bits may be
 * NULL. */
EACH_KERNEL void add_mask(global float *map, int first_pixel, int pixels, int c, global const float *more,
                          global const ushort *bits) {
    size_t first = (size_t)first_pixel * (c / 16);
    FOR_EACH(i, pixels * (c / 16)) {
        float16 v = vload16(first + i, map);
        if (more)
            v += vload16(i, more);
        if (bits)
            v = masked(v, bits[first + i]);
        vstore16(v, first + i, map);
    }
}

/* Pools `rows` rows of map ([rows][w][c], the image's rows from first_row on, which is even) after bias (NULL: 0) and
 * ReLU into pooled [..][w/2][c]; bits [h][w][c/16] (may be NULL): the first place of a window that holds the maximum if
 * that is above 0, or with averaging all that are above 0. An odd last row or column belongs to no window, or with
 * `part` to one of what there is: what is outside counts as 0, which behind a ReLU is never above a maximum. */
EACH_KERNEL void bias_relu_pool(global const float *map, int w, int c, global const float *bias, int average, int part,
                                int first_row, int rows, global float *pooled, global ushort *bits) {
    int groups = c / 16, across = (w + 1) / 2;
    FOR_EACH(i, (rows + 1) / 2 * across * groups) {
        int group = i % groups, px = i / groups % across, row = i / groups / across;
        bool right = 2 * px + 1 < w, below = 2 * row + 1 < rows;
        size_t corner = ((size_t)(2 * row) * w + 2 * px) * groups + group, down = (size_t)w * groups;
        size_t at = corner + (size_t)first_row * w * groups;
        ushort b0 = 0, b1 = 0, b2 = 0, b3 = 0;
        if (part || (right && below)) {
            float16 b = bias ? vload16(group, bias) : (float16)(0.0f), zero = 0.0f, v;
            float16 v0 = fmax(vload16(corner, map) + b, zero), v1 = zero, v2 = zero, v3 = zero;
            if (right)
                v1 = fmax(vload16(corner + groups, map) + b, zero);
            if (below)
                v2 = fmax(vload16(corner + down, map) + b, zero);
            if (right && below)
                v3 = fmax(vload16(corner + down + groups, map) + b, zero);
            if (average) {
                v = ((v0 + v1) + (v2 + v3)) * ((right ? 0.5f : 1.0f) * (below ? 0.5f : 1.0f));
                b0 = signs_of(v0), b1 = signs_of(v1), b2 = signs_of(v2), b3 = signs_of(v3);
            } else {
                float16 top = fmax(v0, v1), bottom = fmax(v2, v3);
                v = fmax(top, bottom);
                ushort alive = signs_of(v), low = signs_of(bottom - top), s1 = signs_of(v1 - v0),
                       s3 = signs_of(v3 - v2);
                b0 = alive & ~low & ~s1, b1 = alive & ~low & s1, b2 = alive & low & ~s3, b3 = alive & low & s3;
            }
            vstore16(v, ((size_t)(first_row / 2 + row) * ((w + part) / 2) + px) * groups + group, pooled);
        }
        if (bits) {
            bits[at] = b0;
            if (right)
                bits[at + groups] = b1;
            if (below)
                bits[at + down] = b2;
            if (right && below)
                bits[at + down + groups] = b3;
        }
    }
}

/* The place of a pixel's window in the pooled map, of `groups` vectors a pixel; -1: it belongs to none. */
static inline int window_of(int y, int x, int h, int w, int part, int groups, int group) {
    int down = (h + part) / 2, across = (w + part) / 2;
    return y / 2 < down && x / 2 < across ? (y / 2 * across + x / 2) * groups + group : -1;
}

/* d_map [h][w][c] = the pooled gradient spread by bits + d_map * signs (NULL: d_map holds nothing yet). */
EACH_KERNEL void unpool(global const float *d_pooled, global const ushort *bits, int h, int w, int c, int average,
                        int part, global const ushort *signs, global float *d_map) {
    int groups = c / 16;
    FOR_EACH(i, h * w * groups) {
        int group = i % groups, x = i / groups % w, y = i / groups / w;
        int at = window_of(y, x, h, w, part, groups, group);
        float scale = average ? ((x | 1) < w ? 0.5f : 1.0f) * ((y | 1) < h ? 0.5f : 1.0f) : 1.0f;
        float16 v = 0.0f;
        if (at >= 0)
            v = masked(vload16(at, d_pooled) * scale, bits[i]);
        if (signs)
            v += masked(vload16(i, d_map), signs[i]);
        vstore16(v, i, d_map);
    }
}

#define L2_SCALE 0.78f

/* pooled [h/2][w/2][c] = L2_SCALE sqrt(sum of squares of the window); an odd last row or column belongs to no window,
 * or with `part` to one of what there is. */
EACH_KERNEL void pool_l2(global const float *map, int h, int w, int c, int part, global float *pooled) {
    int groups = c / 16, across = (w + part) / 2;
    FOR_EACH(i, (h + part) / 2 * across * groups) {
        int group = i % groups, px = i / groups % across, py = i / groups / across;
        size_t corner = ((size_t)(2 * py) * w + 2 * px) * groups + group, down = (size_t)w * groups;
        bool right = 2 * px + 1 < w, below = 2 * py + 1 < h;
        float16 v0 = vload16(corner, map), v1 = 0.0f, v2 = 0.0f, v3 = 0.0f;
        if (right)
            v1 = vload16(corner + groups, map);
        if (below)
            v2 = vload16(corner + down, map);
        if (right && below)
            v3 = vload16(corner + down + groups, map);
        vstore16(L2_SCALE * sqrt((v0 * v0 + v1 * v1) + (v2 * v2 + v3 * v3)), i, pooled);
    }
}

/* d_map [h][w][c] = L2_SCALE^2 map d_pooled / pooled + d_map * signs (NULL: d_map holds nothing yet, and may be the
 * map). */
EACH_KERNEL void unpool_l2(global const float *d_pooled, global const float *pooled, global const float *map, int h,
                           int w, int c, int part, global const ushort *signs, global float *d_map) {
    int groups = c / 16;
    FOR_EACH(i, h * w * groups) {
        int group = i % groups, x = i / groups % w, y = i / groups / w;
        float16 v = 0.0f;
        int at = window_of(y, x, h, w, part, groups, group);
        if (at >= 0) {
            float16 length = vload16(at, pooled);
            v = select((float16)(0.0f), (L2_SCALE * L2_SCALE) * vload16(i, map) / length * vload16(at, d_pooled),
                       length > 0.0f);
        }
        if (signs)
            v += masked(vload16(i, d_map), signs[i]);
        vstore16(v, i, d_map);
    }
}
