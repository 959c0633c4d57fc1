/* The public header's images, and files as such. */
#include "base/file.h"
#include "transfer/context.h"

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

pst_status pst_image_resize(pst_context *context, const pst_image *image, int width, int height, pst_image **resized) {
    return pst_img_resize(&context->error, image, width, height, resized);
}

pst_status pst_file_sha256(pst_context *context, const char *path, char sha256[65]) {
    return pst_file_digest(&context->error, path, sha256);
}
