/* Coarse to fine: the sizes that a job goes through, by the square root of two, and the evaluations that each gets.
 * Every one begins with the result of the last, enlarged: what is broad is found where an evaluation costs little, and
 * what is left for the full size is fine detail (Gatys et al., "Controlling perceptual factors in neural style
 * transfer", 2017; the ratio is style-transfer-pytorch's). Where the descent began with the content or another image,
 * that image's finest octave comes with it: the change is enlarged and added to the image in the new size. With Adam
 * the result itself is enlarged, as its moments are, which is style-transfer-pytorch's way.
 *
 * Weights mean the same at every size: content and style losses are means over the features, and the sum of squared
 * differences of neighbors (tv) is the same for an image that is smoothly enlarged, its squares shrinking as their
 * number grows. */
#ifndef PST_TRANSFER_SCALES_H
#define PST_TRANSFER_SCALES_H

#include "image/image.h"
#include "spread/partition.h"

#define PST_SCALES_MAX 32

typedef struct pst_scale {
    int image_size; /* longer side */
    int w, h;
    int iterations;      /* at most; 1 or more */
    pst_tile_size tile;  /* 0: it runs whole */
    double work;         /* of an evaluation, as a multiple of that without tiles */
    uint64_t keep_bytes; /* as in spread/tiled.h */
} pst_scale;

/* The longer side of scale k of `count`, of which the last one is image_size; at least 1. */
int pst_scale_size(int image_size, size_t count, size_t k);

/* How many scales down to min_size have at least some ten of the iterations each; 1 or more. */
size_t pst_scale_count(int image_size, int min_size, int iterations);

/* Fills `iterations` of the scales: the same for each, `total` in all, so that half the work or less is that of the
 * full size. total >= count. */
void pst_scales_share(pst_scale *scales, size_t count, int total);

/* The least longer side at which the network's poolings leave something of an image of this shape for a layer; 0 if no
 * image may be so large. */
int pst_scale_least(const pst_layers *layers, size_t layer, const pst_image *image);

#endif
