/* How long something takes on the device: by the host's clock, between two waits. */
#ifndef PST_TUNE_MEASURE_H
#define PST_TUNE_MEASURE_H

#include "cl/session.h"

typedef struct pst_timing {
    double median, least, most; /* seconds a run */
    int samples;
} pst_timing;

/* Of at least one sample; sorts them. */
pst_timing pst_timing_of(double *samples, int count);

/* Queues the work that is measured. */
typedef pst_status (*pst_measured)(void *user);

typedef struct pst_measuring {
    int least_samples, most_samples; /* most_samples <= PST_SAMPLES_MAX */
    double seconds;                  /* after so long no further sample is begun, but for the least */
    bool warm;                       /* it ran just now: the first run counts as well */
    bool halving; /* of several things only the faster half goes on, from the third sample on and with each one: who is
                     looking for the fastest (successive halving: Karnin, Koren and Somekh, ICML 2013) */
} pst_measuring;

#define PST_SAMPLES_MAX 32

/* One run that is not counted (it may compile, or wake the device up), then samples. Runs that are too short for the
 * clock and the launch are repeated within a sample. */
pst_status pst_measure(pst_session *session, const pst_measuring *how, pst_measured run, void *user,
                       pst_timing *timing);

/* The same for `count` things (at most PST_MEASURED_MAX) that are to be compared: a sample of each in turn, so that
 * what else the machine does falls on all of them. how->seconds is for each. */
#define PST_MEASURED_MAX 16
pst_status pst_measure_in_turn(pst_session *session, const pst_measuring *how, size_t count, pst_measured run,
                               void *const users[], pst_timing timings[]);

/* One run from end to end, without a warm-up. */
pst_status pst_measure_once(pst_session *session, pst_measured run, void *user, double *seconds);

#endif
