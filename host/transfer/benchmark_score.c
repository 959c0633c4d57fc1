/* The score of the public header, and the machine that it is of. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/load.h"
#include "base/machine.h"
#include "base/memory.h"
#include "model/weights_random.h"
#include "package/printable.h"
#include "transfer/benchmark.h"
#include "tune/ceiling.h"

#define ROUNDS_LEAST 3
#define ROUNDS_MOST 100
#define LONGER 3 /* times the rounds, while they do not agree */
#define PULSES_MOST (LONGER * ROUNDS_MOST * PST_SCORE_SIZES + 1)
#define SAMPLE_SECONDS 0.05 /* a round repeats evaluations that are shorter */
#define REPEATS_MOST 100
#define WARM_SECONDS 1.0  /* clocks of GPUs rise under load */
#define SLOW_SECONDS 10.0 /* an evaluation that takes longer is not repeated to warm up */

static const int sides[PST_SCORE_SIZES] = {512, 1024};

typedef struct course {
    pst_bench_state bench;
    pst_bench_scene scenes[PST_SCORE_SIZES];
    int repeats[PST_SCORE_SIZES], rounds;
    double seconds[PST_SCORE_SIZES][LONGER * ROUNDS_MOST];
    pst_pulse *pulse; /* NULL: of a graphics card */
    double speeds[PULSES_MOST];
    int speed_count;
} course;

void pst_score_options_init(pst_score_options *options, size_t size) {
    const pst_score_options defaults = {.size = size, .rounds = 20, .seconds = 300};
    memset(options, 0, size);
    memcpy(options, &defaults, size < sizeof defaults ? size : sizeof defaults);
}

void pst_machine(pst_machine_info *info) {
    *info = (pst_machine_info){.threads = pst_machine_threads(), .memory_bytes = pst_machine_memory()};
    pst_machine_processor(info->processor, sizeof info->processor);
    pst_machine_architecture(info->architecture, sizeof info->architecture);
    pst_machine_system(info->system, sizeof info->system);
    pst_make_printable(info->processor, sizeof info->processor);
    pst_make_printable(info->architecture, sizeof info->architecture);
    pst_make_printable(info->system, sizeof info->system);
}

static bool is_vgg19(pst_context *context, const pst_weights *model, bool *is) {
    pst_weights *shapes;
    if (pst_weights_vgg19(&context->error, &shapes) != PST_OK)
        return false;
    *is = model->convolution_count >= shapes->convolution_count;
    for (size_t l = 0; l < shapes->convolution_count && *is; l++)
        *is = model->convolutions[l].c_in == shapes->convolutions[l].c_in &&
              model->convolutions[l].c_out == shapes->convolutions[l].c_out &&
              model->convolutions[l].block == shapes->convolutions[l].block;
    pst_weights_destroy(shapes);
    return true;
}

/* ---- measuring ---- */

/* Seconds of one evaluation. */
static pst_status evaluate(course *c, size_t i, int repeats, double *seconds) {
    pst_session *session = c->bench.engine.session;
    double start = pst_clock_seconds();
    pst_status status = PST_OK;
    for (int k = 0; k < repeats; k++)
        PST_TRY(pst_bench_evaluate(&c->scenes[i]));
    PST_TRY(pst_session_finish(session));
    *seconds = (pst_clock_seconds() - start) / repeats;
cleanup:
    return status;
}

static pst_status warm_up(course *c, pst_score *score, double *round_seconds) {
    double once[PST_SCORE_SIZES] = {0}, start = pst_clock_seconds();
    pst_status status = PST_OK;
    for (int turn = 0; turn < 2 || pst_clock_seconds() - start < WARM_SECONDS; turn++)
        for (size_t i = 0; i < PST_SCORE_SIZES; i++)
            if (turn == 0 || once[i] < SLOW_SECONDS) {
                PST_TRY(evaluate(c, i, 1, &once[i]));
                score->warm_up_evaluations++;
            }
    *round_seconds = 0;
    for (size_t i = 0; i < PST_SCORE_SIZES; i++) {
        PST_TRY(pst_bench_scene_check(&c->bench, &c->scenes[i]));
        double wanted = SAMPLE_SECONDS / (once[i] > 0 ? once[i] : 1e-9) + 1;
        c->repeats[i] = wanted < REPEATS_MOST ? (int)wanted : REPEATS_MOST;
        *round_seconds += c->repeats[i] * once[i];
    }
cleanup:
    return status;
}

/* ---- what the rounds say ---- */

/* Of `count` values from `from` on, which stay in their order. */
static pst_timing timing_of(const double *from, int count) {
    double sorted[PULSES_MOST];
    memcpy(sorted, from, (size_t)count * sizeof *sorted);
    return pst_timing_of(sorted, count);
}

static double third_least(const double *seconds, int count) {
    double least[3] = {INFINITY, INFINITY, INFINITY};
    for (int i = 0; i < count; i++)
        for (int k = 0; k < 3; k++)
            if (seconds[i] < least[k]) {
                memmove(&least[k + 1], &least[k], (size_t)(2 - k) * sizeof *least);
                least[k] = seconds[i];
                break;
            }
    return least[2];
}

static void summarize_speed(const course *c, pst_score *s) {
    const int count = c->speed_count, half = count / 2;
    if (half == 0)
        return;
    const pst_timing all = timing_of(c->speeds, count);
    s->speed_pulses = count;
    s->speed_best = all.most;
    s->speed_median = all.median;
    s->speed_least = all.least;
    s->speed_half[0] = timing_of(c->speeds, half).median;
    s->speed_half[1] = timing_of(c->speeds + half, count - half).median;
    s->speed_varied = fmax(all.most - all.median, fabs(s->speed_half[0] - s->speed_half[1])) / all.most;
}

static void summarize(const course *c, pst_score *score) {
    double product = 1;
    for (size_t i = 0; i < PST_SCORE_SIZES; i++) {
        const double *seconds = c->seconds[i];
        const int half = c->rounds / 2;
        const pst_timing timing = timing_of(seconds, c->rounds);
        score->sizes[i] = (pst_score_size){
            .size = sides[i],
            .rounds = c->rounds,
            .least_seconds = timing.least,
            .median_seconds = timing.median,
            .most_seconds = timing.most,
            .third_seconds = third_least(seconds, c->rounds),
            .half_seconds = {timing_of(seconds, half).least, timing_of(seconds + half, c->rounds - half).least},
            .work = c->scenes[i].work,
            .device_bytes = c->scenes[i].device_bytes};
        product *= 1e-6 * sides[i] * sides[i] / timing.least;
    }
    score->value = pow(product, 1.0 / PST_SCORE_SIZES);
    summarize_speed(c, score);
}

/* ---- the rounds ---- */

static pst_status take_pulse(course *c) {
    return c->pulse ? pst_pulse_take(c->pulse, &c->speeds[c->speed_count++]) : PST_OK;
}

static pst_status run_round(course *c) {
    pst_status status = PST_OK;
    for (size_t i = 0; i < PST_SCORE_SIZES; i++) {
        PST_TRY(evaluate(c, i, c->repeats[i], &c->seconds[i][c->rounds]));
        PST_TRY(take_pulse(c));
    }
    c->rounds++;
cleanup:
    return status;
}

/* Where the time is not enough for the rounds that are wanted, nothing is added to them. */
static pst_status run_rounds(course *c, const pst_score_options *o, double round_seconds, pst_score_callback callback,
                             void *user, pst_score *score) {
    const pst_load before = pst_load_now();
    const double fit = o->seconds / (round_seconds > 0 ? round_seconds : 1e-9), start = pst_clock_seconds();
    const int planned = fit < ROUNDS_LEAST ? ROUNDS_LEAST : fit < o->rounds ? (int)fit : o->rounds;
    pst_status status = PST_OK;
    PST_TRY(take_pulse(c));
    for (bool more = true; more;) {
        if (callback && callback(user, c->rounds, c->rounds < planned ? planned : c->rounds + 1))
            return PST_STOPPED;
        PST_TRY(run_round(c));
        more = c->rounds < planned;
        if (!more) {
            summarize(c, score);
            more = c->rounds < LONGER * o->rounds && !pst_score_is_settled(score) &&
                   pst_clock_seconds() - start + round_seconds < o->seconds;
        }
    }
    const pst_load after = pst_load_now();
    score->other_load = pst_load_of_others(&before, &after);
    for (size_t i = 0; i < PST_SCORE_SIZES; i++)
        PST_TRY(pst_bench_scene_check(&c->bench, &c->scenes[i]));
cleanup:
    return status;
}

static pst_status measure(course *c, const pst_score_options *o, pst_score_callback callback, void *user,
                          pst_score *score) {
    const pst_session *session = c->bench.engine.session;
    const bool graphics = session->device.info.type == PST_DEVICE_GPU;
    double start = pst_clock_seconds(), round_seconds;
    bool vgg19, fits = true;
    pst_status status = PST_OK;
    for (size_t i = 0; i < PST_SCORE_SIZES && fits; i++) {
        PST_TRY(pst_bench_scene_open(&c->bench, sides[i], &c->scenes[i]));
        fits = c->scenes[i].fits;
        if (!fits)
            snprintf(score->reason, sizeof score->reason, "%dx%d does not fit into the device's memory", sides[i],
                     sides[i]);
    }
    if (!fits)
        goto cleanup;
    if (session->cpu_kernels && !graphics)
        PST_TRY(pst_pulse_create(c->bench.engine.session, &c->pulse));
    PST_TRY(warm_up(c, score, &round_seconds));
    score->warm_up_seconds = pst_clock_seconds() - start;
    PST_TRY(run_rounds(c, o, round_seconds, callback, user, score));
    if (!is_vgg19(c->bench.context, c->bench.model, &vgg19))
        return PST_ERROR_MEMORY;
    pst_score_judge(score, graphics, vgg19);
cleanup:
    return status;
}

pst_status pst_measure_score(pst_context *context, pst_network *network, const pst_score_options *options,
                             pst_score_callback callback, void *user, pst_score *score) {
    pst_score_options o;
    course *c = NULL;
    pst_status status;
    *score = (pst_score){.other_load = -1};
    pst_score_options_init(&o, sizeof o);
    if (options)
        memcpy(&o, options, options->size < sizeof o ? options->size : sizeof o);
    if (o.rounds < ROUNDS_LEAST || o.rounds > ROUNDS_MOST || !(o.seconds >= 0))
        return pst_fail(&context->error, PST_ERROR_ARGUMENT, "a score cannot be measured in %d rounds of %g seconds",
                        o.rounds, o.seconds);
    PST_TRY(pst_allocate(&context->error, 1, sizeof *c, &c));
    PST_TRY(pst_bench_begin(context, network, &c->bench));
    score->cpu_kernels = context->session->cpu_kernels;
    PST_TRY(measure(c, &o, callback, user, score));
cleanup:
    if (c)
        pst_pulse_destroy(c->pulse);
    if (c && c->bench.engine.session)
        for (size_t i = 0; i < PST_SCORE_SIZES; i++)
            pst_bench_scene_close(&c->bench, &c->scenes[i]);
    if (c)
        pst_bench_end(&c->bench);
    pst_free(c);
    return status;
}
