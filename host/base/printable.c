#include "package/printable.h"

#include <string.h>

size_t pst_character(const char *text, uint32_t *code) {
    static const uint32_t least[5] = {0, 0, 0x80, 0x800, 0x10000};
    const unsigned char *bytes = (const unsigned char *)text;
    size_t length = bytes[0] < 0x80 ? 1 : bytes[0] < 0xc0 ? 0 : bytes[0] < 0xe0 ? 2 : bytes[0] < 0xf0 ? 3 : 4;
    if (length == 0 || bytes[0] == 0 || bytes[0] > 0xf4)
        return 0;
    *code = length == 1 ? bytes[0] : bytes[0] & (0x7fu >> length);
    for (size_t i = 1; i < length; i++) {
        if ((bytes[i] & 0xc0) != 0x80) /* the end of the text, too */
            return 0;
        *code = *code << 6 | (bytes[i] & 0x3f);
    }
    bool surrogate = *code >= 0xd800 && *code <= 0xdfff;
    return *code < least[length] || *code > 0x10ffff || surrogate ? 0 : length;
}

/* Control characters, line separators, and category Cf of Unicode 15.1; in order. */
static const struct {
    uint32_t first, last;
} unprintable[] = {
    {0x0000, 0x001f},   {0x007f, 0x009f},   {0x00ad, 0x00ad},   {0x0600, 0x0605},   {0x061c, 0x061c},
    {0x06dd, 0x06dd},   {0x070f, 0x070f},   {0x0890, 0x0891},   {0x08e2, 0x08e2},   {0x180e, 0x180e},
    {0x200b, 0x200f},   {0x2028, 0x202e},   {0x2060, 0x2064},   {0x2066, 0x206f},   {0xfeff, 0xfeff},
    {0xfff9, 0xfffb},   {0x110bd, 0x110bd}, {0x110cd, 0x110cd}, {0x13430, 0x1343f}, {0x1bca0, 0x1bca3},
    {0x1d173, 0x1d17a}, {0xe0001, 0xe0001}, {0xe0020, 0xe007f},
};

bool pst_character_printable(uint32_t code) {
    size_t i = 0;
    while (i < sizeof unprintable / sizeof *unprintable && unprintable[i].last < code)
        i++;
    return i == sizeof unprintable / sizeof *unprintable || code < unprintable[i].first;
}

bool pst_character_for_names(uint32_t code) {
    return pst_character_printable(code) || code == 0x200c || code == 0x200d;
}

/* Whether the text ends within a character that begins right. */
static bool is_cut(const char *text) {
    unsigned char first = (unsigned char)text[0];
    size_t needed = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : first >= 0xc0 ? 2 : 0;
    size_t length = 1;
    while (((unsigned char)text[length] & 0xc0) == 0x80)
        length++;
    return length < needed && text[length] == '\0';
}

void pst_make_printable(char *text, size_t capacity) {
    bool full = strlen(text) + 1 == capacity;
    char *to = text;
    for (const char *from = text; *from;) {
        uint32_t code = 0;
        size_t length = pst_character(from, &code);
        if (length == 0 && full && is_cut(from))
            break;
        if (length > 0 && pst_character_printable(code)) {
            memmove(to, from, length);
            to += length;
        } else {
            *to++ = '?';
        }
        from += length ? length : 1;
    }
    *to = '\0';
}
