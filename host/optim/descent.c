/* Gradient descent: v = momentum v + g; x -= rate / (1 + decay k) v.
 *
 * Without a learning rate it finds its own, by the rule called bold driver (Vogl et al. 1988; Battiti 1989): the rate
 * grows after a step that lowered the loss; after one that did not, it is halved, and the next step begins at the best
 * point. */
#include <math.h>

#include "optim/kinds.h"

#define GROWTH 1.1
#define CUT 0.5

typedef struct descent {
    pst_optimizer base;
    pst_vector *velocity; /* NULL without momentum, and before the first step */
    double rate;          /* its own; 0: not known before the first step, or given */
    double steps;         /* k; a restart keeps it, because rates that grew again would undo what the restart is for */
} descent;

static bool finds_rate(const descent *self) { return self->base.options.learning_rate == 0; }

static void forget(pst_optimizer *optimizer) {
    descent *self = (descent *)optimizer;
    /* Not multiplied by 0: NaN would stay. */
    optimizer->space->destroy(optimizer->space->self, self->velocity);
    self->velocity = NULL;
}

static pst_status start(pst_optimizer *optimizer) {
    const pst_optimizer_options *o = &optimizer->options;
    if (!(o->learning_rate > 0 && isfinite(o->learning_rate)) && !(o->learning_rate == 0 && o->first_step > 0))
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

static pst_status measure(pst_optimizer *optimizer, pst_vector *x, pst_vector *g) {
    const descent *self = (descent *)optimizer;
    const pst_vector *const gradient[] = {g};
    (void)x;
    return finds_rate(self) && self->rate == 0
               ? optimizer->space->queue_dots(optimizer->space->self, 1, gradient, 1, gradient, g)
               : PST_OK;
}

/* *back: the last step did not lower the loss. */
static pst_status adapt(descent *self, double loss, bool *back) {
    const pst_vector_space *space = self->base.space;
    double square, l1_norm;
    *back = false;
    if (self->rate == 0) {
        space->read_dots(space->self, 1, 1, &square, &l1_norm);
        if (!isfinite(l1_norm))
            return pst_fail(space->error, PST_ERROR_NUMERIC, "the gradient is not finite");
        self->rate = l1_norm > 0 ? self->base.options.first_step / l1_norm : 0;
    } else {
        *back = loss > self->base.best_loss;
        self->rate *= *back ? CUT : GROWTH;
    }
    return PST_OK;
}

static pst_status move(pst_optimizer *optimizer, pst_vector **x, pst_vector **g, double loss) {
    descent *self = (descent *)optimizer;
    const pst_vector_space *space = optimizer->space;
    const pst_optimizer_options *o = &optimizer->options;
    const pst_vector *along = *g;
    bool back = false;
    pst_status status;
    if (finds_rate(self))
        PST_TRY(adapt(self, loss, &back));
    if (back) {
        forget(optimizer);
        return space->copy(space->self, *x, optimizer->best);
    }
    PST_TRY(pst_optimizer_keep(optimizer, *x, loss));
    if (o->momentum > 0) {
        if (!self->velocity)
            PST_TRY(pst_optimizer_create_kept(space, &self->velocity));
        const double factors[] = {o->momentum, 1};
        const pst_vector *const terms[] = {self->velocity, *g};
        PST_TRY(space->combine(space->self, self->velocity, 2, factors, terms));
        along = self->velocity;
    }
    const double rate = optimizer->scale * (finds_rate(self) ? self->rate : o->learning_rate);
    const double factors[] = {1, -rate / (1 + o->decay * self->steps)};
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
    if (finds_rate(self))
        PST_TRY(archive->numbers(archive->self, &self->rate, sizeof self->rate));
    PST_TRY(pst_optimizer_serialize_vector(optimizer->space, archive, true, &self->velocity));
    PST_TRY(pst_optimizer_check_loaded(optimizer->space, archive,
                                       self->steps >= 0 && isfinite(self->steps) && self->rate >= 0 &&
                                           isfinite(self->rate) && (self->rate == 0 || optimizer->best) &&
                                           (!self->velocity || optimizer->options.momentum > 0)));
cleanup:
    return status;
}

const pst_optimizer_methods pst_descent_methods = {.bytes = sizeof(descent),
                                                   .start = start,
                                                   .finish = forget,
                                                   .measure = measure,
                                                   .move = move,
                                                   .forget = forget,
                                                   .vector_count = vector_count,
                                                   .serialize = serialize,
                                                   .clamps_and_averages = true};
