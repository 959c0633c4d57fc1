/* Masks: colors found in any image, and their planes at any size. Bytes: width, height, sizes of a plane, a palette,
 * then an index for each pixel. */
#include <stdlib.h>

#include "base/memory.h"
#include "fuzz.h"
#include "image/mask.h"

enum { HEAD = 5, COLORS = 32, SIDE_MOST = 64 };

static float *paint(const uint8_t *data, size_t bytes, int width, int height) {
    const uint8_t *palette = data + HEAD, *indices = palette + 3 * COLORS;
    size_t count = bytes - HEAD - 3 * COLORS, pixels = (size_t)width * (size_t)height;
    float *rgb = malloc(3 * pixels * sizeof *rgb);
    FUZZ_PROMISE(rgb);
    for (size_t i = 0; i < pixels; i++)
        for (size_t c = 0; c < 3; c++)
            rgb[3 * i + c] = palette[3 * (indices[i % count] % COLORS) + c];
    return rgb;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes) {
    pst_error error = {0};
    pst_image *image;
    pst_mask *mask;
    if (bytes <= HEAD + 3 * COLORS)
        return 0;
    int width = 1 + data[0] % SIDE_MOST, height = 1 + data[1] % SIDE_MOST;
    int w = 1 + data[2] % SIDE_MOST, h = 1 + data[3] % SIDE_MOST;
    float *rgb = paint(data, bytes, width, height), *plane = calloc((size_t)w * (size_t)h, sizeof *plane);
    FUZZ_PROMISE(plane && pst_img_create(&error, width, height, rgb, &image) == PST_OK);
    pst_status status = pst_mask_create(&error, image, &mask);
    fuzz_check(status, &error, mask, NULL);
    if (mask) {
        double area = 0;
        FUZZ_PROMISE(mask->count >= 1 && mask->count <= PST_MASK_COLORS_MAX);
        for (size_t c = 0; c < mask->count; c++) {
            area += mask->areas[c];
            FUZZ_PROMISE(pst_mask_find(mask, mask->colors[c]) >= 0);
            FUZZ_PROMISE(pst_mask_add_plane(&error, mask, c, w, h, plane) == PST_OK);
        }
        FUZZ_PROMISE(area > 0.999 && area < 1.001);
        for (int i = 0; i < w * h; i++) /* all colors together are the whole */
            FUZZ_PROMISE(plane[i] > 0.99f && plane[i] < 1.01f);
    }
    pst_mask_destroy(mask);
    pst_image_destroy(image);
    free(plane);
    free(rgb);
    return 0;
}
