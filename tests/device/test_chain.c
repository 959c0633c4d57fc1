/* Two convolutions by Winograd on GPUs, where the first one begins the second one in a launch of both: the same bytes
 * as one after the other. */
/* promise: launches */
#include <stdlib.h>
#include <string.h>

#include "on_device.h"
#include "op/blocks.h"
#include "op/conv.h"

#define LIMIT ((size_t)64 << 20)

/* Forward from c[0] channels to c[1] to c[2], backward the other way; pool: behind the map in the middle. */
typedef struct chain {
    int h, w, c[3];
    pst_pool pool;
} chain;

static const chain chains[] = {{9, 14, {16, 32, 48}, PST_POOL_MAX},
                               {8, 8, {32, 16, 16}, PST_POOL_NONE},
                               {13, 18, {16, 80, 16}, PST_POOL_AVERAGE},
                               {1, 3, {16, 16, 32}, PST_POOL_NONE}};

typedef struct task {
    const chain *chain;
    const pst_conv_algorithm *algorithm;
    bool backward, bits;
} task;

static size_t pixels(const pst_conv_shape *s) { return (size_t)s->h * (size_t)s->w; }

/* Any bits. */
static pst_buffer *make_bits(size_t words, uint64_t seed) {
    uint16_t *bits = test_take(words, sizeof *bits);
    for (size_t i = 0; i < words; i++)
        bits[i] = (uint16_t)((test_random(&seed) + 1) * 32767);
    return test_buffer(bits, words * sizeof *bits);
}

static pst_buffer *prepare(const task *t, const pst_conv_engine *engine, const pst_conv_shape *s, uint64_t seed) {
    int k = s->backward ? s->c_in : s->c_out, c = s->backward ? s->c_out : s->c_in;
    size_t count = 9 * (size_t)k * (size_t)c;
    double *numbers = test_numbers(count, seed);
    float *weights = test_take(count, sizeof *weights);
    for (size_t i = 0; i < count; i++)
        weights[i] = (float)(numbers[i] / 8);
    pst_buffer *prepared = test_buffer(NULL, t->algorithm->weight_bytes(engine, s));
    ck_ok(test_error, t->algorithm->prepare(engine, s, weights, k, c, prepared));
    return prepared;
}

static void run_both(const void *arg) {
    const task *t = arg;
    const chain *c = t->chain;
    const bool back = t->backward;
    const pst_conv_engine engine = {.session = test_session, .workspace_limit = LIMIT};
    int small_h = c->pool ? c->h / 2 : c->h, small_w = c->pool ? c->w / 2 : c->w;
    const pst_conv_shape fine = {c->h, c->w, back ? c->c[1] : c->c[0], back ? c->c[0] : c->c[1], back, c->pool},
                         coarse = {small_h, small_w,      back ? c->c[2] : c->c[1], back ? c->c[1] : c->c[2],
                                   back,    PST_POOL_NONE};
    const pst_conv_shape first = back ? coarse : fine, second = back ? fine : coarse;
    size_t between = (size_t)(small_h * small_w) * (size_t)c->c[1], words = pixels(&fine) * (size_t)c->c[1] / 16,
           last = pixels(&second) * (size_t)second.c_out;
    pst_buffer *in = test_floats(test_numbers(pixels(&first) * (size_t)first.c_in, 2),
                                 pixels(&first) * (size_t)first.c_in),
               *bias = test_floats(test_numbers((size_t)first.c_out, 3), (size_t)first.c_out),
               *next_bias = test_floats(test_numbers((size_t)second.c_out, 4), (size_t)second.c_out),
               *fine_bits = make_bits(words, 5), *mask = make_bits(between / 16, 6);
    const double *old = test_numbers(between, 7);
    const pst_buffer *weights = prepare(t, &engine, &first, 8), *next_weights = prepare(t, &engine, &second, 9);
    float *map = test_take(between, sizeof *map), *out = test_take(last, sizeof *out);
    uint16_t *bits = test_take(words, sizeof *bits);
    for (int together = 0; together < 2; together++) {
        pst_conv_next next = {t->algorithm, second, back && c->pool ? fine_bits : NULL, 0};
        pst_conv_tensors a = {.in = in, .weights = weights, .bias = bias, .out = test_floats(old, between)};
        a.workspace = test_buffer(NULL, (size_t)8 << 20);
        a.next = together ? &next : NULL;
        a.bits = !back && t->bits ? test_buffer(NULL, words * sizeof *bits) : NULL;
        a.mask = back && t->bits && !c->pool ? mask : NULL;
        a.add = back && t->bits && !c->pool;
        ck_ok(test_error, t->algorithm->run(&engine, &first, &a));
        ck_assert_int_eq(next.begun != 0, together);
        pst_conv_tensors b = {.in = a.out, .in_bits = next.in_bits, .weights = next_weights, .bias = next_bias};
        b.out = test_empty(last);
        b.workspace = a.workspace;
        b.begun = next.begun;
        unsigned launches = test_session->launches;
        ck_ok(test_error, t->algorithm->run(&engine, &second, &b));
        ck_assert_uint_eq(test_session->launches - launches, together ? 2 : 3);
        if (together) {
            test_bytes("map between", a.out, map, between * sizeof *map);
            test_bytes("map", b.out, out, last * sizeof *out);
        }
        test_read(a.out, map, between * sizeof *map);
        test_read(b.out, out, last * sizeof *out);
        if (a.bits && together)
            test_bytes("bits", a.bits, bits, words * sizeof *bits);
        if (a.bits)
            test_read(a.bits, bits, words * sizeof *bits);
    }
}

START_TEST(a_chain_has_the_bytes_of_its_parts) {
    task t = {.chain = &chains[_i / 4],
              .backward = _i / 2 % 2,
              .bits = _i % 2,
              .algorithm = _i / 4 % 2 ? &pst_conv_gpu_winograd_2x2[PST_VECTOR_FORMS - 1]
                                      : &pst_conv_gpu_winograd_4x4[PST_VECTOR_FORMS - 1]};
    /* In small runs: forward with a pooling, back through it, and added and masked. */
    if (!test_few() || _i == 1 || _i == 2 || _i == 7)
        test_twice(run_both, &t);
}
END_TEST

/* On a device for whose launches such maps are small. */
static void open_gpu(void) {
    test_open(TEST_GPU);
    test_session->device.info.clock_mhz = 2000;
    test_session->device.info.compute_units = 4;
}

int main(void) {
    Suite *suite = suite_create("chain");
    TCase *tests = tcase_create(test_form_names[TEST_GPU]);
    tcase_add_unchecked_fixture(tests, open_gpu, test_close);
    tcase_add_loop_test(tests, a_chain_has_the_bytes_of_its_parts, 0, 4 * (int)(sizeof chains / sizeof *chains));
    tcase_set_timeout(tests, 0);
    suite_add_tcase(suite, tests);
    return test_run(suite);
}
