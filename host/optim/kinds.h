/* What an optimizer is made of inside this room: a new one is a new file with a table of functions, and a line in
 * optimizer.c that names it. */
#ifndef PST_OPTIM_KINDS_H
#define PST_OPTIM_KINDS_H

#include "optim/optimizer_types.h"

typedef struct pst_optimizer_methods {
    size_t bytes; /* of the kind's own struct, which begins with a pst_optimizer; it is zeroed before `start` */
    /* Checks the options in optimizer->options and takes host memory. No vectors yet. `finish` follows a failure too.
     */
    pst_status (*start)(pst_optimizer *optimizer);
    void (*finish)(pst_optimizer *optimizer);
    /* The halves of a step, as in optimizer.h. `measure` is NULL where the kind needs no numbers. `move` gets a finite
     * loss, and keeps the best point by pst_optimizer_keep before it moves *x. */
    pst_status (*measure)(pst_optimizer *optimizer, pst_vector *x, pst_vector *g);
    pst_status (*move)(pst_optimizer *optimizer, pst_vector **x, pst_vector **g, double loss);
    void (*forget)(pst_optimizer *optimizer);
    size_t (*vector_count)(const pst_optimizer_options *options);
    /* Of what the kind holds itself; pst_optimizer_serialize does the rest. */
    pst_status (*serialize)(pst_optimizer *optimizer, const pst_optimizer_archive *archive);
    pst_adam_moments *(*moments)(pst_optimizer *optimizer); /* NULL: it has none */
    bool clamps_and_averages;                               /* the options `clamp` and `average` are allowed */
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

/* Copies x to `best` where its loss, which is finite, is not above the lowest. */
pst_status pst_optimizer_keep(pst_optimizer *optimizer, const pst_vector *x, double loss);

/* By create_kept, if the space has it. */
pst_status pst_optimizer_create_kept(const pst_vector_space *space, pst_vector **vector);

/* Saves or loads whether there is a vector, and its content; loading creates it, by create_kept or by create. */
pst_status pst_optimizer_serialize_vector(const pst_vector_space *space, const pst_optimizer_archive *archive,
                                          bool kept, pst_vector **vector);

/* PST_ERROR_FORMAT where what was loaded is not sound: no run can be in that state. */
pst_status pst_optimizer_check_loaded(const pst_vector_space *space, const pst_optimizer_archive *archive, bool sound);

extern const pst_optimizer_methods pst_lbfgs_methods;
extern const pst_optimizer_methods pst_lbfgs_robust_methods;
extern const pst_optimizer_methods pst_adam_methods;
extern const pst_optimizer_methods pst_descent_methods;

#endif
