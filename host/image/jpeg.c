#include "image/jpeg.h"

enum { SOI = 0xd8, EOI = 0xd9, DHT = 0xc4, DQT = 0xdb, JPG = 0xc8, DAC = 0xcc, RST0 = 0xd0, RST7 = 0xd7 };

bool pst_jpeg_is(const uint8_t *file, size_t bytes) {
    return bytes >= 3 && file[0] == 0xff && (file[1] == SOI || file[1] == 0xff);
}

/* A table is one byte, the number of codes of each of 16 lengths, and a byte for each code: 256 at most. */
static bool huffman_tables_are_sound(const uint8_t *at, size_t left) {
    while (left > 0) {
        if (left < 17)
            return false;
        size_t codes = 0;
        for (int length = 1; length <= 16; length++)
            codes += at[length];
        if (codes > 256 || left < 17 + codes)
            return false;
        at += 17 + codes;
        left -= 17 + codes;
    }
    return true;
}

static bool quantization_tables_are_sound(const uint8_t *at, size_t left) {
    while (left > 0) {
        size_t bytes = at[0] >> 4 ? 129 : 65;
        if (left < bytes)
            return false;
        at += bytes;
        left -= bytes;
    }
    return true;
}

/* Walks from marker to marker exactly as stb_image does, so that no segment which it will read is passed over. The
 * coded data behind a start of scan holds no marker but restarts, and 0xff 0x00 for a byte 0xff. */
pst_status pst_jpeg_check(pst_error *error, const uint8_t *file, size_t bytes) {
    size_t at = 2;
    if (bytes < 2 || file[0] != 0xff || file[1] != SOI)
        return pst_fail(error, PST_ERROR_FORMAT, "it does not begin as one");
    for (;;) {
        while (at < bytes && file[at] != 0xff)
            at++;
        while (at < bytes && file[at] == 0xff)
            at++;
        if (at == bytes)
            return pst_fail(error, PST_ERROR_FORMAT, "it is cut short");
        int marker = file[at++];
        if (marker == EOI)
            return PST_OK;
        if (marker == 0 || marker == 1 || marker == SOI || (marker >= RST0 && marker <= RST7)) /* these stand alone */
            continue;
        if (bytes - at < 2)
            return pst_fail(error, PST_ERROR_FORMAT, "it is cut short");
        size_t length = (size_t)file[at] << 8 | file[at + 1];
        if (length > bytes - at)
            return pst_fail(error, PST_ERROR_FORMAT, "it is cut short");
        if (length < 2 || (marker == DHT && !huffman_tables_are_sound(file + at + 2, length - 2)) ||
            (marker == DQT && !quantization_tables_are_sound(file + at + 2, length - 2)))
            return pst_fail(error, PST_ERROR_FORMAT, "its tables are damaged");
        if (marker > 0xc2 && marker <= 0xcf && marker != DHT && marker != JPG && marker != DAC)
            return pst_fail(error, PST_ERROR_UNSUPPORTED, "%s coding is not known here; save it as a common JPEG",
                            marker > JPG ? "arithmetic" : "lossless and hierarchical");
        at += length;
    }
}
