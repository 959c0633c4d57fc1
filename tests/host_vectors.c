#include "host_vectors.h"

#include <math.h>
#include <string.h>

#include "base/memory.h"

static pst_status begin(host_space *space) {
    if (++space->operations == space->fail_at)
        return pst_fail(&space->error, PST_ERROR_DEVICE, "operation %zu was made to fail", space->operations);
    return PST_OK;
}

static pst_status create(void *self, pst_vector **vector) {
    host_space *space = self;
    *vector = NULL;
    pst_status status;
    PST_TRY(begin(space));
    PST_TRY(pst_allocate(&space->error, 1, sizeof(pst_vector) + space->length * sizeof(double), vector));
    (*vector)->length = space->length;
    if (++space->live > space->peak)
        space->peak = space->live;
    return PST_OK;
cleanup:
    return status;
}

static void destroy(void *self, pst_vector *vector) {
    host_space *space = self;
    if (vector)
        space->live--;
    pst_free(vector);
}

static pst_status copy(void *self, pst_vector *to, const pst_vector *from) {
    host_space *space = self;
    pst_status status = begin(space);
    if (status == PST_OK)
        memmove(to->values, from->values, space->length * sizeof(double));
    return status;
}

static pst_status combine(void *self, pst_vector *to, size_t count, const double *factors,
                          const pst_vector *const *from) {
    host_space *space = self;
    pst_status status = begin(space);
    space->read += count;
    for (size_t k = 0; status == PST_OK && k < space->length; k++) {
        double sum = 0;
        for (size_t i = 0; i < count; i++)
            sum += factors[i] * from[i]->values[k];
        to->values[k] = sum;
    }
    return status;
}

static pst_status dots(void *self, size_t a_count, const pst_vector *const *a, size_t b_count,
                       const pst_vector *const *b, double *results, const pst_vector *norm_of, double *l1_norm) {
    host_space *space = self;
    space->dots_calls++;
    space->read += a_count;
    pst_status status = begin(space);
    if (status != PST_OK)
        return status;
    if (b_count > 3)
        return pst_fail(&space->error, PST_ERROR_ARGUMENT, "dots with %zu columns", b_count);
    for (size_t i = 0; i < a_count; i++)
        for (size_t j = 0; j < b_count; j++) {
            double sum = 0;
            for (size_t k = 0; k < space->length; k++)
                sum += a[i]->values[k] * b[j]->values[k];
            results[i * b_count + j] = sum;
        }
    if (norm_of && l1_norm) {
        *l1_norm = 0;
        for (size_t k = 0; k < space->length; k++)
            *l1_norm += fabs(norm_of->values[k]);
    }
    if (space->pending_to)
        *space->pending_to = space->pending;
    space->pending_to = NULL;
    return PST_OK;
}

/* P v: each element and a part of its neighbors, around the ends. */
static pst_status spread(void *self, pst_vector *to, const pst_vector *from, const pst_vector *v) {
    host_space *space = self;
    const size_t n = space->length;
    const double first = v->values[0];
    double before = v->values[n - 1];
    pst_status status = begin(space);
    for (size_t k = 0; status == PST_OK && k < n; k++) {
        const double here = v->values[k], after = k + 1 < n ? v->values[k + 1] : first;
        to->values[k] = (from ? from->values[k] : 0) + (here + space->spread_part * (before + after));
        before = here;
    }
    return status;
}

void host_space_spread(host_space *space, double part) {
    space->spread_part = part;
    space->space.spread = spread;
}

static pst_status adam(void *self, pst_vector *x, pst_vector *m, pst_vector *v, const pst_vector *g, double rate,
                       double beta1, double beta2, double correction1, double correction2, double epsilon) {
    host_space *space = self;
    pst_status status = begin(space);
    for (size_t k = 0; status == PST_OK && k < space->length; k++) {
        m->values[k] = beta1 * m->values[k] + (1 - beta1) * g->values[k];
        v->values[k] = beta2 * v->values[k] + (1 - beta2) * g->values[k] * g->values[k];
        x->values[k] -= rate * (m->values[k] / correction1) / (sqrt(v->values[k] / correction2) + epsilon);
    }
    return status;
}

/* Elements within 1. */
static pst_status clamp(void *self, pst_vector *x) {
    host_space *space = self;
    pst_status status = begin(space);
    for (size_t k = 0; status == PST_OK && k < space->length; k++)
        x->values[k] = fmax(-1, fmin(1, x->values[k]));
    return status;
}

void host_space_init(host_space *space, size_t length) {
    *space = (host_space){.space = {.create = create,
                                    .destroy = destroy,
                                    .copy = copy,
                                    .combine = combine,
                                    .dots = dots,
                                    .adam = adam,
                                    .clamp = clamp},
                          .length = length};
    space->space.self = space;
    space->space.error = &space->error;
}
