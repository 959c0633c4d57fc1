/* Direct convolution for CPUs, register-tiled: the path of the first layer, whose 3 channels no transform pays for, and
 * a plain fast path for others. Backward to the image is a product of its own: 27 values a pixel, gathered by the
 * neighbors. */
#include <stdio.h>

#include "op/conv.h"
#include "op/tiles.h"

static bool to_image(const pst_conv_shape *s) { return s->c_out == PST_IMAGE_CHANNELS; }

static pst_tile register_tile(const pst_conv_engine *engine, const pst_conv_shape *s) {
    int k = to_image(s) ? 32 : s->c_out; /* 27 columns filled up */
    bool image = s->c_in == PST_IMAGE_CHANNELS || to_image(s);
    pst_tile tile = pst_tile_choose(engine->session, s->c_in % 16 ? 16 : s->c_in, k, image);
    if (to_image(s))
        tile.rows = 6; /* what more rows leave over at the end of a row of pixels is slow */
    return tile;
}

static bool supports(const pst_conv_engine *engine, const pst_conv_shape *s) {
    return engine->session->cpu_kernels && (to_image(s) ? s->backward && s->c_in % 16 == 0 && s->pool == PST_POOL_NONE
                                                        : s->c_out % 16 == 0 && s->pool == PST_POOL_NONE);
}

static size_t weight_bytes(const pst_conv_engine *engine, const pst_conv_shape *s) {
    (void)engine;
    return sizeof(float) * (size_t)s->c_in * (to_image(s) ? 32 : 9 * (size_t)s->c_out);
}

static pst_status get_kernel(const pst_conv_engine *engine, const pst_conv_shape *s, const pst_conv_tensors *t,
                             const char *name, const pst_kernel **kernel) {
    pst_tile tile = register_tile(engine, s);
    char defines[256];
    if (to_image(s)) {
        snprintf(defines, sizeof defines, "-DVEC=%d -DNV=%d -DRT=%d -DNP=%d -DCB=%d -DC=%d -DD=3", tile.lanes,
                 tile.vectors, tile.rows, tile.panels, tile.depth, s->c_in);
        return pst_kernel_get(engine->session, "vector_cpu+conv_rgb_cpu", name, defines, kernel);
    }
    snprintf(defines, sizeof defines,
             "-DVEC=%d -DNV=%d -DRT=%d -DNP=1 -DCB=1 -DC=%d -DK=%d -DRELU=%d -DMASK_OUT=%d -DMASK_IN=%d -DINJECT=%d",
             tile.lanes, tile.vectors, tile.rows, s->c_in, s->c_out, !s->backward, !s->backward && t && t->bits,
             s->backward && t && t->mask, s->backward && t && t->add);
    return pst_kernel_get(engine->session, "vector_cpu+conv_direct_cpu", name, defines, kernel);
}

static pst_status prepare(const pst_conv_engine *engine, const pst_conv_shape *s, const float *weights, int k, int c,
                          pst_buffer *prepared) {
    pst_session *session = engine->session;
    pst_buffer *raw = NULL;
    const pst_kernel *kernel;
    size_t bytes = sizeof(float) * 9 * (size_t)k * (size_t)c;
    pst_status status;
    PST_TRY(get_kernel(engine, s, NULL, to_image(s) ? "image_weights" : "direct_weights", &kernel));
    PST_TRY(pst_buffer_create(session, bytes, "weights", &raw));
    PST_TRY(pst_buffer_write(session, raw, 0, weights, bytes));
    if (to_image(s))
        PST_TRY(pst_launch_workers(session, kernel, (size_t)s->c_in, 1,
                                   PST_ARGS(pst_arg_buffer(raw), pst_arg_buffer(prepared), pst_arg_int(k))));
    else
        PST_TRY(pst_launch_workers(session, kernel, (size_t)s->c_out, (size_t)s->c_in,
                                   PST_ARGS(pst_arg_buffer(raw), pst_arg_buffer(prepared), pst_arg_int(k),
                                            pst_arg_int(c), pst_arg_int(s->backward))));
    PST_TRY(pst_session_finish(session));
cleanup:
    pst_buffer_destroy(session, raw);
    return status;
}

static pst_status workspace_bytes(const pst_conv_engine *engine, const pst_conv_shape *s, size_t *bytes) {
    pst_tile tile = register_tile(engine, s);
    size_t slice = to_image(s) ? 96 * (size_t)(s->w + tile.rows) : 3 * (size_t)(tile.rows + 2) * (size_t)s->c_in;
    *bytes = sizeof(float) * slice * pst_workers(engine->session);
    return PST_OK;
}

static pst_status run(const pst_conv_engine *engine, const pst_conv_shape *s, const pst_conv_tensors *t) {
    pst_session *session = engine->session;
    const pst_kernel *kernel;
    pst_status status = get_kernel(engine, s, t, to_image(s) ? "conv_rgb_backward" : "conv_direct", &kernel);
    if (status != PST_OK)
        return status;
    pst_arg h = pst_arg_int(s->h), w = pst_arg_int(s->w), scratch = pst_arg_buffer(t->workspace);
    if (to_image(s))
        return pst_launch_workers(
            session, kernel, pst_workers(session), 1,
            PST_ARGS(pst_arg_buffer(t->in), pst_arg_buffer(t->weights), pst_arg_buffer(t->out), scratch, h, w));
    return pst_launch_workers(session, kernel, pst_workers(session), 1,
                              PST_ARGS(pst_arg_buffer(t->in), pst_arg_buffer(t->weights), pst_arg_buffer(t->bias),
                                       pst_arg_buffer(t->out), pst_arg_buffer(s->backward ? t->mask : t->bits), scratch,
                                       h, w));
}

const pst_conv_algorithm pst_conv_direct = {"direct", supports, weight_bytes, workspace_bytes, prepare, run};
