/* An image as the bytes of a file, for those who show it elsewhere. */
#include "base/memory.h"
#include "image/image.h"

pst_status pst_image_encode(int width, int height, const float *rgb, const char *ending, uint8_t **data,
                            size_t *bytes) {
    const pst_image image = {.width = width, .height = height, .rgb = (float *)(uintptr_t)rgb}; /* only read */
    pst_write_options options;
    *data = NULL;
    *bytes = 0;
    if (width < 1 || height < 1 || width > PST_IMAGE_MAX_SIDE || height > PST_IMAGE_MAX_SIDE)
        return PST_ERROR_ARGUMENT;
    pst_write_options_init(&options, sizeof options);
    pst_status status = pst_img_format(ending, &options.format);
    return status == PST_OK ? pst_img_encode(NULL, &image, &options, data, bytes) : status;
}

void pst_bytes_destroy(void *data) { pst_free(data); }
