/* pastiche batch: every content in every style, with one device and one network. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cli/batch_deal.h"
#include "cli/commands.h"
#include "cli/options/complain.h"
#include "cli/options/file_names.h"
#include "cli/options/values.h"
#include "cli/ranks/world.h"
#include "cli/run/inputs.h"
#include "cli/run/run_paint.h"
#include "cli/run/signals.h"

enum { TITLE_MOST = 512 };

typedef enum verdict { UNKNOWN, GOOD, BAD } verdict;

typedef struct batch {
    const settings *settings;
    invocation invocation;
    batch_list list;
    size_t to_do;               /* of it, by all ranks */
    verdict *contents, *styles; /* of the images, before anything is painted */
    time_t begun;               /* when the first run did */
    double pixels,
        pace; /* for --plan: of all that is to be painted, and the seconds that one takes; 0: not tried yet */
} batch;

/* ---- before the first run ---- */

static int check_names(batch *b) {
    for (size_t i = 0; i < b->list.count; i++) {
        settings one = batch_item_settings(&b->list, b->settings, &b->list.items[i]);
        int code = b->list.items[i].state == BATCH_TO_DO ? run_check_names(&b->invocation, &one) : EXIT_OK;
        if (code != EXIT_OK)
            return code;
    }
    return EXIT_OK;
}

static void print_item(const batch_item *item, const pst_plan *plan) {
    char bytes[32];
    if (plan)
        print_line("%s  %dx%d pixels, %s%s", item->output, plan->width, plan->height,
                   bytes_text(plan->device_bytes, bytes), plan->fits ? "" : ", which does not fit");
    else
        print_line("%s  %s", item->output, item->state == BATCH_THERE ? "exists" : "cannot be painted");
}

/* One image is tried; the others take as much longer as they are larger. */
static int foretell(batch *b, run *r) {
    const pst_plan *plan = pst_job_plan(r->job);
    double seconds = 0, pixels = (double)plan->width * plan->height;
    b->pixels += pixels;
    if (b->pace > 0)
        return EXIT_OK;
    progress_wait(&b->invocation.report, "trying a few iterations");
    pst_status status = pst_job_forecast(r->job, &seconds);
    progress_clear(&b->invocation.report);
    b->pace = seconds / pixels;
    return status == PST_OK ? EXIT_OK : invocation_failed(&b->invocation, status);
}

/* Prepares a run without painting. Whether an image can be read, and a size be painted, shows here and not in the
 * middle of the night; only what is wrong with all of them ends it. */
static int check_item(batch *b, batch_item *item) {
    verdict *content = &b->contents[item->content], *style = &b->styles[item->style];
    settings one = batch_item_settings(&b->list, b->settings, item);
    if (*content == BAD || *style == BAD) /* which was told */
        item->state = BATCH_FAILED;
    if (item->state != BATCH_TO_DO) {
        if (one.plan)
            print_item(item, NULL);
        return EXIT_OK;
    }
    if (*content == GOOD && *style == GOOD && !one.plan)
        return EXIT_OK;
    run r;
    progress_wait(&b->invocation.report, "checking the images");
    int code = run_prepare(&r, &b->invocation, &one);
    if (code == EXIT_OK) {
        if (one.plan)
            print_item(item, pst_job_plan(r.job));
        code = run_check_plan(&r);
        if (code == EXIT_OK && one.plan)
            code = foretell(b, &r);
    }
    if (code == EXIT_OK)
        *content = *style = GOOD;
    else if (r.bad == one.content)
        *content = BAD;
    else if (r.bad && !one.style_list)
        *style = BAD;
    bool all = r.bad ? r.bad != one.content && (one.style_list || r.bad == one.start_file)
                     : code == EXIT_USAGE && *content == UNKNOWN && *style == UNKNOWN;
    run_end(&r);
    if (code != EXIT_OK)
        item->state = BATCH_FAILED;
    return all ? code : EXIT_OK;
}

static int check_items(batch *b) {
    int code = EXIT_OK;
    b->contents = calloc(b->list.contents.count, sizeof *b->contents);
    b->styles = calloc(b->list.styles.count, sizeof *b->styles);
    if (!b->contents || !b->styles)
        return invocation_failed(&b->invocation, PST_ERROR_MEMORY);
    for (size_t i = 0; i < b->list.count && code == EXIT_OK; i++)
        code = check_item(b, &b->list.items[i]);
    progress_clear(&b->invocation.report);
    return code;
}

/* Folders are made once all else is known to be good. */
static int make_room(batch *b) {
    for (size_t i = 0; i < b->list.count; i++) {
        const batch_item *item = &b->list.items[i];
        settings one = batch_item_settings(&b->list, b->settings, item);
        if (item->state != BATCH_TO_DO)
            continue;
        if (!file_make_folders(item->output)) {
            complain("%s: its folder cannot be made: %s", item->output, strerror(errno));
            return EXIT_FAILED;
        }
        int code = run_check_output(&b->invocation, &one);
        if (code != EXIT_OK)
            return code;
    }
    return EXIT_OK;
}

/* The endings, and what of the settings goes with them, need no folder to be looked at. A plan makes no folders: it
 * looks into those that are there. */
static int check_endings(batch *b) {
    for (size_t i = 0; i < b->list.count; i++) {
        const batch_item *item = &b->list.items[i];
        pst_status status =
            item->state != BATCH_TO_DO ? PST_OK : image_check(b->invocation.context, b->settings, item->output);
        if (status == PST_ERROR_ARGUMENT || status == PST_ERROR_UNSUPPORTED || status == PST_ERROR_FORMAT)
            return invocation_failed(&b->invocation, status);
        settings one = batch_item_settings(&b->list, b->settings, item);
        int code = one.plan && item->state == BATCH_TO_DO && file_has_folder(item->output)
                       ? run_check_output(&b->invocation, &one)
                       : EXIT_OK;
        if (code != EXIT_OK)
            return code;
    }
    return EXIT_OK;
}

/* ---- the runs ---- */

static int paint_item(batch *b, batch_item *item) {
    settings one = batch_item_settings(&b->list, b->settings, item);
    progress *report = &b->invocation.report;
    char name[TITLE_MOST - 128], title[TITLE_MOST], left[32], rest[64] = "";
    run r;
    size_t painted = (size_t)report->item++;
    if (painted > 0)
        snprintf(
            rest, sizeof rest, " (about %s to go)",
            progress_time(difftime(time(NULL), b->begun) / (double)painted * (report->items - (int)painted), left));
    snprintf(title, sizeof title, "%d of %d%s: %s", report->item, report->items, rest,
             batch_item_title(&b->list, item, name, sizeof name));
    b->invocation.status = PST_OK;
    int code = run_prepare(&r, &b->invocation, &one);
    bool whole = code == EXIT_OK && !signals_caught();
    if (whole) {
        r.title = title;
        r.apart = true;
        code = run_paint(&r);
        whole = !r.stopped && (code == EXIT_OK || code > EXIT_SIGNAL);
    }
    run_end(&r);
    if (whole || !signals_caught())
        item->state = whole ? BATCH_DONE : BATCH_FAILED;
    return code;
}

/* One failure does not stop the others, unless the device itself failed: nothing can be asked of it any more. */
static int paint_items(batch *b) {
    int code = EXIT_OK;
    progress *report = &b->invocation.report;
    report->items = (int)batch_count(&b->list, BATCH_TO_DO);
    b->begun = time(NULL);
    signals_catch(report->terminal);
    for (size_t i = 0; i < b->list.count && !signals_caught(); i++) {
        batch_item *item = &b->list.items[i];
        if (item->state == BATCH_TO_DO && paint_item(b, item) != EXIT_OK) {
            code = EXIT_FAILED;
            if (b->invocation.status == PST_ERROR_DEVICE || b->invocation.status == PST_ERROR_DEVICE_MEMORY)
                break;
        }
    }
    return signals_caught() ? EXIT_SIGNAL + signals_caught() : code;
}

static void sum_up(batch *b, bool begun) {
    const batch_list *list = &b->list;
    char failed[48] = "", left[96] = "", there[80] = "", took[32];
    size_t there_count = batch_count(list, BATCH_THERE), failures = batch_count(list, BATCH_FAILED),
           rest = batch_count(list, BATCH_TO_DO);
    if (there_count)
        snprintf(there, sizeof there, ", %zu skipped, which %s", there_count, there_count == 1 ? "exists" : "exist");
    if (failures)
        snprintf(failed, sizeof failed, ", %zu failed", failures);
    if (rest)
        snprintf(left, sizeof left, ", %zu left%s", rest,
                 begun && !b->settings->overwrite ? ": the same command continues with them" : "");
    progress_say(&b->invocation.report, "%zu of %zu %s painted in %s%s%s%s", batch_count(list, BATCH_DONE), list->count,
                 list->count == 1 ? "image" : "images",
                 progress_time(b->begun ? difftime(time(NULL), b->begun) : 0, took), there, failed, left);
}

static int paint_all(batch *b) {
    const settings *s = b->settings;
    invocation *w = &b->invocation;
    int code = invocation_open(w);
    if (code == EXIT_OK)
        code = check_endings(b);
    if (code == EXIT_OK)
        code = invocation_load(w);
    if (code == EXIT_OK)
        code = check_items(b);
    char took[32];
    if (code == EXIT_OK && b->pace > 0)
        print_line("%zu %s to paint, in about %s.", batch_count(&b->list, BATCH_TO_DO),
                   batch_count(&b->list, BATCH_TO_DO) == 1 ? "image" : "images",
                   progress_time(b->pace * b->pixels, took));
    if (code != EXIT_OK || s->plan)
        return code != EXIT_OK || batch_count(&b->list, BATCH_FAILED) == 0 ? code : EXIT_FAILED;
    code = make_room(b);
    if (code != EXIT_OK)
        return code;
    char dealt[48] = "";
    if (world_count() > 1)
        snprintf(dealt, sizeof dealt, ", %zu of them by rank 0 of %d", batch_count(&b->list, BATCH_TO_DO),
                 world_count());
    if (b->to_do)
        progress_say(&w->report, "%s, %s, %d iteration%s for each of %zu into %s%s", w->device_names,
                     file_name(w->model), s->transfer.iterations, plural((size_t)s->transfer.iterations), b->to_do,
                     s->output, dealt);
    code = paint_items(b);
    return code == EXIT_OK && batch_count(&b->list, BATCH_FAILED) ? EXIT_FAILED : code;
}

int batch_command(const settings *s) {
    batch b = {.settings = s};
    int code = batch_list_make(&b.list, s);
    if (code == EXIT_OK)
        code = invocation_begin(&b.invocation, s);
    if (code == EXIT_OK) {
        inputs_tell_left_out(&b.invocation.report, &b.list.left_out);
        code = check_names(&b);
    }
    b.to_do = batch_count(&b.list, BATCH_TO_DO);
    code = world_agree(code);
    if (code == EXIT_OK)
        code = batch_deal(&b.list, s);
    if (code == EXIT_OK) {
        b.invocation.log_begun = world_count() > 1 || batch_count(&b.list, BATCH_THERE) > 0;
        b.invocation.runs = (int)batch_count(&b.list, BATCH_TO_DO);
        if (b.invocation.runs || s->plan)
            code = paint_all(&b);
        if (!s->plan && batch_collect(&b.list) && (b.begun || !b.invocation.runs))
            sum_up(&b, b.to_do > 0);
    }
    free(b.contents);
    free(b.styles);
    invocation_end(&b.invocation);
    batch_list_free(&b.list);
    return code;
}
