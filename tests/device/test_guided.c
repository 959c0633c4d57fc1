/* Style terms over regions: the guided Gram loss and its gradient in double precision and by finite differences; every
 * form on a hard mask against the plain term on the pixels of the region alone; whole jobs with masks over a small
 * network. */
/* promise: gradients */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "loss/style_regions.h"
#include "on_device.h"
#include "transfer/job.h"
#include "transfer/stage.h"

enum { H = 11, W = 13, N = H * W, STYLE_N = 60, C = 32, TRUE_C = 27, REGIONS = 3 };

static pst_conv_engine engine;

static void open_cpu(void) {
    test_open(TEST_CPU);
    engine = (pst_conv_engine){.session = test_session};
}

static void open_gpu(void) {
    test_open(TEST_GPU);
    engine = (pst_conv_engine){.session = test_session};
}

/* Features [pixels][C] as after a ReLU, channels beyond the true ones 0. */
static double *features(int pixels, uint64_t seed) {
    double *f = calloc((size_t)(pixels * C), sizeof *f);
    for (int i = 0; i < pixels * C; i++)
        f[i] = i % C < TRUE_C ? (double)fmaxf(test_random(&seed) + 0.2f, 0) * (1 + i % C % 5) : 0;
    return f;
}

/* Guides of unit mean square; region `absent` has none. hard: each pixel in one. */
static void fill_guides(pst_guides *guides, int pixels, bool hard, size_t absent, uint64_t seed) {
    *guides = (pst_guides){.count = REGIONS};
    for (size_t r = 0; r < REGIONS; r++) {
        double sum = 0;
        float *guide = NULL;
        if (r != absent) {
            ck_ok(test_error, pst_allocate(&test_error, (size_t)pixels, sizeof(float), &guide));
            for (int i = 0; i < pixels; i++) {
                double w = hard ? (size_t)(i * 7 % pixels * REGIONS / pixels) == r : (double)test_random(&seed) + 1;
                sum += w;
                guide[i] = (float)w;
            }
            for (int i = 0; i < pixels; i++)
                guide[i] = (float)sqrt((double)guide[i] * pixels / sum);
        }
        guides->at[r][0] = guide;
        guides->area[r][0] = sum / pixels;
        guides->blend[r][0] = guide ? 1 : 0;
    }
}

typedef struct setting {
    double *f, *style;
    pst_guides of_f, of_style;
} setting;

static void make_setting(setting *s, bool hard) {
    s->f = features(N, 3);
    s->style = features(STYLE_N, 4);
    fill_guides(&s->of_f, N, hard, REGIONS, 5);
    fill_guides(&s->of_style, STYLE_N, hard, 1, 6); /* region 1 has no style */
}

static void drop_setting(setting *s) {
    free(s->f);
    free(s->style);
    pst_guides_clear(&s->of_f);
    pst_guides_clear(&s->of_style);
}

/* Loss and gradient by the engine. */
static double evaluate(const setting *s, pst_loss_form form, float *gradient) {
    pst_style_regions all[3] = {0}, *const regions = &all[2];
    pst_sums sums;
    pst_buffer *x, *y, *d, *workspace;
    float *single = calloc(N * C, sizeof *single);
    size_t bytes = pst_style_regions_workspace_bytes(&engine, form, N, C, REGIONS), largest,
           style_bytes = pst_style_regions_workspace_bytes(&engine, form, STYLE_N, C, REGIONS),
           before = (size_t)test_session->buffer_bytes;
    bytes += style_bytes + pst_style_terms_finish_bytes(&engine, form, (const int[]){C}, 1);
    ck_ok(test_error, pst_style_regions_open(&engine, form, C, TRUE_C, N, N, REGIONS, "a test", regions));
    ck_assert_uint_eq(test_session->buffer_bytes - before, pst_style_regions_bytes(form, C, N, REGIONS, &largest));
    ck_ok(test_error, pst_buffer_create(test_session, bytes, "a test", &workspace));
    ck_ok(test_error, pst_buffer_create(test_session, sizeof(float) * N * C, "a test", &x));
    ck_ok(test_error, pst_buffer_create(test_session, sizeof(float) * N * C, "a test", &d));
    ck_ok(test_error, pst_buffer_create(test_session, sizeof(float) * STYLE_N * C, "a test", &y));
    ck_ok(test_error, pst_sums_create(test_session, 2 + 5 * REGIONS, &sums));
    for (int i = 0; i < N * C; i++)
        single[i] = (float)s->f[i];
    ck_ok(test_error, pst_buffer_write(test_session, x, 0, single, sizeof(float) * N * C));
    for (int i = 0; i < STYLE_N * C; i++)
        single[i] = (float)s->style[i];
    ck_ok(test_error, pst_buffer_write(test_session, y, 0, single, sizeof(float) * STYLE_N * C));
    ck_ok(test_error, pst_style_regions_guide(regions, &s->of_f, 0));
    ck_ok(test_error, pst_style_regions_add(regions, y, STYLE_N, 0, &s->of_style, 0, workspace));
    ck_ok(test_error, pst_style_regions_end(regions));
    ck_ok(test_error, pst_style_regions_compare(regions, x, &sums, 2, 5, workspace));
    ck_ok(test_error, pst_style_regions_finish(all, NULL, 3, 5, &sums, workspace));
    ck_ok(test_error, pst_style_regions_gradient(regions, x, N, 1, false, d, workspace));
    ck_ok(test_error, pst_sums_read_later(&sums, sums.slots));
    ck_ok(test_error, pst_buffer_read(test_session, d, 0, gradient, sizeof(float) * N * C));
    double loss = pst_style_term_loss_factor(form, TRUE_C) * pst_style_regions_sum(regions, &sums, 2, 5);
    pst_style_regions_close(regions);
    pst_sums_destroy(&sums);
    pst_buffer_destroy(test_session, x);
    pst_buffer_destroy(test_session, y);
    pst_buffer_destroy(test_session, d);
    pst_buffer_destroy(test_session, workspace);
    free(single);
    return loss;
}

/* ---- the Gram forms by their definitions ---- */

static void guided_gram(const double *f, int pixels, const float *guide, double scale, double *gram) {
    for (int a = 0; a < TRUE_C; a++)
        for (int b = 0; b < TRUE_C; b++) {
            double sum = 0;
            for (int p = 0; p < pixels; p++)
                sum += (double)guide[p] * f[p * C + a] * (double)guide[p] * f[p * C + b];
            gram[a * TRUE_C + b] = sum * scale;
        }
}

static double true_loss(const setting *s, pst_loss_form form) {
    static double g[TRUE_C * TRUE_C], t[TRUE_C * TRUE_C];
    double loss = 0;
    for (size_t r = 0; r < REGIONS; r++) {
        if (!s->of_style.at[r][0])
            continue;
        double c = form == PST_LOSS_GATYS ? 1 : TRUE_C, sum = 0;
        guided_gram(s->f, N, s->of_f.at[r][0], 1 / (c * N), g);
        guided_gram(s->style, STYLE_N, s->of_style.at[r][0], 1 / (c * STYLE_N), t);
        for (int i = 0; i < TRUE_C * TRUE_C; i++)
            sum += (g[i] - t[i]) * (g[i] - t[i]);
        loss += s->of_f.area[r][0] * sum / (TRUE_C * TRUE_C) / (form == PST_LOSS_GATYS ? 4 : 1);
    }
    return loss;
}

START_TEST(gram_losses_are_their_definition) {
    static float gradient[N * C];
    for (int form = PST_LOSS_MEAN; form <= PST_LOSS_GATYS; form++)
        for (int hard = 0; hard < 2; hard++) {
            setting s;
            make_setting(&s, hard);
            double loss = evaluate(&s, (pst_loss_form)form, gradient), expected = true_loss(&s, (pst_loss_form)form);
            ck_assert_double_eq_tol(loss, expected, 1e-5 * expected);
            double wrong = 0, size = 0;
            for (int i = 0; i < N * C; i += 3) { /* central differences of a polynomial of degree 4 */
                double before = s.f[i], step = 1e-3, slope;
                if (i % C >= TRUE_C)
                    continue;
                s.f[i] = before + step;
                slope = true_loss(&s, (pst_loss_form)form);
                s.f[i] = before - step;
                slope = (slope - true_loss(&s, (pst_loss_form)form)) / (2 * step);
                s.f[i] = before;
                wrong += (slope - (double)gradient[i]) * (slope - (double)gradient[i]);
                size += slope * slope;
            }
            ck_assert(size > 0);
            ck_assert_double_le(sqrt(wrong / size), 1e-4);
            drop_setting(&s);
        }
}
END_TEST

/* ---- every form on hard masks by the plain term on the region's pixels ---- */

static int gather(const double *f, int pixels, const float *guide, float *region) {
    int count = 0;
    for (int p = 0; p < pixels; p++)
        if (guide[p] > 0) {
            for (int c = 0; c < C; c++)
                region[count * C + c] = (float)f[p * C + c];
            count++;
        }
    return count;
}

START_TEST(a_region_alone_is_an_image_of_its_own) {
    static float gradient[N * C], expected[N * C], region[N * C], part[N * C];
    static const pst_loss_form forms[] = {PST_LOSS_MEAN, PST_LOSS_GATYS, PST_LOSS_WASSERSTEIN};
    for (int k = 0; k < 3; k++) {
        pst_loss_form form = forms[k];
        setting s;
        make_setting(&s, true);
        double loss = evaluate(&s, form, gradient), sum = 0;
        memset(expected, 0, sizeof expected);
        for (size_t r = 0; r < REGIONS; r++) {
            if (!s.of_style.at[r][0])
                continue;
            pst_style_term term, *const terms[] = {&term};
            pst_sums sums;
            pst_buffer *x, *d, *workspace;
            size_t bytes = pst_style_term_workspace_bytes(&engine, form, N, C) +
                           pst_style_terms_finish_bytes(&engine, form, (const int[]){C}, 1);
            ck_ok(test_error, pst_buffer_create(test_session, bytes, "a test", &workspace));
            ck_ok(test_error, pst_buffer_create(test_session, sizeof region, "a test", &x));
            ck_ok(test_error, pst_buffer_create(test_session, sizeof region, "a test", &d));
            ck_ok(test_error, pst_sums_create(test_session, 1, &sums));
            ck_ok(test_error, pst_style_term_open(&engine, form, C, TRUE_C, "a test", &term));
            int count = gather(s.style, STYLE_N, s.of_style.at[r][0], region);
            ck_ok(test_error, pst_buffer_write(test_session, x, 0, region, sizeof(float) * (size_t)(count * C)));
            ck_ok(test_error, pst_style_term_add(&term, x, (size_t)count, 1, workspace));
            ck_ok(test_error, pst_style_term_end(&term));
            count = gather(s.f, N, s.of_f.at[r][0], region);
            ck_ok(test_error, pst_buffer_write(test_session, x, 0, region, sizeof(float) * (size_t)(count * C)));
            ck_ok(test_error,
                  pst_style_terms_compare(&(pst_style_map){&term, x, (size_t)count, 0}, 1, &sums, workspace));
            ck_ok(test_error, pst_style_terms_finish(terms, (const size_t[]){0}, 1, &sums, workspace));
            ck_ok(test_error, pst_style_term_gradient(&term, x, (size_t)count, N, 1, false, d, workspace));
            ck_ok(test_error, pst_sums_read_later(&sums, 1));
            ck_ok(test_error, pst_buffer_read(test_session, d, 0, part, sizeof(float) * (size_t)(count * C)));
            sum += (double)count / N * pst_style_term_loss_factor(form, TRUE_C) * pst_sums_value(&sums, 0);
            for (int p = 0, at = 0; p < N; p++)
                if (s.of_f.at[r][0][p] > 0)
                    memcpy(expected + p * C, part + C * at++, sizeof(float) * C);
            pst_style_term_close(&term);
            pst_sums_destroy(&sums);
            pst_buffer_destroy(test_session, x);
            pst_buffer_destroy(test_session, d);
            pst_buffer_destroy(test_session, workspace);
        }
        double a[N * C], b[N * C];
        for (int i = 0; i < N * C; i++)
            a[i] = (double)gradient[i], b[i] = (double)expected[i];
        ck_assert_double_gt(sum, 0);
        ck_assert_double_eq_tol(loss, sum, 1e-4 * sum);
        ck_assert_double_le(test_relative_error(a, b, N * C), form == PST_LOSS_WASSERSTEIN ? 5e-3 : 1e-5);
        drop_setting(&s);
    }
}
END_TEST

/* ---- jobs ---- */

enum { SIDE = 64 };

static pst_context *context;
static pst_network *network;

static void open_job(void) {
    context = test_context();
    test_write_network(test_path("net"), (const int[]){16, 24, 32, 0, 0}, (const int[]){2, 2, 1, 0, 0}, 3);
    ck_assert_int_eq(pst_network_load(context, test_path("net"), PST_CONVENTION_AUTO, &network), PST_OK);
}

static void close_job(void) {
    pst_network_destroy(network);
    pst_context_destroy(context);
}

static pst_image *painted(void (*paint)(int x, int y, float *rgb)) {
    static float rgb[SIDE * SIDE * 3];
    pst_image *image;
    for (int i = 0; i < SIDE * SIDE; i++)
        paint(i % SIDE, i / SIDE, rgb + 3 * i);
    ck_assert_int_eq(pst_image_create(context, SIDE, SIDE, rgb, &image), PST_OK);
    return image;
}

static void set(float *rgb, float r, float g, float b) { rgb[0] = r, rgb[1] = g, rgb[2] = b; }

static void gray_waves(int x, int y, float *rgb) {
    float v = 128 + 30 * sinf(.2f * (float)x) * cosf(.17f * (float)y);
    set(rgb, v, v + 10, v - 5);
}
static void red_rows(int x, int y, float *rgb) {
    (void)x;
    y / 3 % 2 ? set(rgb, 230, 30, 20) : set(rgb, 120, 10, 30);
}
static void blue_columns(int x, int y, float *rgb) {
    (void)y;
    x / 3 % 2 ? set(rgb, 20, 60, 240) : set(rgb, 10, 20, 110);
}
static void thirds(int x, int y, float *rgb) {
    (void)y;
    x < 24 ? set(rgb, 255, 0, 0) : x < 44 ? set(rgb, 0, 0, 255) : set(rgb, 0, 255, 0);
}
static void all_red(int x, int y, float *rgb) {
    (void)x, (void)y;
    set(rgb, 255, 0, 0);
}
static void all_blue(int x, int y, float *rgb) {
    (void)x, (void)y;
    set(rgb, 0, 0, 255);
}

typedef struct scene {
    pst_image *content, *styles[2], *mask, *masks[2];
    pst_transfer_options options;
} scene;

static void make_scene(scene *s) {
    s->content = painted(gray_waves);
    s->styles[0] = painted(red_rows);
    s->styles[1] = painted(blue_columns);
    s->mask = painted(thirds);
    s->masks[0] = painted(all_red);
    s->masks[1] = painted(all_blue);
    pst_transfer_options_init(&s->options, sizeof s->options);
    s->options.content = s->content;
    s->options.styles = (const pst_image *const *)s->styles;
    s->options.style_count = 2;
    s->options.content_mask = s->mask;
    s->options.style_masks = (const pst_image *const *)s->masks;
    s->options.image_size = SIDE;
    s->options.content_layers = "relu2_2";
    s->options.style_layers = "relu1_1,relu2_1,relu3_1";
    s->options.style_weight = 1e4;
    s->options.iterations = 90;
    s->options.min_size = 32;
}

static void drop_scene(scene *s) {
    pst_image *gone[] = {s->content, s->styles[0], s->styles[1], s->mask, s->masks[0], s->masks[1]};
    for (int i = 0; i < 6; i++)
        pst_image_destroy(gone[i]);
}

/* Mean color, and how much it changes along x and along y, within columns from..to. */
static void measure(const pst_image *image, int from, int to, double mean[3], double *along_x, double *along_y) {
    const float *rgb = pst_image_samples(image);
    *along_x = *along_y = mean[0] = mean[1] = mean[2] = 0;
    for (int y = 0; y + 1 < SIDE; y++)
        for (int x = from; x + 1 < to; x++)
            for (int c = 0; c < 3; c++) {
                const float *here = rgb + 3 * (y * SIDE + x) + c;
                mean[c] += (double)*here / ((SIDE - 1) * (to - 1 - from));
                *along_x += fabs((double)(here[3] - here[0]));
                *along_y += fabs((double)(here[3 * SIDE] - here[0]));
            }
}

/* Red rows at the left, blue columns in the middle, and at the right, where no style is, the content to the last bit.
 */
START_TEST(each_region_gets_its_style) {
    for (int mode = PST_GUIDES_SIMPLE; mode <= PST_GUIDES_INSIDE; mode++) {
        scene s;
        pst_job *job;
        pst_image *result;
        double left[3], middle[3], left_x, left_y, middle_x, middle_y;
        make_scene(&s);
        s.options.guide_mode = (pst_guide_mode)mode;
        ck_assert_msg(pst_job_create(context, network, &s.options, &job) == PST_OK, "%s", pst_context_message(context));
        size_t count;
        const pst_region *regions = pst_job_regions(job, &count);
        ck_assert_uint_eq(count, 3);
        for (size_t k = 0; k < 3; k++)
            ck_assert_double_eq_tol(regions[k].content_area,
                                    regions[k].color[2]   ? 20. / 64
                                    : regions[k].color[0] ? 24. / 64
                                                          : 20. / 64,
                                    1e-9);
        ck_assert_msg(pst_job_run(job, NULL, NULL) == PST_OK, "%s", pst_context_message(context));
        ck_assert_int_eq(pst_job_result(job, &result), PST_OK);
        measure(result, 0, 22, left, &left_x, &left_y);
        measure(result, 26, 42, middle, &middle_x, &middle_y);
        ck_assert_msg(left[0] > left[2] + 60, "mode %d: the left is %.0f %.0f %.0f", mode, left[0], left[1], left[2]);
        ck_assert_msg(middle[2] > middle[0] + 60, "mode %d: the middle is %.0f %.0f %.0f", mode, middle[0], middle[1],
                      middle[2]);
        double least = mode == PST_GUIDES_SIMPLE ? 1.3 : 1.1; /* the others see too much and too little */
        ck_assert_msg(left_y > least * left_x, "mode %d: no rows, %.0f to %.0f", mode, left_y, left_x);
        ck_assert_msg(middle_x > least * middle_y, "mode %d: no columns, %.0f to %.0f", mode, middle_x, middle_y);
        for (int i = 0; i < SIDE * SIDE * 3; i++)
            if (i / 3 % SIDE >= 44)
                ck_assert(pst_image_samples(result)[i] == pst_image_samples(s.content)[i]);
        pst_image_destroy(result);
        pst_job_destroy(job);
        drop_scene(&s);
    }
}
END_TEST

/* A pixel of which two thirds keep the content is mixed once, as the loss sees it. The result of one evaluation is the
 * start, which is black here. */
START_TEST(an_edge_of_kept_content_is_mixed_once) {
    enum { MASK_SIDE = 96, FIRST_KEPT = 65, EDGE = 43 };
    static float red_and_blue[MASK_SIDE * MASK_SIDE * 3], black[SIDE * SIDE * 3];
    scene s;
    pst_job *job;
    pst_image *start, *result;
    make_scene(&s);
    for (int i = 0; i < MASK_SIDE * MASK_SIDE; i++)
        red_and_blue[3 * i + (i % MASK_SIDE < FIRST_KEPT ? 0 : 2)] = 255;
    pst_image_destroy(s.mask);
    ck_assert_int_eq(pst_image_create(context, MASK_SIDE, MASK_SIDE, red_and_blue, &s.mask), PST_OK);
    ck_assert_int_eq(pst_image_create(context, SIDE, SIDE, black, &start), PST_OK);
    s.options.content_mask = s.mask;
    s.options.style_count = 1; /* of the red region */
    s.options.start = PST_START_IMAGE;
    s.options.start_image = start;
    s.options.iterations = 1;
    ck_assert_msg(pst_job_create(context, network, &s.options, &job) == PST_OK, "%s", pst_context_message(context));
    ck_assert_msg(pst_job_run(job, NULL, NULL) == PST_OK, "%s", pst_context_message(context));
    ck_assert_int_eq(pst_job_result(job, &result), PST_OK);
    for (int i = 0; i < SIDE * SIDE * 3; i++) {
        const int x = i / 3 % SIDE;
        const float part = x < EDGE ? 0 : x > EDGE ? 1 : 2 / 3.f;
        ck_assert_float_eq_tol(pst_image_samples(result)[i], part * pst_image_samples(s.content)[i], 0.01f);
    }
    pst_image_destroy(result);
    pst_image_destroy(start);
    pst_job_destroy(job);
    drop_scene(&s);
}
END_TEST

/* A style whose right half is transparent, and green underneath: nothing of that gets into the result. */
START_TEST(what_is_transparent_is_no_style) {
    double mean[2][3], x, y;
    scene s;
    make_scene(&s);
    float *rgb = malloc(sizeof *rgb * SIDE * SIDE * 3), alpha[SIDE * SIDE];
    ck_assert_ptr_nonnull(rgb);
    for (int i = 0; i < SIDE * SIDE; i++) {
        red_rows(i % SIDE, i / SIDE, rgb + 3 * i);
        if (i % SIDE >= SIDE / 2)
            set(rgb + 3 * i, 0, 255, 0);
        alpha[i] = i % SIDE < SIDE / 2;
    }
    s.options.content_mask = NULL;
    s.options.style_masks = NULL;
    s.options.style_count = 1;
    s.options.match_colors = PST_MATCH_NONE;
    for (int transparent = 0; transparent < 2; transparent++) {
        pst_job *job;
        pst_image *result;
        pst_image_destroy(s.styles[0]);
        ck_assert_int_eq(pst_image_create(context, SIDE, SIDE, rgb, &s.styles[0]), PST_OK);
        if (transparent)
            ck_assert_int_eq(pst_image_set_alpha(context, s.styles[0], alpha), PST_OK);
        ck_assert_msg(pst_job_create(context, network, &s.options, &job) == PST_OK, "%s", pst_context_message(context));
        ck_assert_msg(pst_job_run(job, NULL, NULL) == PST_OK, "%s", pst_context_message(context));
        ck_assert_int_eq(pst_job_result(job, &result), PST_OK);
        measure(result, 0, SIDE, mean[transparent], &x, &y);
        pst_image_destroy(result);
        pst_job_destroy(job);
    }
    ck_assert_msg(mean[0][1] > mean[0][0] - 40, "green counts where it is seen: %.0f %.0f", mean[0][0], mean[0][1]);
    ck_assert_msg(mean[1][1] < mean[1][0] - 80, "green counts where it is transparent: %.0f %.0f", mean[1][0],
                  mean[1][1]);
    memset(alpha, 0, sizeof alpha);
    pst_job *none;
    ck_assert_int_eq(pst_image_set_alpha(context, s.styles[0], alpha), PST_OK);
    ck_assert_int_eq(pst_job_create(context, network, &s.options, &none), PST_ERROR_ARGUMENT);
    ck_assert_ptr_nonnull(strstr(pst_context_message(context), "style 1 is transparent everywhere"));
    ck_assert_int_eq(pst_image_set_name(context, s.styles[0], "glass.png"), PST_OK);
    ck_assert_int_eq(pst_job_create(context, network, &s.options, &none), PST_ERROR_ARGUMENT);
    ck_assert_int_eq(strncmp(pst_context_message(context), "glass.png: ", 11), 0);
    free(rgb);
    drop_scene(&s);
}
END_TEST

START_TEST(the_plan_holds_with_regions) {
    pst_session *session = context->session;
    for (int form = PST_LOSS_MEAN; form <= PST_LOSS_WASSERSTEIN; form++) {
        scene s;
        pst_job *job;
        make_scene(&s);
        s.options.loss_form = (pst_loss_form)form;
        s.options.scales = 1;
        s.options.normalize_gradients = form == PST_LOSS_GATYS;
        s.options.optimizer = PST_OPTIMIZER_ADAM;
        s.options.iterations = 4;
        ck_assert_msg(pst_job_create(context, network, &s.options, &job) == PST_OK, "%s", pst_context_message(context));
        session->peak_bytes = session->buffer_bytes;
        const uint64_t before = session->buffer_bytes;
        ck_assert_msg(pst_job_run(job, NULL, NULL) == PST_OK, "%s", pst_context_message(context));
        ck_assert_uint_eq(session->peak_bytes - before, pst_job_plan(job)->device_bytes);
        pst_job_destroy(job);
        drop_scene(&s);
    }
}
END_TEST

/* The whole objective's gradient, through the network and the content that is kept, by differences of the loss. */
START_TEST(the_gradient_is_the_slope_of_the_loss) {
    enum { COUNT = SIDE * SIDE * 3 };
    pst_session *session = context->session;
    static float x0[COUNT], way[COUNT], moved[COUNT], gradient[COUNT];
    scene s;
    pst_job *job;
    make_scene(&s);
    s.options.scales = 1;
    ck_assert_msg(pst_job_create(context, network, &s.options, &job) == PST_OK, "%s", pst_context_message(context));
    ck_assert_int_eq(pst_stage_open(job, 0, NULL), PST_OK);
    pst_stage *stage = &job->stage;
    uint64_t seed = 7;
    for (int i = 0; i < COUNT; i++)
        x0[i] = 60 * test_random(&seed);
    double losses[3], slope = 0, step = 0.02, steepest = 0;
    for (int k = 0; k < 3; k++) { /* there, before, behind */
        for (int i = 0; i < COUNT; i++)
            moved[i] = x0[i] + (float)(k == 0 ? 0 : k == 1 ? -step : step) * way[i];
        ck_assert_int_eq(pst_buffer_write(session, (pst_buffer *)stage->x, 0, moved, sizeof moved), PST_OK);
        ck_assert_int_eq(
            pst_objective_evaluate(stage->objective, (pst_buffer *)stage->x, (pst_buffer *)stage->gradient), PST_OK);
        ck_assert_int_eq(pst_session_finish(session), PST_OK);
        losses[k] = pst_objective_losses(stage->objective, NULL);
        if (k == 0)
            ck_assert_int_eq(pst_buffer_read(session, (pst_buffer *)stage->gradient, 0, gradient, sizeof gradient),
                             PST_OK);
        for (int i = 0; k == 0 && i < COUNT; i++)
            steepest = fmax(steepest, fabs((double)gradient[i]));
        for (int i = 0; k == 0 && i < COUNT; i++)
            way[i] = gradient[i] / (float)steepest + 0.1f * test_random(&seed);
    }
    for (int i = 0; i < COUNT; i++) {
        slope += (double)gradient[i] * (double)way[i];
        if (i / 3 % SIDE >= 44)
            ck_assert(gradient[i] == 0);
    }
    ck_assert_double_eq_tol((losses[2] - losses[1]) / (2 * step), slope, 1e-2 * fabs(slope));
    pst_job_destroy(job);
    drop_scene(&s);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("guided");
    static const SFun open[] = {open_cpu, open_gpu};
    for (int form = 0; form < 2; form++) {
        TCase *terms = tcase_create(form ? "terms, GPU" : "terms, CPU");
        tcase_add_unchecked_fixture(terms, open[form], test_close);
        tcase_set_timeout(terms, 120);
        tcase_add_test(terms, gram_losses_are_their_definition);
        tcase_add_test(terms, a_region_alone_is_an_image_of_its_own);
        suite_add_tcase(suite, terms);
    }
    TCase *jobs = tcase_create("jobs");
    tcase_add_unchecked_fixture(jobs, open_job, close_job);
    tcase_set_timeout(jobs, 300);
    tcase_add_test(jobs, each_region_gets_its_style);
    tcase_add_test(jobs, an_edge_of_kept_content_is_mixed_once);
    tcase_add_test(jobs, what_is_transparent_is_no_style);
    tcase_add_test(jobs, the_plan_holds_with_regions);
    tcase_add_test(jobs, the_gradient_is_the_slope_of_the_loss);
    suite_add_tcase(suite, jobs);
    return test_run(suite);
}
