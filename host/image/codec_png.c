/* PNG by libpng: 1 to 16 bits, profiles, gamma, EXIF, text. */
#include <string.h>

#include <png.h>

#include "base/memory.h"
#include "image/codec.h"
#include "image/metadata.h"
#include "image/png_mend.h"

#define CHUNK_MAX_BYTES ((png_alloc_size_t)16 << 20) /* of a profile, unfolded */

/* libpng leaves a failure by a longjmp; what must be known behind it lies here. */
typedef struct work {
    pst_error *error;
    pst_status status;
    const uint8_t *file;
    size_t bytes, at;
    bool profile_doubtful; /* libpng said something about it */
    bool mended;           /* what follows the last row is of no matter */
    bool ends_early;       /* ... and there was something wrong with it */
    uint64_t rows_left;    /* of all passes */
    pst_raster *raster;
    pst_sink sink;
} work;

static void on_error(png_structp png, png_const_charp message) {
    work *w = png_get_error_ptr(png);
    /* A wrong checksum of the data, where there is one, says that some row is wrong. */
    bool complete = w->mended && w->raster->samples && w->rows_left == 0 && !strstr(message, "incorrect data check");
    w->ends_early = complete;
    if (w->status == PST_OK && !complete)
        w->status = pst_fail(w->error, PST_ERROR_FORMAT, "%s", message);
    png_longjmp(png, 1);
}

static void on_warning(png_structp png, png_const_charp message) {
    work *w = png_get_error_ptr(png);
    w->profile_doubtful |= strncmp(message, "iCCP", 4) == 0;
}

static void leave(png_structp png, pst_status status) {
    work *w = png_get_error_ptr(png);
    if (w->status == PST_OK)
        w->status = status;
    png_longjmp(png, 1);
}

/* ---- reading ------------------------------------------------------------------------------------------------- */

static void take(png_structp png, png_bytep data, size_t bytes) {
    work *w = png_get_io_ptr(png);
    if (bytes > w->bytes - w->at)
        leave(png, pst_fail(w->error, PST_ERROR_FORMAT, "it is cut short"));
    memcpy(data, w->file + w->at, bytes);
    w->at += bytes;
}

static bool is_little_endian(void) {
    const uint16_t one = 1;
    return *(const uint8_t *)&one == 1;
}

/* libpng calls it for each row of the file that is decoded, before it looks for the end of the data. */
/* NOLINTNEXTLINE(readability-non-const-parameter): the type is libpng's */
static void count_row(png_structp png, png_row_infop row, png_bytep samples) {
    work *w = png_get_error_ptr(png);
    (void)row, (void)samples;
    w->rows_left -= w->rows_left > 0;
}

static uint64_t rows_of_all_passes(png_uint_32 width, png_uint_32 height, bool interlaced) {
    uint64_t rows = 0;
    for (int pass = 0; interlaced && pass < PNG_INTERLACE_ADAM7_PASSES; pass++)
        rows += PNG_PASS_COLS(width, pass) > 0 ? PNG_PASS_ROWS(height, pass) : 0;
    return interlaced ? rows : height;
}

/* Asks for gray or RGB, alpha as there is any, 8 or 16 bits; takes memory for it. */
static void set_up(png_structp png, png_infop info, work *w) {
    png_uint_32 width, height;
    int depth, color;
    png_get_IHDR(png, info, &width, &height, &depth, &color, NULL, NULL, NULL);
    if (color == PNG_COLOR_TYPE_PALETTE)
        png_set_palette_to_rgb(png);
    if (color == PNG_COLOR_TYPE_GRAY && depth < 8)
        png_set_expand_gray_1_2_4_to_8(png);
    if (png_get_valid(png, info, PNG_INFO_tRNS))
        png_set_tRNS_to_alpha(png);
    if (depth == 16 && is_little_endian())
        png_set_swap(png);
    bool interlaced = png_set_interlace_handling(png) > 1;
    w->rows_left = rows_of_all_passes(width, height, interlaced);
    png_set_read_user_transform_fn(png, count_row);
    png_read_update_info(png, info);
    color = png_get_color_type(png, info);
    pst_status status = pst_raster_create(w->error, w->raster, (int)width, (int)height,
                                          color & PNG_COLOR_MASK_COLOR ? PST_RASTER_RGB : PST_RASTER_GRAY,
                                          (color & PNG_COLOR_MASK_ALPHA) != 0, png_get_bit_depth(png, info));
    if (status != PST_OK)
        leave(png, status);
    if (png_get_rowbytes(png, info) != pst_raster_row_bytes(w->raster))
        png_error(png, "its rows have another length than its header says");
}

static void find_colors(png_structp png, png_infop info, work *w) {
    png_charp name;
    png_bytep profile;
    png_uint_32 bytes;
    int method, intent;
    pst_raster *r = w->raster;
    double *p = r->primaries;
    bool profiled = png_get_iCCP(png, info, &name, &method, &profile, &bytes) != 0;
    pst_status status = PST_OK;
    if (!profiled && w->profile_doubtful) { /* libpng wants a header without fault; lcms2 knows better what it needs */
        status = pst_png_profile(w->error, w->file, w->bytes, &r->profile, &r->profile_bytes);
        profiled = status == PST_OK;
        if (status != PST_OK && status != PST_ERROR_MEMORY) {
            status = PST_OK;
            pst_raster_note(r, "its color profile is damaged and ignored");
        }
    } else if (profiled) {
        status = pst_raster_set_profile(w->error, r, profile, bytes);
    }
    if (status != PST_OK)
        leave(png, status);
    if (profiled)
        return;
    if (!png_get_sRGB(png, info, &intent) && png_get_gAMA(png, info, &r->gamma)) {
        png_get_cHRM(png, info, p, p + 1, p + 2, p + 3, p + 4, p + 5, p + 6, p + 7);
        /* The gamma that programs write for sRGB is not its curve, but means it. */
        bool usual = p[1] <= 0 || (p[2] > 0.639 && p[2] < 0.641 && p[5] > 0.599 && p[5] < 0.601);
        if (r->gamma < 0.01 || r->gamma > 100 || (r->gamma > 0.4535 && r->gamma < 0.456 && usual))
            r->gamma = 0;
    }
}

static void read_all(png_structp png, png_infop info, work *w) {
    png_set_user_limits(png, PNG_UINT_31_MAX, PNG_UINT_31_MAX); /* the check below names the size */
    png_set_chunk_malloc_max(png, CHUNK_MAX_BYTES);
    png_set_keep_unknown_chunks(png, PNG_HANDLE_CHUNK_NEVER, (png_const_bytep) "tEXt\0iTXt\0zTXt", 3);
    png_set_read_fn(png, w, take);
    png_read_info(png, info);
    pst_status status =
        pst_raster_check_size(w->error, png_get_image_width(png, info), png_get_image_height(png, info));
    if (status != PST_OK)
        leave(png, status);
    find_colors(png, info, w);
    int passes = png_get_interlace_type(png, info) == PNG_INTERLACE_ADAM7 ? 7 : 1;
    set_up(png, info, w);
    for (int pass = 0; pass < passes; pass++)
        for (int y = 0; y < w->raster->height; y++)
            png_read_row(png, (png_bytep)w->raster->samples + (size_t)y * pst_raster_row_bytes(w->raster), NULL);
    png_read_end(png, info);
}

static pst_status read_once(pst_error *error, const uint8_t *file, size_t bytes, bool mended, pst_raster *raster,
                            bool *ends_early) {
    work w = {.error = error, .file = file, .bytes = bytes, .mended = mended, .raster = raster};
    png_structp png = png_create_read_struct(PNG_LIBPNG_VER_STRING, &w, on_error, on_warning);
    png_infop info = png ? png_create_info_struct(png) : NULL;
    if (!info)
        w.status = pst_fail(error, PST_ERROR_MEMORY, "not enough memory for the image");
    else if (setjmp(png_jmpbuf(png)) == 0)
        read_all(png, info, &w);
    png_destroy_read_struct(&png, &info, NULL);
    *ends_early = w.ends_early;
    return w.status;
}

/* Apple's order of channels is BGR, with the alpha multiplied in. */
static void set_right_apple(pst_raster *raster) {
    size_t channels = pst_raster_channels(raster), bytes = (size_t)raster->bits / 8,
           pixels = (size_t)raster->width * (size_t)raster->height;
    uint8_t *at = raster->samples, blue[2];
    for (size_t i = 0; raster->model == PST_RASTER_RGB && i < pixels; i++, at += channels * bytes) {
        memcpy(blue, at, bytes);
        memcpy(at, at + 2 * bytes, bytes);
        memcpy(at + 2 * bytes, blue, bytes);
    }
    raster->premultiplied = raster->alpha;
}

/* Of what is refused, a mended copy is tried; the first reason counts if that does not help. */
static pst_status read_mended(const uint8_t *file, size_t bytes, int mend, pst_raster *raster) {
    pst_sink copy = {0};
    pst_status status = PST_ERROR_FORMAT;
    bool ends_early = false;
    int faults;
    if (pst_png_mend(file, bytes, mend, &copy, &faults)) {
        pst_raster_clear(raster);
        status = read_once(NULL, copy.data, copy.bytes, true, raster, &ends_early);
    }
    if (status == PST_OK && faults & PST_PNG_APPLE)
        set_right_apple(raster);
    if (status == PST_OK &&
        (faults & PST_PNG_ENDING || (ends_early && !(faults & PST_PNG_APPLE)))) /* has no checksum */
        pst_raster_note(raster, "the end of the file is missing or damaged, but all its rows are there");
    if (status == PST_OK && faults & PST_PNG_WINDOW)
        pst_raster_note(raster, "its zlib window is declared too small, but all its rows are there");
    pst_free(copy.data);
    return status;
}

static pst_status read_png(pst_error *error, const uint8_t *file, size_t bytes, pst_raster *raster) {
    static const int mends[] = {PST_PNG_APPLE | PST_PNG_ENDING, PST_PNG_APPLE | PST_PNG_ENDING | PST_PNG_WINDOW};
    bool ends_early;
    pst_status status = read_once(error, file, bytes, false, raster, &ends_early), mended = status;
    for (size_t i = 0; status == PST_ERROR_FORMAT && mended != PST_OK && i < sizeof mends / sizeof mends[0]; i++)
        mended = read_mended(file, bytes, mends[i], raster);
    raster->orientation = pst_file_orientation(file, bytes);
    return mended == PST_OK ? PST_OK : status;
}

/* ---- writing ------------------------------------------------------------------------------------------------- */

static void give(png_structp png, png_bytep data, size_t bytes) {
    work *w = png_get_io_ptr(png);
    if (!pst_sink_put(&w->sink, w->sink.bytes, data, bytes))
        leave(png, pst_fail(w->error, PST_ERROR_MEMORY, "not enough memory for the file"));
}

static void flush(png_structp png) { (void)png; }

static void write_all(png_structp png, png_infop info, const pst_packed *c, work *w) {
    png_set_write_fn(png, w, give, flush);
    png_set_IHDR(png, info, (png_uint_32)c->width, (png_uint_32)c->height, c->bits,
                 c->channels == 4 ? PNG_COLOR_TYPE_RGB_ALPHA : PNG_COLOR_TYPE_RGB, PNG_INTERLACE_NONE,
                 PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
    if (c->srgb)
        png_set_sRGB_gAMA_and_cHRM(png, info, PNG_sRGB_INTENT_PERCEPTUAL);
    else if (c->profile)
        png_set_iCCP(png, info, "ICC profile", PNG_COMPRESSION_TYPE_BASE, c->profile, (png_uint_32)c->profile_bytes);
    if (c->metadata) {
        png_text text = {.compression = PNG_ITXT_COMPRESSION_NONE,
                         .key = (png_charp)PST_METADATA_KEY,
                         .text = (png_charp)c->metadata,
                         .itxt_length = strlen(c->metadata),
                         .lang = (png_charp) "",
                         .lang_key = (png_charp) ""};
        png_set_text(png, info, &text, 1);
    }
    png_write_info(png, info);
    if (c->bits == 16 && is_little_endian())
        png_set_swap(png);
    size_t row = (size_t)c->width * (size_t)c->channels * (size_t)c->bits / 8;
    for (int y = 0; y < c->height; y++)
        png_write_row(png, (png_const_bytep)c->samples + (size_t)y * row);
    png_write_end(png, info);
}

static pst_status write_png(pst_error *error, const pst_packed *packed, uint8_t **file, size_t *bytes) {
    work w = {.error = error};
    png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, &w, on_error, on_warning);
    png_infop info = png ? png_create_info_struct(png) : NULL;
    if (!info)
        w.status = pst_fail(error, PST_ERROR_MEMORY, "not enough memory for the image");
    else if (setjmp(png_jmpbuf(png)) == 0)
        write_all(png, info, packed, &w);
    png_destroy_write_struct(&png, &info);
    if (w.status != PST_OK) {
        pst_free(w.sink.data);
        return w.status;
    }
    *file = w.sink.data;
    *bytes = w.sink.bytes;
    return PST_OK;
}

const pst_codec pst_codec_png = {"PNG", "libpng", read_png, write_png};
