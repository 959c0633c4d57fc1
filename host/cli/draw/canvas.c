#include "cli/draw/canvas.h"

#include <stdlib.h>
#include <string.h>

#include "cli/draw/font.h"

bool canvas_begin(canvas *c, int width, int height, ink paper) {
    *c = (canvas){.width = width, .height = height, .rgb = malloc(sizeof(float) * 3 * (size_t)width * (size_t)height)};
    if (c->rgb)
        canvas_fill(c, 0, 0, width, height, paper);
    return c->rgb != NULL;
}

void canvas_end(canvas *c) {
    free(c->rgb);
    *c = (canvas){0};
}

void canvas_fill(canvas *c, int x, int y, int width, int height, ink color) {
    int left = x < 0 ? 0 : x, top = y < 0 ? 0 : y;
    int right = x + width > c->width ? c->width : x + width, bottom = y + height > c->height ? c->height : y + height;
    for (int row = top; row < bottom; row++) {
        float *pixel = c->rgb + 3 * ((size_t)row * (size_t)c->width + (size_t)left);
        for (int column = left; column < right; column++) {
            *pixel++ = color.r;
            *pixel++ = color.g;
            *pixel++ = color.b;
        }
    }
}

void canvas_frame(canvas *c, int x, int y, int width, int height, int thickness, ink color) {
    canvas_fill(c, x - thickness, y - thickness, width + 2 * thickness, thickness, color);
    canvas_fill(c, x - thickness, y + height, width + 2 * thickness, thickness, color);
    canvas_fill(c, x - thickness, y, thickness, height, color);
    canvas_fill(c, x + width, y, thickness, height, color);
}

void canvas_image(canvas *c, int x, int y, const pst_image *image) {
    const float *samples = pst_image_samples(image);
    int width = pst_image_width(image), height = pst_image_height(image);
    int count = width < c->width - x ? width : c->width - x;
    for (int row = 0; row < height && y + row < c->height && count > 0; row++)
        memcpy(c->rgb + 3 * ((size_t)(y + row) * (size_t)c->width + (size_t)x),
               samples + 3 * (size_t)row * (size_t)width, sizeof(float) * 3 * (size_t)count);
}

static void draw_glyph(canvas *c, int x, int y, uint32_t character, bool bold, ink color) {
    const uint16_t *rows = font_glyph(character);
    for (int row = 0; rows && row < FONT_HEIGHT; row++) {
        unsigned bits = bold ? rows[row] | rows[row] >> 1 : rows[row];
        for (int column = 0; column < FONT_WIDTH; column++)
            if (bits >> (FONT_WIDTH - 1 - column) & 1)
                canvas_fill(c, x + column, y + row, 1, 1, color);
    }
}

void canvas_text(canvas *c, int x, int y, const char *text, int most, bool bold, ink color) {
    int columns = font_columns(text), cut = columns > most ? (most - 2) / 2 : columns,
        skip = columns - (most - 2 - cut), at = 0;
    for (int drawn = 0; *text;) {
        uint32_t character = font_next(&text);
        if (!font_glyph(character) || drawn >= most)
            continue;
        if (at < cut || at >= skip)
            draw_glyph(c, x + FONT_WIDTH * drawn++, y, character, bold, color);
        else if (at < cut + 2)
            draw_glyph(c, x + FONT_WIDTH * drawn++, y, '.', bold, color);
        at++;
    }
}
