/* verify_reference FILE --model NETWORK [--device D] [--algorithm A] [--tile N]
 * Compares the engine with a file of double-precision reference data: features, Gram matrices, every loss, the gradient
 * of every term and of the whole, the normalized gradient, and the optimizers' trajectories. The file's metadata says
 * for which options it was made. With --tile losses and gradients are those of tiles (spread/tiled.h). A convolution
 * algorithm can be named for whatever it supports; PASTICHE_KERNELS_FORM=gpu takes the kernels for GPUs
 * (host/cl/session.h). Prints each relative error with its limit; exits with 1 if one is above it.
 *
 * A ReLU or a pooling choice that hangs on a rounding may fall the other way than in double precision and moves a
 * gradient by far more than its limit. Where that happens the gradient is also taken at images a few
 * hundred-thousandths of a gray level away: there such a choice falls one way or the other while everything smooth
 * stays, so one of them must agree. A gradient that is wrong for any other reason agrees nowhere. */
/* promise: reference */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/random.h"
#include "forced.h"
#include "loss/objective.h"
#include "model/safetensors.h"
#include "model/weights_read.h"
#include "spread/tiled.h"
#include "support.h"
#include "transfer/context.h"
#include "transfer/device_space.h"

#define STYLE_LAYERS "relu1_1,relu2_1,relu3_1,relu4_1,relu5_1"
#define GRADIENT_LIMIT 1e-3
#define NEARBY 8

typedef struct verify {
    pst_error *error;
    pst_safetensors *file;
    pst_context *context;
    pst_weights *model;
    pst_device_network *net;
    pst_conv_choices choices;
    pst_objective_options options;
    pst_objective *objective;
    int tile;         /* 0: whole */
    pst_tiled *tiled; /* besides the objective, which has what tests look at */
    pst_stores stores;
    pst_store *tiled_x, *tiled_g;
    size_t count; /* of the image's samples */
    pst_buffer *x, *g;
    int checks, failures;
} verify;

static void say(verify *v, const char *what, double error, double limit) {
    bool good = error <= limit; /* false for NaN */
    printf("%-36s %10.3e  (limit %.0e)%s\n", what, error, limit, good ? "" : "  FAILED");
    v->checks++;
    v->failures += !good;
}

static const char *setting(const verify *v, const char *key, const char *otherwise) {
    const char *value = pst_safetensors_metadata(v->file, key);
    return value ? value : otherwise;
}

/* ---- reading ---- */

static pst_status read_tensor(verify *v, const char *name, double **values, const pst_tensor_info **info) {
    *values = NULL;
    *info = pst_safetensors_find(v->file, name);
    if (!*info)
        return pst_fail(v->error, PST_ERROR_FORMAT, "the file has no tensor %s", name);
    pst_status status = pst_allocate(v->error, (*info)->count, sizeof(double), values);
    return status != PST_OK ? status : pst_safetensors_read_double(v->error, v->file, *info, *values);
}

/* [1][3][h][w] to a device image [h][w][3]. */
static pst_status read_image(verify *v, const char *name, pst_buffer **x, int *h, int *w) {
    double *planes;
    float *pixels = NULL;
    const pst_tensor_info *info;
    pst_status status;
    *x = NULL;
    PST_TRY(read_tensor(v, name, &planes, &info));
    *h = (int)info->shape[2];
    *w = (int)info->shape[3];
    size_t count = info->count / 3;
    PST_TRY(pst_allocate(v->error, info->count, sizeof(float), &pixels));
    for (size_t i = 0; i < info->count; i++)
        pixels[i % count * 3 + i / count] = (float)planes[i];
    PST_TRY(pst_buffer_create(v->context->session, pst_device_vector_bytes(info->count), name, x));
    PST_TRY(pst_buffer_write(v->context->session, *x, 0, pixels, sizeof(float) * info->count));
cleanup:
    pst_free(planes);
    pst_free(pixels);
    return status;
}

/* ---- comparing ---- */

/* The relative error of device data [pixels][stored] against planes [1][c][..pixels..], or against a matrix in the same
 * order. */
static pst_status measure(verify *v, const char *name, const pst_buffer *buffer, int stored, double *error) {
    double *wanted = NULL, difference = 0, norm = 0;
    float *got = NULL;
    const pst_tensor_info *info;
    pst_status status;
    PST_TRY(read_tensor(v, name, &wanted, &info));
    bool square = info->dimension_count == 2;
    size_t c = (size_t)info->shape[1], pixels = info->count / c;
    PST_TRY(pst_allocate(v->error, pixels * (size_t)stored, sizeof(float), &got));
    PST_TRY(pst_buffer_read(v->context->session, buffer, 0, got, sizeof(float) * pixels * (size_t)stored));
    for (size_t p = 0; p < pixels; p++)
        for (size_t k = 0; k < c; k++) {
            double a = got[p * (size_t)stored + k], b = square ? wanted[p * c + k] : wanted[k * pixels + p];
            difference += (a - b) * (a - b);
            norm += b * b;
        }
    *error = sqrt(difference / (norm > 0 ? norm : 1));
cleanup:
    pst_free(wanted);
    pst_free(got);
    return status;
}

static pst_status compare(verify *v, const char *name, const pst_buffer *buffer, int stored, double limit) {
    double error;
    pst_status status = measure(v, name, buffer, stored, &error);
    if (status == PST_OK)
        say(v, name, error, limit);
    return status;
}

/* Between a buffer and a store of the image's size. */
static pst_status move(verify *v, pst_buffer *buffer, pst_store *store, bool to_store) {
    const size_t bytes = sizeof(float) * v->count;
    float *values = pst_store_values(store);
    return to_store ? pst_buffer_read(v->context->session, buffer, 0, values, bytes)
                    : pst_buffer_write(v->context->session, buffer, 0, values, bytes);
}

/* Loss and gradient at x, and the wait. */
static pst_status evaluate(verify *v, pst_buffer *x, double *losses, double *total) {
    double sum;
    pst_status status;
    if (v->tile) {
        PST_TRY(move(v, x, v->tiled_x, true));
        PST_TRY(pst_tiled_evaluate(v->tiled, v->tiled_x, v->tiled_g));
        PST_TRY(move(v, v->g, v->tiled_g, false));
        sum = pst_tiled_losses(v->tiled, losses);
    } else {
        PST_TRY(pst_objective_evaluate(v->objective, x, v->g));
        PST_TRY(pst_session_finish(v->context->session));
        sum = pst_objective_losses(v->objective, losses);
    }
    if (total)
        *total = sum;
cleanup:
    return status;
}

static void set_weight(verify *v, size_t term, double weight) {
    pst_objective_set_weight(v->objective, term, weight);
    if (v->tiled)
        pst_tiled_set_weight(v->tiled, term, weight);
}

/* The gradient at x, or failing that close by. */
static pst_status compare_gradient(verify *v, const char *name) {
    pst_session *session = v->context->session;
    pst_buffer *moved = NULL, *noise = NULL;
    float *values = NULL;
    double error, best;
    pst_status status;
    PST_TRY(evaluate(v, v->x, NULL, NULL));
    PST_TRY(measure(v, name, v->g, 3, &error));
    best = error;
    if (!(error <= GRADIENT_LIMIT)) {
        PST_TRY(pst_allocate(v->error, v->count, sizeof(float), &values));
        PST_TRY(pst_buffer_create(session, v->x->bytes, "noise", &noise));
        PST_TRY(pst_buffer_create(session, v->x->bytes, "the image", &moved));
    }
    for (uint64_t seed = 1; seed <= NEARBY && !(best <= GRADIENT_LIMIT); seed++) {
        const pst_buffer *both[2] = {v->x, noise};
        double near;
        pst_random_normal(seed, values, v->count);
        PST_TRY(pst_buffer_write(session, noise, 0, values, sizeof(float) * v->count));
        PST_TRY(pst_combine(session, moved, v->x->bytes / sizeof(float), 2, (const double[]){1, 2e-5 * (double)seed},
                            both));
        PST_TRY(evaluate(v, moved, NULL, NULL));
        PST_TRY(measure(v, name, v->g, 3, &near));
        best = near < best || isnan(best) ? near : best;
    }
    if (best < error)
        printf("%-36s %10.3e  here, where a choice hangs on a rounding; close by:\n", name, error);
    say(v, name, best, GRADIENT_LIMIT);
cleanup:
    pst_free(values);
    pst_buffer_destroy(session, noise);
    pst_buffer_destroy(session, moved);
    return status;
}

typedef struct feature_check {
    verify *v;
    pst_pass *pass;
} feature_check;

static pst_status check_feature(void *user, size_t layer, const pst_buffer *features) {
    feature_check *check = user;
    char name[64];
    snprintf(name, sizeof name, "feature.%s", check->v->net->layers.at[layer].name);
    return compare(check->v, name, features, pst_pass_layer_of(check->pass, layer).c, 1e-4);
}

static pst_status check_features(verify *v) {
    pst_pass_options options = {.h = v->options.h, .w = v->options.w, .pooling = v->options.pooling};
    feature_check check = {.v = v};
    pst_status status;
    for (size_t l = 0; l < v->net->layers.count; l++) {
        char name[64];
        snprintf(name, sizeof name, "feature.%s", v->net->layers.at[l].name);
        options.wanted[l] = pst_safetensors_find(v->file, name) != NULL;
    }
    PST_TRY(pst_pass_create(v->net, &options, &check.pass));
    PST_TRY(pst_pass_allocate(check.pass, NULL));
    PST_TRY(pst_pass_forward(check.pass, v->x, check_feature, &check));
cleanup:
    pst_pass_destroy(check.pass);
    return status;
}

static pst_status check_losses(verify *v) {
    double losses[PST_TERMS_MAX], total = 0, *wanted = NULL;
    const pst_tensor_info *info;
    char name[64];
    pst_status status;
    PST_TRY(evaluate(v, v->x, losses, NULL));
    for (size_t t = 0; t <= v->options.term_count; t++) {
        bool whole = t == v->options.term_count;
        double loss = whole ? total : losses[t];
        snprintf(name, sizeof name, "loss.%s", whole ? "total" : v->options.terms[t].name);
        PST_TRY(read_tensor(v, name, &wanted, &info));
        say(v, name, fabs(loss - wanted[0]) / fabs(wanted[0]), 1e-4);
        pst_free(wanted);
        wanted = NULL;
        total += loss;
    }
    PST_TRY(compare_gradient(v, "gradient"));
    for (size_t t = 0; t < v->options.term_count; t++)
        if (v->options.terms[t].kind == PST_TERM_STYLE) {
            int c = v->net->layers.at[v->options.terms[t].layer].c_out;
            snprintf(name, sizeof name, "target.%s", v->net->layers.at[v->options.terms[t].layer].name);
            PST_TRY(compare(v, name, pst_objective_target(v->objective, t), c, 1e-4));
        }
cleanup:
    pst_free(wanted);
    return status;
}

/* G = (G - T) + T, made in place of the difference, which the next evaluation makes anew. */
static pst_status check_grams(verify *v) {
    pst_status status = PST_OK;
    for (size_t t = 0; t < v->options.term_count; t++) {
        if (v->options.terms[t].kind != PST_TERM_STYLE)
            continue;
        const pst_layer *layer = &v->net->layers.at[v->options.terms[t].layer];
        const pst_buffer *both[2] = {pst_objective_difference(v->objective, t), pst_objective_target(v->objective, t)};
        const double ones[2] = {1, 1};
        pst_buffer *gram = NULL;
        char name[64];
        PST_TRY(pst_buffer_create(v->context->session, both[0]->bytes, "a Gram matrix", &gram));
        status = pst_combine(v->context->session, gram, both[0]->bytes / sizeof(float), 2, ones, both);
        snprintf(name, sizeof name, "gram.%s", layer->name);
        if (status == PST_OK)
            status = compare(v, name, gram, layer->c_out, 1e-4);
        pst_buffer_destroy(v->context->session, gram);
        PST_TRY(status);
    }
cleanup:
    return status;
}

/* One term at a time, the others' weights zero. */
static pst_status check_gradients(verify *v) {
    char name[64];
    pst_status status = PST_OK;
    for (size_t t = 0; t < v->options.term_count; t++) {
        for (size_t other = 0; other < v->options.term_count; other++)
            set_weight(v, other, other == t ? v->options.terms[t].weight : 0);
        snprintf(name, sizeof name, "gradient.%s", v->options.terms[t].name);
        PST_TRY(compare_gradient(v, name));
    }
    for (size_t t = 0; t < v->options.term_count; t++)
        set_weight(v, t, v->options.terms[t].weight);
cleanup:
    return status;
}

/* Pixels of a buffer [h][w][3], for tiles. */
typedef struct source {
    pst_session *session;
    const pst_buffer *buffer;
    int w;
} source;

static pst_status read_source(void *user, pst_rect part, float *to) {
    const source *from = user;
    pst_status status = PST_OK;
    for (int y = 0; y < part.h && status == PST_OK; y++)
        status = pst_buffer_read(from->session, from->buffer,
                                 sizeof(float) * 3 * ((size_t)(part.y + y) * (size_t)from->w + (size_t)part.x),
                                 to + (size_t)y * (size_t)part.w * 3, sizeof(float) * 3 * (size_t)part.w);
    return status;
}

static void drop_objective(verify *v) {
    pst_objective_destroy(v->objective);
    pst_tiled_destroy(v->tiled);
    pst_store_destroy(v->tiled_x);
    pst_store_destroy(v->tiled_g);
    v->objective = NULL;
    v->tiled = NULL;
    v->tiled_x = v->tiled_g = NULL;
}

static pst_status make_tiled(verify *v) {
    const pst_tiled_options tiles = {.tile = {.w = v->tile, .h = v->tile}};
    pst_status status;
    v->stores.error = v->error;
    PST_TRY(pst_store_create(&v->stores, false, false, v->options.h, v->options.w, 3, "the image", &v->tiled_x));
    PST_TRY(pst_store_create(&v->stores, false, false, v->options.h, v->options.w, 3, "the gradient", &v->tiled_g));
    PST_TRY(pst_tiled_create(&v->net, 1, &v->options, &tiles, &v->stores, &v->tiled));
    PST_TRY(pst_tiled_begin(v->tiled));
    printf("in %d tiles\n", pst_segment_tiles(&pst_tiled_partition(v->tiled)->segments[0]));
cleanup:
    return status;
}

static pst_status make_objective(verify *v) {
    pst_buffer *x = NULL;
    source from = {.session = v->context->session};
    int h, w, styles = atoi(setting(v, "styles", "1"));
    pst_status status;
    const char *blend = setting(v, "blend", "1");
    PST_TRY(pst_objective_create(v->net, &v->options, &v->objective));
    PST_TRY(pst_objective_begin(v->objective));
    if (v->tile)
        PST_TRY(make_tiled(v));
    for (int s = 0; s <= styles; s++) { /* and the content */
        char name[32], *end;
        double part = strtod(blend, &end);
        snprintf(name, sizeof name, "style_%d", s);
        PST_TRY(read_image(v, s < styles ? name : "content", &x, &h, &w));
        from.buffer = x;
        from.w = w;
        const pst_tiled_image image = {&from, read_source, h, w};
        PST_TRY(s < styles ? pst_objective_add_style(v->objective, x, h, w, part)
                           : pst_objective_set_content(v->objective, x));
        if (v->tiled && s == styles)
            PST_TRY(move(v, x, v->tiled_x, true));
        if (v->tiled)
            PST_TRY(s < styles ? pst_tiled_add_style(v->tiled, &image, part, NULL)
                               : pst_tiled_set_content(v->tiled, v->tiled_x));
        blend = *end ? end + 1 : end;
        pst_buffer_destroy(v->context->session, x);
        x = NULL;
    }
    PST_TRY(pst_objective_end(v->objective));
    if (v->tiled)
        PST_TRY(pst_tiled_end(v->tiled));
cleanup:
    pst_buffer_destroy(v->context->session, x);
    return status;
}

static pst_status check_normalized(verify *v) {
    pst_status status;
    drop_objective(v);
    v->options.normalize_gradients = true;
    PST_TRY(make_objective(v));
    PST_TRY(compare_gradient(v, "gradient.normalized"));
cleanup:
    v->options.normalize_gradients = false;
    drop_objective(v);
    return status != PST_OK ? status : make_objective(v);
}

static pst_status check_trajectory(verify *v, const char *kind, const pst_optimizer_options *options) {
    pst_session *session = v->context->session;
    pst_device_space space = {0};
    pst_optimizer *optimizer = NULL;
    pst_buffer *x = NULL;
    double *wanted = NULL, worst = 0, loss = 0;
    const pst_tensor_info *info;
    char name[64];
    pst_status status;
    snprintf(name, sizeof name, "trajectory.%s", kind);
    PST_TRY(read_tensor(v, name, &wanted, &info));
    PST_TRY(pst_buffer_create(session, v->x->bytes, "the image", &x));
    PST_TRY(pst_buffer_copy(session, x, v->x, x->bytes));
    pst_device_space_open(session, v->options.h, v->options.w, 1, &space);
    PST_TRY(pst_device_space_allocate(&space, pst_optimizer_vector_count(options) + 2));
    PST_TRY(pst_optimizer_create(&space.base.vectors, options, &optimizer));
    bool lbfgs = options->kind == PST_OPTIMIZER_LBFGS_PLAIN;
    for (size_t k = 0; k < info->count; k++) {
        pst_vector *vx = (pst_vector *)x, *vg = (pst_vector *)v->g;
        PST_TRY(evaluate(v, x, NULL, &loss));
        PST_TRY(pst_optimizer_measure(optimizer, vx, vg));
        PST_TRY(pst_session_finish(session));
        double error = fabs(loss - wanted[k]) / fabs(wanted[k]);
        if ((!lbfgs || k < 2) && !(error <= worst)) /* also NaN */
            worst = error;
        status = pst_optimizer_move(optimizer, &vx, &vg, loss);
        x = (pst_buffer *)vx;
        v->g = (pst_buffer *)vg;
        PST_TRY(status);
    }
    say(v, name, worst, lbfgs ? 1e-3 : 3e-3);
    if (lbfgs)
        say(v, "trajectory.lbfgs, last / reference", loss / wanted[info->count - 1], 1.2);
cleanup:
    pst_optimizer_destroy(optimizer);
    pst_device_space_close(&space);
    pst_buffer_destroy(session, x);
    pst_free(wanted);
    return status;
}

static pst_status read_options(verify *v) {
    double content = atof(setting(v, "content_weight", "5")), style = atof(setting(v, "style_weight", "100"));
    pst_status status;
    v->options.form = strcmp(setting(v, "form", "default"), "gatys") == 0 ? PST_LOSS_GATYS : PST_LOSS_MEAN;
    v->options.pooling = strcmp(setting(v, "pooling", "max"), "avg") == 0 ? PST_POOL_AVERAGE : PST_POOL_MAX;
    v->options.h = atoi(setting(v, "height", "0"));
    v->options.w = atoi(setting(v, "width", "0"));
    PST_TRY(pst_objective_add_terms(v->error, &v->net->layers, false, setting(v, "content_layers", "relu4_2"), content,
                                    &v->options));
    PST_TRY(pst_objective_add_terms(v->error, &v->net->layers, true, STYLE_LAYERS, style, &v->options));
    pst_objective_add_tv(atof(setting(v, "tv_weight", "1e-3")), &v->options);
cleanup:
    return status;
}

static pst_status run(verify *v, const char *path, const char *network, const char *algorithm) {
    int h, w;
    pst_status status;
    PST_TRY(pst_safetensors_open(v->error, path, &v->file));
    PST_TRY(pst_weights_read(v->error, network, PST_CONVENTION_AUTO, &v->model));
    pst_conv_engine engine = {v->context->session, v->context->gemm, (size_t)64 << 20, &v->choices};
    PST_TRY(pst_device_network_create(&engine, v->model, &v->net));
    PST_TRY(read_options(v));
    PST_TRY(read_image(v, "image", &v->x, &h, &w));
    if (algorithm)
        PST_TRY(force_algorithm(v->error, v->net, h, w, algorithm, &v->choices));
    v->count = (size_t)h * (size_t)w * 3;
    PST_TRY(pst_buffer_create(v->context->session, v->x->bytes, "the gradient", &v->g));
    PST_TRY(check_features(v));
    PST_TRY(make_objective(v));
    PST_TRY(check_losses(v));
    if (!v->tile) /* tiles keep no Gram matrix */
        PST_TRY(check_grams(v));
    PST_TRY(check_gradients(v));
    PST_TRY(check_normalized(v));
    double rate = atof(setting(v, "gd_rate", "1e-4"));
    PST_TRY(check_trajectory(v, "lbfgs", &(pst_optimizer_options){.kind = PST_OPTIMIZER_LBFGS_PLAIN, .history = 100}));
    PST_TRY(check_trajectory(
        v, "adam",
        &(pst_optimizer_options){
            .kind = PST_OPTIMIZER_ADAM, .learning_rate = 1, .beta1 = 0.9, .beta2 = 0.999, .epsilon = 1e-8}));
    PST_TRY(check_trajectory(v, "gd",
                             &(pst_optimizer_options){.kind = PST_OPTIMIZER_GRADIENT_DESCENT, .learning_rate = rate}));
cleanup:
    return status;
}

int main(int argc, char **argv) {
    const char *file = NULL, *network = NULL, *algorithm = NULL;
    verify v = {0};
    pst_context_options options;
    pst_context_options_init(&options, sizeof options);
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--model") == 0 && i + 1 < argc)
            network = argv[++i];
        else if (strcmp(argv[i], "--device") == 0 && i + 1 < argc)
            options.device = argv[++i];
        else if (strcmp(argv[i], "--algorithm") == 0 && i + 1 < argc)
            algorithm = argv[++i];
        else if (strcmp(argv[i], "--tile") == 0 && i + 1 < argc)
            v.tile = atoi(argv[++i]);
        else
            file = argv[i];
    }
    if (test_too_late())
        return TEST_SKIPPED;
    if (!file || !network) {
        fprintf(stderr,
                "usage: verify_reference FILE --model NETWORK [--device DEVICE] [--algorithm NAME] [--tile N]\n");
        return 2;
    }
    pst_status status = pst_context_create(&options, &v.context);
    if (status == PST_OK) {
        v.error = &v.context->error;
        status = run(&v, file, network, algorithm);
    }
    if (status != PST_OK)
        fprintf(stderr, "verify_reference: %s\n", v.context ? pst_context_message(v.context) : "no memory left");
    else
        printf("%d checks, %d failed\n", v.checks, v.failures);
    if (v.context) {
        drop_objective(&v);
        pst_device_network_destroy(v.net);
        pst_conv_choices_clear(&v.choices);
        pst_weights_destroy(v.model);
        pst_safetensors_close(v.file);
        if (v.context->session) {
            pst_buffer_destroy(v.context->session, v.x);
            pst_buffer_destroy(v.context->session, v.g);
        }
    }
    pst_context_destroy(v.context);
    return status != PST_OK || v.failures ? 1 : 0;
}
