#include "image/pnm.h"

typedef struct scanner {
    const uint8_t *at, *end;
} scanner;

static bool is_space(uint8_t c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

/* The next decimal number, after white space and comments; -1 where there is none or it is larger than `most`. */
static int next_number(scanner *from, int most) {
    while (from->at < from->end && (is_space(*from->at) || *from->at == '#')) {
        if (*from->at == '#')
            while (from->at < from->end && *from->at != '\n' && *from->at != '\r')
                from->at++;
        else
            from->at++;
    }
    if (from->at == from->end || *from->at < '0' || *from->at > '9')
        return -1;
    int value = 0;
    while (from->at < from->end && *from->at >= '0' && *from->at <= '9') {
        value = value * 10 + (*from->at++ - '0');
        if (value > most)
            return -1;
    }
    return value;
}

bool pst_pnm_is(const uint8_t *file, size_t bytes) {
    return bytes >= 3 && file[0] == 'P' && (file[1] == '2' || file[1] == '3' || file[1] == '5' || file[1] == '6') &&
           (is_space(file[2]) || file[2] == '#');
}

pst_status pst_pnm_read(pst_error *error, const uint8_t *file, size_t bytes, pst_image **image) {
    scanner from = {file + 2, file + bytes};
    bool plain = file[1] == '2' || file[1] == '3';
    size_t channels = file[1] == '3' || file[1] == '6' ? 3 : 1;
    *image = NULL;
    int width = next_number(&from, PST_IMAGE_MAX_SIDE);
    int height = next_number(&from, PST_IMAGE_MAX_SIDE);
    int most = next_number(&from, 65535);
    if (width < 1 || height < 1 || (int64_t)width * height > PST_IMAGE_MAX_PIXELS || most < 1)
        return pst_fail(error, PST_ERROR_FORMAT,
                        "its sides must be from 1 to %d, with at most %lld pixels, and its "
                        "largest sample from 1 to 65535",
                        PST_IMAGE_MAX_SIDE, (long long)PST_IMAGE_MAX_PIXELS);
    size_t samples = (size_t)width * (size_t)height * channels, width_bytes = plain ? 2 : most > 255 ? 2 : 1;
    if (!plain)
        from.at += from.at < from.end; /* one white space */
    /* The last plain sample may be one digit with nothing behind it. */
    if (samples * width_bytes - plain > (size_t)(from.end - from.at))
        return pst_fail(error, PST_ERROR_FORMAT, "it is cut short");
    pst_status status = pst_img_create(error, width, height, NULL, image);
    for (size_t i = 0; i < samples && status == PST_OK; i++) {
        int value;
        if (plain) {
            value = next_number(&from, most);
        } else {
            value = *from.at++;
            if (width_bytes == 2)
                value = value << 8 | *from.at++;
        }
        if (value < 0 || value > most)
            status = pst_fail(error, PST_ERROR_FORMAT, "sample %zu is missing or larger than %d", i, most);
        else
            for (size_t c = 0; c < 3 / channels; c++)
                (*image)->rgb[i * (3 / channels) + c] = (float)value * 255.0f / (float)most;
    }
    if (status != PST_OK) {
        pst_image_destroy(*image);
        *image = NULL;
    }
    return status;
}
