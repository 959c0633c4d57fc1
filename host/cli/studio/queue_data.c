/* The queue's entries, their order, and their file. */
#include "cli/studio/queue_data.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cli/options/complain.h"
#include "cli/options/file_names.h"
#include "cli/options/paths.h"
#include "cli/run/record.h"
#include "cli/studio/names.h"
#include "cli/studio/run_line.h"
#include "web/json.h"

const char *const queue_states[QUEUE_STATES] = {"waiting", "painting", "paused", "done", "stopped", "failed"};

/* ---- items ---- */

void queue_set_text(char **text, const char *value) {
    char *copy = value ? malloc(strlen(value) + 1) : NULL;
    free(*text);
    *text = copy ? strcpy(copy, value) : NULL;
}

char *queue_checkpoint(const char *id, char path[64]) {
    snprintf(path, 64, STUDIO_CHECKPOINTS "/%s.state", id);
    return path;
}

queue_item *queue_find(const struct queue *q, const char *id) {
    for (size_t i = 0; i < q->count; i++)
        if (strcmp(q->items[i]->id, id) == 0)
            return q->items[i];
    return NULL;
}

bool queue_is_finished(const queue_item *item) { return item->state >= QUEUE_DONE; }

static void free_item(queue_item *item) {
    if (!item)
        return;
    json_decref(item->run);
    json_decref(item->images);
    free(item->command);
    free(item->output);
    free(item->sheet);
    free(item->error);
    free(item);
}

void queue_drop(struct queue *q, queue_item *item) {
    char path[64];
    size_t i = 0;
    while (i < q->count && q->items[i] != item)
        i++;
    if (i == q->count)
        return;
    memmove(q->items + i, q->items + i + 1, (--q->count - i) * sizeof(*q->items));
    remove(queue_checkpoint(item->id, path));
    free_item(item);
}

/* At the end; takes the item. False: no memory. */
static bool append(struct queue *q, queue_item *item) {
    queue_item **longer = item ? realloc(q->items, (q->count + 1) * sizeof(*longer)) : NULL;
    if (!longer) {
        free_item(item);
        return false;
    }
    q->items = longer;
    q->items[q->count++] = item;
    return true;
}

void queue_set_command(studio *s, queue_item *item) {
    command_line line;
    run_problem problem;
    free(item->command);
    item->command = run_line_make(s, item->run, item->output, &line, &problem) ? line_text(&line) : NULL;
    line_free(&line);
}

/* ---- JSON ---- */

static json_t *number(double value) { return value >= 0 ? web_json_number(value, 6) : json_null(); }

json_t *queue_item_json(const queue_item *item, bool whole) {
    char title[FOLDER_NAME_MOST];
    snprintf(title, sizeof title, "%.*s", (int)file_base(file_name(item->output)), file_name(item->output));
    json_t *made = json_pack("{s:s, s:s, s:o, s:o, s:o, s:i, s:i, s:o, s:o, s:I, s:o}", "id", item->id, "state",
                             queue_states[item->state], "title", web_json_text(title), "output",
                             web_json_text(item->sheet || item->state == QUEUE_FAILED ? NULL : item->output), "error",
                             web_json_text(item->error), "iteration", item->iteration, "iterations", item->iterations,
                             "seconds", number(item->seconds), "seconds_left", number(item->seconds_left), "added",
                             (json_int_t)item->added, "sheet", web_json_text(item->sheet));
    if (whole) {
        json_object_set_new(made, "run", json_deep_copy(item->run));
        json_object_set_new(made, "command", web_json_text(item->command));
    }
    return made;
}

json_t *queue_json(const struct queue *q, bool whole) {
    json_t *runs = json_array();
    for (size_t i = 0; i < q->count; i++)
        json_array_append_new(runs, queue_item_json(q->items[i], whole));
    return json_pack("{s:b, s:o, s:o, s:o}", "paused", q->paused, "problem", web_json_text(q->problem), "current",
                     web_json_text(q->present ? q->present->id : NULL), "runs", runs);
}

/* ---- the file ---- */

static bool save(struct queue *q) {
    json_t *runs = json_array();
    for (size_t i = 0; i < q->count; i++) {
        const queue_item *item = q->items[i];
        json_t *kept = json_pack("{s:s, s:s, s:O, s:O, s:s, s:o, s:o, s:I, s:b, s:i, s:i}", "id", item->id, "state",
                                 queue_states[item->state], "run", item->run, "images", item->images, "output",
                                 item->output, "sheet", web_json_text(item->sheet), "error", web_json_text(item->error),
                                 "added", (json_int_t)item->added, "begun", item->begun, "iteration", item->iteration,
                                 "iterations", item->iterations);
        json_array_append_new(runs, kept);
    }
    json_t *root = json_pack("{s:I, s:b, s:O, s:o}", "ids", (json_int_t)q->ids, "paused", q->paused && !q->problem,
                             "paces", q->paces, "runs", runs); /* the next start tries */
    char *text = json_dumps(root, JSON_INDENT(1) | JSON_REAL_PRECISION(10));
    const bool good = text && pst_file_write(q->files, STUDIO_QUEUE, text, strlen(text)) == PST_OK;
    free(text);
    json_decref(root);
    return good;
}

bool queue_changed(studio *s) {
    const bool good = save(s->queue);
    studio_tell(s, STUDIO_EVENT_QUEUE, queue_json(s->queue, false));
    return good;
}

static queue_state state_of(const char *name) {
    int state = QUEUE_STATES - 1;
    while (state > 0 && strcmp(queue_states[state], name) != 0)
        state--;
    return (queue_state)state;
}

/* An ID becomes part of a file's name. */
static bool is_id(const char *text) {
    return *text && strlen(text) < QUEUE_ID_MOST && strspn(text, "r0123456789") == strlen(text);
}

/* A result is in the studio's folder, that of a sheet in the sheet's. */
static bool is_place(const char *output, const char *sheet) {
    char folder[64];
    const int length = snprintf(folder, sizeof folder, STUDIO_SHEETS "/%.32s/", sheet ? sheet : "");
    if (sheet && (!id_is(sheet) || strncmp(output, folder, (size_t)length) != 0))
        return false;
    output += sheet ? length : 0;
    return name_can_be_told(output) && file_is_image(output) && !strpbrk(output, "/\\:");
}

/* Nor a second one with the same ID. */
static bool is_entry(const struct queue *q, const json_t *kept) {
    const char *id = record_text_of(kept, "id");
    return is_id(id) && !queue_find(q, id) && json_is_object(json_object_get(kept, "run")) &&
           is_place(record_text_of(kept, "output"), json_string_value(json_object_get(kept, "sheet")));
}

static int count_kept(const json_t *kept, const char *key) {
    const json_int_t count = json_integer_value(json_object_get(kept, key));
    return count > 0 && count <= INT_MAX ? (int)count : 0;
}

/* An ID is not given twice: its checkpoint would be another run's. */
static void pass_over(struct queue *q, const char *id) {
    const unsigned long long number = strtoull(id + strspn(id, "r"), NULL, 10);
    if (number > q->ids && number < ULLONG_MAX)
        q->ids = number;
}

static void pass_over_checkpoints(struct queue *q) {
    path_list names = {0};
    paths_read_names(STUDIO_CHECKPOINTS, &names);
    for (size_t i = 0; i < names.count; i++)
        pass_over(q, names.paths[i]);
    paths_free(&names);
}

/* What was painted goes on; what was finished has been seen. */
static bool load_item(studio *s, const json_t *kept) {
    const char *id = record_text_of(kept, "id"), *output = record_text_of(kept, "output");
    const queue_state state = state_of(record_text_of(kept, "state"));
    json_t *run = json_object_get(kept, "run"), *images = json_object_get(kept, "images");
    const char *sheet = json_string_value(json_object_get(kept, "sheet")),
               *error = json_string_value(json_object_get(kept, "error"));
    pass_over(s->queue, id);
    if (state >= QUEUE_DONE)
        return true;
    queue_item *item = calloc(1, sizeof *item);
    if (!item)
        return false;
    *item = (queue_item){.state = state == QUEUE_PAINTING ? QUEUE_PAUSED : state,
                         .run = json_deep_copy(run),
                         .images = json_is_object(images) ? json_deep_copy(images) : run_line_images(s, run),
                         .added = (long long)json_integer_value(json_object_get(kept, "added")),
                         .begun = json_is_true(json_object_get(kept, "begun")),
                         .iteration = count_kept(kept, "iteration"),
                         .iterations = count_kept(kept, "iterations"),
                         .seconds_left = -1};
    strcpy(item->id, id);
    queue_set_text(&item->output, output);
    queue_set_text(&item->sheet, sheet);
    queue_set_text(&item->error, error);
    queue_set_command(s, item);
    return item->output && item->images ? append(s->queue, item) : (free_item(item), false);
}

static bool load(studio *s) {
    struct queue *q = s->queue;
    json_t *root = folder_read_list(STUDIO_QUEUE, "runs", "the queue is empty"), *kept;
    size_t i, damaged = 0;
    bool good = true;
    const json_int_t ids = json_integer_value(json_object_get(root, "ids"));
    q->ids = ids > 0 ? (unsigned long long)ids : 0;
    q->paused = json_is_true(json_object_get(root, "paused"));
    if (json_is_object(json_object_get(root, "paces")))
        json_object_update(q->paces, json_object_get(root, "paces"));
    json_array_foreach(json_object_get(root, "runs"), i, kept) {
        if (is_entry(q, kept))
            good = good && load_item(s, kept);
        else
            damaged++;
    }
    pass_over_checkpoints(q);
    if (damaged)
        folder_set_aside(STUDIO_QUEUE, "an entry is no run", "the other entries are in the queue");
    json_decref(root);
    return good;
}

/* ---- its life ---- */

bool queue_open(studio *s) {
    pst_context_options where;
    pst_context_options_init(&where, sizeof where);
    where.device = "none";
    struct queue *q = s->queue = calloc(1, sizeof *q);
    bool good = q && (q->lock = web_monitor_create()) && (q->paces = json_object()) &&
                pst_context_create(&where, &q->files) == PST_OK && load(s);
    if (!good)
        complain("no memory left");
    else if (!save(q)) /* what was painted can be seen and deleted all the same */
        complain("%s; make room for it: until then no run can be added", pst_context_message(q->files));
    return good;
}

void queue_close(studio *s) {
    struct queue *q = s->queue;
    if (!q)
        return;
    for (size_t i = 0; i < q->count; i++)
        free_item(q->items[i]);
    free(q->items);
    free(q->problem);
    free(q->device);
    json_decref(q->paces);
    pst_context_destroy(q->files);
    web_monitor_destroy(q->lock);
    free(q);
    s->queue = NULL;
}

/* ---- adding ---- */

static bool is_taken(void *user, const char *name) {
    const struct queue *q = user;
    for (size_t i = 0; i < q->count; i++)
        if (!queue_is_finished(q->items[i]) && strcmp(q->items[i]->output, name) == 0)
            return true;
    return false;
}

bool queue_has_output(studio *s, const char *name) {
    web_lock(s->queue->lock);
    const bool has = is_taken(s->queue, name);
    web_unlock(s->queue->lock);
    return has;
}

/* An ID is nothing else that a RUN could have. */
bool queue_uses(studio *s, const char *id) {
    bool uses = false;
    web_lock(s->queue->lock);
    for (size_t i = 0; i < s->queue->count && !uses; i++) {
        char *text = queue_is_finished(s->queue->items[i]) ? NULL : json_dumps(s->queue->items[i]->run, JSON_COMPACT);
        uses = text && strstr(text, id);
        free(text);
    }
    web_unlock(s->queue->lock);
    return uses;
}

/* Takes the run. */
static queue_item *make_item(studio *s, json_t *run, const char *sheet, const char *output, int iterations) {
    queue_item *item = calloc(1, sizeof *item);
    if (!item) {
        json_decref(run);
        return NULL;
    }
    *item = (queue_item){.run = run,
                         .images = run_line_images(s, run),
                         .added = (long long)time(NULL),
                         .iterations = iterations,
                         .seconds_left = -1};
    snprintf(item->id, sizeof item->id, "r%llu", ++s->queue->ids);
    queue_set_text(&item->output, output);
    queue_set_text(&item->sheet, sheet);
    queue_set_command(s, item);
    if (item->output && item->images)
        return item;
    free_item(item);
    return NULL;
}

json_t *queue_append(studio *s, json_t *run, const char *sheet, const char *output, int iterations, web_reply *reply) {
    struct queue *q = s->queue;
    char name[FOLDER_NAME_MOST];
    json_t *made = NULL;
    web_lock(q->lock);
    if (!sheet)
        output = folder_free_name("", strcpy(name, output), is_taken, q);
    if (q->count >= QUEUE_MOST) {
        json_decref(run);
        studio_refuse(reply, 409, "there are %d runs in the queue; remove some", QUEUE_MOST);
    } else if (!append(q, make_item(s, run, sheet, output, iterations))) {
        studio_refuse(reply, 500, "no memory left");
    } else if (!queue_changed(s)) {
        studio_refuse(reply, 507, "%s", pst_context_message(q->files));
        queue_drop(q, q->items[q->count - 1]);
    } else {
        made = queue_item_json(q->items[q->count - 1], true);
    }
    web_tell(q->lock);
    web_unlock(q->lock);
    return made;
}
