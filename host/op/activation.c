#include "op/activation.h"

#include "cl/program.h"

double pst_unpool_scale(pst_pool pool) { return pool == PST_POOL_AVERAGE ? 0.25 : 1; }

pst_status pst_bias_relu(pst_session *session, pst_buffer *map, size_t first, size_t count, int c,
                         const pst_buffer *bias, pst_buffer *bits) {
    const pst_kernel *kernel;
    pst_status status = pst_kernel_get(session, "activation", "bias_relu", "", &kernel);
    if (status != PST_OK)
        return status;
    return pst_launch_each(session, kernel, count * (size_t)c / 16,
                           PST_ARGS(pst_arg_buffer(map), pst_arg_int((int)first), pst_arg_int((int)count),
                                    pst_arg_int(c), pst_arg_buffer(bias), pst_arg_buffer(bits)));
}

pst_status pst_add_mask(pst_session *session, pst_buffer *map, size_t first, size_t count, int c,
                        const pst_buffer *more, const pst_buffer *bits) {
    const pst_kernel *kernel;
    if (!more && !bits)
        return PST_OK;
    pst_status status = pst_kernel_get(session, "activation", "add_mask", "", &kernel);
    if (status != PST_OK)
        return status;
    return pst_launch_each(session, kernel, count * (size_t)c / 16,
                           PST_ARGS(pst_arg_buffer(map), pst_arg_int((int)first), pst_arg_int((int)count),
                                    pst_arg_int(c), pst_arg_buffer(more), pst_arg_buffer(bits)));
}

pst_status pst_bias_relu_pool(pst_session *session, const pst_buffer *map, int w, int c, const pst_buffer *bias,
                              pst_pool pool, bool ceil, int first_row, int rows, pst_buffer *pooled, pst_buffer *bits) {
    const pst_kernel *kernel;
    pst_status status = pst_kernel_get(session, "activation", "bias_relu_pool", "", &kernel);
    if (status != PST_OK)
        return status;
    return pst_launch_each(session, kernel, (size_t)((rows + 1) / 2) * (size_t)((w + 1) / 2) * (size_t)c / 16,
                           PST_ARGS(pst_arg_buffer(map), pst_arg_int(w), pst_arg_int(c), pst_arg_buffer(bias),
                                    pst_arg_int(pool == PST_POOL_AVERAGE), pst_arg_int(ceil), pst_arg_int(first_row),
                                    pst_arg_int(rows), pst_arg_buffer(pooled), pst_arg_buffer(bits)));
}

pst_status pst_unpool(pst_session *session, const pst_buffer *d_pooled, const pst_buffer *bits, int h, int w, int c,
                      pst_pool pool, bool ceil, const pst_buffer *signs, pst_buffer *d_map) {
    const pst_kernel *kernel;
    pst_status status = pst_kernel_get(session, "activation", "unpool", "", &kernel);
    if (status != PST_OK)
        return status;
    return pst_launch_each(session, kernel, (size_t)h * (size_t)w * (size_t)c / 16,
                           PST_ARGS(pst_arg_buffer(d_pooled), pst_arg_buffer(bits), pst_arg_int(h), pst_arg_int(w),
                                    pst_arg_int(c), pst_arg_int(pool == PST_POOL_AVERAGE), pst_arg_int(ceil),
                                    pst_arg_buffer(signs), pst_arg_buffer(d_map)));
}

pst_status pst_pool_l2(pst_session *session, const pst_buffer *map, int h, int w, int c, bool ceil,
                       pst_buffer *pooled) {
    const pst_kernel *kernel;
    pst_status status = pst_kernel_get(session, "activation", "pool_l2", "", &kernel);
    if (status != PST_OK)
        return status;
    return pst_launch_each(session, kernel, (size_t)((h + ceil) / 2) * (size_t)((w + ceil) / 2) * (size_t)c / 16,
                           PST_ARGS(pst_arg_buffer(map), pst_arg_int(h), pst_arg_int(w), pst_arg_int(c),
                                    pst_arg_int(ceil), pst_arg_buffer(pooled)));
}

pst_status pst_unpool_l2(pst_session *session, const pst_buffer *d_pooled, const pst_buffer *pooled,
                         const pst_buffer *map, int h, int w, int c, bool ceil, const pst_buffer *signs,
                         pst_buffer *d_map) {
    const pst_kernel *kernel;
    pst_status status = pst_kernel_get(session, "activation", "unpool_l2", "", &kernel);
    if (status != PST_OK)
        return status;
    return pst_launch_each(session, kernel, (size_t)h * (size_t)w * (size_t)c / 16,
                           PST_ARGS(pst_arg_buffer(d_pooled), pst_arg_buffer(pooled), pst_arg_buffer(map),
                                    pst_arg_int(h), pst_arg_int(w), pst_arg_int(c), pst_arg_int(ceil),
                                    pst_arg_buffer(signs), pst_arg_buffer(d_map)));
}
