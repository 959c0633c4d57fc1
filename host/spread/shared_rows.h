/* The rows of an image that each rank has: whole bands of PST_BAND_ROWS rows, dealt out in order. */
#ifndef PST_SPREAD_SHARED_ROWS_H
#define PST_SPREAD_SHARED_ROWS_H

#include "spread/ranks.h"
#include "spread/rect.h"

#define PST_BAND_ROWS 64

static inline int pst_bands(int h) { return (h + PST_BAND_ROWS - 1) / PST_BAND_ROWS; }

/* The rows [first, first + count) of a rank; there may be none. */
typedef struct pst_row_range {
    int first, count;
} pst_row_range;
pst_row_range pst_rows_of(const pst_ranks *ranks, int h, int rank);
pst_row_range pst_own_rows(const pst_ranks *ranks, int h);

/* All ranks call these. */

/* The row before this rank's first one and the one behind its last one, from the ranks that have them; a row that is
 * outside of the image, or of a rank without rows, is not written. first, last: this rank's; all have `floats`. */
pst_status pst_rows_exchange_edges(const pst_ranks *ranks, pst_error *error, int h, size_t floats, const float *first,
                                   const float *last, float *before, float *behind);

/* Adds for each rank the bytes that it sends and gets there. */
void pst_rows_edges_traffic(const pst_ranks *ranks, int h, size_t floats, uint64_t *bytes);

/* An image [h][floats], or one of half as many rows, rounded up, for `halved`, of which each rank has written the rows
 * that it has, or half of them: all get all. */
pst_status pst_rows_gather(const pst_ranks *ranks, pst_error *error, int h, bool halved, size_t floats, float *image);

/* Rows first .. first + count - 1 to all, [count][floats], from the ranks that have them; this rank's are there. */
pst_status pst_rows_broadcast(const pst_ranks *ranks, pst_error *error, int h, int first, int count, size_t floats,
                              float *rows);

#endif
