/* Bias, ReLU, 2x2 pooling and their backward forms as passes of their own, for algorithms that do not fuse them.
 * Layouts as in op/conv.h. */
#ifndef PST_OP_ACTIVATION_H
#define PST_OP_ACTIVATION_H

#include "op/conv.h"

/* map pixels first .. first + count - 1, in place: max(v + bias, 0); bits (NULL: none) of the whole map. */
pst_status pst_bias_relu(pst_session *session, pst_buffer *map, size_t first, size_t count, int c,
                         const pst_buffer *bias, pst_buffer *bits);

/* map pixels first .. first + count - 1, in place: (v + more) where the bit is set, else 0. more [count][c] and bits
 * (of the whole map) may be NULL. */
pst_status pst_add_mask(pst_session *session, pst_buffer *map, size_t first, size_t count, int c,
                        const pst_buffer *more, const pst_buffer *bits);

/* Pools `rows` rows of map ([rows][w][c], the image's rows from first_row on, which is even) after bias (NULL: 0) and
 * ReLU into pooled [..][w/2][c] and bits [..][w][c/16] (NULL: none) of the whole image. Max pooling takes the first
 * maximum, as others do. Here and below, ceil: windows reach over an odd side (/2 rounds up), and what is outside
 * counts for nothing. */
pst_status pst_bias_relu_pool(pst_session *session, const pst_buffer *map, int w, int c, const pst_buffer *bias,
                              pst_pool pool, bool ceil, int first_row, int rows, pst_buffer *pooled, pst_buffer *bits);

/* d_map [h][w][c] = the gradient behind the pooling, spread by its bits, + d_map where signs are set (signs NULL: d_map
 * holds nothing yet). */
pst_status pst_unpool(pst_session *session, const pst_buffer *d_pooled, const pst_buffer *bits, int h, int w, int c,
                      pst_pool pool, bool ceil, const pst_buffer *signs, pst_buffer *d_map);

/* pooled [h/2][w/2][c] = 0.78 sqrt(sum of squares of the 2x2 window) of map [h][w][c], which comes out of a ReLU. The
 * factor is style-transfer-pytorch's, by which activations stay about as large as with the maximum. */
pst_status pst_pool_l2(pst_session *session, const pst_buffer *map, int h, int w, int c, bool ceil, pst_buffer *pooled);

/* d_map [h][w][c] = the gradient behind that pooling, brought before it, + d_map where signs are set (signs NULL: d_map
 * holds nothing yet, and may be the map itself). A window of zeros gives zeros. */
pst_status pst_unpool_l2(pst_session *session, const pst_buffer *d_pooled, const pst_buffer *pooled,
                         const pst_buffer *map, int h, int w, int c, bool ceil, const pst_buffer *signs,
                         pst_buffer *d_map);

/* The factor of a gradient on its way back through a pooling. */
double pst_unpool_scale(pst_pool pool);

#endif
