#include "spread/host_vectors.h"

#include <string.h>

#include "base/memory.h"
#include "spread/host_arithmetic.h"

#define PIECES 5           /* a sum and its terms; x, m, v and g; what 4 rows of `spread` need */
#define PIECE_FLOATS 16384 /* about so many: what is in work stays in a core's own cache */

pst_store *pst_host_vector_store(const pst_vector *vector) { return (pst_store *)(uintptr_t)vector; }
pst_vector *pst_host_vector_of(pst_store *store) { return (pst_vector *)store; }

static pst_store *store_of(const pst_vector *vector) { return pst_host_vector_store(vector); }

static size_t row_floats(const pst_host_vectors *space) { return 3 * (size_t)space->w; }

static float *piece_at(const pst_host_vectors *space, int which) {
    return space->pieces + (size_t)which * (size_t)space->piece_rows * row_floats(space);
}

/* ---- rows y .. y + rows of this rank's: in place where it is floats in memory, else in a piece ---- */

typedef struct span {
    int y, rows;
    size_t floats;
} span;

/* The next rows in work; false behind the last. Begins with a span of zeros. */
static bool next(const pst_host_vectors *space, span *s) {
    s->y += s->rows;
    s->rows = space->rows - s->y < space->piece_rows ? space->rows - s->y : space->piece_rows;
    s->floats = (size_t)s->rows * row_floats(space);
    return s->rows > 0;
}

static float *in_place(const pst_host_vectors *space, const pst_vector *vector, span s) {
    float *values = pst_store_values(store_of(vector));
    return values ? values + (size_t)s.y * row_floats(space) : NULL;
}

/* Where the rows can be written to, without what is in them. */
static float *room(const pst_host_vectors *space, const pst_vector *vector, span s, int which) {
    float *values = in_place(space, vector, s);
    return values ? values : piece_at(space, which);
}

static pst_status fetch(const pst_host_vectors *space, const pst_vector *vector, span s, int which, float **rows) {
    *rows = room(space, vector, s, which);
    return pst_store_values(store_of(vector)) ? PST_OK : pst_store_read_rows(store_of(vector), s.y, s.rows, *rows);
}

static pst_status put(pst_vector *vector, span s, const float *rows) {
    return pst_store_values(store_of(vector)) ? PST_OK : pst_store_write_rows(store_of(vector), s.y, s.rows, rows);
}

/* ---- the operations ---- */

static pst_status make(const pst_host_vectors *space, bool in_file, bool half, const char *what, pst_vector **vector) {
    pst_store *made;
    const int rows = space->rows ? space->rows : 1; /* no store is empty */
    pst_status status = pst_store_create(space->stores, in_file, half, rows, space->w, 3, what, &made);
    *vector = pst_host_vector_of(made);
    return status;
}

static pst_status create(void *self, pst_vector **vector) {
    const pst_host_vectors *space = self;
    return make(space, space->in_file, false, "a vector of the optimizer", vector);
}

static pst_status create_kept(void *self, pst_vector **vector) {
    const pst_host_vectors *space = self;
    return make(space, space->kept_in_file, space->half, "what the optimizer keeps", vector);
}

static void destroy(void *self, pst_vector *vector) {
    (void)self;
    pst_store_destroy(store_of(vector));
}

static pst_status copy(void *self, pst_vector *to, const pst_vector *from) {
    const pst_host_vectors *space = self;
    pst_status status = PST_OK;
    for (span s = {0}; to != from && next(space, &s);) {
        float *values = in_place(space, to, s), *read;
        if (values) {
            PST_TRY(pst_store_read_rows(store_of(from), s.y, s.rows, values));
            continue;
        }
        PST_TRY(fetch(space, from, s, 0, &read));
        PST_TRY(pst_store_write_rows(store_of(to), s.y, s.rows, read));
    }
cleanup:
    return status;
}

static pst_status stow(void *self, pst_vector **v, pst_vector **other) {
    pst_vector *from = *v, *to = *other;
    if (pst_store_is_half(store_of(from)) == pst_store_is_half(store_of(to)) &&
        pst_store_is_in_file(store_of(from)) == pst_store_is_in_file(store_of(to)))
        return PST_OK;
    *v = to; /* after a failure too: each stays what it is */
    *other = from;
    return copy(self, to, from);
}

/* One span of a combination. What `to` has itself comes first, so that it may be written in place. */
static pst_status combine_rows(const pst_host_vectors *space, pst_vector *to, size_t count, const double *factors,
                               const pst_vector *const *from, span s) {
    float *sum, *terms[PST_HOST_TERMS] = {NULL}, some[PST_HOST_TERMS], keep = 0;
    size_t held = 0;
    pst_status status;
    bool begun = false;
    for (size_t i = 0; i < count; i++)
        if (from[i] == to) {
            keep += (float)factors[i];
            begun = true;
        }
    sum = room(space, to, s, PST_HOST_TERMS);
    if (begun) {
        PST_TRY(fetch(space, to, s, PST_HOST_TERMS, &sum));
        if (keep != 1)
            pst_host_scale(sum, sum, s.floats, keep);
    }
    for (size_t i = 0; i < count; i++) {
        if (from[i] == to)
            continue;
        PST_TRY(fetch(space, from[i], s, (int)held, &terms[held]));
        some[held] = (float)factors[i];
        if (!begun) {
            pst_host_scale(sum, terms[held], s.floats, some[held]);
            begun = true;
        } else if (++held == PST_HOST_TERMS) {
            pst_host_add(sum, s.floats, held, some, (const float *const *)terms);
            held = 0;
        }
    }
    pst_host_add(sum, s.floats, held, some, (const float *const *)terms);
    PST_TRY(put(to, s, sum));
cleanup:
    return status;
}

static pst_status combine(void *self, pst_vector *to, size_t count, const double *factors,
                          const pst_vector *const *from) {
    const pst_host_vectors *space = self;
    pst_status status = PST_OK;
    for (span s = {0}; status == PST_OK && next(space, &s);)
        status = combine_rows(space, to, count, factors, from, s);
    return status;
}

/* Adds one span's products to those of its band. */
static pst_status dot_rows(pst_host_vectors *space, size_t a_count, const pst_vector *const *a, size_t b_count,
                           const pst_vector *const *b, const pst_vector *norm_of, double *sums, span s) {
    float *right[PST_HOST_DOTS], *left;
    pst_status status = PST_OK;
    for (size_t j = 0; j < b_count; j++)
        PST_TRY(fetch(space, b[j], s, (int)j, &right[j]));
    for (size_t i = 0; i < a_count + (norm_of != NULL); i++) {
        const pst_vector *vector = i < a_count ? a[i] : norm_of;
        left = NULL;
        for (size_t j = 0; j < b_count; j++)
            if (vector == b[j])
                left = right[j];
        if (!left)
            PST_TRY(fetch(space, vector, s, PST_HOST_DOTS, &left));
        if (i < a_count)
            pst_host_dots(left, b_count, (const float *const *)right, s.floats, sums + i * b_count);
        else
            sums[a_count * b_count] += pst_host_absolute_sum(left, s.floats);
    }
cleanup:
    return status;
}

static pst_status queue_dots(void *self, size_t a_count, const pst_vector *const *a, size_t b_count,
                             const pst_vector *const *b, const pst_vector *norm_of) {
    pst_host_vectors *space = self;
    const size_t count = a_count * b_count, bands = (size_t)pst_bands(space->h);
    pst_status status = PST_OK;
    if (a_count > space->most_dots || b_count > PST_HOST_DOTS)
        return pst_fail(space->stores->error, PST_ERROR_ARGUMENT, "products of %zu vectors and %zu", a_count, b_count);
    memset(space->band_dots, 0, bands * (count + 1) * sizeof *space->band_dots);
    for (span s = {0}; next(space, &s);) {
        const size_t band = (size_t)(space->first + s.y) / PST_BAND_ROWS;
        PST_TRY(dot_rows(space, a_count, a, b_count, b, norm_of, space->band_dots + band * (count + 1), s));
    }
    PST_TRY(pst_ranks_gather(space->stores->ranks, space->stores->error, space->band_dots, bands * (count + 1)));
    memset(space->dots, 0, count * sizeof *space->dots);
    space->norm = 0;
    for (size_t band = 0; band < bands; band++) {
        const double *sums = space->band_dots + band * (count + 1);
        for (size_t i = 0; i < count; i++)
            space->dots[i] += sums[i];
        space->norm += sums[count];
    }
cleanup:
    return status;
}

static void read_dots(void *self, size_t a_count, size_t b_count, double *results, double *l1_norm) {
    const pst_host_vectors *space = self;
    memcpy(results, space->dots, a_count * b_count * sizeof *results);
    if (l1_norm)
        *l1_norm = space->norm;
}

/* The rows around this rank's, in space->edges. */
static pst_status fetch_edges(pst_host_vectors *space, const pst_vector *v) {
    const size_t row = row_floats(space);
    float *own = space->pieces;
    pst_status status = PST_OK;
    if (pst_ranks_count(space->stores->ranks) == 1)
        return PST_OK;
    if (space->rows) {
        PST_TRY(pst_store_read_rows(store_of(v), 0, 1, own));
        PST_TRY(pst_store_read_rows(store_of(v), space->rows - 1, 1, own + row));
    }
    PST_TRY(pst_rows_exchange_edges(space->stores->ranks, space->stores->error, space->h, row, own, own + row,
                                    space->edges, space->edges + row));
cleanup:
    return status;
}

/* The first of the coarse scales, from rows that are read with one before and two behind. */
static pst_status shrink(pst_host_vectors *space, const pst_vector *v) {
    const pst_host_scale_map *coarse = &space->scales[1];
    const size_t row = row_floats(space);
    const int most = (PIECES * space->piece_rows - 2) / 2; /* coarse rows at once */
    const int own_end = space->first + space->rows, coarse_end = space->rows ? (own_end + 1) / 2 : 0;
    pst_status status = PST_OK;
    PST_TRY(fetch_edges(space, v));
    for (int y = space->first / 2; y < coarse_end; y += most) {
        const int end = y + most < coarse_end ? y + most : coarse_end;
        const int first = 2 * y - 1 > space->first ? 2 * y - 1 : space->first,
                  last = 2 * end + 1 < own_end ? 2 * end + 1 : own_end; /* of the own rows */
        float *rows = in_place(space, v, (span){.y = first - space->first});
        if (!rows) {
            rows = space->pieces;
            PST_TRY(pst_store_read_rows(store_of(v), first - space->first, last - first, rows));
        }
        for (int k = y; k < end; k++) {
            const float *fine[4];
            for (int i = 0; i < 4; i++) {
                const int at = 2 * k - 1 + i;
                fine[i] = at < 0 || at >= space->h ? NULL
                          : at < space->first      ? space->edges
                          : at >= own_end          ? space->edges + row
                                                   : rows + (size_t)(at - first) * row;
            }
            pst_host_shrink_row(space->coarse + 3 * (size_t)k * (size_t)coarse->w, fine, space->w, space->row);
        }
    }
    PST_TRY(pst_rows_gather(space->stores->ranks, space->stores->error, space->h, true, 3 * (size_t)coarse->w,
                            space->coarse));
cleanup:
    return status;
}

static pst_status spread(void *self, pst_vector *to, const pst_vector *from, const pst_vector *v) {
    pst_host_vectors *space = self;
    const size_t row = row_floats(space);
    pst_status status;
    PST_TRY(shrink(space, v));
    pst_host_spread_coarse(space->coarse, space->scales, space->row);
    for (span s = {0}; next(space, &s);) {
        float *map, *base = NULL, *sum = room(space, to, s, 2);
        PST_TRY(fetch(space, v, s, 0, &map));
        if (from)
            PST_TRY(fetch(space, from, s, 1, &base));
        for (int y = 0; y < s.rows; y++)
            pst_host_widen_row(sum + (size_t)y * row, base ? base + (size_t)y * row : NULL, map + (size_t)y * row,
                               space->w, space->coarse, space->scales[1].h, space->first + s.y + y,
                               (float)PST_SPREAD_GAIN, space->row);
        PST_TRY(put(to, s, sum));
    }
cleanup:
    return status;
}

static pst_status adam(void *self, pst_vector *x, pst_vector *m, pst_vector *v, const pst_vector *g, double rate,
                       double beta1, double beta2, double correction1, double correction2, double epsilon) {
    const pst_host_vectors *space = self;
    pst_status status = PST_OK;
    for (span s = {0}; next(space, &s);) {
        float *point, *first, *second, *gradient;
        PST_TRY(fetch(space, x, s, 0, &point));
        PST_TRY(fetch(space, m, s, 1, &first));
        PST_TRY(fetch(space, v, s, 2, &second));
        PST_TRY(fetch(space, g, s, 3, &gradient));
        pst_host_adam(point, first, second, gradient, s.floats, rate, beta1, beta2, correction1, correction2, epsilon);
        PST_TRY(put(x, s, point));
        PST_TRY(put(m, s, first));
        PST_TRY(put(v, s, second));
    }
cleanup:
    return status;
}

/* to = what a function of pixels makes of `from`. */
typedef void convert_pixels(const float *from, size_t pixels, double scale, float *to);

static pst_status convert(const pst_host_vectors *space, convert_pixels *pixels, const pst_vector *from,
                          pst_vector *to) {
    pst_status status = PST_OK;
    for (span s = {0}; next(space, &s);) {
        float *read, *written = room(space, to, s, 1);
        PST_TRY(fetch(space, from, s, 0, &read));
        pixels(read, s.floats / 3, space->pixel_scale, written);
        PST_TRY(put(to, s, written));
    }
cleanup:
    return status;
}

static pst_status clamp(void *self, pst_vector *x) { return convert(self, pst_host_pixels_clamp, x, x); }

pst_status pst_host_vectors_import(pst_host_vectors *space, pst_vector *x) {
    return convert(space, pst_host_pixels_import, x, x);
}

pst_status pst_host_vectors_export(pst_host_vectors *space, const pst_vector *x, pst_vector *rgb) {
    return convert(space, pst_host_pixels_export, x, rgb);
}

pst_status pst_host_vectors_gray(pst_host_vectors *space, pst_vector *d) {
    return convert(space, pst_host_pixels_gray, d, d);
}

/* ---- rows of the image ---- */

pst_status pst_host_vectors_read(const pst_host_vectors *space, const pst_vector *v, int first, int count,
                                 float *rows) {
    const int from = first > space->first ? first : space->first;
    const int own_end = space->first + space->rows, end = first + count < own_end ? first + count : own_end;
    pst_status status = PST_OK;
    if (from < end)
        PST_TRY(pst_store_read_rows(store_of(v), from - space->first, end - from,
                                    rows + (size_t)(from - first) * row_floats(space)));
    PST_TRY(pst_rows_broadcast(space->stores->ranks, space->stores->error, space->h, first, count, row_floats(space),
                               rows));
cleanup:
    return status;
}

pst_status pst_host_vectors_write(const pst_host_vectors *space, pst_vector *v, int first, int count,
                                  const float *rows) {
    const int from = first > space->first ? first : space->first;
    const int own_end = space->first + space->rows, end = first + count < own_end ? first + count : own_end;
    return from < end ? pst_store_write_rows(store_of(v), from - space->first, end - from,
                                             rows + (size_t)(from - first) * row_floats(space))
                      : PST_OK;
}

/* ---- opening ---- */

static int rows_at_once(int w) {
    int rows = PST_BAND_ROWS;
    while (rows > 1 && 3 * (size_t)w * (size_t)rows > PIECE_FLOATS)
        rows /= 2;
    return rows;
}

uint64_t pst_host_vectors_bytes(const pst_ranks *ranks, int h, int w, size_t most_dots) {
    pst_host_scale_map scales[PST_SPREAD_LEVELS + 1];
    const uint64_t row = 3 * (uint64_t)w;
    const uint64_t dots = PST_HOST_DOTS * (uint64_t)most_dots, band_dots = (uint64_t)pst_bands(h) * (dots + 1);
    const uint64_t gathered = pst_ranks_count(ranks) == 1 ? 0 : sizeof(int64_t) * band_dots; /* while the ranks add */
    return sizeof(float) * (pst_host_scales(h, w, scales) + 3 * row + PIECES * (uint64_t)rows_at_once(w) * row) +
           sizeof(double) * (dots + band_dots) + gathered;
}

uint64_t pst_host_vector_bytes(const pst_ranks *ranks, bool half, int h, int w) {
    const int rows = pst_own_rows(ranks, h).count;
    return pst_store_bytes(half, rows ? rows : 1, w, 3);
}

pst_status pst_host_vectors_open(pst_stores *stores, int h, int w, size_t most_dots, pst_host_vectors *space) {
    pst_status status;
    const pst_row_range own = pst_own_rows(stores->ranks, h);
    *space = (pst_host_vectors){.stores = stores,
                                .h = h,
                                .w = w,
                                .first = own.first,
                                .rows = own.count,
                                .pixel_scale = 1,
                                .piece_rows = rows_at_once(w),
                                .most_dots = most_dots};
    space->vectors = (pst_vector_space){.self = space,
                                        .error = stores->error,
                                        .create = create,
                                        .create_kept = create_kept,
                                        .stow = stow,
                                        .destroy = destroy,
                                        .copy = copy,
                                        .combine = combine,
                                        .queue_dots = queue_dots,
                                        .read_dots = read_dots,
                                        .spread = spread,
                                        .adam = adam,
                                        .clamp = clamp};
    const size_t dots = PST_HOST_DOTS * most_dots, row = row_floats(space);
    PST_TRY(pst_allocate(stores->error, PIECES * (size_t)space->piece_rows, row * sizeof(float), &space->pieces));
    PST_TRY(pst_allocate(stores->error, row, sizeof(float), &space->row));
    PST_TRY(pst_allocate(stores->error, 2 * row, sizeof(float), &space->edges));
    PST_TRY(pst_allocate(stores->error, pst_host_scales(h, w, space->scales), sizeof(float), &space->coarse));
    PST_TRY(pst_allocate(stores->error, dots, sizeof(double), &space->dots));
    PST_TRY(pst_allocate(stores->error, (size_t)pst_bands(h) * (dots + 1), sizeof(double), &space->band_dots));
    return PST_OK;
cleanup:
    pst_host_vectors_close(space);
    return status;
}

void pst_host_vectors_close(pst_host_vectors *space) {
    pst_free(space->pieces);
    pst_free(space->row);
    pst_free(space->edges);
    pst_free(space->coarse);
    pst_free(space->dots);
    pst_free(space->band_dots);
    *space = (pst_host_vectors){0};
}
