/* Bias, ReLU, 2x2 pooling and their backward forms as passes of their own, for algorithms that do not fuse them.
 * Layouts as in op/conv.h. */
#ifndef PST_OP_ACTIVATION_H
#define PST_OP_ACTIVATION_H

#include "op/conv.h"

/* map pixels first .. first + count - 1, in place: max(v + bias, 0); signs (NULL: none) of the whole map. */
pst_status pst_bias_relu(pst_session *session, pst_buffer *map, size_t first, size_t count, int c, const pst_buffer *bias,
                         pst_buffer *signs);

/* map pixels first .. first + count - 1, in place: zero where the sign bit is not set. */
pst_status pst_mask_signs(pst_session *session, pst_buffer *map, size_t first, size_t count, int c, const pst_buffer *signs);

/* Pools `rows` pairs of rows of map ([..][w][c], from its row 0 on) after bias (NULL: 0) and ReLU into the rows from
 * first_row on of pooled [..][w/2][c] and codes (NULL: none). Max pooling takes the first maximum, as others do. */
pst_status pst_bias_relu_pool(pst_session *session, const pst_buffer *map, int w, int c, const pst_buffer *bias, pst_pool pool,
                              int first_row, int rows, pst_buffer *pooled, pst_buffer *codes);

/* d_map [h][w][c] from d_pooled [h/2][w/2][c]; an odd last row or column becomes zero. */
pst_status pst_unpool(pst_session *session, const pst_buffer *d_pooled, const pst_buffer *codes, int h, int w, int c, pst_pool pool,
                      pst_buffer *d_map);

/* The factor of a gradient on its way back through a pooling. */
double pst_unpool_scale(pst_pool pool);

#endif
