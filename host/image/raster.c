#include "image/raster.h"

#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "package/printable.h"

pst_status pst_raster_check_size(pst_error *error, int64_t width, int64_t height) {
    if (width >= 1 && height >= 1 && width <= PST_IMAGE_MAX_SIDE && height <= PST_IMAGE_MAX_SIDE &&
        width * height <= PST_IMAGE_MAX_PIXELS)
        return PST_OK;
    return pst_fail(error, PST_ERROR_FORMAT, "it has %lld x %lld pixels; at most %d a side and %lld in all are read",
                    (long long)width, (long long)height, PST_IMAGE_MAX_SIDE, (long long)PST_IMAGE_MAX_PIXELS);
}

pst_status pst_raster_create(pst_error *error, pst_raster *raster, int width, int height, pst_raster_model model,
                             bool alpha, int bits) {
    pst_status status = pst_raster_check_size(error, width, height);
    if (status != PST_OK)
        return status;
    raster->width = width;
    raster->height = height;
    raster->model = model;
    raster->alpha = alpha;
    raster->bits = bits;
    raster->free_samples = pst_free;
    return pst_allocate(error, (size_t)height, pst_raster_row_bytes(raster), &raster->samples);
}

pst_status pst_raster_set_profile(pst_error *error, pst_raster *raster, const void *profile, size_t bytes) {
    if (!profile || bytes == 0 || raster->profile)
        return PST_OK;
    pst_status status = pst_allocate(error, bytes, 1, &raster->profile);
    if (status == PST_OK) {
        memcpy(raster->profile, profile, bytes);
        raster->profile_bytes = bytes;
    }
    return status;
}

void pst_notice_add(char notice[PST_IMAGE_NOTICE], const char *text) {
    size_t length = strlen(notice);
    snprintf(notice + length, PST_IMAGE_NOTICE - length, "%s%s", length ? "; " : "", text);
    pst_make_printable(notice, PST_IMAGE_NOTICE);
}

void pst_raster_clear(pst_raster *raster) {
    if (raster->samples)
        raster->free_samples(raster->samples);
    pst_free(raster->profile);
    *raster = (pst_raster){0};
}
