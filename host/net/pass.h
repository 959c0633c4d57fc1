/* Forward and backward through the layers for an image of one size: the plan of its maps and the two walks. A pass may
 * also be over a segment of the network, from a layer's input to another's map, and over a window of that input. */
#ifndef PST_NET_PASS_H
#define PST_NET_PASS_H

#include "net/device_network.h"

typedef struct pst_pass pst_pass;

typedef struct pst_pass_options {
    size_t first;           /* layer; more than 0: `x` below is its input, and dx the gradient with respect to that */
    size_t end;             /* the layer behind the last one walked; 0: behind the last one wanted */
    bool hands_on;          /* pst_pass_output is wanted: the last layer's map, or its pooling where it is pooled */
    int h, w;               /* of the image, or of that input */
    int chosen_h, chosen_w; /* the size by which algorithms are chosen, the same for all windows; 0: h and w */
    pst_pool pooling;       /* between blocks */
    bool replicate;         /* the image's border is replicated for the first layer, instead of zeros around it */
    bool wanted[PST_LAYERS_MAX];   /* layers whose features are looked at; the walk ends with the last of them */
    bool in_place[PST_LAYERS_MAX]; /* wanted layers whose gradient may be written over their features */
    bool backward;                 /* will pst_pass_backward be called? Features are kept for it */
    size_t extra_workspace_bytes;  /* the workspace is at least this large, for whoever looks at the features */
} pst_pass_options;

/* Plans; allocates nothing on the device. PST_ERROR_ARGUMENT if the image is too small for the layers. */
pst_status pst_pass_create(pst_device_network *net, const pst_pass_options *options, pst_pass **pass);
void pst_pass_destroy(pst_pass *pass);

/* What pst_pass_allocate will take: the maps, the workspace, and the weights and biases of the layers walked; the
 * largest buffer of weights, and of all. */
typedef struct pst_pass_bytes {
    size_t maps, workspace, weights, weight_piece, largest;
} pst_pass_bytes;
pst_pass_bytes pst_pass_measure(const pst_pass *pass);

/* Memory that several passes take in turn: as much as the one that wants most. A plain struct, zero to begin with.
 * Passes that share it overwrite each other's maps. */
#define PST_PASS_SLOTS_MAX (PST_LAYERS_MAX * 6)
typedef struct pst_pass_memory {
    size_t slot_bytes[PST_PASS_SLOTS_MAX], slot_count, workspace_bytes;
    pst_buffer *slots[PST_PASS_SLOTS_MAX], *workspace;
} pst_pass_memory;

/* Grows the plan of the memory by what a pass wants; its maps, or its workspace alone. */
void pst_pass_memory_want(pst_pass_memory *memory, const pst_pass *pass, bool maps);
size_t pst_pass_memory_bytes(const pst_pass_memory *memory, size_t *largest);
pst_status pst_pass_memory_create(pst_session *session, pst_pass_memory *memory);
void pst_pass_memory_destroy(pst_session *session, pst_pass_memory *memory);

/* The pass takes what it has of this memory, which must be large enough and outlive it; NULL: none. The rest is its
 * own. */
pst_status pst_pass_allocate(pst_pass *pass, const pst_pass_memory *memory);

/* A layer of this pass: its map's pixels, and its channels stored and true. */
typedef struct pst_pass_layer {
    size_t pixels;
    int h, w;
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

/* What a pass hands on, valid after forward; and its gradient, which the caller writes between forward and backward. */
pst_buffer *pst_pass_output(const pst_pass *pass);
pst_buffer *pst_pass_output_gradient(const pst_pass *pass);

/* Do the callbacks leave the workspace as it is? Then a convolution may begin the next one in it. false at first. */
void pst_pass_spare_workspace(pst_pass *pass, bool spared);

/* x: [h][w][3]; unchanged until pst_pass_backward has been called, if it will be. callback NULL: nobody looks. */
pst_status pst_pass_forward(pst_pass *pass, const pst_buffer *x, pst_feature_callback callback, void *user);
/* dx: [h][w][3], overwritten. Once for each forward. */
pst_status pst_pass_backward(pst_pass *pass, pst_buffer *dx, pst_gradient_callback callback, void *user);

#endif
