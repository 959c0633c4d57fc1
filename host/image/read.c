#include "base/file.h"
#include "base/memory.h"
#include "image/image.h"
#include "image/jpeg.h"
#include "image/pnm.h"
#include "image/stb.h"

#include <string.h>

#define MAX_FILE_BYTES ((size_t)1 << 30)
#define READABLE "JPEG, PNG, BMP, TGA, GIF, PSD or PNM"

typedef struct signature {
    size_t offset, length;
    const char *bytes, *name;
} signature;

/* What people hand over and cannot be read here, known by its first bytes rather than by its name. */
static const signature foreign[] = {
    {8, 4, "WEBP", "WebP"},
    {0, 4, "II*\0", "TIFF"},
    {0, 4, "MM\0*", "TIFF"},
    {0, 4, "II+\0", "TIFF"},
    {4, 8, "ftypheic", "HEIC"},
    {4, 8, "ftypheix", "HEIC"},
    {4, 8, "ftyphevc", "HEIC"},
    {4, 8, "ftypmif1", "HEIC"},
    {4, 8, "ftypmsf1", "HEIC"},
    {4, 8, "ftypavif", "AVIF"},
    {4, 8, "ftypavis", "AVIF"},
    {0, 2, "\xff\x0a", "JPEG XL"},
    {4, 4, "JXL ", "JPEG XL"},
    {4, 4, "jP  ", "JPEG 2000"},
    {0, 4, "v/1\x01", "OpenEXR"},
    {0, 10, "#?RADIANCE", "Radiance HDR"},
};

static const signature own[] = {
    {0, 8, "\x89PNG\r\n\x1a\n", "PNG"}, {0, 2, "BM", "BMP"}, {0, 4, "GIF8", "GIF"}, {0, 4, "8BPS", "PSD"},
};

static const char *recognise(const uint8_t *file, size_t bytes, const signature *known, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (bytes >= known[i].offset + known[i].length &&
            memcmp(file + known[i].offset, known[i].bytes, known[i].length) == 0)
            return known[i].name;
    return NULL;
}

/* Puts the path and the format before what the decoder said. */
static pst_status fail_to_decode(pst_error *error, const char *path, const uint8_t *file, size_t bytes)
{
    const char *name = pst_pnm_is(file, bytes)    ? "PNM"
                       : pst_jpeg_is(file, bytes) ? "JPEG"
                                                  : recognise(file, bytes, own, sizeof own / sizeof own[0]);
    if (error->status == PST_ERROR_MEMORY)
        return pst_fail_in(error, path);
    if (name)
        return pst_fail(error, error->status, "%s: this %s picture cannot be read: %s", path, name, error->text);
    return pst_fail(error, error->status, "%s: not a picture that can be read (" READABLE ")", path);
}

/* Transparent parts are laid over white. A picture that is transparent everywhere shows its colours: there are programs
 * that write an alpha of 0 and mean none. */
static void flatten(const void *rgba, bool wide, size_t pixels, float *rgb)
{
    const uint8_t *narrow_at = rgba;
    const uint16_t *wide_at = rgba;
    float scale = wide ? 257.0f : 1.0f; /* 65535 / 257 = 255 */
    bool visible = false;
    for (size_t i = 0; i < pixels && !visible; i++)
        visible = wide ? wide_at[4 * i + 3] != 0 : narrow_at[4 * i + 3] != 0;
    for (size_t i = 0; i < pixels; i++) {
        float sample[4];
        for (size_t c = 0; c < 4; c++)
            sample[c] = (wide ? (float)wide_at[4 * i + c] : (float)narrow_at[4 * i + c]) / scale;
        float alpha = visible ? sample[3] / 255.0f : 1.0f;
        for (size_t c = 0; c < 3; c++)
            rgb[3 * i + c] = alpha < 1.0f ? 255.0f + (sample[c] - 255.0f) * alpha : sample[c];
    }
}

pst_status pst_picture_read(pst_error *error, const char *path, pst_image **image)
{
    pst_status status = PST_OK;
    pst_error reason;
    uint8_t *file = NULL;
    size_t bytes;
    int width, height;
    bool wide;
    void *rgba = NULL;
    pst_image *picture = NULL;
    *image = NULL;
    error = error ? error : &reason;

    PST_TRY(pst_file_load(error, path, MAX_FILE_BYTES, &file, &bytes));
    if (bytes == 0)
        PST_TRY(pst_fail(error, PST_ERROR_FORMAT, "%s: is empty", path));
    const char *name = recognise(file, bytes, foreign, sizeof foreign / sizeof foreign[0]);
    if (name)
        PST_TRY(pst_fail(error, PST_ERROR_UNSUPPORTED, "%s: %s pictures cannot be read yet; convert it to PNG or JPEG",
                         path, name));
    if (pst_pnm_is(file, bytes)) {
        if (pst_pnm_read(error, file, bytes, image) != PST_OK)
            status = fail_to_decode(error, path, file, bytes);
        goto cleanup;
    }
    if (pst_jpeg_is(file, bytes) && pst_jpeg_check(error, file, bytes) != PST_OK)
        PST_TRY(fail_to_decode(error, path, file, bytes));
    if (pst_stb_info(error, file, bytes, &width, &height, &wide) != PST_OK)
        PST_TRY(fail_to_decode(error, path, file, bytes));
    if (width < 1 || height < 1 || width > PST_IMAGE_MAX_SIDE || height > PST_IMAGE_MAX_SIDE ||
        (int64_t)width * height > PST_IMAGE_MAX_PIXELS)
        PST_TRY(pst_fail(error, PST_ERROR_FORMAT, "%s: has %d x %d pixels; at most %d a side and %lld in all are read",
                         path, width, height, PST_IMAGE_MAX_SIDE, (long long)PST_IMAGE_MAX_PIXELS));
    if (pst_stb_decode(error, file, bytes, width, height, wide, &rgba) != PST_OK)
        PST_TRY(fail_to_decode(error, path, file, bytes));
    pst_free(file); /* before the largest of the three is taken */
    file = NULL;
    if (pst_picture_create(error, width, height, NULL, &picture) != PST_OK)
        PST_TRY(pst_fail_in(error, path));
    flatten(rgba, wide, (size_t)width * (size_t)height, picture->rgb);
    *image = picture;

cleanup:
    pst_stb_free(rgba);
    pst_free(file);
    return status;
}
