/* Matrix products by CLBlast, behind one file: parameters that are right and fast on the device, an own temporary buffer,
 * and a known-answer test before the first product is believed. */
#ifndef PST_BLAS_GEMM_H
#define PST_BLAS_GEMM_H

#include "cl/session.h"

typedef struct pst_gemm pst_gemm;

/* Sets parameters for the device and runs the known-answer test; PST_ERROR_DEVICE if no known parameters compute
 * rightly. Whatever is wrong or slow with CLBlast's own parameters for a device is repaired here. */
pst_status pst_gemm_create(pst_session *session, pst_gemm **gemm);

/* Also clears CLBlast's cache, which must happen before the queue and the context go. */
void pst_gemm_destroy(pst_gemm *gemm);

/* One product C = A B with C row-major [m][n], leading dimension n, from element c_offset on.
 * a: [m][k] row by row, or [k][m] if a_transposed; b: [k][n], or [n][k] if b_transposed; both from element 0 on and dense. */
typedef struct pst_gemm_shape {
    size_t m, n, k;
    bool a_transposed, b_transposed;
} pst_gemm_shape;

/* Bytes of the temporary buffer that this product needs (0: none). pst_gemm_run takes it from `workspace`, which must be
 * at least that large, so that nothing is allocated while work goes on. */
pst_status pst_gemm_workspace(pst_gemm *gemm, const pst_gemm_shape *shape, size_t *bytes);

pst_status pst_gemm_run(pst_gemm *gemm, const pst_gemm_shape *shape, const pst_buffer *a, const pst_buffer *b, pst_buffer *c,
                        size_t c_offset, pst_buffer *workspace);

/* The storage of A and B that is fastest on this device for a tall product (m pixels, n channels). */
void pst_gemm_preferred(const pst_gemm *gemm, bool *a_transposed, bool *b_transposed);

#endif
