/* Means of the channels of feature maps f [pixels][c], c a multiple of PST_CHANNELS, in a fixed order of summation. */
#ifndef PST_OP_STATISTICS_H
#define PST_OP_STATISTICS_H

#include "cl/buffer.h"

/* Bytes of scratch memory that a mean takes. */
size_t pst_mean_workspace_bytes(size_t pixels, int c);

/* mean [c] += scale * (sum of f over the pixels) */
pst_status pst_mean_add(pst_session *session, const pst_buffer *f, size_t pixels, int c, double scale, pst_buffer *mean,
                        pst_buffer *workspace);

#endif
