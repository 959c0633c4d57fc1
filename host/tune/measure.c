#include "tune/measure.h"

#include <stdlib.h>

#include "base/file.h"

#define SAMPLE_SECONDS 2e-3 /* of repeated runs: a hundred times the cost of a launch and a wait */
#define REPEATS_MAX 1000

static pst_status repeat(pst_session *session, int repeats, pst_measured run, void *user, double *seconds) {
    double start = pst_clock_seconds();
    pst_status status = PST_OK;
    for (int i = 0; i < repeats; i++)
        PST_TRY(run(user));
    PST_TRY(pst_session_finish(session));
    *seconds = (pst_clock_seconds() - start) / repeats;
cleanup:
    return status;
}

pst_status pst_measure_once(pst_session *session, pst_measured run, void *user, double *seconds) {
    pst_status status = pst_session_finish(session);
    return status == PST_OK ? repeat(session, 1, run, user, seconds) : status;
}

static int ascending(const void *a, const void *b) {
    double left = *(const double *)a, right = *(const double *)b;
    return (left > right) - (left < right);
}

pst_status pst_measure(pst_session *session, const pst_measuring *how, pst_measured run, void *user, pst_timing *timing) {
    double samples[PST_SAMPLES_MAX], once, start;
    int count = 0, repeats = 1, most = how->most_samples < PST_SAMPLES_MAX ? how->most_samples : PST_SAMPLES_MAX;
    pst_status status;
    *timing = (pst_timing){0};
    if (!how->warm)
        PST_TRY(pst_measure_once(session, run, user, &once));
    PST_TRY(pst_measure_once(session, run, user, &once));
    if (once < SAMPLE_SECONDS) {
        double wanted = SAMPLE_SECONDS / (once > 0 ? once : 1e-9);
        repeats = wanted < REPEATS_MAX ? (int)wanted + 1 : REPEATS_MAX;
    } else {
        samples[count++] = once;
    }
    start = pst_clock_seconds();
    while (count < most && (count < how->least_samples || pst_clock_seconds() - start < how->seconds)) {
        PST_TRY(repeat(session, repeats, run, user, &samples[count]));
        count++;
    }
    qsort(samples, (size_t)count, sizeof *samples, ascending);
    double middle = samples[count / 2];
    if (count % 2 == 0)
        middle = (middle + samples[count / 2 - 1]) / 2;
    *timing = (pst_timing){middle, samples[0], samples[count - 1], count};
cleanup:
    return status;
}
