#include "net/layers.h"

#include <stdio.h>
#include <string.h>

#include "op/conv.h"

pst_layers pst_layers_of(const pst_weights *model) {
    pst_layers layers = {.count = model->convolution_count};
    for (size_t i = 0; i < layers.count; i++) {
        const pst_weights_convolution *convolution = &model->convolutions[i];
        pst_layer *layer = &layers.at[i];
        snprintf(layer->name, sizeof layer->name, "relu%d_%d", convolution->block, convolution->unit);
        layer->true_c_in = convolution->c_in;
        layer->true_c_out = convolution->c_out;
        layer->c_in = i ? (int)pst_round_up((size_t)convolution->c_in, PST_CHANNELS) : PST_IMAGE_CHANNELS;
        layer->c_out = (int)pst_round_up((size_t)convolution->c_out, PST_CHANNELS);
        layer->pooled = i + 1 < layers.count && model->convolutions[i + 1].block != convolution->block;
    }
    return layers;
}

int pst_layers_find(const pst_layers *layers, const char *name) {
    for (size_t i = 0; i < layers->count; i++)
        if (strcmp(layers->at[i].name, name) == 0)
            return (int)i;
    return -1;
}

int pst_pooled_side(bool ceil, int side) { return (side + (ceil ? 1 : 0)) / 2; }

bool pst_layer_size(const pst_layers *layers, size_t layer, int h, int w, int *layer_h, int *layer_w) {
    return pst_layer_size_from(layers, 0, layer, h, w, layer_h, layer_w);
}

bool pst_layer_size_from(const pst_layers *layers, size_t first, size_t layer, int h, int w, int *layer_h,
                         int *layer_w) {
    for (size_t i = first; i < layer; i++)
        if (layers->at[i].pooled) {
            h = pst_pooled_side(layers->ceil, h);
            w = pst_pooled_side(layers->ceil, w);
        }
    *layer_h = h;
    *layer_w = w;
    return h > 0 && w > 0;
}
