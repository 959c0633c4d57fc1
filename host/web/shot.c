#include "web/shot.h"

#include <stdlib.h>

#include "web/platform.h"

/* A copy whose longer side is `most` pixels at most; 0: any. NULL: no memory. */
static pst_image *copy_within(const pst_image *image, int most) {
    int width = pst_image_width(image), height = pst_image_height(image), longer = width > height ? width : height;
    pst_image *copy;
    if (most && longer > most) {
        width = (int)((long long)width * most / longer);
        height = (int)((long long)height * most / longer);
    }
    pst_image_resize(NULL, image, width < 1 ? 1 : width, height < 1 ? 1 : height, &copy);
    return copy;
}

web_shot *web_shot_create(const pst_image *image, int most) {
    web_shot *shot = calloc(1, sizeof *shot);
    if (!shot)
        return NULL;
    shot->references = 1;
    shot->image = copy_within(image, most);
    if (!shot->image) {
        free(shot);
        shot = NULL;
    }
    return shot;
}

void web_shot_release(web_shot *shot) {
    if (!shot || --shot->references > 0)
        return;
    for (int i = 0; i < 2; i++)
        pst_bytes_destroy(shot->files[i]);
    pst_image_destroy(shot->image);
    free(shot);
}

bool web_shot_encode(web_shot *shot, bool whole) {
    if (shot->files[whole])
        return true;
    double start = web_clock();
    pst_image *small = whole ? NULL : copy_within(shot->image, WEB_VIEW_MOST);
    const pst_image *image = whole ? shot->image : small;
    pst_write_options options;
    pst_write_options_init(&options, sizeof options);
    options.format = PST_FORMAT_JPEG;
    bool good = image && pst_image_encode(NULL, image, &options, &shot->files[whole], &shot->bytes[whole]) == PST_OK;
    pst_image_destroy(small);
    shot->encode_seconds = web_clock() - start;
    return good;
}
