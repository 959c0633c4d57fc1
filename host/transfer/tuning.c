/* The public header's choices of algorithms: read for a context, measured, kept, named for a job. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/memory.h"
#include "model/weights_random.h"
#include "op/matrix_units.h"
#include "package/compiler.h"
#include "package/printable.h"
#include "transfer/job.h"
#include "tune/choices_file.h"
#include "tune/tune.h"

#define FOREIGN 256
#define UNUSABLE 96

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
static pst_status read_own(pst_context *context, pst_opened_device *device) {
    char *path = NULL, foreign[FOREIGN];
    pst_error *error = device->session->error;
    pst_status status = pst_choices_path(device->session, &path);
    if (status == PST_OK)
        status = pst_choices_read(device->session, path, &device->choices, foreign);
    if (status == PST_OK && foreign[0]) {
        pst_conv_choices_clear(&device->choices);
        notice(context, "%.230s: %.230s; it is ignored", path, foreign);
    } else if (status == PST_ERROR_FORMAT) {
        notice(context, "%.490s; it is ignored", error->text);
    }
    pst_free(path);
    if (status == PST_ERROR_MEMORY)
        return status;
    *error = (pst_error){0};
    return PST_OK;
}

/* What would be passed over without a word: the first choice that this build or device has no use for, or "". */
static pst_status find_unusable(const pst_opened_device *device, char text[UNUSABLE]) {
    const pst_conv_engine engine = {.session = device->session, .gemm = device->gemm};
    pst_status status = pst_matrix_units_find_if_chosen(device->session, &device->choices);
    text[0] = '\0';
    for (size_t i = 0; i < device->choices.count && !text[0]; i++) {
        const pst_conv_choice *choice = &device->choices.entries[i];
        const pst_conv_algorithm *const *at = pst_conv_menu;
        while (*at && strcmp((*at)->name, choice->algorithm) != 0)
            at++;
        if (!*at)
            snprintf(text, UNUSABLE, "this build has no algorithm '%s'", choice->algorithm);
        else if (!pst_conv_usable(&engine, *at, &choice->shape))
            snprintf(text, UNUSABLE, "this device cannot use '%s' there", choice->algorithm);
    }
    return status;
}

/* Choices that the user asked for are used as far as that is possible. */
static pst_status tell_of_named(pst_context *context, const pst_opened_device *device, const char *file,
                                const char *foreign) {
    char unusable[UNUSABLE];
    pst_status status = find_unusable(device, unusable);
    if (foreign[0])
        notice(context, "%.180s: %.190s; it is used anyway%s%s", file, foreign, unusable[0] ? ", but " : "", unusable);
    else if (unusable[0])
        notice(context, "%.230s: %s; the built-in choice is used", file, unusable);
    return status;
}

pst_status pst_context_read_choices(pst_context *context, size_t d, const char *file) {
    pst_opened_device *device = &context->devices[d];
    char foreign[FOREIGN];
    device->own_choices = !file;
    if (!file)
        return read_own(context, device);
    if (!*file)
        return PST_OK;
    pst_status status = pst_choices_read(device->session, file, &device->choices, foreign);
    return status == PST_OK ? tell_of_named(context, device, file, foreign) : status;
}

pst_status pst_context_take_choices(pst_context *context, const char *text) {
    pst_opened_device *device = &context->devices[0];
    char foreign[FOREIGN];
    pst_status status =
        pst_choices_parse(device->session, "the choices of algorithms", text, strlen(text), &device->choices, foreign);
    return status == PST_OK ? tell_of_named(context, device, "the choice of algorithms", foreign) : status;
}

pst_status pst_job_choices_text(pst_job *job, char **text) {
    return pst_choices_print(job->context->session, &job->choices[0], text);
}

size_t pst_context_choices(const pst_context *context, const char **notice) {
    if (notice)
        *notice = context->choices_notice;
    return context->devices[0].choices.count;
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

/* Adds the new choices to what the file holds; the device's own is made with its folder. */
static pst_status keep(pst_session *session, const char *file, const pst_conv_choices *found) {
    char *own = NULL;
    pst_status status;
    if (file) {
        PST_TRY(pst_choices_write_check(session->error, file)); /* again, for measuring took a while */
        PST_TRY(pst_choices_merge(session, file, found));
        return PST_OK;
    }
    PST_TRY(pst_choices_path(session, &own));
    PST_TRY(pst_folder_create_for(session->error, own));
    PST_TRY(pst_choices_merge(session, own, found));
cleanup:
    pst_free(own);
    return status;
}

static void keep_refused(pst_opened_device *device) {
    pst_conv_choices found = {.refused = device->session->refused};
    if (!device->own_choices || found.refused == device->choices.refused)
        return;
    const pst_error before = *device->session->error;
    keep(device->session, NULL, &found);
    device->choices.refused = found.refused;
    *device->session->error = before;
}

void pst_context_share_refused(pst_context *context) {
    uint64_t refused[PST_CONTEXT_DEVICES_MAX] = {0};
    for (size_t d = 0; d < context->device_count; d++)
        refused[context->devices[d].kind] |= context->devices[d].session->refused;
    for (size_t d = 0; d < context->device_count; d++)
        context->devices[d].session->refused = refused[context->devices[d].kind];
}

void pst_context_keep_refused(pst_context *context) {
    if (!context->session)
        return;
    pst_context_share_refused(context);
    for (size_t d = 0; d < context->device_count; d++)
        if (context->devices[d].kind == d)
            keep_refused(&context->devices[d]);
}

static pst_conv_engine engine_of(const pst_context *context, size_t device) {
    const pst_opened_device *d = &context->devices[device];
    return (pst_conv_engine){.session = d->session,
                             .gemm = d->gemm,
                             .workspace_limit = pst_workspace_bytes(context),
                             .keep_limit = pst_keep_bytes(pst_context_memory_bytes(context))};
}

static pst_status read_options(pst_context *context, const pst_tune_options *options, pst_tune_options *o) {
    pst_tune_options_init(o, sizeof *o);
    if (options)
        memcpy(o, options, options->size < sizeof *o ? options->size : sizeof *o);
    if (o->width < 1 || o->height < 1 || o->width > PST_IMAGE_MAX_SIDE || o->height > PST_IMAGE_MAX_SIDE)
        return pst_fail(&context->error, PST_ERROR_ARGUMENT, "an image of %dx%d cannot be tuned for", o->width,
                        o->height);
    return PST_OK;
}

/* What the options ask to measure on a device. */
static pst_status list_products(const pst_conv_engine *engine, pst_network *network, const pst_tune_options *o,
                                pst_conv_shape shapes[2 * PST_LAYERS_MAX], size_t *count) {
    pst_weights *made = NULL;
    pst_device_network *net = NULL;
    pst_status status = PST_OK;
    if (!network)
        PST_TRY(pst_weights_vgg19(engine->session->error, &made));
    PST_TRY(pst_device_network_create(engine, network ? network->model : made, &net));
    PST_TRY(pst_tune_list(net, o->height, o->width, shapes, NULL, count));
cleanup:
    pst_device_network_destroy(net);
    pst_weights_destroy(made);
    return status;
}

static pst_status tune_device(pst_context *context, size_t d, pst_network *network, const pst_tune_options *o,
                              const pst_tuning *tuning) {
    pst_opened_device *device = &context->devices[d];
    const pst_conv_engine engine = engine_of(context, d);
    pst_conv_shape shapes[2 * PST_LAYERS_MAX];
    size_t count;
    pst_conv_choices found = {0};
    pst_status status;
    PST_TRY(list_products(&engine, network, o, shapes, &count));
    status = pst_tune_shapes(&engine, shapes, count, tuning, &found);
    if (status != PST_OK && status != PST_STOPPED)
        goto cleanup;
    bool stopped = status == PST_STOPPED;
    PST_TRY(pst_conv_choices_add(device->session->error, &device->choices, &found));
    found.refused = device->session->refused;
    context->choices_notice[0] = '\0';
    if (found.count && !(o->choices_file && !*o->choices_file))
        PST_TRY(keep(device->session, o->choices_file, &found));
    status = stopped ? PST_STOPPED : PST_OK;
cleanup:
    pst_conv_choices_clear(&found);
    return pst_context_tell(context, d, status);
}

/* Is it the first of its kind, whose choices count? */
static bool is_tuned(const pst_context *context, size_t device) { return context->devices[device].kind == device; }

static pst_status tune(pst_context *context, pst_network *network, const pst_tune_options *options,
                       pst_tune_callback callback, void *user) {
    pst_tune_options o;
    teller t = {callback, user};
    pst_tuning tuning;
    size_t kinds = 0;
    pst_status status;
    PST_TRY(read_options(context, options, &o));
    for (size_t d = 0; d < context->device_count; d++)
        kinds += is_tuned(context, d);
    if (kinds > 1 && o.choices_file && *o.choices_file)
        PST_TRY(pst_fail(&context->error, PST_ERROR_ARGUMENT,
                         "%s: a file of choices is for one kind of device, not for %zu; measure one after the other",
                         o.choices_file, kinds));
    if (o.choices_file && *o.choices_file) /* before what takes a minute */
        PST_TRY(pst_choices_write_check(&context->error, o.choices_file));
    pst_tuning_init(&tuning);
    tuning.seconds = o.seconds;
    if (callback) {
        tuning.tell = tell;
        tuning.user = &t;
    }
    for (size_t d = 0; d < context->device_count; d++)
        if (is_tuned(context, d))
            PST_TRY(tune_device(context, d, network, &o, &tuning));
cleanup:
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
    pst_tune_options o;
    if (pst_context_needs_device(context) != PST_OK || read_options(context, options, &o) != PST_OK)
        return false;
    for (size_t d = 0; d < context->device_count; d++) {
        pst_conv_engine engine = engine_of(context, d);
        pst_conv_shape shapes[2 * PST_LAYERS_MAX];
        size_t count, known = 0;
        if (!is_tuned(context, d))
            continue;
        if (list_products(&engine, network, &o, shapes, &count) != PST_OK)
            return false;
        engine.choices = &context->devices[d].choices;
        for (size_t i = 0; i < count; i++)
            known += pst_conv_chosen(&engine, &shapes[i]) != NULL;
        if (2 * known <= count)
            return false;
    }
    return true;
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
