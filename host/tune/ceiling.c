#include "tune/ceiling.h"

#include <math.h>

#include "base/memory.h"
#include "op/tiles.h"

#define CHAINS 12           /* as in cl/ceiling.cl */
#define SCALE 0.9990234375  /* 1 - 2^-10 */
#define RUN_SECONDS 0.02    /* short enough for every watchdog of a driver */
#define PULSE_SECONDS 0.004 /* long beside a launch, short beside an evaluation */
#define PULSES 3
#define ROUNDS_MAX (1 << 24)
#define STREAM_BYTES ((size_t)128 << 20) /* more than caches hold */
#define SAMPLE 4096                      /* floats at either end that are looked at */

typedef struct chains {
    pst_session *session;
    const pst_kernel *kernel;
    pst_buffer *out;
    size_t items, group;
    int rounds;
} chains;

static pst_status run_chains(void *user) {
    const chains *c = user;
    return pst_launch(
        c->session, c->kernel, (size_t[]){c->items, 1, 1}, (size_t[]){c->group, 1, 1},
        PST_ARGS(pst_arg_buffer(c->out), pst_arg_float(SCALE), pst_arg_float(1 - SCALE), pst_arg_int(c->rounds)));
}

static int lanes_of(const pst_session *session) {
    return !session->cpu_kernels                ? 1
           : session->device.vector_width >= 16 ? 16
           : session->device.vector_width == 8  ? 8
                                                : 4;
}

static double operations(const chains *c) { return 2.0 * CHAINS * lanes_of(c->session) * (double)c->items * c->rounds; }

/* As many rounds as a run of these seconds takes. */
static pst_status begin(pst_session *session, double least_seconds, chains *c) {
    double seconds = 0;
    pst_status status;
    *c = (chains){.session = session, .rounds = 256};
    c->items = session->cpu_kernels ? 8 * pst_workers(session) /* where one begins late, others take its part */
                                    : (size_t)session->device.info.compute_units * 2048;
    PST_TRY(pst_kernel_get(session, "ceiling", "ceiling_fma", "", &c->kernel));
    c->group = c->kernel->group;
    PST_TRY(pst_buffer_create(session, c->items * sizeof(float), "the benchmark", &c->out));
    PST_TRY(pst_measure_once(session, run_chains, c, &seconds));
    for (; c->rounds < ROUNDS_MAX; c->rounds *= 2) {
        PST_TRY(pst_measure_once(session, run_chains, c, &seconds));
        if (seconds >= least_seconds)
            break;
    }
cleanup:
    return status;
}

static pst_status check(const chains *c) {
    float *results = NULL;
    const int wanted = CHAINS * lanes_of(c->session);
    pst_status status;
    PST_TRY(pst_allocate(c->session->error, c->items, sizeof *results, &results));
    PST_TRY(pst_buffer_read(c->session, c->out, 0, results, c->items * sizeof *results));
    for (size_t i = 0; i < c->items; i++)
        if (!(fabs((double)results[i] / wanted - 1) < 0.1))
            PST_TRY(pst_fail(c->session->error, PST_ERROR_DEVICE,
                             "%s: multiplies and adds wrongly: %g instead of about %d", c->session->device.label,
                             (double)results[i], wanted));
cleanup:
    pst_free(results);
    return status;
}

pst_status pst_ceiling_arithmetic(pst_session *session, const pst_measuring *how, pst_timing *timing, double *flops) {
    chains c;
    pst_status status;
    PST_TRY(begin(session, RUN_SECONDS, &c));
    PST_TRY(pst_measure(session, how, run_chains, &c, timing));
    *flops = operations(&c);
    PST_TRY(check(&c));
cleanup:
    pst_buffer_destroy(session, c.out);
    return status;
}

struct pst_pulse {
    chains chains;
};

pst_status pst_pulse_create(pst_session *session, pst_pulse **pulse) {
    pst_status status;
    PST_TRY(pst_allocate(session->error, 1, sizeof **pulse, pulse));
    PST_TRY(begin(session, PULSE_SECONDS, &(*pulse)->chains));
    PST_TRY(check(&(*pulse)->chains));
cleanup:
    if (status != PST_OK) {
        pst_pulse_destroy(*pulse);
        *pulse = NULL;
    }
    return status;
}

/* The first run wakes the threads up. The median of the others: one may have been interrupted. */
pst_status pst_pulse_take(pst_pulse *pulse, double *flops) {
    chains *c = &pulse->chains;
    double seconds[PULSES];
    pst_status status;
    *flops = 0;
    PST_TRY(pst_measure_once(c->session, run_chains, c, &seconds[0]));
    for (int i = 0; i < PULSES; i++)
        PST_TRY(pst_measure_once(c->session, run_chains, c, &seconds[i]));
    *flops = operations(c) / pst_timing_of(seconds, PULSES).median;
cleanup:
    return status;
}

void pst_pulse_destroy(pst_pulse *pulse) {
    if (pulse)
        pst_buffer_destroy(pulse->chains.session, pulse->chains.out);
    pst_free(pulse);
}

typedef struct stream {
    pst_session *session;
    const pst_kernel *kernel;
    pst_buffer *a, *b, *c;
    size_t floats;
    bool triad;
} stream;

static pst_status run_stream(void *user) {
    const stream *s = user;
    size_t vector = s->session->cpu_kernels ? 16 : 4, count = s->floats / vector;
    if (s->triad)
        return pst_launch_each(s->session, s->kernel, count,
                               PST_ARGS(pst_arg_buffer(s->b), pst_arg_buffer(s->c), pst_arg_buffer(s->a),
                                        pst_arg_float(2), pst_arg_int((int)count)));
    return pst_launch_each(s->session, s->kernel, count,
                           PST_ARGS(pst_arg_buffer(s->b), pst_arg_buffer(s->a), pst_arg_int((int)count)));
}

/* Small whole numbers at both ends of the sources; the same again in what was made of them. */
static pst_status write_or_check(stream *s, bool check) {
    pst_session *session = s->session;
    float *values = NULL;
    pst_status status;
    PST_TRY(pst_allocate(session->error, SAMPLE, sizeof *values, &values));
    for (int end = 0; end < 2; end++) {
        size_t offset = end ? (s->floats - SAMPLE) * sizeof *values : 0, bytes = SAMPLE * sizeof *values;
        if (check) {
            PST_TRY(pst_buffer_read(session, s->a, offset, values, bytes));
            for (size_t i = 0; i < SAMPLE; i++)
                if (values[i] != (float)((s->triad ? 3 : 1) * (i + 1)))
                    PST_TRY(pst_fail(session->error, PST_ERROR_DEVICE, "%s: copies wrongly", session->device.label));
        } else {
            for (size_t i = 0; i < SAMPLE; i++)
                values[i] = (float)(i + 1);
            PST_TRY(pst_buffer_write(session, s->b, offset, values, bytes));
            if (s->triad)
                PST_TRY(pst_buffer_write(session, s->c, offset, values, bytes));
        }
    }
cleanup:
    pst_free(values);
    return status;
}

pst_status pst_ceiling_bandwidth(pst_session *session, const pst_measuring *how, bool triad, pst_timing *timing,
                                 double *moved) {
    stream s = {.session = session, .triad = triad};
    size_t bytes = STREAM_BYTES;
    pst_status status;
    if (session->device.info.max_allocation_bytes < bytes)
        bytes = (size_t)session->device.info.max_allocation_bytes;
    if (session->device.info.memory_bytes / 8 < bytes)
        bytes = (size_t)(session->device.info.memory_bytes / 8);
    bytes = bytes / 65536 * 65536;
    s.floats = bytes / sizeof(float);
    if (s.floats < SAMPLE)
        return pst_fail(session->error, PST_ERROR_DEVICE_MEMORY, "%s: has too little memory to measure",
                        session->device.label);
    PST_TRY(pst_kernel_get(session, "ceiling", triad ? "ceiling_triad" : "ceiling_copy", "", &s.kernel));
    PST_TRY(pst_buffer_create(session, bytes, "the benchmark", &s.a));
    PST_TRY(pst_buffer_create(session, bytes, "the benchmark", &s.b));
    if (triad)
        PST_TRY(pst_buffer_create(session, bytes, "the benchmark", &s.c));
    PST_TRY(write_or_check(&s, false));
    PST_TRY(pst_measure(session, how, run_stream, &s, timing));
    PST_TRY(write_or_check(&s, true));
    *moved = (triad ? 3.0 : 2.0) * (double)bytes;
cleanup:
    pst_buffer_destroy(session, s.a);
    pst_buffer_destroy(session, s.b);
    pst_buffer_destroy(session, s.c);
    return status;
}
