/* CLBlast's tuning parameters, as data: what is put in place of its database for a device. */
#ifndef PST_BLAS_PARAMETERS_H
#define PST_BLAS_PARAMETERS_H

#include "cl/device.h"

#define PST_GEMM_KERNELS 7
#define PST_GEMM_NAMES 16
#define PST_GEMM_DIRECT_SIZE 64 /* the cube of it is a product that even GPUs do not pad */

/* All parameters of one of CLBlast's kernels; it takes all or none. */
typedef struct pst_gemm_override {
    const char *kernel;
    size_t count;
    const char *names[PST_GEMM_NAMES];
    size_t values[PST_GEMM_NAMES];
} pst_gemm_override;

typedef struct pst_gemm_parameters {
    /* Ends with NULL; what is not there stays as in CLBlast's database. */
    const pst_gemm_override *overrides[PST_GEMM_KERNELS + 1];
    /* Elements of B that a pass over A may use, so that they stay in a core's cache; 0: all of B, always. Columns of a
     * row-major B lie a power of two apart, where a cache keeps few of them, so each pass gets a copy of its columns.
     */
    size_t panel_elements;
} pst_gemm_parameters;

/* The n-th choice for a device, from 0, or NULL after the last one. */
const pst_gemm_parameters *pst_gemm_parameters_for(const pst_device *device, size_t n);

/* A value by its name, 0 where it is left to the database. */
size_t pst_gemm_parameter(const pst_gemm_parameters *parameters, const char *name);

#endif
