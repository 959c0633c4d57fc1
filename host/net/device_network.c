#include "net/device_network.h"

#include "base/memory.h"
#include "model/weights_read.h"
#include "op/choices.h"
#include "op/matrix_units.h"
#include "op/refused.h"

pst_status pst_device_network_create(const pst_conv_engine *engine, pst_weights *model, pst_device_network **result) {
    *result = NULL;
    pst_device_network *net;
    pst_status status = pst_matrix_units_find_if_chosen(engine->session, engine->choices);
    if (status == PST_OK)
        status = pst_allocate(engine->session->error, 1, sizeof *net, &net);
    if (status != PST_OK)
        return status;
    net->engine = *engine;
    net->model = model;
    net->layers = pst_layers_of(model);
    *result = net;
    return PST_OK;
}

/* The buffer may serve the other direction as well. */
static void drop_weights(pst_device_network *net, size_t layer, int direction) {
    if (net->prepared[layer][direction].weights != net->prepared[layer][!direction].weights)
        pst_buffer_destroy(net->engine.session, net->prepared[layer][direction].weights);
    net->prepared[layer][direction].weights = NULL;
}

void pst_device_network_clear(pst_device_network *net) {
    pst_buffer_destroy(net->engine.session, net->border);
    net->border = NULL;
    for (size_t i = 0; i < PST_LAYERS_MAX; i++) {
        drop_weights(net, i, 0);
        drop_weights(net, i, 1);
        pst_buffer_destroy(net->engine.session, net->bias[i]);
        net->bias[i] = NULL;
    }
}

void pst_device_network_destroy(pst_device_network *net) {
    if (!net)
        return;
    pst_device_network_clear(net);
    pst_free(net);
}

void pst_device_network_keep(pst_device_network *net, size_t bytes) { net->engine.keep_limit = bytes; }

/* Filters of both directions with the points of the largest tile that is usual for the device, whatever the algorithm:
 * which layers are kept depends on the device and the network alone. */
static bool is_kept(const pst_device_network *net, size_t layer) {
    const size_t points = net->engine.session->device.vector_width < 16 ? 64 : 36;
    size_t bytes = 0, own = 0;
    for (size_t l = 1; l <= layer; l++) {
        own = points * sizeof(float) * (size_t)(net->layers.at[l].c_in + 1) * (size_t)net->layers.at[l].c_out;
        bytes += 2 * points * sizeof(float) * (size_t)net->layers.at[l].c_in * (size_t)net->layers.at[l].c_out;
    }
    return layer > 0 && bytes <= net->engine.keep_limit && own <= net->engine.session->device.info.max_allocation_bytes;
}

pst_conv_shape pst_device_network_shape(const pst_device_network *net, size_t layer, bool backward, int h, int w,
                                        pst_pool pool) {
    const pst_layer *l = &net->layers.at[layer];
    return (pst_conv_shape){.h = h,
                            .w = w,
                            .c_in = backward ? l->c_out : l->c_in,
                            .c_out = backward ? l->c_in : l->c_out,
                            .backward = backward,
                            .pool = pool,
                            .kept = is_kept(net, layer)};
}

const pst_conv_algorithm *pst_device_network_algorithm(const pst_device_network *net, const pst_conv_shape *shape) {
    return pst_conv_choose(&net->engine, shape);
}

pst_status pst_device_network_weights(pst_device_network *net, size_t layer, const pst_conv_shape *shape,
                                      const pst_conv_algorithm *algorithm, const pst_buffer **weights) {
    int direction = shape->backward;
    pst_session *session = net->engine.session;
    pst_status status = PST_OK;
    pst_buffer *made = NULL;
    if (net->prepared[layer][direction].weights &&
        (net->prepared[layer][direction].kept != shape->kept ||
         (net->prepared[layer][direction].algorithm != algorithm &&
          !pst_conv_shares(net->prepared[layer][direction].algorithm, algorithm, shape)))) {
        PST_TRY(pst_session_finish(session));
        drop_weights(net, layer, direction);
    }
    if (!net->prepared[layer][direction].weights) {
        pst_buffer *others = net->prepared[layer][!direction].weights;
        if (others && net->prepared[layer][!direction].kept == shape->kept &&
            pst_conv_shares(net->prepared[layer][!direction].algorithm, algorithm, shape)) {
            net->prepared[layer][direction].weights = others;
        } else {
            const pst_weights_convolution *convolution = &net->model->convolutions[layer];
            PST_TRY(pst_weights_recall(session->error, net->model));
            PST_TRY(pst_buffer_create(session, pst_conv_weight_bytes(&net->engine, algorithm, shape), convolution->name,
                                      &made));
            PST_TRY(pst_conv_prepare(&net->engine, algorithm, shape, convolution->weight, convolution->c_out,
                                     convolution->c_in, made));
            net->prepared[layer][direction].weights = made;
            made = NULL;
        }
    }
    net->prepared[layer][direction].algorithm = algorithm;
    net->prepared[layer][direction].kept = shape->kept;
cleanup:
    pst_buffer_destroy(session, made);
    *weights = status == PST_OK ? net->prepared[layer][direction].weights : NULL;
    return status;
}

pst_status pst_device_network_bias(pst_device_network *net, size_t layer, const pst_buffer **bias) {
    pst_status status = PST_OK;
    pst_session *session = net->engine.session;
    pst_buffer *made = NULL;
    if (!net->bias[layer]) {
        const pst_layer *l = &net->layers.at[layer];
        PST_TRY(pst_weights_recall(session->error, net->model));
        PST_TRY(pst_buffer_create(session, sizeof(float) * (size_t)l->c_out, "bias", &made));
        PST_TRY(pst_buffer_write(session, made, 0, net->model->convolutions[layer].bias,
                                 sizeof(float) * (size_t)l->true_c_out));
        net->bias[layer] = made;
        made = NULL;
    }
cleanup:
    pst_buffer_destroy(session, made);
    *bias = net->bias[layer];
    return status;
}

size_t pst_device_network_border_bytes(const pst_device_network *net) {
    return sizeof(float) * 9 * PST_IMAGE_CHANNELS * (size_t)net->layers.at[0].c_out;
}

pst_status pst_device_network_border(pst_device_network *net, const pst_buffer **weights) {
    const pst_weights_convolution *convolution = &net->model->convolutions[0];
    pst_session *session = net->engine.session;
    size_t bytes = pst_device_network_border_bytes(net);
    pst_conv_shape shape = pst_device_network_shape(net, 0, false, 1, 1, PST_POOL_NONE);
    float *matrix = NULL;
    pst_buffer *made = NULL;
    pst_status status = PST_OK;
    if (!net->border) {
        PST_TRY(pst_weights_recall(session->error, net->model));
        PST_TRY(pst_allocate(session->error, bytes, 1, &matrix));
        pst_conv_weight_matrix(&shape, convolution->weight, convolution->c_out, convolution->c_in, matrix);
        PST_TRY(pst_buffer_create(session, bytes, "weights of the border", &made));
        PST_TRY(pst_buffer_write(session, made, 0, matrix, bytes));
        net->border = made;
        made = NULL;
    }
cleanup:
    pst_buffer_destroy(session, made);
    pst_free(matrix);
    *weights = net->border;
    return status;
}
