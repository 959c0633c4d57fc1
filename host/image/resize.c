#include <string.h>

#include "base/memory.h"
#include "image/filter.h"
#include "image/image.h"

/* Adds a row of the image, weighted: RGB, or where there is opacity RGB multiplied by it, and it. */
static void add_row(const pst_image *image, int y, double weight, double *row) {
    size_t width = (size_t)image->width;
    const float *rgb = image->rgb + (size_t)y * width * 3,
                *alpha = image->alpha ? image->alpha + (size_t)y * width : NULL;
    for (size_t i = 0; !alpha && i < 3 * width; i++)
        row[i] += weight * (double)rgb[i];
    for (size_t x = 0; alpha && x < width; x++) {
        double opacity = weight * (double)alpha[x];
        for (size_t c = 0; c < 3; c++)
            row[4 * x + c] += opacity * (double)rgb[3 * x + c];
        row[4 * x + 3] += opacity;
    }
}

#define LEAST_OPACITY (0.5 / 65535) /* less is none in any file; colors are lost in rounding */

/* One output row at a time: first down the columns into a row of the input's width, then along that row. Nothing the
 * size of an image is needed in between. */
pst_status pst_img_resize(pst_error *error, const pst_image *image, int width, int height, pst_image **resized) {
    pst_status status = PST_OK;
    pst_filter across = {0}, down = {0};
    double *row = NULL;
    pst_image *made = NULL;
    size_t channels = image->alpha ? 4 : 3, row_samples = (size_t)image->width * channels;
    *resized = NULL;
    if (width == image->width && height == image->height) {
        PST_TRY(pst_img_create(error, width, height, image->rgb, &made));
        PST_TRY(pst_img_set_alpha(error, made, image->alpha));
        *resized = made;
        return PST_OK;
    }
    PST_TRY(pst_img_create(error, width, height, NULL, &made));
    if (image->alpha)
        PST_TRY(pst_allocate(error, (size_t)width * (size_t)height, sizeof(float), &made->alpha));
    PST_TRY(pst_filter_init(error, PST_FILTER_CUBIC, image->width, width, &across));
    PST_TRY(pst_filter_init(error, PST_FILTER_CUBIC, image->height, height, &down));
    PST_TRY(pst_allocate(error, row_samples, sizeof(double), &row));
    for (int y = 0; y < height; y++) {
        memset(row, 0, row_samples * sizeof(double));
        for (int k = 0; k < down.at[y].count; k++)
            add_row(image, down.at[y].first + k, down.at[y].weights[k], row);
        float *target = made->rgb + (size_t)y * (size_t)width * 3;
        for (int x = 0; x < width; x++) {
            double sums[4] = {0};
            const double *source = row + (size_t)across.at[x].first * channels;
            for (int k = 0; k < across.at[x].count; k++)
                for (size_t c = 0; c < channels; c++)
                    sums[c] += across.at[x].weights[k] * source[channels * (size_t)k + c];
            double opacity = image->alpha ? sums[3] < 0 ? 0 : sums[3] > 1 ? 1 : sums[3] : 1;
            for (int c = 0; c < 3; c++) {
                double value = !image->alpha ? sums[c] : opacity > LEAST_OPACITY ? sums[c] / sums[3] : 255;
                target[3 * x + c] = (float)(value < 0 ? 0 : value > 255 ? 255 : value);
            }
            if (image->alpha)
                made->alpha[(size_t)y * (size_t)width + (size_t)x] = opacity > LEAST_OPACITY ? (float)opacity : 0;
        }
    }
    *resized = made;
    made = NULL;

cleanup:
    pst_image_destroy(made);
    pst_filter_clear(&across);
    pst_filter_clear(&down);
    pst_free(row);
    return status;
}
