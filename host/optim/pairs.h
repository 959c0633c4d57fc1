/* The memory of L-BFGS: pairs of a step s and the change y of the gradient over it, in a ring of vectors, and the inner
 * products of all of them with each other and with the gradient, on the host. The recursion then needs no vectors, only
 * this small matrix, and an iteration needs one wait for the device (Chen, Wang and Zhou, "Large-scale L-BFGS using
 * MapReduce", 2014). The products are measured, never derived from each other: differences would cancel.
 *
 * An iteration:
 *     pst_pairs_measure   closes the pair that the last step opened, and queues all products with it and with g
 *     (the caller waits)
 *     pst_pairs_read      fetches the products
 *     pst_pairs_keep      adopts that pair, or not
 *     pst_pairs_direction -H g as a combination of the kept vectors and g
 *     pst_pairs_open      writes the step s, a multiple of it, and opens the next pair
 *
 * Without an anchor steps begin where the last evaluation was: g changes hands in pst_pairs_open and becomes y when the
 * next one is known. With one, the gradient at another point, they begin at that point: y is g minus the anchor, and
 * the direction is -H of the anchor; y is written over x, and exchanged for another vector if the pair is kept. Either
 * way no vector is idle.
 *
 * Pairs that are kept are made by the space's create_kept, for which y is stowed once it is known: what it is the
 * difference of must not be rounded.
 */
#ifndef PST_OPTIM_PAIRS_H
#define PST_OPTIM_PAIRS_H

#include "optim/optimizer.h"

#define PST_PAIRS_MAX_HISTORY 4096

typedef struct pst_pairs {
    const pst_vector_space *space;
    const pst_vector *anchor; /* NULL: none; owned by the caller */
    size_t history;
    /* One slot more than pairs, so that a pair can be refused when the oldest is still wanted. The kept pairs are in
     * slots first .. first + held - 1 around the ring, oldest first; the slot behind them takes the next step. */
    size_t slots, first, held;
    bool open; /* that slot holds the last step in s; without an anchor, the gradient before it in y */
    /* ... and with one, mostly no vector in y. */
    size_t measured, fresh;   /* vectors whose products were queued, the last `fresh` of them with all */
    bool normed;              /* so was the norm of g */
    size_t size;              /* of the basis: s of every slot, y of every slot, the anchor, g */
    pst_vector **vectors;     /* 2 * slots: s, y; made when first needed */
    double *products;         /* size * size */
    double *coefficients;     /* size: what `direction` found */
    double *results;          /* scratch, 3 * size */
    double *factors;          /* scratch, size */
    const pst_vector **terms; /* scratch, size */
    size_t *places;           /* scratch, size: where terms are in the basis */
} pst_pairs;

/* Takes host memory. `pairs` must be zeroed; pst_pairs_clear follows a failure too. */
pst_status pst_pairs_init(pst_pairs *pairs, const pst_vector_space *space, int history);
void pst_pairs_clear(pst_pairs *pairs);

/* Forgets all pairs but keeps their vectors for the next ones. */
void pst_pairs_forget(pst_pairs *pairs);

/* Queues the products with g and with the pair that is open and, if `norm`, the L1 norm of g. With an anchor and an
 * open pair, y overwrites x; else x stays as it is. */
pst_status pst_pairs_measure(pst_pairs *pairs, pst_vector *x, const pst_vector *g, bool norm);

/* After a wait: takes what was queued; *l1_norm is 0 where it was not asked for. PST_ERROR_NUMERIC where anything is
 * not finite. After a failure of measure or read the pairs are good for pst_pairs_forget and pst_pairs_clear only. */
pst_status pst_pairs_read(pst_pairs *pairs, double *l1_norm);

/* Of the pair just measured, before it is kept or dropped: s.s, y.y, y.s, and the slopes anchor.s and g.s. */
typedef struct pst_pair_facts {
    double ss, yy, ys, slope_before, slope_after;
} pst_pair_facts;
pst_pair_facts pst_pairs_facts(const pst_pairs *pairs);

/* Adopts the measured pair in place of the oldest if y.s is above `floor`; drops it otherwise. With an anchor, a pair
 * that is kept takes *x, where its y is, or what it holds, and leaves something else there. After a failure as after
 * one of read. */
pst_status pst_pairs_keep(pst_pairs *pairs, double floor, pst_vector **x, bool *kept);

/* The gradient just measured is the anchor from now on; the caller copies the vector. */
void pst_pairs_anchor_here(pst_pairs *pairs);

/* Writes -H g into pairs->coefficients; -g where no pair is held. */
void pst_pairs_direction(pst_pairs *pairs);

/* The square of the direction's norm, from the products: good to their rounding only. */
double pst_pairs_direction_square(const pst_pairs *pairs);

/* Opens a pair whose s is factor * the direction and returns it. *g is the gradient at the point just evaluated;
 * without an anchor another vector stands there afterwards. */
pst_status pst_pairs_open(pst_pairs *pairs, pst_vector **g, double factor, pst_vector **s);

/* Opens the pair again that was measured last and dropped, with factor * its s. */
pst_status pst_pairs_reopen(pst_pairs *pairs, double factor, pst_vector **s);

/* The step of the pair that is open; NULL: none is. */
pst_vector *pst_pairs_step(const pst_pairs *pairs);

/* The gradient before that step, where there is no anchor; NULL: there is none. */
pst_vector *pst_pairs_gradient(const pst_pairs *pairs);

/* As pst_optimizer_serialize; the anchor is set already if there is to be one. */
pst_status pst_pairs_serialize(pst_pairs *pairs, const pst_optimizer_archive *archive);

/* Vectors that `history` pairs take; one less with an anchor. */
size_t pst_pairs_vector_count(int history);

#endif
