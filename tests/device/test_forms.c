/* The whole objective in every form of the kernels and with every algorithm for whatever it supports: the losses and
 * the gradient of a network of random weights are those of the CPUs' form with the plainest algorithm. */
/* promise: gradients */
#define _POSIX_C_SOURCE 200809L /* setenv */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "blas/gemm_create.h"
#include "forced.h"
#include "loss/objective.h"
#include "model/weights_random.h"
#include "on_device.h"
#include "op/tiles.h"
#include "transfer/device_space.h"

enum { H = 37, W = 50, COUNT = H * W * 3 };
#define LOSS_ERROR 1e-5
#define GRADIENT_ERROR 1e-2 /* a choice of a ReLU or a pooling may hang on a rounding; what is wrong is wrong by 1 */

typedef struct outcome {
    double losses[PST_TERMS_MAX];
    float gradient[COUNT];
} outcome;

static pst_weights *model;
static outcome expected;

static void image(uint64_t seed, float *pixels) {
    for (int i = 0; i < COUNT; i++)
        pixels[i] = 100 * test_random(&seed);
}

static void evaluate(const pst_device_network *net, const pst_objective_options *options, outcome *o) {
    pst_session *session = test_session;
    pst_objective *objective;
    pst_buffer *x[3], *g;
    float *pixels = malloc(sizeof(float) * COUNT);
    ck_assert_ptr_nonnull(pixels);
    for (int i = 0; i < 3; i++) {
        image((uint64_t)i + 1, pixels);
        ck_ok(test_error, pst_buffer_create(session, pst_device_vector_bytes(COUNT), "a test", &x[i]));
        ck_ok(test_error, pst_buffer_write(session, x[i], 0, pixels, sizeof(float) * COUNT));
    }
    free(pixels);
    ck_ok(test_error, pst_buffer_create(session, pst_device_vector_bytes(COUNT), "a test", &g));
    ck_ok(test_error, pst_objective_create((pst_device_network *)net, options, &objective));
    ck_ok(test_error, pst_objective_begin(objective));
    ck_ok(test_error, pst_objective_add_style(objective, x[0], H, W, 1));
    ck_ok(test_error, pst_objective_set_content(objective, x[1]));
    ck_ok(test_error, pst_objective_end(objective));
    ck_ok(test_error, pst_objective_evaluate(objective, x[2], g));
    ck_ok(test_error, pst_session_finish(session));
    pst_objective_losses(objective, o->losses);
    ck_ok(test_error, pst_buffer_read(session, g, 0, o->gradient, sizeof o->gradient));
    pst_objective_destroy(objective);
    for (int i = 0; i < 3; i++)
        pst_buffer_destroy(session, x[i]);
    pst_buffer_destroy(session, g);
}

/* With one algorithm wherever it can, or NULL: the defaults. The blocks of products are those of a GPU whose work-items
 * have so many registers, in waves of so many; 0: of the device. */
static void run_as(test_form form, int registers, int wave, const char *algorithm, pst_pool pooling, outcome *o) {
    pst_objective_options options = {.h = H, .w = W, .pooling = pooling};
    pst_conv_choices choices = {0};
    pst_gemm *gemm;
    pst_device_network *net;
    test_open(form);
    if (registers) {
        test_session->device.quirks.item_registers = registers;
        test_session->device.quirks.wave = wave;
    }
    ck_ok(test_error, pst_gemm_create(test_session, &gemm));
    pst_conv_engine engine = {test_session, gemm, (size_t)1 << 20, &choices};
    ck_ok(test_error, pst_device_network_create(&engine, model, &net));
    if (algorithm)
        ck_ok(test_error, force_algorithm(&test_error, net, H, W, algorithm, &choices));
    ck_ok(test_error, pst_objective_add_terms(&test_error, &net->layers, false, "relu2_2", 5, &options));
    ck_ok(test_error,
          pst_objective_add_terms(&test_error, &net->layers, true, "relu1_1,relu2_1,relu3_1", 100, &options));
    pst_objective_add_tv(1e-3, &options);
    evaluate(net, &options, o);
    pst_device_network_destroy(net);
    pst_conv_choices_clear(&choices);
    pst_gemm_destroy(gemm);
    test_close();
}

static void run(test_form form, const char *algorithm, pst_pool pooling, outcome *o) {
    run_as(form, 0, 0, algorithm, pooling, o);
}

static void compare(const char *what, const outcome *o) {
    double wrong = 0, size = 0;
    for (int t = 0; t < 5; t++)
        ck_assert_msg(fabs(o->losses[t] - expected.losses[t]) <= LOSS_ERROR * fabs(expected.losses[t]),
                      "%s: loss %d is %.9g, not %.9g", what, t, o->losses[t], expected.losses[t]);
    for (int i = 0; i < COUNT; i++) {
        double a = (double)o->gradient[i], b = (double)expected.gradient[i];
        wrong += (a - b) * (a - b);
        size += b * b;
    }
    ck_assert_msg(size > 0 && sqrt(wrong / size) <= GRADIENT_ERROR, "%s: the gradient is wrong by %g", what,
                  sqrt(wrong / size));
}

static void set_up(void) {
    ck_ok(test_error, pst_weights_vgg19(&test_error, &model));
    ck_ok(test_error, pst_weights_randomize(&test_error, model));
}

static void tear_down(void) { pst_weights_destroy(model); }

START_TEST(every_form_and_algorithm_agrees) {
    static outcome o;
    pst_pool pooling = _i ? PST_POOL_AVERAGE : PST_POOL_MAX;
    run(TEST_CPU, "im2col", pooling, &expected);
    run(TEST_CPU, NULL, pooling, &o);
    compare("CPU", &o);
    run(TEST_GPU, NULL, pooling, &o);
    compare("GPU", &o);
    run_as(TEST_GPU, 128, 32, NULL, pooling, &o);
    compare("GPU of Intel", &o);
    run_as(TEST_GPU, 255, 64, NULL, pooling, &o);
    compare("GPU of AMD", &o);
    for (size_t i = 0; pst_conv_menu[i]; i++) {
        const char *name = pst_conv_menu[i]->name;
        bool gpu = strncmp(name, "gpu-", 4) == 0;
        if (gpu || pst_conv_menu[i] == &pst_conv_im2col) {
            run(TEST_GPU, name, pooling, &o);
            compare(name, &o);
        }
    }
}
END_TEST

/* The variable that gives a whole program one form or the other. */
START_TEST(the_form_can_be_named) {
    static const struct {
        const char *value;
        bool cpu;
    } forms[] = {{"cpu", true}, {"gpu", false}};
    pst_session *session;
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        setenv("PASTICHE_KERNELS_FORM", forms[i].value, 1);
        ck_ok(test_error, pst_session_open(&test_error, NULL, NULL, &session));
        ck_assert_int_eq(session->cpu_kernels, forms[i].cpu);
        pst_session_close(session);
    }
    setenv("PASTICHE_KERNELS_FORM", "", 1);
    ck_ok(test_error, pst_session_open(&test_error, NULL, NULL, &session));
    ck_assert_int_eq(session->cpu_kernels, !session->device.scalar);
    pst_session_close(session);
    setenv("PASTICHE_KERNELS_FORM", "neither", 1);
    ck_assert_int_eq(pst_session_open(&test_error, NULL, NULL, &session), PST_ERROR_ARGUMENT);
    ck_assert_ptr_null(session);
    test_error = (pst_error){0};
    unsetenv("PASTICHE_KERNELS_FORM");
}
END_TEST

/* PoCL tells of the processor's vectors when its compiler is set to a processor without them. */
START_TEST(vectors_are_those_of_the_compiler) {
    static const struct {
        const char *library, *name;
        int lanes;
        bool fused;
    } older[] = {{"avx2", "haswell", 8, true}, {"sse41", "penryn", 4, false}};
    for (int i = 0; i < 2; i++) {
        pst_session *session;
        setenv("POCL_KERNELLIB_NAME", older[i].library, 1);
        ck_ok(test_error, pst_session_open(&test_error, NULL, NULL, &session));
        bool is_older = strstr(session->device.info.name, older[i].name);
        ck_ok(test_error, pst_vectors_check(session));
        if (is_older) {
            ck_assert_int_eq(session->device.vector_width, older[i].lanes);
            ck_assert_int_eq(session->device.vector_registers, 16);
            ck_assert_int_eq(session->device.fast_fma, older[i].fused);
        }
        pst_session_close(session);
    }
    unsetenv("POCL_KERNELLIB_NAME");
}
END_TEST

int main(void) {
    Suite *suite = suite_create("forms");
    TCase *tests = tcase_create("all");
    tcase_add_unchecked_fixture(tests, set_up, tear_down);
    tcase_add_loop_test(tests, every_form_and_algorithm_agrees, 0, 2);
    tcase_set_timeout(tests, 0);
    suite_add_tcase(suite, tests);
    tests = tcase_create("sessions");
    tcase_add_test(tests, the_form_can_be_named);
    tcase_add_test(tests, vectors_are_those_of_the_compiler);
    tcase_set_timeout(tests, 0);
    suite_add_tcase(suite, tests);
    return test_run(suite);
}
