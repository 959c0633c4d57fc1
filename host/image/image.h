/* Pictures on the host: RGB floats from 0 to 255 as stored in the file, interleaved, row by row. */
#ifndef PST_IMAGE_IMAGE_H
#define PST_IMAGE_IMAGE_H

#include "base/status.h"

struct pst_image {
    int width, height;
    float *rgb; /* [height][width][3] */
};

#define PST_IMAGE_MAX_SIDE 65535
#define PST_IMAGE_MAX_PIXELS ((int64_t)1 << 28)

/* rgb is copied and must be finite; NULL gives black. */
pst_status pst_picture_create(pst_error *error, int width, int height, const float *rgb, pst_image **image);

/* Reads JPEG, PNG, BMP, TGA, GIF (the first picture), PSD and PNM; checks the size before the pixels are decoded.
 * Transparent parts are laid over white. */
pst_status pst_picture_read(pst_error *error, const char *path, pst_image **image);

/* Writes by the ending of the name (.png .jpg .jpeg .bmp .tga), values rounded and clamped to 0..255, atomically. */
pst_status pst_picture_write(pst_error *error, const pst_image *image, const char *path);
pst_status pst_picture_write_check(pst_error *error, const char *path);

/* Resamples with a Catmull-Rom filter, widened when shrinking so that nothing aliases; clamped to 0..255. */
pst_status pst_picture_resize(pst_error *error, const pst_image *image, int width, int height, pst_image **resized);

/* The size with the given longer side and the same aspect, the shorter side rounded down as neural-style does, at
 * least 1. */
void pst_picture_fit(int width, int height, int longer_side, int *fit_width, int *fit_height);

/* Replaces the colour of `image` by that of `colors` (same size), keeping image's lightness. YUV: BT.601's Y of image with U
 * and V of colors, clamped to 0..255. OKLAB: OkLab's L of image with a and b of colors; where that is no colour of sRGB, a and
 * b are made smaller in proportion until it is one, which keeps lightness and hue. */
void pst_picture_keep_colors(pst_image *image, const pst_image *colors, pst_color_space space);

#endif
