/* With m = L' S L, n = |m| (Frobenius), b = m / n and z and w of op/roots.h, the distance has tr(sqrt(n) b z). Since n
 * depends on m as well, d tr(sqrt(n) b z) / dm = (z + w - tr(b w) b) / (2 sqrt(n)). */
#include "op/wasserstein.h"

#include "base/memory.h"
#include "cl/program.h"
#include "op/products.h"

/* A workspace, in slices: sums of each distance, two matrices [c][c] and the scratch of products, which are made for so
 * many distances `together`, and the roots of all. */
typedef struct room {
    const pst_conv_engine *engine;
    pst_session *session;
    size_t together;
    pst_buffer *sums[PST_DISTANCES], *scratch; /* sums [2][PST_PARTS] */
    pst_buffer *one[PST_DISTANCES], *other[PST_DISTANCES];
    pst_roots roots;
} room;

static size_t matrix_bytes(int c) { return pst_round_up(sizeof(float) * (size_t)c * (size_t)c, PST_SLICE_ALIGN); }

static size_t sums_bytes(void) { return pst_round_up(pst_sums_bytes(2), PST_SLICE_ALIGN); }

/* Where the matrices of a distance lie behind the sums, both as large as `bytes`. */
static size_t matrix_offset(const pst_conv_engine *engine, const int *c, size_t count, size_t i, size_t *bytes) {
    size_t offset = 0;
    *bytes = matrix_bytes(c[i]);
    if (pst_products_at_once(engine->session) > 1)
        for (size_t k = 0; k < i; k++)
            offset += 2 * matrix_bytes(c[k]);
    else
        for (size_t k = 0; k < count; k++)
            *bytes = matrix_bytes(c[k]) > *bytes ? matrix_bytes(c[k]) : *bytes;
    return offset;
}

/* Bytes before the roots, and those of the scratch at their end. */
static size_t bytes_before(const pst_conv_engine *engine, const int *c, size_t count, size_t *scratch) {
    size_t last;
    *scratch = 0;
    for (size_t i = 0; i < count; i++) {
        const size_t own = pst_round_up(pst_products_workspace_bytes(engine, c[i], c[i]), PST_SLICE_ALIGN);
        *scratch = own > *scratch ? own : *scratch;
    }
    const size_t offset = matrix_offset(engine, c, count, count - 1, &last);
    return count * sums_bytes() + offset + 2 * last + *scratch;
}

size_t pst_wasserstein_workspace_bytes(const pst_conv_engine *engine, const int *c, size_t count) {
    size_t bytes, scratch;
    if (!count)
        return 0;
    bytes = bytes_before(engine, c, count, &scratch);
    for (size_t i = 0; i < count; i++)
        bytes += pst_root_bytes(pst_root_side(pst_factor_columns(c[i])));
    return bytes;
}

static pst_status open_room(const pst_conv_engine *engine, const pst_distance *distances, size_t count,
                            const pst_buffer *workspace, room *r) {
    pst_session *session = engine->session;
    int c[PST_DISTANCES] = {0}, sides[PST_DISTANCES];
    size_t used = 0, scratch;
    pst_status status;
    *r = (room){.engine = engine, .session = session, .together = pst_products_at_once(session)};
    for (size_t i = 0; i < count; i++, used += sums_bytes()) {
        c[i] = distances[i].c;
        sides[i] = pst_root_side(distances[i].target->rank);
        PST_TRY(pst_buffer_slice(session, workspace, used, pst_sums_bytes(2), &r->sums[i]));
    }
    const size_t before = bytes_before(engine, c, count, &scratch);
    for (size_t i = 0; i < count && i < r->together; i++) {
        size_t bytes, at = used + matrix_offset(engine, c, count, i, &bytes);
        PST_TRY(pst_buffer_slice(session, workspace, at, bytes, &r->one[i]));
        PST_TRY(pst_buffer_slice(session, workspace, at + bytes, bytes, &r->other[i]));
    }
    if (scratch)
        PST_TRY(pst_buffer_slice(session, workspace, before - scratch, scratch, &r->scratch));
    PST_TRY(pst_roots_open(engine, workspace, before, sides, count, &r->roots));
cleanup:
    return status;
}

static void close_room(room *r) {
    for (size_t i = 0; i < PST_DISTANCES; i++) {
        pst_buffer_destroy(r->session, r->sums[i]);
        pst_buffer_destroy(r->session, r->one[i]);
        pst_buffer_destroy(r->session, r->other[i]);
    }
    pst_buffer_destroy(r->session, r->scratch);
    pst_roots_close(&r->roots);
}

/* ---- some distances at once, those from d[first] on ---- */

typedef struct some {
    const room *r;
    const pst_distance *d;
    size_t first, count;
} some;

static pst_status multiply(const some *s, pst_product product(const room *r, const pst_distance *d, size_t i)) {
    pst_product products[PST_PRODUCTS];
    for (size_t k = 0; k < s->count; k++)
        products[k] = product(s->r, &s->d[s->first + k], k);
    return pst_products_run(s->r->engine, products, s->count, s->r->scratch);
}

/* L' S, (L' S) L, slopes L', L (slopes L') */
static pst_product left_of_root(const room *r, const pst_distance *d, size_t i) {
    return (pst_product){d->target->transposed, d->difference, r->one[i], d->target->rank, d->c};
}

static pst_product under_root(const room *r, const pst_distance *d, size_t i) {
    return (pst_product){r->one[i], d->target->factor, r->other[i], d->target->rank, d->c};
}

static pst_product right_of_slope(const room *r, const pst_distance *d, size_t i) {
    return (pst_product){r->one[i], d->target->transposed, r->other[i], d->target->rank, d->c};
}

static pst_product around_slope(const room *r, const pst_distance *d, size_t i) {
    return (pst_product){d->target->factor, r->other[i], r->one[i], d->c, d->c};
}

/* A kernel's arguments: one of each distance, then the next; those that are missing are the first's. `i` is the
 * distance, `k` its matrices' number, `d` what is compared, `root` its root. */
#define EACH_MAP(argument)                                         \
    for (size_t k_ = 0; k_ < PST_DISTANCES; k_++) {                \
        const size_t k = k_ < s->count ? k_ : 0, i = s->first + k; \
        const pst_distance *d = &s->d[i];                          \
        const pst_root *root = &r->roots.at[i];                    \
        (void)k, (void)d, (void)root;                              \
        *next++ = (argument);                                      \
    }
#define ARGS_MOST (11 * PST_DISTANCES + 1)

/* The longest side of the distances' matrices, and of their roots. */
static size_t longest(const some *s) {
    int c = 0;
    for (size_t i = s->first; i < s->first + s->count; i++)
        c = s->d[i].c > c ? s->d[i].c : c;
    return (size_t)c;
}

static size_t longest_root(const some *s) {
    int side = 0;
    for (size_t i = s->first; i < s->first + s->count; i++)
        side = s->r->roots.at[i].side > side ? s->r->roots.at[i].side : side;
    return (size_t)side;
}

static pst_status launch(const some *s, const char *name, size_t elements, const pst_arg *args, const pst_arg *end) {
    pst_session *session = s->r->session;
    const pst_kernel *kernel;
    pst_status status = pst_kernel_get(session, "wasserstein", name, "", &kernel);
    if (status != PST_OK)
        return status;
    return elements ? pst_launch_each_rows(session, kernel, elements, s->count, (size_t)(end - args), args)
                    : pst_launch_sum_rows(session, kernel, s->count, (size_t)(end - args), args);
}

static pst_status find_norms(const some *s) {
    const room *r = s->r;
    pst_arg args[ARGS_MOST], *next = args;
    EACH_MAP(pst_arg_buffer(r->other[k]))
    EACH_MAP(pst_arg_int(d->target->rank * d->c))
    EACH_MAP(pst_arg_buffer(r->sums[i]))
    return launch(s, "norm_parts", 0, args, next);
}

static pst_status make_first_steps(const some *s) {
    const room *r = s->r;
    pst_arg args[ARGS_MOST], *next = args;
    EACH_MAP(pst_arg_buffer(r->other[k]))
    EACH_MAP(pst_arg_int(d->target->rank))
    EACH_MAP(pst_arg_int(d->c))
    EACH_MAP(pst_arg_buffer(r->sums[i]))
    EACH_MAP(pst_arg_int(root->side))
    EACH_MAP(pst_arg_buffer(root->b))
    EACH_MAP(pst_arg_buffer(root->first_z))
    EACH_MAP(pst_arg_buffer(root->first_w))
    *next++ = pst_arg_float(PST_ROOT_FIRST_FACTOR);
    return launch(s, "first_step", longest_root(s) * longest_root(s), args, next);
}

static pst_status find_distances(const some *s, const pst_sums *sums) {
    const room *r = s->r;
    pst_arg args[ARGS_MOST], *next = args;
    EACH_MAP(pst_arg_buffer(d->mean))
    EACH_MAP(pst_arg_buffer(d->target->mean))
    EACH_MAP(pst_arg_float(d->target->trace))
    EACH_MAP(pst_arg_buffer(d->difference))
    EACH_MAP(pst_arg_int(d->c))
    EACH_MAP(pst_arg_buffer(root->b))
    EACH_MAP(pst_arg_buffer(root->z))
    EACH_MAP(pst_arg_buffer(root->w))
    EACH_MAP(pst_arg_int(root->side))
    EACH_MAP(pst_arg_buffer(r->sums[i]))
    EACH_MAP(pst_arg_int((int)d->slot))
    *next++ = pst_arg_buffer(sums->parts);
    return launch(s, "distance_parts", 0, args, next);
}

static pst_status make_slopes(const some *s) {
    const room *r = s->r;
    pst_arg args[ARGS_MOST], *next = args;
    EACH_MAP(pst_arg_buffer(root->z))
    EACH_MAP(pst_arg_buffer(root->w))
    EACH_MAP(pst_arg_buffer(root->b))
    EACH_MAP(pst_arg_int(root->side))
    EACH_MAP(pst_arg_int(d->target->rank))
    EACH_MAP(pst_arg_buffer(r->sums[i]))
    EACH_MAP(pst_arg_buffer(r->one[k]))
    EACH_MAP(pst_arg_buffer(r->other[k]))
    EACH_MAP(pst_arg_int(d->c))
    return launch(s, "slope", longest(s) * longest(s), args, next);
}

static pst_status make_differences(const some *s) {
    const room *r = s->r;
    pst_arg args[ARGS_MOST], *next = args;
    EACH_MAP(pst_arg_buffer(r->one[k]))
    EACH_MAP(pst_arg_int(d->c))
    EACH_MAP(pst_arg_buffer(r->sums[i]))
    EACH_MAP(pst_arg_buffer(d->mean))
    EACH_MAP(pst_arg_buffer(d->target->mean))
    EACH_MAP(pst_arg_buffer(d->difference))
    EACH_MAP(pst_arg_buffer(d->row))
    return launch(s, "difference", longest(s) * pst_group_size(r->session), args, next);
}

/* b, z and w of the first step, and the norm, from m = L' S L. */
static pst_status begin(const some *s) {
    pst_status status;
    PST_TRY(multiply(s, left_of_root));
    PST_TRY(multiply(s, under_root));
    PST_TRY(find_norms(s));
    PST_TRY(make_first_steps(s));
cleanup:
    return status;
}

static pst_status end(const some *s, const pst_sums *sums) {
    pst_status status;
    PST_TRY(find_distances(s, sums));
    PST_TRY(make_slopes(s));
    PST_TRY(multiply(s, right_of_slope));
    PST_TRY(multiply(s, around_slope));
    PST_TRY(make_differences(s));
cleanup:
    return status;
}

static some some_of(const room *r, const pst_distance *d, size_t first, size_t count) {
    return (some){r, d, first, count - first < r->together ? count - first : r->together};
}

pst_status pst_wasserstein_compare(const pst_conv_engine *engine, const pst_distance *distances, size_t count,
                                   pst_sums *sums, pst_buffer *workspace) {
    room r;
    pst_status status;
    PST_TRY(open_room(engine, distances, count, workspace, &r));
    for (size_t i = 0; i < count; i += r.together) {
        const some s = some_of(&r, distances, i, count);
        PST_TRY(begin(&s));
    }
    PST_TRY(pst_roots_iterate(&r.roots));
    for (size_t i = 0; i < count; i += r.together) {
        const some s = some_of(&r, distances, i, count);
        PST_TRY(end(&s, sums));
    }
cleanup:
    close_room(&r);
    return status;
}
