/* Whole evaluations for the benchmark: loss and gradient of the default objective on noise. */
#include <math.h>

#include "base/memory.h"
#include "base/random.h"
#include "transfer/benchmark.h"
#include "transfer/device_space.h"

const char *const pst_bench_styles[PST_BENCH_STYLES] = {"relu1_1", "relu2_1", "relu3_1", "relu4_1", "relu5_1"};

pst_status pst_bench_evaluate(void *scene) {
    const pst_bench_scene *s = scene;
    return pst_objective_evaluate(s->objective, s->x, s->gradient);
}

static pst_status default_terms(const pst_device_network *net, pst_objective_options *o) {
    pst_error *error = net->engine.session->error;
    pst_status status = PST_OK;
    if (pst_layers_find(&net->layers, "relu4_2") >= 0)
        PST_TRY(pst_objective_add_terms(error, &net->layers, false, "relu4_2", 5, o));
    for (size_t i = 0; i < PST_BENCH_STYLES; i++)
        if (pst_layers_find(&net->layers, pst_bench_styles[i]) >= 0)
            PST_TRY(pst_objective_add_terms(error, &net->layers, true, pst_bench_styles[i], 100, o));
    pst_objective_add_tv(1e-3, o);
cleanup:
    return status;
}

/* What is left of an image that is noise around the mean color. */
static pst_status make_image(pst_bench_state *b, size_t count, uint64_t seed, pst_buffer **x) {
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

pst_status pst_bench_scene_check(pst_bench_state *b, const pst_bench_scene *e) {
    pst_session *session = b->engine.session;
    const size_t count = 3 * (size_t)e->side * (size_t)e->side;
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

static double work_of(const pst_objective *objective) {
    const pst_pass *pass = pst_objective_pass(objective);
    double flops = 0;
    for (size_t l = 0; l < pst_pass_layer_count(pass); l++)
        for (int backward = 0; backward < 2; backward++) {
            pst_conv_shape shape = pst_pass_shape(pass, l, backward);
            flops += pst_conv_flops(&shape);
        }
    return flops;
}

static bool fits(const pst_bench_state *b, const pst_objective *objective, size_t count) {
    const pst_device *device = &b->engine.session->device;
    pst_pass_bytes pass = pst_objective_pass_bytes(objective);
    size_t largest, targets = pst_objective_target_bytes(objective, &largest);
    largest = pass.largest > largest ? pass.largest : largest;
    double bytes = (double)pass.maps + (double)pass.weights + (double)pass.workspace + (double)targets +
                   3 * sizeof(float) * (double)count;
    return bytes <= (double)device->info.memory_bytes * device->quirks.memory_share &&
           largest <= device->info.max_allocation_bytes;
}

pst_status pst_bench_scene_open(pst_bench_state *b, int side, pst_bench_scene *scene) {
    pst_session *session = b->engine.session;
    pst_objective_options o = {.h = side, .w = side, .form = PST_LOSS_MEAN, .pooling = PST_POOL_MAX};
    size_t count = 3 * (size_t)side * (size_t)side;
    uint64_t before = session->buffer_bytes;
    pst_status status;
    *scene = (pst_bench_scene){.side = side};
    PST_TRY(pst_device_network_create(&b->engine, b->model, &scene->net));
    PST_TRY(default_terms(scene->net, &o));
    PST_TRY(pst_objective_create(scene->net, &o, &scene->objective));
    scene->fits = fits(b, scene->objective, count);
    if (!scene->fits)
        return PST_OK;
    scene->work = work_of(scene->objective);
    PST_TRY(pst_objective_begin(scene->objective));
    PST_TRY(make_image(b, count, 1, &scene->x));
    PST_TRY(pst_objective_add_style(scene->objective, scene->x, side, side, 1));
    pst_buffer_destroy(session, scene->x);
    scene->x = NULL;
    PST_TRY(make_image(b, count, 2, &scene->x));
    PST_TRY(pst_objective_set_content(scene->objective, scene->x));
    PST_TRY(pst_objective_end(scene->objective));
    pst_buffer_destroy(session, scene->x);
    scene->x = NULL;
    PST_TRY(make_image(b, count, 3, &scene->x));
    PST_TRY(pst_buffer_create(session, pst_device_vector_bytes(count), "the gradient", &scene->gradient));
    scene->device_bytes = session->buffer_bytes - before;
cleanup:
    return status;
}

void pst_bench_scene_close(pst_bench_state *b, pst_bench_scene *scene) {
    pst_session *session = b->engine.session;
    pst_buffer_destroy(session, scene->x);
    pst_buffer_destroy(session, scene->gradient);
    pst_objective_destroy(scene->objective);
    pst_device_network_destroy(scene->net);
    *scene = (pst_bench_scene){0};
}

pst_status pst_bench_evaluation(pst_bench_state *b, int side) {
    pst_bench_row row = {.kind = PST_BENCH_EVALUATION,
                         .name = "evaluation",
                         .chosen = true,
                         .width = side,
                         .height = side,
                         .rows = side};
    pst_bench_scene scene;
    pst_timing timing;
    pst_status status;
    PST_TRY(pst_bench_scene_open(b, side, &scene));
    if (scene.fits) {
        row.work = scene.work;
        row.device_bytes = scene.device_bytes;
        PST_TRY(pst_measure(b->engine.session, &b->measuring, pst_bench_evaluate, &scene, &timing));
        PST_TRY(pst_bench_scene_check(b, &scene));
    } else {
        row.problem = "does not fit into the device's memory";
    }
    PST_TRY(pst_bench_give(b, &row, scene.fits ? &timing : NULL));
cleanup:
    pst_bench_scene_close(b, &scene);
    return status;
}
