/* The first convolution for GPUs, whose 3 channels no transform pays for, and its way back to the image. At 512x512
 * with 64 channels: 0.9 GFLOP against a map of 64 MiB, so about as much arithmetic as traffic. */
#include <stdio.h>

#include "base/memory.h"
#include "op/blocks.h"
#include "op/conv.h"

#define COLUMNS 28 /* of the filters for the way back */
#define PATCH_W 16 /* as in cl/conv_rgb_gpu.cl */
#define DOWN 4
#define PIXELS 4
#define LANES 4

static bool to_image(const pst_conv_shape *s) { return s->c_out == PST_IMAGE_CHANNELS; }

static bool supports(const pst_conv_engine *engine, const pst_conv_shape *s) {
    const pst_session *session = engine->session;
    if (session->cpu_kernels || s->pool != PST_POOL_NONE || pst_group_size(session) < PATCH_W)
        return false;
    return s->backward ? to_image(s) && s->c_in % 16 == 0 : s->c_in == PST_IMAGE_CHANNELS && s->c_out % 16 == 0;
}

static size_t weight_bytes(const pst_conv_engine *engine, const pst_conv_shape *s) {
    (void)engine;
    return sizeof(float) * (s->backward ? COLUMNS * (size_t)s->c_in : 27 * (size_t)s->c_out);
}

static pst_status workspace_bytes(const pst_conv_engine *engine, const pst_conv_shape *s, size_t *bytes) {
    (void)engine;
    (void)s;
    *bytes = 0;
    return PST_OK;
}

static pst_status prepare(const pst_conv_engine *engine, const pst_conv_shape *s, const float *weights, int k, int c,
                          pst_buffer *prepared) {
    float *matrix, *rows = NULL;
    size_t bytes = weight_bytes(engine, s), depth = (size_t)s->c_in;
    pst_status status = PST_OK;
    PST_TRY(pst_allocate(engine->session->error, 27 * depth * (size_t)s->c_out, sizeof(float), &matrix));
    pst_conv_weight_matrix(s, weights, k, c, matrix);
    if (s->backward) { /* [tap][channel][color] to [channel][tap][color] */
        PST_TRY(pst_allocate(engine->session->error, bytes, 1, &rows));
        for (size_t tap = 0; tap < 9; tap++)
            for (size_t at = 0; at < depth * 3; at++)
                rows[at / 3 * COLUMNS + tap * 3 + at % 3] = matrix[tap * depth * 3 + at];
    }
    PST_TRY(pst_buffer_write(engine->session, prepared, 0, rows ? rows : matrix, bytes));
cleanup:
    pst_free(rows);
    pst_free(matrix);
    return status;
}

static pst_status run(const pst_conv_engine *engine, const pst_conv_shape *s, const pst_conv_tensors *t) {
    pst_session *session = engine->session;
    const pst_kernel *kernel;
    char defines[16];
    pst_status status;
    snprintf(defines, sizeof defines, "-DVN=%d", LANES);
    PST_TRY(pst_kernel_get(session, "lanes_gpu+conv_rgb_gpu", s->backward ? "conv_rgb_backward" : "conv_rgb", defines,
                           &kernel));
    const size_t group = kernel->group, w = (size_t)s->w,
                 rows = s->backward ? group / PATCH_W * DOWN : 1, /* of a patch */
        down = ((size_t)s->h + rows - 1) / rows,
                 most = pst_launch_share(session, 18.0 * s->w * s->c_in * s->c_out * (double)rows, down);
    for (size_t first = 0; first < down; first += most) {
        size_t count = down - first < most ? down - first : most, local[3] = {group, 1, 1};
        pst_arg h = pst_arg_int(s->h), width = pst_arg_int(s->w), row0 = pst_arg_int((int)(first * rows));
        if (s->backward)
            PST_TRY(pst_launch(session, kernel, (size_t[]){(w + PATCH_W - 1) / PATCH_W * group, count, 1}, local,
                               PST_ARGS(pst_arg_buffer(t->in), pst_arg_buffer(t->weights), pst_arg_buffer(t->out), h,
                                        width, pst_arg_int(s->c_in), row0)));
        else
            PST_TRY(pst_launch(
                session, kernel,
                (size_t[]){pst_round_up(count * ((w + PIXELS - 1) / PIXELS) * (size_t)(s->c_out / LANES), group), 1, 1},
                local,
                PST_ARGS(pst_arg_buffer(t->in), pst_arg_buffer(t->weights), pst_arg_buffer(t->bias),
                         pst_arg_buffer(t->out), pst_arg_buffer(t->bits), h, width, pst_arg_int(s->c_out), row0,
                         pst_arg_int((int)count))));
    }
cleanup:
    return status;
}

const pst_conv_algorithm pst_conv_gpu_image = {"gpu-image", supports, weight_bytes, workspace_bytes,
                                               prepare,     run,      false};
