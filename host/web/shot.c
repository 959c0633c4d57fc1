#include "web/shot.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "web/platform.h"

/* One direction of the mean over an area: to[i] is the mean of from[i * step .. (i + 1) * step), its ends in part. */
static void shrink_line(const float *from, size_t from_stride, int from_count, float *to, size_t to_stride,
                        int to_count) {
    double step = (double)from_count / to_count;
    for (int i = 0; i < to_count; i++) {
        double begin = i * step, end = (i + 1) * step, sum[3] = {0, 0, 0};
        for (int k = (int)begin; k < from_count && k < end; k++) {
            double part = fmin(k + 1, end) - fmax(k, begin);
            for (int c = 0; c < 3; c++)
                sum[c] += part * from[(size_t)k * from_stride + (size_t)c];
        }
        for (int c = 0; c < 3; c++)
            to[(size_t)i * to_stride + (size_t)c] = (float)(sum[c] / step);
    }
}

/* *width and *height become those of the result, whose longer side is `most`. NULL: no memory. */
static float *shrink(const float *rgb, int *width, int *height, int most) {
    int w = *width, h = *height, longer = w > h ? w : h;
    int new_w = (int)((long long)w * most / longer), new_h = (int)((long long)h * most / longer);
    new_w = new_w < 1 ? 1 : new_w;
    new_h = new_h < 1 ? 1 : new_h;
    float *half = malloc(sizeof *half * 3 * (size_t)new_w * (size_t)h);
    float *small = malloc(sizeof *small * 3 * (size_t)new_w * (size_t)new_h);
    if (half && small) {
        for (size_t y = 0; y < (size_t)h; y++)
            shrink_line(rgb + 3 * (size_t)w * y, 3, w, half + 3 * (size_t)new_w * y, 3, new_w);
        for (size_t x = 0; x < (size_t)new_w; x++)
            shrink_line(half + 3 * x, 3 * (size_t)new_w, h, small + 3 * x, 3 * (size_t)new_w, new_h);
        *width = new_w;
        *height = new_h;
    } else {
        free(small);
        small = NULL;
    }
    free(half);
    return small;
}

static bool is_within(int width, int height, int most) { return most == 0 || (width <= most && height <= most); }

web_shot *web_shot_create(const pst_image *image, int most) {
    web_shot *shot = calloc(1, sizeof *shot);
    if (!shot)
        return NULL;
    shot->references = 1;
    shot->width = pst_image_width(image);
    shot->height = pst_image_height(image);
    const float *rgb = pst_image_samples(image);
    if (is_within(shot->width, shot->height, most)) {
        size_t bytes = sizeof *rgb * 3 * (size_t)shot->width * (size_t)shot->height;
        shot->rgb = malloc(bytes);
        if (shot->rgb)
            memcpy(shot->rgb, rgb, bytes);
    } else {
        shot->rgb = shrink(rgb, &shot->width, &shot->height, most);
    }
    if (!shot->rgb) {
        free(shot);
        shot = NULL;
    }
    return shot;
}

void web_shot_release(web_shot *shot) {
    if (!shot || --shot->references > 0)
        return;
    for (int i = 0; i < 2; i++)
        pst_bytes_destroy(shot->files[i]);
    free(shot->rgb);
    free(shot);
}

bool web_shot_encode(web_shot *shot, bool whole) {
    if (shot->files[whole])
        return true;
    double start = web_clock();
    int width = shot->width, height = shot->height;
    bool small = !whole && !is_within(width, height, WEB_VIEW_MOST);
    float *rgb = small ? shrink(shot->rgb, &width, &height, WEB_VIEW_MOST) : shot->rgb;
    bool good = rgb && pst_image_encode(width, height, rgb, ".jpg", &shot->files[whole], &shot->bytes[whole]) == PST_OK;
    if (small)
        free(rgb);
    shot->encode_seconds = web_clock() - start;
    return good;
}
