/* A device in use: context, in-order queue, buffers with accounting, programs built when first needed, launches.
 * One host thread. Failures go into the session's error record with the call, the OpenCL code and what it was for. */
#ifndef PST_CL_SESSION_H
#define PST_CL_SESSION_H

#include "cl/device.h"

typedef struct pst_program pst_program;

typedef struct pst_session {
    pst_error *error;
    pst_device device;
    cl_context context;
    cl_command_queue queue;
    char *kernel_folder;   /* NULL: the embedded kernels */
    bool cpu_kernels;      /* kernels have two forms; this follows the device's type, unless the environment variable
                              PASTICHE_KERNELS_FORM is "cpu" or "gpu". Tests set it before any kernel is built */
    pst_program *programs; /* a list */
    bool lost;             /* after an out-of-resources error nothing more is asked of the driver */
    size_t buffer_count;   /* alive */
    uint64_t buffer_bytes; /* alive, as planned: what was asked for */
    uint64_t peak_bytes;
    unsigned waits; /* how often the host has waited for the device so far */
} pst_session;

/* The session keeps `error`. kernel_folder may be NULL. */
pst_status pst_session_open(pst_error *error, const char *device, const char *kernel_folder, pst_session **session);
void pst_session_close(pst_session *session);

/* Waits until everything queued is done. */
pst_status pst_session_finish(pst_session *session);

/* Turns an OpenCL code into a status; CL_SUCCESS is PST_OK. `call` and `what` (may be NULL) tell what was tried. */
pst_status pst_session_check(pst_session *session, cl_int code, const char *call, const char *what);

/* ---- buffers ---- */

typedef struct pst_buffer {
    cl_mem memory;
    size_t bytes;
    cl_mem root;        /* the whole that a slice is a part of, else memory; OpenCL knows no slices of slices */
    size_t root_offset; /* where in it, in bytes */
} pst_buffer;

/* A buffer of zeros. Writing the zeros makes drivers that allocate lazily fail here and not in the middle of the work.
 * `what` names it in messages. bytes > 0. */
pst_status pst_buffer_create(pst_session *session, size_t bytes, const char *what, pst_buffer **buffer);
void pst_buffer_destroy(pst_session *session, pst_buffer *buffer);

/* A part of a buffer as a buffer of its own, valid as long as it; offset a multiple of PST_SLICE_ALIGN. */
#define PST_SLICE_ALIGN 4096
pst_status pst_buffer_slice(pst_session *session, const pst_buffer *buffer, size_t offset, size_t bytes,
                            pst_buffer **slice);

/* Copies from and to the host; both wait, but for pst_buffer_read_later, whose data is there after the next wait. */
pst_status pst_buffer_write(pst_session *session, pst_buffer *buffer, size_t offset, const void *data, size_t bytes);
pst_status pst_buffer_read(pst_session *session, const pst_buffer *buffer, size_t offset, void *data, size_t bytes);
pst_status pst_buffer_read_later(pst_session *session, const pst_buffer *buffer, size_t offset, void *data,
                                 size_t bytes);

/* On the device, in order. */
pst_status pst_buffer_copy(pst_session *session, pst_buffer *to, const pst_buffer *from, size_t bytes);
pst_status pst_buffer_copy_part(pst_session *session, pst_buffer *to, size_t to_offset, const pst_buffer *from,
                                size_t from_offset, size_t bytes);
pst_status pst_buffer_zero(pst_session *session, pst_buffer *buffer, size_t bytes);

/* ---- kernels ---- */

typedef struct pst_kernel {
    cl_kernel kernel;
    const char *name;
    size_t max_work_group_size; /* on this device */
} pst_kernel;

/* The kernel `name` of cl/<source>.cl, or of several files joined by '+', built with common.cl before them and
 * `defines` (such as "-DVEC=8", or "") on first use. Owned by the session. */
pst_status pst_kernel_get(pst_session *session, const char *source, const char *name, const char *defines,
                          const pst_kernel **kernel);

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

/* Work-items of a group of an EACH_KERNEL and of a SUM_KERNEL: 1 in the CPUs' form; in the GPUs' 64 and 256, or fewer
 * if the device wants. */
size_t pst_group_size(const pst_session *session);
size_t pst_sum_group_size(const pst_session *session);

/* Floats in a vector of the kernels that work element by element (WIDE in cl/common.cl). */
size_t pst_wide(const pst_session *session);

/* a rounded up to a multiple of b */
size_t pst_round_up(size_t a, size_t b);

#endif
