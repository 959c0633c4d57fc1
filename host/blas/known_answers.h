/* The known-answer test of matrix products: a device whose driver or parameters compute wrongly says so nowhere else.
 */
#ifndef PST_BLAS_KNOWN_ANSWERS_H
#define PST_BLAS_KNOWN_ANSWERS_H

#include "blas/gemm.h"

/* Multiplies some small matrices; *right is whether every element came out exactly, and nothing else was written. Takes
 * less than 200 ms once the device's programs are built. A failing status means that a call failed. */
pst_status pst_known_answers(pst_session *session, pst_gemm *gemm, bool *right);

#endif
