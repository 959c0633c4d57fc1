/* Adam (Kingma and Ba, "Adam: a method for stochastic optimization", 2015), with both bias corrections. */
#include <math.h>

#include "optim/kinds.h"

typedef struct adam {
    pst_optimizer base;
    pst_vector *m, *v; /* made by the first step */
    double power1, power2; /* beta1^k, beta2^k at step k */
} adam;

static void forget(pst_optimizer *optimizer)
{
    adam *self = (adam *)optimizer;
    /* Moments that a bad gradient went into may hold NaN, which no factor of 0 takes out: new vectors are zero for sure. */
    optimizer->space->destroy(optimizer->space->self, self->m);
    optimizer->space->destroy(optimizer->space->self, self->v);
    self->m = self->v = NULL;
    self->power1 = self->power2 = 1;
}

static pst_status start(pst_optimizer *optimizer)
{
    adam *self = (adam *)optimizer;
    const pst_optimizer_options *o = &optimizer->options;
    self->power1 = self->power2 = 1;
    if (!(o->learning_rate > 0 && isfinite(o->learning_rate)))
        return pst_fail(optimizer->space->error, PST_ERROR_ARGUMENT, "the learning rate is %g; it must be above 0",
                        o->learning_rate);
    if (!(o->beta1 >= 0 && o->beta1 < 1 && o->beta2 >= 0 && o->beta2 < 1))
        return pst_fail(optimizer->space->error, PST_ERROR_ARGUMENT, "Adam's betas are %g and %g; they must be in [0, 1)",
                        o->beta1, o->beta2);
    if (!(o->epsilon > 0 && isfinite(o->epsilon)))
        return pst_fail(optimizer->space->error, PST_ERROR_ARGUMENT, "Adam's epsilon is %g; it must be above 0", o->epsilon);
    return PST_OK;
}

static pst_status step(pst_optimizer *optimizer, pst_vector **x, pst_vector **g, const double *loss)
{
    adam *self = (adam *)optimizer;
    const pst_vector_space *space = optimizer->space;
    const pst_optimizer_options *o = &optimizer->options;
    pst_status status;
    (void)loss;
    if (!self->m)
        PST_TRY(space->create(space->self, &self->m));
    if (!self->v)
        PST_TRY(space->create(space->self, &self->v));
    self->power1 *= o->beta1;
    self->power2 *= o->beta2;
    PST_TRY(space->adam(space->self, *x, self->m, self->v, *g, o->learning_rate * optimizer->scale, o->beta1, o->beta2,
                        1 - self->power1, 1 - self->power2,
                        o->epsilon_first ? o->epsilon / sqrt(1 - self->power2) : o->epsilon));
    return PST_OK;
cleanup:
    return status;
}

static size_t vector_count(const pst_optimizer_options *options)
{
    (void)options;
    return 2;
}

static pst_status tell(pst_optimizer *optimizer, const pst_optimizer_state *state)
{
    adam *self = (adam *)optimizer;
    pst_status status;
    PST_TRY(state->numbers(state->self, &self->power1, sizeof self->power1));
    PST_TRY(state->numbers(state->self, &self->power2, sizeof self->power2));
    PST_TRY(pst_optimizer_tell_vector(optimizer->space, state, &self->m));
    PST_TRY(pst_optimizer_tell_vector(optimizer->space, state, &self->v));
cleanup:
    return status;
}

const pst_optimizer_methods pst_adam_methods = {sizeof(adam), start, forget, step, forget, vector_count, tell, false};
