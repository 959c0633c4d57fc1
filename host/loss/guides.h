/* Guides: how much the units of a layer's map count for a region of the image. The features of a unit are multiplied
 * by its guide before the Gram matrix, which is then that of the region alone (Gatys et al., "Controlling Perceptual
 * Factors in Neural Style Transfer", 2017). The square of a guide is in proportion to the region's share of the unit,
 * so that shares that add up to 1 make statistics that add up to the whole's; its mean over the map is 1. */
#ifndef PST_LOSS_GUIDES_H
#define PST_LOSS_GUIDES_H

#include "net/layers.h"

#define PST_REGIONS_MAX 16

/* Of one image at one size. at[r][l]: [h][w] of layer l's map, or NULL where no unit belongs to the region. */
typedef struct pst_guides {
    size_t count; /* regions */
    float *at[PST_REGIONS_MAX][PST_LAYERS_MAX];
    double area[PST_REGIONS_MAX][PST_LAYERS_MAX];  /* the region's share of the map: its part in the loss */
    double blend[PST_REGIONS_MAX][PST_LAYERS_MAX]; /* of a style's: its part in the target */
} pst_guides;

/* Adds one region to the guides, for the wanted layers of an image of h by w. share: [h][w], how much of each pixel is
 * of the region. weight: [h][w], what each pixel counts, such as its opacity, or NULL for 1. Which units belong to a
 * region: SIMPLE: the share is averaged down to the size of the map; ALL: the largest share that a unit sees, whatever
 * else it sees; INSIDE: the smallest share that it sees, so that there is none of what sees anything else. */
pst_status pst_guides_add(pst_error *error, const pst_layers *layers, const bool wanted[PST_LAYERS_MAX],
                          pst_guide_mode mode, const float *share, const float *weight, int h, int w,
                          pst_guides *guides);

/* Fills `blend` of each style's guides from the weights of the styles: those that have a region in a layer share it, so
 * that their parts add up to 1. A weight of 0 counts as not having it. */
void pst_guides_share(pst_guides *const *styles, const double *weights, size_t count);

/* Frees what it holds, and empties it. */
void pst_guides_clear(pst_guides *guides);

#endif
