/* PNG files with a fault that costs no pixel, made into files that libpng reads. libpng refuses them for good reason:
 * it reads streams and cannot know what follows; here the whole file is at hand. */
#ifndef PST_IMAGE_PNG_MEND_H
#define PST_IMAGE_PNG_MEND_H

#include "image/codec.h"

typedef enum pst_png_fault {
    PST_PNG_APPLE = 1,  /* Apple's variant: BGR, alpha multiplied in, no zlib header */
    PST_PNG_ENDING = 2, /* the end of the file is missing or damaged */
    PST_PNG_WINDOW = 4  /* a zlib window below the largest is declared */
} pst_png_fault;

/* Writes a copy without what follows the pixels and without the faults among `mend`; *faults: those that it had. False
 * where a part that is needed is damaged; then the copy is of no use. */
bool pst_png_mend(const uint8_t *file, size_t bytes, int mend, pst_sink *copy, int *faults);

/* The profile in the iCCP chunk, unpacked, whatever its header says. PST_ERROR_FORMAT if there is none that is whole;
 * free with pst_free. */
pst_status pst_png_profile(pst_error *error, const uint8_t *file, size_t bytes, uint8_t **profile,
                           size_t *profile_bytes);

#endif
