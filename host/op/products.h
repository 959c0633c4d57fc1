/* Products of small matrices, several at once where the device has more units than one of them has work for. */
#ifndef PST_OP_PRODUCTS_H
#define PST_OP_PRODUCTS_H

#include "op/conv.h"

#define PST_PRODUCTS 5 /* at once, as many as the kernel has arguments for */

/* out [rows][c] = left [rows][c] right [c][c]; c a multiple of PST_CHANNELS. */
typedef struct pst_product {
    const pst_buffer *left, *right;
    pst_buffer *out;
    int rows, c;
} pst_product;

/* How many are made at once: 1 on CPUs. */
size_t pst_products_at_once(const pst_session *session);

/* Bytes of scratch memory that a product with so many rows takes; on GPUs none. */
size_t pst_products_workspace_bytes(const pst_conv_engine *engine, int rows, int c);

/* Queues all, of which none may need another. */
pst_status pst_products_run(const pst_conv_engine *engine, const pst_product *products, size_t count,
                            pst_buffer *workspace);

#endif
