/* First and second moments of feature maps F [pixels][c], c a multiple of PST_CHANNELS, in a fixed order of summation:
 * what a style is described by. Matrices are float [c][c], means float [c]. */
#ifndef PST_OP_MOMENTS_H
#define PST_OP_MOMENTS_H

#include "op/gram.h"

/* Where the moments of a map go. */
typedef struct pst_moments {
    const pst_buffer *features;
    const pst_buffer *guide; /* NULL, or [pixels]: the mean is that of the features times it */
    size_t pixels;
    int c;
    double scale;
    pst_buffer *moment, *mean; /* mean: may be NULL */
} pst_moments;

/* Bytes of scratch memory that the moments of a map take. */
size_t pst_moments_workspace_bytes(const pst_conv_engine *engine, size_t pixels, int c);

/* moment (+)= scale * F' F and mean (+)= scale * (sum of F over the pixels); add false: they are overwritten. Several
 * maps, all of them with means or none, where pst_moments_together says so, as of Gram matrices that are compared. */
bool pst_moments_together(const pst_conv_engine *engine, const pst_moments *maps, size_t count, size_t workspace_bytes);
pst_status pst_moments_take(const pst_conv_engine *engine, const pst_moments *maps, size_t count, bool add,
                            pst_buffer *workspace);

#endif
