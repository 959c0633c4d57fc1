/* The first convolution over an image with a replicated border, as what differs from zeros around it, so that no
 * convolution needs to know. Layouts as in op/conv.h; weights float [9][3][c], as pst_conv_weight_matrix makes them of
 * the forward layer. */
#ifndef PST_OP_BORDER_H
#define PST_OP_BORDER_H

#include "cl/buffer.h"

/* Replaces the pixels of the border of map [h][w][c] and bits (NULL: none), which the convolution of x [h][w][3] has
 * written. */
pst_status pst_border_forward(pst_session *session, const pst_buffer *x, int h, int w, int c, const pst_buffer *weights,
                              const pst_buffer *bias, pst_buffer *map, pst_buffer *bits);

/* dx [h][w][3] += what the convolution backward left out, from the gradient d [h][w][c] behind it. */
pst_status pst_border_backward(pst_session *session, const pst_buffer *d, int h, int w, int c,
                               const pst_buffer *weights, pst_buffer *dx);

#endif
