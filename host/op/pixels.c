#include "op/pixels.h"

#include "cl/program.h"

static pst_status convert(pst_session *session, const char *name, const pst_buffer *from, size_t pixels, double scale,
                          pst_buffer *to) {
    const pst_kernel *kernel;
    pst_status status = pst_kernel_get(session, "pixels", name, "", &kernel);
    if (status != PST_OK)
        return status;
    return pst_launch_each(
        session, kernel, pixels,
        PST_ARGS(pst_arg_buffer(from), pst_arg_int((int)pixels), pst_arg_float(scale), pst_arg_buffer(to)));
}

pst_status pst_pixels_import(pst_session *session, const pst_buffer *rgb, size_t pixels, double scale, pst_buffer *x) {
    return convert(session, "pixels_import", rgb, pixels, scale, x);
}

pst_status pst_pixels_export(pst_session *session, const pst_buffer *x, size_t pixels, double scale, pst_buffer *rgb) {
    return convert(session, "pixels_export", x, pixels, 1 / scale, rgb);
}

pst_status pst_pixels_gray(pst_session *session, pst_buffer *d, size_t pixels) {
    return convert(session, "pixels_gray", d, pixels, 1.0 / 3, d);
}

pst_status pst_pixels_clamp(pst_session *session, pst_buffer *x, size_t pixels, double scale) {
    return convert(session, "pixels_clamp", x, pixels, scale, x);
}
