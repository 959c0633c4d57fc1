/* Sums over many elements: PST_PARTS groups on the device each write one float, the host adds those in double.
 *
 * The number of groups is the same on every device, so that sums are the same. It is one group of 256 for each unit of
 * the largest GPUs, 97 % of 132 units; what takes long, the products of L-BFGS and the differences of Gram matrices,
 * has as many for every row. On a GPU with 20 units it is 6 or 7 groups a unit, at once, and the host reads 512 bytes.
 */
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
