/* Adam (Kingma and Ba, "Adam: a method for stochastic optimization", 2015), with both bias corrections. */
#include <math.h>

#include "optim/kinds.h"

typedef struct adam {
    pst_optimizer base;
    pst_adam_moments moments;
} adam;

static void forget(pst_optimizer *optimizer) {
    adam *self = (adam *)optimizer;
    /* Moments that a bad gradient went into may hold NaN, which no factor of 0 takes out: new vectors are zero for
     * sure. */
    optimizer->space->destroy(optimizer->space->self, self->moments.first);
    optimizer->space->destroy(optimizer->space->self, self->moments.second);
    self->moments.first = self->moments.second = NULL;
    self->moments.power1 = self->moments.power2 = 1;
}

static pst_status start(pst_optimizer *optimizer) {
    adam *self = (adam *)optimizer;
    const pst_optimizer_options *o = &optimizer->options;
    self->moments.power1 = self->moments.power2 = 1;
    if (!(o->learning_rate > 0 && isfinite(o->learning_rate)))
        return pst_fail(optimizer->space->error, PST_ERROR_ARGUMENT, "the learning rate is %g; it must be above 0",
                        o->learning_rate);
    if (!(o->beta1 >= 0 && o->beta1 < 1 && o->beta2 >= 0 && o->beta2 < 1))
        return pst_fail(optimizer->space->error, PST_ERROR_ARGUMENT,
                        "Adam's betas are %g and %g; they must be in [0, 1)", o->beta1, o->beta2);
    if (!(o->epsilon > 0 && isfinite(o->epsilon)))
        return pst_fail(optimizer->space->error, PST_ERROR_ARGUMENT, "Adam's epsilon is %g; it must be above 0",
                        o->epsilon);
    return PST_OK;
}

static pst_status move(pst_optimizer *optimizer, pst_vector **x, pst_vector **g, double loss) {
    adam *self = (adam *)optimizer;
    const pst_vector_space *space = optimizer->space;
    const pst_optimizer_options *o = &optimizer->options;
    pst_status status;
    PST_TRY(pst_optimizer_keep(optimizer, *x, loss));
    if (!self->moments.first)
        PST_TRY(pst_optimizer_create_kept(space, &self->moments.first));
    if (!self->moments.second)
        PST_TRY(pst_optimizer_create_kept(space, &self->moments.second));
    self->moments.power1 *= o->beta1;
    self->moments.power2 *= o->beta2;
    PST_TRY(space->adam(space->self, *x, self->moments.first, self->moments.second, *g,
                        o->learning_rate * optimizer->scale, o->beta1, o->beta2, 1 - self->moments.power1,
                        1 - self->moments.power2,
                        o->epsilon_first ? o->epsilon / sqrt(1 - self->moments.power2) : o->epsilon));
    return PST_OK;
cleanup:
    return status;
}

static size_t vector_count(const pst_optimizer_options *options) {
    (void)options;
    return 2;
}

static pst_status serialize(pst_optimizer *optimizer, const pst_optimizer_archive *archive) {
    adam *self = (adam *)optimizer;
    pst_status status;
    PST_TRY(archive->numbers(archive->self, &self->moments.power1, sizeof self->moments.power1));
    PST_TRY(archive->numbers(archive->self, &self->moments.power2, sizeof self->moments.power2));
    PST_TRY(pst_optimizer_serialize_vector(optimizer->space, archive, true, &self->moments.first));
    PST_TRY(pst_optimizer_serialize_vector(optimizer->space, archive, true, &self->moments.second));
    PST_TRY(pst_optimizer_check_loaded(optimizer->space, archive,
                                       self->moments.power1 >= 0 && self->moments.power1 <= 1 &&
                                           self->moments.power2 >= 0 && self->moments.power2 <= 1));
cleanup:
    return status;
}

static pst_adam_moments *moments(pst_optimizer *optimizer) { return &((adam *)optimizer)->moments; }

const pst_optimizer_methods pst_adam_methods = {.bytes = sizeof(adam),
                                                .start = start,
                                                .finish = forget,
                                                .move = move,
                                                .forget = forget,
                                                .vector_count = vector_count,
                                                .serialize = serialize,
                                                .moments = moments,
                                                .clamps_and_averages = true};
