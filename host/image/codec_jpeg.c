/* JPEG by libjpeg-turbo: every coding, CMYK, a quality, profiles. */
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jpeglib.h>
#include <jerror.h>

#include "base/memory.h"
#include "image/codec.h"
#include "image/metadata.h"

#define QUALITY 95     /* of 100 */
#define FULL_COLORS 90 /* from this quality on colors have as many samples as brightness */
#define PROFILE_MARKER (JPEG_APP0 + 2)
#define SCANS_MAX 500 /* a small file can ask for so many that it takes hours */

/* libjpeg's own part comes first; it leaves a failure by a longjmp. */
typedef struct handler {
    struct jpeg_error_mgr base;
    jmp_buf leave;
    pst_error *error;
    pst_status status;
    unsigned char *data; /* what is written, or a profile that is read; of libjpeg's malloc */
    unsigned long bytes;
    bool ended, profile_damaged; /* the file ended before its end marker; a part of the profile is missing */
} handler;

static handler *handler_of(j_common_ptr info) { return (handler *)(void *)info->err; }

static void leave(j_common_ptr info, pst_status status) {
    handler *h = handler_of(info);
    h->status = status;
    longjmp(h->leave, 1);
}

static void on_error(j_common_ptr info) {
    char text[JMSG_LENGTH_MAX];
    handler *h = handler_of(info);
    if (h->ended)
        leave(info, pst_fail(h->error, PST_ERROR_FORMAT, "it is cut short"));
    info->err->format_message(info, text);
    int code = info->err->msg_code;
    leave(info, code == JERR_OUT_OF_MEMORY ? pst_fail(h->error, PST_ERROR_MEMORY, "not enough memory for the image")
                : code == JERR_BAD_PRECISION || code == JERR_SOF_UNSUPPORTED || code == JERR_ARITH_NOTIMPL ||
                        code == JERR_NOTIMPL
                    ? pst_fail(h->error, PST_ERROR_UNSUPPORTED, "%s; save it as a common JPEG", text)
                    : pst_fail(h->error, PST_ERROR_FORMAT, "%s", text));
}

static void damaged(j_common_ptr info) {
    handler *h = handler_of(info);
    leave(info, pst_fail(h->error, PST_ERROR_FORMAT, h->ended ? "it is cut short" : "its data is damaged"));
}

/* Where libjpeg would go on with gray, the image is not whole. That the file ended means nothing yet: libjpeg reads
 * ahead, and says so in another message where it needs bits that are missing. Other warnings are of no matter here. */
static void on_message(j_common_ptr info, int level) {
    handler *h = handler_of(info);
    if (level >= 0)
        return;
    int code = info->err->msg_code;
    h->ended |= code == JWRN_JPEG_EOF;
    h->profile_damaged |= code == JWRN_BOGUS_ICC;
    if (code == JWRN_HIT_MARKER || code == JWRN_HUFF_BAD_CODE || code == JWRN_ARITH_BAD_CODE ||
        code == JWRN_MUST_RESYNC)
        damaged(info);
}

static void say_nothing(j_common_ptr info) { (void)info; }

static void set_handler(handler *h, pst_error *error) {
    jpeg_std_error(&h->base);
    h->base.error_exit = on_error;
    h->base.emit_message = on_message;
    h->base.output_message = say_nothing;
    h->error = error;
}

/* ---- reading ------------------------------------------------------------------------------------------------- */

static void watch(j_common_ptr info) {
    if (info->is_decompressor && ((j_decompress_ptr)info)->input_scan_number > SCANS_MAX)
        leave(info, pst_fail(handler_of(info)->error, PST_ERROR_FORMAT, "it has more than %d scans", SCANS_MAX));
}

static void find_profile(struct jpeg_decompress_struct *info, pst_raster *raster) {
    handler *h = handler_of((j_common_ptr)info);
    unsigned profile_bytes;
    if (!jpeg_read_icc_profile(info, &h->data, &profile_bytes)) {
        if (h->profile_damaged)
            pst_raster_note(raster, "its color profile is damaged and ignored");
        return;
    }
    pst_status status = pst_raster_set_profile(h->error, raster, h->data, profile_bytes);
    if (status != PST_OK)
        leave((j_common_ptr)info, status);
}

/* Refuses an image of several scans some of which are missing: libjpeg takes the end of the file for that of the image.
 * A progressive image may leave out scans, so there only one that ended without its marker is looked at closely. An
 * arithmetic coder goes on with zeros by design. */
static void check_scans(struct jpeg_decompress_struct *info) {
    handler *h = handler_of((j_common_ptr)info);
    bool whole = !(h->ended && info->arith_code);
    for (int c = 0; c < info->num_components; c++) {
        whole = whole && info->comp_info[c].quant_table != NULL; /* set by a component's first scan */
        for (int k = 0; h->ended && info->coef_bits && k < DCTSIZE2; k++)
            whole = whole && info->coef_bits[c][k] == 0; /* all bits of the coefficient were sent */
    }
    if (!whole)
        damaged((j_common_ptr)info);
}

static void read_all(struct jpeg_decompress_struct *info, const uint8_t *file, size_t bytes, pst_raster *raster) {
    pst_error *error = handler_of((j_common_ptr)info)->error;
    jpeg_mem_src(info, file, (unsigned long)bytes);
    jpeg_save_markers(info, PROFILE_MARKER, 0xffff);
    jpeg_read_header(info, TRUE);
    find_profile(info, raster);
    bool inks = info->jpeg_color_space == JCS_CMYK || info->jpeg_color_space == JCS_YCCK;
    bool gray = info->jpeg_color_space == JCS_GRAYSCALE;
    info->out_color_space = inks ? JCS_CMYK : gray ? JCS_GRAYSCALE : JCS_RGB;
    jpeg_calc_output_dimensions(info);
    pst_status status = pst_raster_create(error, raster, (int)info->output_width, (int)info->output_height,
                                          inks   ? PST_RASTER_CMYK
                                          : gray ? PST_RASTER_GRAY
                                                 : PST_RASTER_RGB,
                                          false, 8);
    if (status != PST_OK)
        leave((j_common_ptr)info, status);
    jpeg_start_decompress(info);
    size_t row_bytes = pst_raster_row_bytes(raster);
    while (info->output_scanline < info->output_height) {
        JSAMPROW row = (uint8_t *)raster->samples + info->output_scanline * row_bytes;
        jpeg_read_scanlines(info, &row, 1);
        if (inks && info->saw_Adobe_marker) /* its programs write 255 for no ink */
            for (size_t i = 0; i < row_bytes; i++)
                row[i] = (uint8_t)(255 - row[i]);
    }
    check_scans(info);
    jpeg_finish_decompress(info);
    if (handler_of((j_common_ptr)info)->ended)
        pst_raster_note(raster, "the end of the file is missing, but all its rows are there");
}

static pst_status read_jpeg(pst_error *error, const uint8_t *file, size_t bytes, pst_raster *raster) {
    handler h = {.status = PST_OK};
    struct jpeg_decompress_struct info = {0};
    struct jpeg_progress_mgr progress = {.progress_monitor = watch};
    set_handler(&h, error);
    info.err = &h.base;
    if (setjmp(h.leave) == 0) {
        jpeg_create_decompress(&info);
        info.progress = &progress;
        read_all(&info, file, bytes, raster);
    }
    jpeg_destroy_decompress(&info);
    free(h.data);
    raster->orientation = pst_file_orientation(file, bytes);
    return h.status;
}

/* ---- writing ------------------------------------------------------------------------------------------------- */

enum { SEGMENT_MOST = 65533 };

static void write_all(struct jpeg_compress_struct *info, const pst_packed *packed, const char *packet) {
    handler *h = handler_of((j_common_ptr)info);
    int quality = packed->quality ? packed->quality : QUALITY;
    jpeg_mem_dest(info, &h->data, &h->bytes);
    info->image_width = (JDIMENSION)packed->width;
    info->image_height = (JDIMENSION)packed->height;
    info->input_components = 3;
    info->in_color_space = JCS_RGB;
    jpeg_set_defaults(info);
    jpeg_set_quality(info, quality, TRUE);
    info->optimize_coding = TRUE;
    if (quality >= FULL_COLORS)
        info->comp_info[0].h_samp_factor = info->comp_info[0].v_samp_factor = 1;
    jpeg_start_compress(info, TRUE);
    if (packet)
        jpeg_write_marker(info, JPEG_APP0 + 1, (const JOCTET *)packet,
                          (unsigned)(sizeof PST_XMP_JPEG + strlen(packet + sizeof PST_XMP_JPEG)));
    if (packed->profile)
        jpeg_write_icc_profile(info, packed->profile, (unsigned)packed->profile_bytes);
    while (info->next_scanline < info->image_height) {
        JSAMPROW row = (JSAMPROW)packed->samples + (size_t)info->next_scanline * (size_t)packed->width * 3;
        jpeg_write_scanlines(info, &row, 1);
    }
    jpeg_finish_compress(info);
}

/* The content of an APP1 with our text: the name with its zero, then the packet. NULL: it is too long for that. */
static pst_status make_packet(pst_error *error, const char *metadata, char **packet) {
    char *xmp = NULL;
    pst_status status = PST_OK;
    *packet = NULL;
    PST_TRY(pst_xmp_wrap(error, metadata, &xmp));
    size_t length = strlen(xmp) + 1;
    if (sizeof PST_XMP_JPEG + length > SEGMENT_MOST) /* an image is worth more than its settings */
        goto cleanup;
    PST_TRY(pst_allocate(error, sizeof PST_XMP_JPEG + length, 1, packet));
    memcpy(*packet, PST_XMP_JPEG, sizeof PST_XMP_JPEG);
    memcpy(*packet + sizeof PST_XMP_JPEG, xmp, length);

cleanup:
    pst_free(xmp);
    return status;
}

static pst_status write_jpeg(pst_error *error, const pst_packed *packed, uint8_t **file, size_t *bytes) {
    handler h = {.status = PST_OK};
    struct jpeg_compress_struct info = {0};
    char *packet = NULL;
    pst_sink sink = {0};
    pst_status status = PST_OK;
    if (packed->metadata)
        status = make_packet(error, packed->metadata, &packet);
    if (status != PST_OK)
        return status;
    set_handler(&h, error);
    info.err = &h.base;
    if (setjmp(h.leave) == 0) {
        jpeg_create_compress(&info);
        write_all(&info, packed, packet);
    }
    status = h.status;
    if (status == PST_OK && !pst_sink_put(&sink, 0, h.data, h.bytes))
        status = pst_fail(error, PST_ERROR_MEMORY, "not enough memory for the file");
    jpeg_destroy_compress(&info);
    free(h.data);
    pst_free(packet);
    *file = sink.data;
    *bytes = sink.bytes;
    return status;
}

const pst_codec pst_codec_jpeg = {"JPEG", "libjpeg-turbo", read_jpeg, write_jpeg};
