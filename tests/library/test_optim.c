/* The optimizers on host arrays: trajectories against the reference, formulas, restarts and faults, options. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "model/safetensors.h"
#include "optim_fixture.h"
#include "support.h"

/* ---- the reference's trajectories ---- */

static void compare_with_reference(pst_safetensors *file, const char *name, const pst_optimizer_options *options) {
    enum { STEPS = 30 };
    double x[STEPS][N], loss[STEPS], g[N];
    char key[32];
    pst_error error = {0};
    snprintf(key, sizeof key, "%s.x", name);
    const pst_tensor_info *tensor = pst_safetensors_find(file, key);
    ck_assert_ptr_nonnull(tensor);
    ck_assert_uint_eq(tensor->count, STEPS * N);
    ck_ok(error, pst_safetensors_read_double(&error, file, tensor, x[0]));
    snprintf(key, sizeof key, "%s.f", name);
    tensor = pst_safetensors_find(file, key);
    ck_assert_ptr_nonnull(tensor);
    ck_assert_uint_eq(tensor->count, STEPS);
    ck_ok(error, pst_safetensors_read_double(&error, file, tensor, loss));
    optim_fixture f;
    optim_setup(&f, options, 1);
    for (int k = 0; k < STEPS; k++) {
        const double off = test_relative_error(f.x->values, x[k], N);
        ck_assert_msg(off < 1e-9, "%s, evaluation %d: x is off by %g", name, k + 1, off);
        const double value = optim_quartic(f.x->values, g, k);
        ck_assert_msg(fabs(value - loss[k]) <= 1e-9 * loss[k], "%s, evaluation %d: %.17g is not %.17g", name, k + 1,
                      value, loss[k]);
        ck_ok(f.host.error, optim_advance(&f, optim_quartic));
    }
    optim_teardown(&f);
}

START_TEST(reference_trajectories) {
    const char *path = test_reference("reference/optimizers.safetensors");
    if (!path)
        return;
    pst_error error = {0};
    pst_safetensors *file;
    ck_ok(error, pst_safetensors_open(&error, path, &file));
    pst_optimizer_options options = optim_options(PST_OPTIMIZER_LBFGS_PLAIN);
    compare_with_reference(file, "lbfgs", &options);
    options = optim_options(PST_OPTIMIZER_ADAM);
    compare_with_reference(file, "adam", &options);
    options = optim_options(PST_OPTIMIZER_GRADIENT_DESCENT);
    options.learning_rate = 0.01;
    compare_with_reference(file, "gd", &options);
    pst_safetensors_close(file);
}
END_TEST

/* ---- the others, by their formulas ---- */

START_TEST(adam_follows_its_formula) {
    pst_optimizer_options options = optim_options(PST_OPTIMIZER_ADAM);
    options.beta2 = 0.99;
    optim_fixture f;
    optim_setup(&f, &options, 1);
    double x[N], g[N], m[N] = {0}, v[N] = {0};
    memcpy(x, f.x->values, sizeof x);
    for (int k = 0; k < 25; k++) {
        optim_quartic(x, g, k);
        for (int i = 0; i < N; i++) {
            m[i] = 0.9 * m[i] + 0.1 * g[i];
            v[i] = 0.99 * v[i] + 0.01 * g[i] * g[i];
            x[i] -= 0.1 * (m[i] / (1 - pow(0.9, k + 1))) / (sqrt(v[i] / (1 - pow(0.99, k + 1))) + 1e-8);
        }
        ck_ok(f.host.error, optim_advance(&f, optim_quartic));
        ck_assert_double_lt(test_relative_error(f.x->values, x, N), 1e-11);
    }
    ck_assert_uint_eq(f.host.peak, pst_optimizer_vector_count(&options));
    ck_assert_uint_eq(f.host.dots_calls, 0);
    optim_teardown(&f);
}
END_TEST

START_TEST(descent_follows_its_formula) {
    for (int with_momentum = 0; with_momentum < 2; with_momentum++) {
        pst_optimizer_options options = optim_options(PST_OPTIMIZER_GRADIENT_DESCENT);
        options.learning_rate = 0.005;
        options.momentum = with_momentum ? 0.8 : 0;
        options.decay = 0.3;
        optim_fixture f;
        optim_setup(&f, &options, 1);
        double x[N], g[N], v[N] = {0};
        memcpy(x, f.x->values, sizeof x);
        for (int k = 0; k < 25; k++) {
            optim_quartic(x, g, k);
            for (int i = 0; i < N; i++) {
                v[i] = options.momentum * v[i] + g[i];
                x[i] -= 0.005 / (1 + 0.3 * k) * v[i];
            }
            ck_ok(f.host.error, optim_advance(&f, optim_quartic));
            ck_assert_double_lt(test_relative_error(f.x->values, x, N), 1e-12);
        }
        ck_assert_uint_eq(f.host.peak, 1 + (size_t)with_momentum);
        ck_assert_uint_eq(f.host.peak, pst_optimizer_vector_count(&options));
        ck_assert_uint_eq(f.host.dots_calls, 0);
        optim_teardown(&f);
    }
}
END_TEST

/* ---- restarts and faults ---- */

static double broken(const double *x, double *g, int k) {
    const double loss = optim_quartic(x, g, k);
    g[N / 2] = NAN;
    return loss;
}

static double infinite_gradient(const double *x, double *g, int k) {
    const double loss = optim_quartic(x, g, k);
    g[0] = -INFINITY;
    return loss;
}

static double broken_loss(const double *x, double *g, int k) {
    optim_quartic(x, g, k);
    return NAN;
}

/* After a restart an optimizer goes on as a new one would, with scaled steps. */
START_TEST(restart_begins_anew) {
    for (int which = 0; which < OPTIM_VARIANTS; which++) {
        pst_optimizer_options options = optim_variant(which);
        options.learning_rate = 0.01;
        options.momentum = 0.5;
        options.history = 4;
        optim_fixture f, fresh;
        optim_setup(&f, &options, 1);
        for (int k = 0; k < 9; k++)
            ck_ok(f.host.error, optim_advance(&f, optim_quartic));
        const size_t peak = f.host.peak;
        double x[N];
        pst_status status = optim_advance(&f, broken);
        ck_assert_int_eq(status, options.kind == PST_OPTIMIZER_LBFGS || options.kind == PST_OPTIMIZER_LBFGS_PLAIN
                                     ? PST_ERROR_NUMERIC
                                     : PST_OK);
        optim_go_back(&f, 0.5);
        optim_go_back(&f, 0.5);
        memcpy(x, f.x->values, sizeof x);
        options.learning_rate *= 0.25;
        optim_setup(&fresh, &options, 1);
        memcpy(fresh.x->values, x, sizeof x);
        if (options.kind == PST_OPTIMIZER_LBFGS || options.kind == PST_OPTIMIZER_LBFGS_PLAIN)
            ck_ok(fresh.host.error, pst_optimizer_restart(fresh.optimizer, 0.25));
        for (int k = 0; k < 9; k++) {
            ck_ok(f.host.error, optim_advance(&f, optim_quartic));
            ck_ok(fresh.host.error, optim_advance(&fresh, optim_quartic));
            ck_assert_double_lt(test_relative_error(f.x->values, fresh.x->values, N), 1e-15);
            ck_assert(isfinite(f.x->values[0]));
        }
        ck_assert_uint_eq(f.host.peak, peak);
        ck_assert_int_eq(pst_optimizer_restart(f.optimizer, 0), PST_ERROR_ARGUMENT);
        ck_assert_int_eq(pst_optimizer_restart(f.optimizer, 1.5), PST_ERROR_ARGUMENT);
        ck_assert_int_eq(pst_optimizer_restart(f.optimizer, NAN), PST_ERROR_ARGUMENT);
        optim_teardown(&fresh);
        optim_teardown(&f);
    }
}
END_TEST

START_TEST(lbfgs_reports_what_is_not_finite) {
    const optim_problem bad[] = {broken, infinite_gradient, broken_loss};
    for (int at = 0; at < 8; at += 7)
        for (int i = 0; i < 6; i++) {
            pst_optimizer_options options = optim_variant(i / 3);
            options.history = 4;
            optim_fixture f;
            optim_setup(&f, &options, 1);
            for (int k = 0; k < at; k++)
                ck_ok(f.host.error, optim_advance(&f, optim_quartic));
            double best[N];
            const pst_vector *kept = pst_optimizer_best(f.optimizer);
            ck_assert((kept != NULL) == (at > 0));
            memcpy(best, kept ? kept->values : f.x->values, sizeof best);
            ck_assert_int_eq(optim_advance(&f, bad[i % 3]), PST_ERROR_NUMERIC);
            ck_assert_ptr_nonnull(strstr(f.host.error.text, "finite"));
            kept = pst_optimizer_best(f.optimizer);
            ck_assert((kept != NULL) == (at > 0));
            if (kept)
                ck_assert_mem_eq(best, kept->values, sizeof best);
            optim_go_back(&f, 0.5);
            ck_assert_mem_eq(best, f.x->values, sizeof best);
            for (int k = 0; k < 6; k++)
                ck_ok(f.host.error, optim_advance(&f, optim_quartic));
            ck_assert(isfinite(f.x->values[N / 2]));
            optim_teardown(&f);
        }
}
END_TEST

/* Vectors of another kind for what is kept: the same points, and as many vectors. x, the gradient and the best point
 * are never of that kind (optim_advance), after failures too; what is kept is, but for the plain L-BFGS's open y. */
START_TEST(kept_vectors_may_be_of_another_kind) {
    for (int which = 0; which < OPTIM_VARIANTS; which++) {
        pst_optimizer_options options = optim_variant(which);
        options.history = 3;
        options.momentum = 0.5;
        options.learning_rate = 0.01;
        optim_fixture f, plain;
        optim_setup(&f, &options, 1);
        optim_setup(&plain, &options, 1);
        host_space_keep(&f.host);
        for (int k = 0; k < 30; k++) {
            const bool is_broken = k == 4 || k == 17;
            const pst_status status = optim_advance(&plain, is_broken ? broken_loss : optim_quartic);
            ck_assert_int_eq(optim_advance(&f, is_broken ? broken_loss : optim_quartic), status);
            if (status != PST_OK) {
                optim_go_back(&plain, 0.5);
                optim_go_back(&f, 0.5);
            }
            ck_assert_mem_eq(f.x->values, plain.x->values, N * sizeof(double));
        }
        static const size_t kept[OPTIM_VARIANTS] = {7, 7, 2, 1}; /* of 3 pairs and a step */
        ck_assert_uint_eq(f.host.peak_kept, kept[which]);
        ck_assert_uint_eq(f.host.peak, plain.host.peak);
        optim_teardown(&plain);
        optim_teardown(&f);
        ck_assert_uint_eq(f.host.kept, 0);
    }
}
END_TEST

/* Steps that are too long at first, and later ones that have grown too long. */
START_TEST(descent_finds_its_rate) {
    pst_optimizer_options options = optim_options(PST_OPTIMIZER_GRADIENT_DESCENT);
    options.learning_rate = 0;
    options.first_step = 20;
    optim_fixture f;
    optim_setup(&f, &options, 1);
    double x[N], best[N], g[N], rate = 0, best_loss = INFINITY, first_loss = optim_quartic(f.x->values, g, 0);
    int rises = 0;
    memcpy(x, f.x->values, sizeof x);
    for (int k = 0; k < 100; k++) {
        const double loss = optim_quartic(x, g, k);
        double l1_norm = 0;
        for (int i = 0; i < N; i++)
            l1_norm += fabs(g[i]);
        if (k == 0)
            rate = options.first_step / l1_norm;
        else
            rate *= loss > best_loss ? 0.5 : 1.1;
        if (loss > best_loss) {
            memcpy(x, best, sizeof x);
            rises++;
        } else {
            memcpy(best, x, sizeof x);
            best_loss = loss;
            for (int i = 0; i < N; i++)
                x[i] -= rate * g[i];
        }
        f.dots_a_step = k == 0;
        ck_ok(f.host.error, optim_advance(&f, optim_quartic));
        ck_assert_double_lt(test_relative_error(f.x->values, x, N), 1e-9);
    }
    ck_assert_int_gt(rises, 5);
    ck_assert_double_lt(best_loss, 0.01 * first_loss);
    ck_assert_uint_eq(f.host.dots_calls, 1);
    ck_assert_uint_eq(f.host.peak, pst_optimizer_vector_count(&options));
    optim_teardown(&f);
}
END_TEST

/* Every operation of a run fails once, creation of vectors included; nothing leaks, and after a restart it goes on. */
START_TEST(every_failure_is_clean) {
    for (int which = 0; which < 2 * OPTIM_VARIANTS; which++)
        for (size_t fail_at = 1;; fail_at++) {
            pst_optimizer_options options = optim_variant(which % OPTIM_VARIANTS);
            options.history = 3;
            options.momentum = 0.5;
            options.learning_rate = 0.001;
            optim_fixture f;
            optim_setup(&f, &options, 1);
            if (which >= OPTIM_VARIANTS)
                host_space_keep(&f.host);
            f.host.fail_at = fail_at;
            pst_status status = PST_OK;
            for (int k = 0; k < 6 && status == PST_OK; k++)
                status = optim_advance(&f, optim_quartic);
            if (status == PST_OK) {
                ck_assert_uint_gt(fail_at, 6);
                optim_teardown(&f);
                break;
            }
            ck_assert_int_eq(status, PST_ERROR_DEVICE);
            optim_go_back(&f, 1);
            ck_ok(f.host.error, optim_advance(&f, optim_quartic));
            ck_ok(f.host.error, optim_advance(&f, optim_quartic));
            ck_assert(isfinite(f.x->values[0]));
            optim_teardown(&f);
        }
}
END_TEST

START_TEST(creation_without_memory_is_clean) {
    for (int which = 0; which < OPTIM_VARIANTS; which++) {
        const pst_optimizer_options options = optim_variant(which);
        host_space host;
        host_space_init(&host, N);
        for (unsigned n = 1;; n++) {
            pst_optimizer *optimizer;
            pst_memory_fail_at(n, false);
            pst_status status = pst_optimizer_create(&host.space, &options, &optimizer);
            pst_memory_fail_at(0, false);
            if (status == PST_OK) {
                ck_assert_uint_gt(n, 1);
                pst_optimizer_destroy(optimizer);
                break;
            }
            ck_assert_int_eq(status, PST_ERROR_MEMORY);
            ck_assert_ptr_null(optimizer);
        }
    }
    pst_optimizer_destroy(NULL);
}
END_TEST

static void refuse(pst_optimizer_options options) {
    host_space host;
    host_space_init(&host, N);
    pst_optimizer *optimizer = (pst_optimizer *)&host;
    ck_assert_int_eq(pst_optimizer_create(&host.space, &options, &optimizer), PST_ERROR_ARGUMENT);
    ck_assert_ptr_null(optimizer);
    ck_assert_uint_gt(strlen(host.error.text), 0);
}

START_TEST(options_are_checked) {
    pst_optimizer_options options = optim_options(PST_OPTIMIZER_LBFGS_PLAIN);
    options.history = 0;
    refuse(options);
    options.history = 1 << 30;
    refuse(options);
    options = optim_variant(1);
    options.history = 0;
    refuse(options);
    options = optim_options(PST_OPTIMIZER_ADAM);
    options.learning_rate = 0;
    refuse(options);
    options = optim_options(PST_OPTIMIZER_ADAM);
    options.beta1 = 1;
    refuse(options);
    options = optim_options(PST_OPTIMIZER_ADAM);
    options.epsilon = NAN;
    refuse(options);
    options = optim_options(PST_OPTIMIZER_GRADIENT_DESCENT);
    options.learning_rate = 0; /* and no length of the first step */
    refuse(options);
    options = optim_options(PST_OPTIMIZER_GRADIENT_DESCENT);
    options.learning_rate = INFINITY;
    refuse(options);
    options = optim_options(PST_OPTIMIZER_GRADIENT_DESCENT);
    options.momentum = 1;
    refuse(options);
    options = optim_options(PST_OPTIMIZER_GRADIENT_DESCENT);
    options.decay = -1;
    refuse(options);
    options.kind = (pst_optimizer_kind)77;
    refuse(options);
    ck_assert_uint_eq(pst_optimizer_vector_count(&options), 0);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("optim");
    TCase *tests = tcase_create("optimizers");
    tcase_add_test(tests, reference_trajectories);
    tcase_add_test(tests, lbfgs_reports_what_is_not_finite);
    tcase_add_test(tests, adam_follows_its_formula);
    tcase_add_test(tests, descent_follows_its_formula);
    tcase_add_test(tests, descent_finds_its_rate);
    tcase_add_test(tests, restart_begins_anew);
    tcase_add_test(tests, kept_vectors_may_be_of_another_kind);
    tcase_add_test(tests, every_failure_is_clean);
    tcase_add_test(tests, creation_without_memory_is_clean);
    tcase_add_test(tests, options_are_checked);
    suite_add_tcase(suite, tests);
    return test_run(suite);
}
