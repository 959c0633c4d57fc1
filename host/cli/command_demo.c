/* Draws the demonstration's images and paints one of them in the style of another. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/commands.h"
#include "cli/draw/demo_images.h"
#include "cli/options/complain.h"
#include "cli/run/invocation.h"

#define FILE_OF(name) "pastiche-" name ".png"

static bool draw(pst_context *context, const demo_image *demo) {
    char path[64];
    pst_image *image = NULL;
    float *rgb = malloc(sizeof *rgb * 3 * (size_t)demo->width * (size_t)demo->height);
    if (!rgb) {
        complain("no memory left");
        return false;
    }
    snprintf(path, sizeof path, FILE_OF("%s"), demo->name);
    demo->draw(demo->width, demo->height, rgb);
    pst_status status = pst_image_create(context, demo->width, demo->height, rgb, &image);
    if (status == PST_OK)
        status = pst_image_write(context, image, path, NULL);
    if (status != PST_OK)
        complain("%s", pst_context_message(context));
    pst_image_destroy(image);
    free(rgb);
    return status == PST_OK;
}

static bool has_network(const settings *s) {
    invocation w;
    int code = invocation_begin(&w, s);
    invocation_end(&w);
    return code == EXIT_OK;
}

static bool draw_all(const settings *s) {
    pst_context_options where;
    pst_context *context;
    pst_context_options_init(&where, sizeof where);
    where.device = s->device;
    bool good = pst_context_create(&where, &context) == PST_OK;
    if (!good)
        complain("%s", context ? pst_context_message(context) : "no memory left");
    for (int i = 0; i < DEMO_IMAGES && good; i++)
        good = draw(context, &demo_images[i]);
    pst_context_destroy(context);
    return good;
}

int demo_command(const settings *s) {
    int code = has_network(s) && draw_all(s) ? transfer_command(s) : EXIT_FAILED;
    if (code == EXIT_OK && !s->quiet)
        fprintf(stderr, "pastiche: try the other style too: pastiche " FILE_OF("landscape") " " FILE_OF(
                            "mosaic") " -o mosaic.png\n");
    return code;
}
