#include "image/raster_finish.h"

#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "image/profile.h"

/* ---- the image of it --------------------------------------------------------------------------------------- */

static float sample_at(const pst_raster *raster, const uint8_t *row, size_t i) {
    uint16_t wide;
    float value;
    switch (raster->bits) {
    case 8:
        return (float)row[i];
    case 16:
        memcpy(&wide, row + 2 * i, 2);
        return (float)wide / 257.0f; /* 65535 / 257 = 255 */
    default:
        memcpy(&value, row + 4 * i, 4);
        return value >= 0 ? value <= 1 ? value * 255.0f : 255.0f : 0; /* not a number: 0 */
    }
}

/* Where a row of the file goes in the upright image: its first pixel, and the way to the next. */
typedef struct path {
    int width, height; /* of the image */
    ptrdiff_t first, step;
} path;

static path find_path(const pst_raster *raster, int y) {
    ptrdiff_t w = raster->width, h = raster->height;
    switch (raster->orientation) {
    case 2:
        return (path){(int)w, (int)h, y * w + w - 1, -1};
    case 3:
        return (path){(int)w, (int)h, (h - 1 - y) * w + w - 1, -1};
    case 4:
        return (path){(int)w, (int)h, (h - 1 - y) * w, 1};
    case 5:
        return (path){(int)h, (int)w, y, h};
    case 6:
        return (path){(int)h, (int)w, h - 1 - y, h};
    case 7:
        return (path){(int)h, (int)w, (w - 1) * h + h - 1 - y, -h};
    case 8:
        return (path){(int)h, (int)w, (w - 1) * h + y, -h};
    default:
        return (path){(int)w, (int)h, y * w, 1};
    }
}

/* Of the alpha channel, one look over all pixels. */
static void examine_alpha(const pst_raster *raster, bool *visible, bool *opaque) {
    *visible = !raster->alpha;
    *opaque = true;
    for (int y = 0; raster->alpha && y < raster->height && !(*visible && !*opaque); y++) {
        const uint8_t *row = (const uint8_t *)raster->samples + (size_t)y * pst_raster_row_bytes(raster);
        for (int x = 0; x < raster->width; x++) {
            float alpha = sample_at(raster, row, (size_t)x * pst_raster_channels(raster) + (size_t)raster->model);
            *visible |= alpha > 0;
            *opaque &= alpha >= 255;
        }
    }
}

/* The colors of a row, 0..255 (CMYK: ink), as if they were opaque; its alpha, 0..1. */
static void unpack(const pst_raster *raster, int y, bool use_alpha, float *colors, float *alpha) {
    const uint8_t *row = (const uint8_t *)raster->samples + (size_t)y * pst_raster_row_bytes(raster);
    size_t model = (size_t)raster->model, channels = pst_raster_channels(raster);
    for (size_t x = 0; x < (size_t)raster->width; x++) {
        for (size_t c = 0; c < model; c++)
            colors[model * x + c] = sample_at(raster, row, channels * x + c);
        alpha[x] = use_alpha ? sample_at(raster, row, channels * x + model) / 255.0f : 1.0f;
        for (size_t c = 0; raster->premultiplied && alpha[x] > 0 && alpha[x] < 1 && c < model; c++)
            colors[model * x + c] = fminf(colors[model * x + c] / alpha[x], 255.0f);
    }
}

/* From the raster's colors to RGB where no profile does it. From the last pixel on, since RGB may be wider. */
static void to_rgb(const pst_raster *raster, const float *colors, float *rgb) {
    for (size_t x = 0; x < (size_t)raster->width; x++)
        for (size_t c = 0; c < 3; c++) {
            if (raster->model == PST_RASTER_CMYK)
                rgb[3 * x + c] = (255.0f - colors[4 * x + c]) * (255.0f - colors[4 * x + 3]) / 255.0f;
            else
                rgb[3 * x + c] = raster->model == PST_RASTER_GRAY ? colors[x] : colors[3 * x + c];
        }
}

static void by_profile(const pst_raster *raster, pst_transform *transform, int channels, float *colors, float *rgb) {
    size_t width = (size_t)raster->width;
    float scale = channels == 4 ? 100.0f / 255.0f : 1.0f / 255.0f;
    if (channels == 3)
        to_rgb(raster, colors, rgb);
    else
        memcpy(rgb, colors, width * (size_t)channels * sizeof(float));
    for (size_t i = 0; i < width * (size_t)channels; i++)
        rgb[i] *= scale;
    for (size_t i = 0; raster->lab && i < 3 * width; i++)
        rgb[i] = i % 3 ? rgb[i] * 256.0f - 128.0f : rgb[i] * 100.0f;
    pst_transform_run(transform, rgb, colors, width);
    for (size_t i = 0; i < 3 * width; i++)
        rgb[i] = colors[i] > 0 ? colors[i] < 1 ? colors[i] * 255.0f : 255.0f : 0;
}

pst_status pst_raster_finish(pst_error *error, const pst_raster *raster, pst_image **image) {
    pst_status status = PST_OK;
    bool visible, opaque;
    int channels = 0;
    float *colors = NULL, *rgb = NULL, *alpha = NULL;
    pst_transform *transform = NULL;
    pst_image *made = NULL;
    const char *problem = NULL;
    *image = NULL;
    path whole = find_path(raster, 0);
    size_t width = (size_t)raster->width;
    examine_alpha(raster, &visible, &opaque);
    bool use_alpha = raster->alpha && visible && !opaque;
    PST_TRY(pst_img_create(error, whole.width, whole.height, NULL, &made));
    if (use_alpha)
        PST_TRY(pst_allocate(error, width * (size_t)raster->height, sizeof(float), &made->alpha));
    PST_TRY(pst_profile_to_srgb(error, raster, &transform, &channels, &problem));
    PST_TRY(pst_allocate(error, 4 * width, sizeof(float), &colors));
    PST_TRY(pst_allocate(error, 4 * width, sizeof(float), &rgb));
    PST_TRY(pst_allocate(error, width, sizeof(float), &alpha));
    for (int y = 0; y < raster->height; y++) {
        unpack(raster, y, use_alpha, colors, alpha);
        if (transform)
            by_profile(raster, transform, channels, colors, rgb);
        else
            to_rgb(raster, colors, rgb);
        path way = find_path(raster, y);
        for (size_t x = 0; x < width; x++) {
            ptrdiff_t at = way.first + (ptrdiff_t)x * way.step;
            for (size_t c = 0; c < 3; c++)
                made->rgb[3 * at + (ptrdiff_t)c] = alpha[x] > 0 ? rgb[3 * x + c] : 255.0f;
            if (use_alpha)
                made->alpha[at] = alpha[x];
        }
    }
    memcpy(made->notice, raster->notice, sizeof made->notice);
    if (problem)
        pst_notice_add(made->notice, problem);
    *image = made;
    made = NULL;

cleanup:
    pst_image_destroy(made);
    pst_transform_destroy(transform);
    pst_free(colors);
    pst_free(rgb);
    pst_free(alpha);
    return status;
}
