/* The painter's side of the queue: which run is next, what people want of it, what became of it. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/options/complain.h"
#include "cli/options/file_names.h"
#include "cli/run/signals.h"
#include "cli/studio/places.h"
#include "cli/studio/queue_data.h"
#include "cli/studio/run_line.h"
#include "cli/studio/shelf.h"
#include "web/json.h"

static const double tell_seconds = 0.25; /* from one event of progress to the next */
static const double look_seconds = 1;    /* from one look for a missing image to the next */

/* A result that was written just before the program was killed has a record; a file that somebody put there in the
 * meantime hardly. */
static bool is_written(struct queue *q, const queue_item *item) {
    char *text = NULL;
    if (!item->begun || !file_exists(item->output) || pst_image_metadata(q->files, item->output, &text) != PST_OK)
        return false;
    const bool ours = text != NULL;
    pst_bytes_destroy(text);
    return ours;
}

/* Passes the item over until it is time to look again. */
static void hold(studio *s, queue_item *item, const char *why) {
    char path[64];
    const bool is_told = item->held != 0 && item->error && strcmp(item->error, why) == 0;
    item->held = web_clock() + look_seconds;
    item->state = file_exists(queue_checkpoint(item->id, path)) ? QUEUE_PAUSED : QUEUE_WAITING;
    if (is_told)
        return;
    queue_set_text(&item->error, why);
    queue_set_command(s, item);
    complain("%s: %s", item->output, why);
    queue_changed(s);
}

/* Holds an item that misses an image: somebody may put it back. */
static bool has_images(studio *s, queue_item *item) {
    const char *id;
    json_t *path;
    char why[512];
    shelf_entry entry;
    json_object_foreach(item->images, id, path) {
        if (shelf_find(s, id, &entry))
            continue;
        if (shelf_is_read(s)) {
            snprintf(why, sizeof why, "waits for %.300s, which is gone or has changed: put it back or cancel this run",
                     json_string_value(path) ? json_string_value(path) : id);
            hold(s, item, why);
        }
        return false;
    }
    return true;
}

/* An image may have come back under another name. */
static void look_again(studio *s, queue_item *item) {
    json_t *images = run_line_images(s, item->run);
    json_object_update(item->images, images);
    json_decref(images);
    queue_set_command(s, item);
}

/* The first that can be painted. */
static queue_item *choose(studio *s) {
    struct queue *q = s->queue;
    char path[64];
    for (size_t i = 0; i < q->count && !q->paused; i++) {
        queue_item *item = q->items[i];
        if (queue_is_finished(item) || web_clock() < item->held)
            continue;
        if (!is_written(q, item)) {
            if (has_images(s, item))
                return item;
            continue;
        }
        item->state = QUEUE_DONE;
        item->iteration = item->iterations;
        remove(queue_checkpoint(item->id, path));
        queue_changed(s);
    }
    return NULL;
}

bool queue_next(studio *s, queue_task *task) {
    struct queue *q = s->queue;
    *task = (queue_task){0};
    web_lock(q->lock);
    queue_item *item = choose(s);
    if (item) {
        memcpy(task->id, item->id, sizeof task->id);
        task->begun = item->begun;
        task->run = json_deep_copy(item->run);
        queue_set_text(&task->output, item->output);
        queue_checkpoint(item->id, task->checkpoint);
        item->state = QUEUE_PAINTING;
        item->begun = true;
        item->cancelled = false;
        item->held = 0;
        queue_set_text(&item->error, NULL);
        look_again(s, item);
        q->present = item;
        q->told = 0;
        queue_changed(s);
    }
    web_unlock(q->lock);
    return item;
}

static void tell_progress(studio *s, const queue_item *item) {
    struct queue *q = s->queue;
    const double now = web_clock();
    if (now - q->told < tell_seconds && item->iteration < item->iterations)
        return;
    q->told = now;
    studio_tell(s, STUDIO_EVENT_PROGRESS,
                json_pack("{s:s, s:i, s:i, s:o, s:o, s:o}", "id", item->id, "iteration", item->iteration, "iterations",
                          item->iterations, "seconds", web_json_number(item->seconds, 6), "seconds_left",
                          item->seconds_left >= 0 ? web_json_number(item->seconds_left, 6) : json_null(), "loss",
                          web_json_number(item->loss, 6)));
}

run_wish queue_wish(studio *s, const pst_progress *now) {
    struct queue *q = s->queue;
    web_lock(q->lock);
    queue_item *item = q->present;
    if (item && now) {
        item->iteration = now->iteration;
        item->iterations = now->iterations;
        item->seconds = now->seconds;
        item->seconds_left = now->seconds_left;
        item->loss = now->loss;
        tell_progress(s, item);
    }
    const run_wish wish = item && item->cancelled              ? RUN_DROPS
                          : q->paused || signals_caught() != 0 ? RUN_LEAVES
                                                               : RUN_GOES_ON;
    web_unlock(q->lock);
    return wish;
}

/* Whatever came under that name since it was chosen stays. */
char *queue_place(studio *s) {
    struct queue *q = s->queue;
    char name[FOLDER_NAME_MOST];
    char *place = NULL;
    web_lock(q->lock);
    queue_item *item = q->present;
    if (item && !item->sheet && file_exists(item->output)) {
        snprintf(name, sizeof name, "%s", item->output);
        queue_set_text(&item->output, folder_free_name("", name, NULL, NULL));
        queue_set_command(s, item);
        queue_changed(s);
    }
    queue_set_text(&place, item ? item->output : NULL);
    web_unlock(q->lock);
    return place;
}

static void free_task(queue_task *task) {
    json_decref(task->run);
    free(task->output);
    *task = (queue_task){0};
}

/* Under the lock. */
static void settle(studio *s, const queue_task *task, run_ending ending, const char *message) {
    static const queue_state states[] = {[RUN_FAILED] = QUEUE_FAILED,
                                         [RUN_UNWRITTEN] = QUEUE_PAUSED,
                                         [RUN_LEFT] = QUEUE_PAUSED,
                                         [RUN_STOPPED] = QUEUE_STOPPED,
                                         [RUN_DONE] = QUEUE_DONE};
    struct queue *q = s->queue;
    queue_item *item = q->present;
    q->present = NULL;
    if (!item)
        return;
    item->state = states[ending];
    item->seconds_left = -1;
    queue_set_text(&item->error, message);
    if (ending == RUN_FAILED && file_exists(task->checkpoint)) {
        item->state = QUEUE_PAUSED; /* what was painted is not lost, and somebody may mend what is wrong */
        item->held = INFINITY;
    }
    if (ending == RUN_FAILED)
        has_images(s, item);
    if (queue_is_finished(item))
        remove(task->checkpoint);
    if (item->cancelled && !queue_is_finished(item))
        queue_drop(q, item);
}

static void halt(studio *s, const char *problem) {
    s->queue->paused = true;
    queue_set_text(&s->queue->problem, problem);
}

void queue_ended(studio *s, queue_task *task, run_ending ending, const char *message) {
    struct queue *q = s->queue;
    web_lock(q->lock);
    const bool result = q->present && !q->present->sheet && (ending == RUN_DONE || ending == RUN_STOPPED);
    settle(s, task, ending, message);
    queue_changed(s);
    web_unlock(q->lock);
    if (result)
        studio_tell(s, STUDIO_EVENT_RESULTS, NULL);
    free_task(task);
}

void queue_halted(studio *s, queue_task *task, const char *problem) {
    struct queue *q = s->queue;
    web_lock(q->lock);
    settle(s, task, RUN_LEFT, problem);
    halt(s, problem);
    queue_changed(s);
    web_unlock(q->lock);
    free_task(task);
}

void queue_halt(studio *s, const char *problem) {
    struct queue *q = s->queue;
    web_lock(q->lock);
    halt(s, problem);
    queue_changed(s);
    web_unlock(q->lock);
}

void queue_set_device(studio *s, const char *names) {
    struct queue *q = s->queue;
    web_lock(q->lock);
    queue_set_text(&q->device, names);
    queue_changed(s);
    web_unlock(q->lock);
}
