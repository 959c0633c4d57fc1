/* L-BFGS without a line search, as torch.optim.LBFGS does it: the first step is min(1, 1/|g|_1) long in units of the
 * gradient, every later one is -H g. One difference: while no pair is held, every step is scaled as the first, where
 * torch takes the whole gradient and may jump by many orders of magnitude. */
#include <math.h>

#include "optim/kinds.h"
#include "optim/pairs.h"

static const double curvature_floor = 1e-10; /* as in torch.optim.LBFGS */

typedef struct lbfgs {
    pst_optimizer base;
    pst_pairs pairs;
} lbfgs;

static pst_status start(pst_optimizer *optimizer) {
    return pst_pairs_init(&((lbfgs *)optimizer)->pairs, optimizer->space, optimizer->options.history);
}

static void finish(pst_optimizer *optimizer) { pst_pairs_clear(&((lbfgs *)optimizer)->pairs); }

static void forget(pst_optimizer *optimizer) { pst_pairs_forget(&((lbfgs *)optimizer)->pairs); }

static pst_status measure(pst_optimizer *optimizer, pst_vector *x, pst_vector *g) {
    pst_pairs *pairs = &((lbfgs *)optimizer)->pairs;
    return pst_pairs_measure(pairs, x, g, pairs->held == 0);
}

static pst_status move(pst_optimizer *optimizer, pst_vector **x, pst_vector **g, double loss) {
    const pst_vector_space *space = optimizer->space;
    pst_pairs *pairs = &((lbfgs *)optimizer)->pairs;
    pst_vector *s;
    pst_status status;
    bool kept;
    double l1_norm, length = 1;
    PST_TRY(pst_pairs_read(pairs, &l1_norm));
    PST_TRY(pst_optimizer_keep(optimizer, *x, loss));
    PST_TRY(pst_pairs_keep(pairs, curvature_floor, x, &kept));
    pst_pairs_direction(pairs);
    if (pairs->held == 0)
        length = l1_norm > 1 ? 1 / l1_norm : 1;
    PST_TRY(pst_pairs_open(pairs, g, length * optimizer->scale, &s));
    const double factors[] = {1, 1};
    const pst_vector *const terms[] = {*x, s};
    PST_TRY(space->combine(space->self, *x, 2, factors, terms));
    return PST_OK;
cleanup:
    return status;
}

static size_t vector_count(const pst_optimizer_options *options) { return pst_pairs_vector_count(options->history); }

static pst_status serialize(pst_optimizer *optimizer, const pst_optimizer_archive *archive) {
    pst_pairs *pairs = &((lbfgs *)optimizer)->pairs;
    pst_status status;
    PST_TRY(pst_pairs_serialize(pairs, archive));
    PST_TRY(pst_optimizer_check_loaded(optimizer->space, archive, !pairs->open || pst_pairs_gradient(pairs)));
cleanup:
    return status;
}

const pst_optimizer_methods pst_lbfgs_methods = {.bytes = sizeof(lbfgs),
                                                 .start = start,
                                                 .finish = finish,
                                                 .measure = measure,
                                                 .move = move,
                                                 .forget = forget,
                                                 .vector_count = vector_count,
                                                 .serialize = serialize};
