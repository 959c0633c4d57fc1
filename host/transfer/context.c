/* The public header's contexts, devices, networks and images. */
#include "transfer/context.h"

#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/memory.h"
#include "model/catalogue.h"
#include "model/weights_write.h"

/* Copies as much of an option struct as the caller's version of the header knows. */
static void take_options(void *ours, size_t our_size, const void *theirs, size_t their_size) {
    memcpy(ours, theirs, their_size < our_size ? their_size : our_size);
}

pst_status pst_devices(pst_device_info *entries, size_t capacity, size_t *count, char *message) {
    pst_error error = {0};
    pst_device devices[PST_DEVICES_MAX];
    char text[PST_DEVICES_MESSAGE];
    pst_status status = pst_device_list(&error, devices, PST_DEVICES_MAX, count, text);
    if (status != PST_OK)
        snprintf(text, sizeof text, "%s", error.text);
    if (message)
        snprintf(message, PST_DEVICES_MESSAGE, "%s", text);
    for (size_t i = 0; i < *count && i < capacity; i++)
        entries[i] = devices[i].info;
    return status;
}

void pst_context_options_init(pst_context_options *options, size_t size) {
    memset(options, 0, size);
    options->size = size;
}

pst_status pst_context_create(const pst_context_options *options, pst_context **result) {
    *result = NULL;
    pst_context_options o;
    pst_context_options_init(&o, sizeof o);
    if (options)
        take_options(&o, sizeof o, options, options->size);
    pst_context *context;
    pst_status status = pst_allocate(NULL, 1, sizeof *context, &context);
    if (status != PST_OK)
        return status;
    *result = context; /* also on failure: it carries the message */
    if (o.device && strcmp(o.device, "none") == 0)
        return PST_OK;
    PST_TRY(pst_session_open(&context->error, o.device, o.kernel_folder, &context->session));
    PST_TRY(pst_gemm_create(context->session, &context->gemm));
    PST_TRY(o.choices_text ? pst_context_take_choices(context, o.choices_text)
                           : pst_context_read_choices(context, o.choices_file));
cleanup:
    return status;
}

void pst_context_destroy(pst_context *context) {
    if (!context)
        return;
    pst_gemm_destroy(context->gemm); /* CLBlast's cache before the queue and the context */
    pst_session_close(context->session);
    pst_conv_choices_clear(&context->choices);
    pst_free(context);
}

const char *pst_context_message(const pst_context *context) { return context->error.text; }

void pst_context_device(const pst_context *context, pst_device_info *info) {
    *info = context->session ? context->session->device.info : (pst_device_info){.index = -1};
}

pst_status pst_context_needs_device(pst_context *context) {
    return context->session ? PST_OK
                            : pst_fail(&context->error, PST_ERROR_ARGUMENT, "this context was made without a device");
}

pst_status pst_network_load(pst_context *context, const char *path, pst_network **network) {
    return pst_network_load_as(context, path, PST_CONVENTION_AUTO, network);
}

pst_status pst_network_load_as(pst_context *context, const char *path, pst_convention convention,
                               pst_network **result) {
    *result = NULL;
    pst_network *network;
    pst_status status = pst_allocate(&context->error, 1, sizeof *network, &network);
    if (status != PST_OK)
        return status;
    network->context = context;
    char *found = NULL;
    PST_TRY(pst_weights_find(&context->error, path, &found));
    PST_TRY(pst_weights_read_as(&context->error, found, convention, &network->model));
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
    };
    for (size_t i = 0; i < model->convolution_count; i++)
        full.parameters += (uint64_t)network->layers[i].c_out * (9 * (uint64_t)network->layers[i].c_in + 1);
    take_options(info, info->size, &full, sizeof full);
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

pst_status pst_image_read(pst_context *context, const char *path, pst_image **image) {
    return pst_img_read(&context->error, path, image);
}

pst_status pst_image_create(pst_context *context, int width, int height, const float *rgb, pst_image **image) {
    return pst_img_create(&context->error, width, height, rgb, image);
}

pst_status pst_image_decode(pst_context *context, const void *file, size_t bytes, const char *name, pst_image **image) {
    return pst_img_decode(&context->error, file, bytes, name, image);
}

pst_status pst_image_set_alpha(pst_context *context, pst_image *image, const float *alpha) {
    return pst_img_set_alpha(&context->error, image, alpha);
}

pst_status pst_image_write(pst_context *context, const pst_image *image, const char *path) {
    return pst_img_write(&context->error, image, path);
}

pst_status pst_image_write_as(pst_context *context, const pst_image *image, const char *path,
                              const pst_write_options *options) {
    return pst_img_write_as(&context->error, image, path, options);
}

pst_status pst_image_write_check(pst_context *context, const char *path) {
    return pst_img_write_check(&context->error, path);
}

pst_status pst_image_write_check_as(pst_context *context, const char *path, const pst_write_options *options) {
    return pst_img_write_check_as(&context->error, path, options);
}

pst_status pst_image_encode_as(pst_context *context, const pst_image *image, const pst_write_options *options,
                               uint8_t **data, size_t *bytes) {
    return pst_img_encode(&context->error, image, options, data, bytes);
}

pst_status pst_image_metadata(pst_context *context, const char *path, char **text) {
    return pst_img_metadata(&context->error, path, text);
}

pst_status pst_image_proof(pst_context *context, pst_image *image, const char *profile, pst_intent intent) {
    return pst_img_proof(&context->error, image, profile, intent);
}

pst_status pst_file_sha256(pst_context *context, const char *path, char sha256[65]) {
    return pst_file_digest(&context->error, path, sha256);
}

pst_status pst_image_resize(pst_context *context, const pst_image *image, int width, int height, pst_image **resized) {
    return pst_img_resize(&context->error, image, width, height, resized);
}
