/* OkLab: Bjorn Ottosson, "A perceptual color space for image processing" (2020). */
#include <math.h>

#include "image/color.h"

static double linear_from_srgb(double v) {
    v /= 255;
    return v <= 0.04045 ? v / 12.92 : pow((v + 0.055) / 1.055, 2.4);
}

double pst_srgb_from_linear(double v) { return 255 * (v <= 0.0031308 ? 12.92 * v : 1.055 * pow(v, 1 / 2.4) - 0.055); }

void pst_oklab_from_rgb(const float rgb[3], double lab[3]) {
    double r = linear_from_srgb((double)rgb[0]), g = linear_from_srgb((double)rgb[1]),
           b = linear_from_srgb((double)rgb[2]);
    double l = cbrt(0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b);
    double m = cbrt(0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b);
    double s = cbrt(0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b);
    lab[0] = 0.2104542553 * l + 0.7936177850 * m - 0.0040720468 * s;
    lab[1] = 1.9779984951 * l - 2.4285922050 * m + 0.4505937099 * s;
    lab[2] = 0.0259040371 * l + 0.7827717662 * m - 0.8086757660 * s;
}

static void linear_from_oklab(const double lab[3], double rgb[3]) {
    double l = lab[0] + 0.3963377774 * lab[1] + 0.2158037573 * lab[2];
    double m = lab[0] - 0.1055613458 * lab[1] - 0.0638541728 * lab[2];
    double s = lab[0] - 0.0894841775 * lab[1] - 1.2914855480 * lab[2];
    l = l * l * l, m = m * m * m, s = s * s * s;
    rgb[0] = 4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s;
    rgb[1] = -1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s;
    rgb[2] = -0.0041960863 * l - 0.7034186147 * m + 1.7076147010 * s;
}

void pst_oklab_to_rgb(const double lab[3], float rgb[3]) {
    double linear[3];
    linear_from_oklab(lab, linear);
    for (int c = 0; c < 3; c++)
        rgb[c] = (float)pst_srgb_from_linear(linear[c]);
}

/* The numbers above are rounded to ten digits, so that even white is not exactly 1. */
static bool is_color(const double lab[3]) {
    double rgb[3];
    linear_from_oklab(lab, rgb);
    for (int c = 0; c < 3; c++)
        if (!(rgb[c] >= -1e-6 && rgb[c] <= 1 + 1e-6))
            return false;
    return true;
}

void pst_oklab_keep_color(float rgb[3], const float color[3]) {
    double lightness[3], hue[3];
    pst_oklab_from_rgb(rgb, lightness);
    pst_oklab_from_rgb(color, hue);
    double lab[3] = {lightness[0], hue[1], hue[2]};
    if (!is_color(lab)) {
        double low = 0, high = 1; /* shares of a and b: gray is always a color */
        for (int step = 0; step < 16; step++) {
            double share = (low + high) / 2;
            lab[1] = share * hue[1], lab[2] = share * hue[2];
            *(is_color(lab) ? &low : &high) = share;
        }
        lab[1] = low * hue[1], lab[2] = low * hue[2];
    }
    pst_oklab_to_rgb(lab, rgb);
    for (int c = 0; c < 3; c++)
        rgb[c] = rgb[c] > 0 ? rgb[c] < 255 ? rgb[c] : 255 : 0;
}
