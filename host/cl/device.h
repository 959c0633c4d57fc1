/* OpenCL devices: found on all platforms, scored, chosen by index, type or part of a name. */
#ifndef PST_CL_DEVICE_H
#define PST_CL_DEVICE_H

#include <CL/cl.h>

#include "base/status.h"
#include "cl/quirks.h"

#define PST_DEVICES_MAX 64

/* Work-items of a group, that kernels for GPUs need. */
#define PST_LEAST_GROUP 8

typedef struct pst_device {
    cl_platform_id platform;
    cl_device_id id;
    pst_device_info info;
    pst_quirks quirks;
    char label[160];         /* for messages: the name, with the index where several have it */
    int vector_width;        /* floats in a native vector: 16, 8 or 4; op/tiles.h checks it ... */
    int vector_registers;    /* ... and these, of which the device tells nothing: 16 or 32 */
    bool scalar;             /* its vectors are work-items side by side: a GPU, or a CPU whose driver does as one */
    bool fast_fma;           /* a CPU with fused multiply-adds; GPUs' compilers define FP_FAST_FMAF */
    size_t base_align_bytes; /* of sub-buffers */
    uint64_t cache_bytes;    /* of the last cache before memory; 0: unknown */
    uint64_t score;
    cl_int failure; /* of a question about the device; CL_SUCCESS: all were answered */
} pst_device;

/* Writes at most `capacity` devices, best first, and sets *count to how many were written. message (at least
 * PST_DEVICES_MESSAGE bytes) says which platforms have none and why, or why there are no platforms; else it is empty.
 */
#define PST_DEVICES_MESSAGE 512
pst_status pst_device_list(pst_error *error, pst_device *devices, size_t capacity, size_t *count, char *message);

/* `wanted` as in pst_context_options.device; NULL or "" takes the best. PST_ERROR_ARGUMENT for a list that has an empty
 * part, names a device twice or is longer than `capacity`. In device_choose.c. */
pst_status pst_device_choose(pst_error *error, const char *wanted, pst_device *devices, size_t capacity, size_t *count);

/* "CL_OUT_OF_RESOURCES" and so on; never NULL. */
const char *pst_cl_error_name(cl_int code);

#endif
