#include "cl/buffer.h"

#include "base/memory.h"

pst_status pst_buffer_create(pst_session *session, size_t bytes, const char *what, pst_buffer **result) {
    *result = NULL;
    pst_status status = pst_session_alive(session);
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

size_t pst_round_up(size_t a, size_t b) { return (a + b - 1) / b * b; }

pst_status pst_buffer_write(pst_session *session, pst_buffer *buffer, size_t offset, const void *data, size_t bytes) {
    pst_status status = pst_session_alive(session);
    if (status != PST_OK || !bytes)
        return status;
    session->waits++;
    cl_int code = clEnqueueWriteBuffer(session->queue, buffer->memory, CL_TRUE, offset, bytes, data, 0, NULL, NULL);
    session->reading = session->reading && code != CL_SUCCESS; /* the queue is in order */
    return pst_session_check(session, code, "clEnqueueWriteBuffer", NULL);
}

static pst_status read_buffer(pst_session *session, const pst_buffer *buffer, size_t offset, void *data, size_t bytes,
                              cl_bool wait) {
    pst_status status = pst_session_alive(session);
    if (status != PST_OK || !bytes)
        return status;
    session->waits += wait == CL_TRUE;
    cl_int code = clEnqueueReadBuffer(session->queue, buffer->memory, wait, offset, bytes, data, 0, NULL, NULL);
    if (code == CL_SUCCESS)
        session->reading = wait == CL_FALSE;
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
    pst_status status = pst_session_alive(session);
    if (status != PST_OK || !bytes)
        return status;
    cl_int code =
        clEnqueueCopyBuffer(session->queue, from->memory, to->memory, from_offset, to_offset, bytes, 0, NULL, NULL);
    return pst_session_check(session, code, "clEnqueueCopyBuffer", NULL);
}

pst_status pst_buffer_copy_rows(pst_session *session, pst_buffer *to, pst_rows to_rows, const pst_buffer *from,
                                pst_rows from_rows, size_t row_bytes, size_t rows) {
    pst_status status = pst_session_alive(session);
    if (status != PST_OK || !row_bytes || !rows)
        return status;
    /* The origin is a place in rows of the step. Of the whole buffers: PoCL 3.1 crashes with parts of them. */
    const size_t from_at = from->root_offset + from_rows.offset, to_at = to->root_offset + to_rows.offset,
                 from_origin[] = {from_at % from_rows.step, from_at / from_rows.step, 0},
                 to_origin[] = {to_at % to_rows.step, to_at / to_rows.step, 0}, region[] = {row_bytes, rows, 1};
    cl_int code = clEnqueueCopyBufferRect(session->queue, from->root, to->root, from_origin, to_origin, region,
                                          from_rows.step, 0, to_rows.step, 0, 0, NULL, NULL);
    return pst_session_check(session, code, "clEnqueueCopyBufferRect", NULL);
}

pst_status pst_buffer_zero(pst_session *session, pst_buffer *buffer, size_t bytes) {
    pst_status status = pst_session_alive(session);
    if (status != PST_OK || !bytes)
        return status;
    const cl_uchar zero = 0;
    const cl_uint zero4 = 0;
    bool wide = bytes % sizeof zero4 == 0;
    cl_int code = clEnqueueFillBuffer(session->queue, buffer->memory, wide ? (const void *)&zero4 : &zero,
                                      wide ? sizeof zero4 : sizeof zero, 0, bytes, 0, NULL, NULL);
    return pst_session_check(session, code, "clEnqueueFillBuffer", NULL);
}
