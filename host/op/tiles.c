#include "op/tiles.h"

pst_tile pst_tile_choose(const pst_session *session, int c, int k, bool wide) {
    /* 32 vector registers with 512 bits, 16 with less: rows * vectors accumulators, `vectors` operands and a broadcast.
     */
    bool large = session->device.vector_width >= 16;
    pst_tile tile = {.lanes = large ? 16 : 8};
    int most = wide && large ? 4 : 2, blocks = k / tile.lanes;
    for (tile.vectors = most; blocks % tile.vectors; tile.vectors /= 2)
        continue;
    int accumulators = large ? 28 : 12;
    tile.rows = tile.vectors == 4 ? 6 : accumulators / tile.vectors;
    if (tile.vectors == 1)
        tile.rows = large ? 14 : 10;
    for (tile.depth = c < 64 ? c : 64; c % tile.depth; tile.depth -= 16)
        continue;
    return tile;
}

size_t pst_workers(const pst_session *session) { return 8 * (size_t)session->device.info.compute_units; }

pst_status pst_launch_workers(pst_session *session, const pst_kernel *kernel, size_t x, size_t y, size_t arg_count,
                              const pst_arg *args) {
    return pst_launch(session, kernel, (size_t[]){x, y, 1}, (size_t[]){1, 1, 1}, arg_count, args);
}
