/* Draws the demonstration's images and paints one of them in the manner of another. */
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

static bool draw_all(void) {
    pst_context_options where;
    pst_context *context;
    pst_context_options_init(&where, sizeof where);
    where.device = getenv("PASTICHE_DEVICE");
    bool good = pst_context_create(&where, &context) == PST_OK;
    if (!good)
        complain("%s", context ? pst_context_message(context) : "no memory left");
    for (int i = 0; i < DEMO_IMAGES && good; i++)
        good = draw(context, &demo_images[i]);
    pst_context_destroy(context);
    return good;
}

int demo_command(int count, char **arguments) {
    /* what the user adds comes last and so counts */
    const char *own[] = {FILE_OF("landscape"),
                         FILE_OF("strokes"),
                         "--output",
                         FILE_OF("demo"),
                         "--start",
                         "content",
                         "--iterations",
                         "200",
                         "--save-iter",
                         "0"};
    enum { OWN = sizeof own / sizeof *own };
    if (count > 0 && strcmp(arguments[0], "--help") == 0) {
        puts("Usage: pastiche demo [option...]\n\n"
             "Draws a landscape and two styles, " FILE_OF("landscape") ", " FILE_OF(
                 "strokes") "\n"
                            "and " FILE_OF("mosaic") ", in this folder and paints the first in the manner\n"
                                                     "of the second as " FILE_OF(
                                                         "demo") ". Takes all options of a run.");
        return EXIT_OK;
    }
    char **all = malloc(sizeof *all * (size_t)(OWN + count));
    if (!all) {
        complain("no memory left");
        return EXIT_FAILED;
    }
    memcpy(all, own, sizeof own);
    if (count > 0)
        memcpy(all + OWN, arguments, sizeof *all * (size_t)count);
    settings s;
    int code = EXIT_USAGE;
    if (options_read(&s, OWN + count, all)) {
        code = has_network(&s) && draw_all() ? transfer_command(&s) : EXIT_FAILED;
        if (code == EXIT_OK && !s.quiet)
            fprintf(stderr, "pastiche: try the other one too: pastiche " FILE_OF("landscape") " " FILE_OF(
                                "mosaic") " -o mosaic.png\n");
    }
    options_free(&s);
    free(all);
    return code;
}
