/* The optimisers on host arrays: trajectories against the reference and against textbook code, faults, counts. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "host_vectors.h"
#include "model/safetensors.h"
#include "support.h"

enum { N = 10 };

/* Writes the gradient at x and returns the loss. k: evaluations before this one. */
typedef double (*problem)(const double *x, double *g, int k);

/* The reference's: sum a x^2/2 + x^4/4. */
static double quartic(const double *x, double *g, int k)
{
    double loss = 0;
    (void)k;
    for (int i = 0; i < N; i++) {
        const double a = pow(10, 2 * i / 9.0);
        loss += a * x[i] * x[i] / 2 + x[i] * x[i] * x[i] * x[i] / 4;
        g[i] = a * x[i] + x[i] * x[i] * x[i];
    }
    return loss;
}

/* Two valleys a coordinate: curvature is negative near 0. */
static double wells(const double *x, double *g, int k)
{
    double loss = 0;
    (void)k;
    for (int i = 0; i < N; i++) {
        loss += x[i] * x[i] * x[i] * x[i] / 4 - (1 + i) * x[i] * x[i] / 8;
        g[i] = x[i] * x[i] * x[i] - (1 + i) * x[i] / 4;
    }
    return loss;
}

/* Not the gradient of anything: now and then a pair is of no use, early and late. */
static double noisy(const double *x, double *g, int k)
{
    double loss = 0;
    for (int i = 0; i < N; i++) {
        uint64_t state = (uint64_t)(k * N + i);
        g[i] = (1 + i) * x[i] + (k % 5 == 4 ? 8 : 0.5) * (double)test_random(&state);
        loss += g[i] * g[i];
    }
    return loss;
}

typedef struct fixture {
    host_space host;
    pst_optimizer *optimizer;
    pst_vector *x, *g;
    double loss;
    int k;
} fixture;

static pst_optimizer_options options_of(pst_optimizer_kind kind)
{
    return (pst_optimizer_options){.kind = kind, .history = 100, .learning_rate = 0.1, .beta1 = 0.9, .beta2 = 0.999,
                                   .epsilon = 1e-8};
}

enum { VARIANTS = 4 };

static pst_optimizer_options variant(int which)
{
    const pst_optimizer_kind kinds[VARIANTS] = {PST_OPTIMIZER_LBFGS_PLAIN, PST_OPTIMIZER_LBFGS, PST_OPTIMIZER_ADAM,
                                                PST_OPTIMIZER_GRADIENT_DESCENT};
    pst_optimizer_options options = options_of(kinds[which]);
    return options;
}

static void setup(fixture *f, const pst_optimizer_options *options, double start)
{
    *f = (fixture){0};
    host_space_init(&f->host, N);
    ck_ok(f->host.error, f->host.space.create(&f->host, &f->x));
    ck_ok(f->host.error, f->host.space.create(&f->host, &f->g));
    f->host.live = f->host.peak = f->host.operations = 0;
    for (int i = 0; i < N; i++)
        f->x->values[i] = start == 0 ? 0.1 * (1 + i % 3) : start;
    ck_ok(f->host.error, pst_optimizer_create(&f->host.space, options, &f->optimizer));
    ck_assert_uint_eq(f->host.peak, 0);
}

static void teardown(fixture *f)
{
    pst_optimizer_destroy(f->optimizer);
    ck_assert_uint_eq(f->host.live, 0);
    f->host.live = 2;
    f->host.space.destroy(&f->host, f->x);
    f->host.space.destroy(&f->host, f->g);
}

/* One evaluation and step. The loss arrives with the first dots where there are any, as on a device. */
static pst_status advance(fixture *f, problem evaluate)
{
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

/* As a job does after a failure. */
static void go_back(fixture *f, double scale)
{
    const pst_vector *best = pst_optimizer_best(f->optimizer);
    if (best)
        memcpy(f->x->values, best->values, N * sizeof(double));
    ck_ok(f->host.error, pst_optimizer_restart(f->optimizer, scale));
}

/* ---- L-BFGS as in the books, with whole vectors, for comparison ---- */

typedef struct textbook {
    int history, held, accepted, refused_empty, refused_full; /* refused while none, while all pairs are held */
    double s[64][N], y[64][N], before[N], direction[N], h0, length;
} textbook;

static double dot(const double *a, const double *b)
{
    double sum = 0;
    for (int i = 0; i < N; i++)
        sum += a[i] * b[i];
    return sum;
}

static void textbook_step(textbook *t, double *x, const double *g, bool first)
{
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

static textbook compare_with_textbook(problem evaluate, double start, int history, int steps)
{
    pst_optimizer_options options = options_of(PST_OPTIMIZER_LBFGS_PLAIN);
    options.history = history;
    fixture f;
    setup(&f, &options, start);
    textbook t = {.history = history};
    double x[N], g[N];
    memcpy(x, f.x->values, sizeof x);
    for (int k = 0; k < steps; k++) {
        evaluate(x, g, k);
        textbook_step(&t, x, g, k == 0);
        ck_ok(f.host.error, advance(&f, evaluate));
        const double error = test_relative_error(f.x->values, x, N);
        ck_assert_msg(error < 1e-9, "history %d, step %d: off by %g", history, k, error);
    }
    ck_assert_uint_le(f.host.peak, pst_optimizer_vector_count(&options));
    if (t.accepted >= history)
        ck_assert_uint_eq(f.host.peak, pst_optimizer_vector_count(&options));
    teardown(&f);
    return t;
}

START_TEST(lbfgs_agrees_with_textbook)
{
    const int histories[] = {1, 2, 5, 8, 50};
    for (size_t i = 0; i < sizeof histories / sizeof *histories; i++) {
        textbook t = compare_with_textbook(quartic, 1, histories[i], 40);
        ck_assert_int_ge(t.accepted, 10);
    }
}
END_TEST

START_TEST(lbfgs_refuses_bad_curvature)
{
    textbook t = compare_with_textbook(wells, 0, 6, 30);
    ck_assert_int_ge(t.refused_empty, 1);
    ck_assert_int_ge(t.accepted, 3);
    t = compare_with_textbook(noisy, 1, 3, 40);
    ck_assert_int_ge(t.refused_full, 3);
    ck_assert_int_ge(t.accepted, 10);
}
END_TEST

/* Nothing but negative curvature: no pair is ever kept, and no step is longer than the first. */
static double hill(const double *x, double *g, int k)
{
    (void)k;
    for (int i = 0; i < N; i++)
        g[i] = -5 * x[i];
    return -2.5 * dot(x, x);
}

START_TEST(lbfgs_without_pairs_stays_short)
{
    const pst_optimizer_options options = options_of(PST_OPTIMIZER_LBFGS_PLAIN);
    fixture f;
    setup(&f, &options, 1);
    for (int k = 0; k < 20; k++) {
        const double before = f.x->values[0];
        ck_ok(f.host.error, advance(&f, hill));
        ck_assert_double_eq_tol(f.x->values[0] - before, 0.1, 1e-12); /* 1/|g|_1 of g, all parts being equal */
    }
    ck_assert_uint_eq(f.host.peak, 3);
    teardown(&f);
}
END_TEST

static double flat(const double *x, double *g, int k)
{
    (void)x, (void)k;
    memset(g, 0, N * sizeof *g);
    return 1;
}

START_TEST(lbfgs_stays_where_the_gradient_is_zero)
{
    const pst_optimizer_options options = options_of(PST_OPTIMIZER_LBFGS_PLAIN);
    fixture f;
    setup(&f, &options, 1);
    for (int k = 0; k < 3; k++)
        ck_ok(f.host.error, advance(&f, flat));
    ck_assert_double_eq(f.x->values[3], 1);
    teardown(&f);
}
END_TEST

/* ---- L-BFGS that goes on from the best point only ---- */

/* Rosenbrock's valley, in N dimensions: rises are common on the way. */
static double rosenbrock(const double *x, double *g, int k)
{
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
static double tiny(const double *x, double *g, int k)
{
    const double loss = 1e-12 * wells(x, g, k);
    for (int i = 0; i < N; i++)
        g[i] *= 1e-12;
    return loss;
}

static double distance(const double *a, const double *b)
{
    double difference[N];
    for (int i = 0; i < N; i++)
        difference[i] = a[i] - b[i];
    return sqrt(dot(difference, difference));
}

/* Returns the best loss; counts the rises, after each of which the next step must be near the best point. */
static double descend_robustly(problem evaluate, double start, double part, int history, int steps, int *rises)
{
    pst_optimizer_options options = variant(1);
    options.history = history;
    fixture f;
    setup(&f, &options, start);
    if (part > 0)
        host_space_spread(&f.host, part);
    double best = INFINITY, best_x[N] = {0}, at[N] = {0};
    *rises = 0;
    for (int k = 0; k < steps; k++) {
        memcpy(at, f.x->values, sizeof at);
        ck_ok(f.host.error, advance(&f, evaluate));
        if (f.loss <= best) {
            best = f.loss;
            memcpy(best_x, at, sizeof at);
        } else {
            ++*rises;
            /* Without P lengths are the optimiser's own. */
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
    teardown(&f);
    return best;
}

/* Curvatures from 1 to 1e4: gradient descent would take ten thousand steps. */
static double narrow(const double *x, double *g, int k)
{
    double loss = 0;
    (void)k;
    for (int i = 0; i < N; i++) {
        const double a = pow(10, 4 * i / 9.0);
        loss += a * x[i] * x[i] / 2;
        g[i] = a * x[i];
    }
    return loss;
}

START_TEST(robust_lbfgs_reaches_the_bottom)
{
    int rises;
    const int histories[] = {3, 8, 50};
    for (double part = 0; part < 0.4; part += 0.3) {
        for (size_t i = 0; i < sizeof histories / sizeof *histories; i++) {
            ck_assert_double_lt(descend_robustly(rosenbrock, -1.2, part, histories[i], 300, &rises), 1e-12);
            ck_assert_int_ge(rises, 3);
            ck_assert_double_lt(descend_robustly(quartic, 1, part, histories[i], 120, &rises), 1e-12);
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
static double smooth(const double *x, double *g, int k)
{
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

START_TEST(robust_lbfgs_begins_with_the_spaces_metric)
{
    int rises;
    ck_assert_double_lt(descend_robustly(smooth, 0, 0.3, 10, 4, &rises), 1e-20);
    ck_assert_double_gt(descend_robustly(smooth, 0, 0, 10, 4, &rises), 1e-8);
}
END_TEST

START_TEST(robust_lbfgs_grows_its_steps_on_a_hill)
{
    const pst_optimizer_options options = variant(1);
    fixture f;
    setup(&f, &options, 1);
    /* g = -5 x, |g|_1 = 50: the first step is x/10, and each is ten times as long in gradients as the one before. */
    for (double part = 0.1; part < 1e5; part *= 10) {
        const double before = f.x->values[0];
        ck_ok(f.host.error, advance(&f, hill));
        ck_assert_double_eq_tol((f.x->values[0] - before) / before, part, 1e-12 * part);
    }
    teardown(&f);
}
END_TEST

/* With m pairs an iteration reads the history twice, for the products and for the direction, and little else. */
START_TEST(lbfgs_reads_its_history_twice)
{
    for (int which = 0; which < 2; which++)
        for (int history = 2; history <= 7; history += 5) {
            pst_optimizer_options options = variant(which);
            options.history = history;
            fixture f;
            setup(&f, &options, -1.2);
            for (int k = 0; k < 40; k++) {
                const size_t before = f.host.read;
                ck_ok(f.host.error, advance(&f, rosenbrock));
                ck_assert_uint_le(f.host.read - before, 2 * 2 * (size_t)history + 11);
            }
            ck_assert_uint_eq(f.host.peak, pst_optimizer_vector_count(&options));
            teardown(&f);
        }
}
END_TEST

/* ---- the reference's trajectories ---- */

static void compare_with_reference(pst_safetensors *file, const char *name, const pst_optimizer_options *options)
{
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
    fixture f;
    setup(&f, options, 1);
    for (int k = 0; k < STEPS; k++) {
        const double off = test_relative_error(f.x->values, x[k], N);
        ck_assert_msg(off < 1e-9, "%s, evaluation %d: x is off by %g", name, k + 1, off);
        const double value = quartic(f.x->values, g, k);
        ck_assert_msg(fabs(value - loss[k]) <= 1e-9 * loss[k], "%s, evaluation %d: %.17g is not %.17g", name, k + 1, value,
                      loss[k]);
        ck_ok(f.host.error, advance(&f, quartic));
    }
    teardown(&f);
}

START_TEST(reference_trajectories)
{
    const char *path = test_shared("reference/optimizers.safetensors");
    if (!path)
        return;
    pst_error error = {0};
    pst_safetensors *file;
    ck_ok(error, pst_safetensors_open(&error, path, &file));
    pst_optimizer_options options = options_of(PST_OPTIMIZER_LBFGS_PLAIN);
    compare_with_reference(file, "lbfgs", &options);
    options = options_of(PST_OPTIMIZER_ADAM);
    compare_with_reference(file, "adam", &options);
    options = options_of(PST_OPTIMIZER_GRADIENT_DESCENT);
    options.learning_rate = 0.01;
    compare_with_reference(file, "gd", &options);
    pst_safetensors_close(file);
}
END_TEST

/* ---- the others, by their formulas ---- */

START_TEST(adam_follows_its_formula)
{
    pst_optimizer_options options = options_of(PST_OPTIMIZER_ADAM);
    options.beta2 = 0.99;
    fixture f;
    setup(&f, &options, 1);
    double x[N], g[N], m[N] = {0}, v[N] = {0};
    memcpy(x, f.x->values, sizeof x);
    for (int k = 0; k < 25; k++) {
        quartic(x, g, k);
        for (int i = 0; i < N; i++) {
            m[i] = 0.9 * m[i] + 0.1 * g[i];
            v[i] = 0.99 * v[i] + 0.01 * g[i] * g[i];
            x[i] -= 0.1 * (m[i] / (1 - pow(0.9, k + 1))) / (sqrt(v[i] / (1 - pow(0.99, k + 1))) + 1e-8);
        }
        ck_ok(f.host.error, advance(&f, quartic));
        ck_assert_double_lt(test_relative_error(f.x->values, x, N), 1e-11);
    }
    ck_assert_uint_eq(f.host.peak, pst_optimizer_vector_count(&options));
    ck_assert_uint_eq(f.host.dots_calls, 0);
    teardown(&f);
}
END_TEST

START_TEST(descent_follows_its_formula)
{
    for (int with_momentum = 0; with_momentum < 2; with_momentum++) {
        pst_optimizer_options options = options_of(PST_OPTIMIZER_GRADIENT_DESCENT);
        options.learning_rate = 0.005;
        options.momentum = with_momentum ? 0.8 : 0;
        options.decay = 0.3;
        fixture f;
        setup(&f, &options, 1);
        double x[N], g[N], v[N] = {0};
        memcpy(x, f.x->values, sizeof x);
        for (int k = 0; k < 25; k++) {
            quartic(x, g, k);
            for (int i = 0; i < N; i++) {
                v[i] = options.momentum * v[i] + g[i];
                x[i] -= 0.005 / (1 + 0.3 * k) * v[i];
            }
            ck_ok(f.host.error, advance(&f, quartic));
            ck_assert_double_lt(test_relative_error(f.x->values, x, N), 1e-12);
        }
        ck_assert_uint_eq(f.host.peak, 1 + (size_t)with_momentum);
        ck_assert_uint_eq(f.host.peak, pst_optimizer_vector_count(&options));
        ck_assert_uint_eq(f.host.dots_calls, 0);
        teardown(&f);
    }
}
END_TEST

/* ---- restarts and faults ---- */

static double broken(const double *x, double *g, int k)
{
    const double loss = quartic(x, g, k);
    g[N / 2] = NAN;
    return loss;
}

static double infinite_gradient(const double *x, double *g, int k)
{
    const double loss = quartic(x, g, k);
    g[0] = -INFINITY;
    return loss;
}

static double broken_loss(const double *x, double *g, int k)
{
    quartic(x, g, k);
    return NAN;
}

/* After a restart an optimiser goes on as a new one would, with scaled steps. */
START_TEST(restart_begins_anew)
{
    for (int which = 0; which < VARIANTS; which++) {
        pst_optimizer_options options = variant(which);
        options.learning_rate = 0.01;
        options.momentum = 0.5;
        options.history = 4;
        fixture f, fresh;
        setup(&f, &options, 1);
        for (int k = 0; k < 9; k++)
            ck_ok(f.host.error, advance(&f, quartic));
        const size_t peak = f.host.peak;
        double x[N];
        pst_status status = advance(&f, broken);
        ck_assert_int_eq(status, options.kind == PST_OPTIMIZER_LBFGS || options.kind == PST_OPTIMIZER_LBFGS_PLAIN ? PST_ERROR_NUMERIC : PST_OK);
        go_back(&f, 0.5);
        go_back(&f, 0.5);
        memcpy(x, f.x->values, sizeof x);
        options.learning_rate *= 0.25;
        setup(&fresh, &options, 1);
        memcpy(fresh.x->values, x, sizeof x);
        if (options.kind == PST_OPTIMIZER_LBFGS || options.kind == PST_OPTIMIZER_LBFGS_PLAIN)
            ck_ok(fresh.host.error, pst_optimizer_restart(fresh.optimizer, 0.25));
        for (int k = 0; k < 9; k++) {
            ck_ok(f.host.error, advance(&f, quartic));
            ck_ok(fresh.host.error, advance(&fresh, quartic));
            ck_assert_double_lt(test_relative_error(f.x->values, fresh.x->values, N), 1e-15);
            ck_assert(isfinite(f.x->values[0]));
        }
        ck_assert_uint_eq(f.host.peak, peak);
        ck_assert_int_eq(pst_optimizer_restart(f.optimizer, 0), PST_ERROR_ARGUMENT);
        ck_assert_int_eq(pst_optimizer_restart(f.optimizer, 1.5), PST_ERROR_ARGUMENT);
        ck_assert_int_eq(pst_optimizer_restart(f.optimizer, NAN), PST_ERROR_ARGUMENT);
        teardown(&fresh);
        teardown(&f);
    }
}
END_TEST

START_TEST(lbfgs_reports_what_is_not_finite)
{
    const problem bad[] = {broken, infinite_gradient, broken_loss};
    for (int at = 0; at < 8; at += 7)
        for (int i = 0; i < 6; i++) {
            pst_optimizer_options options = variant(i / 3);
            options.history = 4;
            fixture f;
            setup(&f, &options, 1);
            for (int k = 0; k < at; k++)
                ck_ok(f.host.error, advance(&f, quartic));
            double best[N];
            const pst_vector *kept = pst_optimizer_best(f.optimizer);
            ck_assert((kept != NULL) == (at > 0));
            memcpy(best, kept ? kept->values : f.x->values, sizeof best);
            ck_assert_int_eq(advance(&f, bad[i % 3]), PST_ERROR_NUMERIC);
            ck_assert_ptr_nonnull(strstr(f.host.error.text, "finite"));
            kept = pst_optimizer_best(f.optimizer);
            ck_assert((kept != NULL) == (at > 0));
            if (kept)
                ck_assert_mem_eq(best, kept->values, sizeof best);
            go_back(&f, 0.5);
            ck_assert_mem_eq(best, f.x->values, sizeof best);
            for (int k = 0; k < 6; k++)
                ck_ok(f.host.error, advance(&f, quartic));
            ck_assert(isfinite(f.x->values[N / 2]));
            teardown(&f);
        }
}
END_TEST

/* Every operation of a run fails once, creation of vectors included; nothing leaks, and after a restart it goes on. */
START_TEST(every_failure_is_clean)
{
    for (int which = 0; which < VARIANTS; which++)
        for (size_t fail_at = 1;; fail_at++) {
            pst_optimizer_options options = variant(which);
            options.history = 3;
            options.momentum = 0.5;
            options.learning_rate = 0.001;
            fixture f;
            setup(&f, &options, 1);
            f.host.fail_at = fail_at;
            pst_status status = PST_OK;
            for (int k = 0; k < 6 && status == PST_OK; k++)
                status = advance(&f, quartic);
            if (status == PST_OK) {
                ck_assert_uint_gt(fail_at, 6);
                teardown(&f);
                break;
            }
            ck_assert_int_eq(status, PST_ERROR_DEVICE);
            go_back(&f, 1);
            ck_ok(f.host.error, advance(&f, quartic));
            ck_ok(f.host.error, advance(&f, quartic));
            ck_assert(isfinite(f.x->values[0]));
            teardown(&f);
        }
}
END_TEST

START_TEST(creation_without_memory_is_clean)
{
    for (int which = 0; which < VARIANTS; which++) {
        const pst_optimizer_options options = variant(which);
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

static void refuse(pst_optimizer_options options)
{
    host_space host;
    host_space_init(&host, N);
    pst_optimizer *optimizer = (pst_optimizer *)&host;
    ck_assert_int_eq(pst_optimizer_create(&host.space, &options, &optimizer), PST_ERROR_ARGUMENT);
    ck_assert_ptr_null(optimizer);
    ck_assert_uint_gt(strlen(host.error.text), 0);
}

START_TEST(options_are_checked)
{
    pst_optimizer_options options = options_of(PST_OPTIMIZER_LBFGS_PLAIN);
    options.history = 0;
    refuse(options);
    options.history = 1 << 30;
    refuse(options);
    options = variant(1);
    options.history = 0;
    refuse(options);
    options = options_of(PST_OPTIMIZER_ADAM);
    options.learning_rate = 0;
    refuse(options);
    options = options_of(PST_OPTIMIZER_ADAM);
    options.beta1 = 1;
    refuse(options);
    options = options_of(PST_OPTIMIZER_ADAM);
    options.epsilon = NAN;
    refuse(options);
    options = options_of(PST_OPTIMIZER_GRADIENT_DESCENT);
    options.learning_rate = INFINITY;
    refuse(options);
    options = options_of(PST_OPTIMIZER_GRADIENT_DESCENT);
    options.momentum = 1;
    refuse(options);
    options = options_of(PST_OPTIMIZER_GRADIENT_DESCENT);
    options.decay = -1;
    refuse(options);
    options.kind = (pst_optimizer_kind)77;
    refuse(options);
    ck_assert_uint_eq(pst_optimizer_vector_count(&options), 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("optim");
    TCase *tests = tcase_create("optimisers");
    tcase_add_test(tests, reference_trajectories);
    tcase_add_test(tests, lbfgs_agrees_with_textbook);
    tcase_add_test(tests, lbfgs_refuses_bad_curvature);
    tcase_add_test(tests, lbfgs_without_pairs_stays_short);
    tcase_add_test(tests, lbfgs_stays_where_the_gradient_is_zero);
    tcase_add_test(tests, robust_lbfgs_reaches_the_bottom);
    tcase_add_test(tests, robust_lbfgs_begins_with_the_spaces_metric);
    tcase_add_test(tests, robust_lbfgs_grows_its_steps_on_a_hill);
    tcase_add_test(tests, lbfgs_reads_its_history_twice);
    tcase_add_test(tests, lbfgs_reports_what_is_not_finite);
    tcase_add_test(tests, adam_follows_its_formula);
    tcase_add_test(tests, descent_follows_its_formula);
    tcase_add_test(tests, restart_begins_anew);
    tcase_add_test(tests, every_failure_is_clean);
    tcase_add_test(tests, creation_without_memory_is_clean);
    tcase_add_test(tests, options_are_checked);
    suite_add_tcase(suite, tests);
    return test_run(suite);
}
