/* The public header's benchmark: ceilings and convolutions as host/tune/ measures them, and whole evaluations. */
#include <math.h>
#include <string.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/random.h"
#include "loss/objective.h"
#include "model/weights_random.h"
#include "transfer/context.h"
#include "transfer/device_space.h"
#include "tune/ceiling.h"
#include "tune/tune.h"

#define LAYERS_SIZE 512 /* of the image whose layers are measured one by one */

static const char *const pools[] = {"none", "max", "average"};
static const int usual_sizes[] = {256, 512, 1024};

typedef struct bench {
    pst_context *context;
    pst_bench_options options;
    pst_bench_callback callback;
    void *user;
    pst_conv_engine engine;
    pst_weights *model;
    double start, ceiling;
    pst_measuring measuring;
} bench;

void pst_bench_options_init(pst_bench_options *options, size_t size) {
    const pst_bench_options defaults = {.size = size,
                                        .sizes = usual_sizes,
                                        .size_count = sizeof usual_sizes / sizeof *usual_sizes,
                                        .seconds = 1,
                                        .limit_seconds = 1800};
    memset(options, 0, size);
    memcpy(options, &defaults, size < sizeof defaults ? size : sizeof defaults);
}

/* A row with its rate; work: operations or bytes of a run. PST_STOPPED if the callback says so. */
static pst_status give(bench *b, pst_bench_row *row, const pst_timing *timing, double work) {
    if (timing) {
        row->median_seconds = timing->median;
        row->least_seconds = timing->least;
        row->most_seconds = timing->most;
        row->samples = timing->samples;
        row->rate = work / timing->median;
        if (row->kind != PST_BENCH_BANDWIDTH)
            row->fraction = b->ceiling > 0 ? row->rate / b->ceiling : 0;
    }
    if (!row->algorithm)
        row->algorithm = "";
    if (!row->pool)
        row->pool = pools[0];
    if (b->callback && b->callback(b->user, row))
        return PST_STOPPED;
    if (pst_clock_seconds() - b->start > b->options.limit_seconds)
        return pst_fail(&b->context->error, PST_ERROR_DEVICE,
                        "%s: the benchmark is not done after %.0f seconds; measure fewer or smaller sizes",
                        b->engine.session->device.label, b->options.limit_seconds);
    return PST_OK;
}

static pst_status ceilings(bench *b) {
    pst_session *session = b->engine.session;
    pst_timing timing;
    double work;
    pst_status status;
    PST_TRY(pst_ceiling_arithmetic(session, &b->measuring, &timing, &work));
    b->ceiling = work / timing.median;
    PST_TRY(give(b, &(pst_bench_row){.kind = PST_BENCH_ARITHMETIC, .name = "fma"}, &timing, work));
    for (int triad = 0; triad < 2; triad++) {
        PST_TRY(pst_ceiling_bandwidth(session, &b->measuring, triad, &timing, &work));
        PST_TRY(
            give(b, &(pst_bench_row){.kind = PST_BENCH_BANDWIDTH, .name = triad ? "triad" : "copy"}, &timing, work));
    }
cleanup:
    return status;
}

/* ---- layers ---- */

static int layers_size(const bench *b) {
    int best = 0, least = b->options.sizes[0];
    for (size_t i = 0; i < b->options.size_count; i++) {
        int size = b->options.sizes[i];
        best = size <= LAYERS_SIZE && size > best ? size : best;
        least = size < least ? size : least;
    }
    return best ? best : least;
}

static pst_status layer(bench *b, const char *name, const pst_conv_shape *shape, const pst_tuning *tuning) {
    pst_candidate candidates[PST_CANDIDATES_MAX];
    const pst_conv_algorithm *chosen = pst_conv_choose(&b->engine, shape);
    size_t count;
    pst_status status;
    PST_TRY(pst_tune_candidates(&b->engine, shape, tuning, candidates, &count));
    for (size_t i = 0; i < count; i++) {
        const pst_candidate *c = &candidates[i];
        pst_conv_shape measured = *shape;
        measured.h = c->h;
        pst_bench_row row = {.kind = PST_BENCH_CONVOLUTION,
                             .name = name,
                             .algorithm = c->algorithm->name,
                             .pool = pools[shape->pool],
                             .backward = shape->backward,
                             .chosen = c->algorithm == chosen,
                             .width = shape->w,
                             .height = shape->h,
                             .rows = c->h,
                             .c_in = shape->c_in,
                             .c_out = shape->c_out,
                             .problem = c->measured ? NULL : c->problem};
        PST_TRY(give(b, &row, c->measured ? &c->timing : NULL, pst_conv_flops(&measured)));
    }
cleanup:
    return status;
}

static pst_status layers(bench *b) {
    pst_conv_shape shapes[2 * PST_LAYERS_MAX];
    size_t of[2 * PST_LAYERS_MAX], count;
    int size = layers_size(b);
    pst_device_network *net = NULL;
    pst_tuning tuning;
    pst_status status;
    PST_TRY(pst_device_network_create(&b->engine, b->model, &net));
    PST_TRY(pst_tune_list(net, size, size, shapes, of, &count));
    pst_tuning_init(&tuning);
    tuning.hopeless = 0;
    tuning.run_seconds = b->options.seconds / 4;
    tuning.measuring = b->measuring;
    tuning.measuring.seconds /= 4; /* there are many of them */
    for (int backward = 0; backward < 2; backward++)
        for (size_t i = 0; i < count; i++)
            if (shapes[i].backward == (backward == 1))
                PST_TRY(layer(b, net->layers.at[of[i]].name, &shapes[i], &tuning));
cleanup:
    pst_device_network_destroy(net);
    return status;
}

/* ---- evaluations ---- */

typedef struct evaluation {
    pst_objective *objective;
    pst_buffer *x, *gradient;
} evaluation;

static pst_status evaluate(void *user) {
    const evaluation *e = user;
    return pst_objective_evaluate(e->objective, e->x, e->gradient);
}

static pst_status default_terms(const pst_device_network *net, pst_objective_options *o) {
    pst_error *error = net->engine.session->error;
    static const char *const styles[] = {"relu1_1", "relu2_1", "relu3_1", "relu4_1", "relu5_1"};
    pst_status status = PST_OK;
    if (pst_layers_find(&net->layers, "relu4_2") >= 0)
        PST_TRY(pst_objective_add_terms(error, &net->layers, false, "relu4_2", 5, o));
    for (size_t i = 0; i < sizeof styles / sizeof *styles; i++)
        if (pst_layers_find(&net->layers, styles[i]) >= 0)
            PST_TRY(pst_objective_add_terms(error, &net->layers, true, styles[i], 100, o));
    pst_objective_add_tv(1e-3, o);
cleanup:
    return status;
}

/* What is left of an image that is noise around the mean color. */
static pst_status make_image(bench *b, size_t count, uint64_t seed, pst_buffer **x) {
    pst_session *session = b->engine.session;
    float *values = NULL;
    pst_status status;
    PST_TRY(pst_allocate(session->error, count, sizeof *values, &values));
    pst_random_normal(seed, values, count);
    for (size_t i = 0; i < count; i++)
        values[i] *= 50;
    PST_TRY(pst_buffer_create(session, pst_device_vector_bytes(count), "an image", x));
    PST_TRY(pst_buffer_write(session, *x, 0, values, count * sizeof *values));
cleanup:
    pst_free(values);
    return status;
}

static pst_status check_result(bench *b, const evaluation *e, size_t count) {
    pst_session *session = b->engine.session;
    float *gradient = NULL;
    bool finite;
    pst_status status;
    PST_TRY(pst_allocate(session->error, count, sizeof *gradient, &gradient));
    PST_TRY(pst_buffer_read(session, e->gradient, 0, gradient, count * sizeof *gradient));
    finite = isfinite(pst_objective_losses(e->objective, NULL));
    for (size_t i = 0; i < count && finite; i++)
        finite = isfinite(gradient[i]);
    if (!finite)
        status = pst_fail(session->error, PST_ERROR_DEVICE, "%s: an evaluation gave a result that is not finite",
                          session->device.label);
cleanup:
    pst_free(gradient);
    return status;
}

static double evaluation_flops(const pst_objective *objective) {
    const pst_pass *pass = pst_objective_pass(objective);
    double flops = 0;
    for (size_t l = 0; l < pst_pass_layer_count(pass); l++)
        for (int backward = 0; backward < 2; backward++) {
            pst_conv_shape shape = pst_pass_shape(pass, l, backward);
            flops += pst_conv_flops(&shape);
        }
    return flops;
}

static bool fits(const bench *b, const pst_objective *objective, size_t count) {
    const pst_device *device = &b->engine.session->device;
    pst_pass_bytes pass = pst_objective_pass_bytes(objective);
    size_t largest, targets = pst_objective_target_bytes(objective, &largest);
    largest = pass.largest > largest ? pass.largest : largest;
    double bytes = (double)pass.maps + (double)pass.weights + (double)pass.workspace + (double)targets +
                   3 * sizeof(float) * (double)count;
    return bytes <= (double)device->info.memory_bytes * device->quirks.memory_share &&
           largest <= device->info.max_allocation_bytes;
}

static pst_status run_size(bench *b, int side) {
    pst_session *session = b->engine.session;
    pst_objective_options o = {.h = side, .w = side, .form = PST_LOSS_MEAN, .pooling = PST_POOL_MAX};
    pst_bench_row row = {.kind = PST_BENCH_EVALUATION,
                         .name = "evaluation",
                         .chosen = true,
                         .width = side,
                         .height = side,
                         .rows = side};
    size_t count = (size_t)side * (size_t)side * 3;
    pst_device_network *net = NULL;
    evaluation e = {0};
    pst_timing timing;
    pst_status status;
    PST_TRY(pst_device_network_create(&b->engine, b->model, &net));
    PST_TRY(default_terms(net, &o));
    PST_TRY(pst_objective_create(net, &o, &e.objective));
    if (!fits(b, e.objective, count)) {
        row.problem = "does not fit into the device's memory";
        status = give(b, &row, NULL, 0);
        goto cleanup;
    }
    PST_TRY(pst_objective_begin(e.objective));
    PST_TRY(make_image(b, count, 1, &e.x));
    PST_TRY(pst_objective_add_style(e.objective, e.x, side, side, 1));
    pst_buffer_destroy(session, e.x);
    e.x = NULL;
    PST_TRY(make_image(b, count, 2, &e.x));
    PST_TRY(pst_objective_set_content(e.objective, e.x));
    PST_TRY(pst_objective_end(e.objective));
    pst_buffer_destroy(session, e.x);
    e.x = NULL;
    PST_TRY(make_image(b, count, 3, &e.x));
    PST_TRY(pst_buffer_create(session, pst_device_vector_bytes(count), "the gradient", &e.gradient));
    row.device_bytes = session->buffer_bytes;
    PST_TRY(pst_measure(session, &b->measuring, evaluate, &e, &timing));
    PST_TRY(check_result(b, &e, count));
    PST_TRY(give(b, &row, &timing, evaluation_flops(e.objective)));
cleanup:
    pst_buffer_destroy(session, e.x);
    pst_buffer_destroy(session, e.gradient);
    pst_objective_destroy(e.objective);
    pst_device_network_destroy(net);
    return status;
}

pst_status pst_bench(pst_context *context, pst_network *network, const pst_bench_options *options,
                     pst_bench_callback callback, void *user) {
    bench b = {.context = context, .callback = callback, .user = user, .start = pst_clock_seconds()};
    pst_weights *made = NULL;
    pst_status status = pst_context_needs_device(context);
    if (status != PST_OK)
        return status;
    pst_bench_options_init(&b.options, sizeof b.options);
    if (options)
        memcpy(&b.options, options, options->size < sizeof b.options ? options->size : sizeof b.options);
    if (!b.options.sizes || !b.options.size_count) {
        b.options.sizes = usual_sizes;
        b.options.size_count = sizeof usual_sizes / sizeof *usual_sizes;
    }
    for (size_t i = 0; i < b.options.size_count; i++)
        if (b.options.sizes[i] < 16 || b.options.sizes[i] > PST_IMAGE_MAX_SIDE)
            return pst_fail(&context->error, PST_ERROR_ARGUMENT, "an image of %d pixels cannot be measured",
                            b.options.sizes[i]);
    if (!(b.options.seconds > 0 && b.options.seconds < 1e6))
        return pst_fail(&context->error, PST_ERROR_ARGUMENT, "a measurement cannot take %g seconds", b.options.seconds);
    b.engine = (pst_conv_engine){.session = context->session,
                                 .gemm = context->gemm,
                                 .workspace_limit = pst_workspace_bytes(context),
                                 .choices = &context->devices[0].choices};
    b.measuring = (pst_measuring){.least_samples = 3, .most_samples = 25, .seconds = b.options.seconds};
    if (!network) {
        PST_TRY(pst_weights_vgg19(&context->error, &made));
        PST_TRY(pst_weights_randomize(&context->error, made));
    }
    b.model = network ? network->model : made;
    PST_TRY(ceilings(&b));
    PST_TRY(layers(&b));
    for (size_t i = 0; i < b.options.size_count; i++)
        PST_TRY(run_size(&b, b.options.sizes[i]));
cleanup:
    pst_weights_destroy(made);
    return status;
}
