/* Launches of kernels, and the sizes of groups. */
#include "cl/program.h"

pst_arg pst_arg_buffer(const pst_buffer *buffer) {
    return (pst_arg){.bytes = sizeof(cl_mem), .value.memory = buffer ? buffer->memory : NULL};
}

pst_arg pst_arg_int(int value) { return (pst_arg){.bytes = sizeof(cl_int), .value.integer = value}; }

pst_arg pst_arg_float(double value) { return (pst_arg){.bytes = sizeof(cl_float), .value.real = (cl_float)value}; }

/* A power of two. */
static size_t group_of(const pst_session *session, size_t most) {
    size_t size = 1;
    while (!session->cpu_kernels && 2 * size <= most && 2 * size <= session->device.info.max_work_group_size)
        size *= 2;
    return size;
}

size_t pst_group_size(const pst_session *session) { return group_of(session, 64); }

size_t pst_sum_group_size(const pst_session *session) { return group_of(session, 256); }

size_t pst_wide(const pst_session *session) { return session->cpu_kernels ? 16 : 4; }

pst_status pst_launch(pst_session *session, const pst_kernel *kernel, const size_t global[3], const size_t local[3],
                      size_t arg_count, const pst_arg *args) {
    pst_status status = pst_session_alive(session);
    if (status != PST_OK || !global[0] || !global[1] || !global[2] || session->rehearsal)
        return status;
    session->launches++;
    if (session->skip && session->skip(kernel->name))
        return PST_OK;
    for (size_t i = 0; i < arg_count; i++) {
        cl_int code = clSetKernelArg(kernel->kernel, (cl_uint)i, args[i].bytes, &args[i].value);
        if (code != CL_SUCCESS)
            return pst_session_check(session, code, "clSetKernelArg", kernel->name);
    }
    cl_int code = clEnqueueNDRangeKernel(session->queue, kernel->kernel, 3, NULL, global, local, 0, NULL, NULL);
    return pst_session_check(session, code, "clEnqueueNDRangeKernel", kernel->name);
}

pst_status pst_launch_each_rows(pst_session *session, const pst_kernel *kernel, size_t count, size_t rows,
                                size_t arg_count, const pst_arg *args) {
    size_t group = kernel->group, groups = (count + group - 1) / group;
    /* On a CPU eight shares a core even out the load; on a GPU there is work for every unit long before the limit. */
    size_t most = session->cpu_kernels ? 8 * (size_t)session->device.info.compute_units : 262144 / group;
    groups = groups < most ? groups : most;
    return pst_launch(session, kernel, (size_t[]){groups * group, rows, 1}, (size_t[]){group, 1, 1}, arg_count, args);
}

pst_status pst_launch_each(pst_session *session, const pst_kernel *kernel, size_t count, size_t arg_count,
                           const pst_arg *args) {
    return pst_launch_each_rows(session, kernel, count, 1, arg_count, args);
}

pst_status pst_launch_groups(pst_session *session, const pst_kernel *kernel, size_t count, size_t arg_count,
                             const pst_arg *args) {
    return pst_launch_each(session, kernel, count * kernel->group, arg_count, args);
}
