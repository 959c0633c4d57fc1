/* Forward and backward through the layers for an image of one size: the plan of its maps and the two walks. */
#ifndef PST_NET_PASS_H
#define PST_NET_PASS_H

#include "net/device_network.h"

typedef struct pst_pass pst_pass;

typedef struct pst_pass_options {
    int h, w;                    /* of the image */
    pst_pool pooling;            /* between blocks */
    bool replicate;              /* the image's border is replicated for the first layer, instead of zeros around it */
    bool wanted[PST_LAYERS_MAX]; /* layers whose features are looked at; the walk ends with the last of them */
    bool in_place[PST_LAYERS_MAX]; /* wanted layers whose gradient may be written over their features */
    bool backward;                 /* will pst_pass_backward be called? Features are kept for it */
    size_t extra_workspace_bytes;  /* the workspace is at least this large, for whoever looks at the features */
} pst_pass_options;

/* Plans; allocates nothing on the device. PST_ERROR_ARGUMENT if the image is too small for the layers. */
pst_status pst_pass_create(pst_device_network *net, const pst_pass_options *options, pst_pass **pass);
void pst_pass_destroy(pst_pass *pass);

/* What pst_pass_allocate will take: the maps, the workspace, and the weights and biases of the layers walked. */
typedef struct pst_pass_bytes {
    size_t maps, workspace, weights, largest;
} pst_pass_bytes;
pst_pass_bytes pst_pass_measure(const pst_pass *pass);

pst_status pst_pass_allocate(pst_pass *pass);

/* A layer of this pass: its map's pixels, and its channels stored and true. */
typedef struct pst_pass_layer {
    size_t pixels;
    int c, true_c;
} pst_pass_layer;
pst_pass_layer pst_pass_layer_of(const pst_pass *pass, size_t layer);

/* How many layers are walked, and the product that one of them is in either direction. */
size_t pst_pass_layer_count(const pst_pass *pass);
pst_conv_shape pst_pass_shape(const pst_pass *pass, size_t layer, bool backward);

/* Scratch memory that is free while a callback runs; NULL if nobody wants any. */
pst_buffer *pst_pass_workspace(const pst_pass *pass);

/* Called for each wanted layer when its features [pixels][c] are there. */
typedef pst_status (*pst_feature_callback)(void *user, size_t layer, const pst_buffer *features);
/* Called for each wanted layer on the way back: d [pixels][c] = the gradient of its losses with respect to its
 * features; d is overwritten, and is the features' own buffer for an in_place layer. */
typedef pst_status (*pst_gradient_callback)(void *user, size_t layer, const pst_buffer *features, pst_buffer *d);

/* x: [h][w][3]; unchanged until pst_pass_backward has been called, if it will be. */
pst_status pst_pass_forward(pst_pass *pass, const pst_buffer *x, pst_feature_callback callback, void *user);
/* dx: [h][w][3], overwritten. Once for each forward. */
pst_status pst_pass_backward(pst_pass *pass, pst_buffer *dx, pst_gradient_callback callback, void *user);

#endif
