/* Stored styles: at a stored size a run with one is the run with its images, in every form of the loss; files that
 * are not right are refused; what does not fit a run is, too. The truth is the run with the images, and moments in
 * double precision. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/digest.h"
#include "base/file.h"
#include "base/memory.h"
#include "model/weights_read.h"
#include "on_device.h"
#include "transfer/job.h"

#define ITERATIONS 6

static pst_context *context;
static pst_network *network;
static pst_image *content, *styles[2];

static pst_image *image(int width, int height, uint64_t seed) {
    static float rgb[80 * 80 * 3];
    pst_image *image;
    for (int i = 0; i < width * height * 3; i++)
        rgb[i] = 127.5f + 90 * sinf(0.02f * (float)i * (float)seed) + 30 * test_random(&seed);
    ck_assert_int_eq(pst_image_create(context, width, height, rgb, &image), PST_OK);
    return image;
}

static pst_network *load_network(const char *name, uint64_t seed) {
    pst_network *made;
    test_write_network(test_path(name), (const int[]){8, 12, 20, 0, 0}, (const int[]){2, 1, 1, 0, 0}, seed);
    ck_assert_int_eq(pst_network_load(context, test_path(name), PST_CONVENTION_AUTO, &made), PST_OK);
    return made;
}

static void open_all(void) {
    context = test_context();
    network = load_network("net", 3);
    content = image(45, 31, 5);
    styles[0] = image(67, 50, 8);
    styles[1] = image(40, 61, 11);
}

static void close_all(void) {
    pst_image_destroy(content);
    pst_image_destroy(styles[0]);
    pst_image_destroy(styles[1]);
    pst_network_destroy(network);
    pst_context_destroy(context);
}

static const double weights[] = {2, 1};

static pst_transfer_options options_of(size_t count) {
    pst_transfer_options options;
    pst_transfer_options_init(&options, sizeof options);
    options.content = content;
    options.styles = (const pst_image *const *)styles;
    options.style_count = count;
    options.blend_weights = weights;
    options.image_size = 64;
    options.min_size = 30;
    options.content_layers = "relu1_2";
    options.style_layers = "relu1_1,relu2_1,relu3_1=0.5";
    options.iterations = 3;
    options.scales = 1;
    options.start = PST_START_CONTENT;
    options.optimizer = PST_OPTIMIZER_ADAM;
    return options;
}

static pst_style *style_of(const pst_transfer_options *options) {
    pst_style *style;
    ck_assert_msg(pst_style_create(context, network, options, "a test", &style) == PST_OK, "%s",
                  pst_context_message(context));
    return style;
}

/* Through a file and back. */
static pst_style *stored(const pst_transfer_options *options, const char *name) {
    pst_style *style = style_of(options), *read;
    ck_assert_int_eq(pst_style_save(context, style, test_path(name)), PST_OK);
    ck_assert_msg(pst_style_load(context, test_path(name), &read) == PST_OK, "%s", pst_context_message(context));
    ck_assert_str_eq(style->digest, read->digest);
    pst_style_destroy(style);
    return read;
}

typedef struct watch {
    double losses[ITERATIONS][8];
    size_t terms;
    int last;
} watch;

static bool look(void *user, const pst_progress *now) {
    watch *w = user;
    w->terms = now->term_count;
    w->last = now->iteration;
    for (size_t t = 0; t < now->term_count; t++)
        w->losses[now->iteration - 1][t] = now->terms[t].value;
    return false;
}

/* Runs it, and checks the plan: with stored styles it is what is taken, to the byte. */
static watch run(const pst_transfer_options *options, pst_image **result) {
    pst_job *job;
    watch w = {0};
    pst_session *session = context->session;
    ck_assert_msg(pst_job_create(context, network, options, &job) == PST_OK, "%s", pst_context_message(context));
    const uint64_t before = session->buffer_bytes;
    session->peak_bytes = before;
    ck_assert_msg(pst_job_run(job, look, &w) == PST_OK, "%s", pst_context_message(context));
    uint64_t taken = session->peak_bytes - before, planned = pst_job_plan(job)->device_bytes;
    ck_assert_msg(options->styles ? taken <= planned : taken == planned, "size %d, form %d: %ju bytes, not %ju",
                  options->image_size, options->loss_form, (uintmax_t)taken, (uintmax_t)planned);
    if (result)
        ck_assert_int_eq(pst_job_result(job, result), PST_OK);
    pst_job_destroy(job);
    return w;
}

/* Steps blow up what differs. */
static void ck_close(const watch *a, const watch *b, double error) {
    ck_assert_uint_eq(a->terms, b->terms);
    ck_assert_int_eq(a->last, b->last);
    for (int i = 0; i < a->last; i++)
        for (size_t t = 0; t < a->terms; t++)
            ck_assert_msg(fabs(a->losses[i][t] - b->losses[i][t]) <= (i ? 10 : 1) * error * fabs(a->losses[i][t]) &&
                              (a->losses[i][t] > 0 || !i),
                          "iteration %d, term %zu: %.9g, not %.9g", i + 1, t, b->losses[i][t], a->losses[i][t]);
}

/* Every form, pooling and border; one image and two; the largest stored size and a smaller one. */
START_TEST(at_a_stored_size_it_is_the_run_with_images) {
    pst_transfer_options options = options_of(1 + (size_t)_i % 2);
    options.pooling = (pst_pooling)(_i / 2 % 3);
    options.replicate_border = _i / 2 % 2;
    options.pixels_256 = _i / 2 == 2;
    pst_style *style = stored(&options, "a.style");
    const pst_style *const list[] = {style};
    ck_assert_uint_eq(style->size_count, 3);
    ck_assert(style->sizes[0] == 64 && style->sizes[1] == 45 && style->sizes[2] == 32);
    for (int form = PST_LOSS_MEAN; form <= PST_LOSS_WASSERSTEIN; form++)
        for (int size = 0; size < 3; size++) {
            options.loss_form = (pst_loss_form)form;
            options.image_size = style->sizes[size];
            watch with_images = run(&options, NULL);
            pst_transfer_options other = options;
            other.styles = NULL;
            other.stored_styles = list;
            other.style_count = 1;
            other.blend_weights = NULL;
            watch without = run(&other, NULL);
            ck_close(&with_images, &without, 2e-5);
            other.image_size = style->sizes[(size + 1) % 3]; /* another size is another target */
            other.style_scale = (double)style->sizes[size] / other.image_size;
            watch scaled = run(&other, NULL);
            options.style_scale = other.style_scale;
            options.image_size = other.image_size;
            with_images = run(&options, NULL);
            ck_close(&with_images, &scaled, 0.03); /* ceil may make it one pixel more */
            options.style_scale = 1;
        }
    pst_style_destroy(style);
}
END_TEST

/* A stored style and an image, in either order, are two images; so are they in the regions of a mask. */
START_TEST(it_blends_with_images) {
    pst_transfer_options one = options_of(1), both = options_of(2), mixed;
    both.loss_form = (pst_loss_form)(_i % 3);
    pst_style *style = stored(&one, "b.style");
    const pst_image *const images[] = {NULL, styles[1]}, *const reversed[] = {styles[1], NULL};
    const pst_style *const list[] = {style, NULL}, *const reversed_list[] = {NULL, style};
    const float colors[2][3] = {{255, 0, 0}, {0, 0, 255}};
    pst_image *masks[3] = {0};
    if (_i >= 3) { /* left and right; the first style whole for the left, both for the right */
        static float rgb[45 * 31 * 3];
        for (int i = 0; i < 45 * 31 * 3; i++)
            rgb[i] = colors[i / 3 % 45 > 20][i % 3];
        ck_assert_int_eq(pst_image_create(context, 45, 31, rgb, &masks[0]), PST_OK);
        for (int i = 0; i < 45 * 31 * 3; i++)
            rgb[i] = colors[0][i % 3];
        ck_assert_int_eq(pst_image_create(context, 45, 31, rgb, &masks[1]), PST_OK);
        both.content_mask = masks[0];
        masks[2] = NULL;
        ck_assert_int_eq(pst_image_resize(context, masks[1], 67, 50, &masks[2]), PST_OK);
    }
    const pst_image *const style_masks[] = {masks[2], NULL}, *const mixed_masks[] = {masks[1], NULL},
                           *const reversed_masks[] = {NULL, masks[1]}, *const bad_masks[] = {masks[0], NULL};
    both.style_masks = _i >= 3 ? style_masks : NULL;
    watch truth = run(&both, NULL);
    mixed = both;
    mixed.styles = images;
    mixed.stored_styles = list;
    mixed.style_masks = _i >= 3 ? mixed_masks : NULL;
    watch got = run(&mixed, NULL);
    ck_close(&truth, &got, 2e-5);
    mixed.styles = reversed;
    mixed.stored_styles = reversed_list;
    mixed.blend_weights = (const double[]){1, 2};
    mixed.style_masks = _i >= 3 ? reversed_masks : NULL;
    got = run(&mixed, NULL);
    ck_close(&truth, &got, 2e-5);
    if (_i >= 3) {
        pst_job *job;
        mixed.styles = images;
        mixed.stored_styles = list;
        mixed.style_masks = bad_masks;
        ck_assert_int_eq(pst_job_create(context, network, &mixed, &job), PST_ERROR_ARGUMENT);
        ck_assert_msg(strstr(pst_context_message(context), "style 1 has several colors"), "%s",
                      pst_context_message(context));
    }
    for (int i = 0; i < 3; i++)
        pst_image_destroy(masks[i]);
    pst_style_destroy(style);
}
END_TEST

/* Between two sizes the nearer by ratio is taken, and beyond them the last. */
START_TEST(the_nearest_size_is_taken) {
    pst_style style = {.size_count = 3, .sizes = {1000, 500, 250}};
    static const struct {
        double asked;
        size_t nearest;
    } table[] = {{5000, 0}, {1000, 0}, {708, 0}, {707, 1}, {500, 1}, {354, 1}, {353, 2}, {250, 2}, {3, 2}};
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        ck_assert_uint_eq(pst_style_nearest(&style, table[i].asked), table[i].nearest);
}
END_TEST

/* Several scales, each with its own stored size. An image of the full size is resized as often in either way. */
START_TEST(scales_take_their_sizes) {
    pst_transfer_options options = options_of(1), other;
    pst_image *full = image(64, 47, 8);
    options.styles = (const pst_image *const *)&full;
    other = options;
    pst_style *style = stored(&options, "c.style");
    const pst_style *const list[] = {style};
    options.scales = other.scales = 3;
    options.iterations = other.iterations = ITERATIONS;
    other.styles = NULL;
    other.stored_styles = list;
    pst_image *with, *without;
    watch a = run(&options, &with), b = run(&other, &without);
    ck_close(&a, &b, 1e-4);
    double sum = 0;
    for (int i = 0; i < with->width * with->height * 3; i++)
        sum += fabs(with->rgb[i] - without->rgb[i]);
    ck_assert_double_lt(sum / (with->width * with->height * 3), 0.01);
    pst_image_destroy(full);
    pst_image_destroy(with);
    pst_image_destroy(without);
    pst_style_destroy(style);
}
END_TEST

/* Moments of the first layer by their definition. */
START_TEST(moments_are_what_they_should_be) {
    pst_transfer_options options = options_of(1);
    options.image_size = 45;
    pst_image *small;
    int w, h;
    pst_img_fit(styles[0]->width, styles[0]->height, 45, &w, &h);
    ck_assert_int_eq(pst_image_resize(context, styles[0], w, h, &small), PST_OK);
    pst_style *style = stored(&options, "d.style");
    static double f[45 * 45][8];
    const pst_weights_convolution *c = &network->model->convolutions[0];
    static const double mean_color[] = {103.939, 116.779, 123.68};
    ck_assert_int_eq(pst_weights_recall(&context->error, network->model), PST_OK);
    for (int y = 0; y < h; y++)
        for (int x = 0; x < w; x++)
            for (int o = 0; o < 8; o++) {
                double sum = c->bias[o];
                for (int i = 0; i < 3; i++)
                    for (int t = 0; t < 9; t++) {
                        int yy = y + t / 3 - 1, xx = x + t % 3 - 1;
                        if (yy >= 0 && yy < h && xx >= 0 && xx < w)
                            sum += c->weight[(o * 3 + i) * 9 + t] *
                                   (small->rgb[(yy * w + xx) * 3 + 2 - i] - mean_color[i]);
                    }
                f[y * w + x][o] = sum > 0 ? sum : 0;
            }
    const float *got = pst_style_numbers(style, 0, 0), *half = got + 8;
    double n = (double)w * h;
    for (int a = 0; a < 8; a++) {
        double mean = 0;
        for (int p = 0; p < w * h; p++)
            mean += f[p][a] / n;
        ck_assert_msg(fabs(mean - got[a]) <= 1e-4 * mean + 1e-6, "mean %d: %g, not %g", a, got[a], mean);
        for (int b = a; b < 8; b++, half++) {
            double moment = 0;
            for (int p = 0; p < w * h; p++)
                moment += f[p][a] * f[p][b] / n;
            ck_assert_msg(fabs(moment - *half) <= 1e-4 * moment + 1e-4, "moment %d %d: %g, not %g", a, b, *half,
                          moment);
        }
    }
    pst_style_destroy(style);
    pst_image_destroy(small);
}
END_TEST

static void refuse_file(const char *path) {
    pst_style *style = (pst_style *)1;
    pst_status status = pst_style_load(context, path, &style);
    ck_assert_msg(status == PST_ERROR_FORMAT && style == NULL, "%s", pst_status_name(status));
    ck_assert_msg(strstr(pst_context_message(context), path) && !strchr(pst_context_message(context), '\n'), "%s",
                  pst_context_message(context));
}

/* Ends the bytes with their right sum again: what is wrong then must be found by looking. */
static void sign(uint8_t *data, size_t bytes) {
    char sum[65];
    pst_digest digest;
    pst_digest_begin(&digest, PST_DIGEST_SHA256);
    pst_digest_add(&digest, data, bytes - 64);
    pst_digest_end(&digest, sum);
    memcpy(data + bytes - 64, sum, 64);
}

START_TEST(bad_files_are_refused) {
    pst_transfer_options options = options_of(1);
    pst_style_destroy(stored(&options, "good.style"));
    uint8_t *data;
    size_t bytes;
    pst_error error = {0};
    char bad[512];
    snprintf(bad, sizeof bad, "%s", test_path("bad.style"));
    ck_assert_int_eq(pst_file_load(&error, test_path("good.style"), 1 << 24, &data, &bytes), PST_OK);
    ck_assert(pst_style_recognize(test_path("good.style")));
    for (size_t cut = 0; cut < bytes; cut += cut < 300 ? 1 : 1 + bytes / 41) {
        ck_assert_int_eq(pst_file_save(&error, bad, data, cut), PST_OK);
        ck_assert(pst_style_recognize(bad) == (cut >= 16));
        refuse_file(bad);
    }
    for (size_t i = 0; i < bytes;
         i += i < 300 ? 1 : 1 + bytes / 41) { /* a bit anywhere; in the head, with a right sum as well */
        uint8_t kept = data[i];
        data[i] ^= (uint8_t)(1 << i % 8);
        ck_assert_int_eq(pst_file_save(&error, bad, data, bytes), PST_OK);
        refuse_file(bad);
        data[i] = kept;
    }
    uint8_t sum[64], counts[20];
    memcpy(sum, data + bytes - 64, 64);
    memcpy(counts, data + 20, 20);
    for (int field = 0; field < 6; field++) { /* pooling, border, samples, layers, sizes, length of the text */
        static const uint8_t values[4][4] = {{255, 255, 255, 255}, {0, 0, 0, 128}, {33, 0, 0, 0}, {255, 255, 255, 127}};
        for (int v = 0; v < 4; v++) {
            uint8_t was[4];
            memcpy(was, data + 20 + 4 * field, 4);
            memcpy(data + 20 + 4 * field, values[v], 4);
            sign(data, bytes);
            ck_assert_int_eq(pst_file_save(&error, bad, data, bytes), PST_OK);
            refuse_file(bad);
            memcpy(data + 20 + 4 * field, was, 4);
        }
    }
    static const uint8_t numbers[3][4] = {{0, 0, 128, 127}, {0, 0, 192, 127}, {0, 0, 128, 191}}; /* infinity, NaN, -1 */
    for (int v = 0; v < 3; v++) {
        uint8_t was[4];
        memcpy(was, data + bytes - 64 - 4, 4);
        memcpy(data + bytes - 64 - 4, numbers[v], 4);
        sign(data, bytes);
        ck_assert_int_eq(pst_file_save(&error, bad, data, bytes), PST_OK);
        refuse_file(bad);
        memcpy(data + bytes - 64 - 4, was, 4);
    }
    sign(data, bytes);
    ck_assert_int_eq(memcmp(sum, data + bytes - 64, 64), 0);
    pst_style *style;
    ck_assert_int_eq(pst_style_load(context, test_path("absent.style"), &style), PST_ERROR_FILE);
    ck_assert(!pst_style_recognize(test_path("absent.style")) && !pst_style_recognize("/"));
    pst_free(data);
}
END_TEST

static void refuse(const pst_transfer_options *options, const char *words, const char *more) {
    pst_job *job;
    pst_status status = pst_job_create(context, network, options, &job);
    ck_assert_msg(status == PST_ERROR_ARGUMENT && !job, "%s", pst_status_name(status));
    ck_assert_msg(strstr(pst_context_message(context), words) && strstr(pst_context_message(context), more),
                  "no %s, %s in: %s", words, more, pst_context_message(context));
}

START_TEST(what_does_not_fit_is_refused) {
    pst_transfer_options options = options_of(1), other;
    pst_style *style = stored(&options, "e.style");
    const pst_style *const list[] = {style};
    options.stored_styles = list;
    refuse(&options, "style 1", "both");
    options.styles = NULL;
    other = options;
    other.stored_styles = NULL;
    refuse(&other, "style image", "needed");
    other = options;
    other.pooling = PST_POOLING_AVERAGE;
    refuse(&other, "e.style: was made with pooling max", "the run has avg");
    other = options;
    other.replicate_border = true;
    refuse(&other, "e.style", "has replicate");
    other = options;
    other.pixels_256 = true;
    refuse(&other, "e.style", "256");
    other = options;
    other.style_layers = "relu1_1,relu1_2";
    refuse(&other, "e.style: has no style layer relu1_2", "relu1_1 relu2_1 relu3_1");
    other = options;
    other.match_colors = PST_MATCH_PCA;
    refuse(&other, "e.style", "match-colors");
    pst_network *kept = network;
    network = load_network("another", 4);
    refuse(&options, "e.style: was made with the network net (", "not with another (");
    pst_network_destroy(network);
    network = kept;

    /* parts of an image that are not there */
    static float alpha[40 * 61];
    for (int i = 0; i < 40 * 61; i++)
        alpha[i] = i < 40 * 61 - 1 ? 1 : 0.5f;
    pst_image *seen = image(40, 61, 11);
    pst_style *none;
    ck_assert_int_eq(pst_image_set_alpha(context, seen, alpha), PST_OK);
    other = options_of(1);
    other.styles = (const pst_image *const *)&seen;
    ck_assert_int_eq(pst_style_create(context, network, &other, NULL, &none), PST_ERROR_UNSUPPORTED);
    ck_assert_ptr_nonnull(strstr(pst_context_message(context), "transparent"));
    other.content = seen; /* in a run the content may have them */
    other.styles = NULL;
    other.stored_styles = list;
    run(&other, NULL);
    pst_image_destroy(seen);

    /* a network that goes on beyond the last stored layer has the same features */
    options.style_layers = "relu1_1";
    test_write_network(test_path("longer"), (const int[]){8, 12, 20, 9, 0}, (const int[]){2, 1, 1, 1, 0}, 3);
    ck_assert_int_eq(pst_network_load(context, test_path("longer"), PST_CONVENTION_AUTO, &network), PST_OK);
    run(&options, NULL);
    pst_network_destroy(network);
    network = kept;
    pst_style_destroy(style);
}
END_TEST

/* A checkpoint knows which stored style it was; and the style may go before the job does. */
static bool save_once(void *user, const pst_progress *now) {
    ck_assert_msg(pst_job_save(*(pst_job **)user, test_path("run.state")) == PST_OK, "%s",
                  pst_context_message(context));
    return now->iteration == 1;
}

START_TEST(a_checkpoint_knows_it) {
    pst_transfer_options options = options_of(1), other = options;
    other.styles = (const pst_image *const *)&styles[1];
    pst_style *style = stored(&options, "f.style"), *second = stored(&other, "g.style"), *again;
    const pst_style *list[] = {style};
    pst_job *job;
    options.styles = NULL;
    options.stored_styles = list;
    ck_assert_int_eq(pst_job_create(context, network, &options, &job), PST_OK);
    pst_style_destroy(style);
    ck_assert_int_eq(pst_job_run(job, save_once, &job), PST_STOPPED);
    pst_job_destroy(job);
    ck_assert_int_eq(pst_style_load(context, test_path("f.style"), &again), PST_OK);
    list[0] = second;
    ck_assert_int_eq(pst_job_create(context, network, &options, &job), PST_OK);
    ck_assert_int_eq(pst_job_resume(job, test_path("run.state")), PST_ERROR_ARGUMENT);
    ck_assert_ptr_nonnull(strstr(pst_context_message(context), "other style images"));
    pst_job_destroy(job);
    list[0] = again;
    ck_assert_int_eq(pst_job_create(context, network, &options, &job), PST_OK);
    ck_assert_msg(pst_job_resume(job, test_path("run.state")) == PST_OK, "%s", pst_context_message(context));
    pst_job_destroy(job);
    pst_style_destroy(again);
    pst_style_destroy(second);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("stored styles");
    TCase *tests = tcase_create("stored styles");
    tcase_add_unchecked_fixture(tests, open_all, close_all);
    tcase_set_timeout(tests, 300);
    tcase_add_loop_test(tests, at_a_stored_size_it_is_the_run_with_images, 0, 6);
    tcase_add_loop_test(tests, it_blends_with_images, 0, 6);
    tcase_add_test(tests, the_nearest_size_is_taken);
    tcase_add_test(tests, scales_take_their_sizes);
    tcase_add_test(tests, moments_are_what_they_should_be);
    tcase_add_test(tests, bad_files_are_refused);
    tcase_add_test(tests, what_does_not_fit_is_refused);
    tcase_add_test(tests, a_checkpoint_knows_it);
    suite_add_tcase(suite, tests);
    return test_run(suite);
}
