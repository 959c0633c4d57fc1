/* The face of the optimisers: picks the kind's functions and checks what all kinds share. */
#include <math.h>

#include "base/memory.h"
#include "optim/kinds.h"

static const pst_optimizer_methods *methods_of(const pst_optimizer_options *options)
{
    switch (options->kind) {
    case PST_OPTIMIZER_LBFGS:
        return &pst_lbfgs_robust_methods;
    case PST_OPTIMIZER_LBFGS_PLAIN:
        return &pst_lbfgs_methods;
    case PST_OPTIMIZER_ADAM:
        return &pst_adam_methods;
    case PST_OPTIMIZER_GRADIENT_DESCENT:
        return &pst_descent_methods;
    }
    return NULL;
}

pst_status pst_optimizer_create(const pst_vector_space *space, const pst_optimizer_options *options, pst_optimizer **optimizer)
{
    pst_status status;
    *optimizer = NULL;
    const pst_optimizer_methods *methods = methods_of(options);
    if (!methods)
        return pst_fail(space->error, PST_ERROR_ARGUMENT, "there is no optimiser of kind %d", (int)options->kind);
    pst_optimizer *made;
    PST_TRY(pst_allocate(space->error, 1, methods->bytes, &made));
    made->methods = methods;
    made->space = space;
    made->options = *options;
    made->scale = 1;
    PST_TRY(methods->start(made));
    *optimizer = made;
    return PST_OK;
cleanup:
    pst_optimizer_destroy(made);
    return status;
}

void pst_optimizer_destroy(pst_optimizer *optimizer)
{
    if (!optimizer)
        return;
    optimizer->methods->finish(optimizer);
    optimizer->space->destroy(optimizer->space->self, optimizer->best);
    pst_free(optimizer);
}

pst_status pst_optimizer_step(pst_optimizer *optimizer, pst_vector **x, pst_vector **g, const double *loss)
{
    if (!optimizer->methods->waits) {
        const pst_status status = pst_optimizer_keep(optimizer, *x, *loss);
        if (status != PST_OK)
            return status;
    }
    return optimizer->methods->step(optimizer, x, g, loss);
}

pst_status pst_optimizer_keep(pst_optimizer *optimizer, const pst_vector *x, double loss)
{
    const pst_vector_space *space = optimizer->space;
    pst_status status;
    if (!isfinite(loss))
        return pst_fail(space->error, PST_ERROR_NUMERIC, "the loss is not a finite number");
    if (optimizer->best && loss > optimizer->best_loss)
        return PST_OK;
    pst_vector *place = optimizer->best;
    if (!place)
        PST_TRY(space->create(space->self, &place));
    status = space->copy(space->self, place, x);
    if (status != PST_OK && !optimizer->best)
        space->destroy(space->self, place);
    PST_TRY(status);
    optimizer->best = place;
    optimizer->best_loss = loss;
cleanup:
    return status;
}

const pst_vector *pst_optimizer_best(const pst_optimizer *optimizer)
{
    return optimizer->best;
}

bool pst_optimizer_waits(const pst_optimizer *optimizer)
{
    return optimizer->methods->waits;
}

pst_status pst_optimizer_restart(pst_optimizer *optimizer, double scale)
{
    if (!(scale > 0 && scale <= 1))
        return pst_fail(optimizer->space->error, PST_ERROR_ARGUMENT, "a restart scales the steps by %g, which is not in (0, 1]",
                        scale);
    optimizer->methods->forget(optimizer);
    optimizer->scale *= scale;
    return PST_OK;
}

pst_status pst_optimizer_tell_vector(const pst_vector_space *space, const pst_optimizer_state *state, pst_vector **vector)
{
    uint8_t there = *vector != NULL;
    pst_status status;
    PST_TRY(state->numbers(state->self, &there, sizeof there));
    if (there && !*vector)
        PST_TRY(space->create(space->self, vector));
    if (there)
        PST_TRY(state->vector(state->self, *vector));
cleanup:
    return status;
}

pst_status pst_optimizer_tell(pst_optimizer *optimizer, const pst_optimizer_state *state)
{
    pst_status status;
    PST_TRY(state->numbers(state->self, &optimizer->scale, sizeof optimizer->scale));
    PST_TRY(state->numbers(state->self, &optimizer->best_loss, sizeof optimizer->best_loss));
    PST_TRY(pst_optimizer_tell_vector(optimizer->space, state, &optimizer->best));
    PST_TRY(optimizer->methods->tell(optimizer, state));
cleanup:
    return status;
}

size_t pst_optimizer_vector_count(const pst_optimizer_options *options)
{
    const pst_optimizer_methods *methods = methods_of(options);
    return methods ? methods->vector_count(options) + 1 : 0; /* the best point */
}
