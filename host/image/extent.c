#include "image/extent.h"

#include <stddef.h>
#include <string.h>

static int round_up(int size, int multiple) { return (size + multiple - 1) / multiple * multiple; }

pst_extent pst_extent_make(int image_w, int image_h, int multiple) {
    int w = round_up(image_w, multiple), h = round_up(image_h, multiple);
    return (pst_extent){
        .image_w = image_w, .image_h = image_h, .w = w, .h = h, .left = (w - image_w) / 2, .top = (h - image_h) / 2};
}

/* The place in 0 .. size - 1 that is seen in mirrors at both ends. */
static int mirrored(int at, int size) {
    int turn = ((at % (2 * size)) + 2 * size) % (2 * size);
    return turn < size ? turn : 2 * size - 1 - turn;
}

void pst_extent_continue_rows(const pst_extent *e, int channels, const float *from, int first, int count, float *to) {
    size_t pixel = (size_t)channels;
    for (int y = first; y < first + count; y++) {
        const float *row = from + (size_t)mirrored(y - e->top, e->image_h) * (size_t)e->image_w * pixel;
        for (int x = 0; x < e->w; x++, to += pixel)
            memcpy(to, row + (size_t)mirrored(x - e->left, e->image_w) * pixel, pixel * sizeof(float));
    }
}

void pst_extent_continue(const pst_extent *e, int channels, const float *from, float *to) {
    pst_extent_continue_rows(e, channels, from, 0, e->h, to);
}

void pst_extent_crop_rows(const pst_extent *e, int channels, const float *from, int first, int count, float *to) {
    const size_t pixel = (size_t)channels, row = (size_t)e->image_w * pixel;
    for (int y = first; y < first + count; y++)
        if (y >= e->top && y < e->top + e->image_h)
            memcpy(to + (size_t)(y - e->top) * row,
                   from + ((size_t)(y - first) * (size_t)e->w + (size_t)e->left) * pixel, row * sizeof(float));
}
