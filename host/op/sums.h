/* Sums over many elements: PST_PARTS groups on the device each write one float, the host adds those in double. */
#ifndef PST_OP_SUMS_H
#define PST_OP_SUMS_H

#include "cl/buffer.h"
#include "cl/program.h"

#define PST_PARTS 128 /* PARTS in cl/common.cl */

typedef struct pst_sums {
    pst_session *session;
    pst_buffer *parts; /* [slots][PST_PARTS] */
    float *host;
    size_t slots;
} pst_sums;

pst_status pst_sums_create(pst_session *session, size_t slots, pst_sums *sums);
void pst_sums_destroy(pst_sums *sums);
size_t pst_sums_bytes(size_t slots);

/* Queues the reading of the first `slots`; pst_sums_value is right after the next wait. */
pst_status pst_sums_read_later(pst_sums *sums, size_t slots);
double pst_sums_value(const pst_sums *sums, size_t slot);

/* Queues a SUM_KERNEL (cl/common.cl). */
pst_status pst_launch_sums(pst_session *session, const pst_kernel *kernel, size_t arg_count, const pst_arg *args);

/* The same with so many rows of groups, the second dimension. */
pst_status pst_launch_sum_rows(pst_session *session, const pst_kernel *kernel, size_t rows, size_t arg_count,
                               const pst_arg *args);

#endif
