#include "base/file.h"
#include "base/memory.h"
#include "image/image.h"
#include "image/stb.h"

#include <ctype.h>
#include <string.h>

static const struct {
    const char *ending;
    pst_stb_format format;
} endings[] = {
    {".png", PST_STB_PNG}, {".jpg", PST_STB_JPEG}, {".jpeg", PST_STB_JPEG},
    {".bmp", PST_STB_BMP}, {".tga", PST_STB_TGA},
};

static bool ends_with(const char *path, const char *ending)
{
    size_t length = strlen(path), needed = strlen(ending);
    if (length < needed)
        return false;
    for (size_t i = 0; i < needed; i++)
        if (tolower((unsigned char)path[length - needed + i]) != ending[i])
            return false;
    return true;
}

static pst_status choose_format(pst_error *error, const char *path, pst_stb_format *format)
{
    for (size_t i = 0; i < sizeof endings / sizeof endings[0]; i++)
        if (ends_with(path, endings[i].ending)) {
            *format = endings[i].format;
            return PST_OK;
        }
    return pst_fail(error, PST_ERROR_ARGUMENT,
                    "%s: the name of a picture to write must end in .png, .jpg, .jpeg, .bmp or .tga", path);
}

pst_status pst_picture_write(pst_error *error, const pst_image *image, const char *path)
{
    pst_status status = PST_OK;
    pst_stb_format format;
    uint8_t *rgb = NULL, *file = NULL;
    size_t bytes, samples = (size_t)image->width * (size_t)image->height * 3;
    PST_TRY(choose_format(error, path, &format));
    status = pst_allocate(error, samples, 1, &rgb);
    if (status == PST_OK) {
        for (size_t i = 0; i < samples; i++) {
            float value = image->rgb[i];
            rgb[i] = (uint8_t)(value > 0 ? value < 255 ? value + 0.5f : 255 : 0); /* what is not a number becomes 0 */
        }
        status = pst_stb_encode(error, format, rgb, image->width, image->height, &file, &bytes);
    }
    if (status != PST_OK) {
        pst_fail_in(error, path);
        goto cleanup;
    }
    PST_TRY(pst_file_save(error, path, file, bytes));

cleanup:
    pst_stb_free(file);
    pst_free(rgb);
    return status;
}

pst_status pst_picture_write_check(pst_error *error, const char *path)
{
    pst_stb_format format;
    pst_status status = choose_format(error, path, &format);
    return status == PST_OK ? pst_file_save_check(error, path) : status;
}
