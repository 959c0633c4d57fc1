/* The formats of image files, a file for each library that reads and writes them. A build without a library has the
 * entry all the same, with NULL for what it cannot do. */
#ifndef PST_IMAGE_CODEC_H
#define PST_IMAGE_CODEC_H

#include "image/raster.h"

/* An image ready to be written. */
typedef struct pst_packed {
    int width, height, channels; /* 3, or 4 with alpha, which is not multiplied in */
    int bits;                    /* 8: uint8_t, 16: uint16_t */
    const void *samples;         /* [height][width][channels] */
    const uint8_t *profile;      /* ICC, to be embedded; may be NULL */
    size_t profile_bytes;
    bool srgb;            /* the colors are sRGB's; the profile, if there is one, says just that */
    int quality;          /* 1 to 100; 0: the format's own */
    const char *metadata; /* UTF-8, or NULL */
} pst_packed;

typedef struct pst_codec {
    const char *name, *library; /* "TIFF", "libtiff" */
    /* raster is zeroed before; what was made stays in it on failure. Messages have no path yet. */
    pst_status (*read)(pst_error *error, const uint8_t *file, size_t bytes, pst_raster *raster);
    /* *file is of pst_allocate. */
    pst_status (*write)(pst_error *error, const pst_packed *packed, uint8_t **file, size_t *bytes);
} pst_codec;

extern const pst_codec pst_codec_png, pst_codec_jpeg, pst_codec_tiff, pst_codec_webp, pst_codec_bmp, pst_codec_tga;

/* A growing file in memory. */
typedef struct pst_sink {
    uint8_t *data;
    size_t bytes, capacity;
} pst_sink;

/* Puts bytes at a place, with zeros before it where there was nothing yet. */
bool pst_sink_put(pst_sink *sink, size_t at, const void *data, size_t bytes);

#endif
