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

bool pst_character_printable(uint32_t code) {
    bool control = code < 0x20 || (code >= 0x7f && code < 0xa0);
    bool separator = code == 0x2028 || code == 0x2029;
    bool direction = code == 0x061c || code == 0x200e || code == 0x200f || (code >= 0x202a && code <= 0x202e) ||
                     (code >= 0x2066 && code <= 0x2069);
    return !control && !separator && !direction;
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
