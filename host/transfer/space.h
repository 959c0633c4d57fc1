/* The images that a stage works with, wherever they lie: a pst_vector of a space is an image [h][w][3] in network
 * units, or a change of one. Optimizers see `vectors` alone; everything else goes by the rest. */
#ifndef PST_TRANSFER_SPACE_H
#define PST_TRANSFER_SPACE_H

#include "image/extent.h"
#include "optim/optimizer.h"

typedef struct pst_space pst_space;

/* What a space can do besides arithmetic; device_space.h has one. Rows are first .. first + count - 1, [count][w][3].
 */
typedef struct pst_space_methods {
    /* The vector's rows, as they are. Both wait. */
    pst_status (*read)(pst_space *space, const pst_vector *v, int first, int count, float *rows);
    pst_status (*write)(pst_space *space, pst_vector *v, int first, int count, const float *rows);
    /* x, where RGB of 0..255 was written, becomes network units; and rgb = x the other way. */
    pst_status (*import)(pst_space *space, pst_vector *x);
    pst_status (*export)(pst_space *space, const pst_vector *x, pst_vector *rgb);
    /* Replaces each pixel's three changes by their mean, so that what is gray stays gray. */
    pst_status (*gray)(pst_space *space, pst_vector *d);
} pst_space_methods;

struct pst_space {
    pst_vector_space vectors;
    const pst_space_methods *methods;
    int w, h;
};

/* The rows of a band: samples between host and space go in pieces of a few MiB, whole where they are no more. */
int pst_space_band(const pst_space *space);

/* `samples` [image_h][image_w][3] of an extent of the space's size, continued, into v; and the image in v back. */
pst_status pst_space_put(pst_space *space, const pst_extent *extent, const float *samples, pst_vector *v);
pst_status pst_space_take(pst_space *space, const pst_extent *extent, const pst_vector *v, float *samples);

/* A new vector: an image of 0..255, continued, in network units. */
pst_status pst_space_import(pst_space *space, const pst_extent *extent, const float *rgb, pst_vector **x);

#endif
