#include "cli/studio/sheets.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cli/options/paths.h"
#include "cli/run/record.h"
#include "cli/studio/names.h"
#include "cli/studio/places.h"
#include "cli/studio/queue.h"
#include "cli/studio/thumbs.h"

#define SHEET "sheet.json"
#define USUAL_SIZE "192"
#define USUAL_ITERATIONS "100"

enum { CELLS_MOST = 64, PATH_MOST = 128, DAYS_KEPT = 7 };

static char *place(const char *id, const char *name, char path[PATH_MOST]) {
    snprintf(path, PATH_MOST, STUDIO_SHEETS "/%.32s/%.60s", id, name);
    return path;
}

static char *cell_path(const char *id, size_t row, size_t column, char path[PATH_MOST]) {
    char name[64];
    snprintf(name, sizeof name, "%zu-%zu.png", row, column);
    return place(id, name, path);
}

/* ---- a new sheet ---- */

/* What varies: an option's name and its values; NULL: nothing, one cell wide. */
typedef struct axis {
    const char *option;
    const json_t *values;
    size_t count;
} axis;

static bool read_axis(const json_t *body, const char *name, bool may_miss, axis *a) {
    const json_t *given = json_object_get(body, name), *value;
    size_t i;
    *a = (axis){.count = 1};
    if (!given || json_is_null(given))
        return may_miss;
    a->option = json_string_value(json_object_get(given, "option"));
    a->values = json_object_get(given, "values");
    a->count = json_array_size(a->values);
    json_array_foreach(a->values, i, value) {
        if (!json_is_string(value) && !json_is_boolean(value) && !json_is_number(value))
            return false;
    }
    return a->option && a->count > 0 && a->count <= CELLS_MOST;
}

/* False leaves the option out, as nothing does. */
static void vary(json_t *options, const axis *a, size_t at) {
    json_t *value = json_array_get(a->values, at);
    if (!a->option)
        return;
    json_object_del(options, a->option);
    if (!json_is_false(value))
        json_object_set(options, a->option, value);
}

/* A small run: the sheet's own size and iterations come before those of the run, which are for the result. */
static json_t *vary_run(const json_t *body, const axis *columns, size_t column, const axis *rows, size_t row) {
    const json_t *own = json_object_get(body, "options"), *size = json_object_get(own, "image-size"),
                 *iterations = json_object_get(own, "iterations");
    json_t *run = json_deep_copy(json_object_get(body, "run")), *options = json_object_get(run, "options");
    if (!options && json_object_set_new(run, "options", json_object()) == 0)
        options = json_object_get(run, "options");
    json_object_set_new(options, "image-size", size ? json_deep_copy(size) : json_string(USUAL_SIZE));
    json_object_set_new(options, "iterations", iterations ? json_deep_copy(iterations) : json_string(USUAL_ITERATIONS));
    vary(options, columns, column);
    vary(options, rows, row);
    return run;
}

/* Queues one cell; what the sheet keeps of it, NULL after a refusal. */
static json_t *add_cell(studio *s, const char *id, const json_t *run, size_t row, size_t column, web_reply *reply) {
    char path[PATH_MOST];
    json_t *entry = queue_add(s, run, id, cell_path(id, row, column, path), reply);
    json_t *kept =
        entry ? json_pack("{s:O, s:O}", "run", json_object_get(entry, "id"), "options", json_object_get(run, "options"))
              : NULL;
    json_decref(entry);
    return kept;
}

static json_t *add_cells(studio *s, const char *id, const json_t *body, const axis *columns, const axis *rows,
                         web_reply *reply) {
    json_t *cells = json_array();
    for (size_t row = 0; row < rows->count; row++) {
        json_t *line = json_array();
        json_array_append_new(cells, line);
        for (size_t column = 0; column < columns->count; column++) {
            json_t *run = vary_run(body, columns, column, rows, row), *cell = add_cell(s, id, run, row, column, reply);
            json_decref(run);
            if (!cell) {
                json_decref(cells);
                return NULL;
            }
            json_array_append_new(line, cell);
        }
    }
    return cells;
}

static bool keep(const char *id, const json_t *body, json_t *cells) {
    char path[PATH_MOST];
    json_t *columns = json_object_get(body, "columns"), *rows = json_object_get(body, "rows");
    json_t *sheet = json_pack("{s:O, s:O?, s:O, s:I}", "columns", columns, "rows", rows, "cells", cells, "made",
                              (json_int_t)time(NULL));
    char *text = sheet ? json_dumps(sheet, JSON_COMPACT) : NULL;
    const bool good = text && pst_file_write(NULL, place(id, SHEET, path), text, strlen(text)) == PST_OK;
    free(text);
    json_decref(sheet);
    return good;
}

/* All cells or none. */
static void make(studio *s, const json_t *body, const axis *columns, const axis *rows, web_reply *reply) {
    char id[ID_MOST], path[PATH_MOST];
    if (!id_make(id) || !file_make_folders(place(id, SHEET, path))) {
        studio_refuse(reply, 500, "the sheet's folder cannot be made");
        return;
    }
    json_t *cells = add_cells(s, id, body, columns, rows, reply);
    const bool kept = cells && keep(id, body, cells);
    if (cells && !kept)
        studio_refuse(reply, 500, "the sheet cannot be written");
    if (kept) {
        studio_reply(reply, 201, json_pack("{s:s}", "id", id));
    } else {
        queue_cancel_sheet(s, id);
        snprintf(path, sizeof path, STUDIO_SHEETS "/%s", id);
        folder_remove(path);
    }
    json_decref(cells);
}

static void answer_new(studio *s, const web_call *call, web_reply *reply) {
    axis columns, rows;
    json_t *body = studio_body(call, reply);
    if (!body)
        return;
    if (!read_axis(body, "columns", false, &columns) || !read_axis(body, "rows", true, &rows))
        studio_refuse(reply, 400, "columns and rows: each must have an option and its values");
    else if (rows.option && strcmp(rows.option, columns.option) == 0)
        studio_refuse(reply, 400, "columns and rows: must be two different options");
    else if (columns.count * rows.count > CELLS_MOST)
        studio_refuse(reply, 400, "a sheet has at most %d images", CELLS_MOST);
    else if (!json_is_object(json_object_get(body, "run")))
        studio_refuse(reply, 400, "run: must be an object");
    else
        make(s, body, &columns, &rows, reply);
    json_decref(body);
}

/* ---- what has become of it ---- */

/* Of an entry that the queue no longer has its file tells. */
static json_t *state_of(studio *s, const char *id, const json_t *cell, size_t row, size_t column) {
    char path[PATH_MOST];
    json_t *entry = queue_entry(s, record_text_of(cell, "run")), *made = json_copy((json_t *)(size_t)cell);
    const char *state = record_text_of(entry, "state"),
               *gone = file_exists(cell_path(id, row, column, path)) ? "done" : "stopped";
    json_object_set_new(made, "state", json_string(*state ? state : gone));
    json_decref(entry);
    return made;
}

static void answer_sheet(studio *s, const char *id, web_reply *reply) {
    char path[PATH_MOST];
    json_t *sheet = folder_read_json(place(id, SHEET, path), NULL), *line, *cell;
    size_t row, column;
    if (!sheet) {
        studio_refuse(reply, 404, "there is no such sheet");
        return;
    }
    json_array_foreach(json_object_get(sheet, "cells"), row, line) {
        json_array_foreach(line, column, cell) { json_array_set_new(line, column, state_of(s, id, cell, row, column)); }
    }
    studio_reply(reply, 200, sheet);
}

static void answer_cell(const web_call *call, web_reply *reply) {
    const char *row = call->query(call, "row"), *column = call->query(call, "column");
    char path[PATH_MOST];
    cell_path(call->path[1], row ? strtoul(row, NULL, 10) : 0, column ? strtoul(column, NULL, 10) : 0, path);
    if (file_exists(path))
        thumbs_answer_file(path, NULL, reply);
    else
        studio_refuse(reply, 404, "this cell is not painted yet");
}

void sheets_answer(studio *s, const web_call *call, web_reply *reply) {
    if (studio_is(call, "POST", 1))
        answer_new(s, call, reply);
    else if (call->parts > 1 && !id_is(call->path[1]))
        studio_refuse(reply, 404, "there is no such sheet");
    else if (studio_is(call, "GET", 2))
        answer_sheet(s, call->path[1], reply);
    else if (studio_is(call, "GET", 3) && strcmp(call->path[2], "cell") == 0)
        answer_cell(call, reply);
    else
        studio_unknown(call, reply);
}

/* ---- cleaning ---- */

/* Whether the queue still has a run of it. */
static bool is_in_queue(studio *s, const json_t *sheet) {
    json_t *line, *cell;
    size_t row, column;
    bool found = false;
    json_array_foreach(json_object_get(sheet, "cells"), row, line) {
        json_array_foreach(line, column, cell) {
            json_t *entry = found ? NULL : queue_entry(s, record_text_of(cell, "run"));
            found = found || entry;
            json_decref(entry);
        }
    }
    return found;
}

void sheets_clean(studio *s) {
    path_list names = {0};
    char path[PATH_MOST];
    paths_read_names(STUDIO_SHEETS, &names);
    for (size_t i = 0; i < names.count; i++) {
        if (!id_is(names.paths[i]))
            continue;
        json_t *sheet = folder_read_json(place(names.paths[i], SHEET, path), NULL);
        const json_int_t made = json_integer_value(json_object_get(sheet, "made"));
        if (sheet && difftime(time(NULL), (time_t)made) > DAYS_KEPT * 86400.0 && !is_in_queue(s, sheet)) {
            snprintf(path, sizeof path, STUDIO_SHEETS "/%s", names.paths[i]);
            folder_remove(path);
        }
        json_decref(sheet);
    }
    paths_free(&names);
}
