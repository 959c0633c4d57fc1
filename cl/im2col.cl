/* Rows of a picture unrolled for a 3x3 convolution with zero padding 1: columns[pixel][tap][channel], tap = 3 * row + column
 * of the filter, for the pixels of rows first_row .. first_row + rows - 1. */

/* ids: (group of 16 channels, pixel of the strip, tap) */
kernel void im2col(global const float *in, int h, int w, int c, int first_row, global float *columns) {
    int group = get_global_id(0), groups = c / 16, pixel = get_global_id(1), tap = get_global_id(2);
    int y = first_row + pixel / w + tap / 3 - 1, x = pixel % w + tap % 3 - 1;
    float16 v = 0.0f;
    if (y >= 0 && y < h && x >= 0 && x < w)
        v = vload16(((size_t)y * w + x) * groups + group, in);
    vstore16(v, ((size_t)pixel * 9 + tap) * groups + group, columns);
}

/* The same where the input is a gradient behind 2x2 pooling, expanded on the way. */
kernel void im2col_unpool(global const float *d_pooled, global const uchar *codes, float scale, int h, int w, int c, int first_row,
                          global float *columns) {
    int group = get_global_id(0), groups = c / 16, pixel = get_global_id(1), tap = get_global_id(2);
    int y = first_row + pixel / w + tap / 3 - 1, x = pixel % w + tap % 3 - 1;
    float16 v = 0.0f;
    if (y >= 0 && y / 2 < h / 2 && x >= 0 && x / 2 < w / 2) {
        size_t from = ((size_t)(y / 2) * (w / 2) + x / 2) * groups + group;
        v = unpooled(vload16(from, d_pooled), vload16(from, codes), (y & 1) * 2 + (x & 1), scale);
    }
    vstore16(v, ((size_t)pixel * 9 + tap) * groups + group, columns);
}

/* For the picture itself, 3 channels; ids: (pixel of the strip, tap, -) */
kernel void im2col_picture(global const float *in, int h, int w, int first_row, global float *columns) {
    int pixel = get_global_id(0), tap = get_global_id(1);
    int y = first_row + pixel / w + tap / 3 - 1, x = pixel % w + tap % 3 - 1;
    float3 v = 0.0f;
    if (y >= 0 && y < h && x >= 0 && x < w)
        v = vload3((size_t)y * w + x, in);
    vstore3(v, (size_t)pixel * 9 + tap, columns);
}
