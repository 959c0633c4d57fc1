#include "image/image.h"

#include <math.h>
#include <string.h>

#include "base/memory.h"

pst_status pst_img_create(pst_error *error, int width, int height, const float *rgb, pst_image **image) {
    pst_status status = PST_OK;
    pst_image *made = NULL;
    *image = NULL;
    if (width < 1 || height < 1 || width > PST_IMAGE_MAX_SIDE || height > PST_IMAGE_MAX_SIDE ||
        (int64_t)width * height > PST_IMAGE_MAX_PIXELS)
        return pst_fail(error, PST_ERROR_ARGUMENT,
                        "an image of %d x %d pixels; its sides must be from 1 to %d, and "
                        "at most %lld pixels are possible",
                        width, height, PST_IMAGE_MAX_SIDE, (long long)PST_IMAGE_MAX_PIXELS);
    size_t samples = (size_t)width * (size_t)height * 3;
    if (rgb)
        for (size_t i = 0; i < samples; i++)
            if (!isfinite(rgb[i]))
                return pst_fail(error, PST_ERROR_ARGUMENT, "sample %zu of the image is not a finite number", i);
    PST_TRY(pst_allocate(error, 1, sizeof *made, &made));
    PST_TRY(pst_allocate(error, samples, sizeof(float), &made->rgb));
    made->width = width;
    made->height = height;
    if (rgb)
        memcpy(made->rgb, rgb, samples * sizeof(float));
    *image = made;
    return PST_OK;

cleanup:
    pst_image_destroy(made);
    return status;
}

pst_status pst_img_set_alpha(pst_error *error, pst_image *image, const float *alpha) {
    size_t pixels = (size_t)image->width * (size_t)image->height;
    float *copy = NULL;
    for (size_t i = 0; alpha && i < pixels; i++)
        if (!isfinite(alpha[i]))
            return pst_fail(error, PST_ERROR_ARGUMENT, "the opacity of pixel %zu of the image is not a finite number",
                            i);
    pst_status status = alpha ? pst_allocate(error, pixels, sizeof(float), &copy) : PST_OK;
    if (status != PST_OK)
        return status;
    for (size_t i = 0; alpha && i < pixels; i++)
        copy[i] = alpha[i] > 0 ? alpha[i] < 1 ? alpha[i] : 1 : 0;
    pst_free(image->alpha);
    image->alpha = copy;
    return PST_OK;
}

pst_status pst_img_set_name(pst_error *error, pst_image *image, const char *name) {
    char *copy = NULL;
    pst_status status = name ? pst_copy_text(error, name, &copy) : PST_OK;
    if (status != PST_OK)
        return status;
    pst_free(image->name);
    image->name = copy;
    return PST_OK;
}

pst_status pst_img_fail_in(pst_error *error, const pst_image *image) {
    return image->name ? pst_fail_in(error, image->name) : error->status;
}

pst_status pst_img_take_alpha(pst_error *error, pst_image *image, const pst_image *from) {
    pst_image *resized = NULL;
    pst_status status = PST_OK;
    if (from->alpha && (from->width != image->width || from->height != image->height)) {
        PST_TRY(pst_img_resize(error, from, image->width, image->height, &resized));
        from = resized;
    }
    PST_TRY(pst_img_set_alpha(error, image, from->alpha));

cleanup:
    pst_image_destroy(resized);
    return status;
}

void pst_img_fit(int width, int height, int longer_side, int *fit_width, int *fit_height) {
    int longer = width > height ? width : height, shorter = width > height ? height : width;
    int scaled = (int)((int64_t)longer_side * shorter / longer);
    if (scaled < 1)
        scaled = 1;
    *fit_width = width >= height ? longer_side : scaled;
    *fit_height = width >= height ? scaled : longer_side;
}

int pst_image_width(const pst_image *image) { return image->width; }

int pst_image_height(const pst_image *image) { return image->height; }

const float *pst_image_samples(const pst_image *image) { return image->rgb; }

const float *pst_image_alpha(const pst_image *image) { return image->alpha; }

const char *pst_image_name(const pst_image *image) { return image->name ? image->name : ""; }

const char *pst_image_notice(const pst_image *image) { return image->notice; }

const char *pst_image_sha256(const pst_image *image) { return image->sha256; }

void pst_image_destroy(pst_image *image) {
    if (!image)
        return;
    pst_free(image->rgb);
    pst_free(image->alpha);
    pst_free(image->name);
    pst_free(image);
}
