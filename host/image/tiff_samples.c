#ifdef PST_WITH_LIBTIFF
#include "image/tiff_samples.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "image/profile.h"

void pst_tiff_find_layout(TIFF *tiff, pst_tiff_layout *l) {
    *l = (pst_tiff_layout){0};
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
    if (l->format == SAMPLEFORMAT_VOID)
        l->format = SAMPLEFORMAT_UINT;
    l->inverted = l->photometric == PHOTOMETRIC_MINISWHITE;
    l->scaled = l->format != SAMPLEFORMAT_UINT && TIFFGetField(tiff, TIFFTAG_SMINSAMPLEVALUE, &l->least) &&
                TIFFGetField(tiff, TIFFTAG_SMAXSAMPLEVALUE, &l->most) && isfinite(l->least) && isfinite(l->most) &&
                l->most > l->least;
}

static bool is_lab(const pst_tiff_layout *l) {
    return l->photometric == PHOTOMETRIC_CIELAB || l->photometric == PHOTOMETRIC_ICCLAB;
}

/* Whether samples of this kind can be read. */
static bool is_readable(const pst_tiff_layout *l) {
    switch (l->format) {
    case SAMPLEFORMAT_UINT:
        return is_lab(l) ? l->bits == 8 || l->bits == 16 : l->bits >= 1 && l->bits <= 32;
    case SAMPLEFORMAT_INT:
        return l->bits == 8 || l->bits == 16 || (l->bits == 32 && !is_lab(l));
    case SAMPLEFORMAT_IEEEFP:
        return l->bits == 16 || l->bits == 32 || l->bits == 64;
    default:
        return false;
    }
}

/* The model of what can be read as it is; 0 for what cannot. */
static int direct_model(const pst_tiff_layout *l) {
    if (!is_readable(l))
        return 0;
    switch (l->photometric) {
    case PHOTOMETRIC_MINISBLACK:
    case PHOTOMETRIC_MINISWHITE:
        return PST_RASTER_GRAY;
    case PHOTOMETRIC_RGB:
    case PHOTOMETRIC_CIELAB:
    case PHOTOMETRIC_ICCLAB:
        return l->samples >= 3 ? PST_RASTER_RGB : 0;
    case PHOTOMETRIC_SEPARATED:
        return l->samples >= 4 && l->inks == INKSET_CMYK ? PST_RASTER_CMYK : 0;
    default:
        return 0;
    }
}

/* Whether the samples are a raster's already. */
static bool is_plain(const pst_tiff_layout *l) {
    return !is_lab(l) && !l->scaled &&
           ((l->format == SAMPLEFORMAT_UINT && (l->bits == 8 || l->bits == 16)) ||
            (l->format == SAMPLEFORMAT_IEEEFP && l->bits == 32));
}

/* ---- samples of other kinds ---------------------------------------------------------------------------------- */

static double half(uint16_t bits) {
    int exponent = bits >> 10 & 31, fraction = bits & 1023;
    double value = exponent == 31 ? (fraction ? NAN : INFINITY)
                   : exponent     ? ldexp(1024 + fraction, exponent - 25)
                                  : ldexp(fraction, -24);
    return bits >> 15 ? -value : value;
}

/* Sample i of a row. libtiff gives 16, 24, 32 and 64 bits in this machine's order; others are packed, high bits first.
 */
static double number(const pst_tiff_layout *l, const uint8_t *row, size_t i) {
    uint16_t wide;
    uint32_t value = 0;
    float real;
    double exact;
    const uint16_t one = 1;
    bool little = *(const uint8_t *)&one == 1, whole = l->bits == 8 || l->bits == 16 || l->bits == 24 || l->bits == 32;
    if (l->format == SAMPLEFORMAT_IEEEFP) {
        if (l->bits == 16)
            return memcpy(&wide, row + 2 * i, 2), half(wide);
        if (l->bits == 32)
            return memcpy(&real, row + 4 * i, 4), (double)real;
        return memcpy(&exact, row + 8 * i, 8), exact;
    }
    size_t bytes = l->bits / 8u;
    for (size_t b = 0; whole && b < bytes; b++)
        value |= (uint32_t)row[bytes * i + b] << 8 * (little ? b : bytes - 1 - b);
    for (size_t at = i * l->bits; !whole && at < (i + 1) * l->bits; at++)
        value = value << 1 | (row[at / 8] >> (7 - at % 8) & 1);
    if (l->format == SAMPLEFORMAT_INT && value >> (l->bits - 1))
        return (double)value - ldexp(1, l->bits);
    return value;
}

/* From 0 to 1, or as far as the file goes: clipping is said later. Lab: lightness / 100, (a + 128) / 256, (b + 128) /
 * 256 in the codes of TIFF's CIELab and ICCLab. */
static float in_unit(const pst_tiff_layout *l, double value, int channel) {
    double most = ldexp(1, l->bits - (l->format == SAMPLEFORMAT_INT)) - 1;
    if (is_lab(l) && channel < 3) {
        double all = ldexp(1, l->bits);
        if (l->format == SAMPLEFORMAT_IEEEFP)
            return (float)(channel ? (value + 128) / 256 : value / 100);
        bool icc = l->photometric == PHOTOMETRIC_ICCLAB;
        if (value < 0 && (icc || channel == 0)) /* the codes are the same, whatever the file calls their kind */
            value += all;
        if (channel == 0)
            return (float)(value / (icc && l->bits == 16 ? 0xff00 : all - 1));
        return (float)((icc ? value : value >= all / 2 ? value - all / 2 : value + all / 2) / all);
    }
    if (l->scaled)
        return (float)((value - l->least) / (l->most - l->least));
    return (float)(l->format == SAMPLEFORMAT_IEEEFP ? value : value / most);
}

/* ---- rows ---------------------------------------------------------------------------------------------------- */

/* Puts `count` pixels of the file at x, y of the raster: all samples of each (first < 0), or those of one plane. */
static void place(pst_raster *raster, const pst_tiff_layout *l, const uint8_t *from, int first, uint32_t x, uint32_t y,
                  uint32_t count) {
    size_t bytes = (size_t)raster->bits / 8, channels = pst_raster_channels(raster),
           samples = first < 0 ? l->samples : 1, taken = first < 0 ? channels : 1;
    uint8_t *to = (uint8_t *)raster->samples + (size_t)y * pst_raster_row_bytes(raster) + (size_t)x * channels * bytes;
    bool plain = is_plain(l);
    to += first < 0 ? 0 : (size_t)first * bytes;
    for (uint32_t i = 0; i < count; i++, to += channels * bytes)
        if (plain)
            memcpy(to, from + i * samples * bytes, taken * bytes); /* what an alpha is followed by is not wanted */
        else
            for (size_t c = 0; c < taken; c++) {
                float value = in_unit(l, number(l, from, i * samples + c), first < 0 ? (int)c : first);
                memcpy(to + c * sizeof value, &value, sizeof value);
            }
}

static pst_status read_rows(pst_error *error, TIFF *tiff, const pst_tiff_memory *m, const pst_tiff_layout *l,
                            pst_raster *raster) {
    bool planes = l->planar == PLANARCONFIG_SEPARATE && l->samples > 1;
    int passes = planes ? (int)pst_raster_channels(raster) : 1;
    uint32_t tile_width = l->width, tile_height = 1;
    bool tiled = TIFFIsTiled(tiff) != 0;
    uint8_t *buffer = NULL;
    pst_status status = PST_OK;
    if (tiled) {
        TIFFGetField(tiff, TIFFTAG_TILEWIDTH, &tile_width);
        TIFFGetField(tiff, TIFFTAG_TILELENGTH, &tile_height);
    }
    uint64_t row_bytes = ((uint64_t)tile_width * l->bits * (planes ? 1 : l->samples) + 7) / 8;
    tmsize_t bytes = tiled ? TIFFTileSize(tiff) : TIFFScanlineSize(tiff);
    if (bytes <= 0 || bytes > PST_TIFF_ALLOCATION_MOST || tile_width == 0 || tile_height == 0 ||
        row_bytes > (uint64_t)bytes / tile_height)
        return pst_tiff_damaged(error, m);
    PST_TRY(pst_allocate(error, (size_t)bytes, 1, &buffer));
    for (int pass = 0; pass < passes; pass++)
        for (uint32_t y = 0; y < l->height; y += tile_height)
            for (uint32_t x = 0; x < l->width; x += tile_width) {
                bool good = tiled ? TIFFReadTile(tiff, buffer, x, y, 0, (uint16_t)pass) >= 0
                                  : TIFFReadScanline(tiff, buffer, y, (uint16_t)pass) >= 0;
                if (!good)
                    PST_TRY(pst_tiff_damaged(error, m));
                uint32_t count = l->width - x < tile_width ? l->width - x : tile_width;
                for (uint32_t row = 0; row < tile_height && y + row < l->height; row++)
                    place(raster, l, buffer + (size_t)row * row_bytes, planes ? pass : -1, x, y + row, count);
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

/* Says what the raster's floats lose beyond 0 and 1, if it can be seen. */
static void note_clipping(const pst_tiff_layout *l, pst_raster *raster) {
    size_t channels = pst_raster_channels(raster), model = (size_t)raster->model,
           pixels = (size_t)raster->width * (size_t)raster->height;
    const float *samples = raster->samples;
    const double slight = 0.5 / 255;
    double least = 0, most = 1;
    bool numbers = true;
    char text[PST_IMAGE_NOTICE];
    for (size_t i = 0; i < pixels * channels; i++) {
        double value = (double)samples[i];
        if (i % channels >= model)
            continue;
        numbers &= !isnan(value);
        least = fmin(least, value);
        most = fmax(most, value);
    }
    if (least >= -slight && most <= 1 + slight && numbers)
        return;
    snprintf(text, sizeof text, "its samples from %.4g to %.4g%s were clipped to 0..1%s", least, most,
             numbers ? "" : ", some no numbers,",
             l->scaled ? " of the range it declares" : "; give the file SMinSampleValue and SMaxSampleValue");
    pst_raster_note(raster, text);
}

static pst_status read_direct(pst_error *error, TIFF *tiff, const pst_tiff_memory *m, const pst_tiff_layout *l,
                              pst_raster *raster) {
    int model = direct_model(l);
    bool extra = l->extra_count > 0 && l->samples > model;
    bool alpha = extra && (l->extra[0] == EXTRASAMPLE_ASSOCALPHA || l->extra[0] == EXTRASAMPLE_UNASSALPHA);
    if (is_lab(l) && !pst_profile_possible())
        return pst_fail(error, PST_ERROR_UNSUPPORTED,
                        "its colors are CIE Lab, and this build has no lcms2 to convert them; save it as RGB");
    pst_status status = pst_raster_create(error, raster, (int)l->width, (int)l->height, (pst_raster_model)model, alpha,
                                          is_plain(l) ? l->bits : 32);
    raster->premultiplied = alpha && l->extra[0] == EXTRASAMPLE_ASSOCALPHA;
    raster->lab = is_lab(l);
    if (status == PST_OK)
        status = read_rows(error, tiff, m, l, raster);
    if (status == PST_OK && raster->bits == 32 && l->format != SAMPLEFORMAT_UINT)
        note_clipping(l, raster);
    if (status == PST_OK && l->inverted)
        invert(raster);
    return status;
}

static pst_status read_converted(pst_error *error, TIFF *tiff, const pst_tiff_memory *m, const pst_tiff_layout *l,
                                 pst_raster *raster) {
    char reason[1024] = "";
    if (!TIFFRGBAImageOK(tiff, reason) || is_lab(l) || l->photometric == PHOTOMETRIC_ITULAB)
        return pst_fail(error, PST_ERROR_UNSUPPORTED,
                        "libtiff cannot convert it (%.120s); save it as RGB with 8 or 16 bits",
                        reason[0] ? reason : "a rare kind of Lab");
    pst_status status = pst_raster_create(error, raster, (int)l->width, (int)l->height, PST_RASTER_RGB, true, 8);
    if (status != PST_OK)
        return status;
    raster->premultiplied = true;
    /* The orientation is asked for as it is in the file, so that nothing is turned twice. */
    uint16_t orientation = ORIENTATION_TOPLEFT;
    TIFFGetFieldDefaulted(tiff, TIFFTAG_ORIENTATION, &orientation);
    uint32_t *pixels = raster->samples;
    if (!TIFFReadRGBAImageOriented(tiff, l->width, l->height, pixels, orientation, 1))
        return pst_tiff_damaged(error, m);
    for (size_t i = 0; i < (size_t)l->width * l->height; i++) {
        uint32_t abgr = pixels[i];
        uint8_t rgba[4] = {(uint8_t)TIFFGetR(abgr), (uint8_t)TIFFGetG(abgr), (uint8_t)TIFFGetB(abgr),
                           (uint8_t)TIFFGetA(abgr)};
        memcpy(pixels + i, rgba, 4);
    }
    if (l->photometric == PHOTOMETRIC_LOGL || l->photometric == PHOTOMETRIC_LOGLUV)
        pst_raster_note(raster, "its light beyond white was clipped");
    return PST_OK;
}

pst_status pst_tiff_read_samples(pst_error *error, TIFF *tiff, const pst_tiff_memory *m, const pst_tiff_layout *l,
                                 pst_raster *raster) {
    return direct_model(l) ? read_direct(error, tiff, m, l, raster) : read_converted(error, tiff, m, l, raster);
}
#else
typedef int pst_no_tiff_samples;
#endif
