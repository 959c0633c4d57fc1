/* Images on the host: RGB floats from 0 to 255, sRGB, upright, interleaved, row by row; opacity, where there is any,
 * in a plane of its own. */
#ifndef PST_IMAGE_IMAGE_H
#define PST_IMAGE_IMAGE_H

#include "base/status.h"

#define PST_IMAGE_NOTICE 192

struct pst_image {
    int width, height;
    float *rgb;      /* [height][width][3]; not multiplied by alpha; white where that is 0 */
    float *alpha;    /* [height][width], from 0, transparent, to 1; NULL: opaque everywhere */
    char *name;      /* for messages: the path of its file as it was given, or what its maker calls it; NULL: none */
    char sha256[65]; /* of the file it was read from, or "" */
    char notice[PST_IMAGE_NOTICE]; /* what was lost in reading it, or "" */
};

#define PST_IMAGE_MAX_SIDE 65535
#define PST_IMAGE_MAX_PIXELS ((int64_t)1 << 28)
#define PST_IMAGE_MAX_FILE_BYTES ((size_t)1 << 30)

/* rgb is copied and must be finite; NULL gives black. Opaque. */
pst_status pst_img_create(pst_error *error, int width, int height, const float *rgb, pst_image **image);

/* Gives an image an opacity: `alpha` is copied, finite, and clamped to 0..1. NULL takes it away. */
pst_status pst_img_set_alpha(pst_error *error, pst_image *image, const float *alpha);

/* `name` is copied; NULL takes it away. */
pst_status pst_img_set_name(pst_error *error, pst_image *image, const char *name);

/* Puts the name of the image before the text that is there, if it has one. Returns error->status. */
pst_status pst_img_fail_in(pst_error *error, const pst_image *image);

/* Gives an image the opacity of another one, resized if need be. */
pst_status pst_img_take_alpha(pst_error *error, pst_image *image, const pst_image *from);

/* Reads what pst_image_read of pastiche.h tells of; checks the size before the pixels are decoded. */
pst_status pst_img_read(pst_error *error, const char *path, pst_image **image);

/* The same from a file's bytes; `name` becomes the image's. */
pst_status pst_img_decode(pst_error *error, const uint8_t *file, size_t bytes, const char *name, pst_image **image);

/* Writes a file atomically, as the options say; NULL: 8 bits, the format by the ending of the name. */
pst_status pst_img_write(pst_error *error, const pst_image *image, const char *path, const pst_write_options *options);

/* Checks that pst_img_write can do that; with path NULL that pst_img_encode can. Leaves no trace. */
pst_status pst_img_write_check(pst_error *error, const char *path, const pst_write_options *options);

/* A file's bytes; free with pst_free. The format must be given, or it is PNG. */
pst_status pst_img_encode(pst_error *error, const pst_image *image, const pst_write_options *options, uint8_t **file,
                          size_t *bytes);

/* The text that pst_write_options.metadata put into a file, or NULL; free with pst_free. */
pst_status pst_img_metadata(pst_error *error, const char *path, char **text);

/* Resamples with a Catmull-Rom filter, widened when shrinking so that nothing aliases; clamped to 0..255. Colors count
 * by their opacity, so that what is transparent does not bleed into what is not. */
pst_status pst_img_resize(pst_error *error, const pst_image *image, int width, int height, pst_image **resized);

/* The size with the given longer side and the same aspect, the shorter side rounded down as neural-style does, at
 * least 1. */
void pst_img_fit(int width, int height, int longer_side, int *fit_width, int *fit_height);

/* Replaces the color of `image` by that of `colors` (same size), keeping image's lightness. YUV: BT.601's Y of image
 * with U and V of colors, clamped to 0..255. OKLAB: OkLab's L of image with a and b of colors; where that is no color
 * of sRGB, a and b are made smaller in proportion until it is one, which keeps lightness and hue. */
void pst_img_keep_colors(pst_image *image, const pst_image *colors, pst_color_space space);

/* Changes each color to what becomes of it by way of the profile in a file (ICC, of a press or printer) and back. */
pst_status pst_img_proof(pst_error *error, pst_image *image, const char *profile, pst_intent intent);

#endif
