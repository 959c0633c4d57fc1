#include "image/png_mend.h"

#include <string.h>

#include "image/inflate.h"

enum { SIGNATURE_BYTES = 8, PROFILE_MAX_BYTES = 16 << 20 };

typedef struct chunk {
    const uint8_t *kind, *data; /* the kind is four letters */
    size_t bytes;               /* of the data, as far as they are there */
    bool whole, intact;         /* nothing is missing; its checksum is right, or missing too */
} chunk;

static uint32_t big32(const uint8_t *at) {
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

static uint32_t add_to_checksum(uint32_t sum, const uint8_t *data, size_t bytes) {
    for (size_t i = 0; i < bytes; i++) {
        sum ^= data[i];
        for (int bit = 0; bit < 8; bit++)
            sum = sum >> 1 ^ (sum & 1 ? 0xedb88320u : 0);
    }
    return sum;
}

static uint32_t checksum(const uint8_t *kind, const uint8_t *data, size_t bytes) {
    return ~add_to_checksum(add_to_checksum(UINT32_MAX, kind, 4), data, bytes);
}

static bool is(const chunk *c, const char *kind) { return memcmp(c->kind, kind, 4) == 0; }

/* The chunk at a place of the file; false where there is none. */
static bool next_chunk(const uint8_t *file, size_t bytes, size_t *at, chunk *c) {
    if (bytes - *at < 8)
        return false;
    size_t length = big32(file + *at), left = bytes - *at - 8;
    c->kind = file + *at + 4;
    c->data = c->kind + 4;
    for (int i = 0; i < 4; i++)
        if (!((c->kind[i] >= 'A' && c->kind[i] <= 'Z') || (c->kind[i] >= 'a' && c->kind[i] <= 'z')))
            return false;
    c->bytes = length < left ? length : left;
    c->whole = left >= 4 && length <= left - 4;
    c->intact = !c->whole || checksum(c->kind, c->data, length) == big32(c->data + length);
    *at += c->whole ? 12 + length : bytes - *at;
    return true;
}

static bool put(pst_sink *copy, const uint8_t *kind, const uint8_t *data, size_t bytes) {
    uint32_t sum = checksum(kind, data, bytes);
    uint8_t head[8] = {(uint8_t)(bytes >> 24), (uint8_t)(bytes >> 16), (uint8_t)(bytes >> 8), (uint8_t)bytes};
    uint8_t tail[4] = {(uint8_t)(sum >> 24), (uint8_t)(sum >> 16), (uint8_t)(sum >> 8), (uint8_t)sum};
    memcpy(head + 4, kind, 4);
    return pst_sink_put(copy, copy->bytes, head, 8) && pst_sink_put(copy, copy->bytes, data, bytes) &&
           pst_sink_put(copy, copy->bytes, tail, 4);
}

/* Whether two bytes begin a zlib stream whose window is smaller than it may be. */
static bool is_small_window(const uint8_t *head) {
    return (head[0] & 15) == 8 && head[0] >> 4 < 7 && (head[0] << 8 | head[1]) % 31 == 0;
}

bool pst_png_mend(const uint8_t *file, size_t bytes, int mend, pst_sink *copy, int *faults) {
    static const uint8_t window[2] = {0x78, 0x01}; /* the largest */
    size_t at = SIGNATURE_BYTES, pixels = 0;       /* chunks of them */
    *faults = PST_PNG_ENDING;
    chunk c;
    bool good = bytes > at && pst_sink_put(copy, 0, file, at);
    while (good && next_chunk(file, bytes, &at, &c)) {
        bool data = is(&c, "IDAT"), ancillary = c.kind[0] >= 'a';
        if (is(&c, "IEND") && c.whole && c.intact)
            *faults &= ~PST_PNG_ENDING;
        if (pixels > 0 && !data)
            continue;
        if (!c.intact && !ancillary)
            return false;
        if ((!c.whole && !data) || !c.intact)
            continue; /* what is not needed */
        if (is(&c, "CgBI") && mend & PST_PNG_APPLE) {
            *faults |= PST_PNG_APPLE;
            continue;
        }
        if (data && pixels++ == 0) {
            if (*faults & PST_PNG_APPLE) {
                good = put(copy, c.kind, window, sizeof window);
            } else if (c.bytes >= 2 && mend & PST_PNG_WINDOW && is_small_window(c.data)) {
                *faults |= PST_PNG_WINDOW;
                good = put(copy, c.kind, window, sizeof window);
                c.data += 2;
                c.bytes -= 2;
            }
        }
        good = good && put(copy, c.kind, c.data, c.bytes);
    }
    *faults &= mend;
    return good && pixels > 0 && put(copy, (const uint8_t *)"IEND", NULL, 0);
}

pst_status pst_png_profile(pst_error *error, const uint8_t *file, size_t bytes, uint8_t **profile,
                           size_t *profile_bytes) {
    enum { NAME_MOST = 79 };
    size_t at = SIGNATURE_BYTES;
    chunk c;
    *profile = NULL;
    while (bytes > at && next_chunk(file, bytes, &at, &c) && !is(&c, "IDAT"))
        if (is(&c, "iCCP") && c.whole) {
            size_t name = 0;
            while (name < c.bytes && name < NAME_MOST && c.data[name])
                name++;
            if (name + 2 < c.bytes && c.data[name] == 0 && c.data[name + 1] == 0) /* packed by zlib's method */
                return pst_inflate(error, c.data + name + 2, c.bytes - name - 2, PROFILE_MAX_BYTES, profile,
                                   profile_bytes);
        }
    return pst_fail(error, PST_ERROR_FORMAT, "it has no whole color profile");
}
