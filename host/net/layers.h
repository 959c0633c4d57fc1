/* The layer table of a network: what follows what, with which channels. Layers are convolutions with their ReLU, named
 * by it ("relu3_1"); a 2x2 pooling stands between blocks. */
#ifndef PST_NET_LAYERS_H
#define PST_NET_LAYERS_H

#include "model/weights.h"

#define PST_LAYERS_MAX PST_WEIGHTS_MAX_CONVOLUTIONS

typedef struct pst_layer {
    char name[16];
    int c_in, c_out;           /* as stored: padded to a multiple of PST_CHANNELS, but for the image's 3 */
    int true_c_in, true_c_out; /* as in the network */
    bool pooled;               /* a pooling follows */
} pst_layer;

typedef struct pst_layers {
    pst_layer at[PST_LAYERS_MAX];
    size_t count;
    bool ceil; /* an odd last row or column has windows of its own, of the elements there are; else it has none */
} pst_layers;

pst_layers pst_layers_of(const pst_weights *model);

/* A side behind a pooling. */
int pst_pooled_side(bool ceil, int side);

/* The index of a layer, or -1. */
int pst_layers_find(const pst_layers *layers, const char *name);

/* The size of a layer's map for an image of h by w; false if nothing is left of it. */
bool pst_layer_size(const pst_layers *layers, size_t layer, int h, int w, int *layer_h, int *layer_w);
/* The same where h by w is the input of layer `first`. layer may be the count, for what the last pooling leaves. */
bool pst_layer_size_from(const pst_layers *layers, size_t first, size_t layer, int h, int w, int *layer_h,
                         int *layer_w);

#endif
