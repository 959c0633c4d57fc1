/* TIFF by libtiff, the first image of a file. Gray, RGB and CMYK with 8, 16 or 32 (float) bits are read as they are,
 * all else as libtiff's own conversion to 8 bits gives it. */
#include "image/codec.h"

#ifdef PST_WITH_LIBTIFF
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <tiffio.h>

#include "base/memory.h"
#include "image/metadata.h"

#define PER_HANDLE (TIFFLIB_VERSION >= 20221213) /* 4.5: errors and limits belong to a file instead of the process */
#define ALLOCATION_MOST ((tmsize_t)1 << 30)

/* A file in memory, to be read or written. */
typedef struct memory_file {
    const uint8_t *file; /* to be read */
    size_t bytes, at;
    pst_sink sink;     /* to be written */
    char message[256]; /* the first that libtiff had */
} memory_file;

static tmsize_t read_some(thandle_t user, void *data, tmsize_t size) {
    memory_file *m = (memory_file *)user;
    const uint8_t *from = m->file ? m->file : m->sink.data;
    size_t all = m->file ? m->bytes : m->sink.bytes, left = m->at < all ? all - m->at : 0;
    size_t count = (size_t)size < left ? (size_t)size : left;
    if (count)
        memcpy(data, from + m->at, count);
    m->at += count;
    return (tmsize_t)count;
}

static tmsize_t write_some(thandle_t user, void *data, tmsize_t size) {
    memory_file *m = (memory_file *)user;
    if (m->file || !pst_sink_put(&m->sink, m->at, data, (size_t)size))
        return 0;
    m->at += (size_t)size;
    return size;
}

static toff_t seek(thandle_t user, toff_t offset, int whence) {
    memory_file *m = (memory_file *)user;
    toff_t base = whence == SEEK_SET ? 0 : whence == SEEK_CUR ? m->at : m->file ? m->bytes : m->sink.bytes;
    if (base + offset > SIZE_MAX / 2)
        return (toff_t)-1;
    return m->at = (size_t)(base + offset);
}

static int end(thandle_t user) {
    (void)user;
    return 0;
}

static toff_t size_of(thandle_t user) {
    const memory_file *m = (const memory_file *)user;
    return m->file ? m->bytes : m->sink.bytes;
}

static int map(thandle_t user, void **base, toff_t *size) {
    const memory_file *m = (const memory_file *)user;
    *base = (void *)(uintptr_t)m->file; /* only read */
    *size = m->bytes;
    return m->file != NULL;
}

static void unmap(thandle_t user, void *base, toff_t size) { (void)user, (void)base, (void)size; }

#if PER_HANDLE
static int on_error(TIFF *tiff, void *user, const char *module, const char *format, va_list values) {
    memory_file *m = user;
    (void)tiff, (void)module;
    if (!m->message[0])
        vsnprintf(m->message, sizeof m->message, format, values);
    return 1; /* nothing more */
}

static int on_warning(TIFF *tiff, void *user, const char *module, const char *format, va_list values) {
    (void)tiff, (void)user, (void)module, (void)format, (void)values;
    return 1;
}
#endif

static TIFF *open_memory(memory_file *m, const char *mode) {
#if PER_HANDLE
    TIFFOpenOptions *options = TIFFOpenOptionsAlloc();
    if (!options)
        return NULL;
    TIFFOpenOptionsSetErrorHandlerExtR(options, on_error, m);
    TIFFOpenOptionsSetWarningHandlerExtR(options, on_warning, m);
    TIFFOpenOptionsSetMaxSingleMemAlloc(options, ALLOCATION_MOST);
    TIFF *tiff =
        TIFFClientOpenExt("memory", mode, (thandle_t)m, read_some, write_some, seek, end, size_of, map, unmap, options);
    TIFFOpenOptionsFree(options);
    return tiff;
#else
    TIFFSetErrorHandler(NULL);
    TIFFSetWarningHandler(NULL);
    return TIFFClientOpen("memory", mode, (thandle_t)m, read_some, write_some, seek, end, size_of, map, unmap);
#endif
}

static pst_status damaged(pst_error *error, const memory_file *m) {
    return pst_fail(error, PST_ERROR_FORMAT, "it is damaged or cut short%s%s", m->message[0] ? ": " : "", m->message);
}

/* ---- reading ------------------------------------------------------------------------------------------------- */

typedef struct layout {
    uint32_t width, height;
    uint16_t bits, samples, photometric, planar, format, compression, inks;
    uint16_t extra_count, *extra;
    bool inverted; /* 0 is white */
} layout;

static void find_layout(TIFF *tiff, layout *l) {
    *l = (layout){0};
    TIFFGetField(tiff, TIFFTAG_IMAGEWIDTH, &l->width);
    TIFFGetField(tiff, TIFFTAG_IMAGELENGTH, &l->height);
    TIFFGetFieldDefaulted(tiff, TIFFTAG_BITSPERSAMPLE, &l->bits);
    TIFFGetFieldDefaulted(tiff, TIFFTAG_SAMPLESPERPIXEL, &l->samples);
    TIFFGetFieldDefaulted(tiff, TIFFTAG_PLANARCONFIG, &l->planar);
    TIFFGetFieldDefaulted(tiff, TIFFTAG_SAMPLEFORMAT, &l->format);
    TIFFGetFieldDefaulted(tiff, TIFFTAG_COMPRESSION, &l->compression);
    TIFFGetFieldDefaulted(tiff, TIFFTAG_INKSET, &l->inks);
    if (!TIFFGetField(tiff, TIFFTAG_PHOTOMETRIC, &l->photometric))
        l->photometric = l->samples >= 3 ? PHOTOMETRIC_RGB : PHOTOMETRIC_MINISBLACK;
    if (!TIFFGetField(tiff, TIFFTAG_EXTRASAMPLES, &l->extra_count, &l->extra))
        l->extra_count = 0;
    if (l->photometric == PHOTOMETRIC_YCBCR && l->compression == COMPRESSION_JPEG && l->planar == PLANARCONFIG_CONTIG) {
        TIFFSetField(tiff, TIFFTAG_JPEGCOLORMODE, JPEGCOLORMODE_RGB);
        l->photometric = PHOTOMETRIC_RGB;
    }
    l->inverted = l->photometric == PHOTOMETRIC_MINISWHITE;
}

/* The model of what can be read as it is; 0 for what cannot. */
static int direct_model(const layout *l) {
    bool integers = l->format == SAMPLEFORMAT_UINT && (l->bits == 8 || l->bits == 16);
    if (!integers && !(l->format == SAMPLEFORMAT_IEEEFP && l->bits == 32))
        return 0;
    switch (l->photometric) {
    case PHOTOMETRIC_MINISBLACK:
    case PHOTOMETRIC_MINISWHITE:
        return PST_RASTER_GRAY;
    case PHOTOMETRIC_RGB:
        return l->samples >= 3 ? PST_RASTER_RGB : 0;
    case PHOTOMETRIC_SEPARATED:
        return l->samples >= 4 && l->inks == INKSET_CMYK ? PST_RASTER_CMYK : 0;
    default:
        return 0;
    }
}

/* Puts `count` pixels of the file at x, y of the raster: all samples of each (first < 0), or those of one plane. */
static void place(pst_raster *raster, const layout *l, const uint8_t *from, int first, uint32_t x, uint32_t y,
                  uint32_t count) {
    size_t bytes = (size_t)raster->bits / 8, channels = pst_raster_channels(raster),
           samples = first < 0 ? l->samples : 1;
    uint8_t *to = (uint8_t *)raster->samples + (size_t)y * pst_raster_row_bytes(raster) + (size_t)x * channels * bytes;
    for (uint32_t i = 0; i < count; i++, to += channels * bytes, from += samples * bytes)
        if (first < 0)
            memcpy(to, from, channels * bytes); /* what an alpha is followed by is not wanted */
        else
            memcpy(to + (size_t)first * bytes, from, bytes);
}

static pst_status read_rows(pst_error *error, TIFF *tiff, const memory_file *m, const layout *l, pst_raster *raster) {
    bool planes = l->planar == PLANARCONFIG_SEPARATE && l->samples > 1;
    int passes = planes ? (int)pst_raster_channels(raster) : 1;
    uint32_t tile_width = l->width, tile_height = 1;
    bool tiled = TIFFIsTiled(tiff) != 0;
    uint8_t *buffer = NULL;
    pst_status status = PST_OK;
    size_t pixel = (size_t)l->bits / 8 * (planes ? 1 : l->samples);
    if (tiled) {
        TIFFGetField(tiff, TIFFTAG_TILEWIDTH, &tile_width);
        TIFFGetField(tiff, TIFFTAG_TILELENGTH, &tile_height);
    }
    tmsize_t bytes = tiled ? TIFFTileSize(tiff) : TIFFScanlineSize(tiff);
    if (bytes <= 0 || bytes > ALLOCATION_MOST || tile_width == 0 || tile_height == 0 ||
        (uint64_t)bytes < (uint64_t)tile_width * tile_height * pixel)
        return damaged(error, m);
    PST_TRY(pst_allocate(error, (size_t)bytes, 1, &buffer));
    for (int pass = 0; pass < passes; pass++)
        for (uint32_t y = 0; y < l->height; y += tile_height)
            for (uint32_t x = 0; x < l->width; x += tile_width) {
                bool good = tiled ? TIFFReadTile(tiff, buffer, x, y, 0, (uint16_t)pass) >= 0
                                  : TIFFReadScanline(tiff, buffer, y, (uint16_t)pass) >= 0;
                if (!good)
                    PST_TRY(damaged(error, m));
                uint32_t count = l->width - x < tile_width ? l->width - x : tile_width;
                for (uint32_t row = 0; row < tile_height && y + row < l->height; row++)
                    place(raster, l, buffer + (size_t)row * tile_width * pixel, planes ? pass : -1, x, y + row, count);
            }

cleanup:
    pst_free(buffer);
    return status;
}

static void invert(pst_raster *raster) {
    size_t channels = pst_raster_channels(raster), pixels = (size_t)raster->width * (size_t)raster->height;
    uint8_t *narrow = raster->samples;
    uint16_t *wide = raster->samples;
    float *real = raster->samples;
    for (size_t i = 0; i < pixels * channels; i += channels) {
        if (raster->bits == 8)
            narrow[i] = (uint8_t)(255 - narrow[i]);
        else if (raster->bits == 16)
            wide[i] = (uint16_t)(65535 - wide[i]);
        else
            real[i] = 1 - real[i];
    }
}

static pst_status read_direct(pst_error *error, TIFF *tiff, const memory_file *m, const layout *l, pst_raster *raster) {
    int model = direct_model(l);
    bool extra = l->extra_count > 0 && l->samples > model;
    bool alpha = extra && (l->extra[0] == EXTRASAMPLE_ASSOCALPHA || l->extra[0] == EXTRASAMPLE_UNASSALPHA);
    pst_status status =
        pst_raster_create(error, raster, (int)l->width, (int)l->height, (pst_raster_model)model, alpha, l->bits);
    raster->premultiplied = alpha && l->extra[0] == EXTRASAMPLE_ASSOCALPHA;
    if (status == PST_OK)
        status = read_rows(error, tiff, m, l, raster);
    if (status == PST_OK && l->inverted)
        invert(raster);
    return status;
}

static pst_status read_converted(pst_error *error, TIFF *tiff, const memory_file *m, const layout *l,
                                 pst_raster *raster) {
    char reason[1024] = "";
    if (!TIFFRGBAImageOK(tiff, reason))
        return pst_fail(error, PST_ERROR_UNSUPPORTED, "libtiff cannot convert it (%s); save it as a common TIFF or PNG",
                        reason);
    pst_status status = pst_raster_create(error, raster, (int)l->width, (int)l->height, PST_RASTER_RGB, true, 8);
    if (status != PST_OK)
        return status;
    raster->premultiplied = true;
    /* The orientation is asked for as it is in the file, so that nothing is turned twice. */
    uint16_t orientation = ORIENTATION_TOPLEFT;
    TIFFGetFieldDefaulted(tiff, TIFFTAG_ORIENTATION, &orientation);
    uint32_t *pixels = raster->samples;
    if (!TIFFReadRGBAImageOriented(tiff, l->width, l->height, pixels, orientation, 1))
        return damaged(error, m);
    for (size_t i = 0; i < (size_t)l->width * l->height; i++) {
        uint32_t abgr = pixels[i];
        uint8_t rgba[4] = {(uint8_t)TIFFGetR(abgr), (uint8_t)TIFFGetG(abgr), (uint8_t)TIFFGetB(abgr),
                           (uint8_t)TIFFGetA(abgr)};
        memcpy(pixels + i, rgba, 4);
    }
    return PST_OK;
}

static pst_status read_tiff(pst_error *error, const uint8_t *file, size_t bytes, pst_raster *raster) {
    memory_file m = {.file = file, .bytes = bytes};
    layout l;
    pst_status status = PST_OK;
    uint16_t orientation = 1;
    uint32_t profile_bytes = 0;
    void *profile = NULL;
    TIFF *tiff = open_memory(&m, "r");
    if (!tiff)
        return damaged(error, &m);
    find_layout(tiff, &l);
    PST_TRY(pst_raster_check_size(error, l.width, l.height));
    if (!TIFFIsCODECConfigured(l.compression))
        PST_TRY(pst_fail(error, PST_ERROR_UNSUPPORTED,
                         "this libtiff does not know its compression (%u); save it with another", l.compression));
    TIFFGetFieldDefaulted(tiff, TIFFTAG_ORIENTATION, &orientation);
    bool direct = direct_model(&l) != 0;
    PST_TRY(direct ? read_direct(error, tiff, &m, &l, raster) : read_converted(error, tiff, &m, &l, raster));
    raster->orientation = orientation;
    if ((direct || l.photometric == PHOTOMETRIC_PALETTE) &&
        TIFFGetField(tiff, TIFFTAG_ICCPROFILE, &profile_bytes, &profile))
        status = pst_raster_set_profile(error, raster, profile, profile_bytes);

cleanup:
    TIFFClose(tiff);
    return status;
}

/* ---- writing ------------------------------------------------------------------------------------------------- */

static pst_status write_tiff(pst_error *error, const pst_packed *packed, uint8_t **file, size_t *bytes) {
    memory_file m = {0};
    pst_status status = PST_OK;
    char *packet = NULL;
    size_t row = (size_t)packed->width * (size_t)packed->channels * (size_t)packed->bits / 8;
    uint8_t *copy = NULL; /* libtiff changes what it writes */
    uint16_t alpha = EXTRASAMPLE_UNASSALPHA, compression = TIFFIsCODECConfigured(COMPRESSION_ADOBE_DEFLATE)
                                                               ? COMPRESSION_ADOBE_DEFLATE
                                                               : COMPRESSION_LZW;
    TIFF *tiff = open_memory(&m, "wm");
    if (!tiff)
        return pst_fail(error, PST_ERROR_MEMORY, "not enough memory for the file");
    PST_TRY(pst_allocate(error, row, 1, &copy));
    if (packed->metadata)
        PST_TRY(pst_xmp_wrap(error, packed->metadata, &packet));
    bool good = TIFFSetField(tiff, TIFFTAG_IMAGEWIDTH, (uint32_t)packed->width) &&
                TIFFSetField(tiff, TIFFTAG_IMAGELENGTH, (uint32_t)packed->height) &&
                TIFFSetField(tiff, TIFFTAG_BITSPERSAMPLE, packed->bits) &&
                TIFFSetField(tiff, TIFFTAG_SAMPLESPERPIXEL, packed->channels) &&
                TIFFSetField(tiff, TIFFTAG_PHOTOMETRIC, PHOTOMETRIC_RGB) &&
                TIFFSetField(tiff, TIFFTAG_PLANARCONFIG, PLANARCONFIG_CONTIG) &&
                TIFFSetField(tiff, TIFFTAG_ORIENTATION, ORIENTATION_TOPLEFT) &&
                TIFFSetField(tiff, TIFFTAG_SOFTWARE, "pastiche") &&
                TIFFSetField(tiff, TIFFTAG_COMPRESSION, compression) &&
                TIFFSetField(tiff, TIFFTAG_PREDICTOR, PREDICTOR_HORIZONTAL) &&
                TIFFSetField(tiff, TIFFTAG_ROWSPERSTRIP, TIFFDefaultStripSize(tiff, 0));
    if (good && packed->channels == 4)
        good = TIFFSetField(tiff, TIFFTAG_EXTRASAMPLES, 1, &alpha);
    if (good && packed->profile)
        good = TIFFSetField(tiff, TIFFTAG_ICCPROFILE, (uint32_t)packed->profile_bytes, packed->profile);
    if (good && packet)
        good = TIFFSetField(tiff, TIFFTAG_XMLPACKET, (uint32_t)strlen(packet), packet);
    for (int y = 0; good && y < packed->height; y++) {
        memcpy(copy, (const uint8_t *)packed->samples + (size_t)y * row, row);
        good = TIFFWriteScanline(tiff, copy, (uint32_t)y, 0) >= 0;
    }
    good = good && TIFFFlush(tiff);
    if (!good)
        PST_TRY(pst_fail(error, PST_ERROR_MEMORY, "libtiff cannot write it: %s",
                         m.message[0] ? m.message : "no memory left"));

cleanup:
    TIFFClose(tiff);
    pst_free(copy);
    pst_free(packet);
    if (status != PST_OK) {
        pst_free(m.sink.data);
        return status;
    }
    *file = m.sink.data;
    *bytes = m.sink.bytes;
    return PST_OK;
}

const pst_codec pst_codec_tiff = {"TIFF", "libtiff", read_tiff, write_tiff};
#else
const pst_codec pst_codec_tiff = {"TIFF", "libtiff", NULL, NULL};
#endif
