/* The public header's choices of algorithms: read for a context, measured, kept, named for a job. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "model/weights_random.h"
#include "package/compiler.h"
#include "package/printable.h"
#include "transfer/job.h"
#include "tune/choices_file.h"
#include "tune/tune.h"

#define FOREIGN 256

/* ---- of a context ---- */

static void notice(pst_context *context, const char *format, ...) PRINTF_LIKE(2, 3);

/* Names of files and what is in them come from outside. */
static void notice(pst_context *context, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(context->choices_notice, sizeof context->choices_notice, format, arguments);
    va_end(arguments);
    pst_make_printable(context->choices_notice, sizeof context->choices_notice);
}

/* The device's own file may be absent, and what is wrong with it is no reason not to work. */
static pst_status read_own(pst_context *context) {
    char *path = NULL, foreign[FOREIGN];
    pst_status status = pst_choices_path(context->session, &path);
    if (status == PST_OK)
        status = pst_choices_read(context->session, path, &context->choices, foreign);
    if (status == PST_OK && foreign[0]) {
        pst_conv_choices_clear(&context->choices);
        notice(context, "%.230s: %.230s; it is ignored", path, foreign);
    } else if (status == PST_ERROR_FORMAT) {
        notice(context, "%.490s; it is ignored", context->error.text);
    }
    pst_free(path);
    if (status == PST_ERROR_MEMORY)
        return status;
    context->error = (pst_error){0};
    return PST_OK;
}

pst_status pst_context_read_choices(pst_context *context, const char *file) {
    char foreign[FOREIGN];
    context->choices_notice[0] = '\0';
    context->own_choices = !file;
    if (!file)
        return read_own(context);
    if (!*file)
        return PST_OK;
    pst_status status = pst_choices_read(context->session, file, &context->choices, foreign);
    if (status == PST_OK && foreign[0]) /* whoever names it wants it */
        notice(context, "%.230s: %.230s; it is used anyway", file, foreign);
    return status;
}

pst_status pst_context_take_choices(pst_context *context, const char *text) {
    char foreign[FOREIGN];
    context->choices_notice[0] = '\0';
    pst_status status = pst_choices_parse(context->session, "the choices of algorithms", text, strlen(text),
                                          &context->choices, foreign);
    if (status == PST_OK && foreign[0])
        notice(context, "the choices of algorithms: %.230s; they are used anyway", foreign);
    return status;
}

pst_status pst_job_choices_text(pst_job *job, char **text) {
    return pst_choices_print(job->context->session, &job->choices, text);
}

size_t pst_context_choices(const pst_context *context, const char **notice) {
    if (notice)
        *notice = context->choices_notice;
    return context->choices.count;
}

/* ---- tuning ---- */

void pst_tune_options_init(pst_tune_options *options, size_t size) {
    const pst_tune_options defaults = {.size = size, .width = 512, .height = 512, .seconds = 60};
    memset(options, 0, size);
    memcpy(options, &defaults, size < sizeof defaults ? size : sizeof defaults);
}

typedef struct teller {
    pst_tune_callback callback;
    void *user;
} teller;

static bool tell(void *user, size_t done, size_t total, const pst_conv_shape *s, const char *note) {
    static const char *const pools[] = {"", ", max pooling", ", average pooling"};
    const teller *t = user;
    char what[96] = "";
    if (s)
        snprintf(what, sizeof what, "%s %dx%d %d -> %d%s", s->backward ? "backward" : "forward", s->w, s->h, s->c_in,
                 s->c_out, pools[s->pool]);
    pst_tune_progress progress = {.done = (int)done, .total = (int)total, .what = what, .notice = note};
    return t->callback(t->user, &progress);
}

/* Adds the new choices to what the file holds, if that is for this device, driver and version. */
static pst_status keep(pst_context *context, const char *file, const pst_conv_choices *found) {
    pst_conv_choices all = {0};
    char *own = NULL, foreign[FOREIGN];
    pst_status status;
    if (!file)
        PST_TRY(pst_choices_path(context->session, &own));
    const char *path = file ? file : own;
    if (pst_choices_read(context->session, path, &all, foreign) != PST_OK)
        context->error = (pst_error){0};
    else if (foreign[0])
        pst_conv_choices_clear(&all);
    PST_TRY(pst_conv_choices_add(&context->error, &all, found));
    all.refused = found->refused; /* `pastiche tune` tries again what the file refuses */
    PST_TRY(pst_choices_write(context->session, path, &all));
cleanup:
    pst_conv_choices_clear(&all);
    pst_free(own);
    return status;
}

void pst_context_keep_refused(pst_context *context) {
    pst_conv_choices found = {.refused = context->session ? context->session->refused : 0};
    if (!context->own_choices || found.refused == context->choices.refused)
        return;
    const pst_error before = context->error;
    keep(context, NULL, &found);
    context->choices.refused = found.refused;
    context->error = before;
}

static pst_conv_engine engine_of(pst_context *context) {
    return (pst_conv_engine){
        .session = context->session, .gemm = context->gemm, .workspace_limit = pst_workspace_bytes(context->session)};
}

/* The options as they are meant, and what they ask to measure. */
static pst_status list_products(pst_context *context, pst_network *network, const pst_tune_options *options,
                                pst_tune_options *o, pst_conv_shape shapes[2 * PST_LAYERS_MAX], size_t *count) {
    const pst_conv_engine engine = engine_of(context);
    pst_weights *made = NULL;
    pst_device_network *net = NULL;
    pst_status status = PST_OK;
    pst_tune_options_init(o, sizeof *o);
    if (options)
        memcpy(o, options, options->size < sizeof *o ? options->size : sizeof *o);
    if (o->width < 1 || o->height < 1 || o->width > PST_IMAGE_MAX_SIDE || o->height > PST_IMAGE_MAX_SIDE)
        return pst_fail(&context->error, PST_ERROR_ARGUMENT, "an image of %dx%d cannot be tuned for", o->width,
                        o->height);
    if (!network)
        PST_TRY(pst_weights_vgg19(&context->error, &made));
    PST_TRY(pst_device_network_create(&engine, network ? network->model : made, &net));
    PST_TRY(pst_tune_list(net, o->height, o->width, shapes, NULL, count));
cleanup:
    pst_device_network_destroy(net);
    pst_weights_destroy(made);
    return status;
}

static pst_status tune(pst_context *context, pst_network *network, const pst_tune_options *options,
                       pst_tune_callback callback, void *user) {
    const pst_conv_engine engine = engine_of(context);
    pst_tune_options o;
    pst_conv_shape shapes[2 * PST_LAYERS_MAX];
    size_t count;
    teller t = {callback, user};
    pst_tuning tuning;
    pst_conv_choices found = {0};
    pst_status status;
    PST_TRY(list_products(context, network, options, &o, shapes, &count));
    pst_tuning_init(&tuning);
    tuning.seconds = o.seconds;
    if (callback) {
        tuning.tell = tell;
        tuning.user = &t;
    }
    status = pst_tune_shapes(&engine, shapes, count, &tuning, &found);
    if (status != PST_OK && status != PST_STOPPED)
        goto cleanup;
    bool stopped = status == PST_STOPPED;
    PST_TRY(pst_conv_choices_add(&context->error, &context->choices, &found));
    found.refused = context->session->refused;
    context->choices_notice[0] = '\0';
    if (found.count && !(o.choices_file && !*o.choices_file))
        PST_TRY(keep(context, o.choices_file, &found));
    status = stopped ? PST_STOPPED : PST_OK;
cleanup:
    pst_conv_choices_clear(&found);
    return status;
}

pst_status pst_tune(pst_context *context, pst_network *network, const pst_tune_options *options,
                    pst_tune_callback callback, void *user) {
    pst_status status = pst_context_needs_device(context);
    if (status != PST_OK)
        return status;
    if (pst_ranks_rank(context->ranks) == 0)
        status = tune(context, network, options, callback, user);
    status = pst_ranks_agree(context->ranks, &context->error, status);
    if (context->ranks && (status == PST_OK || status == PST_STOPPED)) {
        pst_status shared = pst_context_share_choices(context);
        status = shared == PST_OK ? status : shared;
    }
    return status;
}

bool pst_tune_known(pst_context *context, pst_network *network, const pst_tune_options *options) {
    if (pst_context_needs_device(context) != PST_OK)
        return false;
    pst_conv_engine engine = engine_of(context);
    pst_tune_options o;
    pst_conv_shape shapes[2 * PST_LAYERS_MAX];
    size_t count, known = 0;
    if (list_products(context, network, options, &o, shapes, &count) != PST_OK)
        return false;
    engine.choices = &context->choices;
    for (size_t i = 0; i < count; i++)
        known += pst_conv_chosen(&engine, &shapes[i]) != NULL;
    return 2 * known > count;
}

/* ---- of a job ---- */

pst_status pst_job_name_choices(pst_job *job) {
    pst_objective *objective;
    pst_status status = pst_objective_create(job->net, &job->objective_options, &objective);
    if (status != PST_OK)
        return status;
    const pst_pass *pass = pst_objective_pass(objective);
    for (size_t l = 0; l < pst_pass_layer_count(pass); l++)
        for (int backward = 0; backward < 2; backward++) {
            pst_conv_shape shape = pst_pass_shape(pass, l, backward);
            job->named_choices[job->named_count++] =
                (pst_choice){.layer = job->net->layers.at[l].name,
                             .algorithm = pst_device_network_algorithm(job->net, &shape)->name,
                             .backward = backward,
                             .measured = pst_conv_chosen(&job->net->engine, &shape) != NULL};
        }
    pst_objective_destroy(objective);
    return PST_OK;
}

const pst_choice *pst_job_choices(const pst_job *job, size_t *count) {
    *count = job->named_count;
    return job->named_choices;
}
