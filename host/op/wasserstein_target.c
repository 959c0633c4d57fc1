/* Covariances, and what a comparison needs of a target's: its factor, which the host makes. */
#include <math.h>

#include "base/memory.h"
#include "cl/program.h"
#include "op/wasserstein.h"

#define LEAST_PIVOT 1e-6  /* of the largest one: rounding of the covariance is of that size */
#define FEWER_COLUMNS 192 /* where so many will do, as for styles of 128 pixels: they have 16x12 or so in relu4_1 */

int pst_factor_columns(int c) { return c < PST_FACTOR_COLUMNS ? c : PST_FACTOR_COLUMNS; }

/* An argument of each; those that are missing are the first's. */
#define EACH_MAP(argument)                                        \
    for (size_t i = 0; i < PST_DISTANCES; i++) {                  \
        const pst_second_moment *m = &moments[i < count ? i : 0]; \
        *next++ = (argument);                                     \
    }

pst_status pst_covariances(pst_session *session, const pst_second_moment *moments, size_t count) {
    const pst_kernel *kernel;
    pst_arg args[4 * PST_DISTANCES + 2], *next = args;
    size_t most = 0;
    pst_status status = pst_kernel_get(session, "wasserstein", "covariance", "", &kernel);
    if (status != PST_OK)
        return status;
    EACH_MAP(pst_arg_buffer(m->moment))
    EACH_MAP(pst_arg_int(m->c))
    EACH_MAP(pst_arg_int(m->true_c))
    EACH_MAP(pst_arg_buffer(m->mean))
    *next++ = pst_arg_float(PST_COVARIANCE_EPSILON);
    *next++ = pst_arg_float(PST_COVARIANCE_NOISE);
    for (size_t i = 0; i < count; i++)
        most = (size_t)moments[i].c > most ? (size_t)moments[i].c : most;
    return pst_launch_each_rows(session, kernel, most * most, count, (size_t)(next - args), args);
}

/* Row `k` of L' of a matrix s [c][c], whose diagonal is d but for the rows before: the column of the largest pivot.
 * false: what is left is rounding. */
static bool add_row(const float *s, size_t c, size_t k, double least, double *d, double *rows) {
    double *row = rows + k * c;
    size_t pivot = 0;
    for (size_t i = 1; i < c; i++)
        pivot = d[i] > d[pivot] ? i : pivot;
    if (!(d[pivot] > least))
        return false;
    for (size_t i = 0; i < c; i++)
        row[i] = (double)s[pivot * c + i];
    for (size_t q = 0; q < k; q++) {
        const double factor = rows[q * c + pivot];
        for (size_t i = 0; i < c; i++)
            row[i] -= factor * rows[q * c + i];
    }
    const double length = sqrt(d[pivot]);
    for (size_t i = 0; i < c; i++) {
        row[i] = d[i] == -INFINITY ? 0 : row[i] / length;
        d[i] -= row[i] * row[i];
    }
    d[pivot] = -INFINITY; /* done: what rounding leaves there is no pivot */
    return true;
}

static double rest_of(const double *d, size_t c) {
    double sum = 0;
    for (size_t i = 0; i < c; i++)
        sum += d[i] > 0 ? d[i] : 0;
    return sum;
}

/* rows [c][c], zeros before, become L'; the rank that is to be worked with, not below that of L. d is scratch [c]. */
static int factorize(const float *s, size_t c, double *d, double *rows, double *trace) {
    const size_t fewer = FEWER_COLUMNS, most = (size_t)pst_factor_columns((int)c);
    size_t made = 0;
    double largest = *trace = 0;
    for (size_t i = 0; i < c; i++) {
        d[i] = (double)s[i * (c + 1)];
        largest = d[i] > largest ? d[i] : largest;
        *trace += d[i]; /* not finite if one is not, and then nor is the distance */
    }
    while (made < most && !(made == fewer && rest_of(d, c) <= PST_FACTOR_REST * *trace) &&
           add_row(s, c, made, largest * LEAST_PIVOT, d, rows))
        made++;
    return (int)(made <= fewer && fewer < most ? fewer : most);
}

pst_status pst_covariance_factor(pst_session *session, int c, pst_buffer *covariance, pst_buffer *transposed,
                                 pst_wasserstein_target *target) {
    const size_t n = (size_t)c, count = n * n;
    float *s = NULL, *turned = NULL;
    double *rows = NULL, *d = NULL;
    pst_status status;
    PST_TRY(pst_allocate(session->error, count, sizeof *s, &s));
    PST_TRY(pst_allocate(session->error, count, sizeof *turned, &turned));
    PST_TRY(pst_allocate(session->error, count, sizeof *rows, &rows));
    PST_TRY(pst_allocate(session->error, n, sizeof *d, &d));
    PST_TRY(pst_buffer_read(session, covariance, 0, s, count * sizeof *s));
    target->rank = factorize(s, n, d, rows, &target->trace);
    for (size_t i = 0; i < count; i++) {
        turned[i] = (float)rows[i];
        s[i] = (float)rows[i % n * n + i / n];
    }
    PST_TRY(pst_buffer_write(session, covariance, 0, s, count * sizeof *s));
    PST_TRY(pst_buffer_write(session, transposed, 0, turned, count * sizeof *turned));
    target->factor = covariance;
    target->transposed = transposed;
cleanup:
    pst_free(s);
    pst_free(turned);
    pst_free(rows);
    pst_free(d);
    return status;
}
