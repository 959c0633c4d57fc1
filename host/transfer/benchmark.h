/* What the files of the benchmark share. */
#ifndef PST_TRANSFER_BENCHMARK_H
#define PST_TRANSFER_BENCHMARK_H

#include "loss/objective.h"
#include "op/gram.h"
#include "transfer/context.h"
#include "tune/tune.h"

typedef struct pst_bench_state {
    pst_context *context;
    pst_bench_options options;
    pst_bench_callback callback;
    void *user;
    pst_conv_engine engine;
    pst_weights *model, *made; /* made: owned, where the caller has no network */
    double start, ceiling;
    pst_measuring measuring;
} pst_bench_state;

/* Sets what needs the device and the weights; network NULL: VGG-19's shapes with random weights. */
pst_status pst_bench_begin(pst_context *context, pst_network *network, pst_bench_state *b);
void pst_bench_end(pst_bench_state *b);

/* Gives a row with its rate to the callback; timing NULL: nothing was measured. PST_STOPPED if the callback says so. */
pst_status pst_bench_give(pst_bench_state *b, pst_bench_row *row, const pst_timing *timing);

/* ---- evaluations ---- */

#define PST_BENCH_STYLES 5
extern const char *const pst_bench_styles[PST_BENCH_STYLES]; /* layers whose Gram matrices count */

typedef struct pst_bench_scene {
    int side;
    bool fits; /* else there is nothing to evaluate */
    pst_device_network *net;
    pst_objective *objective;
    pst_buffer *x, *gradient;
    double work;
    uint64_t device_bytes;
} pst_bench_scene;

/* Closed after a failure too. */
pst_status pst_bench_scene_open(pst_bench_state *b, int side, pst_bench_scene *scene);
void pst_bench_scene_close(pst_bench_state *b, pst_bench_scene *scene);

/* Queues an evaluation of a scene: a pst_measured. */
pst_status pst_bench_evaluate(void *scene);

/* Fails unless loss and gradient of the last evaluation are finite. */
pst_status pst_bench_scene_check(pst_bench_state *b, const pst_bench_scene *scene);

/* The row of an evaluation. */
pst_status pst_bench_evaluation(pst_bench_state *b, int side);

/* The rows of Gram matrices, poolings and vectors, for an image of this size. */
pst_status pst_bench_kernels(pst_bench_state *b, int side);

/* Whether further rounds would not change the verdict: the processor's speed stayed, and the rounds agree. */
bool pst_score_is_settled(const pst_score *score);

/* Decides whether a score that was measured is reliable, and says why not. */
void pst_score_judge(pst_score *score, bool graphics, bool vgg19);

#endif
