/* The demonstration's images, drawn by the program itself so that it has something to show on a machine without any.
 */
#ifndef PST_CLI_DRAW_DEMO_IMAGES_H
#define PST_CLI_DRAW_DEMO_IMAGES_H

typedef struct demo_image {
    const char *name; /* "content" */
    int width, height;
    void (*draw)(int width, int height, float *rgb); /* width*height*3 samples, 0..255, the same in every run */
} demo_image;

/* A landscape, a painting of swirling strokes, and a mosaic. */
enum { DEMO_CONTENT, DEMO_STROKES, DEMO_MOSAIC, DEMO_IMAGES };
extern const demo_image demo_images[DEMO_IMAGES];

#endif
