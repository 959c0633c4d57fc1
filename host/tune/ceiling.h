/* What a device can do at best, measured: fused multiply-adds a second, and bytes a second from and to its memory. */
#ifndef PST_TUNE_CEILING_H
#define PST_TUNE_CEILING_H

#include "tune/measure.h"

/* *flops: operations of one run; a multiply-add is two. */
pst_status pst_ceiling_arithmetic(pst_session *session, const pst_measuring *how, pst_timing *timing, double *flops);

/* a = b, or with triad a = b + factor * c, over buffers of up to 128 MiB. *moved: bytes read and written by one run. */
pst_status pst_ceiling_bandwidth(pst_session *session, const pst_measuring *how, bool triad, pst_timing *timing,
                                 double *moved);

/* How fast a processor computes at this moment: the same multiply-adds for some milliseconds. Taken between
 * measurements, it tells whether the clock or another guest on the same machine has changed what they are measured on.
 */
typedef struct pst_pulse pst_pulse;
pst_status pst_pulse_create(pst_session *session, pst_pulse **pulse);
pst_status pst_pulse_take(pst_pulse *pulse, double *flops); /* *flops: operations a second */
void pst_pulse_destroy(pst_pulse *pulse);

#endif
