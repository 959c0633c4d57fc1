#include <stdio.h>
#include <string.h>

#include "base/digest.h"
#include "base/file.h"
#include "base/memory.h"
#include "image/codec.h"
#include "image/metadata.h"
#include "image/pnm.h"
#include "image/raster_finish.h"

#define READABLE "JPEG, PNG, TIFF, WebP, BMP, TGA, GIF, PSD, HDR, PGM or PPM"

typedef struct signature {
    size_t offset, length;
    const char *bytes, *name;
} signature;

/* What people hand over and cannot be read here, known by its first bytes rather than by its name. */
static const signature foreign[] = {
    {4, 8, "ftypheic", "HEIC"},    {4, 8, "ftypheix", "HEIC"},       {4, 8, "ftyphevc", "HEIC"},
    {4, 8, "ftypmif1", "HEIC"},    {4, 8, "ftypmsf1", "HEIC"},       {4, 8, "ftypavif", "AVIF"},
    {4, 8, "ftypavis", "AVIF"},    {0, 2, "\xff\x0a", "JPEG XL"},    {4, 4, "JXL ", "JPEG XL"},
    {4, 4, "jP  ", "JPEG 2000"},   {0, 4, "v/1\x01", "OpenEXR"},     {4, 7, "ftypcrx", "camera raw"},
    {0, 4, "IIRO", "camera raw"},  {0, 4, "IIRS", "camera raw"},     {0, 4, "MMOR", "camera raw"},
    {0, 4, "IIU\0", "camera raw"}, {0, 8, "FUJIFILM", "camera raw"}, {0, 4, "FOVb", "camera raw"},
    {0, 4, "\0MRM", "camera raw"},
};

static const signature own[] = {
    {0, 8, "\x89PNG\r\n\x1a\n", "PNG"},
    {0, 3, "\xff\xd8\xff", "JPEG"},
    {0, 2, "BM", "BMP"},
    {0, 4, "GIF8", "GIF"},
    {0, 4, "8BPS", "PSD"},
    {0, 10, "#?RADIANCE", "HDR"},
    {0, 6, "#?RGBE", "HDR"},
    {8, 4, "WEBP", "WebP"},
    {0, 4, "II*\0", "TIFF"},
    {0, 4, "MM\0*", "TIFF"},
    {0, 4, "II+\0", "TIFF"},
    {0, 4, "MM\0+", "TIFF"},
};

static const pst_codec *const codecs[] = {&pst_codec_png, &pst_codec_jpeg, &pst_codec_tiff, &pst_codec_webp,
                                          &pst_codec_bmp};

static const char *recognize(const uint8_t *file, size_t bytes, const signature *known, size_t count) {
    for (size_t i = 0; i < count; i++)
        if (bytes >= known[i].offset + known[i].length &&
            memcmp(file + known[i].offset, known[i].bytes, known[i].length) == 0)
            return known[i].name;
    return NULL;
}

/* What a file is by its first bytes, or NULL. */
static const char *own_name(const uint8_t *file, size_t bytes) {
    return pst_pnm_is(file, bytes) ? "PNM" : recognize(file, bytes, own, sizeof own / sizeof own[0]);
}

/* Puts the path and the format before what the decoder said. */
static pst_status fail_to_decode(pst_error *error, const char *path, const char *format) {
    if (error->status == PST_ERROR_MEMORY)
        return pst_fail_in(error, path);
    if (format)
        return pst_fail(error, error->status, "%s: this %s image cannot be read: %s", path, format, error->text);
    return pst_fail(error, error->status, "%s: not an image that can be read (" READABLE ")", path);
}

static pst_status read_raster(pst_error *error, const uint8_t *file, size_t bytes, const char *format,
                              pst_raster *raster) {
    const pst_codec *codec = &pst_codec_tga; /* stb's formats, of which TGA begins with nothing that tells it apart */
    for (size_t i = 0; format && i < sizeof codecs / sizeof codecs[0]; i++)
        if (strcmp(codecs[i]->name, format) == 0)
            codec = codecs[i];
    if (codec->read)
        return codec->read(error, file, bytes, raster);
    return pst_fail(error, PST_ERROR_UNSUPPORTED, "this build has no %s; convert it to PNG or JPEG", codec->library);
}

pst_status pst_img_decode(pst_error *error, const uint8_t *file, size_t bytes, const char *path, pst_image **image) {
    pst_status status = PST_OK;
    pst_error reason;
    pst_raster raster = {0};
    pst_digest digest;
    *image = NULL;
    error = error ? error : &reason;
    if (bytes == 0)
        return pst_fail(error, PST_ERROR_FORMAT, "%s: is empty", path);
    if (bytes > PST_IMAGE_MAX_FILE_BYTES)
        return pst_fail(error, PST_ERROR_FORMAT, "%s: has more than the %zu bytes that are read", path,
                        PST_IMAGE_MAX_FILE_BYTES);
    const char *name = recognize(file, bytes, foreign, sizeof foreign / sizeof foreign[0]);
    if (name)
        return pst_fail(error, PST_ERROR_UNSUPPORTED, "%s: %s images cannot be read yet; convert it to PNG or JPEG",
                        path, name);
    const char *format = own_name(file, bytes);
    if (format && strcmp(format, "PNM") == 0) {
        status = pst_pnm_read(error, file, bytes, image);
    } else {
        status = read_raster(error, file, bytes, format, &raster);
        if (status == PST_OK)
            status = pst_raster_finish(error, &raster, image);
    }
    if (status != PST_OK)
        PST_TRY(fail_to_decode(error, path, format));
    PST_TRY(pst_img_set_name(error, *image, path));
    pst_digest_begin(&digest, PST_DIGEST_SHA256);
    pst_digest_add(&digest, file, bytes);
    pst_digest_end(&digest, (*image)->sha256);

cleanup:
    if (status != PST_OK) {
        pst_image_destroy(*image);
        *image = NULL;
    }
    pst_raster_clear(&raster);
    return status;
}

pst_status pst_img_read(pst_error *error, const char *path, pst_image **image) {
    uint8_t *file;
    size_t bytes;
    *image = NULL;
    pst_status status = pst_file_load(error, path, PST_IMAGE_MAX_FILE_BYTES, &file, &bytes);
    if (status != PST_OK)
        return status;
    status = pst_img_decode(error, file, bytes, path, image);
    pst_free(file);
    return status;
}

pst_status pst_img_metadata(pst_error *error, const char *path, char **text) {
    uint8_t *file;
    size_t bytes;
    *text = NULL;
    pst_status status = pst_file_load(error, path, PST_IMAGE_MAX_FILE_BYTES, &file, &bytes);
    if (status != PST_OK)
        return status;
    status = pst_metadata_find(error, file, bytes, text);
    pst_free(file);
    return status;
}
