/* Memory of a device: buffers with accounting, parts of them, and copies between them and the host. */
#ifndef PST_CL_BUFFER_H
#define PST_CL_BUFFER_H

#include "cl/session.h"

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

/* a rounded up to a multiple of b, for sizes and offsets. */
size_t pst_round_up(size_t a, size_t b);

/* Copies from and to the host; both wait, but for pst_buffer_read_later, whose data is there after the next wait. Its
 * memory is freed by pst_session_free. */
pst_status pst_buffer_write(pst_session *session, pst_buffer *buffer, size_t offset, const void *data, size_t bytes);
pst_status pst_buffer_read(pst_session *session, const pst_buffer *buffer, size_t offset, void *data, size_t bytes);
pst_status pst_buffer_read_later(pst_session *session, const pst_buffer *buffer, size_t offset, void *data,
                                 size_t bytes);

/* On the device, in order. */
pst_status pst_buffer_copy(pst_session *session, pst_buffer *to, const pst_buffer *from, size_t bytes);
pst_status pst_buffer_copy_part(pst_session *session, pst_buffer *to, size_t to_offset, const pst_buffer *from,
                                size_t from_offset, size_t bytes);
/* `rows` rows of row_bytes each, that lie so many bytes apart. */
typedef struct pst_rows {
    size_t offset, step;
} pst_rows;
pst_status pst_buffer_copy_rows(pst_session *session, pst_buffer *to, pst_rows to_rows, const pst_buffer *from,
                                pst_rows from_rows, size_t row_bytes, size_t rows);
pst_status pst_buffer_zero(pst_session *session, pst_buffer *buffer, size_t bytes);

#endif
