/* Bias, ReLU and 2x2 pooling behind a convolution, and what undoes them in the backward pass. One work-item handles 16
 * channels of a pixel (or of a pooled pixel): ids are (group of 16 channels, pixel, -) or (group, column, row). */

/* In place: v = max(v + bias, 0). signs (may be NULL): a bit a channel, [pixel][c/16]. */
kernel void bias_relu(global float *map, int first_pixel, int c, global const float *bias, global ushort *signs) {
    int group = get_global_id(0), groups = c / 16;
    size_t at = (size_t)(first_pixel + get_global_id(1)) * groups + group;
    float16 v = fmax(vload16(at, map) + vload16(group, bias), 0.0f);
    vstore16(v, at, map);
    if (signs)
        signs[at] = signs_of(v);
}

/* map *= (sign bit) */
kernel void mask_signs(global float *map, int first_pixel, int c, global const ushort *signs) {
    int group = get_global_id(0), groups = c / 16;
    size_t at = (size_t)(first_pixel + get_global_id(1)) * groups + group;
    vstore16(masked(vload16(at, map), signs[at]), at, map);
}

/* Pooled rows from first_row on = pool(max(map + bias, 0)) of map's rows from row 0 on, [..][w][c]; bias NULL: 0.
 * codes (may be NULL): [pooled pixel][c], a bit for each place of the window through which the gradient goes back: the
 * first one that holds the maximum if that is above 0, or with averaging all that are above 0. */
kernel void bias_relu_pool(global const float *map, int w, int c, global const float *bias, int average, int first_row,
                           global float *pooled, global uchar *codes) {
    int group = get_global_id(0), groups = c / 16, px = get_global_id(1), row = get_global_id(2);
    float16 b = bias ? vload16(group, bias) : (float16)(0.0f);
    size_t corner = ((size_t)(2 * row) * w + 2 * px) * groups + group, below = (size_t)w * groups;
    float16 v0 = fmax(vload16(corner, map) + b, 0.0f), v1 = fmax(vload16(corner + groups, map) + b, 0.0f);
    float16 v2 = fmax(vload16(corner + below, map) + b, 0.0f), v3 = fmax(vload16(corner + below + groups, map) + b, 0.0f);
    float16 zero = 0.0f, best;
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
    size_t to = ((size_t)(first_row + row) * (w / 2) + px) * groups + group;
    vstore16(best, to, pooled);
    if (codes)
        vstore16(convert_uchar16(code), to, codes);
}

/* d_map [h][w][c] from d_pooled [h/2][w/2][c]: every element is written, also an odd last row or column. */
kernel void unpool(global const float *d_pooled, global const uchar *codes, int h, int w, int c, float scale, global float *d_map) {
    int group = get_global_id(0), groups = c / 16, x = get_global_id(1), y = get_global_id(2);
    float16 v = 0.0f;
    if (x / 2 < w / 2 && y / 2 < h / 2) {
        size_t from = ((size_t)(y / 2) * (w / 2) + x / 2) * groups + group;
        v = unpooled(vload16(from, d_pooled), vload16(from, codes), (y & 1) * 2 + (x & 1), scale);
    }
    vstore16(v, ((size_t)y * w + x) * groups + group, d_map);
}
