/* Arithmetic of long vectors for the optimizers. A vector of n floats is a buffer of n rounded up to a multiple of 16
 * with zeros behind, which every operation here keeps zero; `count` is the rounded number. */
#ifndef PST_OP_VECTOR_H
#define PST_OP_VECTOR_H

#include "op/sums.h"

#define PST_VECTOR_ALIGN 16

/* to = sum over i < count of factors[i] * from[i]; `to` may be one of them (once). */
pst_status pst_combine(pst_session *session, pst_buffer *to, size_t length, size_t count, const double *factors,
                       const pst_buffer *const *from);

/* Queues a[i] . b[j] for all i, j (b_count <= 3); pst_dots_slot tells where the results will be. */
pst_status pst_dots(pst_session *session, size_t length, size_t a_count, const pst_buffer *const *a, size_t b_count,
                    const pst_buffer *const *b, pst_sums *sums);
/* Slots that pst_dots writes, and the slot of one result. */
size_t pst_dots_slots(size_t a_count);
size_t pst_dots_slot(size_t i, size_t j);

/* sums[slot] = the L1 norm of a vector. */
pst_status pst_absolute_sum(pst_session *session, const pst_buffer *x, size_t length, pst_sums *sums, size_t slot);

/* Adam's update as in optim/optimizer.h. */
pst_status pst_adam(pst_session *session, size_t length, pst_buffer *x, pst_buffer *m, pst_buffer *v,
                    const pst_buffer *g, double rate, double beta1, double beta2, double correction1,
                    double correction2, double epsilon);

#endif
