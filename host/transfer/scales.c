#include "transfer/scales.h"

#include <math.h>

#define LEAST_ITERATIONS 10 /* of a scale that is worth the change */

int pst_scale_size(int image_size, size_t count, size_t k) {
    double size = round(image_size * pow(0.5, 0.5 * (double)(count - 1 - k)));
    return size < 1 ? 1 : (int)size;
}

size_t pst_scale_count(int image_size, int min_size, int iterations) {
    size_t count = 1;
    while (count < PST_SCALES_MAX && pst_scale_size(image_size, count + 1, 0) >= min_size &&
           iterations / LEAST_ITERATIONS > (int)count)
        count++;
    return count;
}

void pst_scales_share(pst_scale *scales, size_t count, int total) {
    for (size_t k = 0; k < count; k++)
        scales[k].iterations = total / (int)count + (k < (size_t)total % count ? 1 : 0);
}

int pst_scale_least(const pst_layers *layers, size_t layer, const pst_image *image) {
    for (int size = 1, w, h; size <= PST_IMAGE_MAX_SIDE; size++) {
        pst_img_fit(image->width, image->height, size, &w, &h);
        if (pst_layer_size(layers, layer, h, w, &h, &w))
            return size;
    }
    return 0;
}
