#include "optim/pairs.h"

#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "optim/kinds.h"

static size_t slot_of(const pst_pairs *pairs, size_t age) /* 0: the oldest; held: the one being made */
{
    return (pairs->first + age) % pairs->slots;
}

static size_t anchor_place(const pst_pairs *pairs) { return pairs->size - 2; }

static size_t gradient_place(const pst_pairs *pairs) { return pairs->size - 1; }

/* The gradient that steps follow. */
static size_t origin_place(const pst_pairs *pairs) {
    return pairs->anchor ? anchor_place(pairs) : gradient_place(pairs);
}

static double product(const pst_pairs *pairs, size_t i, size_t j) { return pairs->products[i * pairs->size + j]; }

pst_status pst_pairs_init(pst_pairs *pairs, const pst_vector_space *space, int history) {
    pst_status status;
    pairs->space = space;
    if (history < 1 || history > PST_PAIRS_MAX_HISTORY)
        return pst_fail(space->error, PST_ERROR_ARGUMENT, "L-BFGS cannot keep %d pairs; 1 to %d are possible", history,
                        PST_PAIRS_MAX_HISTORY);
    pairs->history = (size_t)history;
    pairs->slots = pairs->history + 1;
    pairs->size = 2 * pairs->slots + 2;
    const size_t size = pairs->size;
    PST_TRY(pst_allocate(space->error, size - 2, sizeof *pairs->vectors, &pairs->vectors));
    PST_TRY(pst_allocate(space->error, size * size, sizeof *pairs->products, &pairs->products));
    PST_TRY(pst_allocate(space->error, size, sizeof *pairs->coefficients, &pairs->coefficients));
    PST_TRY(pst_allocate(space->error, 3 * size, sizeof *pairs->results, &pairs->results));
    PST_TRY(pst_allocate(space->error, size, sizeof *pairs->factors, &pairs->factors));
    PST_TRY(pst_allocate(space->error, size, sizeof *pairs->terms, &pairs->terms));
    PST_TRY(pst_allocate(space->error, size, sizeof *pairs->places, &pairs->places));
    return PST_OK;
cleanup:
    return status;
}

void pst_pairs_clear(pst_pairs *pairs) {
    for (size_t i = 0; pairs->vectors && i < pairs->size - 2; i++)
        pairs->space->destroy(pairs->space->self, pairs->vectors[i]);
    pst_free(pairs->vectors);
    pst_free(pairs->products);
    pst_free(pairs->coefficients);
    pst_free(pairs->results);
    pst_free(pairs->factors);
    pst_free(pairs->terms);
    pst_free(pairs->places);
    *pairs = (pst_pairs){0};
}

static size_t add(pst_pairs *pairs, size_t n, const pst_vector *term, size_t place) {
    pairs->terms[n] = term;
    pairs->places[n] = place;
    return n + 1;
}

static size_t add_pair(pst_pairs *pairs, size_t n, size_t age) {
    const size_t s = slot_of(pairs, age), y = pairs->slots + s;
    n = add(pairs, n, pairs->vectors[s], s);
    return add(pairs, n, pairs->vectors[y], y);
}

static pst_vector **y_of(const pst_pairs *pairs, size_t age) {
    return &pairs->vectors[pairs->slots + slot_of(pairs, age)];
}

static void exchange(pst_vector **a, pst_vector **b) {
    pst_vector *const kept = *a;
    *a = *b;
    *b = kept;
}

void pst_pairs_forget(pst_pairs *pairs) {
    /* The one that stands where the next y is made may be of the other kind. */
    exchange(y_of(pairs, pairs->held), &pairs->vectors[pairs->slots]);
    pairs->first = pairs->held = 0;
    pairs->open = false;
}

/* Should the open pair take x while there is room, no old one becomes free: makes a vector to give for x, now, where
 * failing costs nothing. */
static pst_status prepare_exchange(pst_pairs *pairs) {
    pst_vector **next = y_of(pairs, pairs->held + 1);
    if (*y_of(pairs, pairs->held) || pairs->held == pairs->history || *next)
        return PST_OK;
    return pst_optimizer_create_kept(pairs->space, next);
}

pst_status pst_pairs_measure(pst_pairs *pairs, pst_vector *x, const pst_vector *g, bool norm) {
    const pst_vector_space *space = pairs->space;
    size_t count = 0;
    pst_status status;
    for (size_t age = 0; age < pairs->held; age++)
        count = add_pair(pairs, count, age);
    if (pairs->open) {
        const size_t s = slot_of(pairs, pairs->held);
        pst_vector *y = pairs->anchor ? x : *y_of(pairs, pairs->held);
        const double factors[] = {1, -1};
        const pst_vector *const terms[] = {g, pairs->anchor ? pairs->anchor : y};
        if (pairs->anchor) {
            PST_TRY(prepare_exchange(pairs));
            count = add(pairs, count, pairs->anchor, anchor_place(pairs));
        }
        PST_TRY(space->combine(space->self, y, 2, factors, terms));
        count = add(pairs, count, pairs->vectors[s], s);
        count = add(pairs, count, y, pairs->slots + s);
    }
    pairs->measured = add(pairs, count, g, gradient_place(pairs));
    pairs->fresh = pairs->open ? 3 : 1;
    pairs->normed = norm;
    PST_TRY(space->queue_dots(space->self, pairs->measured, pairs->terms, pairs->fresh,
                              pairs->terms + pairs->measured - pairs->fresh, norm ? g : NULL));
cleanup:
    return status;
}

pst_status pst_pairs_read(pst_pairs *pairs, double *l1_norm) {
    const size_t count = pairs->measured, fresh = pairs->fresh;
    *l1_norm = 0;
    pairs->space->read_dots(pairs->space->self, count, fresh, pairs->results, pairs->normed ? l1_norm : NULL);
    for (size_t i = 0; i < count; i++)
        for (size_t j = 0; j < fresh; j++) {
            const double value = pairs->results[i * fresh + j];
            const size_t row = pairs->places[i], column = pairs->places[count - fresh + j];
            if (!isfinite(value))
                goto not_finite;
            pairs->products[row * pairs->size + column] = pairs->products[column * pairs->size + row] = value;
        }
    if (!isfinite(*l1_norm))
        goto not_finite;
    return PST_OK;
not_finite:
    return pst_fail(pairs->space->error, PST_ERROR_NUMERIC,
                    "the gradient holds numbers that are not finite, or too large to square");
}

pst_pair_facts pst_pairs_facts(const pst_pairs *pairs) {
    const size_t s = slot_of(pairs, pairs->held), y = pairs->slots + s;
    return (pst_pair_facts){.ss = product(pairs, s, s),
                            .yy = product(pairs, y, y),
                            .ys = product(pairs, y, s),
                            .slope_before = product(pairs, anchor_place(pairs), s),
                            .slope_after = product(pairs, gradient_place(pairs), s)};
}

pst_status pst_pairs_keep(pst_pairs *pairs, double floor, pst_vector **x, bool *kept) {
    const pst_vector_space *space = pairs->space;
    const size_t s = slot_of(pairs, pairs->held);
    pst_vector **y = &pairs->vectors[pairs->slots + s];
    pst_status status;
    *kept = pairs->open && product(pairs, s, pairs->slots + s) > floor;
    pairs->open = false;
    if (!*kept)
        return PST_OK;
    if (pairs->anchor)
        exchange(y, x);
    if (pairs->held < pairs->history)
        pairs->held++;
    else
        pairs->first = slot_of(pairs, 1);
    if (!*x)
        exchange(y_of(pairs, pairs->held), x);
    if (!space->stow)
        return PST_OK;
    pst_vector **other = pairs->anchor ? x : y_of(pairs, pairs->held); /* the latter takes the next gradient */
    if (!*other)
        PST_TRY(pst_optimizer_create_kept(space, other));
    PST_TRY(space->stow(space->self, y, other));
cleanup:
    return status;
}

void pst_pairs_anchor_here(pst_pairs *pairs) {
    const size_t g = gradient_place(pairs), anchor = anchor_place(pairs), size = pairs->size;
    for (size_t i = 0; i < size; i++)
        pairs->products[i * size + anchor] = pairs->products[i * size + g];
    for (size_t i = 0; i < size; i++) /* the corner too: g.g has just come into column `anchor` of row g */
        pairs->products[anchor * size + i] = pairs->products[g * size + i];
}

/* The inner product of a vector of the basis with the combination that the coefficients stand for. Slots that are not
 * held have coefficients of 0 and products that are finite. */
static double against(const pst_pairs *pairs, size_t place) {
    const double *row = pairs->products + place * pairs->size;
    double sum = 0;
    for (size_t i = 0; i < pairs->size; i++)
        sum += row[i] * pairs->coefficients[i];
    return sum;
}

/* The two-loop recursion (Nocedal, "Updating quasi-Newton matrices with limited storage", 1980). */
void pst_pairs_direction(pst_pairs *pairs) {
    double *c = pairs->coefficients, *alpha = pairs->factors;
    memset(c, 0, pairs->size * sizeof *c);
    c[origin_place(pairs)] = -1;
    if (pairs->held == 0)
        return;
    for (size_t age = pairs->held; age-- > 0;) {
        const size_t s = slot_of(pairs, age), y = pairs->slots + s;
        alpha[age] = against(pairs, s) / product(pairs, s, y);
        c[y] -= alpha[age];
    }
    const size_t newest = slot_of(pairs, pairs->held - 1), newest_y = pairs->slots + newest;
    const double scale = product(pairs, newest, newest_y) / product(pairs, newest_y, newest_y);
    for (size_t i = 0; i < pairs->size; i++)
        c[i] *= scale;
    for (size_t age = 0; age < pairs->held; age++) {
        const size_t s = slot_of(pairs, age), y = pairs->slots + s;
        c[s] += alpha[age] - against(pairs, y) / product(pairs, s, y);
    }
}

double pst_pairs_direction_square(const pst_pairs *pairs) {
    double sum = 0;
    for (size_t i = 0; i < pairs->size; i++)
        if (pairs->coefficients[i] != 0)
            sum += pairs->coefficients[i] * against(pairs, i);
    return sum;
}

pst_status pst_pairs_open(pst_pairs *pairs, pst_vector **g, double factor, pst_vector **s) {
    const pst_vector_space *space = pairs->space;
    pst_vector **step = &pairs->vectors[slot_of(pairs, pairs->held)], **y = y_of(pairs, pairs->held);
    size_t count = 0;
    pst_status status;
    if (!*step)
        PST_TRY(pst_optimizer_create_kept(space, step));
    if (!*y && !pairs->anchor)
        PST_TRY(space->create(space->self, y));
    for (size_t age = 0; age < pairs->held; age++)
        count = add_pair(pairs, count, age);
    count = add(pairs, count, pairs->anchor ? pairs->anchor : *g, origin_place(pairs));
    for (size_t i = 0; i < count; i++)
        pairs->factors[i] = factor * pairs->coefficients[pairs->places[i]];
    PST_TRY(space->combine(space->self, *step, count, pairs->factors, pairs->terms));
    if (!pairs->anchor)
        exchange(y, g);
    pairs->open = true;
    *s = *step;
    return PST_OK;
cleanup:
    return status;
}

pst_status pst_pairs_reopen(pst_pairs *pairs, double factor, pst_vector **s) {
    *s = pairs->vectors[slot_of(pairs, pairs->held)];
    pairs->open = true;
    return pairs->space->combine(pairs->space->self, *s, 1, &factor, (const pst_vector *const *)s);
}

pst_vector *pst_pairs_step(const pst_pairs *pairs) {
    return pairs->open ? pairs->vectors[slot_of(pairs, pairs->held)] : NULL;
}

pst_vector *pst_pairs_gradient(const pst_pairs *pairs) { return pairs->open ? *y_of(pairs, pairs->held) : NULL; }

/* Are the vectors there that the numbers speak of? */
static bool is_sound(const pst_pairs *pairs) {
    if (pairs->first >= pairs->slots || pairs->held > pairs->history || (pairs->open && !pst_pairs_step(pairs)))
        return false;
    for (size_t age = 0; age < pairs->held; age++)
        if (!pairs->vectors[slot_of(pairs, age)] || !*y_of(pairs, age))
            return false;
    return true;
}

pst_status pst_pairs_serialize(pst_pairs *pairs, const pst_optimizer_archive *archive) {
    uint64_t places[3] = {pairs->first, pairs->held, pairs->open};
    const size_t slots = pairs->slots;
    pst_status status;
    PST_TRY(archive->numbers(archive->self, places, sizeof places));
    const size_t made_next = slots + (size_t)((places[0] % slots + places[1] % slots) % slots);
    for (size_t i = 0; i < pairs->size - 2; i++)
        PST_TRY(
            pst_optimizer_serialize_vector(pairs->space, archive, pairs->anchor || i != made_next, &pairs->vectors[i]));
    PST_TRY(archive->numbers(archive->self, pairs->products, pairs->size * pairs->size * sizeof *pairs->products));
    pairs->first = (size_t)places[0];
    pairs->held = (size_t)places[1];
    pairs->open = places[2] != 0;
    PST_TRY(pst_optimizer_check_loaded(pairs->space, archive, places[2] <= 1 && is_sound(pairs)));
cleanup:
    return status;
}

size_t pst_pairs_vector_count(int history) { return history < 1 ? 0 : 2 * ((size_t)history + 1); }
