#include "cl/session.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "cl/program.h"

/* The variable is for developers: a whole transfer with the kernels for GPUs where there is none. */
static bool wants_cpu_kernels(const pst_device_info *info) {
    const char *form = getenv("PASTICHE_KERNELS_FORM");
    if (form && (strcmp(form, "cpu") == 0 || strcmp(form, "gpu") == 0))
        return *form == 'c';
    return info->type == PST_DEVICE_CPU;
}

pst_status pst_session_open(pst_error *error, const char *device, const char *kernel_folder, pst_session **result) {
    *result = NULL;
    pst_session *session;
    pst_status status = pst_allocate(error, 1, sizeof *session, &session);
    if (status != PST_OK)
        return status;
    session->error = error;
    cl_int code;
    PST_TRY(pst_device_choose(error, device, &session->device));
    session->cpu_kernels = wants_cpu_kernels(&session->device.info);
    if (kernel_folder)
        PST_TRY(pst_copy_text(error, kernel_folder, &session->kernel_folder));
    cl_context_properties properties[] = {CL_CONTEXT_PLATFORM, (cl_context_properties)session->device.platform, 0};
    session->context = clCreateContext(properties, 1, &session->device.id, NULL, NULL, &code);
    PST_TRY(pst_session_check(session, code, "clCreateContext", session->device.info.name));
    session->queue = clCreateCommandQueue(session->context, session->device.id, 0, &code);
    PST_TRY(pst_session_check(session, code, "clCreateCommandQueue", session->device.info.name));
    *result = session;
    return PST_OK;
cleanup:
    pst_session_close(session);
    return status;
}

void pst_session_close(pst_session *session) {
    if (!session)
        return;
    if (session->queue && !session->lost)
        clFinish(session->queue);
    pst_programs_release(session);
    if (session->queue)
        clReleaseCommandQueue(session->queue);
    if (session->context)
        clReleaseContext(session->context);
    pst_free(session->kernel_folder);
    pst_free(session);
}

pst_status pst_session_check(pst_session *session, cl_int code, const char *call, const char *what) {
    if (code == CL_SUCCESS)
        return PST_OK;
    bool memory =
        code == CL_MEM_OBJECT_ALLOCATION_FAILURE || code == CL_OUT_OF_RESOURCES || code == CL_INVALID_BUFFER_SIZE;
    if (code == CL_OUT_OF_RESOURCES)
        session->lost = true;
    const char *device = session->device.info.name;
    if (memory)
        return pst_fail(session->error, PST_ERROR_DEVICE_MEMORY,
                        "%s: out of memory (%s: %s%s%s); try a smaller image size", device, call,
                        pst_cl_error_name(code), what ? ", " : "", what ? what : "");
    return pst_fail(session->error, code == CL_OUT_OF_HOST_MEMORY ? PST_ERROR_MEMORY : PST_ERROR_DEVICE,
                    "%s: %s failed: %s (%d)%s%s", device, call, pst_cl_error_name(code), code, what ? ", " : "",
                    what ? what : "");
}

static pst_status check_alive(pst_session *session) {
    if (session->lost)
        return pst_fail(session->error, PST_ERROR_DEVICE, "%s: the driver failed before; start again",
                        session->device.info.name);
    return PST_OK;
}

pst_status pst_session_finish(pst_session *session) {
    pst_status status = check_alive(session);
    session->waits++;
    return status != PST_OK ? status : pst_session_check(session, clFinish(session->queue), "clFinish", NULL);
}

pst_status pst_buffer_create(pst_session *session, size_t bytes, const char *what, pst_buffer **result) {
    *result = NULL;
    pst_status status = check_alive(session);
    if (status != PST_OK)
        return status;
    pst_buffer *buffer;
    cl_int code;
    status = pst_allocate(session->error, 1, sizeof *buffer, &buffer);
    if (status != PST_OK)
        return status;
    buffer->memory = clCreateBuffer(session->context, CL_MEM_READ_WRITE, bytes, NULL, &code);
    status = pst_session_check(session, code, "clCreateBuffer", what);
    if (status != PST_OK) {
        pst_free(buffer);
        return status;
    }
    buffer->bytes = bytes;
    buffer->root = buffer->memory;
    session->buffer_count++;
    session->buffer_bytes += bytes;
    if (session->buffer_bytes > session->peak_bytes)
        session->peak_bytes = session->buffer_bytes;
    status = pst_buffer_zero(session, buffer, bytes);
    if (status != PST_OK) {
        pst_buffer_destroy(session, buffer);
        return status;
    }
    *result = buffer;
    return PST_OK;
}

void pst_buffer_destroy(pst_session *session, pst_buffer *buffer) {
    if (!buffer)
        return;
    if (buffer->root == buffer->memory) {
        session->buffer_count--;
        session->buffer_bytes -= buffer->bytes;
    }
    clReleaseMemObject(buffer->memory);
    pst_free(buffer);
}

pst_status pst_buffer_slice(pst_session *session, const pst_buffer *buffer, size_t offset, size_t bytes,
                            pst_buffer **result) {
    *result = NULL;
    pst_buffer *slice;
    cl_int code;
    pst_status status = pst_allocate(session->error, 1, sizeof *slice, &slice);
    if (status != PST_OK)
        return status;
    slice->root = buffer->root;
    slice->root_offset = buffer->root_offset + offset;
    cl_buffer_region region = {slice->root_offset, bytes};
    slice->memory = clCreateSubBuffer(buffer->root, CL_MEM_READ_WRITE, CL_BUFFER_CREATE_TYPE_REGION, &region, &code);
    slice->bytes = bytes;
    status = pst_session_check(session, code, "clCreateSubBuffer", NULL);
    if (status != PST_OK) {
        pst_free(slice);
        return status;
    }
    *result = slice;
    return PST_OK;
}

pst_status pst_buffer_write(pst_session *session, pst_buffer *buffer, size_t offset, const void *data, size_t bytes) {
    pst_status status = check_alive(session);
    if (status != PST_OK || !bytes)
        return status;
    session->waits++;
    cl_int code = clEnqueueWriteBuffer(session->queue, buffer->memory, CL_TRUE, offset, bytes, data, 0, NULL, NULL);
    return pst_session_check(session, code, "clEnqueueWriteBuffer", NULL);
}

static pst_status read_buffer(pst_session *session, const pst_buffer *buffer, size_t offset, void *data, size_t bytes,
                              cl_bool wait) {
    pst_status status = check_alive(session);
    if (status != PST_OK || !bytes)
        return status;
    session->waits += wait == CL_TRUE;
    cl_int code = clEnqueueReadBuffer(session->queue, buffer->memory, wait, offset, bytes, data, 0, NULL, NULL);
    return pst_session_check(session, code, "clEnqueueReadBuffer", NULL);
}

pst_status pst_buffer_read(pst_session *session, const pst_buffer *buffer, size_t offset, void *data, size_t bytes) {
    return read_buffer(session, buffer, offset, data, bytes, CL_TRUE);
}

pst_status pst_buffer_read_later(pst_session *session, const pst_buffer *buffer, size_t offset, void *data,
                                 size_t bytes) {
    return read_buffer(session, buffer, offset, data, bytes, CL_FALSE);
}

pst_status pst_buffer_copy(pst_session *session, pst_buffer *to, const pst_buffer *from, size_t bytes) {
    return pst_buffer_copy_part(session, to, 0, from, 0, bytes);
}

pst_status pst_buffer_copy_part(pst_session *session, pst_buffer *to, size_t to_offset, const pst_buffer *from,
                                size_t from_offset, size_t bytes) {
    pst_status status = check_alive(session);
    if (status != PST_OK || !bytes)
        return status;
    cl_int code =
        clEnqueueCopyBuffer(session->queue, from->memory, to->memory, from_offset, to_offset, bytes, 0, NULL, NULL);
    return pst_session_check(session, code, "clEnqueueCopyBuffer", NULL);
}

pst_status pst_buffer_zero(pst_session *session, pst_buffer *buffer, size_t bytes) {
    pst_status status = check_alive(session);
    if (status != PST_OK || !bytes)
        return status;
    const cl_uchar zero = 0;
    const cl_uint zero4 = 0;
    bool wide = bytes % sizeof zero4 == 0;
    cl_int code = clEnqueueFillBuffer(session->queue, buffer->memory, wide ? (const void *)&zero4 : &zero,
                                      wide ? sizeof zero4 : sizeof zero, 0, bytes, 0, NULL, NULL);
    return pst_session_check(session, code, "clEnqueueFillBuffer", NULL);
}

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

size_t pst_round_up(size_t a, size_t b) { return (a + b - 1) / b * b; }

pst_status pst_launch(pst_session *session, const pst_kernel *kernel, const size_t global[3], const size_t local[3],
                      size_t arg_count, const pst_arg *args) {
    pst_status status = check_alive(session);
    if (status != PST_OK || !global[0] || !global[1] || !global[2])
        return status;
    for (size_t i = 0; i < arg_count; i++) {
        cl_int code = clSetKernelArg(kernel->kernel, (cl_uint)i, args[i].bytes, &args[i].value);
        if (code != CL_SUCCESS)
            return pst_session_check(session, code, "clSetKernelArg", kernel->name);
    }
    cl_int code = clEnqueueNDRangeKernel(session->queue, kernel->kernel, 3, NULL, global, local, 0, NULL, NULL);
    return pst_session_check(session, code, "clEnqueueNDRangeKernel", kernel->name);
}

pst_status pst_launch_each(pst_session *session, const pst_kernel *kernel, size_t count, size_t arg_count,
                           const pst_arg *args) {
    size_t group = pst_group_size(session), groups = (count + group - 1) / group;
    /* On a CPU eight shares a core even out the load; on a GPU there is work for every unit long before the limit. */
    size_t most = session->cpu_kernels ? 8 * (size_t)session->device.info.compute_units : 262144 / group;
    groups = groups < most ? groups : most;
    return pst_launch(session, kernel, (size_t[]){groups * group, 1, 1}, (size_t[]){group, 1, 1}, arg_count, args);
}
