/* L-BFGS that never goes on from a worse point, at the same price: one evaluation and one wait a step, no line search.
 *
 * Steps begin at the base, the best point so far. A step that does not land higher moves the base. One that does is not
 * lost: what its gradient tells about the curvature goes into the pairs, and the next step from the base follows the
 * direction that they then give, at most `shrink` as long. Only where the curvature is of no use is the failed step cut
 * short, to the minimum of the cubic through both losses and slopes (Nocedal and Wright, "Numerical
 * optimization", 3.59).
 *
 * Before there is a pair, each step that lands lower makes the next `growth` times as long. Near a flat image, which
 * is what a random start is, the curvature is negative, and short steps bring no pair: the plain L-BFGS hardly moves
 * there. Where it is negative later, the pairs are no measure of how far to go, and steps are stretched as long as they
 * succeed.
 *
 * All this is in the coordinates v of x = base + P v (P of pst_vector_space.spread): the gradient becomes P g, P being
 * symmetric, and what L-BFGS begins with, a multiple of the identity, is a multiple of P P in the image's.
 *
 * The base is the only point kept: x is the base plus the open step, and is made again from them, bit for bit, when the
 * step turns out to be good. Until then its vector holds y. */
#include <limits.h>
#include <math.h>

#include "optim/kinds.h"
#include "optim/pairs.h"

#define FAILURES_MAX 10 /* in a row; then the pairs are forgotten */

static const double shrink = 0.5, growth = 10, stretch = 2;

/* A pair is kept when y.s is above this part of |y||s|: the rounding of sums of floats. */
static const double curvature_part = 1e-6;

typedef struct robust {
    pst_optimizer base;
    pst_pairs pairs;
    /* The base point is the best one, base.best. */
    pst_vector *g;    /* P g there, which is the anchor of the pairs; made by the first step */
    pst_vector *s;    /* the open pair's, which owns it */
    double length;    /* of steps while there is no pair, in gradients; 0: nothing is known yet */
    double stretched; /* factor of later ones */
    int failures;     /* in a row */
} robust;

static pst_status start(pst_optimizer *optimizer) {
    return pst_pairs_init(&((robust *)optimizer)->pairs, optimizer->space, optimizer->options.history);
}

static void finish(pst_optimizer *optimizer) {
    robust *self = (robust *)optimizer;
    pst_pairs_clear(&self->pairs);
    optimizer->space->destroy(optimizer->space->self, self->g);
}

static void forget(pst_optimizer *optimizer) {
    robust *self = (robust *)optimizer;
    pst_pairs_forget(&self->pairs);
    self->length = 0;
    self->failures = 0;
}

/* Queues to = the base + P s. */
static pst_status land(robust *self, pst_vector *to) {
    const pst_vector_space *space = self->base.space;
    const double factors[] = {1, 1};
    const pst_vector *const terms[] = {self->base.best, self->s};
    return space->spread ? space->spread(space->self, to, self->base.best, self->s)
                         : space->combine(space->self, to, 2, factors, terms);
}

/* The part of a failed step at which the cubic through the losses and slopes at both ends is lowest. */
static double cut(double before, double after, const pst_pair_facts *facts) {
    const double a = facts->slope_before, b = facts->slope_after;
    const double d1 = a + b - 3 * (after - before), square = d1 * d1 - a * b;
    if (!(square > 0))
        return 0.5;
    const double d2 = sqrt(square), part = 1 - (b + d2 - d1) / (b - a + 2 * d2);
    return part > 0.5 ? 0.5 : part > 0.1 ? part : 0.1;
}

/* The point of the last evaluation is the base already; so is its gradient now. */
static void settle(robust *self, pst_vector **g, double loss) {
    pst_vector *old = self->g;
    self->g = *g;
    *g = old;
    self->pairs.anchor = self->g;
    pst_pairs_anchor_here(&self->pairs);
    self->base.best_loss = loss;
    self->failures = 0;
}

/* Finds the direction from the base and the factor to take it with. `longest` bounds the step; 0 is no bound. */
static double aim(robust *self, double longest) {
    pst_pairs *pairs = &self->pairs;
    pst_pairs_direction(pairs);
    double factor = pairs->held == 0 ? self->length : self->stretched;
    if (longest > 0) {
        const double square = pst_pairs_direction_square(pairs);
        if (square * factor * factor > longest * longest)
            factor = longest / sqrt(square);
    }
    if (pairs->held == 0)
        self->length = factor;
    return factor;
}

/* The first step, and the first after a restart. */
static pst_status begin(robust *self, pst_vector **x, pst_vector **g, double loss, double l1_norm) {
    const double reach = self->base.options.first_step; /* 0: no longer than the gradient itself */
    pst_status status;
    PST_TRY(pst_optimizer_keep(&self->base, *x, loss));
    settle(self, g, loss);
    self->length = self->base.scale * (reach > 0 && l1_norm > 0 ? reach / l1_norm : l1_norm > 1 ? 1 / l1_norm : 1);
    self->stretched = 1;
    PST_TRY(pst_pairs_open(&self->pairs, g, aim(self, 0), &self->s));
    PST_TRY(land(self, *x));
cleanup:
    return status;
}

static pst_status go_on(robust *self, pst_vector **x, pst_vector **g, double loss) {
    pst_pairs *pairs = &self->pairs;
    pst_status status;
    const pst_pair_facts facts = pst_pairs_facts(pairs);
    double longest = 0;
    bool kept;
    PST_TRY(pst_pairs_keep(pairs, curvature_part * sqrt(facts.ss) * sqrt(facts.yy), x, &kept));
    if (loss <= self->base.best_loss) {
        PST_TRY(land(self, self->base.best));
        settle(self, g, loss);
        if (pairs->held == 0)
            self->length *= growth;
        self->stretched = kept ? 1 : self->stretched * stretch;
    } else {
        self->stretched = 1;
        longest = shrink * sqrt(facts.ss);
        if (++self->failures % FAILURES_MAX == 0) {
            pst_pairs_forget(pairs);
        } else if (!kept) {
            const double part = cut(self->base.best_loss, loss, &facts);
            if (pairs->held == 0)
                self->length *= part;
            PST_TRY(pst_pairs_reopen(pairs, part, &self->s));
            return land(self, *x);
        }
    }
    PST_TRY(pst_pairs_open(pairs, g, aim(self, longest), &self->s));
    PST_TRY(land(self, *x));
cleanup:
    return status;
}

static pst_status measure(pst_optimizer *optimizer, pst_vector *x, pst_vector *g) {
    robust *self = (robust *)optimizer;
    const pst_vector_space *space = optimizer->space;
    pst_status status;
    if (!self->g)
        PST_TRY(space->create(space->self, &self->g));
    if (space->spread)
        PST_TRY(space->spread(space->self, g, NULL, g));
    self->pairs.anchor = self->g;
    PST_TRY(pst_pairs_measure(&self->pairs, x, g, self->length == 0));
cleanup:
    return status;
}

static pst_status move(pst_optimizer *optimizer, pst_vector **x, pst_vector **g, double loss) {
    robust *self = (robust *)optimizer;
    double l1_norm;
    pst_status status;
    PST_TRY(pst_pairs_read(&self->pairs, &l1_norm));
    PST_TRY(self->length == 0 ? begin(self, x, g, loss, l1_norm) : go_on(self, x, g, loss));
cleanup:
    return status;
}

/* With the anchor, which saves the pairs one vector. */
static size_t vector_count(const pst_optimizer_options *options) { return pst_pairs_vector_count(options->history); }

static pst_status serialize(pst_optimizer *optimizer, const pst_optimizer_archive *archive) {
    robust *self = (robust *)optimizer;
    int64_t failures = self->failures;
    pst_status status;
    PST_TRY(pst_optimizer_serialize_vector(optimizer->space, archive, false, &self->g));
    self->pairs.anchor = self->g;
    PST_TRY(archive->numbers(archive->self, &self->length, sizeof self->length));
    PST_TRY(archive->numbers(archive->self, &self->stretched, sizeof self->stretched));
    PST_TRY(archive->numbers(archive->self, &failures, sizeof failures));
    PST_TRY(pst_optimizer_check_loaded(optimizer->space, archive, failures >= 0 && failures < INT_MAX));
    self->failures = (int)failures;
    PST_TRY(pst_pairs_serialize(&self->pairs, archive));
    self->s = pst_pairs_step(&self->pairs);
    bool begun = self->length != 0; /* then there is a base, and a step from it is open */
    PST_TRY(pst_optimizer_check_loaded(optimizer->space, archive,
                                       !isnan(self->length) && !isnan(self->stretched) && self->pairs.open == begun &&
                                           (begun ? self->g && optimizer->best : self->pairs.held == 0)));
cleanup:
    return status;
}

const pst_optimizer_methods pst_lbfgs_robust_methods = {.bytes = sizeof(robust),
                                                        .start = start,
                                                        .finish = finish,
                                                        .measure = measure,
                                                        .move = move,
                                                        .forget = forget,
                                                        .vector_count = vector_count,
                                                        .serialize = serialize};
