#include "op/blocks.h"

#include <stdio.h>

size_t pst_block_items(const pst_block *block) { return (size_t)block->across * (size_t)block->down; }

int pst_block_height(const pst_block *block) { return block->down * block->rows; }

static bool fits(const pst_session *session, const pst_block *block) {
    size_t step = sizeof(float) * (size_t)block->depth * (size_t)(pst_block_height(block) + block->columns + 8);
    return pst_block_items(block) <= session->device.info.max_work_group_size &&
           step <= session->device.info.local_memory_bytes;
}

pst_block pst_block_choose(const pst_session *session, size_t rows, int k, bool narrow) {
    int columns = k % 64 == 0 || k > 128 ? 64 : k % 32 == 0 || k > 64 ? 32 : 16;
    pst_block block = {.across = 8, .down = 16, .rows = 8, .columns = columns, .depth = 16};
    if (narrow) {
        block.rows = 4;
        block.across = columns == 64 ? 16 : 8;
        block.down = 256 / block.across;
    }
    while (block.down > 1 && (!fits(session, &block) || (size_t)pst_block_height(&block) >= 2 * rows))
        block.down /= 2;
    return block;
}

pst_status pst_block_kernel(pst_session *session, const char *source, const char *name, const char *defines,
                            pst_block *block, const pst_kernel **kernel) {
    for (;;) {
        char all[256];
        snprintf(all, sizeof all, "-DGX=%d -DGY=%d -DRM=%d -DBN=%d -DBK=%d %s", block->across, block->down, block->rows,
                 block->columns, block->depth, defines);
        pst_status status = pst_kernel_get(session, source, name, all, kernel);
        bool good = status == PST_OK && (*kernel)->max_work_group_size >= pst_block_items(block);
        if (good || block->down == 1 || session->lost || (status != PST_OK && status != PST_ERROR_DEVICE))
            return status;
        block->down /= 2;
    }
}
