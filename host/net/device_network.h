/* A network on a device: its layer table and its weights in the form that the convolution algorithms want. */
#ifndef PST_NET_DEVICE_NETWORK_H
#define PST_NET_DEVICE_NETWORK_H

#include "net/layers.h"
#include "op/conv.h"

/* A plain struct; the fields are for reading. */
typedef struct pst_device_network {
    pst_conv_engine engine;
    pst_weights *model;
    pst_layers layers;
    struct {
        const pst_conv_algorithm *algorithm;
        pst_buffer *weights;
        bool kept;
    } prepared[PST_LAYERS_MAX][2]; /* forward, backward; both may have the same weights */
    pst_buffer *bias[PST_LAYERS_MAX];
    pst_buffer *border; /* the first layer's weights for op/border.h, once they are wanted */
} pst_device_network;

/* Keeps engine's pointers and the model, whose weights it recalls when it needs them. Puts nothing on the device. */
pst_status pst_device_network_create(const pst_conv_engine *engine, pst_weights *model, pst_device_network **net);
void pst_device_network_destroy(pst_device_network *net);

/* Takes its weights off the device; no pass has them any more. Those that are wanted again are prepared anew. */
void pst_device_network_clear(pst_device_network *net);

/* Changes the engine's keep_limit; for passes that are created afterwards. */
void pst_device_network_keep(pst_device_network *net, size_t bytes);

/* The product that a layer is, in either direction, for an image whose map at this layer is h by w. Of as many layers
 * from the first on as the engine's keep_limit has room for, it is one that is kept. */
pst_conv_shape pst_device_network_shape(const pst_device_network *net, size_t layer, bool backward, int h, int w,
                                        pst_pool pool);

/* The algorithm for a product: what the engine's choices say, or the default. */
const pst_conv_algorithm *pst_device_network_algorithm(const pst_device_network *net, const pst_conv_shape *shape);

/* Weights for a layer in a direction, prepared on first use and kept. */
pst_status pst_device_network_weights(pst_device_network *net, size_t layer, const pst_conv_shape *shape,
                                      const pst_conv_algorithm *algorithm, const pst_buffer **weights);
pst_status pst_device_network_bias(pst_device_network *net, size_t layer, const pst_buffer **bias);

/* The first layer's weights for op/border.h, and their bytes. */
pst_status pst_device_network_border(pst_device_network *net, const pst_buffer **weights);
size_t pst_device_network_border_bytes(const pst_device_network *net);

#endif
