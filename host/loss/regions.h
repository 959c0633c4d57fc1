/* The regions of a job: what its masks say, and what each pixel of its images counts, as guides for any size. */
#ifndef PST_LOSS_REGIONS_H
#define PST_LOSS_REGIONS_H

#include "base/digest.h"
#include "image/extent.h"
#include "image/mask.h"
#include "loss/guides.h"

typedef struct pst_regions {
    size_t count; /* of those that a style has; 0: no masks and no weights, all images are taken whole */
    size_t style_count;
    pst_guide_mode mode;
    pst_mask *content, **styles;       /* NULL: no mask. styles: [style_count] */
    size_t color_of[PST_REGIONS_MAX];  /* the color of each region in `content` */
    int *region_of;                    /* [style_count][PST_MASK_COLORS_MAX]: of a style mask's colors, or -1 */
    pst_region about[PST_REGIONS_MAX]; /* every color of the content's mask, for people */
    double *areas;                     /* [PST_REGIONS_MAX][style_count], what `about` points to */
    struct {
        float *at;
        int w, h;
    } * weights; /* of the content, then of each style; NULL: all count 1 */
} pst_regions;

/* Reads the masks of the options, which may have none, and finds which colors go together. PST_ERROR_ARGUMENT for
 * masks that are missing, no masks at all, or of other proportions than their images, and where no style has any of
 * the regions. */
pst_status pst_regions_create(pst_error *error, const pst_transfer_options *options, pst_regions **regions);
void pst_regions_destroy(pst_regions *regions);

/* What each pixel of an image counts, [h][w] from 0 to 1, such as its opacity; copied. which: 0 the content, 1 the
 * first style and so on. Without masks the images become one region. */
pst_status pst_regions_weigh(pst_error *error, pst_regions *regions, size_t which, const float *weight, int w, int h);

/* The guides of an image (`which` as above) at a size, continued as the extent says, for the wanted layers; guides must
 * be empty. */
pst_status pst_regions_guides(pst_error *error, const pst_regions *regions, size_t which, const pst_layers *layers,
                              const bool wanted[PST_LAYERS_MAX], const pst_extent *extent, pst_guides *guides);

/* kept [h][w]: how much of each pixel of the content is in no region that a style has. */
pst_status pst_regions_kept(pst_error *error, const pst_regions *regions, int w, int h, float *kept);
/* Adds all that the guides depend on; nothing without regions. */
void pst_regions_digest(const pst_regions *regions, pst_digest *digest);

bool pst_regions_keep_any(const pst_regions *regions);

#endif
