#include "image/metadata.h"

#include <string.h>

#include "base/memory.h"
#include "image/inflate.h"

/* Bytes that are looked at within bounds. */
typedef struct span {
    const uint8_t *at;
    size_t bytes;
} span;

static uint32_t big32(const uint8_t *at) {
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}
static uint32_t little32(const uint8_t *at) {
    return (uint32_t)at[3] << 24 | (uint32_t)at[2] << 16 | (uint32_t)at[1] << 8 | at[0];
}

static bool begins(span s, const char *with, size_t bytes) {
    return s.bytes >= bytes && memcmp(s.at, with, bytes) == 0;
}

/* ---- TIFF, which EXIF is too --------------------------------------------------------------------------------- */

static uint32_t number(span tiff, size_t at, int bytes) {
    bool big = tiff.at[0] == 'M';
    uint32_t value = 0;
    for (int i = 0; i < bytes; i++)
        value |= (uint32_t)tiff.at[at + (size_t)i] << 8 * (big ? bytes - 1 - i : i);
    return value;
}

/* The entry of a tag in the first directory: twelve bytes; 0 if there is none. BigTIFF is not looked into. */
static size_t find_tag(span tiff, uint32_t tag) {
    if (!begins(tiff, "II*\0", 4) && !begins(tiff, "MM\0*", 4))
        return 0;
    if (tiff.bytes < 8)
        return 0;
    uint32_t at = number(tiff, 4, 4);
    if (at > tiff.bytes - 2)
        return 0;
    uint32_t count = number(tiff, at, 2);
    for (uint32_t i = 0; i < count && at + 2 + 12 * (i + 1) <= tiff.bytes; i++)
        if (number(tiff, at + 2 + 12 * i, 2) == tag)
            return at + 2 + 12 * i;
    return 0;
}

int pst_exif_orientation(const uint8_t *exif, size_t bytes) {
    span tiff = {exif, bytes};
    if (begins(tiff, "Exif\0\0", 6))
        tiff = (span){exif + 6, bytes - 6};
    size_t entry = find_tag(tiff, 0x0112);
    if (!entry)
        return 0;
    uint32_t type = number(tiff, entry + 2, 2), value = number(tiff, entry + 8, type == 3 ? 2 : 4);
    return (type == 3 || type == 4) && value >= 1 && value <= 8 ? (int)value : 0;
}

/* ---- walks through the other containers ---------------------------------------------------------------------- */

/* Is told of each piece: a PNG chunk, a JPEG segment or a RIFF chunk; true ends the walk. */
typedef bool (*visitor)(void *user, const char *kind, span piece);

static bool is_png(span file) { return begins(file, "\x89PNG\r\n\x1a\n", 8); }
static bool is_webp(span file) {
    return begins(file, "RIFF", 4) && file.bytes >= 12 && memcmp(file.at + 8, "WEBP", 4) == 0;
}
static bool is_jpeg(span file) { return begins(file, "\xff\xd8\xff", 3); }

static void walk_chunks(span file, bool png, visitor visit, void *user) {
    for (size_t at = png ? 8 : 12; file.bytes - at >= (png ? 12 : 8);) {
        const uint8_t *head = file.at + at;
        size_t length = png ? big32(head) : little32(head + 4), left = file.bytes - at - 8;
        char kind[5] = {0};
        memcpy(kind, png ? head + 4 : head, 4);
        if (length > left || visit(user, kind, (span){head + 8, length}))
            return;
        length += png ? 4 : length & 1; /* a sum, or a byte that makes it even */
        if (length > left)
            return;
        at += 8 + length;
    }
}

/* Up to the first scan. */
static void walk_segments(span file, visitor visit, void *user) {
    size_t at = 2;
    for (;;) {
        while (at < file.bytes && file.at[at] != 0xff)
            at++;
        while (at < file.bytes && file.at[at] == 0xff)
            at++;
        if (file.bytes - at < 3)
            return;
        int marker = file.at[at++];
        if (marker == 0 || marker == 1 || (marker >= 0xd0 && marker <= 0xd8))
            continue;
        size_t length = (size_t)file.at[at] << 8 | file.at[at + 1];
        if (marker == 0xd9 || marker == 0xda || length < 2 || length > file.bytes - at)
            return;
        char kind[5] = {(char)marker};
        if (visit(user, kind, (span){file.at + at + 2, length - 2}))
            return;
        at += length;
    }
}

static void walk(span file, visitor visit, void *user) {
    if (is_png(file) || is_webp(file))
        walk_chunks(file, is_png(file), visit, user);
    else if (is_jpeg(file))
        walk_segments(file, visit, user);
}

#define APP1 "\xe1"

static int hex_digit(uint8_t c) {
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
}

/* Of ImageMagick's text: a line break, the kind, the count of bytes, then the bytes as hexadecimal digits. The first
 * directory of an EXIF block lies near its beginning, so RAW_MOST bytes are enough. */
static int raw_orientation(span text) {
    enum { RAW_MOST = 4096 };
    uint8_t raw[RAW_MOST];
    size_t count = 0, at = 0;
    for (int words = 0; words < 2; words++) { /* the kind and the count */
        while (at < text.bytes && (text.at[at] == '\n' || text.at[at] == ' '))
            at++;
        while (at < text.bytes && text.at[at] != '\n' && text.at[at] != ' ')
            at++;
    }
    for (int high = -1; at < text.bytes && count < RAW_MOST; at++) {
        int digit = hex_digit(text.at[at]);
        if (digit >= 0 && high >= 0)
            raw[count++] = (uint8_t)(high << 4 | digit);
        if (digit >= 0)
            high = high >= 0 ? -1 : digit;
        else if (text.at[at] != '\n' && text.at[at] != '\r' && text.at[at] != ' ')
            return 0;
    }
    return pst_exif_orientation(raw, count);
}

/* EXIF as programs put it into PNG files before there was a chunk for it: tEXt or zTXt "Raw profile type exif". */
static int text_orientation(span piece, bool packed) {
    enum { TEXT_MOST = 1 << 20 };
    static const char *const keys[] = {"Raw profile type exif", "Raw profile type APP1"};
    uint8_t *text = NULL;
    size_t bytes, head = sizeof "Raw profile type exif"; /* of both, with the zero */
    if ((!begins(piece, keys[0], head) && !begins(piece, keys[1], head)) || piece.bytes < head + packed)
        return 0;
    span rest = {piece.at + head + packed, piece.bytes - head - packed};
    if (!packed)
        return raw_orientation(rest);
    int orientation = 0;
    if (pst_inflate(NULL, rest.at, rest.bytes, TEXT_MOST, &text, &bytes) == PST_OK)
        orientation = raw_orientation((span){text, bytes});
    pst_free(text);
    return orientation;
}

static bool see_orientation(void *user, const char *kind, span piece) {
    int *orientation = user;
    if (strcmp(kind, "eXIf") == 0 || strcmp(kind, "EXIF") == 0 ||
        (strcmp(kind, APP1) == 0 && begins(piece, "Exif\0\0", 6)))
        *orientation = pst_exif_orientation(piece.at, piece.bytes);
    else if (strcmp(kind, "tEXt") == 0 || strcmp(kind, "zTXt") == 0)
        *orientation = text_orientation(piece, kind[0] == 'z');
    return *orientation != 0;
}

int pst_file_orientation(const uint8_t *file, size_t bytes) {
    int orientation = 0;
    walk((span){file, bytes}, see_orientation, &orientation);
    return orientation;
}

/* ---- our own text -------------------------------------------------------------------------------------------- */

#define XMP_BEFORE                                                                                              \
    "<?xpacket begin=\"\xef\xbb\xbf\" id=\"W5M0MpCehiHzreSzNTczkc9d\"?>"                                        \
    "<x:xmpmeta xmlns:x=\"adobe:ns:meta/\"><rdf:RDF xmlns:rdf=\"http://www.w3.org/1999/02/22-rdf-syntax-ns#\">" \
    "<rdf:Description rdf:about=\"\" xmlns:pastiche=\"urn:pastiche:\"><pastiche:run>"
#define XMP_AFTER "</pastiche:run></rdf:Description></rdf:RDF></x:xmpmeta><?xpacket end=\"r\"?>"

static const struct {
    char plain;
    const char *written;
} escapes[] = {{'&', "&amp;"}, {'<', "&lt;"}, {'>', "&gt;"}, {'"', "&quot;"}, {'\'', "&apos;"}};
enum { ESCAPES = sizeof escapes / sizeof escapes[0], ESCAPES_NEEDED = 3 };

pst_status pst_xmp_wrap(pst_error *error, const char *text, char **packet) {
    pst_status status = pst_allocate(error, strlen(text) * 5 + sizeof XMP_BEFORE + sizeof XMP_AFTER, 1, packet);
    if (status != PST_OK)
        return status;
    char *to = *packet + sizeof XMP_BEFORE - 1;
    memcpy(*packet, XMP_BEFORE, sizeof XMP_BEFORE - 1);
    for (; *text; text++) {
        size_t e = 0;
        while (e < ESCAPES_NEEDED && escapes[e].plain != *text)
            e++;
        if (e < ESCAPES_NEEDED) {
            memcpy(to, escapes[e].written, strlen(escapes[e].written));
            to += strlen(escapes[e].written);
        } else {
            *to++ = *text;
        }
    }
    memcpy(to, XMP_AFTER, sizeof XMP_AFTER);
    return PST_OK;
}

static const uint8_t *find_text(span in, const char *text) {
    size_t length = strlen(text);
    for (size_t i = 0; i + length <= in.bytes; i++)
        if (in.at[i] == (uint8_t)text[0] && memcmp(in.at + i, text, length) == 0)
            return in.at + i;
    return NULL;
}

/* Between the tags, or in an attribute, as programs that rewrite packets may have it. */
static span xmp_text(span packet) {
    static const struct {
        const char *before, *after;
    } forms[] = {{"<pastiche:run>", "</pastiche:run>"}, {"pastiche:run=\"", "\""}, {"pastiche:run='", "'"}};
    for (size_t f = 0; f < sizeof forms / sizeof forms[0]; f++) {
        const uint8_t *from = find_text(packet, forms[f].before);
        if (!from)
            continue;
        from += strlen(forms[f].before);
        const uint8_t *to = find_text((span){from, (size_t)(packet.at + packet.bytes - from)}, forms[f].after);
        return to ? (span){from, (size_t)(to - from)} : (span){0};
    }
    return (span){0};
}

/* iTXt: keyword 0, compressed, method, language 0, translated keyword 0, text. */
static span itxt_text(span piece) {
    size_t head = sizeof PST_METADATA_KEY;
    if (!begins(piece, PST_METADATA_KEY, head) || piece.bytes < head + 2 || piece.at[head] != 0)
        return (span){0};
    size_t at = head + 2;
    for (int zeros = 0; zeros < 2; at++) {
        if (at >= piece.bytes)
            return (span){0};
        zeros += piece.at[at] == 0;
    }
    return (span){piece.at + at, piece.bytes - at};
}

typedef struct found_text {
    span text;
    bool escaped;
} found_text;

static bool see_text(void *user, const char *kind, span piece) {
    found_text *found = user;
    size_t head = sizeof PST_XMP_JPEG;
    if (strcmp(kind, "iTXt") == 0) {
        found->text = itxt_text(piece);
        found->escaped = false;
        if (!found->text.at && begins(piece, "XML:com.adobe.xmp", 18)) {
            found->text = xmp_text(piece);
            found->escaped = true;
        }
    } else if (strcmp(kind, "XMP ") == 0 || (strcmp(kind, APP1) == 0 && begins(piece, PST_XMP_JPEG, head))) {
        found->text = xmp_text(piece);
        found->escaped = true;
    }
    return found->text.at != NULL;
}

static span tiff_xmp(span tiff) {
    size_t entry = find_tag(tiff, 700);
    if (!entry)
        return (span){0};
    uint32_t count = number(tiff, entry + 4, 4), at = number(tiff, entry + 8, 4);
    return count > 4 && at <= tiff.bytes && count <= tiff.bytes - at ? (span){tiff.at + at, count} : (span){0};
}

pst_status pst_metadata_find(pst_error *error, const uint8_t *file, size_t bytes, char **text) {
    span all = {file, bytes};
    found_text found = {{0}, true};
    *text = NULL;
    walk(all, see_text, &found);
    if (!found.text.at) {
        span packet = tiff_xmp(all);
        if (packet.at)
            found.text = xmp_text(packet);
    }
    if (!found.text.at)
        return PST_OK;
    pst_status status = pst_allocate(error, found.text.bytes + 1, 1, text);
    if (status != PST_OK)
        return status;
    char *to = *text;
    for (size_t i = 0; i < found.text.bytes;) {
        span rest = {found.text.at + i, found.text.bytes - i};
        size_t e = 0;
        while (found.escaped && e < ESCAPES && !begins(rest, escapes[e].written, strlen(escapes[e].written)))
            e++;
        bool plain = !found.escaped || e == ESCAPES;
        *to++ = plain ? (char)rest.at[0] : escapes[e].plain;
        i += plain ? 1 : strlen(escapes[e].written);
    }
    return PST_OK;
}
