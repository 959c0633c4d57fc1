/* Planes of floats that are no images: shares of masks, weights, Adam's moments. They may have any range. */
#ifndef PST_IMAGE_PLANE_H
#define PST_IMAGE_PLANE_H

#include "image/filter.h"

/* to [height][width][channels] = from [from_height][from_width][channels] in another size. With the linear filter all
 * results lie within the range of the samples they are made from. */
pst_status pst_plane_resize(pst_error *error, pst_filter_kind kind, int channels, const float *from, int from_width,
                            int from_height, float *to, int width, int height);

/* The same, added to what is in `to`. */
pst_status pst_plane_add_resized(pst_error *error, pst_filter_kind kind, int channels, const float *from,
                                 int from_width, int from_height, float *to, int width, int height);

#endif
