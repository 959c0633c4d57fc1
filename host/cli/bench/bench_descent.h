/* Time to a given loss: a descent with the built-in network and the images of the demonstration, the same everywhere.
 */
#ifndef PST_CLI_BENCH_BENCH_DESCENT_H
#define PST_CLI_BENCH_BENCH_DESCENT_H

#include "pastiche.h"

enum { BENCH_DESCENT_SIZE = 256, BENCH_DESCENT_MOST = 100, BENCH_TARGETS = 4 };

extern const double bench_targets[BENCH_TARGETS]; /* parts of the first loss */

typedef struct bench_descent_point {
    double seconds, loss; /* since the first evaluation began; the lowest until then */
} bench_descent_point;

typedef struct bench_descent {
    double most_seconds;
    int count;
    bench_descent_point points[BENCH_DESCENT_MOST]; /* one for each evaluation */
} bench_descent;

/* A slow device ends after most_seconds, with fewer evaluations. PST_STOPPED: a signal came. */
pst_status bench_descent_run(pst_context *context, double most_seconds, bench_descent *descent);

/* The evaluation, from 1, that reaches this part of the first loss; 0: none does. */
int bench_descent_reaches(const bench_descent *descent, double part);

#endif
