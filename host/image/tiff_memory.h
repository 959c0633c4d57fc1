/* TIFF files in memory, for libtiff to read or write. */
#ifndef PST_IMAGE_TIFF_MEMORY_H
#define PST_IMAGE_TIFF_MEMORY_H

#include <tiffio.h>

#include "image/codec.h"

#define PST_TIFF_ALLOCATION_MOST ((tmsize_t)1 << 30)

typedef struct pst_tiff_memory {
    const uint8_t *file; /* to be read */
    size_t bytes, at;
    pst_sink sink;     /* to be written */
    char message[256]; /* the first that libtiff had */
} pst_tiff_memory;

/* NULL on failure; close with TIFFClose. */
TIFF *pst_tiff_open(pst_tiff_memory *m, const char *mode);

/* Fails with libtiff's message. */
pst_status pst_tiff_damaged(pst_error *error, const pst_tiff_memory *m);

#endif
