/* What optimizers and those who use them both know: the vectors, the options, and what can be seen of the state. */
#ifndef PST_OPTIM_OPTIMIZER_TYPES_H
#define PST_OPTIM_OPTIMIZER_TYPES_H

#include "base/status.h"

typedef struct pst_vector pst_vector; /* opaque; whoever implements pst_vector_space defines it */

/* A vector space: all vectors have one length. Operations are queued in order and may run later; none waits. */
typedef struct pst_vector_space {
    void *self;
    pst_error *error;
    /* A new vector of zeros. *vector is NULL on failure. */
    pst_status (*create)(void *self, pst_vector **vector);
    /* The same for what an optimizer keeps from step to step besides points and gradients: pairs, moments. Such a
     * vector may lie in a slower place and round what is written to it. NULL: `create` does it. */
    pst_status (*create_kept)(void *self, pst_vector **vector);
    /* *v was made by `create` and holds what is to be kept; *other was made by create_kept, and what it holds is of no
     * use. Lets them change places, with what *v held, rounded, in the one that stands there then. Where both are of
     * one kind, nothing is to be done. NULL: they always are. */
    pst_status (*stow)(void *self, pst_vector **v, pst_vector **other);
    void (*destroy)(void *self, pst_vector *vector); /* NULL is fine; queued operations still see the vector */
    /* to = from */
    pst_status (*copy)(void *self, pst_vector *to, const pst_vector *from);
    /* to = sum over i < count of factors[i] * from[i]; `to` may be among them. count >= 1, any number. The arrays may
     * change as soon as this returns. */
    pst_status (*combine)(void *self, pst_vector *to, size_t count, const double *factors,
                          const pst_vector *const *from);
    /* Queues the inner products a[i] . b[j], and sum |norm_of| unless it is NULL. b_count <= 3; a vector may be among
     * both. */
    pst_status (*queue_dots)(void *self, size_t a_count, const pst_vector *const *a, size_t b_count,
                             const pst_vector *const *b, const pst_vector *norm_of);
    /* The numbers of the last queue_dots, with the same counts, after the caller has waited:
     * results[i * b_count + j] = a[i] . b[j], and *l1_norm = sum |norm_of| unless it is NULL. */
    void (*read_dots)(void *self, size_t a_count, size_t b_count, double *results, double *l1_norm);
    /* to = from + P v, where P is a fixed, symmetric, positive definite matrix: steps that are as long before P are as
     * much of a change to the image, which the space knows better than an optimizer. from = NULL is zero; `to` may be
     * among the others. The operation may be NULL: P is the identity then. */
    pst_status (*spread)(void *self, pst_vector *to, const pst_vector *from, const pst_vector *v);
    /* Adam's update in one pass: m = beta1 m + (1-beta1) g;  v = beta2 v + (1-beta2) g^2;
     * x -= rate * (m / correction1) / (sqrt(v / correction2) + epsilon). */
    pst_status (*adam)(void *self, pst_vector *x, pst_vector *m, pst_vector *v, const pst_vector *g, double rate,
                       double beta1, double beta2, double correction1, double correction2, double epsilon);
    /* Moves each element to the nearest value that the space allows it. May be NULL: all are allowed. */
    pst_status (*clamp)(void *self, pst_vector *x);
} pst_vector_space;

typedef struct pst_optimizer pst_optimizer;

typedef struct pst_optimizer_options {
    pst_optimizer_kind kind;
    int history; /* L-BFGS: pairs kept, 1 to 4096; more than one less than the iterations are of no use */
    /* L1 length of the first step: of L-BFGS but the plain one (0: 1, or less where the gradient is), and of gradient
     * descent without a learning rate, which then finds its own */
    double first_step;
    double learning_rate;         /* Adam, gradient descent; > 0, or 0: see first_step */
    double beta1, beta2, epsilon; /* Adam: .9 .999 1e-8 */
    bool epsilon_first;           /* Adam: epsilon is added before the bias correction of v, as in Torch7 */
    double momentum, decay;       /* gradient descent: v = momentum v + g; x -= rate/(1 + decay k) v, k = 0, 1, .. */
    bool clamp;     /* every step ends with the space's clamp; not L-BFGS, whose pairs are of whole steps */
    double average; /* decay of the running average of all points, below 1; 0: none; not L-BFGS */
} pst_optimizer_options;

/* Adam's running means, to be looked at or set: vectors that are NULL before the first step, made and owned by the
 * space, and beta^k at step k. */
typedef struct pst_adam_moments {
    pst_vector *first, *second;
    double power1, power2;
} pst_adam_moments;

/* Where the state of an optimizer is saved to or loaded from. The same code walks over the state in both directions, so
 * that the order is the same. */
typedef struct pst_optimizer_archive {
    void *self;
    enum { PST_ARCHIVE_SAVE, PST_ARCHIVE_LOAD } direction;
    pst_status (*numbers)(void *self, void *data, size_t bytes); /* saves them, or overwrites them */
    pst_status (*vector)(void *self, pst_vector *vector);
} pst_optimizer_archive;

#endif
