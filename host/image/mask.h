/* Masks: images in which a color names a region. Every large flat color is a region; what lies between two of them,
 * along a soft or smoothed edge, belongs to both in shares. */
#ifndef PST_IMAGE_MASK_H
#define PST_IMAGE_MASK_H

#include <stdint.h>

#include "image/image.h"

#define PST_MASK_COLORS_MAX 16

typedef struct pst_mask {
    int width, height;
    size_t count; /* colors, 1 or more; the largest area first */
    uint8_t colors[PST_MASK_COLORS_MAX][3];
    double areas[PST_MASK_COLORS_MAX]; /* shares of the whole, which add up to 1 */
    uint8_t *first, *second, *part;    /* a pixel is 1 - part/255 of color `first` and part/255 of `second` */
} pst_mask;

/* Finds the colors and shares of a mask: colors that differ by fewer than 40 levels are one, so that the noise of
 * JPEG makes no regions; a color between two others is one only if it is flat and not a passage from one to the other;
 * and a pixel at an edge is shared by colors that are flat close by. PST_ERROR_ARGUMENT for more than
 * PST_MASK_COLORS_MAX colors. */
pst_status pst_mask_create(pst_error *error, const pst_image *image, pst_mask **mask);
void pst_mask_destroy(pst_mask *mask);

/* The color of a mask that is meant by this one: the nearest, if it is near enough to be the same in another file; or
 * -1. */
int pst_mask_find(const pst_mask *mask, const uint8_t color[3]);

/* plane [height][width] += the share of one of its colors in each pixel of an image of that size: averaged over areas
 * when shrinking, linear when enlarging; the edges of the images meet. */
pst_status pst_mask_add_plane(pst_error *error, const pst_mask *mask, size_t color, int width, int height,
                              float *plane);

#endif
