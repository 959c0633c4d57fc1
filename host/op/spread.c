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

/* The first scale that one group takes over, with all that are coarser: in the form for GPUs, where a launch costs more
 * than this much work. Never the image itself. */
#define COARSE_PIXELS 4096

static int first_coarse(const pst_session *session, const scale *scales) {
    int l = session->cpu_kernels ? PST_SPREAD_LEVELS : 1;
    while (l < PST_SPREAD_LEVELS && scales[l].h * scales[l].w > COARSE_PIXELS)
        l++;
    return l;
}

static pst_status spread_coarse(pst_session *session, const scale *s, int levels, pst_buffer *workspace) {
    const pst_kernel *kernel;
    size_t group = pst_sum_group_size(session);
    pst_status status = pst_kernel_get(session, "spread", "spread_coarse", "", &kernel);
    if (status != PST_OK || !levels)
        return status;
    return pst_launch(session, kernel, (size_t[]){group, 1, 1}, (size_t[]){group, 1, 1},
                      PST_ARGS(pst_arg_buffer(workspace), pst_arg_int(s->at), pst_arg_int(s->h), pst_arg_int(s->w),
                               pst_arg_int(levels)));
}

/* From the coarsest on, each scale takes in what is coarser: in the workspace with a gain of 1, at last with the real
 * one. */
pst_status pst_spread(pst_session *session, int h, int w, pst_buffer *to, const pst_buffer *from, const pst_buffer *v,
                      pst_buffer *workspace) {
    const pst_kernel *shrink, *widen;
    scale scales[PST_SPREAD_LEVELS + 1];
    pst_status status;
    lay_out(h, w, scales);
    int last = first_coarse(session, scales);
    PST_TRY(pst_kernel_get(session, "spread", "shrink", "", &shrink));
    PST_TRY(pst_kernel_get(session, "spread", "widen", "", &widen));
    for (int l = 0; l < last; l++) {
        const scale *fine = &scales[l], *coarse = &scales[l + 1];
        PST_TRY(pst_launch_each(session, shrink, (size_t)coarse->h * (size_t)coarse->w,
                                PST_ARGS(pst_arg_buffer(l ? workspace : v), pst_arg_int(fine->at), pst_arg_int(fine->h),
                                         pst_arg_int(fine->w), pst_arg_buffer(workspace), pst_arg_int(coarse->at))));
    }
    PST_TRY(spread_coarse(session, &scales[last], PST_SPREAD_LEVELS - last, workspace));
    for (int l = last - 1; l >= 0; l--) {
        const scale *fine = &scales[l], *coarse = &scales[l + 1];
        const pst_buffer *map = l ? workspace : v;
        PST_TRY(pst_launch_each(session, widen, (size_t)fine->h * (size_t)fine->w,
                                PST_ARGS(pst_arg_buffer(l ? workspace : to), pst_arg_buffer(l || !from ? map : from),
                                         pst_arg_int(!l && from), pst_arg_buffer(map), pst_arg_int(fine->at),
                                         pst_arg_int(fine->h), pst_arg_int(fine->w), pst_arg_buffer(workspace),
                                         pst_arg_int(coarse->at), pst_arg_float(l ? 1 : PST_SPREAD_GAIN))));
    }
cleanup:
    return status;
}
