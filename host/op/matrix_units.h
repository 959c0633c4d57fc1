/* Matrix products by a device's matrix units, through inline assembly: the tensor cores of NVIDIA's GPUs from sm_80 on
 * (cl/block_gpu.cl), with about float32's rounding, and AMX of Intel's processors (cl/matrix_cpu.cl), with that of 16
 * bits. Other vendors' units: see cl/README.md. */
#ifndef PST_OP_MATRIX_UNITS_H
#define PST_OP_MATRIX_UNITS_H

#include "cl/program.h"

/* Sets session->matrix_units: true if the driver compiles the kernel and a product with a known answer comes out right.
 * Never an error of its own; only what leaves the device unusable is one. */
pst_status pst_matrix_units_find(pst_session *session);

#endif
