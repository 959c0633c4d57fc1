/* L-BFGS on host arrays: against textbook code, on hard ground, and how much of its history it reads. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "optim_fixture.h"
#include "support.h"

/* Two valleys a coordinate: curvature is negative near 0. */
static double wells(const double *x, double *g, int k) {
    double loss = 0;
    (void)k;
    for (int i = 0; i < N; i++) {
        loss += x[i] * x[i] * x[i] * x[i] / 4 - (1 + i) * x[i] * x[i] / 8;
        g[i] = x[i] * x[i] * x[i] - (1 + i) * x[i] / 4;
    }
    return loss;
}

/* Not the gradient of anything: now and then a pair is of no use, early and late. */
static double noisy(const double *x, double *g, int k) {
    double loss = 0;
    for (int i = 0; i < N; i++) {
        uint64_t state = (uint64_t)(k * N + i);
        g[i] = (1 + i) * x[i] + (k % 5 == 4 ? 8 : 0.5) * (double)test_random(&state);
        loss += g[i] * g[i];
    }
    return loss;
}

/* ---- L-BFGS as in the books, with whole vectors, for comparison ---- */

typedef struct textbook {
    int history, held, accepted, refused_empty, refused_full; /* refused while none, while all pairs are held */
    double s[64][N], y[64][N], before[N], direction[N], h0, length;
} textbook;

static double dot(const double *a, const double *b) {
    double sum = 0;
    for (int i = 0; i < N; i++)
        sum += a[i] * b[i];
    return sum;
}

static void textbook_step(textbook *t, double *x, const double *g, bool first) {
    double s[N], y[N], q[N], alpha[64], norm = 0;
    for (int i = 0; i < N && !first; i++) {
        s[i] = t->length * t->direction[i];
        y[i] = g[i] - t->before[i];
    }
    if (!first && dot(s, y) > 1e-10) {
        if (t->held == t->history) {
            memmove(t->s, t->s[1], sizeof t->s - sizeof t->s[0]);
            memmove(t->y, t->y[1], sizeof t->y - sizeof t->y[0]);
            t->held--;
        }
        memcpy(t->s[t->held], s, sizeof s);
        memcpy(t->y[t->held++], y, sizeof y);
        t->h0 = dot(s, y) / dot(y, y);
        t->accepted++;
    } else if (!first) {
        t->refused_empty += t->held == 0;
        t->refused_full += t->held == t->history;
    }
    for (int i = 0; i < N; i++)
        q[i] = -g[i];
    for (int p = t->held - 1; p >= 0; p--) {
        alpha[p] = dot(t->s[p], q) / dot(t->s[p], t->y[p]);
        for (int i = 0; i < N; i++)
            q[i] -= alpha[p] * t->y[p][i];
    }
    for (int i = 0; i < N && t->held; i++)
        q[i] *= t->h0;
    for (int p = 0; p < t->held; p++) {
        const double beta = dot(t->y[p], q) / dot(t->s[p], t->y[p]);
        for (int i = 0; i < N; i++)
            q[i] += (alpha[p] - beta) * t->s[p][i];
    }
    for (int i = 0; i < N; i++)
        norm += fabs(g[i]);
    t->length = t->held ? 1 : fmin(1, 1 / norm);
    memcpy(t->direction, q, sizeof q);
    memcpy(t->before, g, sizeof t->before);
    for (int i = 0; i < N; i++)
        x[i] += t->length * q[i];
}

static textbook compare_with_textbook(optim_problem evaluate, double start, int history, int steps) {
    pst_optimizer_options options = optim_options(PST_OPTIMIZER_LBFGS_PLAIN);
    options.history = history;
    optim_fixture f;
    optim_setup(&f, &options, start);
    textbook t = {.history = history};
    double x[N], g[N];
    memcpy(x, f.x->values, sizeof x);
    for (int k = 0; k < steps; k++) {
        evaluate(x, g, k);
        textbook_step(&t, x, g, k == 0);
        ck_ok(f.host.error, optim_advance(&f, evaluate));
        const double error = test_relative_error(f.x->values, x, N);
        ck_assert_msg(error < 1e-9, "history %d, step %d: off by %g", history, k, error);
    }
    ck_assert_uint_le(f.host.peak, pst_optimizer_vector_count(&options));
    if (t.accepted >= history)
        ck_assert_uint_eq(f.host.peak, pst_optimizer_vector_count(&options));
    optim_teardown(&f);
    return t;
}

START_TEST(lbfgs_agrees_with_textbook) {
    const int histories[] = {1, 2, 5, 8, 50};
    for (size_t i = 0; i < sizeof histories / sizeof *histories; i++) {
        textbook t = compare_with_textbook(optim_quartic, 1, histories[i], 40);
        ck_assert_int_ge(t.accepted, 10);
    }
}
END_TEST

START_TEST(lbfgs_refuses_bad_curvature) {
    textbook t = compare_with_textbook(wells, 0, 6, 30);
    ck_assert_int_ge(t.refused_empty, 1);
    ck_assert_int_ge(t.accepted, 3);
    t = compare_with_textbook(noisy, 1, 3, 40);
    ck_assert_int_ge(t.refused_full, 3);
    ck_assert_int_ge(t.accepted, 10);
}
END_TEST

/* Nothing but negative curvature: no pair is ever kept, and no step is longer than the first. */
static double hill(const double *x, double *g, int k) {
    (void)k;
    for (int i = 0; i < N; i++)
        g[i] = -5 * x[i];
    return -2.5 * dot(x, x);
}

START_TEST(lbfgs_without_pairs_stays_short) {
    const pst_optimizer_options options = optim_options(PST_OPTIMIZER_LBFGS_PLAIN);
    optim_fixture f;
    optim_setup(&f, &options, 1);
    for (int k = 0; k < 20; k++) {
        const double before = f.x->values[0];
        ck_ok(f.host.error, optim_advance(&f, hill));
        ck_assert_double_eq_tol(f.x->values[0] - before, 0.1, 1e-12); /* 1/|g|_1 of g, all parts being equal */
    }
    ck_assert_uint_eq(f.host.peak, 3);
    optim_teardown(&f);
}
END_TEST

static double flat(const double *x, double *g, int k) {
    (void)x, (void)k;
    memset(g, 0, N * sizeof *g);
    return 1;
}

START_TEST(lbfgs_stays_where_the_gradient_is_zero) {
    const pst_optimizer_options options = optim_options(PST_OPTIMIZER_LBFGS_PLAIN);
    optim_fixture f;
    optim_setup(&f, &options, 1);
    for (int k = 0; k < 3; k++)
        ck_ok(f.host.error, optim_advance(&f, flat));
    ck_assert_double_eq(f.x->values[3], 1);
    optim_teardown(&f);
}
END_TEST

/* ---- L-BFGS that goes on from the best point only ---- */

/* Rosenbrock's valley, in N dimensions: rises are common on the way. */
static double rosenbrock(const double *x, double *g, int k) {
    double loss = 0;
    (void)k;
    memset(g, 0, N * sizeof *g);
    for (int i = 0; i + 1 < N; i++) {
        const double a = x[i + 1] - x[i] * x[i], b = 1 - x[i];
        loss += 100 * a * a + b * b;
        g[i] += -400 * a * x[i] - 2 * b;
        g[i + 1] += 200 * a;
    }
    return loss;
}

/* So small and flat that a first step of 1/|g|_1 and a fixed bound on y.s would never do. */
static double tiny(const double *x, double *g, int k) {
    const double loss = 1e-12 * wells(x, g, k);
    for (int i = 0; i < N; i++)
        g[i] *= 1e-12;
    return loss;
}

static double distance(const double *a, const double *b) {
    double difference[N];
    for (int i = 0; i < N; i++)
        difference[i] = a[i] - b[i];
    return sqrt(dot(difference, difference));
}

/* Returns the best loss; counts the rises, after each of which the next step must be near the best point. */
static double descend_robustly(optim_problem evaluate, double start, double part, int history, int steps, int *rises) {
    pst_optimizer_options options = optim_variant(1);
    options.history = history;
    optim_fixture f;
    optim_setup(&f, &options, start);
    if (part > 0)
        host_space_spread(&f.host, part);
    double best = INFINITY, best_x[N] = {0}, at[N] = {0};
    *rises = 0;
    for (int k = 0; k < steps; k++) {
        memcpy(at, f.x->values, sizeof at);
        ck_ok(f.host.error, optim_advance(&f, evaluate));
        if (f.loss <= best) {
            best = f.loss;
            memcpy(best_x, at, sizeof at);
        } else {
            ++*rises;
            /* Without P lengths are the optimizer's own. */
            if (part == 0)
                ck_assert_double_le(distance(f.x->values, best_x), 0.5 * distance(at, best_x) * (1 + 1e-6) + 1e-12);
        }
        /* The best point is what was evaluated, bit for bit, whatever has been made of it in between. */
        ck_assert_mem_eq(pst_optimizer_best(f.optimizer)->values, best_x, sizeof best_x);
    }
    ck_assert_uint_eq(f.host.dots_calls, (size_t)steps);
    ck_assert_uint_le(f.host.peak, pst_optimizer_vector_count(&options));
    if (history < 10)
        ck_assert_uint_eq(f.host.peak, pst_optimizer_vector_count(&options));
    optim_teardown(&f);
    return best;
}

/* Curvatures from 1 to 1e4: gradient descent would take ten thousand steps. */
static double narrow(const double *x, double *g, int k) {
    double loss = 0;
    (void)k;
    for (int i = 0; i < N; i++) {
        const double a = pow(10, 4 * i / 9.0);
        loss += a * x[i] * x[i] / 2;
        g[i] = a * x[i];
    }
    return loss;
}

START_TEST(robust_lbfgs_reaches_the_bottom) {
    int rises;
    const int histories[] = {3, 8, 50};
    for (double part = 0; part < 0.4; part += 0.3) {
        for (size_t i = 0; i < sizeof histories / sizeof *histories; i++) {
            ck_assert_double_lt(descend_robustly(rosenbrock, -1.2, part, histories[i], 300, &rises), 1e-12);
            ck_assert_int_ge(rises, 3);
            ck_assert_double_lt(descend_robustly(optim_quartic, 1, part, histories[i], 120, &rises), 1e-12);
            if (histories[i] >= 8) /* from 8e3 */
                ck_assert_double_lt(descend_robustly(narrow, 1, part, histories[i], 200, &rises), 1e-6);
        }
        /* The bottoms of the wells: minus the sum of (1 + i)^2 / 64. */
        ck_assert_double_eq_tol(descend_robustly(wells, 0, part, 20, 80, &rises), -385.0 / 64, 1e-9);
        ck_assert_double_eq_tol(descend_robustly(tiny, 0, part, 20, 100, &rises), -385.0e-12 / 64, 1e-21);
    }
}
END_TEST

/* With an exact quadratic both know the curvature after N steps; what differs is where they begin: P P stands for the
 * inverse of the Hessian, and if it is just that, two steps do. */
static double smooth(const double *x, double *g, int k) {
    /* loss = |P^-1 x|^2 / 2, g = P^-1 P^-1 x: solved by sweeps, P being dominated by its diagonal. */
    double p[N] = {0};
    (void)k;
    for (int pass = 0; pass < 2; pass++) {
        const double *from = pass ? p : x;
        double to[N] = {0};
        for (int sweep = 0; sweep < 400; sweep++)
            for (int i = 0; i < N; i++)
                to[i] = from[i] - 0.3 * (to[(i + N - 1) % N] + to[(i + 1) % N]);
        memcpy(pass ? g : p, to, sizeof to);
    }
    return dot(p, p) / 2;
}

START_TEST(robust_lbfgs_begins_with_the_spaces_metric) {
    int rises;
    ck_assert_double_lt(descend_robustly(smooth, 0, 0.3, 10, 4, &rises), 1e-20);
    ck_assert_double_gt(descend_robustly(smooth, 0, 0, 10, 4, &rises), 1e-8);
}
END_TEST

START_TEST(robust_lbfgs_grows_its_steps_on_a_hill) {
    const pst_optimizer_options options = optim_variant(1);
    optim_fixture f;
    optim_setup(&f, &options, 1);
    /* g = -5 x, |g|_1 = 50: the first step is x/10, and each is ten times as long in gradients as the one before. */
    for (double part = 0.1; part < 1e5; part *= 10) {
        const double before = f.x->values[0];
        ck_ok(f.host.error, optim_advance(&f, hill));
        ck_assert_double_eq_tol((f.x->values[0] - before) / before, part, 1e-12 * part);
    }
    optim_teardown(&f);
}
END_TEST

/* With m pairs an iteration reads the history twice, for the products and for the direction, and little else. */
START_TEST(lbfgs_reads_its_history_twice) {
    for (int which = 0; which < 2; which++)
        for (int history = 2; history <= 7; history += 5) {
            pst_optimizer_options options = optim_variant(which);
            options.history = history;
            optim_fixture f;
            optim_setup(&f, &options, -1.2);
            for (int k = 0; k < 40; k++) {
                const size_t before = f.host.read;
                ck_ok(f.host.error, optim_advance(&f, rosenbrock));
                ck_assert_uint_le(f.host.read - before, 2 * 2 * (size_t)history + 11);
            }
            ck_assert_uint_eq(f.host.peak, pst_optimizer_vector_count(&options));
            optim_teardown(&f);
        }
}
END_TEST

int main(void) {
    Suite *suite = suite_create("lbfgs");
    TCase *tests = tcase_create("L-BFGS");
    tcase_add_test(tests, lbfgs_agrees_with_textbook);
    tcase_add_test(tests, lbfgs_refuses_bad_curvature);
    tcase_add_test(tests, lbfgs_without_pairs_stays_short);
    tcase_add_test(tests, lbfgs_stays_where_the_gradient_is_zero);
    tcase_add_test(tests, robust_lbfgs_reaches_the_bottom);
    tcase_add_test(tests, robust_lbfgs_begins_with_the_spaces_metric);
    tcase_add_test(tests, robust_lbfgs_grows_its_steps_on_a_hill);
    tcase_add_test(tests, lbfgs_reads_its_history_twice);
    suite_add_tcase(suite, tests);
    return test_run(suite);
}
