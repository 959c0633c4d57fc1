/* What op/spread.h does, a row at a time, for images that do not lie on a device: D halves a map, U, its transpose
 * times 4, brings it back. Maps are [row][column][3]; a coarse map is half of the fine one each way, rounded up. */
#ifndef PST_SPREAD_HOST_SPREAD_H
#define PST_SPREAD_HOST_SPREAD_H

#include "op/spread.h"

/* The scales that are coarser than an image [h][w], one behind the other. */
typedef struct pst_host_scale_map {
    int h, w;
    size_t at; /* in floats */
} pst_host_scale_map;
size_t pst_host_scales(int h, int w, pst_host_scale_map scales[PST_SPREAD_LEVELS + 1]); /* floats; [0] is the image */

/* A row of the coarse map from the fine rows 2y - 1 .. 2y + 2; NULL is one outside. row: scratch for a fine row. */
void pst_host_shrink_row(float *coarse, const float *const fine[4], int fine_w, float *row);

/* to = from + (map + gain U coarse), rows of fine_w; from NULL is zero, `to` may be one of them. `coarse` is the whole
 * map of coarse_h rows, y the fine row. row: scratch for a coarse row. */
void pst_host_widen_row(float *to, const float *from, const float *map, int fine_w, const float *coarse, int coarse_h,
                        int y, float gain, float *row);

/* All of the coarser scales, of which the first holds D v: each gets what is coarser added to it. */
void pst_host_spread_coarse(float *maps, const pst_host_scale_map scales[PST_SPREAD_LEVELS + 1], float *row);

#endif
