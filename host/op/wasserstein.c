/* With m = L' S L, n = |m| (Frobenius), b = m / n and z and w of op/roots.h, the distance has tr(sqrt(n) b z). Since n
 * depends on m as well, d tr(sqrt(n) b z) / dm = (z + w - tr(b w) b) / (2 sqrt(n)). */
#include "op/wasserstein.h"

#include <math.h>

#include "base/memory.h"
#include "cl/program.h"

#define LEAST_PIVOT 1e-6  /* of the largest one: rounding of the covariance is of that size */
#define FEWER_COLUMNS 192 /* where so many will do, as for styles of 128 pixels: they have 16x12 or so in relu4_1 */

/* A workspace: sums of each distance, two matrices [c][c] and the scratch of Gram products, which one distance after
 * the other takes, and the roots of all. Slices. */
typedef struct room {
    const pst_conv_engine *engine;
    pst_session *session;
    pst_buffer *sums[PST_DISTANCES], *one, *other, *scratch; /* sums [2][PST_PARTS] */
    pst_roots roots;
} room;

static size_t matrix_bytes(int c) { return pst_round_up(sizeof(float) * (size_t)c * (size_t)c, PST_SLICE_ALIGN); }

static size_t sums_bytes(void) { return pst_round_up(pst_sums_bytes(2), PST_SLICE_ALIGN); }

static size_t scratch_bytes(const pst_conv_engine *engine, int c) {
    return pst_round_up(pst_gram_workspace_bytes(engine, (size_t)c, c), PST_SLICE_ALIGN);
}

static int most_columns(int c) { return c < PST_FACTOR_COLUMNS ? c : PST_FACTOR_COLUMNS; }

/* Bytes before the roots, and the largest of c. */
static size_t bytes_before(const pst_conv_engine *engine, const int *c, size_t count, int *largest) {
    size_t scratch = 0;
    *largest = 0;
    for (size_t i = 0; i < count; i++) {
        size_t own = scratch_bytes(engine, c[i]);
        scratch = own > scratch ? own : scratch;
        *largest = c[i] > *largest ? c[i] : *largest;
    }
    return count * sums_bytes() + 2 * matrix_bytes(*largest) + scratch;
}

size_t pst_wasserstein_workspace_bytes(const pst_conv_engine *engine, const int *c, size_t count) {
    int largest;
    size_t bytes = bytes_before(engine, c, count, &largest);
    for (size_t i = 0; i < count; i++)
        bytes += pst_root_bytes(pst_root_side(most_columns(c[i])));
    return bytes;
}

static pst_status open_room(const pst_conv_engine *engine, const pst_distance *distances, size_t count,
                            const pst_buffer *workspace, room *r) {
    pst_session *session = engine->session;
    int c[PST_DISTANCES], sides[PST_DISTANCES], largest;
    size_t used = 0;
    pst_status status;
    *r = (room){.engine = engine, .session = session};
    for (size_t i = 0; i < count; i++, used += sums_bytes()) {
        c[i] = distances[i].c;
        sides[i] = pst_root_side(distances[i].target->rank);
        PST_TRY(pst_buffer_slice(session, workspace, used, pst_sums_bytes(2), &r->sums[i]));
    }
    const size_t before = bytes_before(engine, c, count, &largest), matrix = matrix_bytes(largest);
    PST_TRY(pst_buffer_slice(session, workspace, used, matrix, &r->one));
    PST_TRY(pst_buffer_slice(session, workspace, used + matrix, matrix, &r->other));
    PST_TRY(pst_buffer_slice(session, workspace, used + 2 * matrix, before - used - 2 * matrix, &r->scratch));
    PST_TRY(pst_roots_open(engine, workspace, before, sides, count, &r->roots));
cleanup:
    return status;
}

static void close_room(room *r) {
    for (size_t i = 0; i < PST_DISTANCES; i++)
        pst_buffer_destroy(r->session, r->sums[i]);
    pst_buffer_destroy(r->session, r->one);
    pst_buffer_destroy(r->session, r->other);
    pst_buffer_destroy(r->session, r->scratch);
    pst_roots_close(&r->roots);
}

/* to [rows][c] = a [rows][c] b [c][c] */
static pst_status multiply(const room *r, int rows, int c, const pst_buffer *a, const pst_buffer *b, pst_buffer *to) {
    return pst_gram_multiply(r->engine, a, b, (size_t)rows, c, to, r->scratch);
}

static pst_status each(pst_session *session, const char *name, size_t count, size_t arg_count, const pst_arg *args) {
    const pst_kernel *kernel;
    pst_status status = pst_kernel_get(session, "wasserstein", name, "", &kernel);
    return status == PST_OK ? pst_launch_each(session, kernel, count, arg_count, args) : status;
}

static pst_status sum(pst_session *session, const char *name, size_t arg_count, const pst_arg *args) {
    const pst_kernel *kernel;
    pst_status status = pst_kernel_get(session, "wasserstein", name, "", &kernel);
    return status == PST_OK ? pst_launch_sums(session, kernel, arg_count, args) : status;
}

pst_status pst_covariance(pst_session *session, int c, int true_c, const pst_buffer *mean, pst_buffer *moment) {
    return each(session, "covariance", (size_t)c * (size_t)c,
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
    const size_t fewer = FEWER_COLUMNS, most = (size_t)most_columns((int)c);
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

/* b, z and w of the first step, and the norm, from m = L' S L. */
static pst_status begin(const room *r, const pst_distance *d, size_t i) {
    const pst_root *root = &r->roots.at[i];
    const int rank = d->target->rank, n = root->side;
    pst_status status;
    PST_TRY(multiply(r, rank, d->c, d->target->transposed, d->difference, r->one));
    PST_TRY(multiply(r, rank, d->c, r->one, d->target->factor, r->other));
    PST_TRY(sum(r->session, "norm_parts",
                PST_ARGS(pst_arg_buffer(r->other), pst_arg_int(rank * d->c), pst_arg_buffer(r->sums[i]))));
    PST_TRY(each(r->session, "first_step", (size_t)n * (size_t)n,
                 PST_ARGS(pst_arg_buffer(r->other), pst_arg_int(rank), pst_arg_int(d->c), pst_arg_buffer(r->sums[i]),
                          pst_arg_float(PST_ROOT_FIRST_FACTOR), pst_arg_int(n), pst_arg_buffer(root->b),
                          pst_arg_buffer(root->first_z), pst_arg_buffer(root->first_w))));
cleanup:
    return status;
}

static pst_status end(const room *r, const pst_distance *d, size_t i, pst_sums *sums) {
    const pst_root *root = &r->roots.at[i];
    const pst_wasserstein_target *target = d->target;
    const size_t count = (size_t)d->c * (size_t)d->c;
    const pst_kernel *kernel;
    pst_status status;
    PST_TRY(sum(r->session, "distance_parts",
                PST_ARGS(pst_arg_buffer(d->mean), pst_arg_buffer(target->mean), pst_arg_float(target->trace),
                         pst_arg_buffer(d->difference), pst_arg_int(d->c), pst_arg_buffer(root->b),
                         pst_arg_buffer(root->z), pst_arg_buffer(root->w), pst_arg_int(root->side),
                         pst_arg_buffer(r->sums[i]), pst_arg_buffer(sums->parts), pst_arg_int((int)d->slot))));
    PST_TRY(each(r->session, "slope", count,
                 PST_ARGS(pst_arg_buffer(root->z), pst_arg_buffer(root->w), pst_arg_buffer(root->b),
                          pst_arg_int(root->side), pst_arg_int(target->rank), pst_arg_buffer(r->sums[i]),
                          pst_arg_buffer(r->one), pst_arg_buffer(r->other), pst_arg_int(d->c))));
    PST_TRY(multiply(r, target->rank, d->c, r->one, target->transposed, r->other));
    PST_TRY(multiply(r, d->c, d->c, target->factor, r->other, r->one));
    PST_TRY(each(r->session, "difference", count,
                 PST_ARGS(pst_arg_buffer(r->one), pst_arg_int(d->c), pst_arg_buffer(r->sums[i]),
                          pst_arg_buffer(d->difference))));
    PST_TRY(pst_kernel_get(r->session, "wasserstein", "mean_row", "", &kernel));
    PST_TRY(pst_launch_groups(r->session, kernel, (size_t)d->c,
                              PST_ARGS(pst_arg_buffer(d->difference), pst_arg_int(d->c), pst_arg_buffer(d->mean),
                                       pst_arg_buffer(target->mean), pst_arg_buffer(d->row))));
cleanup:
    return status;
}

pst_status pst_wasserstein_compare(const pst_conv_engine *engine, const pst_distance *distances, size_t count,
                                   pst_sums *sums, pst_buffer *workspace) {
    room r;
    pst_status status;
    PST_TRY(open_room(engine, distances, count, workspace, &r));
    for (size_t i = 0; i < count; i++)
        PST_TRY(begin(&r, &distances[i], i));
    PST_TRY(pst_roots_iterate(&r.roots));
    for (size_t i = 0; i < count; i++)
        PST_TRY(end(&r, &distances[i], i, sums));
cleanup:
    close_room(&r);
    return status;
}
