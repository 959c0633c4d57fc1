/* The demonstration's pictures, drawn by the program itself so that it has something to show on a machine without any.
 */
#ifndef PASTICHE_DEMO_PICTURES_H
#define PASTICHE_DEMO_PICTURES_H

typedef struct demo_picture {
    const char *name; /* "content" */
    int width, height;
    void (*draw)(int width, int height, float *rgb); /* width*height*3 samples, 0..255, the same in every run */
} demo_picture;

/* A landscape, a painting of swirling strokes, and a mosaic. */
enum { DEMO_CONTENT, DEMO_STROKES, DEMO_MOSAIC, DEMO_PICTURES };
extern const demo_picture demo_pictures[DEMO_PICTURES];

#endif
