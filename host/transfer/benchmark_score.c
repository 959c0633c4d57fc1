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

#define ROUNDS_LEAST 3
#define ROUNDS_MOST 100
#define SAMPLE_SECONDS 0.05 /* a round repeats evaluations that are shorter */
#define REPEATS_MOST 100
#define WARM_SECONDS 1.0  /* clocks of GPUs rise under load */
#define SLOW_SECONDS 10.0 /* an evaluation that takes longer is not repeated to warm up */

static const int sides[PST_SCORE_SIZES] = {512, 1024};

typedef struct course {
    pst_bench_state bench;
    pst_bench_scene scenes[PST_SCORE_SIZES];
    int repeats[PST_SCORE_SIZES], rounds;
    double seconds[PST_SCORE_SIZES][ROUNDS_MOST];
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

/* ---- reliable or not ---- */

#define LOAD_MOST 0.03         /* of a processor's measurement, taken by others */
#define LOAD_MOST_GRAPHICS 0.5 /* a graphics card only wants to be fed */
#define SPREAD_MOST 0.1        /* median above the least, where the load is not known */
#define HALVES_MOST 0.03       /* the least of one half of the rounds above that of the other */

void pst_score_judge(pst_score *score, bool graphics, bool vgg19) {
    char *reason = score->reason;
    score->reliable = false;
    if (!vgg19) {
        snprintf(reason, sizeof score->reason, "the network has not the shapes of VGG-19");
        return;
    }
    if (score->other_load > (graphics ? LOAD_MOST_GRAPHICS : LOAD_MOST)) {
        snprintf(reason, sizeof score->reason,
                 "other programs took %.0f %% of the processors' time; close them and measure again",
                 100 * score->other_load);
        return;
    }
    for (size_t i = 0; i < PST_SCORE_SIZES; i++) {
        const pst_score_size *s = &score->sizes[i];
        double halves = fabs(s->half_seconds[0] - s->half_seconds[1]) / s->least_seconds,
               spread = s->median_seconds / s->least_seconds - 1;
        if (halves > HALVES_MOST) {
            snprintf(reason, sizeof score->reason,
                     "the two halves of the rounds differ by %.1f %%; close other programs and measure again",
                     100 * halves);
            return;
        }
        if (score->other_load < 0 && spread > SPREAD_MOST) {
            snprintf(reason, sizeof score->reason,
                     "the load is not known, and the median of the rounds is %.0f %% above the least; close other "
                     "programs and measure again",
                     100 * spread);
            return;
        }
    }
    score->reliable = true;
    reason[0] = '\0';
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

static pst_status run_rounds(course *c, pst_score_callback callback, void *user, pst_score *score) {
    const pst_load before = pst_load_now();
    pst_status status = PST_OK;
    for (int round = 0; round < c->rounds; round++) {
        if (callback && callback(user, round, c->rounds))
            return PST_STOPPED;
        for (size_t i = 0; i < PST_SCORE_SIZES; i++)
            PST_TRY(evaluate(c, i, c->repeats[i], &c->seconds[i][round]));
    }
    const pst_load after = pst_load_now();
    score->other_load = pst_load_of_others(&before, &after);
    for (size_t i = 0; i < PST_SCORE_SIZES; i++)
        PST_TRY(pst_bench_scene_check(&c->bench, &c->scenes[i]));
cleanup:
    return status;
}

static void summarize(course *c, pst_score *score) {
    double product = 1;
    for (size_t i = 0; i < PST_SCORE_SIZES; i++) {
        double *seconds = c->seconds[i];
        pst_score_size *s = &score->sizes[i];
        *s = (pst_score_size){.size = sides[i],
                              .rounds = c->rounds,
                              .work = c->scenes[i].work,
                              .device_bytes = c->scenes[i].device_bytes};
        for (int half = 0; half < 2; half++) {
            int first = half ? c->rounds / 2 : 0, end = half ? c->rounds : c->rounds / 2;
            s->half_seconds[half] = seconds[first];
            for (int k = first; k < end; k++)
                s->half_seconds[half] = fmin(s->half_seconds[half], seconds[k]);
        }
        pst_timing timing = pst_timing_of(seconds, c->rounds);
        s->least_seconds = timing.least;
        s->median_seconds = timing.median;
        s->most_seconds = timing.most;
        product *= 1e-6 * sides[i] * sides[i] / s->least_seconds;
    }
    score->value = pow(product, 1.0 / PST_SCORE_SIZES);
}

static pst_status measure(course *c, const pst_score_options *o, pst_score_callback callback, void *user,
                          pst_score *score) {
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
    PST_TRY(warm_up(c, score, &round_seconds));
    score->warm_up_seconds = pst_clock_seconds() - start;
    double most = o->seconds / (round_seconds > 0 ? round_seconds : 1e-9);
    c->rounds = most < ROUNDS_LEAST ? ROUNDS_LEAST : most < o->rounds ? (int)most : o->rounds;
    PST_TRY(run_rounds(c, callback, user, score));
    summarize(c, score);
    if (!is_vgg19(c->bench.context, c->bench.model, &vgg19))
        return PST_ERROR_MEMORY;
    pst_score_judge(score, c->bench.engine.session->device.info.type == PST_DEVICE_GPU, vgg19);
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
    if (c && c->bench.engine.session)
        for (size_t i = 0; i < PST_SCORE_SIZES; i++)
            pst_bench_scene_close(&c->bench, &c->scenes[i]);
    if (c)
        pst_bench_end(&c->bench);
    pst_free(c);
    return status;
}
