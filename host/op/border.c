#include "op/border.h"

#include "cl/program.h"

static size_t border_count(int h, int w) {
    return h == 1 || w == 1 ? (size_t)h * (size_t)w : 2 * ((size_t)h + (size_t)w) - 4;
}

pst_status pst_border_forward(pst_session *session, const pst_buffer *x, int h, int w, int c, const pst_buffer *weights,
                              const pst_buffer *bias, pst_buffer *map, pst_buffer *bits) {
    const pst_kernel *kernel;
    pst_status status = pst_kernel_get(session, "border", "border_forward", "", &kernel);
    if (status != PST_OK)
        return status;
    return pst_launch_each(session, kernel, border_count(h, w) * (size_t)c / 16,
                           PST_ARGS(pst_arg_buffer(x), pst_arg_int(h), pst_arg_int(w), pst_arg_int(c),
                                    pst_arg_buffer(weights), pst_arg_buffer(bias), pst_arg_buffer(map),
                                    pst_arg_buffer(bits)));
}

pst_status pst_border_backward(pst_session *session, const pst_buffer *d, int h, int w, int c,
                               const pst_buffer *weights, pst_buffer *dx) {
    const pst_kernel *kernel;
    pst_status status = pst_kernel_get(session, "border", "border_backward", "", &kernel);
    if (status != PST_OK)
        return status;
    return pst_launch_each(session, kernel, border_count(h, w),
                           PST_ARGS(pst_arg_buffer(d), pst_arg_int(h), pst_arg_int(w), pst_arg_int(c),
                                    pst_arg_buffer(weights), pst_arg_buffer(dx)));
}
