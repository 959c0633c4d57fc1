/* What masks and weights do to a job: guides for its images, and content kept where no style is. */
#include <math.h>

#include "base/memory.h"
#include "image/color.h"
#include "transfer/job.h"

#define STORED_SIDE 64 /* of a stored style's guides, which are the same everywhere */

const pst_region *pst_job_regions(const pst_job *job, size_t *count) {
    *count = job->regions->content ? job->regions->content->count : 0;
    return job->regions->about;
}

/* The least and the sum of an image's opacities. */
static void measure_alpha(const pst_image *image, float *least, double *sum) {
    *least = 1;
    *sum = 0;
    for (size_t i = 0; i < (size_t)image->width * (size_t)image->height; i++) {
        *least = fminf(*least, image->alpha[i]);
        *sum += (double)image->alpha[i];
    }
}

pst_status pst_job_weigh_by_opacity(pst_job *job) {
    pst_error *error = &job->context->error;
    pst_status status = PST_OK;
    for (size_t k = 0; k <= job->options.style_count && status == PST_OK; k++) {
        const pst_image *image = !k ? job->options.content : job->options.styles ? job->options.styles[k - 1] : NULL;
        float least;
        double sum;
        if (!image || !image->alpha) /* a stored style has no image */
            continue;
        measure_alpha(image, &least, &sum);
        if (k && sum < 1) {
            pst_fail(error, PST_ERROR_ARGUMENT, "style %zu is transparent everywhere; it has no visible pixels", k);
            status = pst_img_fail_in(error, image);
        } else if (least < 1)
            status = pst_regions_weigh(error, job->regions, k, image->alpha, image->width, image->height);
    }
    return status;
}

void pst_job_fill_transparent(pst_image *image) {
    pst_color_statistics statistics;
    if (!image->alpha || pst_color_measure(image, image->alpha, &statistics) <= 0)
        return;
    for (size_t i = 0; i < 3 * (size_t)image->width * (size_t)image->height; i++) {
        float opacity = image->alpha[i / 3];
        image->rgb[i] = opacity * image->rgb[i] + (1 - opacity) * (float)statistics.mean[i % 3];
    }
}

void pst_job_drop_guides(const pst_job *job, pst_guides *guides) {
    for (size_t k = 0; guides && k <= job->options.style_count; k++)
        pst_guides_clear(&guides[k]);
    pst_free(guides);
}

pst_status pst_job_make_guides(const pst_job *job, const pst_extent *extent, int image_size, pst_guides **result) {
    size_t count = job->options.style_count;
    pst_error *error = &job->context->error;
    bool wanted[PST_LAYERS_MAX];
    pst_guides *guides = NULL, **styles = NULL;
    pst_status status = PST_OK;
    *result = NULL;
    if (!job->regions->count)
        return PST_OK;
    pst_objective_style_layers(&job->objective_options, wanted);
    PST_TRY(pst_allocate(error, count + 1, sizeof *guides, &guides));
    PST_TRY(pst_allocate(error, count, sizeof *styles, &styles));
    for (size_t k = 0; k <= count; k++) { /* the content, then the styles */
        pst_extent own = *extent;
        if (k) {
            int w = STORED_SIDE, h = STORED_SIDE;
            if (!job->stored[k - 1])
                pst_job_style_size(job, job->styles[k - 1], image_size, &w, &h);
            own = pst_extent_make(w, h, 1);
            styles[k - 1] = &guides[k];
        }
        PST_TRY(pst_regions_guides(error, job->regions, k, &job->net->layers, wanted, &own, &guides[k]));
    }
    pst_guides_share(styles, job->blend, count);
    *result = guides;
    guides = NULL;
cleanup:
    pst_job_drop_guides(job, guides);
    pst_free(styles);
    return status;
}

pst_status pst_job_free_parts(const pst_job *job, const pst_extent *extent, float **free) {
    const size_t image_pixels = (size_t)extent->image_w * (size_t)extent->image_h;
    float *kept = NULL;
    pst_status status = PST_OK;
    *free = NULL;
    if (!pst_regions_keep_any(job->regions))
        return PST_OK;
    PST_TRY(pst_allocate(&job->context->error, image_pixels, sizeof(float), &kept));
    PST_TRY(pst_allocate(&job->context->error, (size_t)extent->w * (size_t)extent->h, sizeof(float), free));
    PST_TRY(pst_regions_kept(&job->context->error, job->regions, extent->image_w, extent->image_h, kept));
    for (size_t i = 0; i < image_pixels; i++)
        kept[i] = fminf(fmaxf(1 - kept[i], 0), 1);
    pst_extent_continue(extent, 1, kept, *free);
cleanup:
    pst_free(kept);
    return status;
}

pst_status pst_job_keep_content(const pst_job *job, pst_image *image) {
    pst_error *error = &job->context->error;
    size_t pixels = (size_t)image->width * (size_t)image->height;
    pst_image *content = NULL;
    float *kept = NULL;
    pst_status status = PST_OK;
    if (!pst_regions_keep_any(job->regions))
        return PST_OK;
    PST_TRY(pst_img_resize(error, job->content, image->width, image->height, &content));
    if (job->gray)
        pst_img_make_gray(content);
    PST_TRY(pst_allocate(error, pixels, sizeof(float), &kept));
    PST_TRY(pst_regions_kept(error, job->regions, image->width, image->height, kept));
    for (size_t i = 0; i < 3 * pixels; i++) {
        float part = fminf(fmaxf(kept[i / 3], 0), 1);
        image->rgb[i] = part >= 1 ? content->rgb[i] : image->rgb[i] * (1 - part) + content->rgb[i] * part;
    }
cleanup:
    pst_image_destroy(content);
    pst_free(kept);
    return status;
}
