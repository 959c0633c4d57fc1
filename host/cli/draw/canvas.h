/* An image that words, lines and other images are drawn into. */
#ifndef PST_CLI_DRAW_CANVAS_H
#define PST_CLI_DRAW_CANVAS_H

#include <stdbool.h>

#include "pastiche.h"

typedef struct canvas {
    int width, height;
    float *rgb; /* 0..255; owned */
} canvas;

typedef struct ink {
    unsigned char r, g, b;
} ink;

/* All of one color. False if memory is short. */
bool canvas_begin(canvas *c, int width, int height, ink paper);
void canvas_end(canvas *c);

/* What lies beyond the edges is left out. */
void canvas_fill(canvas *c, int x, int y, int width, int height, ink color);
void canvas_frame(canvas *c, int x, int y, int width, int height, int thickness, ink color); /* around that area */
void canvas_image(canvas *c, int x, int y, const pst_image *image);

/* A line of UTF-8 with its upper left corner there. What is longer than so many characters is cut in the middle, where
 * file names and options differ least. */
void canvas_text(canvas *c, int x, int y, const char *text, int most, bool bold, ink color);

#endif
