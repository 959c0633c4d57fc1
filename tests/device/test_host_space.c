/* The optimizers' vectors on the host against those on the device. */
#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "on_device.h"
#include "optim/optimizer.h"
#include "spread/host_vectors.h"
#include "transfer/device_space.h"

enum { VECTORS = 6, DOTS = 8 };

static const int sizes[][2] = {{1, 1}, {5, 3}, {31, 18}, {64, 64}, {67, 129}};
enum { SIZES = sizeof sizes / sizeof *sizes };

/* The same vectors in both spaces. */
typedef struct fixture {
    pst_stores stores;
    pst_host_vectors host;
    pst_device_space device;
    pst_vector *on_host[VECTORS], *on_device[VECTORS];
    float *a, *b;
    int h;
    size_t length;
} fixture;

static void set(fixture *f, int i) {
    ck_ok(test_error, pst_store_write_rows(pst_host_vector_store(f->on_host[i]), 0, f->h, f->a));
    ck_ok(test_error,
          pst_buffer_write(test_session, (pst_buffer *)f->on_device[i], 0, f->a, f->length * sizeof(float)));
}

/* Vector i of the host into a, of the device into b. */
static void get(fixture *f, int i) {
    ck_ok(test_error, pst_store_read_rows(pst_host_vector_store(f->on_host[i]), 0, f->h, f->a));
    ck_ok(test_error,
          pst_buffer_read(test_session, (const pst_buffer *)f->on_device[i], 0, f->b, f->length * sizeof(float)));
}

static void compare(fixture *f, const char *what, int i, double allowed) {
    double worst = 0;
    get(f, i);
    for (size_t k = 0; k < f->length; k++)
        worst = fmax(worst, fabs((double)(f->a[k] - f->b[k])));
    ck_assert_msg(worst <= allowed, "%s: differs by %g, more than %g", what, worst, allowed);
}

static void setup(fixture *f, int h, int w) {
    uint64_t state = 9;
    *f = (fixture){.stores = {.error = &test_error}, .h = h, .length = 3 * (size_t)h * (size_t)w};
    ck_ok(test_error, pst_host_vectors_open(&f->stores, h, w, DOTS, &f->host));
    pst_device_space_open(test_session, h, w, 1, &f->device);
    ck_ok(test_error, pst_device_space_allocate(&f->device, DOTS));
    ck_ok(test_error, pst_allocate(&test_error, f->length, sizeof(float), &f->a));
    ck_ok(test_error, pst_allocate(&test_error, f->length, sizeof(float), &f->b));
    for (int i = 0; i < VECTORS; i++) {
        ck_ok(test_error, f->host.vectors.create(&f->host, &f->on_host[i]));
        ck_ok(test_error, f->device.base.vectors.create(&f->device, &f->on_device[i]));
        for (size_t k = 0; k < f->length; k++)
            f->a[k] = (i == 4 ? 10000 : 200) * (i == 4 ? fabsf(test_random(&state)) : test_random(&state));
        set(f, i);
    }
}

static void teardown(fixture *f) {
    for (int i = 0; i < VECTORS; i++) {
        f->host.vectors.destroy(&f->host, f->on_host[i]);
        f->device.base.vectors.destroy(&f->device, f->on_device[i]);
    }
    pst_free(f->a);
    pst_free(f->b);
    pst_host_vectors_close(&f->host);
    pst_device_space_close(&f->device);
}

/* Queues or does one operation in both spaces. */
#define BOTH(f, operation, ...)                                                                            \
    do {                                                                                                   \
        pst_vector **v = (f)->on_host;                                                                     \
        ck_ok(test_error, (f)->host.vectors.operation((f)->host.vectors.self, __VA_ARGS__));               \
        v = (f)->on_device;                                                                                \
        ck_ok(test_error, (f)->device.base.vectors.operation((f)->device.base.vectors.self, __VA_ARGS__)); \
    } while (0)
#define CONST(v) ((const pst_vector *const *)(v))

static void check_operations(fixture *f) {
    const double factors[] = {1.5, -0.5, 0.25, 1, -1.75};
    double sums[2][VECTORS * 3], norms[2];
    BOTH(f, spread, v[0], NULL, v[1]);
    compare(f, "P v", 0, 1e-4 * 5);
    BOTH(f, spread, v[0], v[2], v[1]);
    compare(f, "an image and P v", 0, 1e-4 * 7);
    BOTH(f, combine, v[0], 5, factors, CONST(v));
    compare(f, "a combination", 0, 1e-4 * 30); /* of one of 10000 */
    BOTH(f, copy, v[0], v[3]);
    compare(f, "a copy", 0, 0);
    BOTH(f, queue_dots, VECTORS, CONST(v), 3, CONST(v) + 2, v[1]);
    ck_ok(test_error, pst_session_finish(test_session));
    f->host.vectors.read_dots(&f->host, VECTORS, 3, sums[0], &norms[0]);
    f->device.base.vectors.read_dots(&f->device, VECTORS, 3, sums[1], &norms[1]);
    for (size_t i = 0; i < VECTORS; i++)
        for (size_t j = 0; j < 3; j++) {
            const double size = (i == 4 ? 10000.0 : 200) * (j == 2 ? 10000 : 200) * (double)f->length;
            ck_assert_double_le(fabs(sums[0][3 * i + j] - sums[1][3 * i + j]), 1e-6 * size);
        }
    ck_assert_double_le(fabs(norms[0] - norms[1]), 1e-5 * norms[0]);
    BOTH(f, clamp, v[3]);
    compare(f, "a clamped image", 3, 1e-4);
    BOTH(f, adam, v[2], v[3], v[4], v[5], 3, 0.9, 0.999, 0.5, 0.3, 1e-8);
    compare(f, "an image moved by Adam", 2, 1e-3);
    compare(f, "first moments", 3, 1e-4);
    compare(f, "second moments", 4, 1e-2);
    ck_ok(test_error, pst_host_vectors_gray(&f->host, f->on_host[1]));
    ck_ok(test_error, f->device.base.methods->gray(&f->device.base, f->on_device[1]));
    compare(f, "a gray change", 1, 1e-4);
    ck_ok(test_error, pst_host_vectors_import(&f->host, f->on_host[1]));
    ck_ok(test_error, f->device.base.methods->import(&f->device.base, f->on_device[1]));
    compare(f, "an imported image", 1, 1e-4);
    ck_ok(test_error, pst_host_vectors_export(&f->host, f->on_host[5], f->on_host[1]));
    ck_ok(test_error, f->device.base.methods->export(&f->device.base, f->on_device[5], f->on_device[1]));
    compare(f, "an exported image", 1, 1e-4);
}

START_TEST(operations_agree) {
    test_open(_i);
    for (int i = 0; i < SIZES; i++) {
        fixture f;
        setup(&f, sizes[i][0], sizes[i][1]);
        check_operations(&f);
        teardown(&f);
    }
    test_close();
}
END_TEST

/* Writes the gradient of a sum of quartics with unlike curvatures over x, and returns the sum. */
static double evaluate(float *x, size_t n) {
    double loss = 0;
    for (size_t i = 0; i < n; i++) {
        const double a = 1 + (double)(i % 13), v = (double)x[i];
        loss += a * v * v / 2 + v * v * v * v / 4e4;
        x[i] = (float)(a * v + v * v * v / 1e4);
    }
    return loss;
}

/* With P; losses stay together as long as rounding allows. */
START_TEST(optimizers_descend_alike) {
    const pst_optimizer_kind kinds[] = {PST_OPTIMIZER_LBFGS, PST_OPTIMIZER_LBFGS_PLAIN, PST_OPTIMIZER_ADAM};
    test_open(TEST_CPU);
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        const pst_optimizer_options options = {.kind = kinds[i],
                                               .history = 2,
                                               .first_step = 1e5,
                                               .learning_rate = 2,
                                               .beta1 = 0.9,
                                               .beta2 = 0.999,
                                               .epsilon = 1e-8};
        fixture f;
        setup(&f, 37, 50);
        pst_optimizer *on_host, *on_device;
        ck_ok(test_error, pst_optimizer_create(&f.host.vectors, &options, &on_host));
        ck_ok(test_error, pst_optimizer_create(&f.device.base.vectors, &options, &on_device));
        for (int k = 0; k < 15; k++) {
            get(&f, 0);
            const double on_a = evaluate(f.a, f.length), on_b = evaluate(f.b, f.length);
            ck_assert_double_le(fabs(on_a - on_b), 1e-3 * on_b);
            ck_ok(test_error, pst_store_write_rows(pst_host_vector_store(f.on_host[1]), 0, f.h, f.a));
            ck_ok(test_error,
                  pst_buffer_write(test_session, (pst_buffer *)f.on_device[1], 0, f.b, f.length * sizeof(float)));
            ck_ok(test_error, pst_optimizer_measure(on_host, f.on_host[0], f.on_host[1]));
            ck_ok(test_error, pst_optimizer_measure(on_device, f.on_device[0], f.on_device[1]));
            ck_ok(test_error, pst_session_finish(test_session));
            ck_ok(test_error, pst_optimizer_move(on_host, &f.on_host[0], &f.on_host[1], on_a));
            ck_ok(test_error, pst_optimizer_move(on_device, &f.on_device[0], &f.on_device[1], on_b));
        }
        pst_optimizer_destroy(on_host);
        pst_optimizer_destroy(on_device);
        teardown(&f);
    }
    test_close();
}
END_TEST

int main(void) {
    Suite *suite = suite_create("host_space");
    TCase *tests = tcase_create("vectors on the host and on the device");
    tcase_set_timeout(tests, 300);
    tcase_add_loop_test(tests, operations_agree, 0, TEST_FORMS);
    tcase_add_test(tests, optimizers_descend_alike);
    suite_add_tcase(suite, tests);
    return test_run(suite);
}
