#include "cli/run/run.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/options/complain.h"
#include "cli/options/file_names.h"
#include "cli/options/image_words.h"
#include "cli/options/option.h"
#include "cli/options/values.h"
#include "cli/ranks/world.h"
#include "cli/run/inputs.h"
#include "cli/run/live_page.h"

int run_failed(run *r, pst_status status) { return invocation_failed_at(r->invocation, r->settings->about, status); }

static bool is_image(const invocation *w, const settings *s, const char *path) {
    if (!file_exists(path) && file_has_folder(path)) /* else it may be one once its folders are made */
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

bool run_is_input(const invocation *w, const settings *s, const char *path) {
    return is_image(w, s, path) || file_same(path, s->resume) || file_same(path, s->checkpoint);
}

bool run_is_taken(const invocation *w, const settings *s, const char *path) {
    for (size_t i = 0; s->results && i < s->results->count; i++)
        if (file_same(path, s->results->paths[i]))
            return true;
    return run_is_input(w, s, path) || file_same(path, s->log);
}

int run_check_single(const settings *s) {
    if (!s->checkpoint && !s->resume)
        return EXIT_OK;
    complain("--checkpoint and --resume are for a single run");
    return EXIT_USAGE;
}

/* A slip of the hand must not cost anyone a photograph. */
int run_check_names(const invocation *w, const settings *s) {
    if (is_image(w, s, s->output) || file_same(s->output, s->resume)) {
        complain("%s: is both the output and an input; choose another name for -o", s->output);
        return EXIT_USAGE;
    }
    if (s->log && (run_is_input(w, s, s->log) || file_same(s->log, s->output))) {
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
        invocation_failed(r->invocation, status);
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
                     "%s: its largest size is %d pixels; it is used for %.0f too, and strokes become larger", path,
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
        invocation_failed(r->invocation, status);
    } else if (!r->settings->sheet)
        tell_size(r, path, r->stored[i]);
    return status == PST_OK;
}

static bool read_images(run *r) {
    const settings *s = r->settings;
    r->styles = calloc(s->style_count, sizeof *r->styles);
    r->stored = calloc(s->style_count, sizeof *r->stored);
    if (!r->styles || !r->stored) {
        invocation_failed(r->invocation, PST_ERROR_MEMORY);
        return false;
    }
    bool good = read_image(r, s->content, &r->content);
    for (size_t i = 0; good && i < s->style_count; i++)
        good = read_style(r, i);
    good = good && (s->start != START_FILE || read_image(r, s->start_file, &r->start));
    pst_status status = good ? masks_read(&r->masks, r->invocation->context, s, r->styles) : PST_OK;
    if (status != PST_OK)
        invocation_failed(r->invocation, status);
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
    if (!world_leads())
        return EXIT_OK;
    if (s->log && !log_check(s->log))
        return EXIT_FAILED;
    pst_status status = image_check(w->context, s, s->output);
    return status == PST_OK ? EXIT_OK : invocation_failed(w, status);
}

/* A run makes the checkpoint's folder, a plan nothing. */
static pst_status check_checkpoint(const run *r) {
    const settings *s = r->settings;
    if (!world_leads())
        return PST_OK;
    if (!s->plan)
        return pst_job_save_check(r->job, s->checkpoint);
    return file_has_folder(s->checkpoint) || file_is_below_file(s->checkpoint)
               ? pst_file_write_check(r->invocation->context, s->checkpoint)
               : PST_OK;
}

/* Unless its pooling was asked for, a run has that of a style file. */
static void take_pooling(const run *r, pst_transfer_options *options) {
    const settings *s = r->settings;
    bool asked = strcmp(s->preset, PRESET_USUAL) != 0;
    for (size_t i = 0; i < s->given_count; i++)
        asked = asked || s->given[i].option->offset == offsetof(settings, transfer.pooling);
    for (size_t i = s->style_count; i-- > 0 && !asked;)
        if (r->stored[i]) {
            pst_style_info info = {.size = sizeof info};
            pst_style_describe(r->stored[i], &info);
            options->pooling = info.pooling;
        }
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
    options.style_weight = style_weight_of(s);
    options.tv_weight = tv_weight_of(s);
    options.content = r->content;
    options.styles = (const pst_image *const *)r->styles;
    options.stored_styles = (const pst_style *const *)r->stored;
    options.style_count = s->style_count;
    options.start_image = r->start;
    take_pooling(r, &options);
    masks_set(&r->masks, &options);
    pst_status status = pst_job_create(w->context, w->network, &options, &r->job);
    if (status == PST_OK && s->checkpoint)
        status = check_checkpoint(r);
    if (status == PST_OK && s->resume && !s->plan)
        status = pst_job_resume(r->job, s->resume);
    if (status == PST_OK && !s->plan && file_same(s->resume, s->checkpoint))
        r->checkpoint = file_mark_of(s->checkpoint);
    if (status != PST_OK)
        return run_failed(r, status);
    live_page_offer(w->page, r->content, options.styles, s->style_count);
    r->inputs = record_take(w, s, r->content, r->start, r->styles);
    masks_tell(r->job, s, &w->report);
    drop_images(r); /* the job has copies in its own sizes */
    progress_clear(&w->report);
    return EXIT_OK;
}

int run_check_plan(const run *r) {
    const pst_plan *plan = pst_job_plan(r->job);
    if (plan->fits)
        return EXIT_OK;
    live_page_failed(r->invocation->page, "the image does not fit into memory");
    complain("%s: %s", r->settings->content, plan->problem);
    return EXIT_FAILED;
}

void run_end(run *r) {
    if (!r->invocation)
        return;
    drop_images(r);
    json_decref(r->inputs);
    pst_job_destroy(r->job);
    *r = (run){0};
}
