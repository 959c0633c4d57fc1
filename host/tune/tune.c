#include "tune/tune.h"

#include <math.h>
#include <stdio.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/memory.h"
#include "op/blocks.h"
#include "op/matrix_units.h"
#include "tune/trial.h"

#define SMALL_H 9 /* of the complete comparison: several tiles of every algorithm, and parts of them */
#define SMALL_W 13
#define RIGHT 1e-8      /* the normalized mean square error that is believed */
#define BITS_SHARE 1000 /* one of so many bits may differ where numbers are nearly equal ... */
#define BITS_SOME 4     /* ... and a few in any case */
#define FIRST_FLOPS 2e8 /* of the run that tells how many rows to measure with */
#define GLANCE 8        /* part of the rows that shows whether a candidate is hopeless */
#define BEHIND 1.2      /* times the fastest: a form of blocks that is slower so often in a row is not tried again */
#define BEHIND_SHAPES 3
#define CLEARLY 0.95 /* part of the default's time that replaces it: less is noise, and choices should repeat */

void pst_tuning_init(pst_tuning *tuning) {
    *tuning = (pst_tuning){
        .menu = pst_conv_menu,
        .run_seconds = 0.05,
        .hopeless = 1.4,
        .seconds = 60,
        .measuring = {.least_samples = 3, .most_samples = 7, .seconds = 0.03, .warm = true, .halving = true}};
}

double pst_conv_flops(const pst_conv_shape *s) { return 18.0 * s->h * s->w * s->c_in * s->c_out; }

/* Takes the failure of a candidate out of the error record; what concerns more than the candidate stays. */
static pst_status pass_over(pst_session *session, pst_status status, pst_candidate *candidate) {
    if (status == PST_OK || session->lost || status == PST_ERROR_MEMORY)
        return status;
    snprintf(candidate->problem, sizeof candidate->problem, "%.190s", session->error->text);
    *session->error = (pst_error){0};
    return PST_OK;
}

/* ---- is it right? ---- */

typedef struct result {
    float *out;
    uint16_t *bits;
} result;

static pst_status result_of(pst_trial *trial, const pst_conv_algorithm *algorithm, pst_buffer **prepared, result *r) {
    pst_status status;
    PST_TRY(pst_trial_take(trial, algorithm, prepared, 0));
    PST_TRY(pst_trial_run(trial));
    PST_TRY(pst_trial_read(trial, r->out, r->bits));
cleanup:
    return status;
}

static const char *compare(const pst_trial *trial, const result *r, const result *oracle) {
    double wrong = 0, size = 0;
    size_t differ = 0;
    for (size_t i = 0; i < trial->out_count; i++) {
        double expected = (double)oracle->out[i], difference = (double)r->out[i] - expected;
        wrong += difference * difference;
        size += expected * expected;
    }
    for (size_t i = 0; i < trial->bits_count; i++)
        for (unsigned bits = (unsigned)(r->bits[i] ^ oracle->bits[i]); bits; bits &= bits - 1)
            differ++;
    if (!(wrong <= RIGHT * size)) /* NaN too */
        return "computes wrongly";
    if (differ > trial->bits_count * 16 / BITS_SHARE + BITS_SOME)
        return "leaves wrong bits for the way back";
    return pst_trial_guard_is_whole(r->out + trial->out_count) ? NULL : "writes beyond its result";
}

/* Gives every candidate that is not the oracle's equal a problem. */
static pst_status check(const pst_conv_engine *engine, const pst_conv_shape *shape, const pst_conv_algorithm *oracle,
                        pst_candidate *candidates, pst_buffer **prepared, size_t count) {
    pst_session *session = engine->session;
    pst_buffer *oracles = NULL;
    pst_conv_shape small = *shape;
    pst_trial trial = {0};
    result right = {0}, r = {0};
    pst_status status;
    small.h = SMALL_H;
    small.w = SMALL_W;
    PST_TRY(pst_trial_open(engine, &small, &trial));
    result *both[] = {&right, &r};
    for (int i = 0; i < 2; i++) {
        PST_TRY(pst_allocate(session->error, trial.out_count + PST_TRIAL_GUARD, sizeof(float), &both[i]->out));
        PST_TRY(pst_allocate(session->error, trial.bits_count, sizeof(uint16_t), &both[i]->bits));
    }
    if (pst_rehearsal_begin(session)) {
        for (size_t i = 0; i < count; i++)
            result_of(&trial, candidates[i].algorithm, &prepared[i], &r);
        pst_rehearsal_end(session);
    }
    PST_TRY(result_of(&trial, oracle, &oracles, &right));
    for (size_t i = 0; i < count; i++) {
        if (candidates[i].algorithm == oracle)
            continue;
        const char *problem = NULL;
        status = result_of(&trial, candidates[i].algorithm, &prepared[i], &r);
        if (status == PST_OK)
            problem = compare(&trial, &r, &right);
        PST_TRY(pass_over(session, status, &candidates[i]));
        if (problem)
            snprintf(candidates[i].problem, sizeof candidates[i].problem, "%s", problem);
    }
cleanup:
    for (int i = 0; i < 2; i++) {
        pst_free(i ? r.out : right.out);
        pst_free(i ? r.bits : right.bits);
    }
    pst_trial_close(&trial);
    pst_buffer_destroy(session, oracles);
    return status;
}

/* ---- how fast is it? ---- */

static int even_rows(const pst_conv_shape *shape, double rows) {
    int even = rows < 4 ? 4 : rows > 1e6 ? 1000000 : (int)rows / 4 * 4;
    return even < shape->h ? even : shape->h;
}

/* The size to measure with: fewer rows if the product takes longer than a run may. */
static pst_status choose_rows(const pst_conv_engine *engine, const pst_tuning *tuning,
                              const pst_conv_algorithm *algorithm, pst_buffer **prepared, pst_conv_shape *shape) {
    pst_conv_shape first = *shape;
    pst_trial trial = {0};
    double seconds;
    pst_status status;
    first.h = even_rows(shape, FIRST_FLOPS / (pst_conv_flops(shape) / shape->h));
    PST_TRY(pst_trial_open(engine, &first, &trial));
    PST_TRY(pst_trial_take(&trial, algorithm, prepared, 0));
    PST_TRY(pst_measure_once(engine->session, pst_trial_run, &trial, &seconds)); /* may compile */
    PST_TRY(pst_measure_once(engine->session, pst_trial_run, &trial, &seconds));
    shape->h = even_rows(shape, first.h * tuning->run_seconds / (seconds > 1e-9 ? seconds : 1e-9));
cleanup:
    pst_trial_close(&trial);
    return status;
}

/* Whether a few rows take so long that the rest need not be seen. */
static pst_status glance(pst_trial *trial, int rows, double hopeless, double best, bool *slow) {
    double seconds;
    pst_status status;
    trial->rows = rows;
    PST_TRY(pst_measure_once(trial->engine->session, pst_trial_run, trial, &seconds));
    *slow = seconds * trial->shape.h / rows >
            2 * hopeless * best; /* twice: what a run costs once is a larger part of a few rows */
cleanup:
    trial->rows = trial->shape.h;
    return status;
}

/* Whether one candidate is right in a trial of all rows, and not hopeless; best: the shortest time so far, or INFINITY.
 * Sets `measured` if it is worth that. */
static pst_status try_candidate(pst_trial *trial, const pst_tuning *tuning, double *best, pst_buffer **prepared,
                                pst_candidate *candidate) {
    pst_session *session = trial->engine->session;
    bool may_be_dropped = tuning->hopeless > 0 && isfinite(*best);
    int part =
        may_be_dropped && trial->shape.h >= 4 * GLANCE ? even_rows(&trial->shape, (double)trial->shape.h / GLANCE) : 0;
    double seconds, error;
    pst_status status;
    PST_TRY(pst_trial_take(trial, candidate->algorithm, prepared, part));
    if (part)
        PST_TRY(glance(trial, part, tuning->hopeless, *best, &candidate->slow));
    if (candidate->slow)
        return PST_OK;
    PST_TRY(pst_trial_take(trial, candidate->algorithm, prepared, part)); /* spoiled anew: backward adds */
    PST_TRY(pst_measure_once(session, pst_trial_run, trial, &seconds));
    PST_TRY(pst_trial_look(trial, &error));
    if (!(error <= RIGHT)) {
        snprintf(candidate->problem, sizeof candidate->problem, "computes wrongly with %dx%d pixels", trial->shape.w,
                 trial->shape.h);
        return PST_OK;
    }
    candidate->slow = may_be_dropped && seconds > tuning->hopeless * *best;
    candidate->measured = !candidate->slow;
    *best = seconds < *best ? seconds : *best;
cleanup:
    return status;
}

typedef struct entrant {
    pst_trial *trial;
    const pst_conv_algorithm *algorithm;
    const pst_buffer *prepared;
} entrant;

static pst_status run_entrant(void *user) {
    const entrant *e = user;
    pst_trial_resume(e->trial, e->algorithm, e->prepared);
    return pst_trial_run(e->trial);
}

/* The times of those that are `measured`, in turn. */
static pst_status measure_all(pst_trial *trial, const pst_tuning *tuning, pst_buffer *const *prepared,
                              pst_candidate *candidates, size_t count) {
    entrant entrants[PST_CANDIDATES_MAX];
    void *users[PST_CANDIDATES_MAX];
    pst_timing timings[PST_CANDIDATES_MAX];
    size_t n = 0;
    for (size_t i = 0; i < count; i++)
        if (candidates[i].measured) {
            entrants[n] = (entrant){trial, candidates[i].algorithm, prepared[i]};
            users[n] = &entrants[n];
            n++;
        }
    pst_status status = pst_measure_in_turn(trial->engine->session, &tuning->measuring, n, run_entrant, users, timings);
    if (status != PST_OK)
        return status;
    for (size_t i = count; i-- > 0;)
        if (candidates[i].measured) {
            candidates[i].timing = timings[--n];
            candidates[i].h = trial->shape.h;
        }
    return PST_OK;
}

/* The default, then the menu's others, then the oracle, which is slow and is measured only if it is not hopeless. */
static size_t list_candidates(const pst_conv_engine *engine, const pst_conv_shape *shape, const pst_tuning *tuning,
                              pst_candidate *candidates) {
    const pst_conv_algorithm *usual = pst_conv_default(engine, shape), *oracle = tuning->menu[0];
    size_t count = 0;
    for (int turn = 0; turn < 3; turn++)
        for (size_t i = 0; tuning->menu[i] && count < PST_CANDIDATES_MAX; i++) {
            const pst_conv_algorithm *algorithm = tuning->menu[i];
            int its_turn = algorithm == usual ? 0 : algorithm == oracle ? 2 : 1;
            size_t form = pst_conv_block_form(algorithm);
            if (its_turn == 1 && form < PST_BLOCK_FORMS && tuning->without >> form & 1)
                continue;
            if (its_turn == turn && pst_conv_usable(engine, algorithm, shape))
                candidates[count++] = (pst_candidate){.algorithm = algorithm};
        }
    return count;
}

pst_status pst_tune_candidates(const pst_conv_engine *engine, const pst_conv_shape *shape, const pst_tuning *tuning,
                               pst_candidate candidates[PST_CANDIDATES_MAX], size_t *count) {
    pst_session *session = engine->session;
    pst_conv_shape rows = *shape;
    pst_trial trial = {0};
    pst_buffer *prepared[PST_CANDIDATES_MAX] = {NULL};
    double best = INFINITY;
    pst_status status;
    *count = 0;
    PST_TRY(pst_matrix_units_find(session));
    *count = list_candidates(engine, shape, tuning, candidates);
    PST_TRY(check(engine, shape, tuning->menu[0], candidates, prepared, *count));
    for (size_t i = 0; i < *count; i++) {
        pst_candidate *candidate = &candidates[i];
        if (candidate->problem[0])
            continue;
        if (!trial.engine) { /* the first that is believed says how much there is time for */
            status = choose_rows(engine, tuning, candidate->algorithm, &prepared[i], &rows);
            if (status == PST_OK)
                status = pst_trial_open(engine, &rows, &trial);
            PST_TRY(pass_over(session, status, candidate));
            if (candidate->problem[0])
                continue;
        }
        PST_TRY(pass_over(session, try_candidate(&trial, tuning, &best, &prepared[i], candidate), candidate));
    }
    if (isfinite(best))
        PST_TRY(measure_all(&trial, tuning, prepared, candidates, *count));
cleanup:
    pst_trial_close(&trial);
    for (size_t i = 0; i < *count; i++)
        pst_buffer_destroy(session, prepared[i]);
    return status;
}

/* ---- choosing ---- */

/* By the shortest times: what else runs on the machine can only add to them. */
static const pst_candidate *fastest(const pst_candidate *candidates, size_t count) {
    const pst_candidate *best = NULL;
    for (size_t i = 0; i < count; i++)
        if (candidates[i].measured && (!best || candidates[i].timing.least < CLEARLY * best->timing.least))
            best = &candidates[i];
    return best;
}

/* How often in a row the algorithms of each form of blocks have been behind the fastest. */
static void note_forms(const pst_candidate *candidates, size_t count, int behind[PST_BLOCK_FORMS], unsigned *without) {
    double least[PST_BLOCK_FORMS], best = INFINITY;
    for (size_t form = 0; form < PST_BLOCK_FORMS; form++)
        least[form] = INFINITY;
    for (size_t i = 0; i < count; i++) {
        size_t form = pst_conv_block_form(candidates[i].algorithm);
        if (form == PST_BLOCK_FORMS || !candidates[i].measured)
            continue;
        least[form] = fmin(least[form], candidates[i].timing.least);
        best = fmin(best, least[form]);
    }
    for (size_t form = 0; form < PST_BLOCK_FORMS && isfinite(best); form++) {
        behind[form] = least[form] > BEHIND * best ? behind[form] + 1 : 0;
        if (behind[form] >= BEHIND_SHAPES)
            *without |= 1u << form;
    }
}

pst_status pst_tune_shapes(const pst_conv_engine *engine, const pst_conv_shape *shapes, size_t count,
                           const pst_tuning *tuning, pst_conv_choices *choices) {
    pst_candidate candidates[PST_CANDIDATES_MAX];
    pst_tuning narrowed = *tuning;
    int behind[PST_BLOCK_FORMS] = {0};
    double start = pst_clock_seconds();
    bool stop = false;
    pst_status status = PST_OK;
    for (size_t i = 0; i < count && !stop; i++) {
        size_t found;
        if (tuning->seconds > 0 && pst_clock_seconds() - start > tuning->seconds) {
            if (tuning->tell)
                tuning->tell(tuning->user, i, count, &shapes[i],
                             "the time is over; the remaining products keep their defaults");
            break;
        }
        stop = tuning->tell && tuning->tell(tuning->user, i, count, &shapes[i], NULL);
        if (stop)
            break;
        PST_TRY(pst_tune_candidates(engine, &shapes[i], &narrowed, candidates, &found));
        note_forms(candidates, found, behind, &narrowed.without);
        for (size_t c = 0; c < found; c++)
            if (candidates[c].problem[0] && tuning->tell) {
                char note[256];
                snprintf(note, sizeof note, "%s is skipped: %.200s", candidates[c].algorithm->name,
                         candidates[c].problem);
                stop = tuning->tell(tuning->user, i, count, &shapes[i], note) || stop;
            }
        const pst_candidate *best = fastest(candidates, found);
        if (best)
            PST_TRY(pst_conv_choices_set(engine->session->error, choices, &shapes[i], best->algorithm->name));
    }
    if (tuning->tell && !stop)
        tuning->tell(tuning->user, count, count, NULL, NULL);
    status = stop ? PST_STOPPED : PST_OK;
cleanup:
    return status;
}

pst_status pst_tune_list(pst_device_network *net, int h, int w, pst_conv_shape *shapes, size_t *layers, size_t *count) {
    static const char *const usual[] = {"relu1_1", "relu2_1", "relu3_1", "relu4_1", "relu4_2", "relu5_1"};
    pst_pass_options options = {.h = h, .w = w, .pooling = PST_POOL_MAX, .backward = true};
    pst_pass *pass;
    bool any = false;
    *count = 0;
    for (size_t i = 0; i < sizeof usual / sizeof *usual; i++) {
        int layer = pst_layers_find(&net->layers, usual[i]);
        if (layer >= 0)
            any = options.wanted[layer] = true;
    }
    if (!any)
        options.wanted[net->layers.count - 1] = true;
    pst_status status = pst_pass_create(net, &options, &pass);
    if (status != PST_OK)
        return status;
    for (size_t l = 0; l < pst_pass_layer_count(pass); l++)
        for (int backward = 0; backward < 2; backward++) {
            pst_conv_shape shape = pst_pass_shape(pass, l, backward);
            size_t same = 0;
            while (same < *count && !(shapes[same].h == shape.h && shapes[same].w == shape.w &&
                                      shapes[same].c_in == shape.c_in && shapes[same].c_out == shape.c_out &&
                                      shapes[same].backward == shape.backward && shapes[same].pool == shape.pool))
                same++;
            if (same < *count)
                continue;
            if (layers)
                layers[*count] = l;
            shapes[(*count)++] = shape;
        }
    pst_pass_destroy(pass);
    return PST_OK;
}
