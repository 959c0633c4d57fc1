#include "op/guide.h"

#include "cl/program.h"

pst_status pst_guide_map(pst_session *session, const pst_buffer *f, size_t pixels, int c, const pst_buffer *guide,
                         bool squared, pst_buffer *out) {
    const pst_kernel *kernel;
    pst_status status = pst_kernel_get(session, "guide", "guide_map", "", &kernel);
    if (status != PST_OK)
        return status;
    return pst_launch_each(session, kernel, pixels * (size_t)c / pst_wide(session),
                           PST_ARGS(pst_arg_buffer(f), pst_arg_int((int)pixels), pst_arg_int(c), pst_arg_buffer(guide),
                                    pst_arg_int(squared), pst_arg_buffer(out)));
}

pst_status pst_guide_row(pst_session *session, pst_buffer *d, size_t pixels, int c, double scale,
                         const pst_buffer *guide, const pst_buffer *row) {
    const pst_kernel *kernel;
    pst_status status = pst_kernel_get(session, "guide", "guide_row", "", &kernel);
    if (status != PST_OK)
        return status;
    return pst_launch_each(session, kernel, pixels * (size_t)c / pst_wide(session),
                           PST_ARGS(pst_arg_buffer(d), pst_arg_int((int)pixels), pst_arg_int(c), pst_arg_float(scale),
                                    pst_arg_buffer(guide), pst_arg_buffer(row)));
}

pst_status pst_mix_images(pst_session *session, const pst_buffer *a, const pst_buffer *b, const pst_buffer *part,
                          size_t pixels, pst_buffer *out) {
    const pst_kernel *kernel;
    pst_status status = pst_kernel_get(session, "guide", "mix_images", "", &kernel);
    if (status != PST_OK)
        return status;
    return pst_launch_each(session, kernel, pixels,
                           PST_ARGS(pst_arg_buffer(a), pst_arg_buffer(b), pst_arg_buffer(part),
                                    pst_arg_int((int)pixels), pst_arg_buffer(out)));
}
