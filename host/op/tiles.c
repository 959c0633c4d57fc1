#include "op/tiles.h"

#define CORE_CACHE_BYTES ((size_t)4 << 20) /* of the last-level cache, at most, as processors are made */

const pst_tile_form pst_tile_forms[PST_TILE_FORMS] = {{16, 32}, {8, 16}, {8, 8}};

int pst_tile_outputs(const pst_tile *tile) { return tile->lanes * tile->vectors * tile->panels; }

size_t pst_tile_form_default(const pst_session *session) {
    const pst_device *device = &session->device;
    return device->vector_width >= 16 ? 0 : device->vector_width * device->vector_registers >= 128 ? 1 : 2;
}

bool pst_tile_streams(const pst_session *session, const pst_tile *tile, size_t bytes) {
    const size_t all = session->device.cache_bytes, own = (size_t)session->device.info.compute_units * CORE_CACHE_BYTES;
    return (tile->lanes == 16 || tile->vectors > 1) && all && bytes > (all < own ? all : own);
}

pst_tile pst_tile_choose(const pst_session *session, int c, int k, bool wide) {
    const pst_tile_form *form = &pst_tile_forms[pst_tile_form_default(session)];
    /* rows * vectors accumulators, `vectors` operands and a broadcast. */
    bool large = form->registers >= 32;
    pst_tile tile = {.lanes = form->lanes, .panels = 1};
    int most = form->registers < 16 ? 1 : wide && large ? 4 : 2, blocks = k / tile.lanes;
    for (tile.vectors = most; blocks % tile.vectors; tile.vectors /= 2)
        continue;
    int accumulators = large ? 28 : 12;
    tile.rows = tile.vectors == 4 ? 6 : accumulators / tile.vectors;
    if (tile.vectors == 1)
        tile.rows = large ? 14 : form->registers < 16 ? 6 : 10;
    /* Narrow tiles side by side read the rows once from the second-level cache, as a wide one does. */
    for (tile.panels = large ? 1 : 4; k % pst_tile_outputs(&tile); tile.panels /= 2)
        continue;
    for (tile.depth = c < 64 ? c : 64; c % tile.depth; tile.depth -= 16)
        continue;
    return tile;
}

pst_tile pst_tile_matrix(int c, int k, bool wide) {
    pst_tile tile = {.lanes = 16, .vectors = 2, .rows = 32, .panels = wide ? 4 : 1, .depth = c};
    while (k % pst_tile_outputs(&tile))
        tile.panels /= 2;
    return tile;
}

pst_status pst_vectors_check(pst_session *session) {
    const pst_kernel *kernel;
    pst_device *device = &session->device;
    size_t native[3] = {1, 1, 1};
    if (!session->cpu_kernels)
        return PST_OK;
    pst_status status = pst_kernel_get(session, "native_cpu", "native", "", &kernel);
    if (status != PST_OK)
        return status;
    cl_int code = clGetKernelWorkGroupInfo(kernel->kernel, device->id, CL_KERNEL_COMPILE_WORK_GROUP_SIZE, sizeof native,
                                           native, NULL);
    status = pst_session_check(session, code, "clGetKernelWorkGroupInfo", "native");
    if (status != PST_OK || native[0] <= 1)
        return status;
    if (native[0] < (size_t)device->vector_width)
        device->vector_width = (int)native[0];
    device->vector_registers = 16 * (int)native[1];
    device->fast_fma = device->fast_fma && native[2] == 2;
    return PST_OK;
}

size_t pst_workers(const pst_session *session) { return 8 * (size_t)session->device.info.compute_units; }

pst_status pst_launch_workers(pst_session *session, const pst_kernel *kernel, size_t x, size_t y, size_t arg_count,
                              const pst_arg *args) {
    return pst_launch(session, kernel, (size_t[]){x, y, 1}, (size_t[]){1, 1, 1}, arg_count, args);
}
