/* The optimizers' vectors on the device: a pst_vector is a pst_buffer of floats, an image [h][w][3] padded with zeros
 * to a multiple of 16. */
#ifndef PST_TRANSFER_SPACE_H
#define PST_TRANSFER_SPACE_H

#include "op/spread.h"
#include "op/vector.h"
#include "optim/optimizer.h"

typedef struct pst_space {
    pst_vector_space vectors; /* what the optimizers see; its self is this struct */
    pst_session *session;
    int h, w;
    size_t length;      /* floats, rounded up */
    double pixel_scale; /* of clamp, as in op/pixels.h; pst_space_open sets 1 */
    pst_buffer *scales; /* the workspace of `spread` */
    pst_sums sums;      /* of queue_dots */
} pst_space;

/* Vectors for images of this size; queue_dots takes at most most_dots left-hand sides. What it queued can be read after
 * pst_session_finish. */
pst_status pst_space_open(pst_session *session, int h, int w, size_t most_dots, pst_space *space);
void pst_space_close(pst_space *space);

/* Bytes that pst_space_open takes, and those of one vector. */
size_t pst_space_bytes(int h, int w, size_t most_dots);
size_t pst_space_vector_bytes(size_t length);

#endif
