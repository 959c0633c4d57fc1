/* Checkpoints: the image, the optimizer's state and where the run is, in a file of this layout (numbers in the
 * machine's order, which the first of them proves): "pastiche checkpoint\n", version, the options as text, digests of
 * what else must be the same, numbers of the job and the stage, x, the optimizer, SHA-256 of all before. It is written
 * piece by piece and takes its name when it is whole. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/digest.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/writer.h"
#include "model/weights_digest.h"
#include "transfer/checkpoint_file.h"
#include "transfer/job.h"
#include "transfer/stage.h"
#include "transfer/transfer_options.h"

/* ---- the file, in either direction ---- */

typedef struct archive {
    pst_job *job;
    const char *path;
    bool loading, leads;
    pst_writer *out; /* rank 0 alone has a file, and gives the others what it reads */
    pst_file *in;
    pst_status lost; /* why not all could be written: the ranks go on to the end together */
    pst_error why;
    uint64_t at;
    pst_digest digest;
    float *band; /* a vector's numbers on their way */
} archive;

static pst_status put(void *self, void *data, size_t bytes) {
    archive *a = self;
    pst_error *error = &a->job->context->error;
    const pst_ranks *ranks = a->job->context->ranks;
    pst_status status = PST_OK;
    if (a->loading) {
        status = a->leads ? pst_file_read(error, a->in, a->at, data, bytes) : PST_OK;
        if (status == PST_OK)
            status = pst_ranks_broadcast(ranks, error, 0, data, bytes);
    } else if (a->leads && a->lost == PST_OK) {
        a->lost = pst_writer_append(error, a->out, data, bytes);
        if (a->lost != PST_OK)
            a->why = *error;
        pst_digest_add(&a->digest, data, bytes);
    }
    a->at += bytes;
    return status;
}

/* In bands of rows. */
static pst_status put_vector(void *self, pst_vector *vector) {
    archive *a = self;
    pst_space *space = a->job->stage.space;
    const int most = pst_space_band(space);
    const size_t row = 3 * (size_t)space->w;
    pst_status status = PST_OK;
    if (!a->band)
        PST_TRY(pst_allocate(&a->job->context->error, row * (size_t)most, sizeof(float), &a->band));
    for (int y = 0; y < space->h; y += most) {
        const int rows = most < space->h - y ? most : space->h - y;
        if (!a->loading)
            PST_TRY(space->methods->read(space, vector, y, rows, a->band));
        PST_TRY(put(a, a->band, sizeof(float) * row * (size_t)rows));
        if (a->loading)
            PST_TRY(space->methods->write(space, vector, y, rows, a->band));
    }
cleanup:
    return status;
}

typedef pst_checkpoint_state state;

static state state_of(const pst_job *job) {
    const pst_stage *stage = &job->stage;
    return (state){.iteration = stage->iteration,
                   .best_iteration = stage->best_iteration,
                   .x_is_best = stage->x_is_best,
                   .restarts = stage->restarts,
                   .job_iteration = job->iteration,
                   .window_since = stage->window_since,
                   .best_loss = stage->best_loss,
                   .loss = stage->loss,
                   .seconds = pst_job_seconds(job),
                   .content_weight = job->options.content_weight,
                   .style_weight = job->options.style_weight,
                   .tv_weight = job->options.tv_weight};
}

static bool is_weight(double weight) { return isfinite(weight) && weight >= 0; }

/* Can a run be in this state? What later code counts on: an iteration in range, a best image that is there. */
static bool is_sound(const pst_job *job, const state *s, const double *weights) {
    const pst_stage *stage = &job->stage;
    int64_t most_before = 0; /* iterations of the coarser scales */
    for (size_t k = 0; k < job->scale; k++)
        most_before += job->scales[k].iterations;
    for (size_t t = 0; t < job->objective_options.term_count; t++)
        if (!is_weight(weights[t]))
            return false;
    for (int i = 0; stage->window && i < job->options.improvement_window; i++)
        if (isnan(stage->window[i]))
            return false;
    return s->iteration >= 1 && s->iteration <= stage->iterations && s->job_iteration >= s->iteration &&
           s->job_iteration - s->iteration >= (int64_t)job->scale && s->job_iteration - s->iteration <= most_before &&
           s->best_iteration >= 1 && s->best_iteration <= s->iteration && s->restarts >= 0 &&
           s->restarts <= s->iteration && s->window_since >= 0 && s->window_since <= s->iteration &&
           (s->x_is_best == 0 || s->x_is_best == 1) && (s->x_is_best || pst_optimizer_best(stage->optimizer)) &&
           !isnan(s->best_loss) && isfinite(s->seconds) && s->seconds >= 0 && is_weight(s->content_weight) &&
           is_weight(s->style_weight) && is_weight(s->tv_weight);
}

static void apply(pst_job *job, const state *s, const double *weights) {
    pst_stage *stage = &job->stage;
    for (size_t t = 0; t < job->objective_options.term_count; t++) {
        job->objective_options.terms[t].weight = weights[t];
        pst_stage_weigh(job, t);
    }
    stage->iteration = (int)s->iteration;
    stage->best_iteration = (int)s->best_iteration;
    stage->x_is_best = s->x_is_best != 0;
    stage->restarts = (int)s->restarts;
    stage->window_since = (int)s->window_since;
    stage->best_loss = s->best_loss;
    stage->loss = s->loss;
    job->iteration = (int)s->job_iteration;
    job->seconds_before = s->seconds;
    job->options.content_weight = s->content_weight;
    job->options.style_weight = s->style_weight;
    job->options.tv_weight = s->tv_weight;
}

/* The numbers, then the image and the optimizer. Changes nothing of the job but its open stage. `weights` are those of
 * the terms, which may have changed in the course of the run. */
static pst_status put_state(archive *a, state *numbers, double *weights) {
    pst_job *job = a->job;
    pst_stage *stage = &job->stage;
    const pst_optimizer_archive way = {
        .self = a, .direction = a->loading ? PST_ARCHIVE_LOAD : PST_ARCHIVE_SAVE, .numbers = put, .vector = put_vector};
    pst_status status;
    PST_TRY(put(a, numbers, sizeof *numbers));
    PST_TRY(put(a, weights, sizeof *weights * job->objective_options.term_count));
    if (stage->window)
        PST_TRY(put(a, stage->window, sizeof(double) * (size_t)job->options.improvement_window));
    PST_TRY(put_vector(a, stage->x));
    PST_TRY(pst_optimizer_serialize(stage->optimizer, &way));
cleanup:
    return status;
}

static archive archive_of(pst_job *job, const char *path, bool loading) {
    return (archive){.job = job, .path = path, .loading = loading, .leads = pst_ranks_rank(job->context->ranks) == 0};
}

static pst_status open_to_write(archive *a) {
    pst_error *error = &a->job->context->error;
    pst_status status;
    if (!a->leads)
        return PST_OK;
    PST_TRY(pst_folder_create_for(error, a->path));
    PST_TRY(pst_writer_open(error, a->path, &a->out));
cleanup:
    return status;
}

static pst_status install(archive *a) {
    pst_error *error = &a->job->context->error;
    char sum[PST_DIGEST_BYTES];
    pst_status status = a->lost;
    if (status != PST_OK)
        *error = a->why;
    if (!a->leads || status != PST_OK)
        return status;
    pst_digest_end(&a->digest, sum);
    PST_TRY(pst_writer_append(error, a->out, sum, sizeof sum));
    PST_TRY(pst_writer_install(error, a->out));
cleanup:
    return status;
}

pst_status pst_job_save(pst_job *job, const char *path) {
    archive a = archive_of(job, path, false);
    const pst_ranks *ranks = job->context->ranks;
    char units[] = PST_CHECKPOINT_UNITS "0\n", magic[] = PST_CHECKPOINT_MAGIC, digests[PST_INPUTS][PST_DIGEST_BYTES];
    uint32_t version = PST_CHECKPOINT_VERSION;
    const size_t options_bytes = strlen(job->options_text);
    uint64_t scale = job->scale, text_bytes = options_bytes + strlen(units);
    pst_status status;
    if (!job->stage.iteration)
        return pst_fail(&job->context->error, PST_ERROR_ARGUMENT,
                        "%s: there is nothing to save before the first evaluation", path);
    PST_TRY(pst_job_digest_inputs(job, digests));
    PST_TRY(pst_ranks_agree(ranks, &job->context->error, open_to_write(&a)));
    pst_digest_begin(&a.digest, PST_DIGEST_SHA256);
    PST_TRY(put(&a, magic, sizeof magic));
    PST_TRY(put(&a, &version, sizeof version));
    PST_TRY(put(&a, &text_bytes, sizeof text_bytes));
    PST_TRY(put(&a, job->options_text, options_bytes));
    units[sizeof PST_CHECKPOINT_UNITS - 1] = job->context->session->matrix_units ? '1' : '0';
    PST_TRY(put(&a, units, strlen(units)));
    PST_TRY(put(&a, digests, sizeof digests));
    PST_TRY(put(&a, &scale, sizeof scale));
    state numbers = state_of(job);
    double weights[PST_TERMS_MAX];
    for (size_t t = 0; t < job->objective_options.term_count; t++)
        weights[t] = job->objective_options.terms[t].weight;
    PST_TRY(put_state(&a, &numbers, weights));
    PST_TRY(install(&a));
cleanup:
    pst_writer_close(a.out);
    pst_free(a.band);
    return pst_ranks_agree(ranks, &job->context->error, status);
}

pst_status pst_job_save_check(pst_job *job, const char *path) {
    pst_error *error = &job->context->error;
    pst_status status;
    PST_TRY(pst_folder_create_for(error, path));
    PST_TRY(pst_checkpoint_refuse_other(error, path));
    PST_TRY(pst_file_save_check(error, path));
cleanup:
    return status;
}

static pst_status damaged(const archive *a) {
    return pst_fail(&a->job->context->error, PST_ERROR_FORMAT, "%s: is damaged", a->path);
}

/* A tile that was not asked for is that of the file, or none. The text of the options is made to name it as texts do
 * now. */
static pst_status take_tile(const archive *a, char **options) {
    pst_job *job = a->job;
    const pst_tile_size ours = {.w = job->plan.tile_width, .h = job->plan.tile_height};
    pst_tile_size theirs;
    pst_status status = PST_OK;
    pst_options_tile(*options, &theirs.w, &theirs.h);
    PST_TRY(pst_options_set_tile(&job->context->error, options, theirs.w, theirs.h));
    if (!job->tile_chosen)
        return PST_OK;
    job->options.tile_width = theirs.w;
    job->options.tile_height = theirs.h;
    job->keeps_whole = !theirs.w;
    job->tile_chosen = false;
    if (theirs.w == ours.w && theirs.h == ours.h)
        return PST_OK;
    status = pst_job_plan_again(job);
    if (status == PST_ERROR_DEVICE_MEMORY && !theirs.w)
        status =
            pst_fail(&job->context->error, status,
                     "%s: was made without tiles, and now does not fit like that: it needs %.0f MiB of the device, "
                     "and may take %.0f MiB; let it take more memory, or start a new run",
                     a->path, (double)job->plan.device_bytes / 1048576, (double)job->plan.device_limit_bytes / 1048576);
cleanup:
    return status;
}

/* As people know it; in the text of the options it has two numbers. */
static void describe_tile(const char *options, char *text, size_t size) {
    pst_tile_size tile;
    pst_options_tile(options, &tile.w, &tile.h);
    if (tile.w)
        snprintf(text, size, "in tiles of %dx%d pixels", tile.w, tile.h);
    else
        snprintf(text, size, "without tiles");
}

/* Takes the line of matrix units out of the options. That they differ is no reason to refuse. */
static void take_units(const archive *a, char *options) {
    pst_job *job = a->job;
    char *line = strstr(options, "\n" PST_CHECKPOINT_UNITS);
    if (!line)
        return;
    const bool theirs = line[sizeof PST_CHECKPOINT_UNITS] == '1', ours = job->context->session->matrix_units;
    line[1] = '\0';
    if (theirs != ours)
        snprintf(job->notice, sizeof job->notice,
                 "the checkpoint was made %s matrix units, and this run works %s; the last bits may differ",
                 theirs ? "with" : "without", ours ? "with them" : "without");
}

/* Names the first option that the run of the file has another value of. */
static pst_status check_options(archive *a) {
    pst_error *error = &a->job->context->error;
    char made[64], works[64];
    const char *mine, *other;
    int m, o;
    uint64_t bytes;
    char *theirs = NULL;
    pst_status status;
    PST_TRY(put(a, &bytes, sizeof bytes));
    if (bytes > PST_CHECKPOINT_TEXT_MOST)
        PST_TRY(damaged(a));
    PST_TRY(pst_allocate(error, (size_t)bytes + 1, 1, &theirs));
    PST_TRY(put(a, theirs, (size_t)bytes));
    take_units(a, theirs);
    PST_TRY(take_tile(a, &theirs));
    PST_TRY(pst_options_complete(error, &theirs));
    mine = a->job->options_text;
    other = theirs;
    describe_tile(theirs, made, sizeof made);
    describe_tile(mine, works, sizeof works);
    if (strcmp(made, works) != 0)
        PST_TRY(pst_fail(error, PST_ERROR_ARGUMENT,
                         "%s: was made %s, and this run works %s; continue with the same tiles, or start a new run",
                         a->path, made, works));
    if (pst_options_differ(&mine, &m, &other, &o))
        status = pst_fail(
            error, PST_ERROR_ARGUMENT,
            "%s: was made with %.*s, and this run has %.*s; continue with the same options, or start a new run",
            a->path, o, other, m, mine);
cleanup:
    pst_free(theirs);
    return status;
}

static pst_status check_head(archive *a, uint64_t *scale) {
    pst_error *error = &a->job->context->error;
    char magic[sizeof PST_CHECKPOINT_MAGIC] = "", theirs[PST_INPUTS][PST_DIGEST_BYTES],
                      ours[PST_INPUTS][PST_DIGEST_BYTES];
    uint32_t version = 0;
    pst_status status = put(a, magic, sizeof magic);
    if (status != PST_OK || memcmp(magic, PST_CHECKPOINT_MAGIC, sizeof magic) != 0)
        return pst_fail(error, PST_ERROR_FORMAT, "%s: is not a checkpoint of pastiche", a->path);
    PST_TRY(put(a, &version, sizeof version));
    if (version != PST_CHECKPOINT_VERSION)
        return pst_checkpoint_refuse_version(error, a->path);
    PST_TRY(check_options(a));
    PST_TRY(put(a, theirs, sizeof theirs));
    PST_TRY(put(a, scale, sizeof *scale));
    PST_TRY(pst_job_digest_inputs(a->job, ours));
    for (size_t i = 0; i < PST_INPUTS; i++)
        if (memcmp(theirs[i], ours[i], PST_DIGEST_BYTES) != 0)
            return pst_fail(
                error, PST_ERROR_ARGUMENT,
                "%s: was made with %s; continue with the same images, network and options, or start a new run", a->path,
                pst_input_names[i]);
    if (*scale >= a->job->scale_count)
        return damaged(a);
cleanup:
    return status;
}

static pst_status open_to_read(archive *a, uint64_t *bytes) {
    pst_error *error = &a->job->context->error;
    const pst_ranks *ranks = a->job->context->ranks;
    pst_status status = PST_OK;
    *bytes = 0;
    if (a->leads)
        PST_TRY(pst_file_open(error, a->path, &a->in, bytes));
    pst_digest_begin(&a->digest, PST_DIGEST_SHA256);
    if (a->leads)
        PST_TRY(pst_checkpoint_check_sum(error, a->in, a->path, *bytes));
    PST_TRY(pst_ranks_broadcast(ranks, error, 0, bytes, sizeof *bytes));
cleanup:
    return pst_ranks_agree(ranks, error, status);
}

pst_status pst_job_resume(pst_job *job, const char *path) {
    archive a = archive_of(job, path, true);
    uint64_t bytes, scale;
    state numbers;
    double weights[PST_TERMS_MAX];
    pst_status status;
    if (job->started || job->stage.space)
        return pst_fail(&job->context->error, PST_ERROR_ARGUMENT, "a job can be resumed only before it runs");
    PST_TRY(pst_job_check_memory(job));
    PST_TRY(open_to_read(&a, &bytes));
    PST_TRY(check_head(&a, &scale));
    job->scale = (size_t)scale;
    PST_TRY(pst_job_open_stage(job, job->scale, job->content)); /* any start will do */
    status = put_state(&a, &numbers, weights);
    if (status == PST_ERROR_FORMAT ||
        (status == PST_OK && (a.at != bytes - PST_DIGEST_BYTES || !is_sound(job, &numbers, weights))))
        status = damaged(&a);
    PST_TRY(status);
    apply(job, &numbers, weights);
cleanup:
    status = pst_ranks_agree(job->context->ranks, &job->context->error, status);
    if (status != PST_OK) {
        pst_stage_close(job);
        job->scale = 0;
        job->notice[0] = '\0';
    }
    pst_file_close(a.in);
    pst_free(a.band);
    return status;
}
