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
