#include "op/statistics.h"

#include "cl/program.h"

#define PARTS_MAX 512 /* of the pixels: with 64 channels there is little else to share out */
#define PIXELS_PER_PART 64

static size_t part_count(size_t pixels) {
    size_t parts = pixels / PIXELS_PER_PART + 1;
    return parts < PARTS_MAX ? parts : PARTS_MAX;
}

size_t pst_mean_workspace_bytes(size_t pixels, int c) { return sizeof(float) * part_count(pixels) * (size_t)c; }

pst_status pst_mean_add(pst_session *session, const pst_buffer *f, size_t pixels, int c, double scale, pst_buffer *mean,
                        pst_buffer *workspace) {
    const pst_kernel *kernel;
    size_t parts = part_count(pixels);
    pst_status status;
    PST_TRY(pst_kernel_get(session, "statistics", "channel_sums", "", &kernel));
    PST_TRY(pst_launch_each(session, kernel, parts * (size_t)c / pst_wide(session),
                            PST_ARGS(pst_arg_buffer(f), pst_arg_int((int)pixels), pst_arg_int(c),
                                     pst_arg_int((int)parts), pst_arg_buffer(workspace))));
    PST_TRY(pst_kernel_get(session, "statistics", "channel_add", "", &kernel));
    PST_TRY(pst_launch_groups(session, kernel, (size_t)c / pst_wide(session),
                              PST_ARGS(pst_arg_buffer(workspace), pst_arg_int(c), pst_arg_int((int)parts),
                                       pst_arg_float(scale), pst_arg_buffer(mean))));
cleanup:
    return status;
}
