/* The style loss of means and covariances, L2 pooling and the kinds of smoothness, in every form of the kernels:
 * against PyTorch (style_truth.h), against the definitions in double precision, and their gradients against differences
 * of those. */
/* promise: gradients */
#include <math.h>
#include <string.h>

#include "loss/style_term.h"
#include "on_device.h"
#include "op/activation.h"
#include "op/border.h"
#include "op/gram.h"
#include "op/loss.h"
#include "op/wasserstein.h"
#include "reference_ops.h"
#include "style_truth.h"

#define COUNT(array) ((int)(sizeof(array) / sizeof *(array)))

static pst_conv_engine engine;

/* As in make_style_truth.py. */
static void numbers(double *values, size_t count, double factor, size_t seed, bool rectified) {
    for (size_t i = 0; i < count; i++) {
        double v = factor * ((double)((i * 7919 + i / 7 * 613 + seed * 104729) % 1009) / 1009 - 0.4);
        values[i] = rectified && v < 0 ? 0 : v;
    }
}

static double *device_gradient(const pst_buffer *buffer, size_t count) {
    float *floats = test_take(count, sizeof *floats);
    double *g = test_doubles(count);
    test_read(buffer, floats, count * sizeof *floats);
    for (size_t i = 0; i < count; i++)
        g[i] = (double)floats[i];
    return g;
}

static void check_truth(const char *what, const style_truth *truth, double value, const double *g, size_t count,
                        double error) {
    double *direction = test_doubles(count), squares = 0, along = 0;
    numbers(direction, count, 1, 77, false);
    for (size_t i = 0; i < count; i++) {
        squares += g[i] * g[i];
        along += g[i] * direction[i];
    }
    test_number(what, value, truth->value, error);
    test_number(what, sqrt(squares), truth->norm, error);
    ck_assert_msg(fabs(along - truth->along) <= error * truth->norm * sqrt((double)count),
                  "%s: %g along the direction, not %g", what, along, truth->along);
    for (size_t k = 0; k < 6; k++)
        ck_assert_msg(fabs(g[k * (count - 1) / 5] - truth->picks[k]) <= error * truth->norm,
                      "%s: element %zu is %g, not %g", what, k, g[k * (count - 1) / 5], truth->picks[k]);
}

/* ---- the style loss ---- */

enum { STYLES = 2 };

typedef struct style_shape {
    size_t pixels, style_pixels[STYLES];
    int c, true_c;
    double error; /* of the loss, relative; 100 times that of the gradient */
} style_shape;

static const style_shape shapes[] = {{41, {35, 52}, 16, 16, 2e-5},   {300, {257, 1}, 32, 27, 2e-5},
                                     {1, {3, 2}, 16, 3, 2e-4},       {700, {650, 1300}, 64, 64, 2e-5},
                                     {70001, {80, 3}, 16, 16, 2e-5}, {65, {129, 64}, 48, 41, 2e-5}};

/* The first and second moments of the true channels of f [pixels][c], added with a factor. */
static void add_moments(const double *f, size_t pixels, size_t c, size_t n, double factor, double *mean,
                        double *moment) {
    for (size_t p = 0; p < pixels; p++)
        for (size_t i = 0; i < n; i++) {
            mean[i] += factor * f[p * c + i] / (double)pixels;
            for (size_t j = 0; j < n; j++)
                moment[i * n + j] += factor * f[p * c + i] * f[p * c + j] / (double)pixels;
        }
}

/* What is added to the variances, more where they are small beside the squares of the means. */
static double epsilon_of(const double *mean, size_t n, const double *moment) {
    double squares = 0, variances = 0;
    for (size_t i = 0; i < n; i++) {
        squares += mean[i] * mean[i];
        variances += moment[i * n + i] - mean[i] * mean[i];
    }
    return fmax(1e-4, .005 * (squares - 10 * variances) / (double)n);
}

static void make_covariance(const double *mean, size_t n, double epsilon, double *moment) {
    for (size_t i = 0; i < n * n; i++)
        moment[i] += (i / n == i % n ? epsilon : 0) - mean[i / n] * mean[i % n];
}

typedef struct style_target {
    double *mean, *covariance, *factor, *transposed;
} style_target;

/* Cholesky's factor L of the covariance, L L', of which any will do. */
static void reference_factor(style_target *t, size_t n) {
    t->factor = test_doubles(n * n);
    t->transposed = test_doubles(n * n);
    for (size_t j = 0; j < n; j++)
        for (size_t i = j; i < n; i++) {
            double sum = t->covariance[i * n + j];
            for (size_t k = 0; k < j; k++)
                sum -= t->factor[i * n + k] * t->factor[j * n + k];
            t->factor[i * n + j] = t->transposed[j * n + i] = i == j ? sqrt(sum) : sum / t->factor[j * n + j];
        }
}

static double reference_style(const style_target *t, const double *mean, const double *moment, size_t n,
                              double epsilon) {
    static double s[64 * 64], a[64 * 64], b[64 * 64];
    memcpy(s, moment, n * n * sizeof *s);
    make_covariance(mean, n, epsilon, s);
    reference_multiply(t->transposed, s, n, n, n, a);
    reference_multiply(a, t->factor, n, n, n, b);
    double loss = -2 * reference_root_trace(b, n, PST_ROOT_STEPS, PST_ROOT_LEAST);
    for (size_t i = 0; i < n; i++)
        loss += (mean[i] - t->mean[i]) * (mean[i] - t->mean[i]) + t->covariance[i * (n + 1)] + s[i * (n + 1)];
    return loss / (double)n;
}

/* The loss where one feature has another value: its moments differ in a row and a column. To the gradient epsilon is a
 * constant. */
static double style_with(const style_target *t, const double *mean, const double *moment, const double *f,
                         size_t pixels, size_t n, size_t i, double change) {
    static double m[64], s[64 * 64];
    memcpy(m, mean, n * sizeof *m);
    memcpy(s, moment, n * n * sizeof *s);
    m[i] += change / (double)pixels;
    for (size_t j = 0; j < n; j++) {
        s[i * n + j] += change * f[j] / (double)pixels;
        s[j * n + i] += change * f[j] / (double)pixels;
    }
    s[i * n + i] += change * change / (double)pixels;
    return reference_style(t, m, s, n, epsilon_of(mean, n, moment));
}

static void fill_features(double *f, size_t pixels, int c, int true_c, double factor, uint64_t seed) {
    const double *random = test_numbers(pixels * (size_t)c, seed);
    for (size_t i = 0; i < pixels * (size_t)c; i++)
        f[i] = i % (size_t)c < (size_t)true_c && random[i] > -.2 ? (double)(float)(factor * (random[i] + .2)) : 0;
}

static pst_buffer *workspace_for(const style_shape *s) {
    size_t most = pst_style_terms_finish_bytes(&engine, PST_LOSS_WASSERSTEIN, &s->c, 1);
    for (int i = -1; i < STYLES; i++) {
        size_t pixels = i < 0 ? s->pixels : s->style_pixels[i],
               bytes = pst_style_term_workspace_bytes(&engine, PST_LOSS_WASSERSTEIN, pixels, s->c);
        most = bytes > most ? bytes : most;
    }
    return test_empty((most + 3) / 4);
}

static void open_term(const style_shape *s, double *const styles[STYLES], const double blend[STYLES],
                      pst_buffer *workspace, pst_style_term *term) {
    size_t largest, before = test_session->buffer_bytes;
    ck_ok(test_error, pst_style_term_open(&engine, PST_LOSS_WASSERSTEIN, s->c, s->true_c, "a test", term));
    ck_assert_uint_eq(test_session->buffer_bytes - before, pst_style_term_bytes(PST_LOSS_WASSERSTEIN, s->c, &largest));
    ck_assert_uint_eq(largest, (size_t)s->c * (size_t)s->c * sizeof(float));
    for (int i = 0; i < STYLES; i++)
        ck_ok(test_error, pst_style_term_add(term, test_floats(styles[i], s->style_pixels[i] * (size_t)s->c),
                                             s->style_pixels[i], blend[i], workspace));
    ck_ok(test_error, pst_style_term_end(term));
}

static double compare(pst_style_term *term, const pst_buffer *f, size_t pixels, pst_buffer *workspace) {
    pst_sums sums = {test_session, test_empty(3 * PST_PARTS), test_take(3 * PST_PARTS, sizeof(float)), 3};
    unsigned waits = test_session->waits;
    ck_ok(test_error, pst_style_terms_compare(&(pst_style_map){term, f, pixels, 1}, 1, &sums, workspace));
    ck_ok(test_error, pst_style_terms_finish(&term, (const size_t[]){1}, 1, &sums, workspace));
    ck_assert_uint_eq(test_session->waits, waits); /* all is queued */
    test_untouched("sums", sums.parts, 0, PST_PARTS);
    test_read(sums.parts, sums.host, 3 * PST_PARTS * sizeof(float));
    return pst_style_term_loss_factor(PST_LOSS_WASSERSTEIN, term->true_c) * pst_sums_value(&sums, 1);
}

static void torch_case(const void *arg) {
    const style_shape *s = arg;
    size_t c = (size_t)s->c, count = s->pixels * c;
    double *f = test_doubles(count), *styles[STYLES];
    const double blend[STYLES] = {.3, .7};
    numbers(f, count, 1.7, 1, true);
    for (int i = 0; i < STYLES; i++) {
        styles[i] = test_doubles(s->style_pixels[i] * c);
        numbers(styles[i], s->style_pixels[i] * c, 1, 3 + (size_t)i, true);
    }
    pst_buffer *workspace = workspace_for(s), *map = test_floats(f, count), *d = test_empty(count);
    pst_style_term term;
    open_term(s, styles, blend, workspace, &term);
    double loss = compare(&term, map, s->pixels, workspace);
    ck_ok(test_error, pst_style_term_gradient(&term, map, s->pixels, s->pixels, 1, false, d, workspace));
    const double *g = device_gradient(d, count);
    check_truth("PyTorch's style loss", &truth_wasserstein, loss, g, count, 2e-5);
    /* the exact root, which the iteration has all but reached here */
    check_truth("the distance itself", &truth_wasserstein_exact, loss, g, count, 1e-2);
    pst_style_term_close(&term);
}

static void style_case(const void *arg) {
    const style_shape *s = arg;
    size_t c = (size_t)s->c, n = (size_t)s->true_c, count = s->pixels * c;
    double *f = test_doubles(count), *styles[STYLES], *old = test_numbers(count, 13), *d = test_doubles(count);
    double *mean = test_doubles(n), *moment = test_doubles(n * n);
    const double blend[STYLES] = {.6, .4};
    style_target target = {.mean = test_doubles(n), .covariance = test_doubles(n * n)};
    fill_features(f, s->pixels, s->c, s->true_c, 30, 1);
    for (int i = 0; i < STYLES; i++) {
        styles[i] = test_doubles(s->style_pixels[i] * c);
        fill_features(styles[i], s->style_pixels[i], s->c, s->true_c, 20 + 10 * i, 2 + (uint64_t)i);
        add_moments(styles[i], s->style_pixels[i], c, n, blend[i], target.mean, target.covariance);
    }
    make_covariance(target.mean, n, epsilon_of(target.mean, n, target.covariance), target.covariance);
    reference_factor(&target, n);
    add_moments(f, s->pixels, c, n, 1, mean, moment);

    pst_buffer *workspace = workspace_for(s), *map = test_floats(f, count), *on_old = test_floats(old, count),
               *fresh = test_empty(count);
    pst_style_term term;
    open_term(s, styles, blend, workspace, &term);
    double loss = compare(&term, map, s->pixels, workspace);
    test_number("style loss", loss, reference_style(&target, mean, moment, n, epsilon_of(mean, n, moment)), s->error);
    ck_ok(test_error, pst_style_term_gradient(&term, map, s->pixels, s->pixels, .7, false, fresh, workspace));
    ck_ok(test_error, pst_style_term_gradient(&term, map, s->pixels, s->pixels, .7, true, on_old, workspace));
    const double *g = device_gradient(fresh, count), *added = device_gradient(on_old, count);
    double size = 0;
    for (size_t i = 0; i < count; i++)
        size = fabs(g[i]) > size ? fabs(g[i]) : size;
    ck_assert(size > 0 && isfinite(size));
    for (size_t i = 0; i < count; i++)
        ck_assert_double_eq_tol(added[i], old[i] + g[i], 2e-7 * fabs(old[i]) + s->error * size);
    for (int k = 0; k < 12; k++) {
        size_t pixel = (size_t)k * (s->pixels - 1) / 11, channel = (size_t)k * 5 % n;
        const double *at = f + pixel * c;
        double step = 1e-3, difference = (style_with(&target, mean, moment, at, s->pixels, n, channel, step) -
                                          style_with(&target, mean, moment, at, s->pixels, n, channel, -step)) /
                                         (2 * step);
        ck_assert_msg(fabs(g[pixel * c + channel] - .7 * difference) <= 100 * s->error * size,
                      "gradient at %zu, %zu is %g, not %g", pixel, channel, g[pixel * c + channel], .7 * difference);
    }
    if (pst_gram_in_place(test_session)) {
        ck_ok(test_error, pst_style_term_gradient(&term, map, s->pixels, s->pixels, .7, false, map, workspace));
        for (size_t i = 0; i < count; i++)
            d[i] = (double)(float)g[i];
        test_exact("the gradient in place", map, d, count);
    }
    pst_style_term_close(&term);
}

/* Where all pixels are equal, rounding has the larger part in the covariance. kind: 1 content, 2 style, 3 both. */
static void equal_case(const void *arg) {
    enum { C = 64 };
    static const style_shape shape = {3000, {2000, 500}, C, C, 0};
    const int kind = *(const int *)arg;
    const double blend[STYLES] = {.6, .4};
    double *f = test_doubles(shape.pixels * C), *styles[STYLES], *mean = test_doubles(C), *moment = test_doubles(C * C);
    style_target target = {.mean = test_doubles(C), .covariance = test_doubles(C * C)};
    for (int i = -1; i < STYLES; i++) {
        size_t pixels = i < 0 ? shape.pixels : shape.style_pixels[i];
        double *map = i < 0 ? f : test_doubles(pixels * C);
        fill_features(map, pixels, C, C, 700, i < 0 ? 2 : 3);
        for (size_t k = C; k < pixels * C && kind & (i < 0 ? 1 : 2); k++)
            map[k] = map[k % C];
        if (i < 0)
            add_moments(map, pixels, C, C, 1, mean, moment);
        else
            add_moments(styles[i] = map, pixels, C, C, blend[i], target.mean, target.covariance);
    }
    make_covariance(target.mean, C, epsilon_of(target.mean, C, target.covariance), target.covariance);
    reference_factor(&target, C);
    pst_buffer *workspace = workspace_for(&shape), *map = test_floats(f, shape.pixels * C),
               *d = test_empty(shape.pixels * C);
    pst_style_term term;
    open_term(&shape, styles, blend, workspace, &term);
    double loss = compare(&term, map, shape.pixels, workspace);
    test_number("style loss", loss, reference_style(&target, mean, moment, C, epsilon_of(mean, C, moment)), 2e-3);
    ck_ok(test_error, pst_style_term_gradient(&term, map, shape.pixels, shape.pixels, 1, false, d, workspace));
    const double *g = device_gradient(d, shape.pixels * C);
    for (size_t i = 0; i < shape.pixels * C; i++)
        ck_assert(isfinite(g[i]));
    pst_style_term_close(&term);
}

/* ---- L2 pooling ---- */

typedef struct map_shape {
    int h, w, c;
} map_shape;

static const map_shape maps[] = {{7, 8, 16}, {1, 1, 16},   {2, 2, 16},  {1, 7, 32},
                                 {9, 1, 16}, {17, 13, 64}, {31, 30, 48}};

static void l2_shape(const map_shape *s, bool ceil) {
    const int down = (s->h + ceil) / 2, across = (s->w + ceil) / 2;
    size_t count = (size_t)(s->h * s->w * s->c), small = (size_t)(down * across * s->c), spare = small ? 0 : 16;
    bool torch = s == maps && !ceil;
    double *map = test_doubles(count), *behind = test_doubles(small + spare), *pooled = test_doubles(small + spare),
           value = 0;
    double *expected = test_doubles(count), *d_old = test_numbers(count, 6);
    uint16_t *signs = test_take(count / 16, sizeof *signs);
    numbers(map, count, 1, 9, true);
    if (!torch)
        for (size_t i = 0; i < count / 4; i++)
            map[i] = 0; /* whole windows of zeros */
    numbers(behind, small, 1, 8, false);
    reference_signs(test_numbers(count, 7), count, signs);
    for (int y = 0; y < down; y++)
        for (int x = 0; x < across; x++)
            for (int ch = 0; ch < s->c; ch++) {
                size_t to = ((size_t)y * (size_t)across + (size_t)x) * (size_t)s->c + (size_t)ch;
                double squares = 0;
                for (int k = 0; k < 4; k++) {
                    if (2 * y + k / 2 >= s->h || 2 * x + k % 2 >= s->w)
                        continue;
                    double v = map[((2 * y + k / 2) * s->w + 2 * x + k % 2) * s->c + ch];
                    squares += v * v;
                }
                pooled[to] = .78 * sqrt(squares);
                for (int k = 0; k < 4 && squares > 0; k++) {
                    if (2 * y + k / 2 >= s->h || 2 * x + k % 2 >= s->w)
                        continue;
                    size_t from = (size_t)(((2 * y + k / 2) * s->w + 2 * x + k % 2) * s->c + ch);
                    expected[from] = .78 * map[from] / sqrt(squares) * behind[to];
                }
            }
    pst_buffer *in = test_floats(map, count), *out = test_empty(small + spare), *d = test_floats(behind, small + spare);
    pst_buffer *fresh = test_empty(count), *added = test_floats(d_old, count),
               *bits = test_buffer(signs, count / 16 * sizeof *signs);
    ck_ok(test_error, pst_pool_l2(test_session, in, s->h, s->w, s->c, ceil, out));
    test_ulps("L2 pooling", out, pooled, small, 8);
    test_untouched("L2 pooling", out, small, small + spare);
    ck_ok(test_error, pst_unpool_l2(test_session, d, out, in, s->h, s->w, s->c, ceil, NULL, fresh));
    test_ulps("its gradient", fresh, expected, count, 16);
    if (torch) {
        for (size_t i = 0; i < small; i++)
            value += behind[i] * pooled[i];
        check_truth("PyTorch's L2 pooling", &truth_l2, value, device_gradient(fresh, count), count, 1e-6);
    }
    ck_ok(test_error, pst_unpool_l2(test_session, d, out, in, s->h, s->w, s->c, ceil, NULL, in));
    test_ulps("its gradient over the map", in, expected, count, 16);
    ck_ok(test_error,
          pst_unpool_l2(test_session, d, out, test_floats(map, count), s->h, s->w, s->c, ceil, bits, added));
    for (size_t i = 0; i < count; i++)
        expected[i] += reference_bit(signs, i) ? (double)(float)d_old[i] : 0;
    test_close_to("its gradient added", added, expected, count, 1e-13);
}

static void l2_case(const void *arg) {
    l2_shape(arg, false);
    l2_shape(arg, true);
}

/* ---- smoothness ---- */

/* As the public header has them, the border replicated by clamping. */
static double smoothness(pst_tv_kind kind, const double *x, int h, int w) {
    double straight = 0, slanted = 0;
    for (int row = -1; row <= h; row++)
        for (int column = -1; column <= w; column++)
            for (int ch = 0; ch < 3; ch++) {
#define AT(y, z) x[(((y) < 0 ? 0 : (y) >= h ? h - 1 : (y)) * w + ((z) < 0 ? 0 : (z) >= w ? w - 1 : (z))) * 3 + ch]
                bool inside = row >= 0 && row < h && column >= 0 && column < w;
                double right = AT(row, column + 1) - AT(row, column), below = AT(row + 1, column) - AT(row, column);
                double falling = AT(row + 1, column + 1) - AT(row, column),
                       rising = AT(row + 1, column) - AT(row, column + 1);
                if (inside)
                    straight += kind == PST_TV_ABSOLUTE ? fabs(right) + fabs(below) : right * right + below * below;
                if (row < h && column < w)
                    slanted += falling * falling + rising * rising;
            }
    if (kind == PST_TV_ABSOLUTE)
        return straight;
    return 2 * (straight / (3 * 3. * h * w) + slanted / (12 * 3. * (h + 1) * (w + 1)));
}

static void smoothness_case(const void *arg) {
    const map_shape *s = arg;
    size_t count = (size_t)(s->h * s->w * 3);
    bool torch = s == maps;
    int h = torch ? 9 : s->h, w = torch ? 7 : s->w;
    count = (size_t)(h * w * 3);
    for (int k = 0; k < 2; k++) {
        pst_tv_kind kind = k ? PST_TV_NINE_POINT : PST_TV_ABSOLUTE;
        double *x = test_numbers(count, 31), *old = test_numbers(count, 32), *expected = test_doubles(count);
        for (size_t i = 0; i < count; i++)
            x[i] = (double)(float)(100 * x[i]);
        if (torch)
            numbers(x, count, 200, 5, false);
        pst_sums sums = {test_session, test_empty(4 * PST_PARTS), test_take(4 * PST_PARTS, sizeof(float)), 4};
        pst_buffer *image = test_floats(x, count), *fresh = test_empty(count), *again = test_empty(count),
                   *added = test_floats(old, count);
        ck_ok(test_error, pst_smoothness(test_session, kind, image, h, w, NULL, .3, false, fresh, &sums, 1));
        ck_ok(test_error, pst_smoothness(test_session, kind, image, h, w, NULL, .3, true, added, &sums, 2));
        double value = smoothness(kind, x, h, w);
        test_read(sums.parts, sums.host, 4 * PST_PARTS * sizeof(float));
        test_number("smoothness", pst_sums_value(&sums, 1), value, 1e-6);
        test_number("smoothness", pst_sums_value(&sums, 2), value, 1e-6);
        test_untouched("sums", sums.parts, 0, PST_PARTS);
        test_untouched("sums", sums.parts, 3 * PST_PARTS, 4 * PST_PARTS);
        double parts = 0; /* by quarters */
        for (int q = 0; q < 4; q++) {
            const int below = q / 2 * (h / 3), right = q % 2 * (w / 4);
            const pst_smooth_part part = {below, right, q / 2 ? h - h / 3 : h / 3, q % 2 ? w - w / 4 : w / 4, h, w};
            ck_ok(test_error, pst_smoothness(test_session, kind, image, h, w, &part, .3, false, again, &sums, 1));
            test_close_to("smoothness gradient beside a part", again, device_gradient(fresh, count), count, 1e-10);
            test_read(sums.parts, sums.host, 4 * PST_PARTS * sizeof(float));
            parts += pst_sums_value(&sums, 1);
        }
        test_number("smoothness in parts", parts, value, 1e-6);
        for (size_t i = 0; i < count && !torch; i++) {
            double here = x[i], step = 1e-5;
            x[i] = here + step;
            double more = smoothness(kind, x, h, w);
            x[i] = here - step;
            expected[i] = .3 * (more - smoothness(kind, x, h, w)) / (2 * step);
            x[i] = here;
        }
        if (torch) {
            const double *g = device_gradient(fresh, count);
            double *unscaled = test_doubles(count);
            for (size_t i = 0; i < count; i++)
                unscaled[i] = g[i] / (double).3f;
            check_truth("PyTorch's smoothness", k ? &truth_nine_point : &truth_absolute, value, unscaled, count, 1e-6);
            continue;
        }
        test_close_to("smoothness gradient", fresh, expected, count, 1e-10);
        for (size_t i = 0; i < count; i++)
            expected[i] += (double)(float)old[i];
        test_close_to("smoothness gradient added", added, expected, count, 1e-10);
    }
}

/* ---- the border ---- */

/* The first layer before its ReLU with the border replicated by clamping, and the gradient of the sum of d times it. */
static void reference_border(const double *x, int h, int w, const double *weights, int c, double *map, const double *d,
                             double *dx) {
    for (int y = 0; y < h; y++)
        for (int z = 0; z < w; z++)
            for (int tap = 0; tap < 9; tap++) {
                int row = y + tap / 3 - 1, column = z + tap % 3 - 1;
                row = row < 0 ? 0 : row >= h ? h - 1 : row;
                column = column < 0 ? 0 : column >= w ? w - 1 : column;
                for (int i = 0; i < 3; i++)
                    for (int o = 0; o < c; o++) {
                        double weight = weights[(tap * 3 + i) * c + o];
                        map[(y * w + z) * c + o] += weight * x[(row * w + column) * 3 + i];
                        dx[(row * w + column) * 3 + i] += weight * d[(y * w + z) * c + o];
                    }
            }
}

static void border_case(const void *arg) {
    const map_shape *s = arg;
    int h = s->h, w = s->w, c = s->c;
    size_t pixels = (size_t)h * (size_t)w, count = pixels * (size_t)c;
    double *x = test_numbers(pixels * 3, 41), *weights = test_numbers((size_t)(27 * c), 42),
           *bias = test_numbers((size_t)c, 43);
    double *map = test_doubles(count), *d = test_numbers(count, 44), *dx = test_doubles(pixels * 3);
    reference_border(x, h, w, weights, c, map, d, dx);
    reference_bias_relu(map, pixels, c, bias);

    /* What a convolution with zeros around gives: here, by the oracle of the others. */
    float *oihw = test_take((size_t)(27 * c), sizeof *oihw);
    for (int o = 0; o < c; o++)
        for (int i = 0; i < 3; i++)
            for (int tap = 0; tap < 9; tap++)
                oihw[(o * 3 + i) * 9 + tap] = (float)weights[(tap * 3 + i) * c + o];
    const reference_conv conv = {h, w, 3, c, c, 3, oihw};
    double *zeros = test_doubles(count), *d_zeros = test_doubles(pixels * 3);
    reference_conv_forward(&conv, x, zeros);
    reference_bias_relu(zeros, pixels, c, bias);
    reference_conv_backward(&conv, d, d_zeros);
    uint16_t *signs = test_take(count / 16, sizeof *signs), *right = test_take(count / 16, sizeof *right);
    reference_signs(zeros, count, signs);
    reference_signs(map, count, right);

    pst_buffer *image = test_floats(x, pixels * 3), *matrix = test_floats(weights, (size_t)(27 * c)),
               *b = test_floats(bias, (size_t)c);
    pst_buffer *out = test_floats(zeros, count), *without = test_floats(zeros, count),
               *bits = test_buffer(signs, count / 16 * sizeof *signs);
    pst_buffer *d_map = test_floats(d, count), *d_image = test_floats(d_zeros, pixels * 3);
    ck_ok(test_error, pst_border_forward(test_session, image, h, w, c, matrix, b, out, bits));
    ck_ok(test_error, pst_border_forward(test_session, image, h, w, c, matrix, b, without, NULL));
    test_close_to("a replicated border", out, map, count, 1e-12);
    test_close_to("the same without bits", without, map, count, 1e-12);
    test_bytes("its bits", bits, right, count / 16 * sizeof *right);
    ck_ok(test_error, pst_border_backward(test_session, d_map, h, w, c, matrix, d_image));
    test_close_to("its gradient", d_image, dx, pixels * 3, 1e-12);
}

/* ---- */

static void open_form(test_form form) {
    test_open(form);
    engine = (pst_conv_engine){.session = test_session};
}

static void open_cpu(void) { open_form(TEST_CPU); }
static void open_other_cpu(void) { open_form(TEST_OTHER_CPU); }
static void open_gpu(void) { open_form(TEST_GPU); }

START_TEST(style_is_pytorchs) { test_twice(torch_case, &shapes[0]); }
END_TEST

START_TEST(style_and_its_gradient) { test_twice(style_case, &shapes[_i]); }
END_TEST

/* Whichever terms come together, in tiles or without some, there is room for them. */
static void room_case(const void *arg) {
    static const int c[] = {64, 16, 512, 128, 256, 16, 512, 512};
    (void)arg;
    for (unsigned kept = 1; kept < 1u << COUNT(c); kept++) {
        int some[COUNT(c)];
        size_t count = 0, all = pst_style_terms_finish_bytes(&engine, PST_LOSS_WASSERSTEIN, c, COUNT(c));
        for (size_t i = 0; i < COUNT(c); i++)
            if (kept >> i & 1)
                some[count++] = c[i];
        for (size_t first = 0; first < count; first += PST_DISTANCES)
            ck_assert_uint_le(pst_wasserstein_workspace_bytes(
                                  &engine, some + first, count - first < PST_DISTANCES ? count - first : PST_DISTANCES),
                              all);
    }
}

START_TEST(room_for_any_terms) { test_twice(room_case, NULL); }
END_TEST

START_TEST(equal_pixels) { test_twice(equal_case, (const int[]){_i}); }
END_TEST

START_TEST(l2_pooling) { test_twice(l2_case, &maps[_i]); }
END_TEST

START_TEST(kinds_of_smoothness) { test_twice(smoothness_case, &maps[_i]); }
END_TEST

START_TEST(replicated_borders) { test_twice(border_case, &maps[_i]); }
END_TEST

int main(void) {
    static const SFun open[TEST_FORMS] = {open_cpu, open_other_cpu, open_gpu};
    Suite *suite = suite_create("style");
    for (int form = 0; form < TEST_FORMS; form++) {
        TCase *tests = tcase_create(test_form_names[form]);
        tcase_add_unchecked_fixture(tests, open[form], test_close);
        tcase_add_test(tests, style_is_pytorchs);
        tcase_add_loop_test(tests, style_and_its_gradient, 0, COUNT(shapes));
        tcase_add_test(tests, room_for_any_terms);
        tcase_add_loop_test(tests, equal_pixels, 1, 4);
        tcase_add_loop_test(tests, l2_pooling, 0, COUNT(maps));
        tcase_add_loop_test(tests, kinds_of_smoothness, 0, COUNT(maps));
        tcase_add_loop_test(tests, replicated_borders, 0, COUNT(maps));
        tcase_set_timeout(tests, 0);
        suite_add_tcase(suite, tests);
    }
    return test_run(suite);
}
