/* Kernels: programs of common.cl, one operation and generated defines, built when first needed; and their launches. */
#ifndef PST_CL_PROGRAM_H
#define PST_CL_PROGRAM_H

#include "cl/buffer.h"

typedef struct pst_kernel {
    cl_kernel kernel;
    const char *name;
    size_t max_work_group_size; /* on this device */
    size_t group, sum_group;    /* PST_GROUP and PST_SUM_GROUP of its program */
    size_t items;               /* of the groups that it is compiled for; 0: any, or not asked */
} pst_kernel;

/* The kernel `name` of cl/<source>.cl, or of several files joined by '+', built with common.cl before them and
 * `defines` (such as "-DVEC=8", or "") on first use. Owned by the session. Where the driver runs a kernel of PST_GROUP
 * or PST_SUM_GROUP work-items only in smaller groups than the device's, it is the one of a program with smaller ones.
 */
pst_status pst_kernel_get(pst_session *session, const char *source, const char *name, const char *defines,
                          const pst_kernel **kernel);

/* Between the two, what is done asks for kernels as always, but programs are only noted and nothing is launched. The
 * end builds them, several at once; what fails then is built again, and told, where it is needed. False, and no
 * rehearsal, where the driver builds one program at a time. */
bool pst_rehearsal_begin(pst_session *session);
void pst_rehearsal_end(pst_session *session);

/* Bytes that a work-item of the kernel has in memory for want of registers, as far as the driver tells. */
uint64_t pst_kernel_memory(const pst_session *session, const pst_kernel *kernel);

typedef struct pst_arg {
    size_t bytes;
    union {
        cl_mem memory;
        cl_int integer;
        cl_float real;
    } value;
} pst_arg;

/* A NULL buffer is a NULL pointer in the kernel. */
pst_arg pst_arg_buffer(const pst_buffer *buffer);
pst_arg pst_arg_int(int value);
pst_arg pst_arg_float(double value);

#define PST_ARGS(...) \
    sizeof((pst_arg[]){__VA_ARGS__}) / sizeof(pst_arg), (const pst_arg[]) { __VA_ARGS__ }

/* Queues a kernel over global[0] x global[1] x global[2] work-items; local NULL lets the driver choose, else global
 * must be a multiple of it. A global size of 0 does nothing. */
pst_status pst_launch(pst_session *session, const pst_kernel *kernel, const size_t global[3], const size_t local[3],
                      size_t arg_count, const pst_arg *args);

/* Queues an EACH_KERNEL (cl/common.cl) over `count` elements; 0 does nothing. */
pst_status pst_launch_each(pst_session *session, const pst_kernel *kernel, size_t count, size_t arg_count,
                           const pst_arg *args);

/* The same with so many rows, the second dimension. */
pst_status pst_launch_each_rows(pst_session *session, const pst_kernel *kernel, size_t count, size_t rows,
                                size_t arg_count, const pst_arg *args);

/* The same with a group for each of `count` things, as FOR_GROUPS goes over them. */
pst_status pst_launch_groups(pst_session *session, const pst_kernel *kernel, size_t count, size_t arg_count,
                             const pst_arg *args);

/* Work-items of a group of an EACH_KERNEL and of a SUM_KERNEL: 1 in the CPUs' form; in the GPUs' 64 and 256, or fewer
 * if the device wants. A kernel may have still fewer: its group and sum_group count where it is launched. */
size_t pst_group_size(const pst_session *session);
size_t pst_sum_group_size(const pst_session *session);

/* Floats in a vector of the kernels that work element by element (WIDE in cl/common.cl). */
size_t pst_wide(const pst_session *session);

#endif
