/* What an optimizer is made of inside this room: a new one is a new file with a table of functions, and a line in
 * optimizer.c that names it. */
#ifndef PST_OPTIM_KINDS_H
#define PST_OPTIM_KINDS_H

#include "optim/optimizer.h"

typedef struct pst_optimizer_methods {
    size_t bytes; /* of the kind's own struct, which begins with a pst_optimizer; it is zeroed before `start` */
    /* Checks the options in optimizer->options and takes host memory. No vectors yet. `finish` follows a failure too.
     */
    pst_status (*start)(pst_optimizer *optimizer);
    void (*finish)(pst_optimizer *optimizer);
    pst_status (*step)(pst_optimizer *optimizer, pst_vector **x, pst_vector **g, const double *loss);
    void (*forget)(pst_optimizer *optimizer);
    size_t (*vector_count)(const pst_optimizer_options *options);
    pst_status (*tell)(pst_optimizer *optimizer,
                       const pst_optimizer_state *state); /* what pst_optimizer does not hold */
    bool waits; /* in `step`, after which it calls pst_optimizer_keep; for the others that is done before */
    pst_adam_moments *(*moments)(pst_optimizer *optimizer); /* NULL: it has none */
} pst_optimizer_methods;

struct pst_optimizer {
    const pst_optimizer_methods *methods;
    const pst_vector_space *space;
    pst_optimizer_options options;
    double scale;     /* every step is multiplied by it */
    pst_vector *best; /* the point of the lowest loss, owned; NULL: none yet */
    double best_loss;
    pst_vector *average;  /* owned; NULL: none yet */
    double average_power; /* options.average to the number of points in it */
};

/* Checks the loss at x and, where it is not above the lowest, copies x to `best`. PST_ERROR_NUMERIC as of a step. */
pst_status pst_optimizer_keep(pst_optimizer *optimizer, const pst_vector *x, double loss);

/* Tells whether a vector is there, and what is in it; one that is filled in is made. */
pst_status pst_optimizer_tell_vector(const pst_vector_space *space, const pst_optimizer_state *state,
                                     pst_vector **vector);

extern const pst_optimizer_methods pst_lbfgs_methods;
extern const pst_optimizer_methods pst_lbfgs_robust_methods;
extern const pst_optimizer_methods pst_adam_methods;
extern const pst_optimizer_methods pst_descent_methods;

#endif
