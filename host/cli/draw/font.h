/* A small bitmap font, for words in images. */
#ifndef PST_CLI_DRAW_FONT_H
#define PST_CLI_DRAW_FONT_H

#include <stddef.h>
#include <stdint.h>

enum { FONT_WIDTH = 9, FONT_HEIGHT = 15, FONT_BASELINE = 12 };

/* The rows of a character, 9 bits each, the leftmost pixel highest. NULL for an accent that combines with the character
 * before it; a hollow box for a character that the font does not have. */
const uint16_t *font_glyph(uint32_t character);

/* The next character of UTF-8, which must not be at its end; moves on. U+FFFD for a byte that is no UTF-8. */
uint32_t font_next(const char **text);

/* How many characters wide a text is. */
int font_columns(const char *text);

#endif
