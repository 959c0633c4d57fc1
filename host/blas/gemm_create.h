/* Matrix products that are right: a known-answer test before the first one is believed. */
#ifndef PST_BLAS_GEMM_CREATE_H
#define PST_BLAS_GEMM_CREATE_H

#include "blas/gemm.h"

/* Products that are tried when the first one is planned: parameters for the device are set and the known-answer test is
 * run. PST_ERROR_DEVICE then if no known parameters compute rightly. Whatever is wrong or slow with CLBlast's own
 * parameters for a device is repaired here. */
pst_status pst_gemm_create(pst_session *session, pst_gemm **gemm);

#endif
