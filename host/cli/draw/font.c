#include "cli/draw/font.h"

#include <stdbool.h>
#include <stdlib.h>

#include "package/embedded.h"

extern const embedded_file draw_files[];

enum { GLYPHS_MOST = 400, HOLLOW = 0xfffd };

typedef struct glyph {
    uint32_t character;
    uint16_t rows[FONT_HEIGHT];
} glyph;

static glyph glyphs[GLYPHS_MOST];
static size_t glyph_count;

/* font.hex says how it is written. */
static void read_font(void) {
    const char *line = (const char *)embedded_find(draw_files, "font.hex")->data;
    for (; line && *line && glyph_count < GLYPHS_MOST; line = strchr(line, '\n'), line += line != NULL) {
        if (*line == '#')
            continue;
        glyph *made = &glyphs[glyph_count++];
        char *end;
        made->character = (uint32_t)strtoul(line, &end, 16);
        end++; /* the colon */
        for (int row = 0; row < FONT_HEIGHT; row++)
            made->rows[row] = (uint16_t)strtoul(end, &end, 16);
    }
}

static int compare(const void *character, const void *entry) {
    uint32_t a = *(const uint32_t *)character, b = ((const glyph *)entry)->character;
    return (a > b) - (a < b);
}

static const glyph *find(uint32_t character) {
    if (glyph_count == 0)
        read_font();
    return bsearch(&character, glyphs, glyph_count, sizeof glyphs[0], compare);
}

const uint16_t *font_glyph(uint32_t character) {
    if (character >= 0x300 && character <= 0x36f)
        return NULL;
    if (character >= 0x2010 && character <= 0x2015) /* hyphens and dashes */
        character = '-';
    if (character == 0x2018 || character == 0x2019)
        character = '\'';
    const glyph *found = find(character);
    return (found ? found : find(HOLLOW))->rows;
}

/* What is no UTF-8 is a character of its own for every byte, so that nothing is lost or read beyond the end. */
uint32_t font_next(const char **text) {
    const unsigned char *t = (const unsigned char *)*text;
    int more = t[0] >= 0xf0 && t[0] < 0xf8 ? 3 : t[0] >= 0xe0 ? 2 : 1;
    uint32_t character = t[0] & (0x3fu >> more);
    if (t[0] < 0xc0 || t[0] >= 0xf8) {
        ++*text;
        return t[0] < 0x80 ? t[0] : 0xfffd;
    }
    for (int i = 1; i <= more; i++) {
        if ((t[i] & 0xc0) != 0x80) {
            ++*text;
            return 0xfffd;
        }
        character = character << 6 | (t[i] & 0x3f);
    }
    *text += 1 + more;
    return character;
}

int font_columns(const char *text) {
    int columns = 0;
    while (*text)
        columns += font_glyph(font_next(&text)) != NULL;
    return columns;
}
