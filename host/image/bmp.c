#include "image/bmp.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "image/codec.h"

enum {
    FILE_HEADER = 14,
    OLD_HEADER = 12, /* of OS/2 1 */
    INFO_HEADER = 40,
    V5_HEADER = 124,
    MASKS_AT = 40,
    PALETTE_MOST = 256
};

typedef enum coding { PLAIN, RUNS_8, RUNS_4, MASKS, JPEG, PNG, MASKS_WITH_ALPHA } coding;

typedef struct bitmap {
    const uint8_t *file;
    size_t bytes, header, data; /* where the pixels begin */
    int64_t width, height;
    bool top_down;
    uint32_t bits, coding;
    uint32_t masks[4]; /* red, green, blue, alpha */
    uint8_t palette[PALETTE_MOST][3];
    uint32_t colors;
    bool beyond; /* a pixel names a color that the palette lacks */
} bitmap;

static uint32_t little(const uint8_t *at, int bytes) {
    uint32_t value = 0;
    for (int i = 0; i < bytes; i++)
        value |= (uint32_t)at[i] << 8 * i;
    return value;
}

/* A number of the header, which begins with its length; 0 beyond its end. */
static uint32_t field(const bitmap *b, size_t at) {
    return at + 4 <= b->header ? little(b->file + FILE_HEADER + at, 4) : 0;
}

static pst_status cut_short(pst_error *error) { return pst_fail(error, PST_ERROR_FORMAT, "it is cut short"); }

/* ---- headers ------------------------------------------------------------------------------------------------- */

static pst_status check_kind(pst_error *error, const bitmap *b) {
    static const uint32_t depths[] = {1, 2, 4, 8, 16, 24, 32};
    bool known = false;
    for (size_t i = 0; i < sizeof depths / sizeof depths[0]; i++)
        known |= depths[i] == b->bits;
    bool os2 = b->header == 16 || b->header == 64 || (b->coding == MASKS && b->bits == 1) ||
               (b->coding == JPEG && b->bits == 24 && b->header == INFO_HEADER);
    if (os2 && b->coding > RUNS_4)
        return pst_fail(error, PST_ERROR_UNSUPPORTED, "it has a compression of OS/2 (%s); save it as PNG",
                        b->coding == MASKS ? "Huffman" : "runs of 24 bits");
    if (b->coding == JPEG || b->coding == PNG)
        return PST_OK;
    if (!known || b->coding > MASKS_WITH_ALPHA || (b->coding == RUNS_8 && b->bits != 8) ||
        (b->coding == RUNS_4 && b->bits != 4) ||
        ((b->coding == MASKS || b->coding == MASKS_WITH_ALPHA) && b->bits != 16 && b->bits != 32))
        return pst_fail(error, PST_ERROR_FORMAT, "its header asks for %u bits with compression %u, which no BMP has",
                        b->bits, b->coding);
    return PST_OK;
}

static pst_status find_masks(pst_error *error, bitmap *b, size_t *palette_at) {
    static const uint32_t of16[4] = {0x7c00, 0x3e0, 0x1f, 0}, of32[4] = {0xff0000, 0xff00, 0xff, 0xff000000};
    bool given = b->coding == MASKS || b->coding == MASKS_WITH_ALPHA;
    memcpy(b->masks, b->bits == 16 ? of16 : of32, sizeof b->masks);
    if (!given)
        return PST_OK;
    int count = b->coding == MASKS_WITH_ALPHA || b->header >= 56 ? 4 : 3;
    if (b->header < 52) { /* they follow it */
        *palette_at += 4 * (size_t)count;
        if (*palette_at > b->bytes)
            return cut_short(error);
    }
    for (int i = 0; i < 4; i++)
        b->masks[i] = i < count ? little(b->file + FILE_HEADER + MASKS_AT + 4 * i, 4) : 0;
    if (!(b->masks[0] | b->masks[1] | b->masks[2]))
        return pst_fail(error, PST_ERROR_FORMAT, "it gives no bits to its colors");
    return PST_OK;
}

static pst_status find_palette(pst_error *error, bitmap *b, size_t at) {
    size_t entry = b->header == OLD_HEADER ? 3 : 4;
    uint32_t most = 1u << b->bits, used = field(b, 32);
    b->colors = used && used < most ? used : most;
    if (b->data > at && b->data - at < b->colors * entry) /* the pixels begin before */
        b->colors = (uint32_t)((b->data - at) / entry);
    if (at + b->colors * entry > b->bytes)
        return cut_short(error);
    for (uint32_t i = 0; i < b->colors; i++)
        for (size_t c = 0; c < 3; c++)
            b->palette[i][c] = b->file[at + i * entry + 2 - c];
    return PST_OK;
}

static pst_status find_facts(pst_error *error, bitmap *b) {
    pst_status status = PST_OK;
    if (b->bytes < FILE_HEADER + OLD_HEADER)
        return cut_short(error);
    b->data = little(b->file + 10, 4);
    b->header = little(b->file + FILE_HEADER, 4);
    if (b->header != OLD_HEADER && (b->header < 16 || b->header > 1 << 16))
        return pst_fail(error, PST_ERROR_FORMAT, "its header has %zu bytes, which is none that is known", b->header);
    size_t palette_at = FILE_HEADER + b->header;
    if (palette_at > b->bytes)
        return cut_short(error);
    bool old = b->header == OLD_HEADER;
    const uint8_t *head = b->file + FILE_HEADER;
    b->width = old ? (int64_t)little(head + 4, 2) : (int32_t)little(head + 4, 4);
    b->height = old ? (int64_t)little(head + 6, 2) : (int32_t)little(head + 8, 4);
    b->bits = little(head + (old ? 10 : 14), 2);
    b->coding = field(b, 16);
    b->top_down = b->height < 0;
    b->height = llabs(b->height);
    PST_TRY(pst_raster_check_size(error, b->width, b->height));
    PST_TRY(check_kind(error, b));
    PST_TRY(find_masks(error, b, &palette_at));
    if (b->bits <= 8 && b->coding <= RUNS_4)
        PST_TRY(find_palette(error, b, palette_at));
    if (b->data < palette_at || b->data > b->bytes)
        PST_TRY(b->data > b->bytes ? cut_short(error)
                                   : pst_fail(error, PST_ERROR_FORMAT, "its pixels begin within its header"));

cleanup:
    return status;
}

/* ---- pixels -------------------------------------------------------------------------------------------------- */

static void put_color(bitmap *b, pst_raster *raster, int64_t x, int64_t row, uint32_t index) {
    static const uint8_t black[3] = {0};
    int64_t y = b->top_down ? row : b->height - 1 - row;
    b->beyond |= index >= b->colors;
    memcpy((uint8_t *)raster->samples + 3 * (y * b->width + x), index < b->colors ? b->palette[index] : black, 3);
}

/* The part of a pixel under a mask, from 0 to 1. */
static float under(uint32_t pixel, uint32_t mask) {
    if (!mask)
        return 0;
    uint32_t lowest = mask & (~mask + 1);
    return (float)((double)((pixel & mask) / lowest) / (mask / lowest));
}

static pst_status read_plain(pst_error *error, bitmap *b, pst_raster *raster) {
    size_t row_bits = (size_t)b->width * b->bits, stride = (row_bits + 31) / 32 * 4;
    bool indexed = b->bits <= 8, masked = b->bits == 16 || b->bits == 32, alpha = masked && b->masks[3];
    if (stride * (size_t)(b->height - 1) + (row_bits + 7) / 8 > b->bytes - b->data)
        return cut_short(error);
    pst_status status =
        pst_raster_create(error, raster, (int)b->width, (int)b->height, PST_RASTER_RGB, alpha, masked ? 32 : 8);
    for (int64_t row = 0; status == PST_OK && row < b->height; row++) {
        const uint8_t *from = b->file + b->data + (size_t)row * stride;
        size_t y = (size_t)(b->top_down ? row : b->height - 1 - row);
        uint8_t *to = (uint8_t *)raster->samples + y * pst_raster_row_bytes(raster);
        for (int64_t x = 0; x < b->width; x++) {
            if (indexed) {
                size_t at = (size_t)x * b->bits;
                put_color(b, raster, x, row, from[at / 8] >> (8 - b->bits - at % 8) & ((1u << b->bits) - 1));
            } else if (!masked) {
                for (int c = 0; c < 3; c++)
                    to[3 * x + c] = from[3 * x + 2 - c];
            } else {
                uint32_t pixel = little(from + (size_t)x * b->bits / 8, (int)b->bits / 8);
                for (size_t c = 0, channels = alpha ? 4 : 3; c < channels; c++)
                    ((float *)raster->samples)[(y * (size_t)b->width + (size_t)x) * channels + c] =
                        under(pixel, b->masks[c]);
            }
        }
    }
    return status;
}

/* Runs of 4 or 8 bits: a count and a value; or 0 and the end of a row, the end of all, a jump, or a count of values.
 * What is jumped over has the first color. */
static pst_status read_runs(pst_error *error, bitmap *b, pst_raster *raster) {
    bool four = b->coding == RUNS_4, ended = false;
    int64_t x = 0, row = 0;
    size_t at = b->data;
    pst_status status = pst_raster_create(error, raster, (int)b->width, (int)b->height, PST_RASTER_RGB, false, 8);
    if (status != PST_OK)
        return status;
    for (int64_t i = 0; i < b->width * b->height; i++)
        put_color(b, raster, i % b->width, i / b->width, 0);
    while (!ended && row < b->height && b->bytes - at >= 2) {
        uint32_t count = b->file[at], value = b->file[at + 1];
        at += 2;
        if (count == 0 && value == 0) {
            x = 0;
            row++;
        } else if (count == 0 && value == 1) {
            ended = true;
        } else if (count == 0 && value == 2) {
            if (b->bytes - at < 2)
                return cut_short(error);
            x += b->file[at];
            row += b->file[at + 1];
            at += 2;
        } else {
            bool values = count == 0; /* each by itself */
            size_t used = values ? (four ? (value + 1) / 2 : value) : 0;
            if (used > b->bytes - at)
                return cut_short(error);
            for (uint32_t i = 0; i < (values ? value : count); i++, x++) {
                uint32_t pair = !values ? value : b->file[at + (four ? i / 2 : i)];
                if (x < b->width)
                    put_color(b, raster, x, row, !four ? pair : i % 2 ? pair & 15 : pair >> 4);
            }
            used += used % 2;
            at = used < b->bytes - at ? at + used : b->bytes;
        }
    }
    if (!ended && row < b->height && !(row == b->height - 1 && x >= b->width))
        return cut_short(error);
    if (!ended && b->bytes - at < 2)
        pst_raster_note(raster, "the end of the file is missing, but all its rows are there");
    return PST_OK;
}

/* The profile within the file that a header of version 5 may have. */
static pst_status find_profile(pst_error *error, const bitmap *b, pst_raster *raster) {
    enum { COLORS_AT = 56, PROFILE_AT = 112, EMBEDDED = 0x4d424544 };
    if (b->header < V5_HEADER || field(b, COLORS_AT) != EMBEDDED)
        return PST_OK;
    size_t at = FILE_HEADER + (size_t)field(b, PROFILE_AT), bytes = field(b, PROFILE_AT + 4);
    if (at <= b->bytes && bytes <= b->bytes - at)
        return pst_raster_set_profile(error, raster, b->file + at, bytes);
    pst_raster_note(raster, "its color profile is damaged and passed over");
    return PST_OK;
}

pst_status pst_bmp_read(pst_error *error, const uint8_t *file, size_t bytes, pst_raster *raster) {
    bitmap b = {.file = file, .bytes = bytes};
    pst_status status = PST_OK;
    PST_TRY(find_facts(error, &b));
    if (b.coding == JPEG || b.coding == PNG) /* a whole file of that kind */
        return (b.coding == PNG ? pst_codec_png : pst_codec_jpeg).read(error, file + b.data, bytes - b.data, raster);
    PST_TRY(b.coding == RUNS_8 || b.coding == RUNS_4 ? read_runs(error, &b, raster) : read_plain(error, &b, raster));
    if (b.beyond)
        pst_raster_note(raster, "colors that its palette lacks are black");
    PST_TRY(find_profile(error, &b, raster));

cleanup:
    return status;
}
