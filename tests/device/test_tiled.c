/* The objective tile by tile against the objective in one piece: losses and gradient of a network of random weights,
 * for every form of the losses, odd sizes, tiles as small as allowed. Where tiles keep their maps, where stores lie and
 * how many devices and ranks share the tiles changes no byte. */
/* promise: tiles ranks */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "blas/gemm_create.h"
#include "model/weights_random.h"
#include "on_device.h"
#include "spread/shared_rows.h"
#include "spread/tiled.h"
#include "thread_ranks.h"

#define LOSS_ERROR 1e-5
#define LARGER_ERROR 2e-4 /* of both, by traces' small differences and eight steps to a root; by matrix units */
#define GRADIENT_ERROR 1e-5
#define FLIP_ERROR 2e-4 /* with what follows where another rounding takes another maximum, or lets a unit be silent */
#define BLOCK 32        /* pixels a side */

typedef struct tiles_case {
    const char *name;
    int h, w, style_h, style_w;
    pst_loss_form form;
    pst_pool pooling;
    pst_tv_kind tv_kind;
    bool ceil, replicate, normalize, keeps_content, full; /* full: as many channels as VGG-19 has; long tier */
    size_t regions;
    const char *style_layers, *content_layers;
} tiles_case;

#define RANKS 4
#define DEVICES 8 /* of all ranks: several sessions of one device are as good as several */

static pst_session *sessions[DEVICES]; /* [0] is test_session */
static pst_error errors[DEVICES];
static pst_gemm *gemms[DEVICES];

#define ALL "relu1_1,relu2_1,relu3_1,relu4_1,relu5_1"

static const tiles_case cases[] = {
    {.name = "default", .h = 150, .w = 197, .style_h = 131, .style_w = 90, .pooling = PST_POOL_MAX},
    {.name = "wasserstein",
     .h = 133,
     .w = 141,
     .style_h = 70,
     .style_w = 200,
     .form = PST_LOSS_WASSERSTEIN,
     .pooling = PST_POOL_AVERAGE,
     .tv_kind = PST_TV_NINE_POINT},
    {.name = "gatys, normalized",
     .h = 145,
     .w = 200,
     .style_h = 64,
     .style_w = 64,
     .form = PST_LOSS_GATYS,
     .pooling = PST_POOL_MAX,
     .normalize = true,
     .tv_kind = PST_TV_ABSOLUTE},
    {.name = "L2 pooling, border replicated",
     .h = 199,
     .w = 130,
     .style_h = 99,
     .style_w = 77,
     .pooling = PST_POOL_L2,
     .replicate = true},
    {.name = "poolings that round up",
     .h = 155,
     .w = 201,
     .style_h = 81,
     .style_w = 65,
     .pooling = PST_POOL_MAX,
     .ceil = true},
    {.name = "regions",
     .h = 151,
     .w = 195,
     .style_h = 140,
     .style_w = 133,
     .pooling = PST_POOL_AVERAGE,
     .regions = 3,
     .keeps_content = true},
    {.name = "a style larger than the image",
     .h = 100,
     .w = 90,
     .style_h = 270,
     .style_w = 333,
     .pooling = PST_POOL_MAX,
     .regions = 2},
    {.name = "regions of covariances",
     .h = 150,
     .w = 131,
     .style_h = 90,
     .style_w = 80,
     .form = PST_LOSS_WASSERSTEIN,
     .pooling = PST_POOL_MAX,
     .regions = 2},
    {.name = "few layers",
     .h = 129,
     .w = 140,
     .style_h = 66,
     .style_w = 64,
     .pooling = PST_POOL_MAX,
     .style_layers = "relu1_2,relu3_2",
     .content_layers = "relu2_1,relu3_2"},
    {.name = "one segment",
     .h = 190,
     .w = 131,
     .style_h = 66,
     .style_w = 64,
     .pooling = PST_POOL_MAX,
     .style_layers = "relu1_1",
     .content_layers = "relu2_2"},
    {.name = "VGG-19", .h = 381, .w = 512, .style_h = 301, .style_w = 256, .pooling = PST_POOL_MAX, .full = true},
    {.name = "VGG-19, covariances",
     .h = 251,
     .w = 333,
     .style_h = 200,
     .style_w = 156,
     .form = PST_LOSS_WASSERSTEIN,
     .pooling = PST_POOL_MAX,
     .full = true},
};
#define CASES (sizeof cases / sizeof *cases)

/* An image [h][w][3], smooth enough to have features, in network units. */
static float *image(int h, int w, uint64_t seed) {
    float *pixels = test_take((size_t)h * (size_t)w * 3, sizeof *pixels);
    for (int y = 0; y < h; y++)
        for (int x = 0; x < w; x++)
            for (int k = 0; k < 3; k++)
                pixels[3 * (y * w + x) + k] = 60 * sinf(0.05f * (float)(x * (k + 1) + y) + (float)seed) +
                                              40 * cosf(0.11f * (float)(y * (k + 2))) + 20 * test_random(&seed);
    return pixels;
}

typedef struct pixels {
    const float *at;
    int w;
} pixels;

static pst_status read_pixels(void *user, pst_rect part, float *to) {
    const pixels *p = user;
    for (int y = 0; y < part.h; y++)
        memcpy(to + (size_t)y * (size_t)part.w * 3, p->at + ((size_t)(part.y + y) * (size_t)p->w + (size_t)part.x) * 3,
               sizeof(float) * 3 * (size_t)part.w);
    return PST_OK;
}

/* What a case is made of. */
typedef struct scene {
    const tiles_case *c;
    pst_weights *model;
    pst_device_network *net, *nets[DEVICES]; /* nets[0] is net */
    pst_objective_options options;
    float *x, *content, *style, *free;
    pst_guides guides, style_guides;
} scene;

/* Soft regions across the image, the last of which is cut off where `free` is 0. */
static void make_guides(const scene *s, int h, int w, pst_guides *guides) {
    bool wanted[PST_LAYERS_MAX];
    pst_objective_style_layers(&s->options, wanted);
    float *share = test_take((size_t)h * (size_t)w, sizeof *share);
    for (size_t r = 0; r < s->c->regions; r++) {
        for (int y = 0; y < h; y++)
            for (int x = 0; x < w; x++) {
                float at = (float)(x + y) / (float)(h + w) * (float)s->c->regions - (float)r;
                share[y * w + x] = at > -0.2f && at < 1.2f ? fminf(fminf(at + 0.2f, 1.2f - at) / 0.4f, 1) : 0;
            }
        ck_ok(test_error,
              pst_guides_add(&test_error, &s->net->layers, wanted, PST_GUIDES_SIMPLE, share, NULL, h, w, guides));
    }
}

static void make_scene(const tiles_case *c, scene *s) {
    static const int channels[] = {3, 16, 24, 32, 48, 40};
    *s = (scene){.c = c};
    ck_ok(test_error, pst_weights_vgg19(&test_error, &s->model));
    for (size_t i = 0; i < s->model->convolution_count && !c->full; i++) { /* the same layers, narrower */
        pst_weights_convolution *v = &s->model->convolutions[i];
        v->c_in = channels[v->unit == 1 ? v->block - 1 : v->block];
        v->c_out = channels[v->block];
    }
    ck_ok(test_error, pst_weights_randomize(&test_error, s->model));
    for (int d = 0; d < DEVICES; d++) {
        const pst_conv_engine engine = {.session = sessions[d], .gemm = gemms[d], .workspace_limit = (size_t)4 << 20};
        ck_ok(test_error, pst_device_network_create(&engine, s->model, &s->nets[d]));
        s->nets[d]->layers.ceil = c->ceil;
    }
    s->net = s->nets[0];
    s->options = (pst_objective_options){.h = c->h,
                                         .w = c->w,
                                         .form = c->form,
                                         .pooling = c->pooling,
                                         .tv_kind = c->tv_kind,
                                         .replicate = c->replicate,
                                         .normalize_gradients = c->normalize,
                                         .region_count = c->regions,
                                         .keeps_content = c->keeps_content};
    ck_ok(test_error, pst_objective_add_terms(&test_error, &s->net->layers, false,
                                              c->content_layers ? c->content_layers : "relu4_2", 5, &s->options));
    ck_ok(test_error, pst_objective_add_terms(&test_error, &s->net->layers, true,
                                              c->style_layers ? c->style_layers : ALL, 100, &s->options));
    pst_objective_add_tv(1e-3, &s->options);
    pst_objective_add_range(1e4, 1, &s->options); /* some samples are below 0 */
    s->x = image(c->h, c->w, 1);
    s->content = image(c->h, c->w, 2);
    s->style = image(c->style_h, c->style_w, 3);
    s->free = test_take((size_t)c->h * (size_t)c->w, sizeof *s->free);
    for (int i = 0; i < c->h * c->w; i++)
        s->free[i] = fminf(fmaxf((float)(i % c->w) / 40 - 1, 0), 1);
    if (c->regions) {
        make_guides(s, c->h, c->w, &s->guides);
        make_guides(s, c->style_h, c->style_w, &s->style_guides);
        pst_guides *const style[] = {&s->style_guides};
        pst_guides_share(style, (const double[]){1}, 1);
    }
}

static void drop_scene(scene *s) {
    pst_guides_clear(&s->guides);
    pst_guides_clear(&s->style_guides);
    for (int d = 0; d < DEVICES; d++)
        pst_device_network_destroy(s->nets[d]);
    pst_weights_destroy(s->model);
}

static pst_buffer *upload(const float *values, int h, int w) {
    pst_buffer *buffer;
    const size_t count = (size_t)h * (size_t)w * 3;
    ck_ok(test_error, pst_buffer_create(test_session, sizeof(float) * pst_round_up(count, 16), "a test", &buffer));
    if (values)
        ck_ok(test_error, pst_buffer_write(test_session, buffer, 0, values, sizeof(float) * count));
    return buffer;
}

typedef struct outcome {
    double losses[PST_TERMS_MAX];
    float *gradient;
    uint64_t peak_bytes;
} outcome;

static outcome in_one_piece(const scene *s) {
    const tiles_case *c = s->c;
    outcome o = {.gradient = test_take((size_t)c->h * (size_t)c->w * 3, sizeof(float))};
    pst_objective *objective;
    pst_buffer *x = upload(s->x, c->h, c->w), *content = upload(s->content, c->h, c->w),
               *style = upload(s->style, c->style_h, c->style_w), *g = upload(NULL, c->h, c->w);
    ck_ok(test_error, pst_objective_create(s->net, &s->options, &objective));
    ck_ok(test_error, pst_objective_begin(objective));
    if (c->regions) {
        ck_ok(test_error, pst_objective_set_guides(objective, &s->guides));
        ck_ok(test_error, pst_objective_add_guided_style(objective, style, c->style_h, c->style_w, &s->style_guides));
    } else
        ck_ok(test_error, pst_objective_add_style(objective, style, c->style_h, c->style_w, 1));
    ck_ok(test_error, pst_objective_set_content(objective, content));
    if (c->keeps_content)
        ck_ok(test_error, pst_objective_keep_content(objective, content, s->free));
    ck_ok(test_error, pst_objective_end(objective));
    ck_ok(test_error, pst_objective_evaluate(objective, x, g));
    ck_ok(test_error, pst_session_finish(test_session));
    pst_objective_losses(objective, o.losses);
    ck_ok(test_error, pst_buffer_read(test_session, g, 0, o.gradient, sizeof(float) * (size_t)c->h * (size_t)c->w * 3));
    pst_objective_destroy(objective);
    pst_buffer_destroy(test_session, x);
    pst_buffer_destroy(test_session, content);
    pst_buffer_destroy(test_session, style);
    pst_buffer_destroy(test_session, g);
    return o;
}

typedef struct watcher {
    int calls, last, stop_at;
} watcher;

static bool watch(void *user, int tiles) {
    watcher *w = user;
    ck_assert_int_gt(tiles, w->last);
    w->calls++;
    w->last = tiles;
    return tiles >= w->stop_at;
}

/* In the middle of an evaluation; then one to the end. */
static void check_stop(pst_tiled *tiled, const pst_store *x, pst_store *g) {
    const int tiles = pst_tiled_tiles(tiled);
    watcher w = {.stop_at = tiles / 2};
    pst_tiled_watch(tiled, watch, &w);
    ck_assert_int_eq(pst_tiled_evaluate(tiled, x, g), PST_STOPPED);
    ck_assert_int_lt(w.last, tiles);
    w = (watcher){.stop_at = tiles + 1};
    ck_ok(test_error, pst_tiled_evaluate(tiled, x, g));
    ck_assert(w.calls > 0 && w.last <= tiles);
    pst_tiled_watch(tiled, NULL, NULL);
}

/* Three evaluations, half of one, and the content. */
static void check_times(const pst_tiled *tiled, size_t devices) {
    const pst_tile_times *times = pst_tiled_times(tiled);
    int tiles = 0;
    for (size_t d = 0; d < devices; d++) {
        tiles += times->devices[d].tiles;
        ck_assert(times->devices[d].busy_seconds <= times->walk_seconds);
        ck_assert(times->devices[d].busy_seconds > 0 || times->devices[d].tiles == 0);
    }
    ck_assert_int_ge(tiles, 3 * pst_tiled_tiles(tiled));
    ck_assert_int_le(tiles, 5 * pst_tiled_tiles(tiled));
}

/* One rank's part of an evaluation in tiles, on `devices` sessions from `first` on. */
typedef struct rank_run {
    const scene *s;
    size_t devices;
    pst_tile_size tile;
    uint64_t keep_bytes;
    const char *folder;
    bool checks; /* what makes sense for one rank alone */
    bool once;   /* one evaluation only */
    uint64_t traffic[RANKS];
    outcome outcomes[RANKS];
    pst_error errors[RANKS];
    const char *wrong[RANKS];
} rank_run;

/* Rows of an image between a plain one and the store of this rank's. */
static pst_status move_rows(const pst_ranks *ranks, pst_store *store, float *image, int h, int w, bool to_store) {
    const pst_row_range own = pst_own_rows(ranks, h);
    float *rows = image + 3 * (size_t)own.first * (size_t)w;
    if (!own.count)
        return PST_OK;
    return to_store ? pst_store_write_rows(store, 0, own.count, rows) : pst_store_read_rows(store, 0, own.count, rows);
}

/* Evaluates twice, for the second must find nothing of the first. Returns instead of failing the test: others wait. */
static void run_rank(void *user, const pst_ranks *ranks) {
    rank_run *run = user;
    const scene *s = run->s;
    const tiles_case *c = s->c;
    const int self = pst_ranks_rank(ranks);
    outcome *o = &run->outcomes[self];
    pst_error *error = &run->errors[self];
    const size_t first = (size_t)self * run->devices;
    const pst_row_range own = pst_own_rows(ranks, c->h);
    const pst_tiled_options tiles = {.tile = run->tile, .keep_bytes = run->keep_bytes, .in_file = run->folder != NULL};
    pst_stores stores = {.error = error, .folder = run->folder, .ranks = ranks};
    pst_session *session = sessions[first];
    const uint64_t before = session->buffer_bytes;
    pixels style = {s->style, c->style_w};
    const pst_tiled_image style_image = {&style, read_pixels, c->style_h, c->style_w};
    pst_tiled *tiled = NULL;
    pst_store *x = NULL, *g = NULL, *content = NULL;
    pst_status status;
    for (size_t d = 0; d < run->devices; d++)
        sessions[first + d]->error = run->devices == 1 ? error : &errors[first + d];
    PST_TRY(pst_store_create(&stores, false, false, own.count ? own.count : 1, c->w, 3, "a test", &x));
    PST_TRY(pst_store_create(&stores, false, false, own.count ? own.count : 1, c->w, 3, "a test", &g));
    PST_TRY(pst_store_create(&stores, false, false, own.count ? own.count : 1, c->w, 3, "a test", &content));
    PST_TRY(move_rows(ranks, x, s->x, c->h, c->w, true));
    PST_TRY(move_rows(ranks, content, s->content, c->h, c->w, true));
    const uint64_t own_stores = stores.memory_bytes + stores.file_bytes;
    PST_TRY(pst_tiled_create(s->nets + first, run->devices, &s->options, &tiles, &stores, &tiled));
    const pst_tiled_needs needs = pst_tiled_measure(tiled);
    PST_TRY(pst_tiled_begin(tiled));
    if (c->regions)
        PST_TRY(pst_tiled_set_guides(tiled, &s->guides));
    PST_TRY(pst_tiled_add_style(tiled, &style_image, 1, c->regions ? &s->style_guides : NULL));
    PST_TRY(pst_tiled_set_content(tiled, content));
    if (c->keeps_content)
        PST_TRY(pst_tiled_keep_content(tiled, content, s->free));
    PST_TRY(pst_tiled_end(tiled));
    PST_TRY(pst_tiled_evaluate(tiled, x, g));
    if (run->checks)
        check_stop(tiled, x, g);
    if (!run->once)
        PST_TRY(pst_tiled_evaluate(tiled, x, g));
    if (self == 0)
        pst_tiled_traffic(tiled, run->traffic);
    if (run->checks)
        check_times(tiled, run->devices);
    pst_tiled_losses(tiled, o->losses);
    PST_TRY(move_rows(ranks, g, o->gradient, c->h, c->w, false));
    const uint64_t planned = needs.targets + needs.walk.maps + needs.walk.workspace + needs.walk.windows;
    const uint64_t taken = session->buffer_bytes - before;
    if (taken > planned + needs.walk.weights || taken < planned)
        run->wrong[self] = "the device's memory is not what was planned";
    if (stores.memory_bytes + stores.file_bytes - own_stores != needs.stores)
        run->wrong[self] = "the stores' memory is not what was planned";
cleanup:
    pst_tiled_destroy(tiled);
    pst_store_destroy(x);
    pst_store_destroy(g);
    pst_store_destroy(content);
    for (size_t d = 0; d < run->devices; d++)
        sessions[first + d]->error = first + d ? &errors[first + d] : &test_error;
    if (status != PST_OK)
        run->wrong[self] = error->text;
    else if (!run->wrong[self] && stores.memory_bytes + stores.file_bytes)
        run->wrong[self] = "stores are left";
}

/* By so many ranks with so many devices each; with so many bytes to keep maps in. */
static void run_ranks(rank_run *run, int ranks) {
    const scene *s = run->s;
    const size_t row = 3 * (size_t)s->c->w;
    /* More channels make an evaluation long, and change nothing of what a stop or a second one leaves behind. */
    run->checks = ranks == 1 && !s->c->full;
    run->once = run->once || s->c->full;
    for (int r = 0; r < ranks; r++)
        run->outcomes[r].gradient = test_take((size_t)s->c->h * row, sizeof(float));
    thread_ranks_run(ranks, 0, run_rank, run);
    for (int r = 0; r < ranks; r++) {
        const pst_ranks rank = {.rank = r, .count = ranks};
        const pst_row_range own = pst_own_rows(&rank, s->c->h);
        ck_assert_msg(!run->wrong[r], "%s, tiles of %dx%d, rank %d of %d: %s", s->c->name, run->tile.w, run->tile.h, r,
                      ranks, run->wrong[r]);
        ck_assert(!memcmp(run->outcomes[r].losses, run->outcomes[0].losses, sizeof run->outcomes[r].losses));
        memcpy(run->outcomes[0].gradient + (size_t)own.first * row, run->outcomes[r].gradient + (size_t)own.first * row,
               sizeof(float) * (size_t)own.count * row);
    }
}

static outcome by_ranks(const scene *s, int ranks, size_t devices, pst_tile_size tile, uint64_t keep_bytes,
                        const char *folder) {
    rank_run run = {.s = s, .devices = devices, .tile = tile, .keep_bytes = keep_bytes, .folder = folder};
    run_ranks(&run, ranks);
    return run.outcomes[0];
}

static pst_tile_size square(int side) { return (pst_tile_size){.w = side, .h = side}; }

static outcome in_tiles(const scene *s, int tile, uint64_t keep_bytes, const char *folder) {
    return by_ranks(s, 1, 1, square(tile), keep_bytes, folder);
}

static int by_size(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* What is wrong with the gradient is wrong along the sides of tiles, thus in half of the blocks or more. With as many
 * units as VGG-19 has, one of them is now and then so near to a maximum or to 0 that the last bits of a convolution
 * decide, and then the gradient differs in all that it sees, which is less than a quarter. */
static void compare(const scene *s, const char *how, const outcome *tiles, const outcome *whole) {
    const int across = (s->c->w + BLOCK - 1) / BLOCK, blocks = (s->c->h + BLOCK - 1) / BLOCK * across;
    const bool larger = s->c->form == PST_LOSS_WASSERSTEIN || test_session->matrix_units;
    const double limit = larger ? LARGER_ERROR : GRADIENT_ERROR;
    double squares = 0, error = 0, most = 0, worst = 0, *shares = test_doubles((size_t)blocks);
    int at = 0;
    for (size_t t = 0; t < s->options.term_count; t++) {
        ck_assert_msg(whole->losses[t] > 0, "%s: %s is 0", s->c->name, s->options.terms[t].name);
        test_number(s->options.terms[t].name, tiles->losses[t], whole->losses[t],
                    s->c->form == PST_LOSS_WASSERSTEIN ? LARGER_ERROR : LOSS_ERROR);
    }
    for (int i = 0; i < s->c->h * s->c->w * 3; i++) {
        double d = (double)tiles->gradient[i] - (double)whole->gradient[i];
        squares += (double)whole->gradient[i] * (double)whole->gradient[i];
        error += d * d;
        shares[i / 3 / s->c->w / BLOCK * across + i / 3 % s->c->w / BLOCK] += d * d;
        if (fabs(d) > worst) {
            worst = fabs(d);
            at = i;
        }
    }
    ck_assert_msg(squares > 0 && isfinite(error), "%s: no gradient", s->c->name);
    qsort(shares, (size_t)blocks, sizeof *shares, by_size);
    for (int i = 0; i < blocks - (s->c->full ? blocks / 4 : 0); i++)
        most += shares[i];
    ck_assert_msg(sqrt(most / squares) <= limit && sqrt(error / squares) <= (s->c->full ? FLIP_ERROR : limit),
                  "%s, %s: the gradient is off by %g, %g without a quarter, most at %d, %d", s->c->name, how,
                  sqrt(error / squares), sqrt(most / squares), at / 3 % s->c->w, at / 3 / s->c->w);
}

/* Where the image is the content, to the last bit: normalized gradients make much of the smallest difference. */
static void check_at_content(const scene *s) {
    scene same = *s;
    same.x = s->content;
    const outcome o = in_tiles(&same, 64, 0, NULL);
    for (size_t t = 0; t < s->options.term_count; t++)
        ck_assert_msg(s->options.terms[t].kind != PST_TERM_CONTENT || o.losses[t] == 0, "%s: %s is %g at the content",
                      s->c->name, s->options.terms[t].name, o.losses[t]);
}

/* What several devices and ranks share is the same to the last bit, however much they keep. */
static void check_shares(const scene *s, const outcome *one) {
    static const struct {
        int ranks;
        size_t devices;
    } shares[] = {{2, 2}, {1, 2}, {4, 1}};
    const size_t bytes = sizeof(float) * (size_t)s->c->h * (size_t)s->c->w * 3;
    /* The kernels for GPUs take long on a CPU, and what is shared depends neither on them nor on the channels. */
    const size_t count = s->c->full ? 0 : test_session->cpu_kernels ? sizeof shares / sizeof *shares : 1;
    for (size_t i = 0; i < count; i++) {
        const int ranks = shares[i].ranks;
        const size_t devices = shares[i].devices, keep = (i + 1) % 3;
        const outcome o = by_ranks(s, ranks, devices, square(64), keep == 2 ? UINT64_MAX : (uint64_t)keep * 3 << 20,
                                   i == 2 ? test_path("") : NULL);
        ck_assert_msg(!memcmp(o.gradient, one->gradient, bytes), "%s: %d ranks of %zu devices: another gradient",
                      s->c->name, ranks, devices);
        ck_assert_msg(!memcmp(o.losses, one->losses, sizeof o.losses), "%s: %d ranks of %zu devices: other losses",
                      s->c->name, ranks, devices);
    }
}

/* An evaluation sends what was planned. */
static void check_traffic(const scene *s) {
    for (int ranks = 2; ranks <= RANKS; ranks++) {
        rank_run run = {.s = s, .devices = 1, .tile = square(64), .once = true};
        uint64_t planned = 0;
        run_ranks(&run, ranks);
        const size_t once = thread_ranks_bytes();
        run.once = false;
        memset(run.traffic, 0, sizeof run.traffic);
        run_ranks(&run, ranks);
        for (int r = 0; r < ranks; r++)
            planned += run.traffic[r];
        ck_assert_uint_gt(planned, 0);
        ck_assert_uint_eq(planned, 2 * (thread_ranks_bytes() - once)); /* by those who send and who get */
    }
}

static void check_case(const void *arg) {
    scene s = {.c = arg};
    if (s.c->full && (!test_long() || !test_session->cpu_kernels)) /* the other form takes minutes on a CPU */
        return;
    make_scene(s.c, &s);
    const outcome whole = in_one_piece(&s), tiles = in_tiles(&s, 64, 0, NULL);
    const size_t bytes = sizeof(float) * (size_t)s.c->h * (size_t)s.c->w * 3;
    compare(&s, "tiles of 64", &tiles, &whole);
    check_shares(&s, &tiles);
    if (arg == cases)
        check_traffic(&s);
    if (!s.c->keeps_content) /* whose mixture with the image is rounded, tiles or not */
        check_at_content(&s);
    const outcome wide = by_ranks(&s, 1, 1, (pst_tile_size){.w = 128, .h = 64}, (uint64_t)3 << 20, NULL);
    compare(&s, "tiles of 128x64", &wide, &whole);
    if (test_long() && test_session->cpu_kernels) {
        const outcome tall = by_ranks(&s, 3, 1, (pst_tile_size){.w = 64, .h = 192}, UINT64_MAX, NULL);
        compare(&s, "tiles of 64x192", &tall, &whole);
        const outcome kept = in_tiles(&s, 64, UINT64_MAX, NULL), some = in_tiles(&s, 64, (uint64_t)3 << 20, NULL),
                      files = in_tiles(&s, 64, 0, test_path("")), large = in_tiles(&s, 128, 0, NULL),
                      one = in_tiles(&s, 1024, UINT64_MAX, NULL);
        ck_assert_msg(!memcmp(tiles.gradient, kept.gradient, bytes), "%s: maps that are kept change the gradient",
                      s.c->name);
        ck_assert_msg(!memcmp(tiles.gradient, some.gradient, bytes), "%s: some maps that are kept change the gradient",
                      s.c->name);
        ck_assert_msg(!memcmp(tiles.gradient, files.gradient, bytes), "%s: files change the gradient", s.c->name);
        ck_assert(!memcmp(tiles.losses, kept.losses, sizeof kept.losses));
        compare(&s, "tiles of 128", &large, &whole);
        compare(&s, "one tile", &one, &whole);
    }
    drop_scene(&s);
}

static void open_all(test_form form) {
    test_open(form);
    sessions[0] = test_session;
    for (int d = 0; d < DEVICES; d++) {
        if (d)
            test_open_another(&errors[d], &sessions[d]);
        ck_ok(test_error, pst_gemm_create(sessions[d], &gemms[d]));
    }
}

static void open_cpu(void) { open_all(TEST_CPU); }
static void open_gpu(void) { open_all(TEST_GPU); }

static void close_all(void) {
    for (int d = 0; d < DEVICES; d++)
        pst_gemm_destroy(gemms[d]);
    for (int d = 1; d < DEVICES; d++) {
        ck_assert_uint_eq(sessions[d]->buffer_count, 0);
        pst_session_close(sessions[d]);
    }
    test_close();
}

START_TEST(tiles_give_the_whole) {
    if (cases[_i].full)
        check_case(&cases[_i]);
    else
        test_twice(check_case, &cases[_i]);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("tiled");
    TCase *cpu = tcase_create("kernels for CPUs"), *gpu = tcase_create("kernels for GPUs");
    TCase *const both[] = {cpu, gpu};
    tcase_add_unchecked_fixture(cpu, open_cpu, close_all);
    tcase_add_unchecked_fixture(gpu, open_gpu, close_all);
    for (int i = 0; i < 2; i++) {
        tcase_set_timeout(both[i], 600);
        tcase_add_loop_test(both[i], tiles_give_the_whole, 0, (int)CASES);
        suite_add_tcase(suite, both[i]);
    }
    return test_run(suite);
}
