/* Images on the device: a pst_vector is a pst_buffer of floats, padded with zeros to a multiple of 16. */
#ifndef PST_TRANSFER_DEVICE_SPACE_H
#define PST_TRANSFER_DEVICE_SPACE_H

#include "op/spread.h"
#include "op/vector.h"
#include "transfer/space.h"

typedef struct pst_device_space {
    pst_space base;
    pst_session *session;
    size_t length;      /* floats, rounded up */
    double pixel_scale; /* as in op/pixels.h */
    pst_buffer *scales; /* the workspace of `spread` */
    pst_sums sums;      /* of queue_dots */
} pst_device_space;

/* For images of this size. Takes nothing on the device but the vectors that are made. */
void pst_device_space_open(pst_session *session, int h, int w, double pixel_scale, pst_device_space *space);
void pst_device_space_close(pst_device_space *space);

/* What optimizers need as well: queue_dots takes at most most_dots left-hand sides. What it queued can be read after
 * pst_session_finish. */
pst_status pst_device_space_allocate(pst_device_space *space, size_t most_dots);

/* Bytes that pst_device_space_allocate takes, and those of one vector. */
size_t pst_device_space_bytes(int h, int w, size_t most_dots);
size_t pst_device_vector_bytes(size_t length);

#endif
