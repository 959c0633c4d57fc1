/* Checkpoints: the bytes behind a head that belongs to the job, and the sum that belongs to both, which no chance
 * finds. The first byte chooses the optimizer. The job has no device: the linker puts what is below in the place of
 * what would ask it, and vectors are on the host. What was accepted has to be good for a few steps. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/digest.h"
#include "base/file.h"
#include "base/memory.h"
#include "fuzz.h"
#include "host_vectors.h"
#include "transfer/stage.h"
#include "transfer/transfer_options.h"

enum { SIDE = 2, LENGTH = 3 * SIDE * SIDE, WINDOW = 3, TERMS = 2, ITERATIONS = 9, HISTORY = 3, DIGEST_BYTES = 65 };

static pst_error error;
static host_space space;
static pst_optimizer_options optimizer_options;

/* ---- in the place of the device ---- */

pst_status __wrap_pst_stage_open(pst_job *job, size_t k, const pst_image *from);
void __wrap_pst_stage_close(pst_job *job);
pst_status __wrap_pst_job_check_memory(pst_job *job);
void __wrap_pst_stage_weigh(pst_job *job, size_t term);

static pst_status read_rows(pst_space *from, const pst_vector *vector, int first, int count, float *rows) {
    (void)from;
    FUZZ_PROMISE(first == 0 && count == SIDE);
    for (int i = 0; i < LENGTH; i++)
        rows[i] = (float)vector->values[i];
    return PST_OK;
}

static pst_status write_rows(pst_space *to, pst_vector *vector, int first, int count, const float *rows) {
    (void)to;
    FUZZ_PROMISE(first == 0 && count == SIDE);
    for (int i = 0; i < LENGTH; i++)
        vector->values[i] = rows[i];
    return PST_OK;
}

pst_status __wrap_pst_stage_open(pst_job *job, size_t k, const pst_image *from) {
    static const pst_space_methods methods = {.read = read_rows, .write = write_rows};
    static pst_space images = {.methods = &methods, .w = SIDE, .h = SIDE};
    pst_stage *stage = &job->stage;
    pst_status status;
    (void)k, (void)from;
    stage->iterations = ITERATIONS;
    stage->space = &images;
    PST_TRY(space.space.create(&space, &stage->x));
    PST_TRY(pst_allocate(&error, WINDOW, sizeof *stage->window, &stage->window));
    PST_TRY(pst_optimizer_create(&space.space, &optimizer_options, &stage->optimizer));
cleanup:
    return status;
}

void __wrap_pst_stage_close(pst_job *job) {
    pst_optimizer_destroy(job->stage.optimizer);
    space.space.destroy(&space, job->stage.x);
    pst_free(job->stage.window);
    job->stage = (pst_stage){0};
}

pst_status __wrap_pst_job_check_memory(pst_job *job) {
    (void)job;
    return PST_OK;
}

void __wrap_pst_stage_weigh(pst_job *job, size_t term) {
    const double weight = job->objective_options.terms[term].weight;
    FUZZ_PROMISE(isfinite(weight) && weight >= 0);
}

/* ---- the job and its file ---- */

static pst_job *make_job(void) {
    static pst_session session = {.error = &error};
    static pst_context context = {.session = &session};
    static pst_weights model = {.convolution_count = 1};
    static pst_network network = {.context = &context, .model = &model};
    static pst_job job = {
        .context = &context, .network = &network, .width = SIDE, .height = SIDE, .multiple = 1, .scale_count = 2};
    static bool made;
    if (!made) {
        FUZZ_PROMISE(pst_img_create(&error, SIDE, SIDE, NULL, &job.content) == PST_OK);
        pst_transfer_options options;
        pst_transfer_options_init(&options, sizeof options);
        FUZZ_PROMISE(pst_options_text(&error, &options, &job.options_text) == PST_OK); /* all: a file lacks none */
        job.options.improvement_window = WINDOW;
        job.objective_options.term_count = TERMS;
        job.scales[0].iterations = job.scales[1].iterations = ITERATIONS;
        memset(model.digests[0], '0', sizeof model.digests[0] - 1);
        memset(job.masks_digest, '0', sizeof job.masks_digest - 1);
        host_space_init(&space, LENGTH);
        made = true;
    }
    context.error = (pst_error){0};
    return &job;
}

static void choose_optimizer(int which) {
    static const pst_optimizer_kind kinds[] = {PST_OPTIMIZER_LBFGS, PST_OPTIMIZER_LBFGS_PLAIN, PST_OPTIMIZER_ADAM,
                                               PST_OPTIMIZER_GRADIENT_DESCENT};
    optimizer_options = (pst_optimizer_options){.kind = kinds[which % 4],
                                                .history = HISTORY,
                                                .learning_rate = 1,
                                                .beta1 = .9,
                                                .beta2 = .999,
                                                .epsilon = 1e-8,
                                                .momentum = .5};
    if (which & 4 && optimizer_options.kind != PST_OPTIMIZER_LBFGS &&
        optimizer_options.kind != PST_OPTIMIZER_LBFGS_PLAIN)
        optimizer_options.average = .9;
}

/* The file of a run at its first evaluation; its head, up to and with the scale, is that of all files of the job. */
static size_t make_head(pst_job *job, uint8_t **file, size_t *bytes) {
    static const char name[] = "first";
    fuzz_folder();
    FUZZ_PROMISE(pst_stage_open(job, 0, NULL) == PST_OK);
    job->stage.iteration = job->stage.best_iteration = job->iteration = 1;
    job->stage.x_is_best = true;
    FUZZ_PROMISE(pst_job_save(job, name) == PST_OK);
    pst_stage_close(job);
    job->iteration = 0;
    FUZZ_PROMISE(pst_file_load(&error, name, 1 << 20, file, bytes) == PST_OK);
    return sizeof "pastiche checkpoint\n" + 4 + 8 + strlen(job->options_text) + sizeof "matrix_units=0\n" - 1 +
           4 * DIGEST_BYTES + 8;
}

static void write_file(const uint8_t *head, size_t head_bytes, const uint8_t *data, size_t bytes, const char *name) {
    pst_digest digest;
    size_t all = head_bytes + bytes;
    uint8_t *file = malloc(all + DIGEST_BYTES);
    FUZZ_PROMISE(file);
    memcpy(file, head, head_bytes);
    memcpy(file + head_bytes, data, bytes);
    pst_digest_begin(&digest, PST_DIGEST_SHA256);
    pst_digest_add(&digest, file, all);
    pst_digest_end(&digest, (char *)file + all);
    fuzz_file(name, file, all + DIGEST_BYTES);
    free(file);
}

static void go_on(pst_job *job) {
    pst_vector *g;
    FUZZ_PROMISE(job->stage.iteration >= 1 && job->stage.iteration <= ITERATIONS && job->iteration >= 1);
    FUZZ_PROMISE(space.space.create(&space, &g) == PST_OK);
    for (int i = 0; i < LENGTH; i++)
        g->values[i] = i - 3;
    for (int step = 0; step < 3; step++)
        if (host_space_step(&space, job->stage.optimizer, &job->stage.x, &g, 1.0 / (1 + step)) != PST_OK)
            break;
    space.space.destroy(&space, g);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes) {
    static const char name[] = "checkpoint";
    static uint8_t *first;
    static size_t first_bytes, head;
    pst_job *job = make_job();
    if (bytes < 1)
        return 0;
    choose_optimizer(data[0]);
    if (!first)
        head = make_head(job, &first, &first_bytes);
    write_file(first, head, data + 1, bytes - 1, name);
    char *text;
    pst_status status = pst_checkpoint_text(job->context, name, &text);
    fuzz_check(status, &job->context->error, text, NULL);
    pst_bytes_destroy(text);
    job->context->error = (pst_error){0};
    status = pst_job_resume(job, name);
    fuzz_check(status, &job->context->error, status == PST_OK ? job : NULL, NULL);
    if (status == PST_OK)
        go_on(job);
    pst_stage_close(job);
    job->scale = 0;
    job->iteration = 0;
    FUZZ_PROMISE(space.live == 0);
    return 0;
}
