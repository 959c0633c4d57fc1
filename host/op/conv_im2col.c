/* im2col + GEMM (Chellapilla, Puri and Simard 2006) by strips of rows: a strip's pixels are unrolled into a matrix
 * [pixel][9 * c_in], multiplied by the weights [9 * c_in][c_out], and the strip's bias, ReLU, pooling or mask follow while
 * it is still in the cache. Works for every shape on every device. */
#include <limits.h>

#include "base/memory.h"
#include "op/activation.h"
#include "op/conv.h"

/* The scratch memory of a strip: columns, then the product where it does not go straight to its place, then CLBlast's own.
 * They are separate buffers in effect, but CLBlast takes whole buffers only from element 0 on, so each is one. */
typedef struct strip_plan {
    int rows;
    size_t columns_bytes, product_bytes, gemm_bytes;
} strip_plan;

static bool supports(const pst_conv_engine *engine, const pst_conv_shape *shape) {
    (void)engine;
    (void)shape;
    return true;
}

static size_t weight_bytes(const pst_conv_engine *engine, const pst_conv_shape *shape) {
    (void)engine;
    return sizeof(float) * 9 * (size_t)shape->c_in * (size_t)shape->c_out;
}
