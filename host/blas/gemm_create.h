/* Matrix products that are right: a known-answer test before the first one is believed. */
#ifndef PST_BLAS_GEMM_CREATE_H
#define PST_BLAS_GEMM_CREATE_H

#include "blas/gemm.h"

/* Sets parameters for the device and runs the known-answer test; PST_ERROR_DEVICE if no known parameters compute
 * rightly. Whatever is wrong or slow with CLBlast's own parameters for a device is repaired here. */
pst_status pst_gemm_create(pst_session *session, pst_gemm **gemm);

#endif
