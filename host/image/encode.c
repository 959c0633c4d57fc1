/* A picture as the bytes of a file, for those who show it elsewhere. */
#include <string.h>

#include "base/memory.h"
#include "image/image.h"
#include "image/stb.h"

static bool choose(const char *ending, pst_stb_format *format)
{
    static const struct {
        const char *ending;
        pst_stb_format format;
    } endings[] = {{".png", PST_STB_PNG}, {".jpg", PST_STB_JPEG}, {".jpeg", PST_STB_JPEG}, {".bmp", PST_STB_BMP}, {".tga", PST_STB_TGA}};
    for (size_t i = 0; i < sizeof endings / sizeof endings[0]; i++)
        if (strcmp(endings[i].ending, ending) == 0) {
            *format = endings[i].format;
            return true;
        }
    return false;
}

pst_status pst_image_encode(int width, int height, const float *rgb, const char *ending, uint8_t **data, size_t *bytes)
{
    size_t samples = (size_t)width * (size_t)height * 3;
    pst_stb_format format;
    uint8_t *levels = NULL, *file = NULL;
    pst_status status;
    *data = NULL;
    *bytes = 0;
    if (width < 1 || height < 1 || width > PST_IMAGE_MAX_SIDE || height > PST_IMAGE_MAX_SIDE || !choose(ending, &format))
        return PST_ERROR_ARGUMENT;
    PST_TRY(pst_allocate(NULL, samples, 1, &levels));
    for (size_t i = 0; i < samples; i++) {
        float value = rgb[i];
        levels[i] = (uint8_t)(value > 0 ? value < 255 ? value + 0.5f : 255 : 0); /* what is not a number becomes 0 */
    }
    PST_TRY(pst_stb_encode(NULL, format, levels, width, height, &file, bytes));
    *data = file;
cleanup:
    pst_free(levels);
    return status;
}

void pst_bytes_destroy(uint8_t *data) { pst_stb_free(data); }
