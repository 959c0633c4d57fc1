#include "forced.h"

pst_status force_algorithm(pst_error *error, const pst_device_network *net, int h, int w, const char *algorithm,
                           pst_conv_choices *choices) {
    pst_status status = PST_OK;
    for (size_t l = 0; l < net->layers.count; l++)
        for (int i = 0; i < 6 && status == PST_OK; i++) {
            int layer_h, layer_w;
            if (!pst_layer_size(&net->layers, l, h, w, &layer_h, &layer_w))
                break;
            pst_conv_shape shape = pst_device_network_shape(net, l, i % 2, layer_h, layer_w, (pst_pool)(i / 2));
            status = pst_conv_choices_set(error, choices, &shape, algorithm);
        }
    return status;
}
