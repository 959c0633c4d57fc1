/* One optimizer on host arrays, for tests: its vectors, its options, an evaluation and a step at a time. */
#ifndef PST_TESTS_OPTIM_FIXTURE_H
#define PST_TESTS_OPTIM_FIXTURE_H

#include "host_vectors.h"

enum { N = 10 };

/* Writes the gradient at x and returns the loss. k: evaluations before this one. */
typedef double (*optim_problem)(const double *x, double *g, int k);

/* The reference's: sum a x^2/2 + x^4/4. */
double optim_quartic(const double *x, double *g, int k);

enum { OPTIM_VARIANTS = 4 };

pst_optimizer_options optim_options(pst_optimizer_kind kind);

/* The options of the plain L-BFGS, L-BFGS, Adam, gradient descent. */
pst_optimizer_options optim_variant(int which);

typedef struct optim_fixture {
    host_space host;
    pst_optimizer *optimizer;
    pst_vector *x, *g;
    double loss;
    int k;
} optim_fixture;

/* Every element of x is start; 0: small ones that differ. */
void optim_setup(optim_fixture *f, const pst_optimizer_options *options, double start);
void optim_teardown(optim_fixture *f);

/* One evaluation and step. The loss arrives with the first dots where there are any, as on a device. */
pst_status optim_advance(optim_fixture *f, optim_problem evaluate);

/* As a job does after a failure. */
void optim_go_back(optim_fixture *f, double scale);

#endif
