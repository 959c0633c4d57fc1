/* im2col + GEMM (Chellapilla, Puri and Simard 2006) by strips of rows: a strip's pixels are unrolled into a matrix
 * [pixels][9 c_in], multiplied by the weights [9 c_in][c_out], and bias, ReLU, pooling or mask follow while the strip
 * is still in the cache. Works for every shape on every device. */
#include "base/memory.h"
#include "cl/program.h"
#include "op/activation.h"
#include "op/conv.h"

/* A strip and the parts of the workspace: the unrolled pixels, the product where it does not go straight to its place,
 * and the GEMM's own. */
typedef struct strip {
    int rows;
    size_t depth; /* 9 c_in filled up with zeros to what the GEMM likes */
    size_t columns_bytes, product_bytes, gemm_bytes;
} strip;

/* Is the product only an intermediate, or can it be written where the output is? Backward it may have to be added to
 * that. */
static bool has_product(const pst_conv_shape *shape) {
    return shape->backward ? shape->c_out != PST_IMAGE_CHANNELS : shape->pool != PST_POOL_NONE;
}

static pst_gemm_shape product_shape(const pst_conv_engine *engine, const pst_conv_shape *shape, const strip *s,
                                    int rows) {
    pst_gemm_shape gemm = {.m = (size_t)rows * (size_t)shape->w, .n = (size_t)shape->c_out, .k = s->depth};
    pst_gemm_preferred(engine->gemm, &gemm.a_transposed, &gemm.b_transposed);
    return gemm;
}

static pst_status measure(const pst_conv_engine *engine, const pst_conv_shape *shape, int rows, strip *s) {
    size_t m_multiple, n_multiple, k_multiple, pixels = (size_t)rows * (size_t)shape->w;
    pst_gemm_multiples(engine->gemm, &m_multiple, &n_multiple, &k_multiple);
    s->rows = rows;
    s->depth = pst_round_up(9 * (size_t)shape->c_in, k_multiple);
    s->columns_bytes = pst_round_up(sizeof(float) * pixels * s->depth, PST_SLICE_ALIGN);
    s->product_bytes =
        has_product(shape) ? pst_round_up(sizeof(float) * pixels * (size_t)shape->c_out, PST_SLICE_ALIGN) : 0;
    s->gemm_bytes = 0;
    int last = shape->h % rows; /* an odd last strip may need more than a whole one */
    for (int i = 0; i < 2; i++) {
        size_t bytes = 0;
        pst_gemm_shape gemm = product_shape(engine, shape, s, i ? last : rows);
        pst_status status = gemm.m ? pst_gemm_workspace(engine->gemm, &gemm, &bytes) : PST_OK;
        if (status != PST_OK)
            return status;
        s->gemm_bytes = bytes > s->gemm_bytes ? bytes : s->gemm_bytes;
    }
    return PST_OK;
}

static size_t total_bytes(const strip *s) { return s->columns_bytes + s->product_bytes + s->gemm_bytes; }

/* As many rows as the limit allows: even, because pooling takes pairs, and such that the pixels are a multiple of what
 * the GEMM likes where a few rows reach one. */
static pst_status plan(const pst_conv_engine *engine, const pst_conv_shape *shape, strip *s) {
    size_t m_multiple, n_multiple, k_multiple;
    pst_gemm_multiples(engine->gemm, &m_multiple, &n_multiple, &k_multiple);
    int step = 2;
    while (step < 64 && (size_t)step * (size_t)shape->w % m_multiple)
        step += 2;
    if ((size_t)step * (size_t)shape->w % m_multiple)
        step = 2;
    int low = 2, high = (int)pst_round_up((size_t)shape->h, 2); /* the most rows that fit lie between */
    pst_status status;
    while (low < high) {
        int middle = (int)pst_round_up((size_t)(low + (high - low) / 2), 2);
        PST_TRY(measure(engine, shape, middle, s));
        if (total_bytes(s) <= engine->workspace_limit)
            low = middle;
        else
            high = middle - 2;
    }
    PST_TRY(measure(engine, shape, low > step ? low / step * step : low, s));
cleanup:
    return status;
}

static bool supports(const pst_conv_engine *engine, const pst_conv_shape *shape) {
    (void)engine;
    (void)shape;
    return true;
}

static size_t weight_bytes(const pst_conv_engine *engine, const pst_conv_shape *shape) {
    size_t m_multiple, n_multiple, k_multiple;
    pst_gemm_multiples(engine->gemm, &m_multiple, &n_multiple, &k_multiple);
    return sizeof(float) * pst_round_up(9 * (size_t)shape->c_in, k_multiple) * (size_t)shape->c_out;
}

static pst_status workspace_bytes(const pst_conv_engine *engine, const pst_conv_shape *shape, size_t *bytes) {
    strip s;
    pst_status status = plan(engine, shape, &s);
    *bytes = total_bytes(&s);
    return status;
}

static pst_status prepare(const pst_conv_engine *engine, const pst_conv_shape *shape, const float *weights, int k,
                          int c, pst_buffer *prepared) {
    bool a_transposed, b_transposed;
    pst_gemm_preferred(engine->gemm, &a_transposed, &b_transposed);
    size_t bytes = weight_bytes(engine, shape), n = (size_t)shape->c_out, depth = bytes / sizeof(float) / n;
    float *matrix = NULL, *turned = NULL;
    pst_status status;
    PST_TRY(pst_allocate(engine->session->error, bytes, 1, &matrix)); /* zeros behind the 9 c_in rows */
    pst_conv_weight_matrix(shape, weights, k, c, matrix);
    if (b_transposed) {
        PST_TRY(pst_allocate(engine->session->error, bytes, 1, &turned));
        for (size_t row = 0; row < depth; row++)
            for (size_t column = 0; column < n; column++)
                turned[column * depth + row] = matrix[row * n + column];
    }
    PST_TRY(pst_buffer_write(engine->session, prepared, 0, b_transposed ? turned : matrix, bytes));
cleanup:
    pst_free(matrix);
    pst_free(turned);
    return status;
}

static pst_status unroll(const pst_conv_engine *engine, const pst_conv_shape *shape, const pst_conv_tensors *t,
                         const strip *s, int first_row, int rows, pst_buffer *columns) {
    bool a_transposed, b_transposed, image = shape->c_in == PST_IMAGE_CHANNELS;
    pst_gemm_preferred(engine->gemm, &a_transposed, &b_transposed);
    const pst_kernel *kernel;
    pst_status status = pst_kernel_get(engine->session, "im2col", image ? "im2col_image" : "im2col",
                                       a_transposed ? "-DTRANSPOSED=1" : "-DTRANSPOSED=0", &kernel);
    if (status != PST_OK)
        return status;
    size_t pixels = (size_t)rows * (size_t)shape->w;
    if (image)
        return pst_launch_each(engine->session, kernel, pixels * s->depth,
                               PST_ARGS(pst_arg_buffer(t->in), pst_arg_int(shape->h), pst_arg_int(shape->w),
                                        pst_arg_int(first_row), pst_arg_int((int)pixels), pst_arg_int((int)s->depth),
                                        pst_arg_buffer(columns)));
    bool pooled = shape->backward && shape->pool != PST_POOL_NONE;
    return pst_launch_each(engine->session, kernel, (pixels + 15) / 16 * 9 * (size_t)shape->c_in / 16,
                           PST_ARGS(pst_arg_buffer(t->in), pst_arg_buffer(pooled ? t->in_bits : NULL),
                                    pst_arg_float(pst_unpool_scale(shape->pool)), pst_arg_int(shape->h),
                                    pst_arg_int(shape->w), pst_arg_int(shape->c_in), pst_arg_int(first_row),
                                    pst_arg_int((int)pixels), pst_arg_int((int)s->depth), pst_arg_buffer(columns)));
}

/* What follows the product of a strip. */
static pst_status finish(const pst_conv_engine *engine, const pst_conv_shape *shape, const pst_conv_tensors *t,
                         int first_row, int rows, pst_buffer *product) {
    pst_session *session = engine->session;
    size_t first = (size_t)first_row * (size_t)shape->w, count = (size_t)rows * (size_t)shape->w;
    if (shape->backward)
        return pst_add_mask(session, t->out, first, count, shape->c_out, product, t->mask);
    if (shape->pool == PST_POOL_NONE)
        return pst_bias_relu(session, t->out, first, count, shape->c_out, t->bias, t->bits);
    return pst_bias_relu_pool(session, product, shape->w, shape->c_out, t->bias, shape->pool, false, first_row, rows,
                              t->out, t->bits);
}

static pst_status run(const pst_conv_engine *engine, const pst_conv_shape *shape, const pst_conv_tensors *t) {
    pst_session *session = engine->session;
    pst_buffer *columns = NULL, *product = NULL, *gemm_workspace = NULL;
    strip s;
    pst_status status;
    PST_TRY(plan(engine, shape, &s));
    PST_TRY(pst_buffer_slice(session, t->workspace, 0, s.columns_bytes, &columns));
    if (!shape->backward ? s.product_bytes > 0 : t->add)
        PST_TRY(pst_buffer_slice(session, t->workspace, s.columns_bytes, s.product_bytes, &product));
    for (int row = 0; row < shape->h; row += s.rows) {
        int rows = shape->h - row < s.rows ? shape->h - row : s.rows;
        pst_gemm_shape gemm = product_shape(engine, shape, &s, rows);
        size_t needed;
        PST_TRY(pst_gemm_workspace(engine->gemm, &gemm, &needed));
        if (needed && !gemm_workspace)
            PST_TRY(pst_buffer_slice(session, t->workspace, s.columns_bytes + s.product_bytes,
                                     t->workspace->bytes - s.columns_bytes - s.product_bytes, &gemm_workspace));
        PST_TRY(unroll(engine, shape, t, &s, row, rows, columns));
        PST_TRY(pst_gemm_run(engine->gemm, &gemm, columns, t->weights, product ? product : t->out,
                             product ? 0 : (size_t)row * (size_t)shape->w * (size_t)shape->c_out, gemm_workspace));
        PST_TRY(finish(engine, shape, t, row, rows, product));
    }
cleanup:
    pst_buffer_destroy(session, gemm_workspace);
    pst_buffer_destroy(session, product);
    pst_buffer_destroy(session, columns);
    return status;
}

const pst_conv_algorithm pst_conv_im2col = {"im2col", supports, weight_bytes, workspace_bytes, prepare, run};
