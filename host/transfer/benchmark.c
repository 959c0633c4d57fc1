/* The public header's benchmark: ceilings and convolutions as host/tune/ measures them, other kernels, and whole
 * evaluations. */
#include "transfer/benchmark.h"

#include <math.h>
#include <string.h>

#include "base/clock.h"
#include "model/weights_random.h"
#include "tune/ceiling.h"
#include "tune/tune.h"

#define LAYERS_SIZE 512 /* of the image whose layers are measured one by one */

static const char *const pools[] = {"none", "max", "average"};
static const int usual_sizes[] = {256, 512, 1024};

void pst_bench_options_init(pst_bench_options *options, size_t size) {
    const pst_bench_options defaults = {.size = size,
                                        .sizes = usual_sizes,
                                        .size_count = sizeof usual_sizes / sizeof *usual_sizes,
                                        .seconds = 1,
                                        .limit_seconds = 1800};
    memset(options, 0, size);
    memcpy(options, &defaults, size < sizeof defaults ? size : sizeof defaults);
}

pst_status pst_bench_give(pst_bench_state *b, pst_bench_row *row, const pst_timing *timing) {
    if (timing) {
        row->median_seconds = timing->median;
        row->least_seconds = timing->least;
        row->most_seconds = timing->most;
        row->samples = timing->samples;
        row->rate = (row->kind == PST_BENCH_BANDWIDTH ? row->bytes : row->work) / timing->median;
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

static pst_status ceilings(pst_bench_state *b) {
    pst_session *session = b->engine.session;
    pst_bench_row fma = {.kind = PST_BENCH_ARITHMETIC, .name = "fma"};
    pst_timing timing;
    pst_status status;
    PST_TRY(pst_ceiling_arithmetic(session, &b->measuring, &timing, &fma.work));
    b->ceiling = fma.work / timing.least; /* what it can do at best */
    PST_TRY(pst_bench_give(b, &fma, &timing));
    for (int triad = 0; triad < 2; triad++) {
        pst_bench_row row = {.kind = PST_BENCH_BANDWIDTH, .name = triad ? "triad" : "copy"};
        PST_TRY(pst_ceiling_bandwidth(session, &b->measuring, triad, &timing, &row.bytes));
        PST_TRY(pst_bench_give(b, &row, &timing));
    }
cleanup:
    return status;
}

/* ---- layers ---- */

static int layers_size(const pst_bench_state *b) {
    int best = 0, least = b->options.sizes[0];
    for (size_t i = 0; i < b->options.size_count; i++) {
        int size = b->options.sizes[i];
        best = size <= LAYERS_SIZE && size > best ? size : best;
        least = size < least ? size : least;
    }
    return best ? best : least;
}

/* Multiply-adds of the products in Winograd's domain, without the transforms. */
static double products_of(const pst_conv_algorithm *algorithm, const pst_conv_shape *s) {
    if (!algorithm->tile)
        return pst_conv_flops(s);
    double m = algorithm->tile, tiles = ceil(s->h / m) * ceil(s->w / m);
    return 2 * (m + 2) * (m + 2) * tiles * s->c_in * s->c_out;
}

static double bytes_of(const pst_conv_shape *s) {
    double pixels = (double)s->h * s->w, pooled = s->pool == PST_POOL_NONE ? pixels : pixels / 4;
    double in = s->backward ? pooled : pixels, out = s->backward ? pixels : pooled;
    return sizeof(float) * (in * s->c_in + out * s->c_out + 9.0 * s->c_in * s->c_out);
}

static pst_status layer(pst_bench_state *b, const char *name, const pst_conv_shape *shape, const pst_tuning *tuning) {
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
                             .problem = c->measured ? NULL : c->problem,
                             .work = pst_conv_flops(&measured),
                             .arithmetic = products_of(c->algorithm, &measured),
                             .bytes = bytes_of(&measured)};
        PST_TRY(pst_bench_give(b, &row, c->measured ? &c->timing : NULL));
    }
cleanup:
    return status;
}

static pst_status layers(pst_bench_state *b, int size) {
    pst_conv_shape shapes[2 * PST_LAYERS_MAX];
    size_t of[2 * PST_LAYERS_MAX], count;
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

pst_status pst_bench_begin(pst_context *context, pst_network *network, pst_bench_state *b) {
    pst_status status = pst_context_needs_device(context);
    *b = (pst_bench_state){.context = context, .start = pst_clock_seconds()};
    if (status != PST_OK)
        return status;
    b->engine = (pst_conv_engine){.session = context->session,
                                  .gemm = context->gemm,
                                  .workspace_limit = pst_workspace_bytes(context),
                                  .keep_limit = pst_keep_bytes(pst_context_memory_bytes(context)),
                                  .choices = &context->devices[0].choices};
    if (!network) {
        PST_TRY(pst_weights_vgg19(&context->error, &b->made));
        PST_TRY(pst_weights_randomize(&context->error, b->made));
    }
    b->model = network ? network->model : b->made;
cleanup:
    return status;
}

void pst_bench_end(pst_bench_state *b) { pst_weights_destroy(b->made); }

pst_status pst_bench(pst_context *context, pst_network *network, const pst_bench_options *options,
                     pst_bench_callback callback, void *user) {
    pst_bench_options o;
    pst_bench_state b = {0};
    pst_bench_options_init(&o, sizeof o);
    if (options)
        memcpy(&o, options, options->size < sizeof o ? options->size : sizeof o);
    if (!o.sizes || !o.size_count) {
        o.sizes = usual_sizes;
        o.size_count = sizeof usual_sizes / sizeof *usual_sizes;
    }
    pst_status status;
    for (size_t i = 0; i < o.size_count; i++)
        if (o.sizes[i] < 16 || o.sizes[i] > PST_IMAGE_MAX_SIDE)
            PST_TRY(
                pst_fail(&context->error, PST_ERROR_ARGUMENT, "an image of %d pixels cannot be measured", o.sizes[i]));
    if (!(o.seconds > 0 && o.seconds < 1e6))
        PST_TRY(pst_fail(&context->error, PST_ERROR_ARGUMENT, "a measurement cannot take %g seconds", o.seconds));
    PST_TRY(pst_bench_begin(context, network, &b));
    b.options = o;
    b.callback = callback;
    b.user = user;
    b.measuring = (pst_measuring){.least_samples = 3, .most_samples = 25, .seconds = o.seconds};
    PST_TRY(ceilings(&b));
    if (o.only_ceilings)
        goto cleanup;
    int size = layers_size(&b);
    PST_TRY(layers(&b, size));
    PST_TRY(pst_bench_kernels(&b, size));
    for (size_t i = 0; i < o.size_count; i++)
        PST_TRY(pst_bench_evaluation(&b, o.sizes[i]));
cleanup:
    pst_bench_end(&b);
    return status;
}
