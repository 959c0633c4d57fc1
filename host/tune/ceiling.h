/* What a device can do at best, measured: fused multiply-adds a second, and bytes a second from and to its memory. */
#ifndef PST_TUNE_CEILING_H
#define PST_TUNE_CEILING_H

#include "tune/measure.h"

/* *flops: operations of one run; a multiply-add is two. */
pst_status pst_ceiling_arithmetic(pst_session *session, const pst_measuring *how, pst_timing *timing, double *flops);

/* a = b, or with triad a = b + factor * c, over buffers of up to 128 MiB. *moved: bytes read and written by one run. */
pst_status pst_ceiling_bandwidth(pst_session *session, const pst_measuring *how, bool triad, pst_timing *timing,
                                 double *moved);

#endif
