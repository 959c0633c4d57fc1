/* Images outside the device: a pst_vector is a pst_store, in host memory or in a file. */
#ifndef PST_TRANSFER_HOST_SPACE_H
#define PST_TRANSFER_HOST_SPACE_H

#include "spread/host_vectors.h"
#include "transfer/space.h"

typedef struct pst_host_space {
    pst_space base;
    pst_host_vectors vectors;
} pst_host_space;

/* For images of this size; queue_dots takes at most most_dots left-hand sides. Where the stores have a folder, vectors
 * are files in it. half: an optimizer's pairs are halves. */
pst_status pst_host_space_open(pst_stores *stores, int h, int w, double pixel_scale, size_t most_dots, bool half,
                               pst_host_space *space);
void pst_host_space_close(pst_host_space *space);

#endif
