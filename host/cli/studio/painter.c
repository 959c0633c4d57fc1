#include "cli/studio/painter.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/draw/demo_images.h"
#include "cli/options/complain.h"
#include "cli/options/file_names.h"
#include "cli/run/live_page.h"
#include "cli/run/run_paint.h"
#include "cli/run/signals.h"
#include "cli/studio/places.h"
#include "cli/studio/queue_data.h"
#include "cli/studio/run_line.h"
#include "web/json.h"

enum { RESTS = 10 /* a second */, CHECKPOINT_SECONDS = 2, TRIED_SIDE = 256, MESSAGE_MOST = 1024, NAME_MOST = 256 };

struct painter {
    invocation invocation;
    bool is_open; /* with its device */
    bool tried;   /* how fast it is */
    int rests;    /* in a row or not, before that */

    /* under the queue's lock */
    bool ready;
    char network[NAME_MOST]; /* the file that is loaded */
};

/* Where a signal ends the program at once: drivers and their compilers may take long, and the queue is written. */
static const char *farewell(const studio *s) { return s->settings->quiet ? "" : "pastiche: " STUDIO_HAS_ENDED "\n"; }

/* ---- what others see ---- */

static void show(studio *s) {
    struct painter *p = s->painter;
    const pst_network *network = p->invocation.network;
    web_lock(s->queue->lock);
    p->ready = p->is_open;
    snprintf(p->network, sizeof p->network, "%s", network ? file_name(pst_network_path(network)) : "");
    web_unlock(s->queue->lock);
    queue_set_device(s, p->is_open ? p->invocation.device_names : NULL);
}

json_t *painter_json(studio *s) {
    struct painter *p = s->painter;
    struct queue *q = s->queue;
    char network[NAME_MOST];
    double bytes;
    web_lock(q->lock);
    json_t *made = json_pack("{s:o, s:b, s:o}", "device", web_json_text(q->device), "ready", p->ready, "problem",
                             web_json_text(q->problem));
    memcpy(network, p->network, sizeof network);
    web_unlock(q->lock);
    const double pace = queue_forecast(s, network, 512 * 384, 1, &bytes) / (512 * 384) * 1e6;
    json_object_set_new(made, "pace", pace > 0 ? web_json_number(pace, 4) : json_null());
    return made;
}

/* ---- the device ---- */

static void close_device(studio *s) {
    struct painter *p = s->painter;
    if (p->invocation.settings)
        invocation_end(&p->invocation);
    p->is_open = false;
    show(s);
}

/* Opens the device and reads the network that most runs will take; what is wrong is told, here and on the page. */
static bool open_device(studio *s) {
    struct painter *p = s->painter;
    invocation *w = &p->invocation;
    char problem[MESSAGE_MOST];
    complain_hold(true);
    int code = invocation_begin(w, s->settings);
    w->page = live_page_on(s->web);
    w->looked_at_choices = true; /* people wait for their first stroke; pastiche tune measures */
    signals_nothing_to_lose(farewell(s));
    if (code == EXIT_OK)
        code = invocation_open(w);
    if (code == EXIT_OK)
        code = invocation_load(w);
    signals_nothing_to_lose(NULL);
    snprintf(problem, sizeof problem, "%s", complain_held());
    complain_hold(false);
    p->is_open = code == EXIT_OK;
    if (p->is_open) {
        show(s);
        return true;
    }
    complain("%s", problem);
    close_device(s);
    queue_halt(s, problem);
    return false;
}

/* A pace for the first forecasts, while nobody waits. */
static void try_pace(studio *s) {
    invocation *w = &s->painter->invocation;
    const demo_image *demo = &demo_images[DEMO_CONTENT];
    pst_transfer_options options;
    float *rgb = malloc(sizeof *rgb * 3 * (size_t)demo->width * (size_t)demo->height);
    pst_image *image = NULL;
    pst_job *job = NULL;
    double seconds = 0, bytes;
    s->painter->tried = true;
    pst_transfer_options_init(&options, sizeof options);
    if (!rgb || queue_forecast(s, file_name(w->model), 512 * 384, 1, &bytes) > 0)
        goto cleanup;
    demo->draw(demo->width, demo->height, rgb);
    if (pst_image_create(w->context, demo->width, demo->height, rgb, &image) != PST_OK)
        goto cleanup;
    options.content = image;
    options.styles = (const pst_image *const *)&image;
    options.style_count = 1;
    options.image_size = TRIED_SIDE;
    signals_nothing_to_lose(farewell(s));
    if (pst_job_create(w->context, w->network, &options, &job) == PST_OK && pst_job_forecast(job, &seconds) == PST_OK)
        queue_learn(s, file_name(w->model), (double)pst_job_plan(job)->width * pst_job_plan(job)->height,
                    options.iterations, seconds, (double)pst_job_plan(job)->device_bytes);
cleanup:
    signals_nothing_to_lose(NULL);
    pst_job_destroy(job);
    pst_image_destroy(image);
    free(rgb);
    show(s); /* forecasts are there */
}

/* ---- a run ---- */

static run_wish wish(void *user, const pst_progress *now) { return queue_wish(user, now); }

static char *place(void *user) { return queue_place(user); }

/* The run's network instead of another one. */
static int take_network(invocation *w, const settings *read) {
    const pst_status status = pst_catalogue_find(w->catalogue, read->model, &w->model);
    if (status != PST_OK) {
        complain("%s", pst_catalogue_message(w->catalogue));
        return EXIT_FAILED;
    }
    if (w->network && strcmp(pst_network_path(w->network), w->model) != 0) {
        pst_network_destroy(w->network);
        w->network = NULL;
    }
    return EXIT_OK;
}

/* A damaged checkpoint is no reason not to paint. It is set aside once all else is right. */
static int prepare(run *r, invocation *w, settings *read, queue_task *task) {
    char why[MESSAGE_MOST];
    read->resume = task->begun && file_exists(task->checkpoint) ? task->checkpoint : NULL;
    int code = run_prepare(r, w, read);
    if (code == EXIT_OK || !read->resume || w->status != PST_ERROR_FORMAT)
        return code;
    snprintf(why, sizeof why, "%s", complain_held());
    run_end(r);
    w->status = PST_OK;
    read->resume = read->checkpoint = NULL;
    code = run_prepare(r, w, read);
    if (code != EXIT_OK)
        return code;
    complain_hold(false);
    folder_set_aside(task->checkpoint, why, "painting begins anew");
    complain_hold(true);
    read->checkpoint = task->checkpoint;
    return code;
}

static void learn(studio *s, const run *r, const settings *read) {
    const pst_plan *plan = pst_job_plan(r->job);
    if (r->ending == RUN_DONE && !read->resume)
        queue_learn(s, file_name(r->invocation->model), (double)plan->width * plan->height, r->last.iteration,
                    r->last.seconds, (double)plan->device_bytes);
}

/* Paints as its command line says; a failure is held as this thread's complaint. */
static run_ending paint_line(studio *s, queue_task *task, settings *read) {
    invocation *w = &s->painter->invocation;
    const run_keeper keeper = {.user = s, .wish = wish, .place = place, .farewell = farewell(s)};
    run r = {0};
    run_ending ending = RUN_FAILED;
    read->quiet = true;
    read->checkpoint = task->checkpoint;
    read->checkpoint_every = CHECKPOINT_SECONDS;
    w->status = PST_OK;
    int code = take_network(w, read);
    if (code == EXIT_OK)
        code = prepare(&r, w, read, task);
    if (code == EXIT_OK) {
        r.keeper = &keeper;
        run_paint(&r);
        ending = r.ending;
        learn(s, &r, read);
    }
    run_end(&r);
    return ending;
}

/* Where the device is lost, or no room left for the result, this run is not to blame, and the next would fare no
 * better. */
static void end(studio *s, queue_task *task, run_ending ending, const char *message) {
    const pst_status status = s->painter->invocation.status;
    const bool lost = ending == RUN_FAILED && (status == PST_ERROR_DEVICE || status == PST_ERROR_DEVICE_MEMORY);
    if (ending == RUN_FAILED || ending == RUN_UNWRITTEN)
        complain("%s: %s", task->output, message);
    if (lost)
        close_device(s); /* nothing can be asked of it any more */
    if (ending == RUN_UNWRITTEN || (lost && status == PST_ERROR_DEVICE))
        queue_halted(s, task, message);
    else
        queue_ended(s, task, ending, ending == RUN_FAILED ? message : NULL);
}

static void paint(studio *s, queue_task *task) {
    command_line line;
    run_problem problem = {0};
    settings read = {0};
    char message[MESSAGE_MOST];
    run_ending ending = RUN_FAILED;
    const bool quiet = s->settings->quiet;
    if (!quiet)
        complain("%s: painting%s", task->output, task->begun ? " goes on" : "");
    bool good = run_line_make(s, task->run, task->output, &line, &problem);
    good = good && run_line_read(&line, &read, &problem);
    snprintf(message, sizeof message, "%s", problem.text);
    if (good) {
        complain_hold(true);
        ending = paint_line(s, task, &read);
        snprintf(message, sizeof message, "%s", complain_held());
        complain_hold(false);
    }
    if (!quiet && (ending == RUN_DONE || ending == RUN_STOPPED))
        complain("%s: %s", task->output, ending == RUN_DONE ? "done" : "stopped, and written");
    end(s, task, ending, message);
    options_free(&read);
    line_free(&line);
}

/* ---- the day ---- */

static void rest(studio *s) {
    web_lock(s->queue->lock);
    web_wait(s->queue->lock, 0.1);
    web_unlock(s->queue->lock);
}

static bool is_halted(studio *s) {
    web_lock(s->queue->lock);
    const bool halted = s->queue->paused;
    web_unlock(s->queue->lock);
    return halted;
}

void painter_work(studio *s) {
    struct painter *p = s->painter;
    queue_task task;
    open_device(s);
    while (!signals_caught()) {
        const bool can_paint = p->is_open || (!is_halted(s) && open_device(s));
        if (can_paint && queue_next(s, &task))
            paint(s, &task);
        else if (can_paint && !p->tried && ++p->rests > RESTS)
            try_pace(s);
        else
            rest(s);
    }
}

bool painter_open(studio *s) {
    s->painter = calloc(1, sizeof *s->painter);
    if (!s->painter)
        complain("no memory left");
    return s->painter;
}

void painter_close(studio *s) {
    if (s->painter && s->painter->invocation.settings)
        invocation_end(&s->painter->invocation);
    free(s->painter);
    s->painter = NULL;
}
