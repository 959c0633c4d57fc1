#include "op/matrix_units.h"

#include <math.h>

#include "base/memory.h"
#include "op/blocks.h"

/* One product of one point, a full block and a part of one, of numbers that fill all bits. */
enum { N = 200, C = 48, K = 80, FLOATS = N * C + C * K + N * K };
#define RIGHT 1e-12 /* normalized mean square error; float32 has 1e-14, plain TF32 1e-7 */

static float number(uint32_t *state) {
    *state = *state * 1664525u + 1013904223u;
    return (float)((int32_t)*state) * (1.0f / 2147483648.0f);
}

static bool is_right(const float *v, const float *u, const float *m) {
    double wrong = 0, size = 0;
    for (int row = 0; row < N; row++)
        for (int column = 0; column < K; column++) {
            double sum = 0;
            for (int c = 0; c < C; c++)
                sum += (double)v[row * C + c] * (double)u[c * K + column];
            double difference = (double)m[row * K + column] - sum;
            wrong += difference * difference;
            size += sum * sum;
        }
    return wrong <= RIGHT * size; /* not with a NaN */
}

static pst_status multiply(pst_session *session, const pst_buffer *v, const pst_buffer *u, const pst_buffer *m) {
    pst_block block = pst_block_choose(session, PST_BLOCK_FORMS - 1, N, K);
    const pst_kernel *kernel;
    pst_status status = pst_block_kernel(session, "block_gpu+winograd_products_gpu", "winograd_products",
                                         "-DSIDE=4 -DTURNED=0", &block, &kernel);
    size_t items = pst_block_items(&block), rows = (size_t)pst_block_height(&block), columns = (size_t)block.columns;
    if (status != PST_OK)
        return status;
    return pst_launch(session, kernel, (size_t[]){(K + columns - 1) / columns * items, (N + rows - 1) / rows, 1},
                      (size_t[]){items, 1, 1},
                      PST_ARGS(pst_arg_buffer(v), pst_arg_buffer(u), pst_arg_buffer(m), pst_arg_int(N), pst_arg_int(N),
                               pst_arg_int(C), pst_arg_int(K)));
}

pst_status pst_matrix_units_find(pst_session *session) {
    float *numbers = NULL;
    pst_buffer *v = NULL, *u = NULL, *m = NULL;
    uint32_t state = 1;
    pst_status status;
    session->matrix_units = false;
    if (!session->device.quirks.matrix_units || session->cpu_kernels)
        return PST_OK;
    PST_TRY(pst_allocate(session->error, FLOATS, sizeof *numbers, &numbers));
    float *u_host = numbers + N * C, *m_host = u_host + C * K;
    for (int i = 0; i < N * C + C * K; i++)
        numbers[i] = number(&state);
    PST_TRY(pst_buffer_create(session, sizeof(float) * N * C, "a known answer", &v));
    PST_TRY(pst_buffer_create(session, sizeof(float) * C * K, "a known answer", &u));
    PST_TRY(pst_buffer_create(session, sizeof(float) * N * K, "a known answer", &m));
    PST_TRY(pst_buffer_write(session, v, 0, numbers, sizeof(float) * N * C));
    PST_TRY(pst_buffer_write(session, u, 0, u_host, sizeof(float) * C * K));
    PST_TRY(multiply(session, v, u, m));
    PST_TRY(pst_buffer_read(session, m, 0, m_host, sizeof(float) * N * K));
    session->matrix_units = is_right(numbers, u_host, m_host);
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
