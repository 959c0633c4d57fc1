#include "op/loss.h"

#include "cl/program.h"

pst_status pst_content(pst_session *session, const pst_buffer *f, const pst_buffer *target, size_t count, double scale,
                       bool accumulate, pst_buffer *d, pst_sums *sums, size_t slot) {
    const pst_kernel *kernel;
    pst_status status = pst_kernel_get(session, "loss", "content", "", &kernel);
    if (status != PST_OK)
        return status;
    return pst_launch_sums(session, kernel,
                           PST_ARGS(pst_arg_buffer(f), pst_arg_buffer(target),
                                    pst_arg_int((int)(count / pst_wide(session))), pst_arg_float(scale),
                                    pst_arg_int(accumulate), pst_arg_buffer(d), pst_arg_buffer(sums->parts),
                                    pst_arg_int((int)slot)));
}

static pst_smooth_part part_of(const pst_smooth_part *part, int h, int w) {
    return part ? *part : (pst_smooth_part){0, 0, h, w, h, w};
}

pst_status pst_smoothness(pst_session *session, pst_tv_kind kind, const pst_buffer *x, int h, int w,
                          const pst_smooth_part *part, double scale, bool accumulate, pst_buffer *d, pst_sums *sums,
                          size_t slot) {
    const pst_smooth_part p = part_of(part, h, w);
    static const char *const names[] = {[PST_TV_SQUARES] = "smoothness",
                                        [PST_TV_ABSOLUTE] = "smoothness_absolute",
                                        [PST_TV_NINE_POINT] = "smoothness_nine_point"};
    const pst_kernel *kernel;
    pst_status status = pst_kernel_get(session, "smoothness", names[kind], "", &kernel);
    if (status != PST_OK)
        return status;
    return pst_launch_sums(session, kernel,
                           PST_ARGS(pst_arg_buffer(x), pst_arg_int(h), pst_arg_int(w), pst_arg_int(p.y),
                                    pst_arg_int(p.x), pst_arg_int(p.h), pst_arg_int(p.w), pst_arg_int(p.image_h),
                                    pst_arg_int(p.image_w), pst_arg_float(scale), pst_arg_int(accumulate),
                                    pst_arg_buffer(d), pst_arg_buffer(sums->parts), pst_arg_int((int)slot)));
}

pst_status pst_outside_range(pst_session *session, const pst_buffer *x, int h, int w, const pst_smooth_part *part,
                             double pixel_scale, double scale, pst_buffer *d, pst_sums *sums, size_t slot) {
    const pst_smooth_part p = part_of(part, h, w);
    const pst_kernel *kernel;
    pst_status status = pst_kernel_get(session, "pixels", "pixels_outside", "", &kernel);
    if (status != PST_OK)
        return status;
    return pst_launch_sums(session, kernel,
                           PST_ARGS(pst_arg_buffer(x), pst_arg_int(w), pst_arg_int(p.y), pst_arg_int(p.x),
                                    pst_arg_int(p.h), pst_arg_int(p.w), pst_arg_float(pixel_scale),
                                    pst_arg_float(scale), pst_arg_buffer(d), pst_arg_buffer(sums->parts),
                                    pst_arg_int((int)slot)));
}

pst_status pst_add_normalized(pst_session *session, const pst_buffer *from, size_t count, double weight,
                              const pst_sums *sums, size_t slot, bool accumulate, pst_buffer *d) {
    const pst_kernel *kernel;
    pst_status status = pst_kernel_get(session, "loss", "add_normalized", "", &kernel);
    if (status != PST_OK)
        return status;
    return pst_launch_each(session, kernel, count / pst_wide(session),
                           PST_ARGS(pst_arg_buffer(from), pst_arg_int((int)(count / pst_wide(session))),
                                    pst_arg_buffer(sums->parts), pst_arg_int((int)slot), pst_arg_float(weight),
                                    pst_arg_int(accumulate), pst_arg_buffer(d)));
}
