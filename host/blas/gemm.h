/* Matrix products by CLBlast, behind one file, with parameters for the device and a temporary buffer of the caller's.
 */
#ifndef PST_BLAS_GEMM_H
#define PST_BLAS_GEMM_H

#include "cl/buffer.h"

typedef struct pst_gemm pst_gemm;

/* Puts parameters into force that are right for the device, by pst_gemm_use. */
typedef pst_status pst_gemm_finder(pst_session *session, pst_gemm *gemm);

/* Products by CLBlast. `find` is called when the first of the functions below needs parameters; gemm_create.h has one.
 * CLBlast keeps parameters and programs for the whole process: contexts on one device share them. The session must
 * outlive the gemm. */
pst_status pst_gemm_open(pst_session *session, pst_gemm_finder *find, pst_gemm **gemm);

/* Takes the set of parameters *choice of parameters.h, or a later one that is in force on the device already; *choice
 * is which. */
pst_status pst_gemm_use(pst_gemm *gemm, size_t *choice);

/* Also clears CLBlast's cache, which must happen before the queue and the context go. Another context's next product
 * then builds its program anew. destroy(NULL) is fine. */
void pst_gemm_destroy(pst_gemm *gemm);

/* One product C = A B with C row-major [m][n], leading dimension n, from element c_offset on.
 * a: [m][k] row by row, or [k][m] if a_transposed; b: [k][n], or [n][k] if b_transposed; both from element 0 on and
 * dense. Every matrix, c_offset included, must have less than 2^31 elements, for CLBlast counts in int. */
typedef struct pst_gemm_shape {
    size_t m, n, k;
    bool a_transposed, b_transposed;
} pst_gemm_shape;

/* Bytes of the temporary buffer that this product needs (0: none), whatever the c_offset. pst_gemm_run takes it from
 * `workspace`, which must be at least that large, so that nothing is allocated while work goes on. It holds copies of
 * those operands which are not stored as preferred or are not multiples of the tile: A, B and C, each padded, at worst;
 * on CPUs, if k n > 100000, a panel of at most 400 KB of B and m x (its columns) of C. */
pst_status pst_gemm_workspace(pst_gemm *gemm, const pst_gemm_shape *shape, size_t *bytes);

/* Queues the product. Nothing but the m*n elements of C and the workspace is written; what C held does not matter, NaN
 * included. workspace may be NULL where pst_gemm_workspace says 0. The buffers may be slices of one buffer, but must
 * not overlap. A c_offset that the device allows sub-buffers to begin at (128 bytes on PoCL, up to 512 elsewhere: every
 * row of pixels of an even width with 64 channels) is free; any other takes a copy of C, unless B goes in panels. */
pst_status pst_gemm_run(pst_gemm *gemm, const pst_gemm_shape *shape, const pst_buffer *a, const pst_buffer *b,
                        pst_buffer *c, size_t c_offset, pst_buffer *workspace);

/* The storage of A and B that is fastest on this device for a tall product (m pixels, n channels): on CPUs both as they
 * are, A [m][k] and B [k][n]; a transposed B costs a tenth there, a transposed A three quarters of the speed. */
void pst_gemm_preferred(pst_gemm *gemm, bool *a_transposed, bool *b_transposed);

/* With the preferred storage, and m, n and k multiples of these (16, 16 and 9 on CPUs), a product copies nothing of A
 * and C. A dimension that is not costs a padded copy of the two matrices that have it. Where A is preferred as it is,
 * rows beyond the multiple are a small product of their own, so that m may be anything; elsewhere strips should be
 * chosen with m a multiple. A k that is not should be filled up with zeros by whoever makes the operands. */
void pst_gemm_multiples(pst_gemm *gemm, size_t *m, size_t *n, size_t *k);

#endif
