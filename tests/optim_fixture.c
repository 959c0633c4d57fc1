#include "optim_fixture.h"

#include <math.h>
#include <string.h>

#include "support.h"

double optim_quartic(const double *x, double *g, int k) {
    double loss = 0;
    (void)k;
    for (int i = 0; i < N; i++) {
        const double a = pow(10, 2 * i / 9.0);
        loss += a * x[i] * x[i] / 2 + x[i] * x[i] * x[i] * x[i] / 4;
        g[i] = a * x[i] + x[i] * x[i] * x[i];
    }
    return loss;
}

pst_optimizer_options optim_options(pst_optimizer_kind kind) {
    return (pst_optimizer_options){
        .kind = kind, .history = 100, .learning_rate = 0.1, .beta1 = 0.9, .beta2 = 0.999, .epsilon = 1e-8};
}

pst_optimizer_options optim_variant(int which) {
    const pst_optimizer_kind kinds[OPTIM_VARIANTS] = {PST_OPTIMIZER_LBFGS_PLAIN, PST_OPTIMIZER_LBFGS,
                                                      PST_OPTIMIZER_ADAM, PST_OPTIMIZER_GRADIENT_DESCENT};
    return optim_options(kinds[which]);
}

void optim_setup(optim_fixture *f, const pst_optimizer_options *options, double start) {
    *f = (optim_fixture){0};
    host_space_init(&f->host, N);
    ck_ok(f->host.error, f->host.space.create(&f->host, &f->x));
    ck_ok(f->host.error, f->host.space.create(&f->host, &f->g));
    f->host.live = f->host.peak = f->host.operations = 0;
    for (int i = 0; i < N; i++)
        f->x->values[i] = start == 0 ? 0.1 * (1 + i % 3) : start;
    ck_ok(f->host.error, pst_optimizer_create(&f->host.space, options, &f->optimizer));
    ck_assert_uint_eq(f->host.peak, 0);
}

void optim_teardown(optim_fixture *f) {
    pst_optimizer_destroy(f->optimizer);
    ck_assert_uint_eq(f->host.live, 0);
    f->host.live = 2;
    f->host.space.destroy(&f->host, f->x);
    f->host.space.destroy(&f->host, f->g);
}

pst_status optim_advance(optim_fixture *f, optim_problem evaluate) {
    f->host.pending = evaluate(f->x->values, f->g->values, f->k++);
    f->host.pending_to = &f->loss;
    f->loss = pst_optimizer_waits(f->optimizer) ? NAN : f->host.pending;
    const size_t calls = f->host.dots_calls, failed = f->host.fail_at;
    pst_status status = pst_optimizer_step(f->optimizer, &f->x, &f->g, &f->loss);
    ck_assert_ptr_nonnull(f->x);
    ck_assert_ptr_nonnull(f->g);
    ck_assert_ptr_ne(f->x, f->g);
    ck_assert_uint_le(f->host.dots_calls - calls, 1);
    if (!failed)
        ck_assert_uint_eq(f->host.dots_calls - calls, pst_optimizer_waits(f->optimizer));
    return status;
}

void optim_go_back(optim_fixture *f, double scale) {
    const pst_vector *best = pst_optimizer_best(f->optimizer);
    if (best)
        memcpy(f->x->values, best->values, N * sizeof(double));
    ck_ok(f->host.error, pst_optimizer_restart(f->optimizer, scale));
}
