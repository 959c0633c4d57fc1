#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "image/image.h"

/* The samples of one row or column that make an output sample, and their weights, which add up to 1. */
typedef struct taps {
    int first, count;
    const double *weights;
} taps;

typedef struct filter {
    taps *at;        /* one for each output sample */
    double *weights; /* of all */
} filter;

/* Keys's cubic with a = -1/2. */
static double catmull_rom(double x) {
    x = fabs(x);
    if (x < 1)
        return 1 + x * x * (1.5 * x - 2.5);
    if (x < 2)
        return 2 + x * (-4 + x * (2.5 - 0.5 * x));
    return 0;
}

/* Output sample i lies at (i + 1/2) in / out - 1/2 of the input, so that the images' edges meet and nothing shifts.
 * When shrinking, the filter is stretched to cover as many inputs as outputs. Beyond the edge the outermost sample
 * goes on. */
static pst_status make_filter(pst_error *error, int in, int out, filter *result) {
    pst_status status = PST_OK;
    double ratio = (double)in / out, stretch = ratio > 1 ? ratio : 1;
    int most = (int)ceil(4 * stretch) + 1;
    if (most > in)
        most = in;
    PST_TRY(pst_allocate(error, (size_t)out, sizeof(taps), &result->at));
    PST_TRY(pst_allocate(error, (size_t)out * (size_t)most, sizeof(double), &result->weights));
    for (int i = 0; i < out; i++) {
        double center = (i + 0.5) * ratio - 0.5, sum = 0;
        int first = (int)ceil(center - 2 * stretch), last = (int)floor(center + 2 * stretch);
        int low = first < 0 ? 0 : first;
        double *weights = result->weights + (size_t)i * (size_t)most;
        int count = 0;
        for (int k = first; k <= last; k++) {
            int inside = k < 0 ? 0 : k >= in ? in - 1 : k;
            double weight = catmull_rom((k - center) / stretch);
            weights[inside - low] += weight;
            sum += weight;
            count = inside - low + 1;
        }
        for (int k = 0; k < count; k++)
            weights[k] /= sum;
        result->at[i] = (taps){.first = low, .count = count, .weights = weights};
    }

cleanup:
    return status;
}

static void free_filter(filter *gone) {
    pst_free(gone->at);
    pst_free(gone->weights);
}

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
    filter across = {0}, down = {0};
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
    PST_TRY(make_filter(error, image->width, width, &across));
    PST_TRY(make_filter(error, image->height, height, &down));
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
    free_filter(&across);
    free_filter(&down);
    pst_free(row);
    return status;
}
