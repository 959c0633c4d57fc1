/* Images of every format, by content as the program takes them; what is found in them beside the pixels; masks. */
#include <string.h>

#include "base/memory.h"
#include "fuzz.h"
#include "image/image.h"
#include "image/metadata.h"

static uint32_t crc(const uint8_t *data, size_t bytes) {
    uint32_t sum = 0xffffffff;
    for (size_t i = 0; i < bytes; i++) {
        sum ^= data[i];
        for (int bit = 0; bit < 8; bit++)
            sum = sum >> 1 ^ (sum & 1 ? 0xedb88320 : 0);
    }
    return ~sum;
}

/* PNG's chunks have a sum each, which no chance finds. */
static void mend_sums(uint8_t *png, size_t bytes) {
    for (size_t at = 8, length; at + 12 <= bytes; at += 12 + length) {
        length = (size_t)png[at] << 24 | (size_t)png[at + 1] << 16 | (size_t)png[at + 2] << 8 | png[at + 3];
        if (length > bytes - at - 12)
            return;
        uint32_t sum = crc(png + at + 4, 4 + length);
        for (size_t i = 0; i < 4; i++)
            png[at + 8 + length + i] = (uint8_t)(sum >> (24 - 8 * i));
    }
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t bytes, size_t most, unsigned seed) {
    bytes = LLVMFuzzerMutate(data, bytes, most);
    if (seed % 8 && bytes > 8 && memcmp(data, "\x89PNG\r\n\x1a\n", 8) == 0)
        mend_sums(data, bytes);
    return bytes;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes) {
    pst_error error = {0};
    pst_image *image;
    char *text;
    pst_status status = pst_img_decode(&error, data, bytes, "name", &image);
    fuzz_check(status, &error, image, "name");
    if (image) {
        FUZZ_PROMISE(image->width > 0 && image->height > 0 && image->rgb);
        fuzz_check_text(image->notice);
        size_t pixels = (size_t)image->width * (size_t)image->height;
        for (size_t i = 0; i < 3 * pixels; i++)
            FUZZ_PROMISE(image->rgb[i] >= 0 && image->rgb[i] <= 255); /* and no NaN */
        for (size_t i = 0; image->alpha && i < pixels; i++)
            FUZZ_PROMISE(image->alpha[i] >= 0 && image->alpha[i] <= 1);
    }
    pst_image_destroy(image);
    int orientation = pst_file_orientation(data, bytes);
    FUZZ_PROMISE(orientation >= 0 && orientation <= 8);
    if (pst_metadata_find(&error, data, bytes, &text) == PST_OK)
        pst_free(text);
    return 0;
}
