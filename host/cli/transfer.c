#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "commands.h"
#include "complain.h"
#include "device_choice.h"
#include "files.h"
#include "log.h"
#include "progress.h"
#include "signals.h"

/* Less work than this is done sooner than a device is measured. */
/* Floating point operations of a run that is worth measuring for. On processors the built-in choices are within a few per cent of
 * the best, and measuring takes them half a minute at first: worth it for a quarter of an hour's work. */
static const double tune_flops = 2e13, tune_flops_cpu = 5e14;

/* All that one run holds. */
typedef struct run {
    const settings *settings;
    pst_catalogue *catalogue;
    const char *model;   /* the network's file; of the catalogue */
    pst_context *context;
    pst_network *network;
    pst_image *content, *start, **styles;
    pst_job *job;
    pst_device_info device;
    progress report;
    run_log log;
    pst_progress last;   /* of the last evaluation; its pointers are not valid any more */
    bool picture_failed; /* an intermediate picture could not be written */
} run;

/* Complains with the library's detail of its last failure. */
static int failed(run *r, pst_status status)
{
    const char *message = r->context ? pst_context_message(r->context) : "";
    progress_clear(&r->report);
    complain("%s", *message ? message : status == PST_ERROR_MEMORY ? "no memory left" : pst_status_name(status));
    return status == PST_ERROR_ARGUMENT ? EXIT_USAGE : EXIT_FAILED;
}

/* ---- before the run ---- */

static bool is_input(const run *r, const char *path)
{
    const settings *s = r->settings;
    for (size_t i = 0; i < s->style_count; i++)
        if (file_same(path, s->styles[i]))
            return true;
    return file_same(path, s->content) || file_same(path, r->model)
           || (s->start == START_FILE && file_same(path, s->start_file));
}

/* A slip of the hand must not cost anyone a photograph. */
static bool outputs_are_safe(const run *r)
{
    const settings *s = r->settings;
    if (is_input(r, s->output)) {
        complain("%s: is both the output and an input; choose another name for -o", s->output);
        return false;
    }
    if (s->log && (is_input(r, s->log) || file_same(s->log, s->output))) {
        complain("%s: is both the log and another file of this run; choose another name for --log", s->log);
        return false;
    }
    return true;
}

static void print_notices(run *r)
{
    const settings *s = r->settings;
    if (!s->model)
        progress_say(&r->report, "the network is %s%s", r->model,
                     strncmp(r->model, "built-in:", 9) == 0 ? "; `pastiche model fetch vgg19` fetches a better one" : "");
    for (size_t i = 0; i < s->ignored_count; i++)
        progress_say(&r->report, "--%s has no meaning here and is passed over", s->ignored[i]);
    if (s->init_image && s->start != START_FILE)
        progress_say(&r->report, "--init-image is used only with --init image; --start FILE does both");
}

/* Pictures are enlarged, but there is nothing to paint in one pixel, or to learn from it. */
static bool read_picture(run *r, const char *path, pst_image **picture)
{
    pst_status status = pst_image_read(r->context, path, picture);
    if (status != PST_OK) {
        failed(r, status);
        return false;
    }
    int width = pst_image_width(*picture), height = pst_image_height(*picture);
    if (width < 2 || height < 2)
        complain("%s: has only %dx%d pixels; take a larger picture", path, width, height);
    return width >= 2 && height >= 2;
}

static bool read_pictures(run *r)
{
    const settings *s = r->settings;
    r->styles = calloc(s->style_count, sizeof *r->styles);
    if (!r->styles) {
        failed(r, PST_ERROR_MEMORY);
        return false;
    }
    bool good = read_picture(r, s->content, &r->content);
    for (size_t i = 0; good && i < s->style_count; i++)
        good = read_picture(r, s->styles[i], &r->styles[i]);
    return good && (s->start != START_FILE || read_picture(r, s->start_file, &r->start));
}

static void drop_pictures(run *r)
{
    for (size_t i = 0; r->styles && i < r->settings->style_count; i++)
        pst_image_destroy(r->styles[i]);
    free(r->styles);
    pst_image_destroy(r->content);
    pst_image_destroy(r->start);
    r->styles = NULL;
    r->content = r->start = NULL;
}

/* What nothing in the network's file proves should be heard of. */
static void tell_assumptions(run *r)
{
    pst_network_info info = { .size = sizeof info };
    pst_network_describe(r->network, &info);
    if (info.assumed)
        progress_say(&r->report, "%s: taken to be %s's, %s; pastiche model convert --convention can say otherwise",
                     file_name(r->model), info.convention == PST_CONVENTION_TORCHVISION ? "torchvision" : "Caffe", info.reason);
    if (*info.notice)
        progress_say(&r->report, "%s: %s", file_name(r->model), info.notice);
}

/* What the run takes as direct convolution, forward and backward, if it uses all layers. */
static double run_flops(const run *r, int width, int height)
{
    pst_network_info info = { .size = sizeof info };
    double flops = 0, pixels = (double)width * height;
    pst_network_describe(r->network, &info);
    for (size_t i = 0; i < info.layer_count; i++) {
        const pst_network_layer *layer = &info.layers[i];
        if (i > 0 && layer->name[4] != info.layers[i - 1].name[4]) /* of "conv3_1": a pooling comes before another block */
            pixels /= 4;
        flops += 2 * 18 * pixels * layer->c_in * layer->c_out;
    }
    return flops * r->settings->transfer.iterations;
}

/* On a device where the network was not measured yet, once, before a run that is long enough to gain from it. */
static void tune_if_new(run *r)
{
    const settings *s = r->settings;
    const char *notice;
    pst_context_choices(r->context, &notice);
    if (*notice)
        progress_say(&r->report, "%s", notice);
    if (s->choices || s->plan)
        return;
    pst_tune_options options;
    pst_tune_options_init(&options, sizeof options);
    int width = pst_image_width(r->content), height = pst_image_height(r->content), longer = width > height ? width : height;
    options.width = (int)((int64_t)s->transfer.image_size * width / longer);
    options.height = (int)((int64_t)s->transfer.image_size * height / longer);
    const double least = r->device.type == PST_DEVICE_CPU ? tune_flops_cpu : tune_flops;
    if (options.width < 1 || options.height < 1 || run_flops(r, options.width, options.height) < least
        || pst_tune_known(r->context, r->network, &options))
        return;
    progress_say(&r->report, "measuring which algorithms are the fastest on %s, this once", r->device.name);
    if (tune_run(r->context, r->network, &options, &r->report) != PST_OK)
        progress_say(&r->report, "measuring: %s", pst_context_message(r->context));
}

/* Which network a name, or none at all, means. */
static bool find_network(run *r)
{
    const settings *s = r->settings;
    pst_status status = pst_catalogue_open(&r->catalogue);
    if (status == PST_OK)
        status = pst_catalogue_find(r->catalogue, s->model, &r->model);
    if (status != PST_OK)
        complain("%s", r->catalogue ? pst_catalogue_message(r->catalogue) : "no memory left");
    return status == PST_OK;
}

/* The cheap checks come first: nobody should wait for a network to hear that the output's folder is missing. */
static int prepare(run *r)
{
    const settings *s = r->settings;
    if (!find_network(r))
        return EXIT_FAILED;
    if (!outputs_are_safe(r))
        return EXIT_USAGE;
    print_notices(r);

    char index[32];
    pst_context_options where;
    pst_context_options_init(&where, sizeof where);
    where.device = device_choose(s, &r->report, index);
    where.kernel_folder = s->kernels;
    where.choices_file = s->choices;
    pst_status status = pst_context_create(&where, &r->context);
    if (status == PST_OK && !s->plan)
        status = pst_image_write_check(r->context, s->output);
    if (status != PST_OK)
        return failed(r, status);
    if (!read_pictures(r))
        return EXIT_FAILED;
    pst_context_device(r->context, &r->device);

    progress_wait(&r->report, "reading the network");
    status = pst_network_load(r->context, r->model, &r->network);
    if (status != PST_OK)
        return failed(r, status);
    tell_assumptions(r);
    tune_if_new(r);
    pst_transfer_options options = s->transfer;
    options.content = r->content;
    options.styles = (const pst_image *const *)r->styles;
    options.style_count = s->style_count;
    options.start_image = r->start;
    status = pst_job_create(r->context, r->network, &options, &r->job);
    if (status != PST_OK)
        return failed(r, status);
    drop_pictures(r); /* the job has copies in its own sizes */
    progress_clear(&r->report);
    return EXIT_OK;
}

static int complain_size(const run *r, const pst_plan *plan)
{
    const settings *s = r->settings;
    char needed[32], limit[32];
    complain("%s: %dx%d pixels need %s and %s has %s; --image-size %d would fit%s", s->content, plan->width, plan->height,
             bytes_text(plan->device_bytes, needed), r->device.name, bytes_text(plan->device_limit_bytes, limit),
             plan->largest_image_size,
             s->transfer.optimizer == PST_OPTIMIZER_LBFGS ? ", and a smaller --lbfgs-num-correction takes less" : "");
    return EXIT_FAILED;
}

/* ---- the run ---- */

static pst_status write_result(run *r, const char *path)
{
    pst_image *picture;
    pst_status status = pst_job_result(r->job, &picture);
    if (status == PST_OK)
        status = pst_image_write(r->context, picture, path);
    pst_image_destroy(picture);
    return status;
}

/* A picture on the way that cannot be written is told once and does not end the run. */
static void write_intermediate(run *r, int iteration)
{
    const settings *s = r->settings;
    char *path = file_numbered(s->output, iteration);
    bool safe = path && !is_input(r, path) && !file_same(path, s->log);
    pst_status status = safe ? write_result(r, path) : PST_OK;
    if (!r->picture_failed && (!safe || status != PST_OK)) {
        if (safe) {
            failed(r, status);
        } else {
            progress_clear(&r->report);
            complain("%s: is another file of this run; the picture on the way is not written", path ? path : s->output);
        }
        r->picture_failed = true;
    }
    free(path);
}

static bool after_evaluation(void *user, const pst_progress *now)
{
    run *r = user;
    const settings *s = r->settings;
    if (now->iteration > 0) {
        r->last = *now;
        log_evaluation(&r->log, now);
        /* as in neural-style, the picture of the last iteration is the output itself */
        if (s->save_every > 0 && now->iteration % s->save_every == 0 && now->iteration < now->iterations)
            write_intermediate(r, now->iteration);
    }
    progress_update(&r->report, now);
    return signals_caught() != 0;
}

static int finish(run *r, pst_status status)
{
    const settings *s = r->settings;
    int signal_number = signals_caught();
    bool stopped = status == PST_STOPPED;
    progress_clear(&r->report);
    if (status != PST_OK && !stopped)
        return failed(r, status);
    if (stopped && r->last.iteration < 1) {
        progress_say(&r->report, "stopped before the first evaluation; nothing is written");
        return EXIT_SIGNAL + signal_number;
    }
    status = write_result(r, s->output);
    if (status != PST_OK)
        return failed(r, status);
    char time[32];
    progress_say(&r->report, "%s: %s %d of %d iterations in %s, loss %.4g", s->output, stopped ? "stopped after" : "after",
                 r->last.iteration, r->last.iterations, progress_time(r->last.seconds, time), r->last.best_loss);
    if (signal_number)
        return EXIT_SIGNAL + signal_number;
    return r->picture_failed ? EXIT_FAILED : EXIT_OK;
}

static int paint(run *r)
{
    const settings *s = r->settings;
    const pst_plan *plan = pst_job_plan(r->job);
    if (!plan->fits)
        return complain_size(r, plan);
    if (!log_open(&r->log, s->log))
        return EXIT_FAILED;
    r->log.choices = pst_job_choices(r->job, &r->log.choice_count);
    r->log.device = &r->device;
    char bytes[32];
    progress_say(&r->report, "%s, %s, %dx%d pixels, %d iterations, %s", r->device.name, file_name(r->model), plan->width,
                 plan->height, s->transfer.iterations, bytes_text(plan->device_bytes, bytes));
    progress_wait(&r->report, "looking at the pictures");
    signals_catch();
    int code = finish(r, pst_job_run(r->job, after_evaluation, r));
    if (!log_close(&r->log) && code == EXIT_OK)
        code = EXIT_FAILED;
    return code;
}

int transfer_command(const settings *s)
{
    run r = { .settings = s };
    progress_begin(&r.report, s->quiet, s->print_every);
    int code = prepare(&r);
    if (code == EXIT_OK)
        code = s->plan ? plan_print(pst_job_plan(r.job), r.device.name) : paint(&r);
    drop_pictures(&r);
    pst_job_destroy(r.job);
    pst_network_destroy(r.network);
    pst_context_destroy(r.context);
    pst_catalogue_close(r.catalogue);
    return code;
}
