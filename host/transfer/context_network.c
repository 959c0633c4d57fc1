/* The public header's networks. */
#include <string.h>

#include "base/memory.h"
#include "model/catalogue.h"
#include "model/weights_digest.h"
#include "model/weights_read.h"
#include "model/weights_write.h"
#include "transfer/context.h"

pst_status pst_network_load(pst_context *context, const char *path, pst_convention convention, pst_network **result) {
    *result = NULL;
    pst_network *network;
    pst_status status = pst_allocate(&context->error, 1, sizeof *network, &network);
    if (status != PST_OK)
        return status;
    network->context = context;
    char *found = NULL;
    PST_TRY(pst_weights_find(&context->error, path, &found));
    PST_TRY(pst_weights_read(&context->error, found, convention, &network->model));
    for (size_t i = 0; i < network->model->convolution_count; i++) {
        const pst_weights_convolution *c = &network->model->convolutions[i];
        network->layers[i] = (pst_network_layer){c->name, c->c_in, c->c_out};
    }
    *result = network;
    network = NULL;
cleanup:
    pst_free(found);
    pst_free(network);
    return status;
}

const char *pst_network_path(const pst_network *network) { return network->model->path; }

void pst_network_describe(const pst_network *network, pst_network_info *info) {
    const pst_weights *model = network->model;
    pst_network_info full = {
        .size = info->size,
        .format = model->format,
        .convention = model->convention,
        .reason = model->reason,
        .assumed = model->assumed,
        .notice = model->notice,
        .layers = network->layers,
        .layer_count = model->convolution_count,
        .scaled = model->scaled,
    };
    for (size_t i = 0; i < model->convolution_count; i++)
        full.parameters += (uint64_t)network->layers[i].c_out * (9 * (uint64_t)network->layers[i].c_in + 1);
    memcpy(info, &full, info->size < sizeof full ? info->size : sizeof full);
}

pst_status pst_network_sha256(pst_network *network, const char **sha256) {
    return pst_weights_file_digest(&network->context->error, network->model, sha256);
}

pst_status pst_network_file_sha256(pst_context *context, const char *path, char sha256[65]) {
    return pst_weights_path_digest(&context->error, path, sha256);
}

pst_status pst_network_save(pst_network *network, const char *path, bool half) {
    pst_status status = pst_weights_recall(&network->context->error, network->model);
    return status == PST_OK ? pst_weights_write(&network->context->error, network->model, path, half) : status;
}

void pst_network_destroy(pst_network *network) {
    if (!network)
        return;
    pst_weights_destroy(network->model);
    pst_free(network);
}
