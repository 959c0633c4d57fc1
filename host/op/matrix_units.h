/* Matrix products by a device's matrix units, through inline assembly: the tensor cores of NVIDIA's GPUs from sm_80 on
 * (cl/block_gpu.cl), with about float32's rounding, and AMX of Intel's processors (cl/matrix_cpu.cl), with that of 16
 * bits. Other vendors' units: see cl/README.md. */
#ifndef PST_OP_MATRIX_UNITS_H
#define PST_OP_MATRIX_UNITS_H

#include "op/choices.h"

/* Sets session->matrix_units, the first time: true if the driver compiles the kernels, on GPUs within
 * session->compile_seconds each, and products with known answers come out right. Never an error of its own; only what
 * leaves the device unusable is one. */
pst_status pst_matrix_units_find(pst_session *session);

/* The same where a choice is one for a GPU's matrix units, which have no part in anything else. */
pst_status pst_matrix_units_find_if_chosen(pst_session *session, const pst_conv_choices *choices);

#endif
