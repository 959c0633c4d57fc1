#include "op/matrix_units.h"

#include <stdio.h>

#include "base/machine.h"
#include "base/memory.h"
#include "op/blocks.h"
#include "op/tiles.h"

/* One product of numbers that fill all bits: on a GPU of a full block and a part of one. */
typedef struct product {
    int rows, inputs, outputs;
    double right; /* normalized mean square error */
} product;
static const product on_gpu = {200, 48, 80, 1e-12}; /* float32 has 1e-14, plain TF32 1e-7 */
static const product on_cpu = {32, 64, 32, 1e-10};  /* plain bfloat16 has 1e-5 */

static float number(uint32_t *state) {
    *state = *state * 1664525u + 1013904223u;
    return (float)((int32_t)*state) * (1.0f / 2147483648.0f);
}

static bool is_right(const product *p, const float *v, const float *u, const float *m) {
    double wrong = 0, size = 0;
    for (int row = 0; row < p->rows; row++)
        for (int column = 0; column < p->outputs; column++) {
            double sum = 0;
            for (int c = 0; c < p->inputs; c++)
                sum += (double)v[row * p->inputs + c] * (double)u[c * p->outputs + column];
            double difference = (double)m[row * p->outputs + column] - sum;
            wrong += difference * difference;
            size += sum * sum;
        }
    return wrong <= p->right * size; /* not with a NaN */
}

static pst_status multiply_on_gpu(pst_session *session, const pst_buffer *v, const pst_buffer *u, const pst_buffer *m) {
    const int n = on_gpu.rows, k = on_gpu.outputs;
    pst_block block = pst_block_choose(session, PST_BLOCK_FORMS - 1, n, k);
    const pst_kernel *kernel;
    pst_status status = pst_block_kernel(session, "block_gpu+winograd_products_gpu", "winograd_products",
                                         "-DSIDE=4 -DTURNED=0", &block, &kernel);
    size_t items = pst_block_items(&block), rows = (size_t)pst_block_height(&block), columns = (size_t)block.columns;
    if (status != PST_OK)
        return status;
    return pst_launch(session, kernel,
                      (size_t[]){((size_t)k + columns - 1) / columns * items, ((size_t)n + rows - 1) / rows, 1},
                      (size_t[]){items, 1, 1},
                      PST_ARGS(pst_arg_buffer(v), pst_arg_buffer(u), pst_arg_buffer(m), pst_arg_int(n), pst_arg_int(n),
                               pst_arg_int(on_gpu.inputs), pst_arg_int(k)));
}

static pst_status multiply_on_cpu(pst_session *session, const pst_buffer *v, const pst_buffer *u, const pst_buffer *m) {
    const pst_tile tile = pst_tile_matrix(on_cpu.inputs, on_cpu.outputs, false);
    const pst_kernel *kernel;
    pst_buffer *scratch = NULL;
    char defines[128];
    pst_status status;
    snprintf(defines, sizeof defines, "-DMATRIX=1 -DVEC=%d -DNV=%d -DRT=%d -DNP=%d -DCB=%d", tile.lanes, tile.vectors,
             tile.rows, tile.panels, tile.depth);
    PST_TRY(pst_kernel_get(session, "matrix_cpu+vector_cpu+matrix_answer_cpu", "matrix_answer", defines, &kernel));
    PST_TRY(pst_buffer_create(session, v->bytes + u->bytes, "a known answer", &scratch));
    PST_TRY(
        pst_launch_workers(session, kernel, 1, 1,
                           PST_ARGS(pst_arg_buffer(v), pst_arg_buffer(u), pst_arg_buffer(m), pst_arg_buffer(scratch))));
cleanup:
    pst_buffer_destroy(session, scratch);
    return status;
}

pst_status pst_matrix_units_find(pst_session *session) {
    const product *p = session->cpu_kernels ? &on_cpu : &on_gpu;
    const size_t v_count = (size_t)p->rows * (size_t)p->inputs, u_count = (size_t)p->inputs * (size_t)p->outputs,
                 m_count = (size_t)p->rows * (size_t)p->outputs;
    float *numbers = NULL;
    pst_buffer *v = NULL, *u = NULL, *m = NULL;
    uint32_t state = 1;
    pst_status status;
    session->matrix_units = false;
    if (!session->device.quirks.matrix_units || session->cpu_kernels != (session->device.info.type == PST_DEVICE_CPU))
        return PST_OK;
    if (session->cpu_kernels && (session->device.vector_width < 16 || !pst_machine_matrix_units()))
        return PST_OK;
    PST_TRY(pst_allocate(session->error, v_count + u_count + m_count, sizeof *numbers, &numbers));
    float *u_host = numbers + v_count, *m_host = u_host + u_count;
    for (size_t i = 0; i < v_count + u_count; i++)
        numbers[i] = number(&state);
    PST_TRY(pst_buffer_create(session, sizeof(float) * v_count, "a known answer", &v));
    PST_TRY(pst_buffer_create(session, sizeof(float) * u_count, "a known answer", &u));
    PST_TRY(pst_buffer_create(session, sizeof(float) * m_count, "a known answer", &m));
    PST_TRY(pst_buffer_write(session, v, 0, numbers, sizeof(float) * v_count));
    PST_TRY(pst_buffer_write(session, u, 0, u_host, sizeof(float) * u_count));
    PST_TRY(session->cpu_kernels ? multiply_on_cpu(session, v, u, m) : multiply_on_gpu(session, v, u, m));
    PST_TRY(pst_buffer_read(session, m, 0, m_host, sizeof(float) * m_count));
    session->matrix_units = is_right(p, numbers, u_host, m_host);
cleanup:
    pst_buffer_destroy(session, m);
    pst_buffer_destroy(session, u);
    pst_buffer_destroy(session, v);
    pst_free(numbers);
    if (status == PST_OK || session->lost || status == PST_ERROR_MEMORY)
        return status;
    *session->error = (pst_error){0}; /* this device or driver has none */
    return PST_OK;
}
