/* Every operation of host/op but convolutions and Gram matrices, in both forms of its kernels, against the references.
 */
/* promise: exact gradients */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "on_device.h"
#include "op/activation.h"
#include "op/guide.h"
#include "op/loss.h"
#include "op/pixels.h"
#include "op/spread.h"
#include "op/vector.h"
#include "reference_ops.h"

#define COUNT(array) ((int)(sizeof(array) / sizeof *(array)))
#define TIGHT                                                                                                     \
    1e-12        /* normalized mean square error where only the rounding of single steps can differ: 1e-6 in norm \
                  */
#define SUM 1e-6 /* relative, of sums of positive numbers */

typedef struct map_shape {
    int h, w, c;
} map_shape;

/* The first SMALL_MAPS stand for all in small runs. */
static const map_shape maps[] = {{3, 5, 32}, {1, 1, 16},   {2, 2, 16},   {1, 7, 32},
                                 {9, 1, 16}, {17, 13, 64}, {31, 29, 48}, {64, 50, 128}};
#define SMALL_MAPS 3

static int limit(int count, int small) { return test_few() ? small : count; }

static size_t pixels_of(const map_shape *s) { return (size_t)s->h * (size_t)s->w; }
static size_t count_of(const map_shape *s) { return pixels_of(s) * (size_t)s->c; }
static size_t pooled_count_of(const map_shape *s, bool ceil) {
    return (size_t)((s->h + ceil) / 2) * (size_t)((s->w + ceil) / 2) * (size_t)s->c;
}

static uint16_t *random_signs(size_t count, uint64_t seed) {
    uint16_t *signs = test_take(count / 16, sizeof *signs);
    reference_signs(test_numbers(count, seed), count, signs);
    return signs;
}

static void float_rounded(double *values, size_t count) {
    for (size_t i = 0; i < count; i++)
        values[i] = (double)(float)values[i];
}

/* ---- activation ---- */

static void bias_relu_case(const void *arg) {
    const map_shape *s = arg;
    size_t pixels = pixels_of(s), count = count_of(s), c = (size_t)s->c;
    /* All of the map, then only some pixels in its middle, of which nothing outside may change. */
    for (int part = 0; part < 2; part++) {
        size_t first = part ? pixels / 3 : 0, held = part ? (pixels + 1) / 2 : pixels;
        double *map = test_steps(count, 1), *bias = test_steps(c, 2);
        pst_buffer *with_signs = test_floats(map, count), *without = test_floats(map, count);
        pst_buffer *b = test_floats(bias, c), *signs = test_empty(count / 32 + 1);
        uint16_t *expected_signs = test_take(count / 16, sizeof *expected_signs),
                 *all = test_take(count / 16 + 2, sizeof *all);
        ck_ok(test_error, pst_bias_relu(test_session, with_signs, first, held, s->c, b, signs));
        ck_ok(test_error, pst_bias_relu(test_session, without, first, held, s->c, b, NULL));
        reference_bias_relu(map + first * c, held, s->c, bias);
        float_rounded(map, count);
        test_exact("bias and ReLU", with_signs, map, count);
        test_exact("bias and ReLU without signs", without, map, count);
        reference_signs(map, count, expected_signs);
        test_read(signs, all, count / 16 * sizeof *all);
        for (size_t at = first * c / 16; at < (first + held) * c / 16; at++)
            ck_assert_uint_eq(all[at], expected_signs[at]);
        if (!part)
            test_bytes("signs", signs, expected_signs, count / 16 * sizeof *expected_signs);
    }
}

static void add_mask_case(const void *arg) {
    const map_shape *s = arg;
    size_t pixels = pixels_of(s), count = count_of(s), c = (size_t)s->c, first = pixels / 3, held = (pixels + 1) / 2;
    double *more = test_numbers(held * c, 35);
    uint16_t *signs = random_signs(count, 4);
    pst_buffer *bits = test_buffer(signs, count / 16 * sizeof *signs), *added = test_floats(more, held * c);
    for (int form = 0; form < 4; form++) {
        bool adds = form & 1, masks = form & 2;
        double *map = test_numbers(count, 3);
        pst_buffer *m = test_floats(map, count);
        ck_ok(test_error, pst_add_mask(test_session, m, first, held, s->c, adds ? added : NULL, masks ? bits : NULL));
        reference_add_mask(map + first * c, held * c, adds ? more : NULL, masks ? signs + first * c / 16 : NULL);
        test_exact("gradient added and masked", m, map, count);
    }
}

static void pool_shape(const map_shape *s, bool ceil) {
    /* Where there is no whole window, there are still bits to be cleared, and nothing may be pooled into the spare
     * group. */
    size_t count = count_of(s), pooled_count = pooled_count_of(s, ceil), c = (size_t)s->c,
           spare = pooled_count ? 0 : 16;
    uint16_t *signs = random_signs(count, 36);
    pst_buffer *signs_device = test_buffer(signs, count / 16 * sizeof *signs);
    for (int form = 0; form < 4; form++) {
        bool average = form & 1, biased = form & 2;
        pst_pool pool = average ? PST_POOL_AVERAGE : PST_POOL_MAX;
        double *map = form == 3 ? test_numbers(count, 5) : test_steps(count, 6), *bias = test_steps(c, 7);
        double *pooled = test_doubles(pooled_count), *d = test_numbers(pooled_count + spare, 8),
               *d_map = test_numbers(count, 37);
        uint16_t *expected = test_take(count / 16, sizeof *expected);
        pst_buffer *in = test_floats(map, count), *b = biased ? test_floats(bias, c) : NULL;
        pst_buffer *out = test_empty(pooled_count + spare), *without = test_empty(pooled_count + spare);
        pst_buffer *bits = test_buffer(NULL, count / 16 * sizeof *expected);
        /* Twice a part of the rows, as strips do it, in either order; the second input begins at the strip's own first
         * row, and an odd last row is the second's. */
        int upper = s->h / 4 * 2;
        size_t offset = (size_t)upper * (size_t)s->w * c;
        pst_buffer *lower = test_floats(map + offset, count - offset);
        for (int i = 0; i < 2; i++)
            if (i == (biased ? 1 : 0))
                ck_ok(test_error, pst_bias_relu_pool(test_session, in, s->w, s->c, b, pool, ceil, 0, upper, out, bits));
            else
                ck_ok(test_error, pst_bias_relu_pool(test_session, lower, s->w, s->c, b, pool, ceil, upper,
                                                     s->h - upper, out, bits));
        ck_ok(test_error, pst_bias_relu_pool(test_session, in, s->w, s->c, b, pool, ceil, 0, s->h, without, NULL));
        reference_bias_relu(map, pixels_of(s), s->c, biased ? bias : NULL);
        float_rounded(map, count);
        reference_pool(map, s->h, s->w, s->c, average, ceil, pooled, expected);
        for (int i = 0; i < 2; i++) {
            if (average)
                test_ulps("average pooling", i ? without : out, pooled, pooled_count, 2);
            else
                test_exact("max pooling", i ? without : out, pooled, pooled_count);
            test_untouched("pooled", i ? without : out, pooled_count, pooled_count + spare);
        }
        test_bytes("bits", bits, expected, count / 16 * sizeof *expected);

        pst_buffer *d_device = test_floats(d, pooled_count + spare), *d_old = test_floats(d_map, count),
                   *d_out = test_empty(count);
        ck_ok(test_error, pst_unpool(test_session, d_device, bits, s->h, s->w, s->c, pool, ceil, signs_device, d_old));
        ck_ok(test_error, pst_unpool(test_session, d_device, bits, s->h, s->w, s->c, pool, ceil, NULL, d_out));
        reference_unpool(d, expected, s->h, s->w, s->c, average, ceil, signs, d_map);
        test_exact("gradient before pooling added", d_old, d_map, count);
        reference_unpool(d, expected, s->h, s->w, s->c, average, ceil, NULL, d_map);
        test_exact("gradient before pooling", d_out, d_map, count);
    }
}

static void pool_case(const void *arg) {
    pool_shape(arg, false);
    pool_shape(arg, true);
}

/* ---- guides ---- */

typedef struct guide_shape {
    size_t pixels;
    int c;
} guide_shape;

static const guide_shape guides[] = {{13, 32}, {1, 16}, {257, 16}, {12, 48}, {255, 16}, {70001, 16}};
#define SMALL_GUIDES 3

static void guide_case(const void *arg) {
    const guide_shape *s = arg;
    size_t c = (size_t)s->c, count = s->pixels * c, channels = 3 * s->pixels;
    double *f = test_numbers(count, 21), *guide = test_numbers(s->pixels, 22), *row = test_numbers(c, 23),
           *d = test_numbers(count, 24);
    double *a = test_numbers(channels, 25), *b = test_numbers(channels, 26), *expected = test_doubles(count + channels),
           scale = -.7;
    pst_buffer *map = test_floats(f, count), *g = test_floats(guide, s->pixels), *r = test_floats(row, c),
               *sum = test_floats(d, count);
    pst_buffer *out = test_empty(count), *x = test_floats(a, channels), *y = test_floats(b, channels),
               *mixed = test_empty(channels);
    for (int squared = 0; squared < 2; squared++) {
        for (size_t i = 0; i < count; i++)
            expected[i] = f[i] * guide[i / c] * (squared ? guide[i / c] : 1);
        ck_ok(test_error, pst_guide_map(test_session, map, s->pixels, s->c, g, squared, out));
        test_close_to("features times their guide", out, expected, count, TIGHT);
    }
    ck_ok(test_error, pst_guide_map(test_session, map, s->pixels, s->c, g, true, map));
    test_close_to("the same in place", map, expected, count, TIGHT);
    for (size_t i = 0; i < count; i++)
        expected[i] = d[i] + scale * guide[i / c] * guide[i / c] * row[i % c];
    ck_ok(test_error, pst_guide_row(test_session, sum, s->pixels, s->c, scale, g, r));
    test_close_to("a row times the square of the guide added", sum, expected, count, TIGHT);
    for (size_t i = 0; i < channels; i++)
        expected[i] = a[i] * guide[i / 3] + b[i] * (1 - guide[i / 3]);
    ck_ok(test_error, pst_mix_images(test_session, x, y, g, s->pixels, mixed));
    test_close_to("two images mixed", mixed, expected, channels, TIGHT);
    for (size_t i = 0; i < channels; i++)
        expected[i] = a[i] * guide[i / 3];
    ck_ok(test_error, pst_mix_images(test_session, x, NULL, g, s->pixels, x));
    test_close_to("a part of an image, in place", x, expected, channels, TIGHT);
}

/* ---- losses ---- */

static const size_t lengths[] = {16 * 64 * 3 + 16, 16, 48, 16 * 127, 16 * 128, 16 * 129, 16 * 16411};
#define SMALL_LENGTHS 1

static void content_case(const void *arg) {
    size_t count = *(const size_t *)arg;
    double *f = test_numbers(count, 15), *target = test_numbers(count, 16), *old = test_numbers(count, 17),
           *d = test_doubles(count);
    pst_buffer *map = test_floats(f, count), *t = test_floats(target, count);
    pst_buffer *d_old = test_floats(old, count), *d_fresh = test_empty(count);
    pst_sums sums;
    test_sums(&sums, 6);
    ck_ok(test_error, pst_content(test_session, map, t, count, .3, true, d_old, &sums, 1));
    ck_ok(test_error, pst_content(test_session, map, t, count, .3, false, d_fresh, &sums, 2));
    ck_ok(test_error, pst_content(test_session, map, t, count, .3, false, NULL, &sums, 3));
    test_exact("features", map, f, count);
    ck_ok(test_error, pst_content(test_session, map, t, count, .3, false, map, &sums, 4));
    double loss = reference_content(f, target, count, .3, old);
    reference_content(f, target, count, .3, d);
    test_close_to("content gradient added", d_old, old, count, TIGHT);
    test_close_to("content gradient", d_fresh, d, count, TIGHT);
    test_close_to("content gradient in place", map, d, count, TIGHT);
    for (size_t slot = 1; slot <= 4; slot++)
        test_number("content loss", test_sum_in(&sums, slot), loss, SUM);
    test_untouched("sums", sums.parts, 0, PST_PARTS);
    test_untouched("sums", sums.parts, 5 * PST_PARTS, 6 * PST_PARTS);
}

static void normalized_case(const void *arg) {
    size_t count = *(const size_t *)arg;
    double *from = test_numbers(count, 19), *old = test_numbers(count, 20), *d = test_doubles(count);
    pst_buffer *x = test_floats(from, count), *d_old = test_floats(old, count), *d_fresh = test_empty(count);
    double weight = (double)count / 3;
    pst_sums sums;
    test_sums(&sums, 3);
    ck_ok(test_error, pst_absolute_sum(test_session, x, count, &sums, 1));
    ck_ok(test_error, pst_add_normalized(test_session, x, count, weight, &sums, 1, true, d_old));
    ck_ok(test_error, pst_add_normalized(test_session, x, count, weight, &sums, 1, false, d_fresh));
    double norm = reference_absolute_sum(from, count);
    reference_add_normalized(from, count, weight, norm, old);
    reference_add_normalized(from, count, weight, norm, d);
    test_number("L1 norm", test_sum_in(&sums, 1), norm, SUM);
    test_close_to("normalized gradient added", d_old, old, count, TIGHT);
    test_close_to("normalized gradient", d_fresh, d, count, TIGHT);
    test_untouched("sums", sums.parts, 0, PST_PARTS);
    test_untouched("sums", sums.parts, 2 * PST_PARTS, 3 * PST_PARTS);

    /* A gradient of nothing but zeros stays one: the norm has a floor. */
    double *zeros = test_doubles(count);
    pst_buffer *nothing = test_floats(zeros, count), *d_nothing = test_empty(count);
    ck_ok(test_error, pst_absolute_sum(test_session, nothing, count, &sums, 1));
    ck_ok(test_error, pst_add_normalized(test_session, nothing, count, weight, &sums, 1, false, d_nothing));
    test_exact("normalized zeros", d_nothing, zeros, count);
}

static void smoothness_case(const void *arg) {
    const map_shape *s = arg;
    size_t count = pixels_of(s) * 3;
    double *x = test_numbers(count, 22), *old = test_numbers(count, 23), *d = test_doubles(count);
    for (size_t i = 0; i < count; i++)
        x[i] = (double)(float)(100 * x[i]);
    pst_buffer *image = test_floats(x, count), *d_old = test_floats(old, count), *d_fresh = test_empty(count);
    pst_sums sums;
    test_sums(&sums, 4);
    ck_ok(test_error, pst_smoothness(test_session, PST_TV_SQUARES, image, s->h, s->w, NULL, .3, true, d_old, &sums, 1));
    ck_ok(test_error,
          pst_smoothness(test_session, PST_TV_SQUARES, image, s->h, s->w, NULL, .3, false, d_fresh, &sums, 2));
    double loss = reference_smoothness(x, s->h, s->w, .3, old);
    reference_smoothness(x, s->h, s->w, .3, d);
    test_close_to("smoothness gradient added", d_old, old, count, TIGHT);
    test_close_to("smoothness gradient", d_fresh, d, count, TIGHT);
    test_number("smoothness", test_sum_in(&sums, 1), loss, SUM);
    test_number("smoothness", test_sum_in(&sums, 2), loss, SUM);
    test_untouched("sums", sums.parts, 0, PST_PARTS);
    test_untouched("sums", sums.parts, 3 * PST_PARTS, 4 * PST_PARTS);
}

/* Whole, and a part of it with the bounds of 256 levels; x reaches far below 0 and above 255. */
static void range_case(const void *arg) {
    const map_shape *s = arg;
    size_t count = pixels_of(s) * 3;
    double *x = test_numbers(count, 24), *old = test_numbers(count, 25), *d = test_doubles(count);
    const pst_smooth_part part = {s->h / 3, s->w / 4, s->h - s->h / 3, (s->w + 1) / 2, s->h, s->w};
    for (size_t i = 0; i < count; i++) {
        x[i] = (double)(float)(300 * x[i]);
        d[i] = old[i];
    }
    pst_buffer *image = test_floats(x, count), *d_whole = test_floats(old, count), *d_part = test_floats(old, count);
    pst_sums sums;
    test_sums(&sums, 4);
    ck_ok(test_error, pst_outside_range(test_session, image, s->h, s->w, NULL, 1, .3, d_whole, &sums, 1));
    ck_ok(test_error, pst_outside_range(test_session, image, s->h, s->w, &part, 256.0 / 255, .2, d_part, &sums, 2));
    test_number("range", test_sum_in(&sums, 1), reference_outside(x, s->w, 0, 0, s->h, s->w, 255, .3, d), SUM);
    test_close_to("range gradient", d_whole, d, count, TIGHT);
    test_number("range of a part", test_sum_in(&sums, 2),
                reference_outside(x, s->w, part.y, part.x, part.h, part.w, 256, .2, old), SUM);
    test_close_to("range gradient of a part", d_part, old, count, TIGHT);
    test_untouched("sums", sums.parts, 0, PST_PARTS);
    test_untouched("sums", sums.parts, 3 * PST_PARTS, 4 * PST_PARTS);
}

/* ---- vectors ---- */

#define VECTORS 50

static void combine_case(const void *arg) {
    size_t count = *(const size_t *)arg, real = count - 5; /* zeros behind that must stay zeros */
    /* How many vectors, and the place of the result among them: -1 is none. */
    static const int forms[][2] = {{1, -1}, {1, 0},  {2, 1},   {3, -1},  {8, 0},  {9, 8},
                                   {8, -1}, {9, -1}, {16, 15}, {48, -1}, {49, 5}, {50, 49}};
    double *values[VECTORS], factors[VECTORS];
    pst_buffer *from[VECTORS];
    const pst_buffer *list[VECTORS];
    for (int i = 0; i < VECTORS; i++) {
        values[i] = test_numbers(count, 30 + (uint64_t)i);
        memset(values[i] + real, 0, (count - real) * sizeof *values[i]);
        factors[i] = i == 3 ? 0 : .1 * (i + 1) * (i % 2 ? -1 : 1);
        from[i] = test_floats(values[i], count);
    }
    for (int form = 0; form < limit(COUNT(forms), 6); form++) {
        int terms = forms[form][0], place = forms[form][1];
        double *expected = test_doubles(count);
        pst_buffer *to = place < 0 ? test_empty(count) : test_floats(values[place], count);
        for (int i = 0; i < terms; i++) {
            list[i] = i == place ? to : from[i];
            for (size_t at = 0; at < count; at++)
                expected[at] += factors[i] * values[i][at];
        }
        ck_ok(test_error, pst_combine(test_session, to, count, (size_t)terms, factors, list));
        test_close_to("combination", to, expected, count, TIGHT);
        float *tail = test_take(count, sizeof *tail);
        test_read(to, tail, count * sizeof *tail);
        for (size_t at = real; at < count; at++)
            ck_assert(tail[at] == 0);
    }
}

static void dots_case(const void *arg) {
    size_t count = *(const size_t *)arg;
    enum { ALL = 50 };
    double *values[ALL];
    const pst_buffer *all[ALL];
    for (int i = 0; i < ALL; i++) {
        values[i] = test_numbers(count, 50 + (uint64_t)i);
        all[i] = test_floats(values[i], count);
    }
    for (size_t a = test_small() ? 5 : 1; a <= (test_small() ? 5 : ALL - 2); a += a < 5 ? 1 : 10)
        for (size_t b = test_small() ? 3 : 1; b <= 3; b++) {
            pst_sums sums;
            test_sums(&sums, pst_dots_slots(a));
            /* The b are the last of the a and what follows: a vector may be among both. */
            ck_ok(test_error, pst_dots(test_session, count, a, all, b, all + a - 1, &sums));
            for (size_t i = 0; i < a; i++)
                for (size_t j = 0; j < b; j++) {
                    const double *x = values[i], *y = values[a - 1 + j];
                    double expected = reference_dot(x, y, count),
                           size = sqrt(reference_dot(x, x, count) * reference_dot(y, y, count));
                    double value = test_sum_in(&sums, pst_dots_slot(i, j));
                    ck_assert_msg(fabs(value - expected) <= SUM * size, "dot %zu %zu is %g, not %g", i, j, value,
                                  expected);
                }
        }
}

static const map_shape spreads[] = {{3, 5, 3}, {1, 1, 3}, {2, 2, 3}, {31, 29, 3}, {64, 50, 3}, {131, 98, 3}};

static void spread_case(const void *arg) {
    const map_shape *s = arg;
    size_t count = 3 * pixels_of(s);
    double *v = test_numbers(count, 60), *from = test_numbers(count, 61), *alone = test_doubles(count),
           *both = test_doubles(count);
    pst_buffer *on_v = test_floats(v, count), *on_from = test_floats(from, count), *sum = test_empty(count),
               *to = test_empty(count);
    pst_buffer *workspace = test_empty(pst_spread_bytes(s->h, s->w) / sizeof(float));
    reference_spread(v, s->h, s->w, PST_SPREAD_LEVELS, PST_SPREAD_GAIN, alone);
    for (size_t i = 0; i < count; i++)
        both[i] = from[i] + alone[i];
    ck_ok(test_error, pst_spread(test_session, s->h, s->w, to, NULL, on_v, workspace));
    ck_ok(test_error, pst_spread(test_session, s->h, s->w, sum, on_from, on_v, workspace));
    test_close_to("a spread change", to, alone, count, TIGHT);
    test_close_to("an image and a spread change", sum, both, count, TIGHT);
    /* In place, to the bit: the optimizer makes a point again that it has not kept. */
    float *expected = test_take(count, sizeof *expected);
    test_read(sum, expected, count * sizeof *expected);
    ck_ok(test_error, pst_spread(test_session, s->h, s->w, on_from, on_from, on_v, workspace));
    test_bytes("an image changed in place", on_from, expected, count * sizeof *expected);
    test_read(to, expected, count * sizeof *expected);
    ck_ok(test_error, pst_spread(test_session, s->h, s->w, on_v, NULL, on_v, workspace));
    test_bytes("a change spread in place", on_v, expected, count * sizeof *expected);
}

static void adam_case(const void *arg) {
    size_t count = *(const size_t *)arg, real = count - 3;
    double *x = test_numbers(count, 70), *m = test_doubles(count), *v = test_doubles(count), *g = NULL,
           *start = test_doubles(count);
    memset(x + real, 0, 3 * sizeof *x);
    memcpy(start, x, count * sizeof *x);
    pst_buffer *on_x = test_floats(x, count), *on_m = test_floats(m, count), *on_v = test_floats(v, count);
    double power1 = 1, power2 = 1;
    for (int step = 0; step < limit(5, 2); step++) {
        g = test_numbers(count, 80 + (uint64_t)step);
        for (size_t i = 0; i < count; i++)
            g[i] = i < real ? (double)(float)(g[i] * pow(10, (double)(i % 7) - 3)) : 0;
        power1 *= .9;
        power2 *= .999;
        ck_ok(test_error, pst_adam(test_session, count, on_x, on_m, on_v, test_floats(g, count), .5, .9, .999,
                                   1 - power1, 1 - power2, 1e-8));
        reference_adam(x, m, v, g, count, .5, .9, .999, 1 - power1, 1 - power2, 1e-8);
    }
    test_close_to("Adam's first moment", on_m, m, count, TIGHT);
    test_close_to("Adam's second moment", on_v, v, count, TIGHT);
    float *moved = test_take(count, sizeof *moved);
    test_read(on_x, moved, count * sizeof *moved);
    for (size_t i = 0; i < count; i++) /* the step itself, which the image's own size would hide */
        if (!(fabs((double)moved[i] - x[i]) <= 1e-5 * fabs(x[i] - start[i]) + 1e-6))
            ck_abort_msg("Adam moved element %zu to %.9g, not %.9g", i, (double)moved[i], x[i]);
    for (size_t i = real; i < count; i++)
        ck_assert(moved[i] == 0);
}

static void pixels_case(const void *arg) {
    const map_shape *s = arg;
    size_t pixels = pixels_of(s), count = 3 * pixels;
    double *rgb = test_numbers(count, 90), *x = test_doubles(count);
    for (size_t i = 0; i < count; i++)
        rgb[i] = (double)(float)(127.5 + 127.5 * rgb[i]);
    for (int form = 0; form < 2; form++) {
        double scale = form ? 256 / 255. : 1, *scaled = test_doubles(count);
        pst_buffer *in = test_floats(rgb, count), *inside = test_empty(count), *back = test_empty(count);
        ck_ok(test_error, pst_pixels_import(test_session, in, pixels, scale, inside));
        ck_ok(test_error, pst_pixels_export(test_session, inside, pixels, scale, back));
        for (size_t i = 0; i < count; i++)
            scaled[i] = scale * rgb[i];
        reference_import(scaled, pixels, x);
        test_close_to("image imported", inside, x, count, form ? TIGHT / 10 : TIGHT / 100);
        test_close_to("image exported", back, rgb, count, form ? TIGHT / 10 : TIGHT / 100);

        /* Twice as far from the middle, a half of the samples lie outside. */
        double *wide = test_doubles(count), *limited = test_doubles(count);
        for (size_t i = 0; i < count; i++) {
            wide[i] = (double)(float)(scale * (2 * rgb[i] - 127.5));
            limited[i] = wide[i] < 0 ? 0 : wide[i] > scale * 255 ? scale * 255 : wide[i];
        }
        reference_import(wide, pixels, x);
        pst_buffer *clamped = test_floats(x, count);
        ck_ok(test_error, pst_pixels_clamp(test_session, clamped, pixels, scale));
        reference_import(limited, pixels, x);
        test_close_to("image clamped", clamped, x, count, TIGHT / 10);
    }
}

/* A table makes one Check test of each operation; cases beyond the small ones are passed over in small runs. */
static const struct {
    const char *name;
    void (*body)(const void *arg);
    const void *cases;
    size_t case_bytes;
    int count, small;
} operations[] = {
#define OVER(body, cases, small) \
    { #body, body, cases, sizeof *(cases), COUNT(cases), small }
    OVER(bias_relu_case, maps, SMALL_MAPS),
    OVER(add_mask_case, maps, SMALL_MAPS),
    OVER(pool_case, maps, SMALL_MAPS),
    OVER(content_case, lengths, SMALL_LENGTHS),
    OVER(normalized_case, lengths, SMALL_LENGTHS),
    OVER(smoothness_case, maps, 2),
    OVER(range_case, maps, 2),
    OVER(combine_case, lengths, 1),
    OVER(dots_case, lengths, 1),
    OVER(adam_case, lengths, 2),
    OVER(pixels_case, maps, SMALL_MAPS),
    OVER(spread_case, spreads, SMALL_MAPS),
    OVER(guide_case, guides, SMALL_GUIDES),
};

START_TEST(operation) {
    for (int i = 0; i < limit(operations[_i].count, operations[_i].small); i++)
        test_twice(operations[_i].body, (const char *)operations[_i].cases + (size_t)i * operations[_i].case_bytes);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("operations");
    for (int form = 0; form < TEST_FORMS; form++) {
        TCase *tests = test_form_case(form);
        tcase_add_loop_test(tests, operation, 0, COUNT(operations));
        suite_add_tcase(suite, tests);
    }
    return test_run(suite);
}
