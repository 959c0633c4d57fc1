/* L-BFGS that never goes on from a worse point, at the same price: one evaluation and one wait a step, no line search.
 *
 * Steps begin at the base, the best point so far. A step that lands lower moves the base. One that lands higher is not
 * lost: what its gradient tells about the curvature goes into the pairs, and the next step from the base follows the
 * direction that they then give, at most `shrink` as long. Only where the curvature is of no use is the failed step cut
 * short, to the minimum of the cubic through both losses and slopes (Nocedal and Wright, "Numerical optimization", 3.59).
 *
 * Before there is a pair, each step that lands lower makes the next `growth` times as long. Near a flat picture, which is
 * what a random start is, the curvature is negative, and short steps bring no pair: the plain L-BFGS hardly moves there. */
#include <math.h>

#include "optim/kinds.h"
#include "optim/pairs.h"

#define FAILURES_MAX 10 /* in a row; then the pairs are forgotten */

/* A pair is kept when y.s is above this part of |y||s|: the rounding of sums of floats. */
static const double curvature_part = 1e-6;

typedef struct robust {
    pst_optimizer base;
    pst_pairs pairs;
    double rise, shrink, growth;
    pst_vector *x, *g; /* the base point and its gradient, which is the anchor of the pairs; made by the first step */
    double loss;       /* there */
    double length;     /* of steps while there is no pair, in gradients; 0: nothing is known yet */
    int failures;      /* in a row */
} robust;

static pst_status start(pst_optimizer *optimizer)
{
    robust *self = (robust *)optimizer;
    const pst_optimizer_options *o = &optimizer->options;
    self->rise = o->robust_rise == 0 ? 1e-6 : o->robust_rise;
    self->shrink = o->robust_shrink == 0 ? 0.5 : o->robust_shrink;
    self->growth = o->robust_growth == 0 ? 10 : o->robust_growth;
    if (!(self->rise > 0 && self->shrink > 0 && self->growth >= 1))
        return pst_fail(optimizer->space->error, PST_ERROR_ARGUMENT, "L-BFGS cannot work with rise %g, shrink %g, growth %g",
                        self->rise, self->shrink, self->growth);
    return pst_pairs_init(&self->pairs, optimizer->space, o->history);
}

static void finish(pst_optimizer *optimizer)
{
    robust *self = (robust *)optimizer;
    pst_pairs_clear(&self->pairs);
    optimizer->space->destroy(optimizer->space->self, self->x);
    optimizer->space->destroy(optimizer->space->self, self->g);
}

static void forget(pst_optimizer *optimizer)
{
    robust *self = (robust *)optimizer;
    pst_pairs_forget(&self->pairs);
    self->length = 0;
    self->failures = 0;
}

/* Queues x = base + s. What s is depends on how that rounds: in floats, a step that is short beside x differs from the
 * one that was asked for, and y belongs to the one that was made. */
static pst_status move(robust *self, pst_vector *x, pst_vector *s)
{
    const pst_vector_space *space = self->base.space;
    const double sum[] = {1, 1}, difference[] = {1, -1};
    const pst_vector *const parts[] = {self->x, s}, *const ends[] = {x, self->x};
    pst_status status;
    PST_TRY(space->combine(space->self, x, 2, sum, parts));
    PST_TRY(space->combine(space->self, s, 2, difference, ends));
cleanup:
    return status;
}

/* The part of a failed step at which the cubic through the losses and slopes at both ends is lowest. */
static double cut(double before, double after, const pst_pair_facts *facts)
{
    const double a = facts->slope_before, b = facts->slope_after;
    const double d1 = a + b - 3 * (after - before), square = d1 * d1 - a * b;
    if (!(square > 0))
        return 0.5;
    const double d2 = sqrt(square), part = 1 - (b + d2 - d1) / (b - a + 2 * d2);
    return part > 0.5 ? 0.5 : part > 0.1 ? part : 0.1;
}

/* Makes the point just evaluated the base. */
static pst_status settle(robust *self, const pst_vector *x, const pst_vector *g, double loss)
{
    const pst_vector_space *space = self->base.space;
    pst_status status;
    PST_TRY(space->copy(space->self, self->x, x));
    PST_TRY(space->copy(space->self, self->g, g));
    pst_pairs_anchor_here(&self->pairs);
    self->loss = loss;
    self->failures = 0;
cleanup:
    return status;
}

/* Finds the direction from the base and the factor to take it with. `longest` bounds the step; 0 is no bound. */
static double aim(robust *self, double longest)
{
    pst_pairs *pairs = &self->pairs;
    pst_pairs_direction(pairs);
    double factor = pairs->held == 0 ? self->length : 1;
    if (longest > 0) {
        const double square = pst_pairs_direction_square(pairs);
        if (square * factor * factor > longest * longest)
            factor = longest / sqrt(square);
    }
    if (pairs->held == 0)
        self->length = factor;
    return factor;
}

static pst_status step(pst_optimizer *optimizer, pst_vector *x, pst_vector *g, const double *loss)
{
    robust *self = (robust *)optimizer;
    const pst_vector_space *space = optimizer->space;
    pst_pairs *pairs = &self->pairs;
    const bool first = self->length == 0;
    double l1_norm = 0;
    pst_vector *s;
    pst_status status;
    if (!self->x)
        PST_TRY(space->create(space->self, &self->x));
    if (!self->g)
        PST_TRY(space->create(space->self, &self->g));
    pairs->anchor = self->g;
    PST_TRY(pst_pairs_measure(pairs, g, first ? &l1_norm : NULL));
    if (!isfinite(*loss))
        return pst_fail(space->error, PST_ERROR_NUMERIC, "the loss is not a finite number");
    if (first) {
        PST_TRY(settle(self, x, g, *loss));
        const double reach = optimizer->options.robust_first; /* 0: no longer than the gradient itself */
        self->length = optimizer->scale * (reach > 0 && l1_norm > 0 ? reach / l1_norm : l1_norm > 1 ? 1 / l1_norm : 1);
        PST_TRY(pst_pairs_open(pairs, g, aim(self, 0), &s));
        return move(self, x, s);
    }
    const pst_pair_facts facts = pst_pairs_facts(pairs);
    const bool kept = pst_pairs_keep(pairs, curvature_part * sqrt(facts.ss) * sqrt(facts.yy));
    if (*loss <= self->loss + self->rise * fabs(self->loss)) {
        PST_TRY(settle(self, x, g, *loss));
        if (pairs->held == 0)
            self->length *= self->growth;
        PST_TRY(pst_pairs_open(pairs, g, aim(self, 0), &s));
        return move(self, x, s);
    }
    if (++self->failures % FAILURES_MAX == 0)
        pst_pairs_forget(pairs);
    else if (!kept) {
        const double part = cut(self->loss, *loss, &facts);
        if (pairs->held == 0)
            self->length *= part;
        PST_TRY(pst_pairs_reopen(pairs, part, &s));
        return move(self, x, s);
    }
    PST_TRY(pst_pairs_open(pairs, g, aim(self, self->shrink * sqrt(facts.ss)), &s));
    return move(self, x, s);
cleanup:
    return status;
}

static size_t vector_count(const pst_optimizer_options *options)
{
    return pst_pairs_vector_count(options->history) + 2;
}

const pst_optimizer_methods pst_lbfgs_robust_methods = {sizeof(robust), start, finish, step, forget, vector_count};
