/* With m = L' S L, n = |m| (Frobenius) and b = m / n, all matrices below are functions of b and commute. The iteration
 * is s = a z y,  t = (3 - s) / 2,  y = a^1/2 y t,  z = a^1/2 t z   from y = b, z = 1, in which y goes to b^1/2 and z to
 * b^-1/2, always y = b z. Plain, a is 1 and an eigenvalue of s grows by 9/4 in a step while it is small. Larger factors
 * a (Chen and Chow, "A stable scaling of Newton-Schulz for improving the sign function computation of a Hermitian
 * matrix", 2014) save a third of the steps: with eigenvalues of s in [l, 1] a may grow until the largest one ends where
 * the smallest does. What the computed root y says about its own slope: with s = a b z^2 and its logarithmic derivative
 * v = b s'/s (1 at first, 0 at the end) it is y' = z (1 + v) / 2, and w = z v goes on by w = a^1/2 w (t - s)   from w
 * = 1. That is one product more a step, and exact where the iteration has not converged. All products are computed in
 * full: with s mirrored from one half the iteration is unstable, as with s = y z. Since n depends on m as well, d
 * tr(sqrt(n) y) / dm = (z + w - tr(b w) b) / (2 sqrt(n)). */
#include "op/wasserstein.h"

#include <math.h>

#include "base/memory.h"
#include "cl/program.h"

enum { B, Y, Z, W, S, T, SPARE, MATRICES };

/* For eigenvalues from l = PST_ROOT_LEAST on: a is the largest up to 2.95 with f(a) >= f(a l), f(x) = x (3 - x)^2 / 4;
 * then l = f(a l). tests/fixtures/reference_ops.c makes them anew. */
static const double factors[PST_ROOT_STEPS] = {2.950000000, 2.922767528, 2.802750315, 2.515989287,
                                               1.959223752, 1.328042219, 1.037522139, 1.000521680};

#define LEAST_PIVOT 1e-6  /* of the largest one: rounding of the covariance is of that size */
#define FEWER_COLUMNS 192 /* where so many will do, as for styles of 128 pixels: they have 16x12 or so in relu4_1 */

typedef struct root {
    const pst_conv_engine *engine;
    pst_session *session;
    int c, rank;                               /* of the matrices outside, and of those that the iteration is about */
    pst_buffer *at[MATRICES], *sums, *scratch; /* slices of the workspace; sums [2][PST_PARTS] */
} root;

static size_t matrix_bytes(int c) { return pst_round_up(sizeof(float) * (size_t)c * (size_t)c, PST_SLICE_ALIGN); }

static size_t sums_bytes(void) { return pst_round_up(pst_sums_bytes(2), PST_SLICE_ALIGN); }

static size_t scratch_bytes(const pst_conv_engine *engine, int c) {
    const int sides[] = {c, PST_FACTOR_COLUMNS, FEWER_COLUMNS};
    size_t most = 0;
    for (size_t i = 0; i < sizeof sides / sizeof *sides; i++) {
        size_t bytes = sides[i] <= c ? pst_gram_workspace_bytes(engine, (size_t)c, sides[i]) : 0;
        most = bytes > most ? bytes : most;
    }
    return most;
}

size_t pst_wasserstein_workspace_bytes(const pst_conv_engine *engine, int c) {
    return sums_bytes() + MATRICES * matrix_bytes(c) + scratch_bytes(engine, c);
}

static void close_root(root *r) {
    for (int i = 0; i < MATRICES; i++)
        pst_buffer_destroy(r->session, r->at[i]);
    pst_buffer_destroy(r->session, r->sums);
    pst_buffer_destroy(r->session, r->scratch);
}

static pst_status open_root(const pst_conv_engine *engine, int c, int rank, const pst_buffer *workspace, root *r) {
    pst_session *session = engine->session;
    size_t used = sums_bytes();
    pst_status status;
    *r = (root){.engine = engine, .session = session, .c = c, .rank = rank};
    PST_TRY(pst_buffer_slice(session, workspace, 0, pst_sums_bytes(2), &r->sums));
    for (int i = 0; i < MATRICES; i++, used += matrix_bytes(c))
        PST_TRY(pst_buffer_slice(session, workspace, used, matrix_bytes(c), &r->at[i]));
    PST_TRY(pst_buffer_slice(session, workspace, used, scratch_bytes(engine, c), &r->scratch));
cleanup:
    return status;
}

/* to [rows][side] = a [rows][side] b [side][side] */
static pst_status multiply(const root *r, int rows, int side, const pst_buffer *a, const pst_buffer *b,
                           pst_buffer *to) {
    return pst_gram_multiply(r->engine, a, b, (size_t)rows, side, to, r->scratch);
}

/* One of the matrices becomes its product with another one. */
static pst_status advance(root *r, int which, const pst_buffer *left, const pst_buffer *right) {
    pst_status status = multiply(r, r->rank, r->rank, left, right, r->at[SPARE]);
    pst_buffer *made = r->at[SPARE];
    r->at[SPARE] = r->at[which];
    r->at[which] = made;
    return status;
}

static pst_status each(const root *r, const char *name, size_t count, size_t arg_count, const pst_arg *args) {
    const pst_kernel *kernel;
    pst_status status = pst_kernel_get(r->session, "wasserstein", name, "", &kernel);
    return status == PST_OK ? pst_launch_each(r->session, kernel, count, arg_count, args) : status;
}

static pst_status sum(const root *r, const char *name, size_t arg_count, const pst_arg *args) {
    const pst_kernel *kernel;
    pst_status status = pst_kernel_get(r->session, "wasserstein", name, "", &kernel);
    return status == PST_OK ? pst_launch_sums(r->session, kernel, arg_count, args) : status;
}

/* B, Z, W [rank][rank] and the norm in sums, of m [rank][c] with zeros beside it, which may be in S. */
static pst_status iterate(root *r, const pst_buffer *m) {
    const int n = r->rank;
    const size_t count = (size_t)n * (size_t)n;
    pst_buffer **at = r->at;
    pst_status status;
    PST_TRY(sum(r, "norm_parts", PST_ARGS(pst_arg_buffer(m), pst_arg_int(n * r->c), pst_arg_buffer(r->sums))));
    PST_TRY(
        each(r, "first_step", count,
             PST_ARGS(pst_arg_buffer(m), pst_arg_int(n), pst_arg_int(r->c), pst_arg_buffer(r->sums),
                      pst_arg_float(factors[0]), pst_arg_buffer(at[B]), pst_arg_buffer(at[Z]), pst_arg_buffer(at[W]))));
    PST_TRY(multiply(r, n, n, at[B], at[Z], at[Y]));
    for (int step = 1; step < PST_ROOT_STEPS; step++) {
        PST_TRY(multiply(r, n, n, at[Z], at[Y], at[S]));
        PST_TRY(
            each(r, "next_step", count,
                 PST_ARGS(pst_arg_buffer(at[S]), pst_arg_int(n), pst_arg_float(factors[step]), pst_arg_buffer(at[T]))));
        if (step + 1 < PST_ROOT_STEPS)
            PST_TRY(advance(r, Y, at[Y], at[T]));
        PST_TRY(advance(r, Z, at[T], at[Z]));
        PST_TRY(advance(r, W, at[W], at[S]));
    }
cleanup:
    return status;
}

pst_status pst_covariance(pst_session *session, int c, int true_c, const pst_buffer *mean, pst_buffer *moment) {
    const root r = {.session = session};
    return each(&r, "covariance", (size_t)c * (size_t)c,
                PST_ARGS(pst_arg_buffer(moment), pst_arg_int(c), pst_arg_int(true_c),
                         pst_arg_float(PST_COVARIANCE_EPSILON), pst_arg_float(PST_COVARIANCE_NOISE),
                         pst_arg_buffer(mean)));
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
    const size_t fewer = FEWER_COLUMNS, most = c < PST_FACTOR_COLUMNS ? c : PST_FACTOR_COLUMNS;
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

pst_status pst_wasserstein_compare(const pst_conv_engine *engine, int c, const pst_wasserstein_target *target,
                                   const pst_buffer *mean, pst_buffer *difference, pst_buffer *row, pst_sums *sums,
                                   size_t slot, pst_buffer *workspace) {
    const int n = target->rank;
    const size_t count = (size_t)c * (size_t)c;
    root r;
    pst_status status;
    PST_TRY(open_root(engine, c, n, workspace, &r));
    pst_buffer **at = r.at;
    PST_TRY(multiply(&r, n, c, target->transposed, difference, at[T]));
    PST_TRY(multiply(&r, n, c, at[T], target->factor, at[S]));
    PST_TRY(iterate(&r, at[S]));
    PST_TRY(sum(&r, "distance_parts",
                PST_ARGS(pst_arg_buffer(mean), pst_arg_buffer(target->mean), pst_arg_float(target->trace),
                         pst_arg_buffer(difference), pst_arg_int(c), pst_arg_buffer(at[B]), pst_arg_buffer(at[Z]),
                         pst_arg_buffer(at[W]), pst_arg_int(n), pst_arg_buffer(r.sums), pst_arg_buffer(sums->parts),
                         pst_arg_int((int)slot))));
    PST_TRY(each(&r, "slope", count,
                 PST_ARGS(pst_arg_buffer(at[Z]), pst_arg_buffer(at[W]), pst_arg_buffer(at[B]), pst_arg_int(n),
                          pst_arg_buffer(r.sums), pst_arg_buffer(at[T]), pst_arg_buffer(at[S]), pst_arg_int(c))));
    PST_TRY(multiply(&r, n, c, at[T], target->transposed, at[S]));
    PST_TRY(multiply(&r, c, c, target->factor, at[S], at[T]));
    PST_TRY(each(&r, "difference", count,
                 PST_ARGS(pst_arg_buffer(at[T]), pst_arg_int(c), pst_arg_buffer(r.sums), pst_arg_buffer(difference))));
    PST_TRY(each(&r, "mean_row", (size_t)c,
                 PST_ARGS(pst_arg_buffer(difference), pst_arg_int(c), pst_arg_buffer(mean),
                          pst_arg_buffer(target->mean), pst_arg_buffer(row))));
cleanup:
    close_root(&r);
    return status;
}
