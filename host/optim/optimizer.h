/* Optimizers over vectors that they never look into: the same code runs on device buffers and, in tests, on host arrays
 * of doubles.
 *
 * An optimizer never waits for the device; the caller does, once an iteration:
 *     queue the evaluation of the loss and its gradient g at x
 *     pst_optimizer_measure(optimizer, x, g)          queues what the step needs to know about them
 *     wait: now the loss and the measured numbers are on the host
 *     pst_optimizer_move(optimizer, &x, &g, loss)     decides, and queues the step, which makes x the next point
 */
#ifndef PST_OPTIM_OPTIMIZER_H
#define PST_OPTIM_OPTIMIZER_H

#include "optim/optimizer_types.h"

/* The space must outlive the optimizer. */
pst_status pst_optimizer_create(const pst_vector_space *space, const pst_optimizer_options *options,
                                pst_optimizer **optimizer);
void pst_optimizer_destroy(pst_optimizer *optimizer);

/* The first half of a step: queues what the second half needs to know about the gradient g at x. The contents of both
 * vectors may change; nothing else may use them until pst_optimizer_move. */
pst_status pst_optimizer_measure(pst_optimizer *optimizer, pst_vector *x, pst_vector *g);

/* The second half, after pst_optimizer_measure with the same vectors and a wait: given the loss there, makes *x the
 * next point to evaluate. Both vectors may be exchanged for others of the space: the caller owns what stands there
 * afterwards, and only *x has a meaning. PST_ERROR_NUMERIC where the loss or, with L-BFGS, the gradient is not finite.
 *
 * After a failure of either half, or a measure that no move follows, *x needs a new point and the optimizer needs
 * pst_optimizer_restart before the next step. */
pst_status pst_optimizer_move(pst_optimizer *optimizer, pst_vector **x, pst_vector **g, double loss);

/* Of all points that steps began at, the one of the lowest loss (the last of equals), bit for bit; valid until the next
 * step. NULL before the first. */
const pst_vector *pst_optimizer_best(const pst_optimizer *optimizer);

/* The running average of the first point that a step began at and of all that steps led to since the last restart: the
 * point k steps back weighs average^k, and the weights sum to 1 from the beginning (the bias correction of Adam's
 * moments). NULL without one, and before the first step. */
const pst_vector *pst_optimizer_average(const pst_optimizer *optimizer);

/* NULL for the other kinds. */
pst_adam_moments *pst_optimizer_moments(pst_optimizer *optimizer);

/* Forgets everything learnt (pairs, moments, the average; not the k of a decaying rate) and multiplies every later step
 * by scale (0 < scale <= 1, cumulative): for a restart from the best point, which the caller copies to *x. The L-BFGS
 * that is not plain checks every step anyway, and scales only those that it takes before its next pair. */
pst_status pst_optimizer_restart(pst_optimizer *optimizer, double scale);

/* The function is another one from the next step on: forgets what was learnt and the lowest loss. The best point can be
 * had until that step, which keeps its own whatever the loss is. */
void pst_optimizer_begin_anew(pst_optimizer *optimizer);

/* Saves all that the optimizer knows, or loads it into an optimizer that was just created with the same options over a
 * space of the same length: its steps are then the same to the last bit. Call it between steps; the caller saves the
 * point *x of the next step. PST_ERROR_FORMAT where what was loaded cannot be such a state; after any failure to load,
 * the optimizer can only be destroyed. */
pst_status pst_optimizer_serialize(pst_optimizer *optimizer, const pst_optimizer_archive *archive);

/* How many vectors an optimizer of these options holds at most besides x and g, for the memory plan. Reached exactly
 * by a run that is long enough; L-BFGS holds two more an iteration until then. */
size_t pst_optimizer_vector_count(const pst_optimizer_options *options);

#endif
