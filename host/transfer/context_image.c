/* The public header's images, and files as such. */
#include "base/file.h"
#include "base/memory.h"
#include "transfer/context.h"

/* Without a context the message is lost, and the status remains. */
#define ERROR_OF(context) ((context) ? &(context)->error : &(pst_error){0})

pst_status pst_image_read(pst_context *context, const char *path, pst_image **image) {
    return pst_img_read(ERROR_OF(context), path, image);
}

pst_status pst_image_create(pst_context *context, int width, int height, const float *rgb, pst_image **image) {
    return pst_img_create(ERROR_OF(context), width, height, rgb, image);
}

pst_status pst_image_decode(pst_context *context, const void *file, size_t bytes, const char *name, pst_image **image) {
    return pst_img_decode(ERROR_OF(context), file, bytes, name, image);
}

pst_status pst_image_set_name(pst_context *context, pst_image *image, const char *name) {
    return pst_img_set_name(ERROR_OF(context), image, name);
}

pst_status pst_image_set_alpha(pst_context *context, pst_image *image, const float *alpha) {
    return pst_img_set_alpha(ERROR_OF(context), image, alpha);
}

pst_status pst_image_write(pst_context *context, const pst_image *image, const char *path,
                           const pst_write_options *options) {
    return pst_img_write(ERROR_OF(context), image, path, options);
}

pst_status pst_image_write_check(pst_context *context, const char *path, const pst_write_options *options) {
    return pst_img_write_check(ERROR_OF(context), path, options);
}

pst_status pst_image_encode(pst_context *context, const pst_image *image, const pst_write_options *options,
                            uint8_t **data, size_t *bytes) {
    return pst_img_encode(ERROR_OF(context), image, options, data, bytes);
}

pst_status pst_image_metadata(pst_context *context, const char *path, char **text) {
    return pst_img_metadata(ERROR_OF(context), path, text);
}

pst_status pst_image_proof(pst_context *context, pst_image *image, const char *profile, pst_intent intent) {
    return pst_img_proof(ERROR_OF(context), image, profile, intent);
}

pst_status pst_image_resize(pst_context *context, const pst_image *image, int width, int height, pst_image **resized) {
    return pst_img_resize(ERROR_OF(context), image, width, height, resized);
}

pst_status pst_file_sha256(pst_context *context, const char *path, char sha256[65]) {
    return pst_file_digest(ERROR_OF(context), path, sha256);
}

pst_status pst_file_write(pst_context *context, const char *path, const void *data, size_t bytes) {
    return pst_file_save(ERROR_OF(context), path, data, bytes);
}

pst_status pst_file_write_check(pst_context *context, const char *path) {
    return pst_file_save_check(ERROR_OF(context), path);
}

void pst_bytes_destroy(void *data) { pst_free(data); }
