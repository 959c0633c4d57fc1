/* Every algorithm of the convolution menu, wherever it supports a shape, against the reference: forward and backward,
 * with and without pooling, with and without bits, added or not, true channel counts below the padded ones, odd sizes,
 * few and many rows in a strip. A new algorithm is tested by being in the menu. */
/* promise: products gradients */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "blas/gemm_create.h"
#include "on_device.h"
#include "op/activation.h"
#include "op/refused.h"
#include "reference_ops.h"

#define COUNT(array) ((int)(sizeof(array) / sizeof *(array)))
#define ORACLE_ERROR 1e-12 /* of the menu's first entry, plain sums of products: 1e-6 in norm */
#define OTHER_ERROR 1e-7   /* algorithms that trade accuracy for speed */
#define UNSURE 1e-3 /* choices between numbers that are closer than this, of the map's root mean square, may differ */

static pst_gemm *gemm;

static void open_all(test_form form) {
    test_open(form);
    ck_ok(test_error, pst_gemm_create(test_session, &gemm));
}

static void open_cpu(void) { open_all(TEST_CPU); }
static void open_other_cpu(void) { open_all(TEST_OTHER_CPU); }
static void open_gpu(void) { open_all(TEST_GPU); }

static void close_all(void) {
    pst_gemm_destroy(gemm);
    gemm = NULL;
    test_close();
}

typedef struct layer {
    int h, w, k, c; /* k outputs, c inputs: the true counts */
} layer;

/* All kinds of sizes with few channels, all kinds of channels at some sizes. The first SMALL stand for all in small
 * runs. The oracle goes through all of them. The others' kernels are compiled for each pair of channel counts and each
 * form, half a second each, so they go through all sizes of a few pairs and through the forms that differ for them; in
 * the short tier through one pair and the image. */
static const layer layers[] = {
    {5, 7, 16, 3},    {4, 6, 16, 16},     {2, 2, 20, 37},   {1, 1, 16, 16},   {1, 9, 5, 3},      {11, 1, 24, 16},
    {2, 2, 64, 3},    {3, 2, 7, 5},       {2, 23, 5, 16},   {13, 7, 48, 64},  {17, 31, 7, 3},    {16, 16, 64, 64},
    {33, 20, 33, 17}, {64, 64, 64, 3},    {19, 47, 64, 64}, {38, 24, 80, 96}, {61, 13, 128, 64}, {257, 6, 16, 16},
    {7, 301, 16, 32}, {12, 12, 256, 128}, {300, 221, 16, 3}};
#define SMALL 3

static bool is_for_others(const layer *l) {
    int c = pst_channels(l->c), k = pst_channels(l->k);
    if (!test_session->cpu_kernels && c >= 64) /* those kernels take the counts as arguments */
        return test_long() || k % 64 != 0;
    if (!test_long() && !test_few())
        return (c == PST_IMAGE_CHANNELS && k == 16) || (c == 32 && k == 48);
    return c == PST_IMAGE_CHANNELS ? k == 16 || k == 64
                                   : (c == 16 && k == 16) || (c == 64 && k == 64) || (c == 32 && k == 48);
}

/* What a run is to write. */
typedef struct output {
    pst_pool pool;
    bool bits;    /* they are asked for; backward: those of the layer below are given as the mask */
    size_t limit; /* of the workspace */
    bool kept;
} output;

static const output outputs[] = {{PST_POOL_NONE, true, (size_t)64 << 20, false},
                                 {PST_POOL_MAX, true, 1, true},
                                 {PST_POOL_AVERAGE, true, (size_t)64 << 20, true},
                                 {PST_POOL_NONE, false, 1, false},
                                 {PST_POOL_MAX, false, 100000, false},
                                 {PST_POOL_AVERAGE, false, 1, false},
                                 {PST_POOL_NONE, true, 300000, true},
                                 {PST_POOL_MAX, true, (size_t)64 << 20, true}};

#define FEW_OUTPUTS 4 /* the first ones, for few cases and for all algorithms but the first */

typedef struct task {
    const pst_conv_algorithm *algorithm;
    const layer *layer;
    double error;
    int outputs;
} task;

/* ---- preparing ---- */

typedef struct operands {
    size_t pixels, pooled_pixels;
    int c, k; /* padded */
    float *weights;
    reference_conv reference;
} operands;

static void make_operands(const layer *l, operands *o) {
    *o = (operands){(size_t)l->h * (size_t)l->w,
                    (size_t)(l->h / 2) * (size_t)(l->w / 2),
                    pst_channels(l->c),
                    pst_channels(l->k),
                    NULL,
                    {0}};
    size_t count = (size_t)l->k * (size_t)l->c * 9;
    double *values = test_numbers(count, 1), scale = sqrt(1. / (3 * l->c));
    o->weights = test_take(count, sizeof *o->weights);
    for (size_t i = 0; i < count; i++)
        o->weights[i] = (float)(scale * values[i]);
    o->reference = (reference_conv){l->h, l->w, o->c, o->k, l->k, l->c, o->weights};
}

/* Weights, workspace and run; NULL tensors are filled in here. */
static void run(const task *t, const pst_conv_shape *shape, const output *f, const operands *o,
                pst_conv_tensors tensors) {
    const pst_conv_algorithm *algorithm = t->algorithm;
    pst_conv_engine engine = {test_session, gemm, f->limit}, least = {test_session, gemm, 1};
    size_t bytes, least_bytes;
    ck_ok(test_error, algorithm->workspace_bytes(&engine, shape, &bytes));
    ck_ok(test_error, algorithm->workspace_bytes(&least, shape, &least_bytes));
    ck_assert_msg(bytes <= f->limit || bytes <= least_bytes, "%s: workspace of %zu bytes, limit %zu, least %zu",
                  algorithm->name, bytes, f->limit, least_bytes);
    pst_buffer *weights = test_buffer(NULL, pst_conv_weight_bytes(&engine, algorithm, shape));
    ck_ok(test_error, pst_conv_prepare(&engine, algorithm, shape, o->weights, t->layer->k, t->layer->c, weights));
    tensors.weights = weights;
    tensors.workspace = bytes ? test_buffer(NULL, bytes) : NULL;
    ck_ok(test_error, algorithm->run(&engine, shape, &tensors));
}

/* ---- what comes out ---- */

/* The signs must be those of the output as it came out, whatever rounding made of it. */
static void check_signs(const char *name, const pst_buffer *out, const pst_buffer *signs, size_t count) {
    float *values = test_take(count, sizeof *values);
    double *map = test_doubles(count);
    uint16_t *expected = test_take(count / 16, sizeof *expected);
    test_read(out, values, count * sizeof *values);
    for (size_t i = 0; i < count; i++)
        map[i] = (double)values[i];
    reference_signs(map, count, expected);
    test_bytes(name, signs, expected, count / 16 * sizeof *expected);
}

/* The bits of a pooling must fit what was pooled, and be the reference's wherever its numbers (`sums` are those before
 * the ReLU) are far enough apart. Channels beyond the true ones hold the bias, exactly, in every place. Where there is
 * no whole window they are zero. */
static void check_pool_bits(const task *t, const pst_buffer *out, const pst_buffer *bits, const double *sums,
                            const uint16_t *expected, int c, bool average, double near) {
    const layer *l = t->layer;
    size_t w = (size_t)l->w, depth = (size_t)c, all = (size_t)l->h * w * depth;
    size_t count = (size_t)(l->h / 2) * (w / 2) * depth, sure = 0;
    uint16_t *values = test_take(all / 16, sizeof *values);
    float *pooled = test_take(count, sizeof *pooled);
    test_read(bits, values, all / 16 * sizeof *values);
    test_read(out, pooled, count * sizeof *pooled);
    for (size_t at = 0; at < count; at++) {
        size_t channel = at % depth, px = at / depth % (w / 2), py = at / depth / (w / 2);
        double best = 0, second = -INFINITY, nearest = INFINITY; /* 0 competes as well: it decides over none or one */
        int set = 0;
        bool same = true;
        for (size_t place = 0; place < 4; place++) {
            size_t from = ((2 * py + place / 2) * w + 2 * px + place % 2) * depth + channel;
            double v = sums[from];
            second = v > best ? best : v > second ? v : second;
            best = v > best ? v : best;
            nearest = fabs(v) < nearest ? fabs(v) : nearest;
            set += reference_bit(values, from);
            same = same && reference_bit(values, from) == reference_bit(expected, from);
        }
        if (pooled[at] > 0 ? set < 1 || (!average && set > 1) : set > 0)
            ck_abort_msg("%s %dx%d: %d bits for pooled element %zu, which is %g", t->algorithm->name, l->h, l->w, set,
                         at, (double)pooled[at]);
        if (channel < (size_t)l->k && (average ? nearest : best - second) <= near)
            continue;
        sure++;
        if (!same)
            ck_abort_msg("%s %dx%d: wrong bits for pooled element %zu", t->algorithm->name, l->h, l->w, at);
    }
    ck_assert_msg(sure >= count * 9 / 10, "only the bits of %zu of %zu windows could be checked", sure, count);
    for (size_t at = 0; at < all / 16; at++) {
        size_t x = at * 16 / depth % w, y = at * 16 / depth / w;
        if ((x == w / 2 * 2 || y == (size_t)(l->h / 2 * 2)) && values[at] != 0)
            ck_abort_msg("%s %dx%d: bits %x at %zu, %zu, which no window has", t->algorithm->name, l->h, l->w,
                         (unsigned)values[at], x, y);
    }
}

static void forward(const void *arg) {
    const task *t = arg;
    const layer *l = t->layer;
    operands o;
    make_operands(l, &o);
    size_t c = (size_t)o.c, k = (size_t)o.k, out_count = o.pixels * k, pooled_count = o.pooled_pixels * k;
    double *in = test_numbers(o.pixels * c, 2), *bias = test_numbers(k, 3), *product = test_doubles(out_count);
    double *sums = test_doubles(out_count), *pooled = test_doubles(pooled_count);
    uint16_t *bits = test_take(out_count / 16, sizeof *bits);
    for (size_t i = 0; i < k; i++)
        bias[i] = (double)(float)(bias[i] / 4);
    const pst_buffer *in_device = test_floats(in, o.pixels * c), *bias_device = test_floats(bias, k);
    reference_conv_forward(&o.reference, in, product);
    for (size_t i = 0; i < out_count; i++)
        sums[i] = product[i] + bias[i % k];
    reference_bias_relu(product, o.pixels, o.k, bias);
    double near = UNSURE * sqrt(reference_dot(sums, sums, out_count) / (double)out_count);
    for (int i = 0; i < t->outputs; i++) {
        const output *f = &outputs[i];
        pst_conv_shape shape = {l->h, l->w, o.c, o.k, false, f->pool, f->kept};
        pst_conv_engine engine = {test_session, gemm, f->limit};
        if ((f->pool && !pooled_count) || !t->algorithm->supports(&engine, &shape))
            continue;
        pst_conv_tensors tensors = {.in = in_device, .bias = bias_device};
        tensors.out = test_empty(f->pool ? pooled_count : out_count);
        tensors.bits = f->bits ? test_buffer(NULL, out_count / 16 * sizeof *bits) : NULL;
        run(t, &shape, f, &o, tensors);
        if (f->pool) {
            reference_pool(product, l->h, l->w, o.k, f->pool == PST_POOL_AVERAGE, false, pooled, bits);
            test_close_to("pooled", tensors.out, pooled, pooled_count, t->error);
            if (f->bits)
                check_pool_bits(t, tensors.out, tensors.bits, sums, bits, o.k, f->pool == PST_POOL_AVERAGE, near);
        } else {
            test_close_to("out", tensors.out, product, out_count, t->error);
            if (f->bits)
                check_signs("signs", tensors.out, tensors.bits, out_count);
        }
    }
}

/* Any bits that the pooling can leave: of a window one or none, or with averaging any. */
static void random_pool_bits(const layer *l, int c, bool average, uint16_t *bits) {
    size_t w = (size_t)l->w, groups = (size_t)c / 16;
    uint64_t seed = 7;
    memset(bits, 0, (size_t)l->h * w * groups * sizeof *bits);
    for (size_t py = 0; py < (size_t)(l->h / 2); py++)
        for (size_t px = 0; px < w / 2; px++)
            for (size_t channel = 0; channel < (size_t)c; channel++) {
                int draw = (int)((test_random(&seed) + 1) * 8) & 15, set = average     ? draw
                                                                           : draw < 12 ? 1 << draw % 4
                                                                                       : 0;
                for (size_t place = 0; place < 4; place++) {
                    uint16_t *to = &bits[((2 * py + place / 2) * w + 2 * px + place % 2) * groups + channel / 16];
                    *to = (uint16_t)(*to | (set >> place & 1) << channel % 16);
                }
            }
}

static void backward(const void *arg) {
    const task *t = arg;
    const layer *l = t->layer;
    operands o;
    make_operands(l, &o);
    size_t c = (size_t)o.c, k = (size_t)o.k, in_count = o.pixels * k, pooled_count = o.pooled_pixels * k,
           out_count = o.pixels * c;
    double *d = test_numbers(in_count, 4), *d_pooled = test_numbers(pooled_count, 5),
           *d_expanded = test_doubles(in_count);
    double *gradient = test_doubles(out_count), *expected = test_doubles(out_count), *old = test_numbers(out_count, 8);
    uint16_t *in_bits = test_take(in_count / 16, sizeof *in_bits), *mask = test_take(out_count / 16 + 1, sizeof *mask);
    bool image = o.c == PST_IMAGE_CHANNELS; /* nothing before it that could have bits or losses */
    if (!image)
        reference_signs(test_numbers(out_count, 6), out_count, mask);
    const pst_buffer *in_device = test_floats(d, in_count),
                     *pooled_device = pooled_count ? test_floats(d_pooled, pooled_count) : NULL;
    pst_buffer *mask_device = image ? NULL : test_buffer(mask, out_count / 16 * sizeof *mask);
    for (int i = 0; i < t->outputs; i++) {
        const output *f = &outputs[i];
        pst_conv_shape shape = {l->h, l->w, o.k, o.c, true, f->pool, f->kept};
        pst_conv_engine engine = {test_session, gemm, f->limit};
        if ((f->pool && !pooled_count) || !t->algorithm->supports(&engine, &shape))
            continue;
        pst_conv_tensors tensors = {.in = in_device, .mask = f->bits ? mask_device : NULL};
        if (f->pool) {
            bool average = f->pool == PST_POOL_AVERAGE;
            random_pool_bits(l, o.k, average, in_bits);
            tensors.in = pooled_device;
            tensors.in_bits = test_buffer(in_bits, in_count / 16 * sizeof *in_bits);
            reference_unpool(d_pooled, in_bits, l->h, l->w, o.k, average, false, NULL, d_expanded);
        }
        reference_conv_backward(&o.reference, f->pool ? d_expanded : d, gradient);
        if (!f->pool && f->bits && t->algorithm->masks) {
            reference_signs(test_numbers(in_count, 9), in_count, in_bits);
            tensors.in_bits = test_buffer(in_bits, in_count / 16 * sizeof *in_bits);
            memcpy(d_expanded, d, in_count * sizeof *d);
            reference_add_mask(d_expanded, in_count, NULL, in_bits);
            reference_conv_backward(&o.reference, d_expanded, gradient);
        }
        for (int add = 0; add <= !image; add++) {
            tensors.add = add;
            tensors.out = add ? test_floats(old, out_count) : test_empty(out_count);
            run(t, &shape, f, &o, tensors);
            memcpy(expected, gradient, out_count * sizeof *expected);
            reference_add_mask(expected, out_count, add ? old : NULL, tensors.mask ? mask : NULL);
            test_close_to(add ? "gradient added" : "gradient", tensors.out, expected, out_count, t->error);
        }
    }
}

static bool is_tested(int i) {
    int l = i % COUNT(layers);
    const char *name = pst_conv_menu[i / COUNT(layers)]->name;
    if (test_session->cpu_kernels && strstr(name, "-matrix")) /* of CPUs; multiples of 32 channels */
        return !test_few() && layers[l].c >= 64 && (layers[l].k == 64 || (layers[l].k == 256 && test_long()));
    return (i < COUNT(layers) || is_for_others(&layers[l])) && (!test_few() || l < SMALL);
}

static task task_of(int i) {
    return (task){pst_conv_menu[i / COUNT(layers)], &layers[i % COUNT(layers)],
                  i < COUNT(layers) ? ORACLE_ERROR : OTHER_ERROR,
                  i < COUNT(layers) && !test_few() ? COUNT(outputs)
                  : test_long()                    ? FEW_OUTPUTS
                                                   : FEW_OUTPUTS / (test_few() ? 2 : 1)};
}

START_TEST(forward_is_right) {
    task t = task_of(_i);
    if (is_tested(_i))
        test_twice(forward, &t);
}
END_TEST

START_TEST(backward_is_right) {
    task t = task_of(_i);
    if (is_tested(_i))
        test_twice(backward, &t);
}
END_TEST

/* What is written when it is larger than the last cache. */
START_TEST(what_passes_by_the_caches_is_right) {
    static const layer odd = {9, 7, 32, 16};
    const task t = {pst_conv_menu[_i], &odd, OTHER_ERROR, FEW_OUTPUTS / 2};
    const pst_device device = test_session->device;
    if (!strstr(t.algorithm->name, "winograd") || strstr(t.algorithm->name, "-matrix"))
        return;
    test_session->device.cache_bytes = 1;
    for (int lanes = 8; lanes <= 16; lanes *= 2) {
        test_session->device.vector_width = lanes;
        test_twice(forward, &t);
        test_twice(backward, &t);
    }
    test_session->device = device;
}
END_TEST

START_TEST(the_first_of_the_menu_supports_all) {
    pst_conv_engine engine = {test_session, gemm, 1};
    for (int i = 0; i < COUNT(layers); i++)
        for (int pool = 0; pool < 3; pool++)
            for (int b = 0; b < 2; b++) {
                int c = pst_channels(layers[i].c), k = pst_channels(layers[i].k);
                pst_conv_shape shape = {layers[i].h, layers[i].w, b ? k : c, b ? c : k, b, (pst_pool)pool};
                ck_assert(pst_conv_menu[0]->supports(&engine, &shape));
            }
}
END_TEST

int main(void) {
    static const SFun open[TEST_FORMS] = {open_cpu, open_other_cpu, open_gpu};
    int algorithms = 0;
    while (pst_conv_menu[algorithms])
        algorithms++;
    Suite *suite = suite_create("convolutions");
    for (int form = 0; form < TEST_FORMS; form++) {
        if (form == TEST_OTHER_CPU && !test_long() && !test_small())
            continue; /* it differs in numbers, and takes as long */
        TCase *tests = tcase_create(test_form_names[form]);
        tcase_add_unchecked_fixture(tests, open[form], close_all);
        tcase_add_test(tests, the_first_of_the_menu_supports_all);
        tcase_add_loop_test(tests, forward_is_right, 0, algorithms * COUNT(layers));
        tcase_add_loop_test(tests, backward_is_right, 0, algorithms * COUNT(layers));
        if (form == TEST_CPU)
            tcase_add_loop_test(tests, what_passes_by_the_caches_is_right, 0, algorithms);
        tcase_set_timeout(tests, 0);
        suite_add_tcase(suite, tests);
    }
    return test_run(suite);
}
