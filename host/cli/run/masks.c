#include "cli/run/masks.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/options/file_names.h"

/* "#rrggbb", for which no file is looked up. */
static bool read_color(const char *text, float color[3]) {
    unsigned r, g, b;
    if (strlen(text) != 7 || strspn(text + 1, "0123456789abcdefABCDEF") != 6 ||
        sscanf(text, "#%2x%2x%2x", &r, &g, &b) != 3)
        return false;
    color[0] = (float)r, color[1] = (float)g, color[2] = (float)b;
    return true;
}

static pst_status flat(pst_context *context, const pst_image *like, const char *name, const float color[3],
                       pst_image **mask) {
    size_t samples = 3 * (size_t)pst_image_width(like) * (size_t)pst_image_height(like);
    float *rgb = malloc(samples * sizeof *rgb);
    if (!rgb)
        return PST_ERROR_MEMORY;
    for (size_t i = 0; i < samples; i++)
        rgb[i] = color[i % 3];
    pst_status status = pst_image_create(context, pst_image_width(like), pst_image_height(like), rgb, mask);
    free(rgb);
    return status == PST_OK ? pst_image_set_name(context, *mask, name) : status;
}

pst_status masks_read(masks *m, pst_context *context, const settings *s, pst_image *const *styles) {
    float color[3];
    *m = (masks){0};
    if (!s->content_mask)
        return PST_OK;
    pst_status status = pst_image_read(context, s->content_mask, &m->content);
    m->styles = calloc(s->style_count, sizeof *m->styles);
    if (!m->styles)
        return PST_ERROR_MEMORY;
    m->style_count = s->style_count;
    for (size_t i = 0; i < s->style_count && status == PST_OK; i++)
        status = read_color(s->style_masks[i], color)
                     ? flat(context, styles[i] ? styles[i] : m->content, s->style_masks[i], color, &m->styles[i])
                     : pst_image_read(context, s->style_masks[i], &m->styles[i]);
    return status;
}

void masks_drop(masks *m) {
    for (size_t i = 0; i < m->style_count; i++)
        pst_image_destroy(m->styles[i]);
    free(m->styles);
    pst_image_destroy(m->content);
    *m = (masks){0};
}

void masks_set(const masks *m, pst_transfer_options *options) {
    options->content_mask = m->content;
    options->style_masks = (const pst_image *const *)m->styles;
}

bool masks_have(const settings *s, const char *path) {
    for (size_t i = 0; s->style_masks && i < s->mask_count; i++)
        if (file_same(path, s->style_masks[i]))
            return true;
    return file_same(path, s->content_mask);
}

void masks_tell(const pst_job *job, const settings *s, progress *report) {
    size_t count;
    const pst_region *regions = pst_job_regions(job, &count);
    for (size_t k = 0; k < count; k++) {
        const pst_region *r = &regions[k];
        char styles[128] = "";
        for (size_t i = 0; i < s->style_count; i++)
            if (r->styles[i] > 0 && strlen(styles) < sizeof styles - 24)
                snprintf(styles + strlen(styles), 24, "%s%zu", *styles ? ", " : "", i + 1);
        progress_say(report, "region #%02x%02x%02x, %.1f%% of the content: %s%s", r->color[0], r->color[1], r->color[2],
                     100 * r->content_area, *styles ? "style " : "in no style's mask, keeps the content", styles);
    }
}
