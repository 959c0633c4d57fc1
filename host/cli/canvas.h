/* A picture that words, lines and other pictures are drawn into. */
#ifndef PASTICHE_CANVAS_H
#define PASTICHE_CANVAS_H

#include <stdbool.h>

#include "pastiche.h"

typedef struct canvas {
    int width, height;
    float *rgb; /* 0..255; owned */
} canvas;

typedef struct ink {
    unsigned char r, g, b;
} ink;

/* All of one colour. False if memory is short. */
bool canvas_begin(canvas *c, int width, int height, ink paper);
void canvas_end(canvas *c);

/* What lies beyond the edges is left out. */
void canvas_fill(canvas *c, int x, int y, int width, int height, ink colour);
void canvas_frame(canvas *c, int x, int y, int width, int height, int thickness, ink colour); /* around that area */
void canvas_picture(canvas *c, int x, int y, const pst_image *picture);

/* A line of UTF-8 with its upper left corner there. What is longer than so many characters is cut in the middle, where
 * file names and options differ least. */
void canvas_text(canvas *c, int x, int y, const char *text, int most, bool bold, ink colour);

#endif
