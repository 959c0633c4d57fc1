/* The public header's images, and files as such. */
#include "base/file.h"
#include "base/memory.h"
#include "transfer/context.h"

/* Without a context there is no message, but the status. */
static pst_error *error_of(pst_context *context) { return context ? &context->error : NULL; }

pst_status pst_image_read(pst_context *context, const char *path, pst_image **image) {
    return pst_img_read(error_of(context), path, image);
}

pst_status pst_image_create(pst_context *context, int width, int height, const float *rgb, pst_image **image) {
    return pst_img_create(error_of(context), width, height, rgb, image);
}

pst_status pst_image_decode(pst_context *context, const void *file, size_t bytes, const char *name, pst_image **image) {
    return pst_img_decode(error_of(context), file, bytes, name, image);
}

pst_status pst_image_set_name(pst_context *context, pst_image *image, const char *name) {
    return pst_img_set_name(&context->error, image, name);
}

pst_status pst_image_set_alpha(pst_context *context, pst_image *image, const float *alpha) {
    return pst_img_set_alpha(error_of(context), image, alpha);
}

pst_status pst_image_write(pst_context *context, const pst_image *image, const char *path,
                           const pst_write_options *options) {
    return pst_img_write(error_of(context), image, path, options);
}

pst_status pst_image_write_check(pst_context *context, const char *path, const pst_write_options *options) {
    return pst_img_write_check(error_of(context), path, options);
}

pst_status pst_image_encode(pst_context *context, const pst_image *image, const pst_write_options *options,
                            uint8_t **data, size_t *bytes) {
    return pst_img_encode(error_of(context), image, options, data, bytes);
}

pst_status pst_image_metadata(pst_context *context, const char *path, char **text) {
    return pst_img_metadata(error_of(context), path, text);
}

pst_status pst_image_proof(pst_context *context, pst_image *image, const char *profile, pst_intent intent) {
    return pst_img_proof(error_of(context), image, profile, intent);
}

pst_status pst_image_resize(pst_context *context, const pst_image *image, int width, int height, pst_image **resized) {
    return pst_img_resize(error_of(context), image, width, height, resized);
}

pst_status pst_file_sha256(pst_context *context, const char *path, char sha256[65]) {
    return pst_file_digest(error_of(context), path, sha256);
}

void pst_bytes_destroy(void *data) { pst_free(data); }
