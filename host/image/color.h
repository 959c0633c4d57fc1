/* The colors of whole images: those of one given to another, as a map of its colors or by keeping the other's. */
#ifndef PST_IMAGE_COLOR_H
#define PST_IMAGE_COLOR_H

#include "image/image.h"

/* Mean and covariance of the RGB samples; weights: one a pixel, from 0 up, or NULL for 1 each. Returns the sum of the
 * weights; if that is 0, all is 0. */
typedef struct pst_color_statistics {
    double mean[3], covariance[3][3];
} pst_color_statistics;
double pst_color_measure(const pst_image *image, const float *weights, pst_color_statistics *statistics);

/* a: the linear map of CHOLESKY, PCA or SYMMETRIC after which colors with the statistics from have those of to:
 * c -> a (c - from.mean) + to.mean. Directions in which from varies by less than one level are widened no more than one
 * level's worth: what is there is noise. */
void pst_color_map(pst_color_statistics from, pst_color_statistics to, pst_match_colors how, double a[3][3]);

/* Changes the colors of `image` to those of `like`, clamped to 0..255; weights as above. Does nothing for
 * PST_MATCH_NONE and where a sum of weights is 0. The three linear maps are those of Gatys et al., "Controlling
 * Perceptual Factors in Neural Style Transfer" (2017); HISTOGRAM goes on from SYMMETRIC and matches the distributions
 * along many axes in turn (Pitie et al., 2007). */
pst_status pst_img_match_colors(pst_error *error, pst_image *image, const float *weights, const pst_image *like,
                                const float *like_weights, pst_match_colors how);

/* The last part of HISTOGRAM: colors whose distributions along the axes of `turns` rotations are those of `like`, the
 * three channels last of all; not clamped. */
pst_status pst_color_match_histograms(pst_error *error, pst_image *image, const float *weights, const pst_image *like,
                                      const float *like_weights, int turns);

/* Is every pixel gray, to two of 255 levels? And makes it so, by its mean. */
bool pst_img_is_gray(const pst_image *image);
void pst_img_make_gray(pst_image *image);

/* sRGB, 0..255, of linear light, 0..1. */
double pst_srgb_from_linear(double light);

/* sRGB 0..255 to OkLab (lightness 0..1, a, b; Ottosson 2020) and back, which may leave 0..255. */
void pst_oklab_from_rgb(const float rgb[3], double lab[3]);
void pst_oklab_to_rgb(const double lab[3], float rgb[3]);

/* Of one pixel: pst_img_keep_colors with PST_COLOR_SPACE_OKLAB. */
void pst_oklab_keep_color(float rgb[3], const float color[3]);

#endif
