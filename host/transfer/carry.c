#include "transfer/carry.h"

#include <math.h>

#include "transfer/job.h"

/* Images are resized within 0 to 255, so the means are brought there. The second one is enlarged by its root, which an
 * image's precision holds better, and stays positive. */
static double to_image(int which, double value, double unit) {
    return unit == 0 ? 0 : which ? 255 * sqrt(value / unit) : 127.5 * (1 + value / unit);
}

static double from_image(int which, double sample, double unit) {
    return which ? sample / 255 * (sample / 255) * unit : (sample / 127.5 - 1) * unit;
}

static pst_status take_mean(pst_job *job, const pst_vector *mean, int which, pst_carried *carried) {
    pst_image *image;
    size_t count = 3 * (size_t)job->stage.w * (size_t)job->stage.h;
    double unit = 0;
    pst_status status = pst_img_create(&job->context->error, job->stage.w, job->stage.h, NULL, &image);
    carried->means[which] = image;
    if (status == PST_OK)
        status = pst_buffer_read(job->context->session, (const pst_buffer *)mean, 0, image->rgb, sizeof(float) * count);
    for (size_t i = 0; status == PST_OK && i < count; i++)
        unit = fmax(unit, fabs((double)image->rgb[i]));
    for (size_t i = 0; status == PST_OK && i < count; i++)
        image->rgb[i] = (float)to_image(which, (double)image->rgb[i], unit);
    carried->units[which] = unit;
    return status;
}

pst_status pst_carry_take(pst_job *job, pst_carried *carried) {
    const pst_adam_moments *moments = pst_optimizer_moments(job->stage.optimizer);
    pst_status status;
    *carried = (pst_carried){0};
    PST_TRY(pst_stage_image(job, &carried->image));
    if (moments && moments->first && moments->second) {
        PST_TRY(take_mean(job, moments->first, 0, carried));
        PST_TRY(take_mean(job, moments->second, 1, carried));
        carried->powers[0] = moments->power1;
        carried->powers[1] = moments->power2;
    }
cleanup:
    return status;
}

/* Losses are means over the pixels: a sample's gradient, and so its first mean, goes with their inverse number. */
static pst_status give_mean(pst_job *job, const pst_carried *carried, int which, pst_vector **vector) {
    const pst_image *from = carried->means[which];
    pst_stage *stage = &job->stage;
    size_t count = 3 * (size_t)stage->w * (size_t)stage->h;
    double fewer = (double)from->width * from->height / ((double)stage->w * stage->h);
    pst_image *image = NULL;
    pst_status status;
    PST_TRY(pst_img_resize(&job->context->error, from, stage->w, stage->h, &image));
    for (size_t i = 0; i < count; i++)
        image->rgb[i] =
            (float)(from_image(which, (double)image->rgb[i], carried->units[which]) * (which ? fewer * fewer : fewer));
    PST_TRY(stage->space.vectors.create(stage->space.vectors.self, vector));
    PST_TRY(pst_buffer_write(job->context->session, (pst_buffer *)*vector, 0, image->rgb, sizeof(float) * count));
    PST_TRY(pst_session_finish(job->context->session)); /* before the image goes */
cleanup:
    pst_image_destroy(image);
    return status;
}

pst_status pst_carry_give(pst_job *job, const pst_carried *carried) {
    pst_adam_moments *moments = pst_optimizer_moments(job->stage.optimizer);
    pst_status status = PST_OK;
    if (!moments || !carried->means[1])
        return PST_OK;
    PST_TRY(give_mean(job, carried, 0, &moments->first));
    PST_TRY(give_mean(job, carried, 1, &moments->second));
    moments->power1 = carried->powers[0];
    moments->power2 = carried->powers[1];
cleanup:
    return status;
}

void pst_carry_drop(pst_carried *carried) {
    pst_image_destroy(carried->image);
    pst_image_destroy(carried->means[0]);
    pst_image_destroy(carried->means[1]);
    *carried = (pst_carried){0};
}
