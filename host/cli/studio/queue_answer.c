/* api/runs and api/queue: what pages and programs do to the queue. */
#include <stdlib.h>
#include <string.h>

#include "cli/run/inputs.h"
#include "cli/studio/librarian.h"
#include "cli/studio/queue_data.h"
#include "cli/studio/run_line.h"
#include "cli/studio/shelf.h"

/* ---- a new run ---- */

static void touch(studio *s, const json_t *run) {
    json_t *style;
    size_t i;
    json_array_foreach(json_object_get(run, "styles"), i, style) {
        shelf_touch(s, json_string_value(json_object_get(style, "id")));
    }
    shelf_touch(s, json_string_value(json_object_get(run, "content")));
}

/* Reads the whole command line as the program will, and whether the options go with the result's format. */
static bool check(studio *s, const json_t *run, const char *output, int *iterations, run_problem *problem) {
    command_line line;
    settings read = {0};
    bool good = run_line_make(s, run, output, &line, problem) && run_line_read(&line, &read, problem);
    if (good) {
        pst_context *context = librarian_take(s);
        *iterations = read.transfer.iterations;
        good = image_check(context, &read, output) == PST_OK;
        if (!good) {
            problem->code = 422;
            snprintf(problem->text, sizeof problem->text, "%s", pst_context_message(context));
        }
        librarian_give(s);
    }
    options_free(&read);
    line_free(&line);
    return good;
}

json_t *queue_add(studio *s, const json_t *run, const char *sheet, const char *output, web_reply *reply) {
    char name[FOLDER_NAME_MOST];
    run_problem problem = {0};
    int iterations = 0;
    json_t *made = NULL, *settled = json_is_object(run) ? run_line_settle(s, run) : json_null();
    if (!output)
        output = run_line_name(s, settled, name);
    if (!check(s, settled, output, &iterations, &problem)) {
        run_line_refuse(reply, &problem);
        json_decref(settled);
    } else if ((made = queue_append(s, settled, sheet, output, iterations, reply))) {
        touch(s, run);
    }
    return made;
}

static void add(studio *s, const web_call *call, web_reply *reply) {
    json_t *run = studio_body(call, reply), *made = run ? queue_add(s, run, NULL, NULL, reply) : NULL;
    if (made)
        studio_reply(reply, 201, made);
    json_decref(run);
}

/* ---- those that there are ---- */

json_t *queue_entry(studio *s, const char *id) {
    web_lock(s->queue->lock);
    const queue_item *item = queue_find(s->queue, id);
    json_t *made = item ? queue_item_json(item, true) : NULL;
    web_unlock(s->queue->lock);
    return made;
}

static void give_entry(studio *s, const char *id, web_reply *reply) {
    json_t *made = queue_entry(s, id);
    if (made)
        studio_reply(reply, 200, made);
    else
        studio_refuse(reply, 404, "there is no run %s", id);
}

static json_t *take_all(studio *s) {
    web_lock(s->queue->lock);
    json_t *made = queue_json(s->queue, true);
    web_unlock(s->queue->lock);
    return made;
}

/* Under the lock. What is painted ends at its next evaluation. */
static void cancel(struct queue *q, queue_item *item) {
    if (item == q->present)
        item->cancelled = true;
    else
        queue_drop(q, item);
}

bool queue_cancel(studio *s, const char *id) {
    web_lock(s->queue->lock);
    queue_item *item = queue_find(s->queue, id);
    if (item) {
        cancel(s->queue, item);
        queue_changed(s);
    }
    web_unlock(s->queue->lock);
    return item;
}

static void drop_all(studio *s, const char *sheet) {
    struct queue *q = s->queue;
    web_lock(q->lock);
    for (size_t i = q->count; i-- > 0;) {
        queue_item *item = q->items[i];
        if (sheet ? !queue_is_finished(item) && item->sheet && strcmp(item->sheet, sheet) == 0
                  : queue_is_finished(item))
            cancel(q, item);
    }
    queue_changed(s);
    web_unlock(q->lock);
}

void queue_cancel_sheet(studio *s, const char *sheet) { drop_all(s, sheet); }

static bool can_move(const queue_item *item) { return item->state == QUEUE_WAITING || item->state == QUEUE_PAUSED; }

/* To a place among those that can move, which the others keep. False: it cannot. */
static bool move(struct queue *q, queue_item *item, size_t to) {
    size_t from = 0, at = 0;
    if (!can_move(item))
        return false;
    while (q->items[from] != item)
        from++;
    memmove(q->items + from, q->items + from + 1, (--q->count - from) * sizeof(*q->items));
    for (; at < q->count; at++)
        if (can_move(q->items[at]) && to-- == 0)
            break;
    memmove(q->items + at + 1, q->items + at, (q->count++ - at) * sizeof(*q->items));
    q->items[at] = item;
    return true;
}

static void move_entry(studio *s, const char *id, const web_call *call, web_reply *reply) {
    struct queue *q = s->queue;
    json_t *body = studio_body(call, reply), *to = json_object_get(body, "to");
    if (body && (!json_is_integer(to) || json_integer_value(to) < 0)) {
        studio_refuse(reply, 400, "to: must be a place among the waiting runs, from 0");
    } else if (body) {
        web_lock(q->lock);
        queue_item *item = queue_find(q, id);
        const bool moved = item && move(q, item, (size_t)json_integer_value(to));
        if (moved)
            queue_changed(s);
        web_unlock(q->lock);
        if (!item)
            studio_refuse(reply, 404, "there is no run %s", id);
        else if (!moved)
            studio_refuse(reply, 409, "only runs that wait can be moved");
        else
            studio_reply(reply, 200, take_all(s));
    }
    json_decref(body);
}

static void pause_queue(studio *s, const web_call *call, web_reply *reply) {
    struct queue *q = s->queue;
    json_t *body = studio_body(call, reply), *paused = json_object_get(body, "paused");
    if (body && !json_is_boolean(paused)) {
        studio_refuse(reply, 400, "paused: must be true or false");
    } else if (body) {
        web_lock(q->lock);
        q->paused = json_is_true(paused);
        for (size_t i = 0; !q->paused && i < q->count; i++)
            q->items[i]->held = 0;
        queue_set_text(&q->problem, NULL);
        queue_changed(s);
        web_tell(q->lock);
        web_unlock(q->lock);
        studio_reply(reply, 200, take_all(s));
    }
    json_decref(body);
}

void queue_answer(studio *s, const web_call *call, web_reply *reply) {
    const bool queue = strcmp(call->path[0], "queue") == 0;
    const char *second = call->parts > 1 ? call->path[1] : "", *third = call->parts > 2 ? call->path[2] : "";
    if (queue && studio_is(call, "POST", 1)) {
        pause_queue(s, call, reply);
    } else if ((!queue && studio_is(call, "GET", 1)) || (queue && studio_is(call, "GET", 1))) {
        studio_reply(reply, 200, take_all(s));
    } else if (!queue && studio_is(call, "POST", 1)) {
        add(s, call, reply);
    } else if (!queue && studio_is(call, "GET", 2)) {
        give_entry(s, second, reply);
    } else if (!queue && studio_is(call, "POST", 2) && strcmp(second, "clear") == 0) {
        drop_all(s, NULL);
        studio_reply(reply, 200, take_all(s));
    } else if (!queue && studio_is(call, "POST", 3) && strcmp(third, "move") == 0) {
        move_entry(s, second, call, reply);
    } else if (!queue && studio_is(call, "POST", 3) && strcmp(third, "cancel") == 0) {
        if (queue_cancel(s, second))
            studio_reply(reply, 200, take_all(s));
        else
            studio_refuse(reply, 404, "there is no run %s", second);
    } else {
        studio_unknown(call, reply);
    }
}
