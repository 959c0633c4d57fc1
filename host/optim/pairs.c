#include "optim/pairs.h"

#include <math.h>
#include <string.h>

#include "base/memory.h"

static const double curvature_floor = 1e-10; /* as in torch.optim.LBFGS */

static size_t slot_of(const pst_pairs *pairs, size_t age) /* 0: the oldest; held: the one being made */
{
    return (pairs->first + age) % pairs->slots;
}

static double product(const pst_pairs *pairs, size_t i, size_t j)
{
    return pairs->products[i * pairs->size + j];
}

pst_status pst_pairs_init(pst_pairs *pairs, const pst_vector_space *space, int history)
{
    pst_status status;
    pairs->space = space;
    if (history < 1 || history > PST_PAIRS_MAX_HISTORY)
        return pst_fail(space->error, PST_ERROR_ARGUMENT, "L-BFGS cannot keep %d pairs; 1 to %d are possible", history,
                        PST_PAIRS_MAX_HISTORY);
    pairs->history = (size_t)history;
    pairs->slots = pairs->history + 1;
    pairs->size = 2 * pairs->slots + 1;
    const size_t size = pairs->size;
    PST_TRY(pst_allocate(space->error, size - 1, sizeof *pairs->vectors, &pairs->vectors));
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

void pst_pairs_clear(pst_pairs *pairs)
{
    for (size_t i = 0; pairs->vectors && i < pairs->size - 1; i++)
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

void pst_pairs_forget(pst_pairs *pairs)
{
    pairs->first = pairs->held = 0;
    pairs->open = false;
}

/* Lists the basis as it stands, the newest pairs last and g behind them; `count` slots from the oldest. */
static size_t list(pst_pairs *pairs, size_t count, const pst_vector *g)
{
    size_t n = 0;
    for (size_t age = 0; age < count; age++) {
        const size_t s = slot_of(pairs, age), y = pairs->slots + s;
        pairs->terms[n] = pairs->vectors[s];
        pairs->places[n++] = s;
        pairs->terms[n] = pairs->vectors[y];
        pairs->places[n++] = y;
    }
    pairs->terms[n] = g;
    pairs->places[n++] = pairs->size - 1;
    return n;
}

pst_status pst_pairs_measure(pst_pairs *pairs, const pst_vector *g, double *l1_norm)
{
    const pst_vector_space *space = pairs->space;
    pst_status status;
    if (pairs->open) {
        pst_vector *y = pairs->vectors[pairs->slots + slot_of(pairs, pairs->held)];
        const double factors[] = {1, -1};
        const pst_vector *const terms[] = {g, y};
        PST_TRY(space->combine(space->self, y, 2, factors, terms));
    }
    /* Only the products with the new pair and with g are not known yet. */
    const size_t count = list(pairs, pairs->held + pairs->open, g);
    const size_t fresh = pairs->open ? 3 : 1;
    PST_TRY(space->dots(space->self, count, pairs->terms, fresh, pairs->terms + count - fresh, pairs->results,
                        l1_norm ? g : NULL, l1_norm));
    for (size_t i = 0; i < count; i++)
        for (size_t j = 0; j < fresh; j++) {
            const double value = pairs->results[i * fresh + j];
            const size_t row = pairs->places[i], column = pairs->places[count - fresh + j];
            if (!isfinite(value))
                goto not_finite;
            pairs->products[row * pairs->size + column] = pairs->products[column * pairs->size + row] = value;
        }
    if (l1_norm && !isfinite(*l1_norm))
        goto not_finite;
    return PST_OK;
not_finite:
    status = pst_fail(space->error, PST_ERROR_NUMERIC, "the gradient holds numbers that are not finite, or too large to square");
cleanup:
    return status;
}

void pst_pairs_keep(pst_pairs *pairs)
{
    if (!pairs->open)
        return;
    pairs->open = false;
    const size_t s = slot_of(pairs, pairs->held);
    if (!(product(pairs, s, pairs->slots + s) > curvature_floor))
        return;
    if (pairs->held < pairs->history)
        pairs->held++;
    else
        pairs->first = slot_of(pairs, 1);
}

/* The inner product of a vector of the basis with the combination that the coefficients stand for. Slots that are not
 * held have coefficients of 0 and products that are finite. */
static double against(const pst_pairs *pairs, size_t place)
{
    const double *row = pairs->products + place * pairs->size;
    double sum = 0;
    for (size_t i = 0; i < pairs->size; i++)
        sum += row[i] * pairs->coefficients[i];
    return sum;
}

/* The two-loop recursion (Nocedal, "Updating quasi-Newton matrices with limited storage", 1980). */
void pst_pairs_direction(pst_pairs *pairs)
{
    double *c = pairs->coefficients, *alpha = pairs->factors;
    memset(c, 0, pairs->size * sizeof *c);
    c[pairs->size - 1] = -1;
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

pst_status pst_pairs_move(pst_pairs *pairs, pst_vector *x, const pst_vector *g, double factor)
{
    const pst_vector_space *space = pairs->space;
    pst_status status;
    const size_t slot = slot_of(pairs, pairs->held);
    pst_vector **s = &pairs->vectors[slot], **y = &pairs->vectors[pairs->slots + slot];
    if (!*s)
        PST_TRY(space->create(space->self, s));
    if (!*y)
        PST_TRY(space->create(space->self, y));
    const size_t count = list(pairs, pairs->held, g);
    for (size_t i = 0; i < count; i++)
        pairs->factors[i] = factor * pairs->coefficients[pairs->places[i]];
    PST_TRY(space->combine(space->self, *s, count, pairs->factors, pairs->terms));
    PST_TRY(space->copy(space->self, *y, g));
    const double factors[] = {1, 1};
    const pst_vector *const terms[] = {x, *s};
    PST_TRY(space->combine(space->self, x, 2, factors, terms));
    pairs->open = true;
    return PST_OK;
cleanup:
    return status;
}

size_t pst_pairs_vector_count(int history)
{
    return history < 1 ? 0 : 2 * ((size_t)history + 1);
}
