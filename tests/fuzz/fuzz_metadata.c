/* What is found in a file beside its pixels, whatever its pixels are: EXIF's orientation and our own text. */
#include "base/memory.h"
#include "fuzz.h"
#include "image/metadata.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes) {
    pst_error error = {0};
    char *text, *packet;
    int exif = pst_exif_orientation(data, bytes), orientation = pst_file_orientation(data, bytes);
    FUZZ_PROMISE(exif >= 0 && exif <= 8 && orientation >= 0 && orientation <= 8);
    FUZZ_PROMISE(pst_metadata_find(&error, data, bytes, &text) == PST_OK || error.status == PST_ERROR_MEMORY);
    if (text && pst_xmp_wrap(&error, text, &packet) == PST_OK)
        pst_free(packet);
    pst_free(text);
    return 0;
}
