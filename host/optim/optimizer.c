/* The face of the optimizers: picks the kind's functions and checks what all kinds share. */
#include "optim/optimizer.h"

#include <math.h>

#include "base/memory.h"
#include "optim/kinds.h"

static const pst_optimizer_methods *methods_of(const pst_optimizer_options *options) {
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

static pst_status check_shared(pst_optimizer *optimizer) {
    const pst_optimizer_options *o = &optimizer->options;
    if (!(o->average >= 0 && o->average < 1))
        return pst_fail(optimizer->space->error, PST_ERROR_ARGUMENT,
                        "the decay of the average is %g; it must be in [0, 1)", o->average);
    if (!optimizer->methods->clamps_and_averages && (o->clamp || o->average > 0))
        return pst_fail(optimizer->space->error, PST_ERROR_ARGUMENT,
                        "%s goes with Adam and gradient descent only; choose one of them or leave it out",
                        o->clamp ? "clamping" : "an average of the images on the way");
    return PST_OK;
}

pst_status pst_optimizer_create(const pst_vector_space *space, const pst_optimizer_options *options,
                                pst_optimizer **optimizer) {
    pst_status status;
    *optimizer = NULL;
    const pst_optimizer_methods *methods = methods_of(options);
    if (!methods)
        return pst_fail(space->error, PST_ERROR_ARGUMENT, "there is no optimizer of kind %d", (int)options->kind);
    pst_optimizer *made;
    PST_TRY(pst_allocate(space->error, 1, methods->bytes, &made));
    made->methods = methods;
    made->space = space;
    made->options = *options;
    made->scale = 1;
    PST_TRY(check_shared(made));
    PST_TRY(methods->start(made));
    *optimizer = made;
    return PST_OK;
cleanup:
    pst_optimizer_destroy(made);
    return status;
}

void pst_optimizer_destroy(pst_optimizer *optimizer) {
    if (!optimizer)
        return;
    optimizer->methods->finish(optimizer);
    optimizer->space->destroy(optimizer->space->self, optimizer->best);
    optimizer->space->destroy(optimizer->space->self, optimizer->average);
    pst_free(optimizer);
}

/* The average of n points is kept with its bias corrected: the newest has the weight (1 - decay) / (1 - decay^n). */
static pst_status add_to_average(pst_optimizer *optimizer, const pst_vector *x) {
    const pst_vector_space *space = optimizer->space;
    const double decay = optimizer->options.average;
    pst_status status;
    if (!optimizer->average) {
        PST_TRY(space->create(space->self, &optimizer->average));
        PST_TRY(space->copy(space->self, optimizer->average, x));
        optimizer->average_power = decay;
        return PST_OK;
    }
    optimizer->average_power *= decay;
    const double part = (1 - decay) / (1 - optimizer->average_power), factors[] = {1 - part, part};
    const pst_vector *const terms[] = {optimizer->average, x};
    PST_TRY(space->combine(space->self, optimizer->average, 2, factors, terms));
cleanup:
    return status;
}

pst_status pst_optimizer_measure(pst_optimizer *optimizer, pst_vector *x, pst_vector *g) {
    return optimizer->methods->measure ? optimizer->methods->measure(optimizer, x, g) : PST_OK;
}

pst_status pst_optimizer_move(pst_optimizer *optimizer, pst_vector **x, pst_vector **g, double loss) {
    const pst_vector_space *space = optimizer->space;
    const pst_optimizer_options *o = &optimizer->options;
    pst_status status;
    if (!isfinite(loss))
        return pst_fail(space->error, PST_ERROR_NUMERIC, "the loss is not a finite number");
    if (o->average > 0 && !optimizer->average)
        PST_TRY(add_to_average(optimizer, *x));
    PST_TRY(optimizer->methods->move(optimizer, x, g, loss));
    if (o->clamp && space->clamp)
        PST_TRY(space->clamp(space->self, *x));
    if (o->average > 0)
        PST_TRY(add_to_average(optimizer, *x));
cleanup:
    return status;
}

pst_status pst_optimizer_keep(pst_optimizer *optimizer, const pst_vector *x, double loss) {
    const pst_vector_space *space = optimizer->space;
    pst_status status;
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

const pst_vector *pst_optimizer_best(const pst_optimizer *optimizer) { return optimizer->best; }

const pst_vector *pst_optimizer_average(const pst_optimizer *optimizer) { return optimizer->average; }

pst_adam_moments *pst_optimizer_moments(pst_optimizer *optimizer) {
    return optimizer->methods->moments ? optimizer->methods->moments(optimizer) : NULL;
}

pst_status pst_optimizer_restart(pst_optimizer *optimizer, double scale) {
    if (!(scale > 0 && scale <= 1))
        return pst_fail(optimizer->space->error, PST_ERROR_ARGUMENT,
                        "a restart scales the steps by %g, which is not in (0, 1]", scale);
    optimizer->methods->forget(optimizer);
    optimizer->space->destroy(optimizer->space->self, optimizer->average); /* it may hold what is not finite */
    optimizer->average = NULL;
    optimizer->scale *= scale;
    return PST_OK;
}

void pst_optimizer_begin_anew(pst_optimizer *optimizer) {
    optimizer->methods->forget(optimizer);
    optimizer->best_loss = INFINITY;
}

pst_status pst_optimizer_check_loaded(const pst_vector_space *space, const pst_optimizer_archive *archive, bool sound) {
    return sound || archive->direction == PST_ARCHIVE_SAVE
               ? PST_OK
               : pst_fail(space->error, PST_ERROR_FORMAT, "the state of the optimizer contradicts itself");
}

pst_status pst_optimizer_create_kept(const pst_vector_space *space, pst_vector **vector) {
    return space->create_kept ? space->create_kept(space->self, vector) : space->create(space->self, vector);
}

pst_status pst_optimizer_serialize_vector(const pst_vector_space *space, const pst_optimizer_archive *archive,
                                          bool kept, pst_vector **vector) {
    uint8_t there = *vector != NULL;
    pst_status status;
    PST_TRY(archive->numbers(archive->self, &there, sizeof there));
    PST_TRY(pst_optimizer_check_loaded(space, archive, there <= 1));
    if (archive->direction == PST_ARCHIVE_LOAD && there && !*vector)
        PST_TRY(kept ? pst_optimizer_create_kept(space, vector) : space->create(space->self, vector));
    if (there)
        PST_TRY(archive->vector(archive->self, *vector));
cleanup:
    return status;
}

pst_status pst_optimizer_serialize(pst_optimizer *optimizer, const pst_optimizer_archive *archive) {
    pst_status status;
    PST_TRY(archive->numbers(archive->self, &optimizer->scale, sizeof optimizer->scale));
    PST_TRY(archive->numbers(archive->self, &optimizer->best_loss, sizeof optimizer->best_loss));
    PST_TRY(pst_optimizer_serialize_vector(optimizer->space, archive, false, &optimizer->best));
    PST_TRY(archive->numbers(archive->self, &optimizer->average_power, sizeof optimizer->average_power));
    PST_TRY(pst_optimizer_serialize_vector(optimizer->space, archive, false, &optimizer->average));
    PST_TRY(pst_optimizer_check_loaded(optimizer->space, archive,
                                       optimizer->scale >= 0 && optimizer->scale <= 1 && !isnan(optimizer->best_loss) &&
                                           (!optimizer->average || optimizer->options.average > 0) &&
                                           optimizer->average_power >= 0 && optimizer->average_power < 1));
    PST_TRY(optimizer->methods->serialize(optimizer, archive));
cleanup:
    return status;
}

size_t pst_optimizer_vector_count(const pst_optimizer_options *options) {
    const pst_optimizer_methods *methods = methods_of(options);
    return methods ? methods->vector_count(options) + 1 + (options->average > 0) : 0; /* the best point; the average */
}
