/* Styles without their images: what pst_style_create in the public header makes of them. */
#ifndef PST_TRANSFER_STORED_STYLE_H
#define PST_TRANSFER_STORED_STYLE_H

#include "loss/objective.h"
#include "transfer/context.h"
#include "transfer/scales.h"

#define PST_STYLE_TEXT 1024 /* bytes, with the final zero, of what it was made of */
#define PST_STYLE_NAME 128  /* ... and of its network's name */

struct pst_style {
    unsigned holders;
    char *path;              /* of its file, for messages; NULL: it was not loaded */
    char digest[65];         /* SHA-256 of all that its file has before its end */
    char network_digest[65]; /* of pst_weights_digest, up to its last layer */
    char network[PST_STYLE_NAME], about[PST_STYLE_TEXT];
    pst_pooling pooling;
    bool replicate_border, pixels_256, ceil, gray;
    size_t layer_count, size_count;
    char layers[PST_LAYERS_MAX][16];
    int channels[PST_LAYERS_MAX];
    int sizes[PST_SCALES_MAX]; /* longer sides, the largest first */
    float *numbers; /* for each size and layer the mean [c], then the second moments' rows from the diagonal on */
    const char *layer_names[PST_LAYERS_MAX]; /* for pst_style_describe */
};

/* Floats of a layer: means and half of the second moments. */
size_t pst_style_floats(int channels);

/* Allocates numbers for what the other fields say, zeros. */
pst_status pst_style_allocate(pst_error *error, pst_style *style);
float *pst_style_numbers(const pst_style *style, size_t size, size_t layer);

/* The file as bytes, to be freed with pst_free; fills style->digest. */
pst_status pst_style_write(pst_error *error, pst_style *style, uint8_t **data, size_t *bytes);
uint64_t pst_style_bytes(const pst_style *style);

/* Shared by those who keep it; each ends it with pst_style_destroy. */
pst_style *pst_style_hold(const pst_style *style);

/* PST_ERROR_ARGUMENT where a run with these options and terms has not the features that the style was made of. */
pst_status pst_style_check(pst_error *error, const pst_style *style, pst_network *network,
                           const pst_transfer_options *options, const pst_objective_options *objective);

/* The stored size for images with this longer side: the nearest by ratio, of two the larger. */
size_t pst_style_nearest(const pst_style *style, double longer_side);

/* What the objective wants of one stored size; layers that are not stored have none. */
void pst_style_statistics(const pst_style *style, size_t size, const pst_layers *layers,
                          pst_feature_statistics statistics[PST_LAYERS_MAX]);

#endif
