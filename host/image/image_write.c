#include <ctype.h>
#include <string.h>

#include "base/file.h"
#include "base/memory.h"
#include "image/codec.h"
#include "image/profile.h"

#define PROFILE_MAX_BYTES ((size_t)64 << 20)
#define ENDINGS ".png, .jpg, .jpeg, .tif, .tiff, .webp, .bmp or .tga"

/* A format: what writes it, and what it has room for. */
typedef struct format_facts {
    const char *name;
    const pst_codec *codec;
    bool alpha, wide, text; /* opacity, 16 bits, metadata and profiles */
} format_facts;

static const format_facts formats[] = {
    [PST_FORMAT_PNG] = {"PNG", &pst_codec_png, true, true, true},
    [PST_FORMAT_JPEG] = {"JPEG", &pst_codec_jpeg, false, false, true},
    [PST_FORMAT_TIFF] = {"TIFF", &pst_codec_tiff, true, true, true},
    [PST_FORMAT_WEBP] = {"WebP", &pst_codec_webp, true, false, true},
    [PST_FORMAT_BMP] = {"BMP", &pst_codec_bmp, false, false, false},
    [PST_FORMAT_TGA] = {"TGA", &pst_codec_tga, true, false, false},
};

static const struct {
    const char *ending;
    pst_image_format format;
} endings[] = {
    {".png", PST_FORMAT_PNG},   {".jpg", PST_FORMAT_JPEG},  {".jpeg", PST_FORMAT_JPEG}, {".tif", PST_FORMAT_TIFF},
    {".tiff", PST_FORMAT_TIFF}, {".webp", PST_FORMAT_WEBP}, {".bmp", PST_FORMAT_BMP},   {".tga", PST_FORMAT_TGA},
};

static bool ends_with(const char *path, const char *ending) {
    size_t length = strlen(path), needed = strlen(ending);
    if (length < needed)
        return false;
    for (size_t i = 0; i < needed; i++)
        if (tolower((unsigned char)path[length - needed + i]) != ending[i])
            return false;
    return true;
}

static pst_image_format format_of(const char *path) {
    for (size_t i = 0; i < sizeof endings / sizeof endings[0]; i++)
        if (ends_with(path, endings[i].ending))
            return endings[i].format;
    return PST_FORMAT_AUTO;
}

void pst_write_options_init(pst_write_options *options, size_t size) {
    memset(options, 0, size);
    options->size = size;
}

/* The options as this version knows them, with the format that they or the name mean; path NULL: there is no name. */
static pst_status settle(pst_error *error, const char *path, const pst_write_options *given,
                         pst_write_options *options) {
    pst_write_options_init(options, sizeof *options);
    if (given)
        memcpy(options, given, given->size < sizeof *options ? given->size : sizeof *options);
    if (options->format == PST_FORMAT_AUTO)
        options->format = path ? format_of(path) : PST_FORMAT_PNG;
    if (options->format == PST_FORMAT_AUTO)
        return pst_fail(error, PST_ERROR_ARGUMENT, "%s: the name of an image to write must end in " ENDINGS, path);
    const char *name = path ? path : "the image";
    if ((int)options->format < 0 || options->format > PST_FORMAT_TGA)
        return pst_fail(error, PST_ERROR_ARGUMENT, "%s: there is no format %d", name, (int)options->format);
    const format_facts *f = &formats[options->format];
    options->bits = options->bits ? options->bits : 8;
    if (options->bits != 8 && options->bits != 16)
        return pst_fail(error, PST_ERROR_ARGUMENT, "%s: %d bits a channel; it can be 8 or 16", name, options->bits);
    if (options->quality < 0 || options->quality > 100)
        return pst_fail(error, PST_ERROR_ARGUMENT, "%s: a quality of %d; it can be from 1 to 100", name,
                        options->quality);
    if (options->bits == 16 && !f->wide)
        return pst_fail(error, PST_ERROR_ARGUMENT, "%s: a %s image has 8 bits a channel; write a PNG or TIFF for 16",
                        name, f->name);
    if (!f->codec->write)
        return pst_fail(error, PST_ERROR_UNSUPPORTED, "%s: this build has no %s and cannot write a %s image", name,
                        f->codec->library, f->name);
    if (options->output_profile && !f->text)
        return pst_fail(error, PST_ERROR_UNSUPPORTED,
                        "%s: a color profile cannot be written into a %s image; write a PNG, JPEG, TIFF or WebP", name,
                        f->name);
    return PST_OK;
}

static pst_status read_profile(pst_error *error, const char *path, uint8_t **profile, size_t *bytes) {
    return pst_file_load(error, path, PROFILE_MAX_BYTES, profile, bytes);
}

/* ---- the samples of a file ----------------------------------------------------------------------------------- */

/* From 0 to 255, rounded to 8 or 16 bits; what is not a number becomes 0. */
static void put_sample(int bits, void *samples, size_t i, float value) {
    float inside = value > 0 ? value < 255 ? value : 255 : 0;
    if (bits == 8)
        ((uint8_t *)samples)[i] = (uint8_t)(inside + 0.5f);
    else
        ((uint16_t *)samples)[i] = (uint16_t)((double)inside * 257 + 0.5);
}

static void put_row(const pst_image *image, int y, pst_transform *transform, bool flatten, float *row,
                    pst_packed *packed, void *samples) {
    size_t width = (size_t)image->width, channels = (size_t)packed->channels;
    const float *rgb = image->rgb + (size_t)y * width * 3,
                *alpha = image->alpha ? image->alpha + (size_t)y * width : NULL;
    if (transform) {
        for (size_t i = 0; i < 3 * width; i++)
            row[i] = (rgb[i] > 0 ? rgb[i] < 255 ? rgb[i] : 255 : 0) / 255.0f;
        pst_transform_run(transform, row, row, width);
        for (size_t i = 0; i < 3 * width; i++)
            row[i] *= 255.0f;
        rgb = row;
    }
    for (size_t x = 0; x < width; x++) {
        size_t at = ((size_t)y * width + x) * channels;
        for (size_t c = 0; c < 3; c++) {
            float value = rgb[3 * x + c];
            if (flatten && alpha)
                value = 255.0f + ((value > 0 ? value < 255 ? value : 255 : 0) - 255.0f) * alpha[x];
            put_sample(packed->bits, samples, at + c, value);
        }
        if (channels == 4)
            put_sample(packed->bits, samples, at + 3, alpha[x] * 255.0f);
    }
}

/* With settled options. Messages have no path yet, but for those about the profile's file. */
static pst_status encode(pst_error *error, const pst_image *image, const pst_write_options *options, const char *name,
                         uint8_t **file, size_t *bytes) {
    const format_facts *f = &formats[options->format];
    pst_status status = PST_OK;
    pst_transform *transform = NULL;
    uint8_t *profile = NULL;
    void *samples = NULL;
    float *row = NULL;
    pst_packed packed = {.width = image->width,
                         .height = image->height,
                         .bits = options->bits,
                         .quality = options->quality,
                         .channels = image->alpha && f->alpha ? 4 : 3,
                         .srgb = !options->output_profile,
                         .metadata = options->metadata};
    if (options->output_profile) {
        PST_TRY(read_profile(error, options->output_profile, &profile, &packed.profile_bytes));
        status = pst_profile_from_srgb(error, profile, packed.profile_bytes, &transform);
        if (status != PST_OK) {
            pst_fail_in(error, options->output_profile);
            goto cleanup;
        }
    } else if (f->text) {
        PST_TRY(pst_profile_srgb(error, &profile, &packed.profile_bytes));
    }
    packed.profile = profile;
    size_t row_samples = (size_t)image->width * (size_t)packed.channels;
    PST_TRY(pst_allocate(error, (size_t)image->height * row_samples, (size_t)packed.bits / 8, &samples));
    PST_TRY(pst_allocate(error, (size_t)image->width * 3, sizeof(float), &row));
    for (int y = 0; y < image->height; y++)
        put_row(image, y, transform, !f->alpha, row, &packed, samples);
    packed.samples = samples;
    status = f->codec->write(error, &packed, file, bytes);
    if (status != PST_OK)
        pst_fail_in(error, name);

cleanup:
    pst_transform_destroy(transform);
    pst_free(profile);
    pst_free(samples);
    pst_free(row);
    return status;
}

/* ---- files --------------------------------------------------------------------------------------------------- */

pst_status pst_img_encode(pst_error *error, const pst_image *image, const pst_write_options *given, uint8_t **file,
                          size_t *bytes) {
    pst_write_options options;
    *file = NULL;
    *bytes = 0;
    pst_status status = settle(error, NULL, given, &options);
    return status == PST_OK ? encode(error, image, &options, "the image", file, bytes) : status;
}

pst_status pst_img_write(pst_error *error, const pst_image *image, const char *path, const pst_write_options *given) {
    pst_write_options options;
    uint8_t *file = NULL;
    size_t bytes;
    pst_status status = settle(error, path, given, &options);
    if (status == PST_OK)
        status = encode(error, image, &options, path, &file, &bytes);
    if (status == PST_OK)
        status = pst_file_save(error, path, file, bytes);
    pst_free(file);
    return status;
}

pst_status pst_img_write_check(pst_error *error, const char *path, const pst_write_options *given) {
    pst_write_options options;
    pst_transform *transform = NULL;
    uint8_t *profile = NULL;
    size_t bytes;
    pst_status status = settle(error, path, given, &options);
    if (status == PST_OK && options.output_profile) {
        status = read_profile(error, options.output_profile, &profile, &bytes);
        if (status == PST_OK && (status = pst_profile_from_srgb(error, profile, bytes, &transform)) != PST_OK)
            pst_fail_in(error, options.output_profile);
        pst_transform_destroy(transform);
        pst_free(profile);
    }
    return status == PST_OK && path ? pst_file_save_check(error, path) : status;
}

/* ---- proofs -------------------------------------------------------------------------------------------------- */

pst_status pst_img_proof(pst_error *error, pst_image *image, const char *path, pst_intent intent) {
    pst_transform *transform = NULL;
    uint8_t *profile = NULL;
    size_t bytes, width = (size_t)image->width;
    if ((int)intent < 0 || intent > PST_INTENT_ABSOLUTE)
        return pst_fail(error, PST_ERROR_ARGUMENT, "there is no intent %d", (int)intent);
    pst_status status = read_profile(error, path, &profile, &bytes);
    if (status != PST_OK)
        return status;
    status = pst_profile_proof(error, profile, bytes, intent, &transform);
    if (status != PST_OK)
        pst_fail_in(error, path);
    for (int y = 0; transform && y < image->height; y++) {
        float *row = image->rgb + (size_t)y * width * 3;
        for (size_t i = 0; i < 3 * width; i++)
            row[i] = (row[i] > 0 ? row[i] < 255 ? row[i] : 255 : 0) / 255.0f;
        pst_transform_run(transform, row, row, width);
        for (size_t i = 0; i < 3 * width; i++)
            row[i] = row[i] > 0 ? row[i] < 1 ? row[i] * 255.0f : 255 : 0;
    }
    pst_transform_destroy(transform);
    pst_free(profile);
    return status;
}
