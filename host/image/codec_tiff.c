/* TIFF by libtiff: the full-size image of a file, in whatever samples (see tiff_samples.h and tiff_pages.h). */
#include "image/codec.h"

#ifdef PST_WITH_LIBTIFF
#include <string.h>

#include "base/memory.h"
#include "image/metadata.h"
#include "image/profile.h"
#include "image/tiff_memory.h"
#include "image/tiff_pages.h"
#include "image/tiff_samples.h"

/* ---- reading ------------------------------------------------------------------------------------------------- */

static pst_status read_page(pst_error *error, TIFF *tiff, const pst_tiff_memory *m, pst_raster *raster) {
    pst_status status = PST_OK;
    pst_tiff_layout l;
    uint32_t profile_bytes = 0;
    void *profile = NULL;
    pst_tiff_find_layout(tiff, &l);
    PST_TRY(pst_raster_check_size(error, l.width, l.height));
    if (!TIFFIsCODECConfigured(l.compression))
        PST_TRY(pst_fail(error, PST_ERROR_UNSUPPORTED,
                         "this libtiff does not know its compression (%u); save it with another", l.compression));
    PST_TRY(pst_tiff_read_samples(error, tiff, m, &l, raster));
    if (!raster->lab && TIFFGetField(tiff, TIFFTAG_ICCPROFILE, &profile_bytes, &profile))
        status = pst_raster_set_profile(error, raster, profile, profile_bytes);

cleanup:
    return status;
}

static pst_status read_tiff(pst_error *error, const uint8_t *file, size_t bytes, pst_raster *raster) {
    pst_tiff_memory m = {.file = file, .bytes = bytes};
    pst_status status = PST_OK;
    TIFF *tiff = pst_tiff_open(&m, "r");
    if (!tiff)
        return pst_tiff_damaged(error, &m);
    PST_TRY(pst_tiff_choose_page(error, tiff, &m, raster));
    PST_TRY(read_page(error, tiff, &m, raster));

cleanup:
    TIFFClose(tiff);
    return status;
}

/* ---- writing ------------------------------------------------------------------------------------------------- */

static pst_status write_tiff(pst_error *error, const pst_packed *packed, uint8_t **file, size_t *bytes) {
    pst_tiff_memory m = {0};
    pst_status status = PST_OK;
    char *packet = NULL;
    size_t row = (size_t)packed->width * (size_t)packed->channels * (size_t)packed->bits / 8;
    uint8_t *copy = NULL; /* libtiff changes what it writes */
    uint16_t alpha = EXTRASAMPLE_UNASSALPHA, compression = TIFFIsCODECConfigured(COMPRESSION_ADOBE_DEFLATE)
                                                               ? COMPRESSION_ADOBE_DEFLATE
                                                               : COMPRESSION_LZW;
    TIFF *tiff = pst_tiff_open(&m, "wm");
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
