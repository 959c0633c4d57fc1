#include "op/products.h"

#include "op/blocks.h"
#include "op/choices.h"
#include "op/gram.h"
#include "op/refused.h"

#define SIDE 64 /* of a block; half of it where that gives fewer blocks than the device can work on */

size_t pst_products_at_once(const pst_session *session) { return session->cpu_kernels ? 1 : PST_PRODUCTS; }

size_t pst_products_workspace_bytes(const pst_conv_engine *engine, int rows, int c) {
    return engine->session->cpu_kernels ? pst_gram_workspace_bytes(engine, (size_t)rows, c) : 0;
}

/* Square blocks of all products. */
static size_t group_count(const pst_product *products, size_t count, int side) {
    size_t groups = 0;
    for (size_t i = 0; i < count; i++)
        groups += (size_t)((products[i].rows + side - 1) / side) * (size_t)((products[i].c + side - 1) / side);
    return groups;
}

static pst_status run_on_gpu(const pst_conv_engine *engine, const pst_product *products, size_t count) {
    pst_session *session = engine->session;
    const pst_kernel *kernel;
    const bool few = group_count(products, count, SIDE) < 2 * (size_t)session->device.info.compute_units;
    pst_block block =
        pst_block_square(session, pst_block_form_chosen(engine, products[count - 1].c), few ? SIDE / 2 : SIDE);
    pst_arg args[5 * PST_PRODUCTS + 1], *next = args;
    double flops = 0; /* of the largest block */
    pst_status status;
    PST_TRY(pst_block_kernel_within(session, "block_gpu+products_gpu", "products", "", &block, &kernel));
    for (size_t i = 0; i < PST_PRODUCTS; i++) {
        const pst_product *product = &products[i < count ? i : 0];
        const double own = 2.0 * block.columns * block.columns * product->c;
        flops = own > flops ? own : flops;
        *next++ = pst_arg_buffer(product->left);
        *next++ = pst_arg_buffer(product->right);
        *next++ = pst_arg_buffer(product->out);
        *next++ = pst_arg_int(product->rows);
        *next++ = pst_arg_int(product->c);
    }
    const size_t items = pst_block_items(&block), groups = group_count(products, count, block.columns),
                 most = pst_launch_share(session, flops, groups);
    for (size_t first = 0; first < groups; first += most) {
        *next = pst_arg_int((int)first);
        PST_TRY(pst_launch(session, kernel, (size_t[]){(groups - first < most ? groups - first : most) * items, 1, 1},
                           (size_t[]){items, 1, 1}, (size_t)(next - args) + 1, args));
    }
cleanup:
    return status;
}

pst_status pst_products_run(const pst_conv_engine *engine, const pst_product *products, size_t count,
                            pst_buffer *workspace) {
    pst_status status = PST_OK;
    if (!engine->session->cpu_kernels)
        return run_on_gpu(engine, products, count);
    for (size_t i = 0; i < count && status == PST_OK; i++)
        status = pst_gram_multiply(engine, products[i].left, products[i].right, (size_t)products[i].rows, products[i].c,
                                   products[i].out, workspace);
    return status;
}
