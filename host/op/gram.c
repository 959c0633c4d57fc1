#include "op/gram.h"

#include <stdio.h>

#define WORKSPACE_BYTES ((size_t)8 << 20)
#define PIXELS_PER_PART 256 /* at least, so that adding up the parts stays cheap */
#define BACKWARD_PIXELS 12  /* P in cl/gram.cl */

static int tile_side(const pst_session *session) { return session->cpu_kernels ? 16 : 4; }

/* One item a group on a CPU, so that the kernel is compiled for one size; a GPU's driver chooses. */
static const size_t *local_size(const pst_session *session) {
    static const size_t one[3] = {1, 1, 1};
    return session->cpu_kernels ? one : NULL;
}

static size_t part_count(size_t pixels, int c) {
    size_t matrix = sizeof(float) * (size_t)c * (size_t)c, parts = WORKSPACE_BYTES / matrix, most = pixels / PIXELS_PER_PART + 1;
    parts = parts < most ? parts : most;
    return parts < 1 ? 1 : parts > 128 ? 128 : parts;
}

size_t pst_gram_workspace_bytes(const pst_session *session, size_t pixels, int c) {
    (void)session;
    return part_count(pixels, c) * sizeof(float) * (size_t)c * (size_t)c;
}

static pst_status get(pst_session *session, const char *name, const pst_kernel **kernel) {
    char defines[32];
    snprintf(defines, sizeof defines, "-DT=%d", tile_side(session));
    return pst_kernel_get(session, "gram", name, defines, kernel);
}

static pst_status partial(pst_session *session, const pst_buffer *f, size_t pixels, int c, pst_buffer *workspace) {
    const pst_kernel *kernel;
    pst_status status = get(session, "gram_partial", &kernel);
    if (status != PST_OK)
        return status;
    size_t tiles = (size_t)(c / tile_side(session)), parts = part_count(pixels, c);
    return pst_launch(session, kernel, (size_t[]){tiles * (tiles + 1) / 2, parts, 1}, local_size(session),
                      PST_ARGS(pst_arg_buffer(f), pst_arg_int((int)pixels), pst_arg_int(c), pst_arg_int((int)parts),
                               pst_arg_buffer(workspace)));
}

pst_status pst_gram_add(pst_session *session, const pst_buffer *f, size_t pixels, int c, double scale, pst_buffer *target,
                        pst_buffer *workspace) {
    const pst_kernel *kernel;
    pst_status status;
    PST_TRY(partial(session, f, pixels, c, workspace));
    PST_TRY(get(session, "gram_add", &kernel));
    PST_TRY(pst_launch_each(session, kernel, (size_t)c * (size_t)c,
                       PST_ARGS(pst_arg_buffer(workspace), pst_arg_int(c), pst_arg_int((int)part_count(pixels, c)),
                                pst_arg_float(scale), pst_arg_buffer(target))));
cleanup:
    return status;
}

pst_status pst_gram_compare(pst_session *session, const pst_buffer *f, size_t pixels, int c, double scale, const pst_buffer *target,
                            pst_buffer *difference, pst_sums *sums, size_t slot, pst_buffer *workspace) {
    const pst_kernel *kernel;
    pst_status status;
    size_t global[3], local[3];
    pst_sums_sizes(session, global, local);
    PST_TRY(partial(session, f, pixels, c, workspace));
    PST_TRY(get(session, "gram_compare", &kernel));
    PST_TRY(pst_launch(session, kernel, global, local,
                       PST_ARGS(pst_arg_buffer(workspace), pst_arg_int(c), pst_arg_int((int)part_count(pixels, c)),
                                pst_arg_float(scale), pst_arg_buffer(target), pst_arg_buffer(difference),
                                pst_arg_buffer(sums->parts), pst_arg_int((int)slot))));
cleanup:
    return status;
}

pst_status pst_gram_backward(pst_session *session, const pst_buffer *f, const pst_buffer *difference, size_t pixels, int c, double scale,
                             bool accumulate, pst_buffer *d) {
    const pst_kernel *kernel;
    pst_status status = get(session, "gram_backward", &kernel);
    if (status != PST_OK)
        return status;
    size_t columns = (size_t)(c / tile_side(session)), rows = (pixels + BACKWARD_PIXELS - 1) / BACKWARD_PIXELS;
    return pst_launch(session, kernel, (size_t[]){columns, rows, 1}, local_size(session),
                      PST_ARGS(pst_arg_buffer(f), pst_arg_buffer(difference), pst_arg_int((int)pixels), pst_arg_int(c),
                               pst_arg_float(scale), pst_arg_int(accumulate), pst_arg_buffer(d)));
}

bool pst_gram_in_place(const pst_session *session) {
    (void)session;
    return false;
}
