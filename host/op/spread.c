#include "op/spread.h"

#include "cl/program.h"

typedef struct scale {
    int h, w, at; /* where in its buffer, in floats */
} scale;

/* The image is scales[0]; the others lie in the workspace. Returns its floats. */
static size_t lay_out(int h, int w, scale scales[PST_SPREAD_LEVELS + 1]) {
    size_t floats = 0;
    scales[0] = (scale){h, w, 0};
    for (int l = 1; l <= PST_SPREAD_LEVELS; l++) {
        h = (h + 1) / 2;
        w = (w + 1) / 2;
        scales[l] = (scale){h, w, (int)floats};
        floats += 3 * (size_t)h * (size_t)w;
    }
    return floats;
}

size_t pst_spread_bytes(int h, int w) {
    scale scales[PST_SPREAD_LEVELS + 1];
    return sizeof(float) * lay_out(h, w, scales);
}

static pst_status shrink(pst_session *session, const scale *scales, int l, const pst_buffer *v, pst_buffer *workspace) {
    const scale *fine = &scales[l], *coarse = &scales[l + 1];
    const pst_kernel *kernel;
    pst_status status = pst_kernel_get(session, "spread", "shrink", "", &kernel);
    if (status != PST_OK)
        return status;
    return pst_launch_each(session, kernel, (size_t)coarse->h * (size_t)coarse->w,
                           PST_ARGS(pst_arg_buffer(l ? workspace : v), pst_arg_int(fine->at), pst_arg_int(fine->h),
                                    pst_arg_int(fine->w), pst_arg_buffer(workspace), pst_arg_int(coarse->at)));
}

/* From the coarsest on, each scale takes in what is coarser: in the workspace with a gain of 1, at last with the real
 * one. */
static pst_status spread_on_cpu(pst_session *session, const scale *scales, pst_buffer *to, const pst_buffer *from,
                                const pst_buffer *v, pst_buffer *workspace) {
    const pst_kernel *kernel;
    pst_status status;
    for (int l = 0; l < PST_SPREAD_LEVELS; l++)
        PST_TRY(shrink(session, scales, l, v, workspace));
    PST_TRY(pst_kernel_get(session, "spread", "widen", "", &kernel));
    for (int l = PST_SPREAD_LEVELS - 1; l >= 0; l--) {
        const scale *fine = &scales[l], *coarse = &scales[l + 1];
        const pst_buffer *map = l ? workspace : v;
        PST_TRY(pst_launch_each(session, kernel, (size_t)fine->h * (size_t)fine->w,
                                PST_ARGS(pst_arg_buffer(l ? workspace : to), pst_arg_buffer(l || !from ? map : from),
                                         pst_arg_int(!l && from), pst_arg_buffer(map), pst_arg_int(fine->at),
                                         pst_arg_int(fine->h), pst_arg_int(fine->w), pst_arg_buffer(workspace),
                                         pst_arg_int(coarse->at), pst_arg_float(l ? 1 : PST_SPREAD_GAIN))));
    }
cleanup:
    return status;
}

/* In two launches, where each costs more than what the second one's groups compute twice. */
#define GPU_SIDE 32 /* of a group's part of the image: SIDE in cl/spread.cl */
_Static_assert(PST_SPREAD_LEVELS == 4, "so many are in cl/spread.cl");

static pst_status spread_on_gpu(pst_session *session, const scale *scales, pst_buffer *to, const pst_buffer *from,
                                const pst_buffer *v, pst_buffer *workspace) {
    const pst_kernel *kernel;
    size_t across = (size_t)(scales->w + GPU_SIDE - 1) / GPU_SIDE, down = (size_t)(scales->h + GPU_SIDE - 1) / GPU_SIDE;
    pst_status status;
    PST_TRY(pst_kernel_get(session, "spread", "spread", "", &kernel));
    PST_TRY(shrink(session, scales, 0, v, workspace));
    PST_TRY(pst_launch(session, kernel, (size_t[]){across * kernel->sum_group, down, 1},
                       (size_t[]){kernel->sum_group, 1, 1},
                       PST_ARGS(pst_arg_buffer(to), pst_arg_buffer(from ? from : v), pst_arg_int(from != NULL),
                                pst_arg_buffer(v), pst_arg_int(scales->h), pst_arg_int(scales->w),
                                pst_arg_buffer(workspace), pst_arg_float(PST_SPREAD_GAIN))));
cleanup:
    return status;
}

pst_status pst_spread(pst_session *session, int h, int w, pst_buffer *to, const pst_buffer *from, const pst_buffer *v,
                      pst_buffer *workspace) {
    scale scales[PST_SPREAD_LEVELS + 1];
    lay_out(h, w, scales);
    return session->cpu_kernels ? spread_on_cpu(session, scales, to, from, v, workspace)
                                : spread_on_gpu(session, scales, to, from, v, workspace);
}
