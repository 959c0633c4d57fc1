/* A style term over the regions of an image: one pst_style_term each, of the features times the region's guide, whose
 * losses add up by the regions' shares of the map. So style has the same weight against content everywhere, whatever
 * the regions are; with regions that have the same style and cover all it is much as without them. Without regions it
 * is one plain term and costs nothing more. */
#ifndef PST_LOSS_STYLE_REGIONS_H
#define PST_LOSS_STYLE_REGIONS_H

#include "loss/guides.h"
#include "loss/style_term.h"

/* A plain struct; set by pst_style_regions_open. */
typedef struct pst_style_regions {
    size_t count;  /* regions; 0: no guides, and terms[0] is for the whole map */
    size_t pixels; /* of the image's map */
    pst_style_term terms[PST_REGIONS_MAX];
    pst_buffer *guides[PST_REGIONS_MAX]; /* of the image, or of the part of a map that is at hand */
    double areas[PST_REGIONS_MAX];       /* shares of the map; 0: no unit is of the region */
    bool has_target[PST_REGIONS_MAX];    /* is there a style for it? */
} pst_style_regions;

/* Bytes on the device, as in loss/style_term.h, where the image's map, or the largest part of one, has so many pixels.
 */
size_t pst_style_regions_bytes(pst_loss_form form, int c, size_t pixels, size_t count, size_t *largest);
size_t pst_style_regions_workspace_bytes(const pst_conv_engine *engine, pst_loss_form form, size_t pixels, int c,
                                         size_t count);

pst_status pst_style_regions_open(const pst_conv_engine *engine, pst_loss_form form, int c, int true_c, size_t pixels,
                                  size_t part_pixels, size_t count, const char *what, pst_style_regions *regions);
void pst_style_regions_close(pst_style_regions *regions);

/* Takes the image's guides of a layer. With regions, once before anything is compared. */
pst_status pst_style_regions_guide(pst_style_regions *regions, const pst_guides *guides, size_t layer);

/* Adds a style's features: as pst_style_term_add; guides: of the style, with their own blend, or NULL without regions.
 */
pst_status pst_style_regions_add(pst_style_regions *regions, const pst_buffer *features, size_t pixels, double blend,
                                 const pst_guides *guides, size_t layer, pst_buffer *workspace);
/* The same from its statistics; of the guides only which regions there are, and the blends. */
pst_status pst_style_regions_add_statistics(pst_style_regions *regions, const pst_feature_statistics *statistics,
                                            double blend, const pst_guides *guides, size_t layer);
pst_status pst_style_regions_end(pst_style_regions *regions);

/* As those of a term. Region r has the slot `slot` + r * slot_step. */
pst_status pst_style_regions_compare(pst_style_regions *regions, const pst_buffer *features, pst_sums *sums,
                                     size_t slot, size_t slot_step, pst_buffer *workspace);
pst_status pst_style_regions_gradient(pst_style_regions *regions, const pst_buffer *features, size_t pixels,
                                      double scale, bool accumulate, pst_buffer *d, pst_buffer *workspace);
bool pst_style_regions_compared(const pst_style_regions *regions, size_t r);

/* pst_style_terms_finish of those of `count` layers that were compared, at most PST_LAYERS_MAX; which: of some of them,
 * NULL: of all. Layer t has the slot t. */
pst_status pst_style_regions_finish(pst_style_regions *styles, const bool *which, size_t count, size_t slot_step,
                                    pst_sums *sums, pst_buffer *workspace);

/* For maps that are there in parts only, as in loss/style_term.h. First the guides of the part [h][w] of the map that
 * is at hand, of the image or a style; then region by region. */
pst_status pst_style_regions_guide_part(pst_style_regions *regions, const pst_guides *guides, size_t layer, int map_w,
                                        int y, int x, int h, int w);
pst_status pst_style_regions_part_sum(pst_style_regions *regions, size_t r, const pst_buffer *features, size_t pixels,
                                      pst_buffer *gram, pst_buffer *row, pst_buffer *workspace);
pst_status pst_style_regions_compare_sum(pst_style_regions *regions, size_t r, const pst_buffer *gram,
                                         const pst_buffer *row, pst_sums *sums, size_t slot);
pst_status pst_style_regions_add_sum(pst_style_regions *regions, size_t r, const pst_buffer *gram,
                                     const pst_buffer *row, size_t pixels, double blend);
/* What the loss factor of the form is to be multiplied with. */
double pst_style_regions_sum(const pst_style_regions *regions, const pst_sums *sums, size_t slot, size_t slot_step);

#endif
