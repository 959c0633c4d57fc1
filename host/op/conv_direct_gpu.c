/* Direct convolution for GPUs by blocks in local memory (cl/conv_direct_gpu.cl): no scratch memory, a quarter of the
 * filters that Winograd wants, and the plain rounding of sums. Bound by its arithmetic: 19.3 GFLOP for 64 to 64
 * channels at 512x512. */
#include <stdio.h>

#include "op/activation.h"
#include "op/blocks.h"
#include "op/conv.h"

#define STEP 8 /* CB: inputs at a time */

static bool supports(size_t form, const pst_conv_engine *engine, const pst_conv_shape *s) {
    const pst_session *session = engine->session;
    return !session->cpu_kernels && session->device.info.max_work_group_size >= 16 && s->c_in % 16 == 0 &&
           s->c_out % 16 == 0 && pst_block_form_fits(session, form);
}

static pst_status workspace_bytes(const pst_conv_engine *engine, const pst_conv_shape *s, size_t *bytes) {
    (void)engine;
    (void)s;
    *bytes = 0;
    return PST_OK;
}

static int patches_across(int down) { return down >= 16 ? 4 : down >= 4 ? 2 : 1; }

static pst_status run(size_t form, const pst_conv_engine *engine, const pst_conv_shape *s, const pst_conv_tensors *t) {
    pst_session *session = engine->session;
    const pst_kernel *kernel;
    pst_block block = pst_block_choose(session, form, (size_t)s->h * (size_t)s->w, s->c_out);
    char defines[64];
    pst_status status;
    block.depth = STEP;
    snprintf(defines, sizeof defines, "-DCB=%d -DTURNED=%d", STEP, s->backward);
    PST_TRY(pst_block_kernel(session, "block_gpu+lanes_gpu+conv_direct_gpu", "conv_direct", defines, &block, &kernel));
    int patch_w = patches_across(block.down) * block.rows / 2, patch_h = block.down / patches_across(block.down) * 2;
    size_t items = pst_block_items(&block), columns = (size_t)block.columns,
           blocks = ((size_t)s->c_out + columns - 1) / columns;
    size_t across = (size_t)((s->w + patch_w - 1) / patch_w), down = (size_t)((s->h + patch_h - 1) / patch_h);
    double flops = 18.0 * patch_h * s->w * s->c_in * s->c_out; /* of a row of patches */
    size_t most = pst_launch_share(session, flops, down);
    const pst_buffer *in_bits = s->backward && s->pool != PST_POOL_NONE ? t->in_bits : NULL;
    for (size_t first = 0; first < down; first += most) {
        size_t rows = down - first < most ? down - first : most;
        PST_TRY(pst_launch(session, kernel, (size_t[]){blocks * items, across, rows}, (size_t[]){items, 1, 1},
                           PST_ARGS(pst_arg_buffer(t->in), pst_arg_buffer(in_bits),
                                    pst_arg_float(pst_unpool_scale(s->pool)), pst_arg_buffer(t->weights),
                                    pst_arg_buffer(s->backward ? NULL : t->bias), pst_arg_buffer(t->out),
                                    pst_arg_buffer(s->backward ? t->mask : t->bits), pst_arg_int(t->add),
                                    pst_arg_int(s->backward ? 0 : (int)s->pool), pst_arg_int(s->h), pst_arg_int(s->w),
                                    pst_arg_int(s->c_in), pst_arg_int(s->c_out), pst_arg_int((int)first * patch_h))));
    }
cleanup:
    return status;
}

#define FORM(form)                                                                                                    \
    static bool supports_##form(const pst_conv_engine *engine, const pst_conv_shape *s) {                             \
        return supports(form, engine, s);                                                                             \
    }                                                                                                                 \
    static pst_status run_##form(const pst_conv_engine *engine, const pst_conv_shape *s, const pst_conv_tensors *t) { \
        return run(form, engine, s, t);                                                                               \
    }
#define ENTRY(form, name)                                                                                            \
    {                                                                                                                \
        name, supports_##form, pst_conv_forward_weight_bytes, workspace_bytes, pst_conv_forward_weights, run_##form, \
            true                                                                                                     \
    }

FORM(0)
FORM(1)
FORM(2)
FORM(3)
const pst_conv_algorithm pst_conv_gpu_direct[PST_VECTOR_FORMS] = {
    ENTRY(0, "gpu-direct-8x8"), ENTRY(1, "gpu-direct-4x8"), ENTRY(2, "gpu-direct-8x4"), ENTRY(3, "gpu-direct-4x4")};
