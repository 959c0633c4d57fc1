/* WebP by libwebp, its first image; without loss unless a quality is asked for. */
#include "image/codec.h"

#ifdef PST_WITH_WEBP
#include <string.h>

#include <webp/decode.h>
#include <webp/demux.h>
#include <webp/encode.h>
#include <webp/mux.h>

#include "base/memory.h"
#include "image/metadata.h"

/* ---- reading ------------------------------------------------------------------------------------------------- */

static pst_status read_frame(pst_error *error, WebPDemuxer *demuxer, pst_raster *raster) {
    WebPIterator frame;
    pst_status status = PST_OK;
    int width = (int)WebPDemuxGetI(demuxer, WEBP_FF_CANVAS_WIDTH),
        height = (int)WebPDemuxGetI(demuxer, WEBP_FF_CANVAS_HEIGHT);
    if (!WebPDemuxGetFrame(demuxer, 1, &frame))
        return pst_fail(error, PST_ERROR_FORMAT, "it has no image");
    if (!frame.complete || frame.x_offset < 0 || frame.y_offset < 0 || frame.width < 1 || frame.height < 1 ||
        frame.width > width - frame.x_offset || frame.height > height - frame.y_offset)
        PST_TRY(pst_fail(error, PST_ERROR_FORMAT, "its first image is incomplete"));
    PST_TRY(pst_raster_create(error, raster, width, height, PST_RASTER_RGB, true, 8)); /* transparent */
    size_t row = pst_raster_row_bytes(raster);
    uint8_t *at = (uint8_t *)raster->samples + (size_t)frame.y_offset * row + 4 * (size_t)frame.x_offset;
    size_t room = (size_t)height * row - (size_t)(at - (uint8_t *)raster->samples);
    if (!WebPDecodeRGBAInto(frame.fragment.bytes, frame.fragment.size, at, room, (int)row))
        PST_TRY(pst_fail(error, PST_ERROR_FORMAT, "its data is damaged or cut short"));
    if (WebPDemuxGetI(demuxer, WEBP_FF_FRAME_COUNT) > 1)
        pst_raster_note(raster, "only the first image of the animation is used");

cleanup:
    WebPDemuxReleaseIterator(&frame);
    return status;
}

static pst_status read_webp(pst_error *error, const uint8_t *file, size_t bytes, pst_raster *raster) {
    pst_status status = PST_OK;
    WebPChunkIterator chunk;
    WebPData data = {file, bytes};
    WebPDemuxer *demuxer = WebPDemux(&data);
    if (!demuxer)
        return pst_fail(error, PST_ERROR_FORMAT, "it is damaged or cut short");
    PST_TRY(read_frame(error, demuxer, raster));
    if (WebPDemuxGetI(demuxer, WEBP_FF_FORMAT_FLAGS) & ICCP_FLAG && WebPDemuxGetChunk(demuxer, "ICCP", 1, &chunk)) {
        status = pst_raster_set_profile(error, raster, chunk.chunk.bytes, chunk.chunk.size);
        WebPDemuxReleaseChunkIterator(&chunk);
    }
    raster->orientation = pst_file_orientation(file, bytes);

cleanup:
    WebPDemuxDelete(demuxer);
    return status;
}

/* ---- writing ------------------------------------------------------------------------------------------------- */

static bool encode(const pst_packed *packed, WebPMemoryWriter *writer, int *code) {
    WebPConfig config;
    WebPPicture image;
    *code = VP8_ENC_ERROR_INVALID_CONFIGURATION;
    if (!WebPConfigInit(&config) || !WebPPictureInit(&image))
        return false;
    config.lossless = packed->quality == 0;
    config.exact = 0;
    config.quality = packed->quality ? (float)packed->quality : 75; /* without loss: the effort */
    config.use_sharp_yuv = 1;
    image.use_argb = 1;
    image.width = packed->width;
    image.height = packed->height;
    image.writer = WebPMemoryWrite;
    image.custom_ptr = writer;
    bool good = packed->channels == 4 ? WebPPictureImportRGBA(&image, packed->samples, 4 * packed->width)
                                      : WebPPictureImportRGB(&image, packed->samples, 3 * packed->width);
    good = good && WebPEncode(&config, &image);
    *code = good ? VP8_ENC_OK : (int)image.error_code;
    WebPPictureFree(&image);
    return good;
}

static pst_status write_webp(pst_error *error, const pst_packed *packed, uint8_t **file, size_t *bytes) {
    pst_status status = PST_OK;
    WebPMemoryWriter writer;
    WebPData assembled = {0};
    WebPMux *mux = NULL;
    pst_sink sink = {0};
    char *packet = NULL;
    int code;
    if (packed->width > WEBP_MAX_DIMENSION || packed->height > WEBP_MAX_DIMENSION)
        return pst_fail(error, PST_ERROR_UNSUPPORTED, "a WebP image has at most %d pixels a side; write a PNG or TIFF",
                        WEBP_MAX_DIMENSION);
    WebPMemoryWriterInit(&writer);
    if (!encode(packed, &writer, &code))
        PST_TRY(code == VP8_ENC_ERROR_OUT_OF_MEMORY || code == VP8_ENC_ERROR_BITSTREAM_OUT_OF_MEMORY
                    ? pst_fail(error, PST_ERROR_MEMORY, "not enough memory for the file")
                    : pst_fail(error, PST_ERROR_UNSUPPORTED, "libwebp cannot encode this image (error %d)", code));
    if (packed->metadata)
        PST_TRY(pst_xmp_wrap(error, packed->metadata, &packet));
    WebPData image = {writer.mem, writer.size};
    mux = WebPMuxNew();
    bool good = mux && WebPMuxSetImage(mux, &image, 0) == WEBP_MUX_OK;
    if (good && packed->profile && !packed->srgb) { /* a WebP without a profile is sRGB */
        WebPData profile = {packed->profile, packed->profile_bytes};
        good = WebPMuxSetChunk(mux, "ICCP", &profile, 0) == WEBP_MUX_OK;
    }
    if (good && packet) {
        WebPData xmp = {(const uint8_t *)packet, strlen(packet)};
        good = WebPMuxSetChunk(mux, "XMP ", &xmp, 0) == WEBP_MUX_OK;
    }
    if (!good || WebPMuxAssemble(mux, &assembled) != WEBP_MUX_OK ||
        !pst_sink_put(&sink, 0, assembled.bytes, assembled.size))
        PST_TRY(pst_fail(error, PST_ERROR_MEMORY, "not enough memory for the file"));
    *file = sink.data;
    *bytes = sink.bytes;

cleanup:
    if (mux)
        WebPMuxDelete(mux);
    WebPDataClear(&assembled);
    WebPMemoryWriterClear(&writer);
    pst_free(packet);
    return status;
}

const pst_codec pst_codec_webp = {"WebP", "libwebp", read_webp, write_webp};
#else
const pst_codec pst_codec_webp = {"WebP", "libwebp", NULL, NULL};
#endif
