/* Gradient descent: v = momentum v + g; x -= rate / (1 + decay k) v. */
#include <math.h>

#include "optim/kinds.h"

typedef struct descent {
    pst_optimizer base;
    pst_vector *velocity; /* NULL without momentum, and before the first step */
    double steps;         /* k; a restart keeps it, because rates that grew again would undo what the restart is for */
} descent;

static void forget(pst_optimizer *optimizer) {
    descent *self = (descent *)optimizer;
    /* Not multiplied by 0: NaN would stay. */
    optimizer->space->destroy(optimizer->space->self, self->velocity);
    self->velocity = NULL;
}

static pst_status start(pst_optimizer *optimizer) {
    const pst_optimizer_options *o = &optimizer->options;
    if (!(o->learning_rate > 0 && isfinite(o->learning_rate)))
        return pst_fail(optimizer->space->error, PST_ERROR_ARGUMENT, "the learning rate is %g; it must be above 0",
                        o->learning_rate);
    if (!(o->momentum >= 0 && o->momentum < 1))
        return pst_fail(optimizer->space->error, PST_ERROR_ARGUMENT, "the momentum is %g; it must be in [0, 1)",
                        o->momentum);
    if (!(o->decay >= 0 && isfinite(o->decay)))
        return pst_fail(optimizer->space->error, PST_ERROR_ARGUMENT, "the decay is %g; it must not be below 0",
                        o->decay);
    return PST_OK;
}

static pst_status move(pst_optimizer *optimizer, pst_vector **x, pst_vector **g, double loss) {
    descent *self = (descent *)optimizer;
    const pst_vector_space *space = optimizer->space;
    const pst_optimizer_options *o = &optimizer->options;
    const double rate = optimizer->scale * o->learning_rate / (1 + o->decay * self->steps);
    const pst_vector *along = *g;
    pst_status status;
    PST_TRY(pst_optimizer_keep(optimizer, *x, loss));
    if (o->momentum > 0) {
        if (!self->velocity)
            PST_TRY(pst_optimizer_create_kept(space, &self->velocity));
        const double factors[] = {o->momentum, 1};
        const pst_vector *const terms[] = {self->velocity, *g};
        PST_TRY(space->combine(space->self, self->velocity, 2, factors, terms));
        along = self->velocity;
    }
    const double factors[] = {1, -rate};
    const pst_vector *const terms[] = {*x, along};
    PST_TRY(space->combine(space->self, *x, 2, factors, terms));
    self->steps++;
    return PST_OK;
cleanup:
    return status;
}

static size_t vector_count(const pst_optimizer_options *options) { return options->momentum > 0 ? 1 : 0; }

static pst_status serialize(pst_optimizer *optimizer, const pst_optimizer_archive *archive) {
    descent *self = (descent *)optimizer;
    pst_status status;
    PST_TRY(archive->numbers(archive->self, &self->steps, sizeof self->steps));
    PST_TRY(pst_optimizer_serialize_vector(optimizer->space, archive, true, &self->velocity));
    PST_TRY(pst_optimizer_check_loaded(optimizer->space, archive,
                                       self->steps >= 0 && isfinite(self->steps) &&
                                           (!self->velocity || optimizer->options.momentum > 0)));
cleanup:
    return status;
}

const pst_optimizer_methods pst_descent_methods = {.bytes = sizeof(descent),
                                                   .start = start,
                                                   .finish = forget,
                                                   .move = move,
                                                   .forget = forget,
                                                   .vector_count = vector_count,
                                                   .serialize = serialize,
                                                   .clamps_and_averages = true};
