#include "image/color.h"

#include <math.h>

static float luma(const float *rgb) { return 0.299f * rgb[0] + 0.587f * rgb[1] + 0.114f * rgb[2]; }

/* U and V depend only on the differences of R, G and B from Y. So to take Y from one image and U and V from another
 * is to add the difference of their Y to each channel of the other. */
void pst_img_keep_colors(pst_image *image, const pst_image *colors, pst_color_space space) {
    size_t pixels = (size_t)image->width * (size_t)image->height;
    for (size_t i = 0; i < pixels; i++) {
        float *target = image->rgb + 3 * i;
        const float *source = colors->rgb + 3 * i;
        if (space == PST_COLOR_SPACE_OKLAB) {
            pst_oklab_keep_color(target, source);
            continue;
        }
        float lift = luma(target) - luma(source);
        for (int c = 0; c < 3; c++) {
            float value = source[c] + lift;
            target[c] = value < 0 ? 0 : value > 255 ? 255 : value;
        }
    }
}

#define GRAY_LEVELS 2 /* that channels of a gray may be apart, as JPEG leaves them */

bool pst_img_is_gray(const pst_image *image) {
    for (size_t i = 0; i < (size_t)image->width * (size_t)image->height; i++) {
        const float *rgb = image->rgb + 3 * i;
        if (!(fabsf(rgb[0] - rgb[1]) <= GRAY_LEVELS && fabsf(rgb[1] - rgb[2]) <= GRAY_LEVELS))
            return false;
    }
    return true;
}

void pst_img_make_gray(pst_image *image) {
    for (size_t i = 0; i < (size_t)image->width * (size_t)image->height; i++) {
        float *rgb = image->rgb + 3 * i;
        rgb[0] = rgb[1] = rgb[2] = (rgb[0] + rgb[1] + rgb[2]) / 3;
    }
}
