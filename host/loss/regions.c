#include "loss/regions.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "image/plane.h"

static_assert(PST_REGIONS_MAX == PST_MASK_COLORS_MAX, "a region for each color of a mask");

/* ---- reading ---- */

/* A mask may be of any size, but not of another shape: then it belongs to another image. */
static pst_status check_shape(pst_error *error, const pst_image *mask, const pst_image *image, const char *whose) {
    double height = (double)mask->width / image->width * image->height, off = fabs(height - mask->height);
    if (off <= 1 || off <= 0.02 * mask->height)
        return PST_OK;
    return pst_fail(error, PST_ERROR_ARGUMENT,
                    "the mask of %s has %dx%d pixels and the image %dx%d: they must have the same proportions", whose,
                    mask->width, mask->height, image->width, image->height);
}

/* of NULL: no image, but a stored style, which is taken whole. */
static pst_status read_mask(pst_error *error, const pst_image *image, const pst_image *of, const char *whose,
                            pst_mask **mask) {
    char what[64];
    pst_status status = of ? check_shape(error, image, of, whose) : PST_OK;
    if (status == PST_OK) {
        snprintf(what, sizeof what, "the mask of %s", whose);
        status = pst_mask_create(error, image, mask);
        if (status != PST_OK && status != PST_ERROR_MEMORY)
            pst_fail_in(error, what);
    }
    if (status == PST_OK && !of && (*mask)->count != 1)
        status = pst_fail(
            error, PST_ERROR_ARGUMENT,
            "the mask of %s has several colors, but a stored style can only be used as a whole: give one color", whose);
    return status == PST_OK || status == PST_ERROR_MEMORY ? status : pst_img_fail_in(error, image);
}

/* Which styles have which colors of the content's mask, and the regions that come of it. */
static void match(pst_regions *regions) {
    const pst_mask *content = regions->content;
    int region_of_color[PST_MASK_COLORS_MAX];
    for (size_t k = 0; k < content->count; k++) {
        pst_region *about = &regions->about[k];
        double *areas = regions->areas + k * regions->style_count;
        memcpy(about->color, content->colors[k], sizeof about->color);
        about->content_area = content->areas[k];
        about->styles = areas;
        bool any = false;
        for (size_t s = 0; s < regions->style_count; s++) {
            const pst_mask *style = regions->styles[s];
            for (size_t j = 0; style && j < style->count; j++)
                areas[s] += pst_mask_find(content, style->colors[j]) == (int)k ? style->areas[j] : 0;
            areas[s] = style ? areas[s] : 1;
            any = any || areas[s] > 0;
        }
        region_of_color[k] = any ? (int)regions->count : -1;
        if (any)
            regions->color_of[regions->count++] = k;
    }
    for (size_t s = 0; s < regions->style_count; s++)
        for (size_t j = 0; j < PST_MASK_COLORS_MAX; j++) {
            const pst_mask *style = regions->styles[s];
            int color = style && j < style->count ? pst_mask_find(content, style->colors[j]) : -1;
            regions->region_of[s * PST_MASK_COLORS_MAX + j] = color >= 0 ? region_of_color[color] : -1;
        }
}

static void list_colors(const pst_mask *mask, char *text, size_t size) {
    *text = '\0';
    for (size_t k = 0; k < mask->count; k++) {
        size_t used = strlen(text);
        snprintf(text + used, size - used, "%s#%02x%02x%02x", k ? " " : "", mask->colors[k][0], mask->colors[k][1],
                 mask->colors[k][2]);
    }
}

pst_status pst_regions_create(pst_error *error, const pst_transfer_options *options, pst_regions **result) {
    pst_regions *regions = NULL;
    char whose[32];
    pst_status status;
    *result = NULL;
    if (!options->content_mask != !options->style_masks)
        return pst_fail(error, PST_ERROR_ARGUMENT,
                        "regions need a mask of the content and masks of the styles; only %s given",
                        options->content_mask ? "the content's is" : "the styles' are");
    PST_TRY(pst_allocate(error, 1, sizeof *regions, &regions));
    regions->style_count = options->style_count;
    regions->mode = options->guide_mode;
    PST_TRY(pst_allocate(error, options->style_count + 1, sizeof *regions->weights, &regions->weights));
    PST_TRY(pst_allocate(error, options->style_count, sizeof *regions->styles, &regions->styles));
    PST_TRY(pst_allocate(error, options->style_count * PST_MASK_COLORS_MAX, sizeof *regions->region_of,
                         &regions->region_of));
    PST_TRY(pst_allocate(error, options->style_count * PST_REGIONS_MAX, sizeof *regions->areas, &regions->areas));
    if (options->content_mask) {
        PST_TRY(read_mask(error, options->content_mask, options->content, "the content", &regions->content));
        for (size_t s = 0; s < options->style_count; s++) {
            snprintf(whose, sizeof whose, "style %zu", s + 1);
            if (options->style_masks[s])
                PST_TRY(read_mask(error, options->style_masks[s], options->styles ? options->styles[s] : NULL, whose,
                                  &regions->styles[s]));
        }
        match(regions);
        if (!regions->count) {
            char colors[160];
            list_colors(regions->content, colors, sizeof colors);
            status =
                pst_fail(error, PST_ERROR_ARGUMENT, "no mask of a style has a color of the content's mask: %s", colors);
            pst_img_fail_in(error, options->content_mask);
            goto cleanup;
        }
    }
    *result = regions;
    regions = NULL;
cleanup:
    pst_regions_destroy(regions);
    return status;
}

void pst_regions_destroy(pst_regions *regions) {
    if (!regions)
        return;
    for (size_t s = 0; s < regions->style_count && regions->styles; s++)
        pst_mask_destroy(regions->styles[s]);
    for (size_t s = 0; s <= regions->style_count && regions->weights; s++)
        pst_free(regions->weights[s].at);
    pst_mask_destroy(regions->content);
    pst_free(regions->styles);
    pst_free(regions->region_of);
    pst_free(regions->areas);
    pst_free(regions->weights);
    pst_free(regions);
}

pst_status pst_regions_weigh(pst_error *error, pst_regions *regions, size_t which, const float *weight, int w, int h) {
    size_t pixels = (size_t)w * (size_t)h;
    float *copy;
    pst_status status = pst_allocate(error, pixels, sizeof(float), &copy);
    if (status != PST_OK)
        return status;
    memcpy(copy, weight, pixels * sizeof(float));
    pst_free(regions->weights[which].at);
    regions->weights[which].at = copy;
    regions->weights[which].w = w;
    regions->weights[which].h = h;
    if (!regions->count) /* everything is one region */
        regions->count = 1;
    return PST_OK;
}

/* ---- planes and guides ---- */

/* share [h][w] of a region in an image. */
static pst_status add_shares(pst_error *error, const pst_regions *regions, size_t which, size_t region, int w, int h,
                             float *share) {
    const pst_mask *mask = which ? regions->styles[which - 1] : regions->content;
    pst_status status = PST_OK;
    for (size_t i = 0; !mask && i < (size_t)w * (size_t)h; i++) /* the whole image, for every region */
        share[i] = 1;
    for (size_t k = 0; mask && k < mask->count && status == PST_OK; k++)
        if (which ? regions->region_of[(which - 1) * PST_MASK_COLORS_MAX + k] == (int)region
                  : regions->color_of[region] == k)
            status = pst_mask_add_plane(error, mask, k, w, h, share);
    return status;
}

pst_status pst_regions_guides(pst_error *error, const pst_regions *regions, size_t which, const pst_layers *layers,
                              const bool wanted[PST_LAYERS_MAX], const pst_extent *extent, pst_guides *guides) {
    const int w = extent->image_w, h = extent->image_h;
    size_t pixels = (size_t)w * (size_t)h, all = (size_t)extent->w * (size_t)extent->h;
    float *plane = NULL, *share = NULL, *weight = NULL;
    pst_status status;
    PST_TRY(pst_allocate(error, pixels, sizeof(float), &plane));
    PST_TRY(pst_allocate(error, all, sizeof(float), &share));
    if (regions->weights[which].at) {
        PST_TRY(pst_allocate(error, all, sizeof(float), &weight));
        PST_TRY(pst_plane_resize(error, PST_FILTER_LINEAR, 1, regions->weights[which].at, regions->weights[which].w,
                                 regions->weights[which].h, plane, w, h));
        pst_extent_continue(extent, 1, plane, weight);
    }
    for (size_t r = 0; r < regions->count; r++) {
        memset(plane, 0, pixels * sizeof(float));
        PST_TRY(add_shares(error, regions, which, r, w, h, plane));
        pst_extent_continue(extent, 1, plane, share);
        PST_TRY(pst_guides_add(error, layers, wanted, regions->mode, share, weight, extent->h, extent->w, guides));
    }
cleanup:
    pst_free(plane);
    pst_free(share);
    pst_free(weight);
    return status;
}

bool pst_regions_keep_any(const pst_regions *regions) {
    return regions->content && regions->count < regions->content->count;
}

pst_status pst_regions_kept(pst_error *error, const pst_regions *regions, int w, int h, float *kept) {
    pst_status status = PST_OK;
    memset(kept, 0, sizeof(float) * (size_t)w * (size_t)h);
    for (size_t k = 0; regions->content && k < regions->content->count && status == PST_OK; k++) {
        bool styled = false;
        for (size_t r = 0; r < regions->count; r++)
            styled = styled || regions->color_of[r] == k;
        if (!styled)
            status = pst_mask_add_plane(error, regions->content, k, w, h, kept);
    }
    return status;
}

static void digest_mask(const pst_mask *mask, pst_digest *digest) {
    if (!mask)
        return;
    size_t pixels = (size_t)mask->width * (size_t)mask->height;
    const int size[] = {mask->width, mask->height, (int)mask->count};
    pst_digest_add(digest, size, sizeof size);
    pst_digest_add(digest, mask->colors, 3 * mask->count);
    pst_digest_add(digest, mask->first, pixels);
    pst_digest_add(digest, mask->second, pixels);
    pst_digest_add(digest, mask->part, pixels);
}

void pst_regions_digest(const pst_regions *regions, pst_digest *digest) {
    const int about[] = {(int)regions->count, (int)regions->mode};
    if (!regions->count)
        return;
    pst_digest_add(digest, about, sizeof about);
    digest_mask(regions->content, digest);
    for (size_t k = 0; k <= regions->style_count; k++) {
        if (k)
            digest_mask(regions->styles[k - 1], digest);
        if (regions->weights[k].at)
            pst_digest_add(digest, regions->weights[k].at,
                           sizeof(float) * (size_t)regions->weights[k].w * (size_t)regions->weights[k].h);
    }
}
