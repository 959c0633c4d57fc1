#include "cli/run/run_paint.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/options/complain.h"
#include "cli/options/file_names.h"
#include "cli/options/values.h"
#include "cli/ranks/world.h"
#include "cli/run/inputs.h"
#include "cli/run/live_page.h"
#include "cli/run/run_plan.h"
#include "cli/run/signals.h"
#include "web/platform.h"

/* ---- what is written on the way ---- */

static pst_status write_result(run *r, const char *path, bool stopped) {
    pst_image *image;
    pst_status status = pst_job_result(r->job, &image); /* all ranks ask for it, one writes it */
    if (status == PST_OK && world_leads()) {
        char *about = record_text(r->inputs, r->invocation, r->settings, r->job, &r->last, stopped);
        status = image_write(r->invocation->context, r->settings, image, path, about);
        free(about);
    }
    pst_image_destroy(image);
    return status;
}

/* Writes the best image so far as OUT_N beside the output. *path is its name, which the caller frees, NULL if memory
 * is short; false after saying in `why` what is wrong. */
static bool write_numbered(run *r, int iteration, char **path, char why[512]) {
    const settings *s = r->settings;
    *path = file_numbered(s->output, iteration);
    bool there = *path && r->keeper && file_exists(*path);
    int64_t taken = !*path || there || run_is_taken(r->invocation, s, *path);
    bool safe = world_tell(&taken, sizeof taken) && !taken;
    pst_status status = safe ? write_result(r, *path, true) : PST_OK;
    if (!safe)
        snprintf(why, 512, "%s: is %s; the image on the way is not written", *path ? *path : s->output,
                 there ? "there already" : "another file of this run");
    else if (status != PST_OK)
        snprintf(why, 512, "%s", pst_context_message(r->invocation->context));
    return safe && status == PST_OK;
}

/* An image on the way that cannot be written is told once and does not end the run. */
static void write_intermediate(run *r, int iteration) {
    char *path, why[512];
    if (!write_numbered(r, iteration, &path, why) && !r->image_failed) {
        progress_clear(&r->invocation->report);
        complain("%s", why);
        r->image_failed = true;
    }
    free(path);
}

static void tell_problem(run *r, const char *text) {
    progress_clear(&r->invocation->report);
    complain("%s", text);
    live_page_note(r->invocation->page, WEB_NOTE_PROBLEM, text);
}

/* A checkpoint that cannot be written is told once; the run is worth more than it. */
static void keep_checkpoint(run *r, double seconds) {
    const settings *s = r->settings;
    const double begun = web_clock();
    pst_status status = pst_job_save(r->job, s->checkpoint);
    r->checkpoint_cost = web_clock() - begun;
    r->checkpoint_at = seconds + r->checkpoint_cost;
    r->checkpoint_iteration = r->last.iteration;
    if (status == PST_ERROR_RANKS)
        world_gave_up();
    if (status != PST_OK && !r->checkpoint_failed)
        tell_problem(r, pst_context_message(r->invocation->context));
    r->checkpoint_failed = status != PST_OK;
    if (status == PST_OK && world_leads())
        r->checkpoint = file_mark_of(s->checkpoint);
}

/* ---- the live page ---- */

static void begin_page(const run *r) {
    const settings *s = r->settings;
    const pst_plan *plan = pst_job_plan(r->job);
    const char **names = malloc((s->style_count + 1) * sizeof *names);
    for (size_t i = 0; names && i < s->style_count; i++)
        names[i] = file_name(s->styles[i]);
    web_run about = {.content_name = file_name(s->content),
                     .style_names = names,
                     .style_count = names ? s->style_count : 0,
                     .output = r->result ? r->title : s->output,
                     .device = r->invocation->device_names,
                     .network = file_name(r->invocation->model),
                     .width = plan->width,
                     .height = plan->height,
                     .iterations = s->transfer.iterations};
    pst_job_weights(r->job, &about.content_weight, &about.style_weight, &about.tv_weight); /* a resumed run may have
                                                                                             others than the settings */
    live_page_begin(r->invocation->page, &about);
    free(names);
}

static void keep_image(run *r, int iteration) {
    char *path, why[512];
    bool good = write_numbered(r, iteration, &path, why);
    live_page_note(r->invocation->page, good ? WEB_NOTE_KEPT : WEB_NOTE_PROBLEM, good ? path : why);
    if (good)
        progress_say(&r->invocation->report, "%s: saved", path);
    free(path);
}

static void set_weights(run *r, double content, double style, double tv) {
    invocation *w = r->invocation;
    if (pst_job_set_weights(r->job, content, style, tv) != PST_OK) {
        live_page_note(w->page, WEB_NOTE_PROBLEM, pst_context_message(w->context));
        return;
    }
    r->first.iteration = 0;
    log_weights(&r->log, content, style, tv);
    live_page_weights(w->page, content, style, tv);
    progress_say(&w->report, "from now on --content-weight %.9g --style-weight %.9g --tv-weight %.9g", content, style,
                 tv);
}

static pst_status show_image(run *r) {
    pst_image *image;
    pst_status status = pst_job_result(r->job, &image);
    if (status == PST_OK)
        live_page_image(r->invocation->page, image);
    pst_image_destroy(image);
    return status;
}

static pst_status end_page(run *r, bool stopped, const char *text) {
    live_page *page = r->invocation->page;
    bool there = page != NULL;
    pst_image *image;
    if (!world_tell(&there, sizeof there))
        return PST_ERROR_RANKS;
    if (!there)
        return PST_OK;
    pst_status status = pst_job_result(r->job, &image);
    live_page_end(page, image, stopped, text);
    pst_image_destroy(image);
    return status;
}

/* ---- the descent ---- */

/* What is to be done after an evaluation: rank 0 decides, but every rank may ask for the end. */
typedef struct decision {
    bool show, stop, checkpoint;
    web_wishes wishes; /* of the page */
} decision;

static bool is_left(run *r, const pst_progress *now) {
    r->wish = r->keeper ? r->keeper->wish(r->keeper->user, now) : RUN_GOES_ON;
    return r->wish != RUN_GOES_ON;
}

/* A keeper wants checkpoints soon, but those of a large image take their time. */
static double checkpoint_pause(const run *r) {
    enum { COSTS = 50 };
    return r->keeper ? fmax(r->settings->checkpoint_every, COSTS * r->checkpoint_cost) : r->settings->checkpoint_every;
}

static bool decide(run *r, const pst_progress *now, decision *d) {
    const settings *s = r->settings;
    int64_t signals = signals_caught() != 0;
    memset(d, 0, sizeof *d);
    if (!world_sum(&signals, 1))
        return false;
    if (now->iteration > 0) {
        d->show = live_page_evaluation(r->invocation->page, now);
        if (!live_page_take(r->invocation->page, &d->wishes))
            d->wishes = (web_wishes){0};
    }
    d->stop = is_left(r, now) || d->wishes.stop || signals || (s->stop_after > 0 && now->iteration >= s->stop_after);
    d->checkpoint =
        s->checkpoint && r->wish != RUN_DROPS && (d->stop || now->seconds - r->checkpoint_at >= checkpoint_pause(r));
    return world_tell(d, sizeof *d);
}

static bool after_evaluation(void *user, const pst_progress *now) {
    run *r = user;
    const settings *s = r->settings;
    decision d;
    r->invocation->evaluated = true;
    signals_nothing_to_lose(NULL);
    world_evaluates();
    if (now->iteration > 0) {
        if (now->scale != r->last.scale && (r->last.iteration || now->iteration == 1))
            r->first = *now;
        r->last = *now;
        log_evaluation(&r->log, now);
        /* as in neural-style, the image of the last iteration is the output itself */
        if (s->save_every > 0 && now->iteration % s->save_every == 0 && now->iteration < now->iterations)
            write_intermediate(r, now->iteration);
    }
    progress_update(&r->invocation->report, now);
    if (!decide(r, now, &d))
        return true;
    if (d.show)
        show_image(r);
    if (d.wishes.keep)
        keep_image(r, now->iteration);
    if (d.wishes.weights && !d.wishes.stop)
        set_weights(r, d.wishes.content_weight, d.wishes.style_weight, d.wishes.tv_weight);
    if (d.checkpoint)
        keep_checkpoint(r, now->seconds);
    return d.stop;
}

/* An interrupt does not wait for the end of a long evaluation. */
static bool between_tiles(void *user, const pst_tile_progress *now) {
    run *r = user;
    progress_tiles(&r->invocation->report, now);
    return signals_caught() != 0 || is_left(r, NULL);
}

/* Where the image goes, for messages too; the caller frees it. */
static char *result_path(const run *r, bool stopped) {
    const char *path = r->result ? r->title : r->settings->output;
    if (r->keeper)
        return r->keeper->place(r->keeper->user);
    if (stopped && r->apart)
        return file_numbered(path, r->last.iteration);
    char *copy = malloc(strlen(path) + 1);
    return copy ? strcpy(copy, path) : NULL;
}

#define NOTHING_YET "stopped in the first evaluation: there is no image yet, and nothing is written"

/* The same where a signal ends the program at once. On a terminal there is a bar, and what Ctrl-C printed. */
static const char *farewell(const run *r) {
    const progress *report = &r->invocation->report;
    if (r->keeper)
        return r->keeper->farewell;
    return report->quiet ? "" : report->terminal ? "\npastiche: " NOTHING_YET "\n" : "pastiche: " NOTHING_YET "\n";
}

/* As the keeper wished. */
static int leave(run *r) {
    if (r->wish == RUN_LEAVES && r->settings->checkpoint && r->checkpoint_iteration < r->last.iteration)
        keep_checkpoint(r, r->last.seconds);
    r->ending = RUN_LEFT;
    live_page_end(r->invocation->page, NULL, true, r->wish == RUN_LEAVES ? "paused" : "cancelled");
    return EXIT_OK;
}

/* Whether the image is another one than that of the first evaluation of its scale, as far as this run has seen. */
static bool has_improved(const run *r) {
    return !r->first.iteration || r->first.iteration == r->last.iteration || r->last.best_loss < r->first.loss ||
           r->first.loss == 0 || r->settings->transfer.average > 0;
}

static const char *remedy(const run *r) {
    const pst_optimizer_kind kind = r->settings->transfer.optimizer;
    return kind == PST_OPTIMIZER_ADAM || kind == PST_OPTIMIZER_GRADIENT_DESCENT ? "a smaller --learning-rate"
                                                                                : "more iterations or smaller weights";
}

static int finish(run *r, pst_status status) {
    progress *report = &r->invocation->report;
    int signal_number = signals_caught();
    bool stopped = status == PST_STOPPED;
    world_waits();                                        /* while the result is written */
    r->stopped = stopped && (signal_number || r->result); /* on the page it was stopped because it is good */
    progress_clear(report);
    if (status != PST_OK && !stopped)
        return run_failed(r, status);
    if (stopped && r->wish != RUN_GOES_ON)
        return leave(r);
    if (r->last.iteration == 0) { /* stopped between tiles; a checkpoint that the run went on from stays */
        progress_say(report, NOTHING_YET);
        return EXIT_SIGNAL + signal_number;
    }
    if (stopped && r->settings->checkpoint && r->checkpoint_iteration < r->last.iteration)
        keep_checkpoint(r, r->last.seconds);
    char time[32], text[128], *path = result_path(r, r->stopped);
    if (path && r->stopped && r->apart && run_is_taken(r->invocation, r->settings, path)) {
        complain("%s: is another file of this run; the image that was stopped is not written", path);
        free(path);
        return EXIT_SIGNAL + signal_number;
    }
    status = !path ? PST_ERROR_MEMORY : r->result ? pst_job_result(r->job, r->result) : write_result(r, path, stopped);
    int64_t unwritten = status != PST_OK; /* by one rank: all keep the state together */
    if (!world_sum(&unwritten, 1) && status == PST_OK)
        status = PST_ERROR_RANKS;
    snprintf(text, sizeof text, "%s %d of %d iterations in %s, loss %.4g", stopped ? "stopped after" : "after",
             r->last.iteration, r->last.iterations, progress_time(r->last.seconds, time),
             report->hides_smoothness ? report->loss : r->last.best_loss);
    if (status == PST_OK && !unwritten) {
        progress_say(report, "%s: %s", path, text);
        if (!stopped && !has_improved(r))
            progress_say(report, "no step lowered the loss: the image is the one that %s began with; use %s",
                         r->last.scale_count > 1 ? "the last scale" : "the run", remedy(r));
        status = end_page(r, stopped, text);
    }
    free(path);
    r->ending = status != PST_OK || unwritten ? RUN_UNWRITTEN : stopped ? RUN_STOPPED : RUN_DONE;
    const settings *s = r->settings;
    if (r->ending == RUN_UNWRITTEN) {
        const int code = status != PST_OK ? invocation_failed(r->invocation, status) : EXIT_FAILED;
        if (unwritten && s->checkpoint && r->checkpoint_iteration < r->last.iteration)
            keep_checkpoint(r, r->last.seconds);
        if (unwritten && s->checkpoint && !r->checkpoint_failed && !r->keeper)
            progress_say(report, "%s: the state is saved; --resume writes the image", s->checkpoint);
        return code;
    }
    if (stopped && s->checkpoint && !r->checkpoint_failed)
        progress_say(report, "%s: the state is saved; continue with --resume", s->checkpoint);
    if (!stopped && s->checkpoint && world_leads() && file_is_marked(s->checkpoint, &r->checkpoint))
        remove(s->checkpoint); /* there is nothing left to go on with; a file of someone else stays */
    if (signal_number)
        return EXIT_SIGNAL + signal_number;
    return r->checkpoint_failed || r->image_failed ? EXIT_FAILED : EXIT_OK;
}

int run_paint(run *r) {
    const settings *s = r->settings;
    invocation *w = r->invocation;
    const pst_plan *plan = pst_job_plan(r->job);
    int code = run_check_plan(r);
    if (code != EXIT_OK)
        return code;
    if (!log_open(&r->log, s->log, w->log_begun || s->resume))
        return EXIT_FAILED;
    r->log.choices = pst_job_choices(r->job, &r->log.choice_count);
    r->log.devices = w->devices;
    r->log.device_count = w->device_count;
    r->log.run = r->result ? r->title : w->report.items ? s->output : NULL;
    char bytes[32], files[32], tiles[96];
    bytes_text(plan->device_bytes, bytes);
    if (!r->title)
        progress_say(&w->report, "%s, %s, %dx%d pixels, %d iteration%s, %s", w->device_names, file_name(w->model),
                     plan->width, plan->height, s->transfer.iterations, plural((size_t)s->transfer.iterations), bytes);
    else if (!r->result)
        progress_say(&w->report, "%s, %dx%d pixels, %s", r->title, plan->width, plan->height, bytes);
    if (plan->tile_width)
        progress_say(&w->report, "%s, with %s of memory%s%s%s", run_tiles_text(r, tiles),
                     bytes_text(plan->memory_bytes, bytes), plan->file_bytes ? " and " : "",
                     plan->file_bytes ? bytes_text(plan->file_bytes, files) : "", plan->file_bytes ? " of files" : "");
    if (w->device_count > 1 && !plan->tile_width)
        progress_say(&w->report, "the image is worked on as a whole, by the first device alone; --tile shares it");
    progress_wait(&w->report, "checking the images");
    begin_page(r);
    signals_catch(w->report.terminal);
    signals_nothing_to_lose(w->evaluated ? NULL : farewell(r));
    pst_job_watch_tiles(r->job, between_tiles, r);
    pst_status status = pst_job_run(r->job, after_evaluation, r);
    signals_nothing_to_lose(NULL);
    code = finish(r, status);
    w->log_begun |= !r->log.replaces;
    if (!log_close(&r->log) && code == EXIT_OK)
        code = EXIT_FAILED;
    return code;
}
