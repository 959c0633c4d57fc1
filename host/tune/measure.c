#include "tune/measure.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/file.h"

#define SAMPLE_SECONDS 2e-3 /* of repeated runs: a hundred times the cost of a launch and a wait */
#define REPEATS_MAX 1000
#define HALVING_FROM 2 /* samples of all: one alone may be a moment in which the machine did something else */

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

typedef struct series {
    double samples[PST_SAMPLES_MAX];
    int count, repeats;
    bool out; /* no further sample is taken */
} series;

static pst_status begin(pst_session *session, const pst_measuring *how, pst_measured run, void *user, series *s) {
    double once;
    pst_status status;
    *s = (series){.repeats = 1};
    if (!how->warm)
        PST_TRY(pst_measure_once(session, run, user, &once));
    PST_TRY(pst_measure_once(session, run, user, &once));
    if (once < SAMPLE_SECONDS) {
        double wanted = SAMPLE_SECONDS / (once > 0 ? once : 1e-9);
        s->repeats = wanted < REPEATS_MAX ? (int)wanted + 1 : REPEATS_MAX;
    } else {
        s->samples[s->count++] = once;
    }
cleanup:
    return status;
}

pst_timing pst_timing_of(double *samples, int count) {
    qsort(samples, (size_t)count, sizeof *samples, ascending);
    double middle = samples[count / 2];
    if (count % 2 == 0)
        middle = (middle + samples[count / 2 - 1]) / 2;
    return (pst_timing){middle, samples[0], samples[count - 1], count};
}

static double least(const series *s) {
    double least = s->samples[0];
    for (int i = 1; i < s->count; i++)
        least = s->samples[i] < least ? s->samples[i] : least;
    return least;
}

/* Leaves the faster half by their shortest times, but two. */
static void halve(series *all, size_t count) {
    size_t in = 0, most;
    for (size_t i = 0; i < count; i++)
        in += !all[i].out;
    for (most = in < 4 ? 2 : (in + 1) / 2; in > most; in--) {
        series *slowest = all;
        while (slowest->out)
            slowest++;
        for (series *other = slowest + 1; other < all + count; other++)
            if (!other->out && least(other) > least(slowest))
                slowest = other;
        slowest->out = true;
    }
}

pst_status pst_measure_in_turn(pst_session *session, const pst_measuring *how, size_t count, pst_measured run,
                               void *const users[], pst_timing timings[]) {
    series all[PST_MEASURED_MAX];
    int most = how->most_samples < PST_SAMPLES_MAX ? how->most_samples : PST_SAMPLES_MAX;
    pst_status status = PST_OK;
    for (size_t i = 0; i < count; i++)
        PST_TRY(begin(session, how, run, users[i], &all[i]));
    double end = pst_clock_seconds() + how->seconds * (double)count;
    for (int round = 1; round <= most && (round <= how->least_samples || pst_clock_seconds() < end); round++) {
        if (how->halving && round > HALVING_FROM)
            halve(all, count);
        for (size_t i = 0; i < count; i++)
            if (all[i].count < round && !all[i].out) {
                PST_TRY(repeat(session, all[i].repeats, run, users[i], &all[i].samples[all[i].count]));
                all[i].count++;
            }
    }
    for (size_t i = 0; i < count; i++)
        timings[i] = pst_timing_of(all[i].samples, all[i].count);
cleanup:
    return status;
}

pst_status pst_measure(pst_session *session, const pst_measuring *how, pst_measured run, void *user,
                       pst_timing *timing) {
    *timing = (pst_timing){0};
    return pst_measure_in_turn(session, how, 1, run, &user, timing);
}
