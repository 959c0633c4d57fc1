#include "op/blocks.h"

#include <stdio.h>
#include <string.h>

#define DEPTH 16 /* of a step, at most */
#define LAUNCH_SECONDS 0.1
#define SLOWEST 0.1 /* part of the peak that any kernel reaches */

const pst_block_form pst_block_forms[PST_BLOCK_FORMS] = {{"8x8", 8, 8, 128, 168},
                                                         {"4x8", 4, 8, 128, 100},
                                                         {"8x4", 8, 4, 256, 112},
                                                         {"4x4", 4, 4, 256, 64},
                                                         {"matrix", 8, 8, 128, 168, true}};

/* Does it need the compiler's option for more registers? */
static bool needs_more(const pst_session *session, size_t form) {
    return form != PST_VECTOR_FORMS - 1 && pst_block_forms[form].registers > session->device.quirks.item_registers;
}

static int most_registers(const pst_session *session, size_t form) {
    const pst_quirks *quirks = &session->device.quirks;
    return needs_more(session, form) ? quirks->most_registers : quirks->item_registers;
}

bool pst_block_form_fits(const pst_session *session, size_t form) {
    const pst_block_form *f = &pst_block_forms[form];
    if (session->refused & pst_block_form_bit(form))
        return false;
    return f->matrix ? session->matrix_units && !session->cpu_kernels
                     : f->registers <= most_registers(session, form) || form == PST_VECTOR_FORMS - 1;
}

size_t pst_block_form_default(const pst_session *session) {
    size_t form = 0;
    while (needs_more(session, form) || !pst_block_form_fits(session, form))
        form++;
    return form;
}

size_t pst_block_form_find(const char *name) {
    size_t form = 0;
    while (form < PST_BLOCK_FORMS && strcmp(pst_block_forms[form].name, name) != 0)
        form++;
    return form;
}

uint64_t pst_block_form_bit(size_t form) { return form == PST_VECTOR_FORMS - 1 ? 0 : (uint64_t)1 << (32 + form); }

size_t pst_block_items(const pst_block *block) { return (size_t)block->across * (size_t)block->down; }

int pst_block_height(const pst_block *block) { return block->down * block->rows; }

static bool fits(const pst_session *session, const pst_block *block) {
    size_t step = sizeof(float) * (size_t)block->depth * (size_t)(pst_block_height(block) + block->columns + 8);
    return pst_block_items(block) <= session->device.info.max_work_group_size &&
           step <= session->device.info.local_memory_bytes;
}

static int columns_for(int k) { return k % 64 == 0 || k > 128 ? 64 : k % 32 == 0 || k > 64 ? 32 : 16; }

/* A narrow block keeps its work-items side by side and gives each fewer columns, 2 at least. */
static int items_across(int columns, const pst_block_form *form) {
    int each = columns * form->columns / 64;
    return columns / (each < 2 ? 2 : each);
}

/* Steps that a work-item can carry beside its sums, in less than two fifths of its registers: the rest is for
 * addresses, operands and what the compiler needs to overlap them. */
static void choose_depth(const pst_session *session, pst_block *block) {
    size_t items = pst_block_items(block), sums = (size_t)(block->rows * block->columns / block->across),
           most = (size_t)(most_registers(session, block->form) - 4) * 2 / 5,
           step = (size_t)(pst_block_height(block) + block->columns);
    for (block->depth = DEPTH; block->depth > 4; block->depth /= 2)
        if (sums + (step * (size_t)block->depth + items - 1) / items <= most)
            break;
}

pst_block pst_block_choose(const pst_session *session, size_t form, size_t rows, int k) {
    const pst_block_form *f = &pst_block_forms[form];
    size_t wave = (size_t)session->device.quirks.wave;
    pst_block block = {.rows = f->rows, .columns = columns_for(k), .depth = DEPTH, .form = form};
    block.across = items_across(block.columns, f);
    block.down = f->items / block.across;
    while (block.down > 1 && (!fits(session, &block) ||
                              ((size_t)pst_block_height(&block) >= 2 * rows && pst_block_items(&block) >= 2 * wave)))
        block.down /= 2;
    if ((size_t)pst_block_height(&block) >= 2 * rows)
        block.rows = 4;
    choose_depth(session, &block);
    return block;
}

static void make_square(const pst_session *session, int columns, pst_block *block) {
    const pst_block_form *f = &pst_block_forms[block->form];
    block->columns = columns;
    block->across = items_across(columns, f);
    block->rows = f->rows;
    block->down = columns / block->rows;
    if (pst_block_items(block) < (size_t)session->device.quirks.wave) {
        block->rows = 4;
        block->down = columns / 4;
    }
}

pst_block pst_block_square(const pst_session *session, size_t form, int k) {
    pst_block block = {.depth = DEPTH, .form = form};
    make_square(session, columns_for(k), &block);
    while (block.columns > 16 && !fits(session, &block))
        make_square(session, block.columns / 2, &block);
    while (block.across > 2 && !fits(session, &block))
        block.across /= 2;
    choose_depth(session, &block);
    return block;
}

static bool smaller(const pst_session *session, pst_block *block, bool square) {
    if (pst_block_forms[block->form].matrix)
        return false; /* whole warps */
    if (!square && block->down > 1)
        block->down /= 2;
    else if (square && block->columns > 16)
        make_square(session, block->columns / 2, block);
    else if (square && block->across > 2)
        block->across /= 2;
    else
        return false;
    choose_depth(session, block);
    return true;
}

/* What became of a kernel that was built with the option for more registers. */
static pst_status check_more(pst_session *session, pst_status status, const pst_kernel *kernel) {
    const uint64_t bytes = status == PST_OK ? pst_kernel_memory(session, kernel) : 0;
    session->kept_in_memory = bytes || (status == PST_ERROR_DEVICE && !session->lost && !session->too_slow);
    return bytes ? pst_fail(session->error, PST_ERROR_DEVICE,
                            "%s: the driver's compiler keeps %llu bytes of %s in memory instead of registers",
                            session->device.label, (unsigned long long)bytes, kernel->name)
                 : status;
}

pst_status pst_block_kernel(pst_session *session, const char *source, const char *name, const char *defines,
                            pst_block *block, const pst_kernel **kernel) {
    const bool square = pst_block_height(block) == block->columns, more = needs_more(session, block->form);
    for (;;) {
        char all[256];
        snprintf(all, sizeof all, "-DGX=%d -DGY=%d -DRM=%d -DBN=%d -DBK=%d -DMATRIX=%d %s%s%s", block->across,
                 block->down, block->rows, block->columns, block->depth, pst_block_forms[block->form].matrix, defines,
                 more ? " " : "", more ? session->device.quirks.more_registers : "");
        pst_status status = pst_kernel_get(session, source, name, all, kernel);
        if (more)
            status = check_more(session, status, *kernel);
        bool good = status == PST_OK && (*kernel)->max_work_group_size >= pst_block_items(block);
        if (good || session->lost || session->too_slow || session->kept_in_memory ||
            (status != PST_OK && status != PST_ERROR_DEVICE) || !smaller(session, block, square))
            return status;
    }
}

double pst_block_resident(const pst_session *session, const pst_block *block) {
    double registers = (double)session->device.info.compute_units * session->device.quirks.unit_registers;
    int each = needs_more(session, block->form) ? session->device.quirks.most_registers
                                                : pst_block_forms[block->form].registers;
    double groups = registers / each / (double)pst_block_items(block);
    return groups < 1 ? 1 : groups;
}

double pst_peak_flops(const pst_session *session) {
    const pst_device_info *info = &session->device.info;
    double clock = info->clock_mhz ? 1e6 * info->clock_mhz : 1e9; /* some drivers do not know it */
    return clock * info->compute_units * session->device.quirks.unit_flops;
}

double pst_launch_flops(const pst_session *session) { return LAUNCH_SECONDS * SLOWEST * pst_peak_flops(session); }

size_t pst_launch_share(const pst_session *session, double flops_of_part, size_t count) {
    double share = pst_launch_flops(session) / flops_of_part;
    return share >= (double)count ? count : share < 1 ? 1 : (size_t)share;
}
