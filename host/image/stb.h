/* stb_image and stb_image_write behind four functions, so that none of their symbols leave stb.c, running out of memory
 * is an error like any other, and a small file cannot ask for endless memory. */
#ifndef PST_IMAGE_STB_H
#define PST_IMAGE_STB_H

#include "base/status.h"

typedef enum pst_stb_format { PST_STB_PNG, PST_STB_JPEG, PST_STB_BMP, PST_STB_TGA } pst_stb_format;

/* The size of an image in a file's bytes, and whether its samples have 16 bits. */
pst_status pst_stb_info(pst_error *error, const uint8_t *file, size_t bytes, int *width, int *height, bool *wide);

/* *rgba is height*width*4 samples of uint8_t, or of uint16_t where `wide` is true; free with pst_stb_free. The size
 * must be the one that pst_stb_info gave. A file that ends before its image does is refused. */
pst_status pst_stb_decode(pst_error *error, const uint8_t *file, size_t bytes, int width, int height, bool wide,
                          void **rgba);
void pst_stb_free(void *memory);

/* A file's bytes from height*width*channels samples, RGB or RGBA; free *file with pst_stb_free. quality: a JPEG's, 1 to
 * 100. */
pst_status pst_stb_encode(pst_error *error, pst_stb_format format, const uint8_t *samples, int width, int height,
                          int channels, int quality, uint8_t **file, size_t *bytes);

#endif
