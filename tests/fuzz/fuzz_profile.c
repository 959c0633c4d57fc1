/* Color profiles: the first byte says what image has it, the rest is the profile. */
#include <math.h>

#include "base/memory.h"
#include "fuzz.h"
#include "image/profile.h"

static void use(pst_transform *transform, int channels) {
    float colors[4 * 8], rgb[3 * 8];
    for (int i = 0; i < 4 * 8; i++)
        colors[i] = (float)(i % 9) / 8 * (channels == 4 ? 100 : 1);
    if (transform)
        pst_transform_run(transform, colors, rgb, 8);
    pst_transform_destroy(transform);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes) {
    static const pst_raster_model models[] = {PST_RASTER_GRAY, PST_RASTER_RGB, PST_RASTER_CMYK};
    pst_error error = {0};
    pst_raster raster = {.width = 4, .height = 2, .bits = 8};
    pst_transform *transform;
    const char *problem;
    int channels = 0;
    if (bytes < 2)
        return 0;
    raster.model = models[data[0] % 3];
    raster.lab = raster.model == PST_RASTER_RGB && data[0] & 0x80;
    if (pst_raster_set_profile(&error, &raster, data + 1, bytes - 1) == PST_OK &&
        pst_profile_to_srgb(&error, &raster, &transform, &channels, &problem) == PST_OK)
        use(transform, channels);
    pst_raster_clear(&raster);
    pst_status status = pst_profile_from_srgb(&error, data + 1, bytes - 1, &transform);
    fuzz_check(status, &error, transform, NULL);
    use(transform, 3);
    status = pst_profile_proof(&error, data + 1, bytes - 1, (pst_intent)(data[0] / 3 % 4), &transform);
    fuzz_check(status, &error, transform, NULL);
    use(transform, 3);
    return 0;
}
