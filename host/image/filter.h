/* Filters for resizing along one side: which samples of the input make a sample of the output. */
#ifndef PST_IMAGE_FILTER_H
#define PST_IMAGE_FILTER_H

#include "base/status.h"

typedef enum pst_filter_kind {
    PST_FILTER_LINEAR, /* between the nearest two when enlarging, the average of an area when shrinking */
    PST_FILTER_CUBIC   /* Catmull-Rom, stretched when shrinking: sharper, but it overshoots at edges */
} pst_filter_kind;

typedef struct pst_taps {
    int first, count; /* samples of the input */
    const double *weights;
} pst_taps;

typedef struct pst_filter {
    pst_taps *at;    /* one for each sample of the output */
    double *weights; /* of all; those of a sample add up to 1 */
} pst_filter;

/* Sample i of the output lies at (i + 1/2) in / out - 1/2 of the input, so that the edges meet and nothing shifts.
 * Beyond an edge the outermost sample goes on. *filter must be zeroed; pst_filter_clear follows a failure too. */
pst_status pst_filter_init(pst_error *error, pst_filter_kind kind, int in, int out, pst_filter *filter);
void pst_filter_clear(pst_filter *filter);

#endif
