/* What ends a step of Adam and of gradient descent: clamping and the running average; Adam's betas and where its
 * epsilon goes. On host arrays, against textbook code. */
#include <math.h>
#include <string.h>

#include "host_vectors.h"
#include "support.h"

enum { N = 7, STEPS = 30 };

static double evaluate(const double *x, double *g) {
    double loss = 0;
    for (int i = 0; i < N; i++) {
        loss += (1 + i) * (x[i] - 2 + .5 * i) * (x[i] - 2 + .5 * i) / 2;
        g[i] = (1 + i) * (x[i] - 2 + .5 * i);
    }
    return loss;
}

typedef struct run {
    host_space host;
    pst_optimizer *optimizer;
    pst_vector *x, *g;
} run;

static void begin(run *r, const pst_optimizer_options *options) {
    host_space_init(&r->host, N);
    ck_ok(r->host.error, pst_optimizer_create(&r->host.space, options, &r->optimizer));
    ck_ok(r->host.error, r->host.space.create(&r->host, &r->x));
    ck_ok(r->host.error, r->host.space.create(&r->host, &r->g));
    for (int i = 0; i < N; i++)
        r->x->values[i] = .1 * i - .3;
}

static pst_status step(run *r) {
    double loss = evaluate(r->x->values, r->g->values);
    return host_space_step(&r->host, r->optimizer, &r->x, &r->g, loss);
}

static void end(run *r) {
    pst_optimizer_destroy(r->optimizer);
    r->host.space.destroy(&r->host, r->x);
    r->host.space.destroy(&r->host, r->g);
    ck_assert_uint_eq(r->host.live, 0);
}

static pst_optimizer_options adam(double beta1, double beta2) {
    return (pst_optimizer_options){
        .kind = PST_OPTIMIZER_ADAM, .learning_rate = .2, .beta1 = beta1, .beta2 = beta2, .epsilon = 1e-2};
}

/* Loop 0 .. 7: the bits are epsilon first, clamp, average. */
START_TEST(steps_are_the_textbooks) {
    pst_optimizer_options options = adam(.8, .95);
    options.epsilon_first = _i & 1;
    options.clamp = _i & 2;
    options.average = _i & 4 ? .9 : 0;
    run r;
    begin(&r, &options);
    double x[N], m[N] = {0}, v[N] = {0}, g[N], points[STEPS + 1][N];
    bool clamped = false;
    memcpy(x, r.x->values, sizeof x);
    memcpy(points[0], x, sizeof x);
    for (int k = 1; k <= STEPS; k++) {
        evaluate(x, g);
        for (int i = 0; i < N; i++) {
            m[i] = .8 * m[i] + .2 * g[i];
            v[i] = .95 * v[i] + .05 * g[i] * g[i];
            double first = 1 - pow(.8, k), second = 1 - pow(.95, k);
            if (options.epsilon_first) /* torch7: sqrt(second) / first is a factor of the rate */
                x[i] -= .2 * sqrt(second) / first * m[i] / (sqrt(v[i]) + 1e-2);
            else
                x[i] -= .2 * (m[i] / first) / (sqrt(v[i] / second) + 1e-2);
            clamped = clamped || fabs(x[i]) > 1;
            if (options.clamp)
                x[i] = x[i] > 1 ? 1 : x[i] < -1 ? -1 : x[i];
        }
        memcpy(points[k], x, sizeof x);
        ck_ok(r.host.error, step(&r));
        ck_assert_msg(test_relative_error(r.x->values, x, N) < 1e-12, "step %d", k);
        const pst_vector *average = pst_optimizer_average(r.optimizer);
        ck_assert_int_eq(average != NULL, options.average > 0);
        if (average) {
            double expected[N], weights = 0;
            for (int i = 0; i < N; i++) {
                expected[i] = weights = 0;
                for (int j = 0; j <= k; j++) {
                    expected[i] += pow(.9, k - j) * points[j][i];
                    weights += pow(.9, k - j);
                }
                expected[i] /= weights;
            }
            ck_assert_msg(test_relative_error(average->values, expected, N) < 1e-12, "average after step %d", k);
        }
    }
    ck_assert(clamped); /* or this tests nothing */
    ck_assert_uint_eq(r.host.peak, pst_optimizer_vector_count(&options) + 2);
    end(&r);
}
END_TEST

START_TEST(gradient_descent_has_both_as_well) {
    pst_optimizer_options options = {
        .kind = PST_OPTIMIZER_GRADIENT_DESCENT, .learning_rate = .1, .momentum = .5, .clamp = true, .average = .5};
    run r;
    begin(&r, &options);
    for (int k = 0; k < STEPS; k++)
        ck_ok(r.host.error, step(&r));
    for (int i = 0; i < N; i++) {
        ck_assert_double_eq_tol(r.x->values[i], fmax(-1, fmin(1, 2 - .5 * i)),
                                1e-4); /* the nearest allowed point to the least loss */
        ck_assert_double_eq_tol(pst_optimizer_average(r.optimizer)->values[i], r.x->values[i], 1e-3);
    }
    ck_assert_uint_eq(r.host.peak, pst_optimizer_vector_count(&options) + 2);
    end(&r);
}
END_TEST

/* A restart begins the average anew from where it goes on. */
START_TEST(a_restart_forgets_the_average) {
    pst_optimizer_options options = adam(.9, .999);
    options.average = .9;
    run r;
    begin(&r, &options);
    for (int k = 0; k < 3; k++)
        ck_ok(r.host.error, step(&r));
    for (int i = 0; i < N; i++)
        r.x->values[i] = (double)NAN;
    ck_assert_int_eq(host_space_step(&r.host, r.optimizer, &r.x, &r.g, (double)NAN), PST_ERROR_NUMERIC);
    ck_ok(r.host.error, pst_optimizer_restart(r.optimizer, .1));
    ck_assert_ptr_null(pst_optimizer_average(r.optimizer));
    double before[N];
    for (int i = 0; i < N; i++)
        before[i] = r.x->values[i] = .5;
    ck_ok(r.host.error, step(&r));
    for (int i = 0; i < N; i++)
        ck_assert_double_eq_tol(pst_optimizer_average(r.optimizer)->values[i], (.9 * before[i] + r.x->values[i]) / 1.9,
                                1e-12);
    end(&r);
}
END_TEST

START_TEST(every_operation_may_fail) {
    pst_optimizer_options options = adam(.9, .999);
    options.clamp = true;
    options.average = .9;
    int failures = 0;
    for (size_t k = 3; k < 30; k++) { /* the first two make x and g */
        run r;
        begin(&r, &options);
        r.host.fail_at = k;
        pst_status status = PST_OK;
        for (int s = 0; s < 2 && status == PST_OK; s++)
            status = step(&r);
        failures += status != PST_OK;
        end(&r);
    }
    ck_assert_int_ge(failures, 8);
}
END_TEST

START_TEST(what_makes_no_sense_is_refused) {
    static const pst_optimizer_kind waiting[] = {PST_OPTIMIZER_LBFGS, PST_OPTIMIZER_LBFGS_PLAIN};
    host_space host;
    pst_optimizer *optimizer;
    host_space_init(&host, N);
    for (int k = 0; k < 4; k++) {
        pst_optimizer_options options = {
            .kind = waiting[k / 2], .history = 5, .clamp = k % 2, .average = k % 2 ? 0 : .5};
        ck_assert_int_eq(pst_optimizer_create(&host.space, &options, &optimizer), PST_ERROR_ARGUMENT);
        ck_assert_ptr_nonnull(strstr(host.error.text, "Adam"));
        ck_assert_ptr_null(optimizer);
    }
    static const double wrong[] = {1, -.1, 2, (double)NAN};
    for (int k = 0; k < 4; k++) {
        pst_optimizer_options options = adam(.9, .999);
        options.average = wrong[k];
        ck_assert_int_eq(pst_optimizer_create(&host.space, &options, &optimizer), PST_ERROR_ARGUMENT);
        options = adam(wrong[k], .999);
        ck_assert_int_eq(pst_optimizer_create(&host.space, &options, &optimizer), PST_ERROR_ARGUMENT);
    }
    ck_assert_uint_eq(host.live, 0);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("iterates");
    TCase *tests = tcase_create("steps");
    tcase_add_loop_test(tests, steps_are_the_textbooks, 0, 8);
    tcase_add_test(tests, gradient_descent_has_both_as_well);
    tcase_add_test(tests, a_restart_forgets_the_average);
    tcase_add_test(tests, every_operation_may_fail);
    tcase_add_test(tests, what_makes_no_sense_is_refused);
    suite_add_tcase(suite, tests);
    return test_run(suite);
}
