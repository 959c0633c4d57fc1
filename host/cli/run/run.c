#include "cli/run/run.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/options/complain.h"
#include "cli/options/file_names.h"
#include "cli/options/values.h"
#include "cli/run/inputs.h"
#include "cli/run/live_page.h"
#include "cli/run/run_plan.h"
#include "cli/run/signals.h"

static int failed(run *r, pst_status status) { return invocation_failed(r->invocation, status); }

/* The same for what is computed, whose messages name no image: of several runs it must be said which. */
static int failed_here(run *r, pst_status status) {
    return invocation_failed_at(r->invocation, r->settings->batch ? r->settings->output : NULL, status);
}

/* ---- before the run ---- */

static bool is_image(const invocation *w, const settings *s, const char *path) {
    if (!file_exists(path))
        return false;
    for (size_t i = 0; i < s->style_count; i++)
        if (file_same(path, s->styles[i]))
            return true;
    for (size_t i = 0; s->inputs && i < s->inputs->count; i++)
        if (file_same(path, s->inputs->paths[i]))
            return true;
    return file_same(path, s->content) || masks_have(s, path) || file_same(path, w->model) ||
           (s->start == START_FILE && file_same(path, s->start_file));
}

static bool is_input(const invocation *w, const settings *s, const char *path) {
    return is_image(w, s, path) || file_same(path, s->resume) || file_same(path, s->checkpoint);
}

int run_check_single(const settings *s) {
    if (!s->checkpoint && !s->resume)
        return EXIT_OK;
    complain("--checkpoint and --resume are for a single run");
    return EXIT_USAGE;
}

/* A slip of the hand must not cost anyone a photograph. */
int run_check_names(const invocation *w, const settings *s) {
    if (is_input(w, s, s->output)) {
        complain("%s: is both the output and an input; choose another name for -o", s->output);
        return EXIT_USAGE;
    }
    if (s->log && (is_input(w, s, s->log) || file_same(s->log, s->output))) {
        complain("%s: is both the log and another file of this run; choose another name for --log", s->log);
        return EXIT_USAGE;
    }
    if (s->checkpoint &&
        (is_image(w, s, s->checkpoint) || file_same(s->checkpoint, s->output) || file_same(s->checkpoint, s->log))) {
        complain("%s: is both the checkpoint and another file of this run; choose another name for --checkpoint",
                 s->checkpoint);
        return EXIT_USAGE;
    }
    return EXIT_OK;
}

/* Images are enlarged, but there is nothing to paint in one pixel, or to learn from it. */
static bool read_image(run *r, const char *path, pst_image **image) {
    pst_status status = image_read(r->invocation->context, r->settings, path, &r->invocation->report, image);
    r->bad = path;
    if (status != PST_OK) {
        failed(r, status);
        return false;
    }
    int width = pst_image_width(*image), height = pst_image_height(*image);
    if (width < 2 || height < 2)
        complain("%s: has only %dx%d pixels; take a larger image", path, width, height);
    else
        r->bad = NULL;
    return !r->bad;
}

/* What is asked of a style file may lie far from all that is in it. */
static void tell_size(run *r, const char *path, const pst_style *style) {
    const settings *s = r->settings;
    pst_style_info info = {.size = sizeof info};
    pst_style_describe(style, &info);
    double asked = ceil(s->transfer.style_scale * s->transfer.image_size);
    if (asked > info.sizes[0] * 1.5)
        progress_say(&r->invocation->report,
                     "%s: its largest size is %d pixels; it is used for %.0f as well, with larger strokes", path,
                     info.sizes[0], asked);
}

/* A style is an image or a style file, as its content says. */
static bool read_style(run *r, size_t i) {
    const char *path = r->settings->styles[i];
    if (!pst_style_recognize(path) && !(file_is_style(path) && file_exists(path)))
        return read_image(r, path, &r->styles[i]);
    pst_status status = pst_style_load(r->invocation->context, path, &r->stored[i]);
    if (status != PST_OK) {
        r->bad = path;
        failed(r, status);
    } else if (!r->settings->sheet)
        tell_size(r, path, r->stored[i]);
    return status == PST_OK;
}

static bool read_images(run *r) {
    const settings *s = r->settings;
    r->styles = calloc(s->style_count, sizeof *r->styles);
    r->stored = calloc(s->style_count, sizeof *r->stored);
    if (!r->styles || !r->stored) {
        failed(r, PST_ERROR_MEMORY);
        return false;
    }
    bool good = read_image(r, s->content, &r->content);
    for (size_t i = 0; good && i < s->style_count; i++)
        good = read_style(r, i);
    good = good && (s->start != START_FILE || read_image(r, s->start_file, &r->start));
    pst_status status = good ? masks_read(&r->masks, r->invocation->context, s, r->styles) : PST_OK;
    if (status != PST_OK)
        failed(r, status);
    return good && status == PST_OK;
}

static void drop_images(run *r) {
    for (size_t i = 0; r->styles && i < r->settings->style_count; i++)
        pst_image_destroy(r->styles[i]);
    for (size_t i = 0; r->stored && i < r->settings->style_count; i++)
        pst_style_destroy(r->stored[i]);
    free(r->styles);
    free(r->stored);
    masks_drop(&r->masks);
    pst_image_destroy(r->content);
    pst_image_destroy(r->start);
    r->styles = NULL;
    r->stored = NULL;
    r->content = r->start = NULL;
}

int run_check_output(invocation *w, const settings *s) {
    pst_status status = s->plan ? PST_OK : image_check(w->context, s, s->output);
    return status == PST_OK ? EXIT_OK : invocation_failed(w, status);
}

int run_prepare(run *r, invocation *w, const settings *s) {
    *r = (run){.invocation = w, .settings = s};
    if (!read_images(r))
        return EXIT_FAILED;
    int code = invocation_load(w);
    if (code != EXIT_OK)
        return code;
    invocation_tune(w, s, r->content);
    pst_transfer_options options = s->transfer;
    options.content = r->content;
    options.styles = (const pst_image *const *)r->styles;
    options.stored_styles = (const pst_style *const *)r->stored;
    options.style_count = s->style_count;
    options.start_image = r->start;
    masks_set(&r->masks, &options);
    pst_status status = pst_job_create(w->context, w->network, &options, &r->job);
    if (status == PST_OK && s->resume && !s->plan)
        status = pst_job_resume(r->job, s->resume);
    if (status != PST_OK)
        return failed_here(r, status);
    live_page_offer(w->page, r);
    r->inputs = record_take(w, s, r->content, r->start, r->styles);
    masks_tell(r->job, s, &w->report);
    drop_images(r); /* the job has copies in its own sizes */
    progress_clear(&w->report);
    return EXIT_OK;
}

int run_check_plan(const run *r) {
    const settings *s = r->settings;
    const pst_plan *plan = pst_job_plan(r->job);
    char needed[32], limit[32];
    if (plan->fits)
        return EXIT_OK;
    live_page_failed(r->invocation->page, "the image does not fit into the device's memory");
    complain("%s: %dx%d pixels need %s and %s has %s; --image-size %d would fit%s", s->content, plan->width,
             plan->height, bytes_text(plan->device_bytes, needed), r->invocation->device.name,
             bytes_text(plan->device_limit_bytes, limit), plan->largest_image_size,
             s->transfer.optimizer == PST_OPTIMIZER_LBFGS ? ", and a smaller --lbfgs-num-correction takes less" : "");
    return EXIT_FAILED;
}

/* ---- the run ---- */

static pst_status write_result(run *r, const char *path, bool stopped) {
    pst_image *image;
    pst_status status = pst_job_result(r->job, &image);
    if (status == PST_OK) {
        char *about = record_text(r->inputs, r->invocation, r->settings, r->job, &r->last, stopped);
        status = image_write(r->invocation->context, r->settings, image, path, about);
        free(about);
    }
    pst_image_destroy(image);
    return status;
}

bool run_write_numbered(run *r, int iteration, char **path, char why[512]) {
    const settings *s = r->settings;
    *path = file_numbered(s->output, iteration);
    bool safe = *path && !is_input(r->invocation, s, *path) && !file_same(*path, s->log);
    pst_status status = safe ? write_result(r, *path, true) : PST_OK;
    if (!safe)
        snprintf(why, 512, "%s: is another file of this run; the image on the way is not written",
                 *path ? *path : s->output);
    else if (status != PST_OK)
        snprintf(why, 512, "%s", pst_context_message(r->invocation->context));
    return safe && status == PST_OK;
}

/* An image on the way that cannot be written is told once and does not end the run. */
static void write_intermediate(run *r, int iteration) {
    char *path, why[512];
    if (!run_write_numbered(r, iteration, &path, why) && !r->image_failed) {
        progress_clear(&r->invocation->report);
        complain("%s", why);
        r->image_failed = true;
    }
    free(path);
}

/* A checkpoint that cannot be written is told once; the run is worth more than it. */
static void keep_checkpoint(run *r, double seconds) {
    const settings *s = r->settings;
    pst_status status = pst_job_save(r->job, s->checkpoint);
    r->checkpoint_at = seconds;
    if (status != PST_OK && !r->checkpoint_failed)
        failed(r, status);
    r->checkpoint_failed = status != PST_OK;
}

static bool after_evaluation(void *user, const pst_progress *now) {
    run *r = user;
    const settings *s = r->settings;
    if (now->iteration > 0) {
        r->last = *now;
        log_evaluation(&r->log, now);
        /* as in neural-style, the image of the last iteration is the output itself */
        if (s->save_every > 0 && now->iteration % s->save_every == 0 && now->iteration < now->iterations)
            write_intermediate(r, now->iteration);
    }
    progress_update(&r->invocation->report, now);
    bool stop = now->iteration > 0 && live_page_evaluation(r->invocation->page, r, now);
    stop = stop || signals_caught() != 0 || (s->stop_after > 0 && now->iteration >= s->stop_after);
    if (s->checkpoint && (stop || now->seconds - r->checkpoint_at >= s->checkpoint_every))
        keep_checkpoint(r, now->seconds);
    return stop;
}

/* Where the image goes, for messages too; the caller frees it. */
static char *result_path(const run *r, bool stopped) {
    const char *path = r->result ? r->title : r->settings->output;
    if (stopped && r->apart)
        return file_numbered(path, r->last.iteration);
    char *copy = malloc(strlen(path) + 1);
    return copy ? strcpy(copy, path) : NULL;
}

static int finish(run *r, pst_status status) {
    progress *report = &r->invocation->report;
    int signal_number = signals_caught();
    bool stopped = status == PST_STOPPED;
    r->stopped = stopped && (signal_number || r->result); /* on the page it was stopped because it is good */
    progress_clear(report);
    if (status != PST_OK && !stopped)
        return failed_here(r, status);
    if (stopped && r->last.iteration < 1) {
        progress_say(report, "stopped before the first evaluation; nothing is written");
        return EXIT_SIGNAL + signal_number;
    }
    char time[32], text[128], *path = result_path(r, r->stopped);
    if (path && r->stopped && r->apart && is_input(r->invocation, r->settings, path)) {
        complain("%s: is an image that is read; the one that was stopped is not written", path);
        free(path);
        return EXIT_SIGNAL + signal_number;
    }
    status = !path ? PST_ERROR_MEMORY : r->result ? pst_job_result(r->job, r->result) : write_result(r, path, stopped);
    snprintf(text, sizeof text, "%s %d of %d iterations in %s, loss %.4g", stopped ? "stopped after" : "after",
             r->last.iteration, r->last.iterations, progress_time(r->last.seconds, time), r->last.best_loss);
    if (status == PST_OK) {
        progress_say(report, "%s: %s", path, text);
        live_page_end(r->invocation->page, r, stopped, text);
    }
    free(path);
    if (status != PST_OK)
        return failed(r, status);
    const settings *s = r->settings;
    if (stopped && s->checkpoint && !r->checkpoint_failed)
        progress_say(report, "%s: keeps the state; go on from there with --resume", s->checkpoint);
    if (!stopped && s->checkpoint)
        remove(s->checkpoint); /* there is nothing left to go on with */
    if (signal_number)
        return EXIT_SIGNAL + signal_number;
    return r->checkpoint_failed || r->image_failed ? EXIT_FAILED : EXIT_OK;
}

int run_plan(run *r) {
    const pst_plan *plan = pst_job_plan(r->job);
    double seconds = 0;
    progress_wait(&r->invocation->report, "trying two iterations");
    pst_status status = plan->fits ? pst_job_forecast(r->job, &seconds) : PST_OK;
    progress_clear(&r->invocation->report);
    return status == PST_OK ? plan_print(plan, seconds, r->invocation->device.name) : failed(r, status);
}

int run_paint(run *r) {
    const settings *s = r->settings;
    invocation *w = r->invocation;
    const pst_plan *plan = pst_job_plan(r->job);
    int code = run_check_plan(r);
    if (code != EXIT_OK)
        return code;
    if (!log_open(&r->log, s->log, w->log_begun))
        return EXIT_FAILED;
    w->log_begun = true;
    r->log.choices = pst_job_choices(r->job, &r->log.choice_count);
    r->log.device = &w->device;
    r->log.run = r->result ? r->title : w->report.items ? s->output : NULL;
    char bytes[32];
    bytes_text(plan->device_bytes, bytes);
    if (!r->title)
        progress_say(&w->report, "%s, %s, %dx%d pixels, %d iterations, %s", w->device.name, file_name(w->model),
                     plan->width, plan->height, s->transfer.iterations, bytes);
    else if (!r->result)
        progress_say(&w->report, "%s, %dx%d pixels, %s", r->title, plan->width, plan->height, bytes);
    progress_wait(&w->report, "looking at the images");
    live_page_begin(w->page, r);
    signals_catch();
    code = finish(r, pst_job_run(r->job, after_evaluation, r));
    if (!log_close(&r->log) && code == EXIT_OK)
        code = EXIT_FAILED;
    return code;
}

void run_end(run *r) {
    if (!r->invocation)
        return;
    drop_images(r);
    json_decref(r->inputs);
    pst_job_destroy(r->job);
    *r = (run){0};
}
