/* Content, smoothness and range losses with their gradients, and gradients of unit L1 norm. Sums go into slots;
 * accumulate as in op/gram.h. */
#ifndef PST_OP_LOSS_H
#define PST_OP_LOSS_H

#include "op/sums.h"

/* sums[slot] = sum (f - target)^2 over `count` floats (a multiple of 16); d (NULL: none) (+)= scale * (f - target). */
pst_status pst_content(pst_session *session, const pst_buffer *f, const pst_buffer *target, size_t count, double scale,
                       bool accumulate, pst_buffer *d, pst_sums *sums, size_t slot);

/* A window of an image: the pixels [y, y + h) [x, x + w) of it are summed up, and its gradient is right for them; they
 * may touch the window's border only where it is the image's, of image_h by image_w. */
typedef struct pst_smooth_part {
    int y, x, h, w, image_h, image_w;
} pst_smooth_part;

/* Of an image x [h][w][3], or where part is not NULL a window: sums[slot] = the smoothness of that kind, and d (+)=
 * scale * its gradient. What pst_tv_kind says, per unit of the weight; but of PST_TV_SQUARES the sum without the half.
 */
pst_status pst_smoothness(pst_session *session, pst_tv_kind kind, const pst_buffer *x, int h, int w,
                          const pst_smooth_part *part, double scale, bool accumulate, pst_buffer *d, pst_sums *sums,
                          size_t slot);

/* Of such an image: sums[slot] = the sum of the squares of what samples are outside 0..255, and d += scale * what they
 * are outside; pixel_scale as in op/pixels.h. */
pst_status pst_outside_range(pst_session *session, const pst_buffer *x, int h, int w, const pst_smooth_part *part,
                             double pixel_scale, double scale, pst_buffer *d, pst_sums *sums, size_t slot);

/* d (+)= weight / (sums[slot] + 1e-8) * from, for count floats (a multiple of 16). */
pst_status pst_add_normalized(pst_session *session, const pst_buffer *from, size_t count, double weight,
                              const pst_sums *sums, size_t slot, bool accumulate, pst_buffer *d);

#endif
