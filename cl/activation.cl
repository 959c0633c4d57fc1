/* Bias, ReLU and 2x2 pooling behind a convolution, and what undoes them in the backward pass. 16 channels at
 * a time. */

/* In place, `pixels` of them from first_pixel on: v = max(v + bias, 0). signs (may be NULL): a bit a channel, [pixel][c/16]. */
EACH_KERNEL void bias_relu(global float *map, int first_pixel, int pixels, int c, global const float *bias, global ushort *signs) {
    int groups = c / 16;
    size_t first = (size_t)first_pixel * groups;
    FOR_EACH(i, pixels * groups) {
        float16 v = fmax(vload16(first + i, map) + vload16(i % groups, bias), 0.0f);
        vstore16(v, first + i, map);
        if (signs)
            signs[first + i] = signs_of(v);
    }
}

/* In place: map *= (sign bit) */
EACH_KERNEL void mask_signs(global float *map, int first_pixel, int pixels, int c, global const ushort *signs) {
    size_t first = (size_t)first_pixel * (c / 16);
    FOR_EACH(i, pixels * (c / 16))
        vstore16(masked(vload16(first + i, map), signs[first + i]), first + i, map);
}

/* Pooled rows from first_row on, `rows` of them = pool(max(map + bias, 0)) of map's rows from row 0 on, [..][w][c]; bias
 * NULL: 0. codes (may be NULL): [pooled pixel][c], a bit for each place of the window through which the gradient goes back:
 * the first one that holds the maximum if that is above 0, or with averaging all that are above 0. */
EACH_KERNEL void bias_relu_pool(global const float *map, int w, int c, global const float *bias, int average, int first_row,
                                int rows, global float *pooled, global uchar *codes) {
    int groups = c / 16, across = w / 2;
    size_t first = (size_t)first_row * across * groups, below = (size_t)w * groups;
    FOR_EACH(i, rows * across * groups) {
        int group = i % groups, px = i / groups % across, row = i / groups / across;
        float16 b = bias ? vload16(group, bias) : (float16)(0.0f), zero = 0.0f, best;
        size_t corner = ((size_t)(2 * row) * w + 2 * px) * groups + group;
        float16 v0 = fmax(vload16(corner, map) + b, zero), v1 = fmax(vload16(corner + groups, map) + b, zero);
        float16 v2 = fmax(vload16(corner + below, map) + b, zero), v3 = fmax(vload16(corner + below + groups, map) + b, zero);
        int16 code;
        if (average) {
            best = (v0 + v1 + v2 + v3) * 0.25f;
            code = ((v0 > zero) & 1) | ((v1 > zero) & 2) | ((v2 > zero) & 4) | ((v3 > zero) & 8);
        } else {
            best = v0;
            code = (int16)(1);
            code = select(code, (int16)(2), v1 > best);
            best = fmax(best, v1);
            code = select(code, (int16)(4), v2 > best);
            best = fmax(best, v2);
            code = select(code, (int16)(8), v3 > best);
            best = fmax(best, v3);
            code = code & (best > zero);
        }
        vstore16(best, first + i, pooled);
        if (codes)
            vstore16(convert_uchar16(code), first + i, codes);
    }
}

/* d_map [h][w][c] from d_pooled [h/2][w/2][c]: every element is written, also an odd last row or column. */
EACH_KERNEL void unpool(global const float *d_pooled, global const uchar *codes, int h, int w, int c, float scale,
                        global float *d_map) {
    int groups = c / 16;
    FOR_EACH(i, h * w * groups) {
        int group = i % groups, x = i / groups % w, y = i / groups / w;
        float16 v = 0.0f;
        if (x / 2 < w / 2 && y / 2 < h / 2) {
            size_t from = ((size_t)(y / 2) * (w / 2) + x / 2) * groups + group;
            v = unpooled(vload16(from, d_pooled), vload16(from, codes), (y & 1) * 2 + (x & 1), scale);
        }
        vstore16(v, i, d_map);
    }
}
