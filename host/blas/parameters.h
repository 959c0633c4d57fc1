/* CLBlast's tuning parameters, as data: what is put in place of the database's for a device. */
#ifndef PST_BLAS_PARAMETERS_H
#define PST_BLAS_PARAMETERS_H

#include "cl/device.h"

#define PST_GEMM_PARAMETERS 16

/* Names and values of CLBlast's kernel "Xgemm", and "XGEMM_MIN_INDIRECT_SIZE" of "GemmRoutine": products of m n k below its
 * cube take the kernel that works on unpadded operands. */
typedef struct pst_gemm_parameters {
    const char *title;                   /* for messages */
    size_t values[PST_GEMM_PARAMETERS];  /* in the order of pst_gemm_parameter_names */
    size_t min_indirect_size;
} pst_gemm_parameters;

extern const char *const pst_gemm_parameter_names[PST_GEMM_PARAMETERS];

/* The n-th choice for a device, from 0, or NULL after the last one. An entry whose title is NULL means CLBlast's database as
 * it is. */
const pst_gemm_parameters *pst_gemm_parameters_for(const pst_device *device, size_t n);

/* A value by its name. */
size_t pst_gemm_parameter(const pst_gemm_parameters *parameters, const char *name);

#endif
