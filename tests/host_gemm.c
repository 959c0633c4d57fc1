/* host/blas/gemm.h on the host, linked in place of CLBlast where the kernels around the products are tested in a simulator:
 * there CLBlast's take minutes, and reports about them are none of ours. The kernels for GPUs are given the storage that
 * CLBlast prefers on GPUs, those for CPUs that of CPUs, and both strips that do not go out evenly a workspace. */
#include <stdlib.h>
#include <string.h>

#include "blas/gemm.h"
#include "support.h"

#define MULTIPLE 16
#define WORKSPACE_BYTES 256

struct pst_gemm {
    pst_session *session;
};

pst_status pst_gemm_create(pst_session *session, pst_gemm **gemm)
{
    *gemm = malloc(sizeof **gemm);
    ck_assert_ptr_nonnull(*gemm);
    (*gemm)->session = session;
    return PST_OK;
}

void pst_gemm_destroy(pst_gemm *gemm) { free(gemm); }

void pst_gemm_preferred(const pst_gemm *gemm, bool *a_transposed, bool *b_transposed)
{
    *a_transposed = !gemm->session->cpu_kernels;
    *b_transposed = *a_transposed; /* CLBlast never asks for it, but an algorithm must heed it */
}

void pst_gemm_multiples(const pst_gemm *gemm, size_t *m, size_t *n, size_t *k)
{
    *m = *n = MULTIPLE;
    *k = gemm->session->cpu_kernels ? 9 : MULTIPLE;
}

pst_status pst_gemm_workspace(pst_gemm *gemm, const pst_gemm_shape *shape, size_t *bytes)
{
    (void)gemm;
    *bytes = shape->m % MULTIPLE ? WORKSPACE_BYTES : 0;
    return PST_OK;
}

static float *read_floats(pst_session *session, const pst_buffer *buffer, size_t count)
{
    float *values = malloc(count * sizeof *values);
    ck_assert_ptr_nonnull(values);
    ck_ok(*session->error, pst_buffer_read(session, buffer, 0, values, count * sizeof *values));
    return values;
}

pst_status pst_gemm_run(pst_gemm *gemm, const pst_gemm_shape *s, const pst_buffer *a, const pst_buffer *b, pst_buffer *c,
                        size_t c_offset, pst_buffer *workspace)
{
    static const uint8_t dirt[WORKSPACE_BYTES] = {1};
    pst_session *session = gemm->session;
    float *left = read_floats(session, a, s->m * s->k), *right = read_floats(session, b, s->k * s->n);
    float *product = malloc(s->m * s->n * sizeof *product);
    double *row = malloc(s->n * sizeof *row);
    ck_assert(product && row);
    for (size_t i = 0; i < s->m; i++) {
        memset(row, 0, s->n * sizeof *row);
        for (size_t p = 0; p < s->k; p++) {
            double x = (double)left[s->a_transposed ? p * s->m + i : i * s->k + p];
            for (size_t j = 0; j < s->n; j++)
                row[j] += x * (double)right[s->b_transposed ? j * s->k + p : p * s->n + j];
        }
        for (size_t j = 0; j < s->n; j++)
            product[i * s->n + j] = (float)row[j];
    }
    ck_ok(*session->error, pst_buffer_write(session, c, c_offset * sizeof *product, product, s->m * s->n * sizeof *product));
    if (s->m % MULTIPLE)
        ck_ok(*session->error, pst_buffer_write(session, workspace, 0, dirt, sizeof dirt));
    free(row);
    free(product);
    free(right);
    free(left);
    return PST_OK;
}
