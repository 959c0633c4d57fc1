#include "cli/studio/from_record.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/options/file_names.h"
#include "cli/options/option_table.h"
#include "cli/run/record.h"
#include "cli/studio/gallery.h"
#include "cli/studio/networks.h"
#include "cli/studio/record_summary.h"
#include "cli/studio/run_line.h"
#include "cli/studio/shelf.h"
#include "cli/studio/shelf_intake.h"
#include "package/printable.h"
#include "web/json.h"

enum { STYLES_MOST = 16, NOTES_MOST = 16, TEXT_MOST = 400 };

typedef struct reading {
    studio *studio;
    const json_t *record;
    json_t *run, *missing, *notes;
} reading;

static void note(reading *r, const char *format, ...) PRINTF_LIKE(2, 3);

static void note(reading *r, const char *format, ...) {
    char text[TEXT_MOST];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    pst_make_printable(text, sizeof text);
    if (json_array_size(r->notes) < NOTES_MOST)
        json_array_append_new(r->notes, web_json_text(text));
}

/* ---- inputs ---- */

static void miss(reading *r, const json_t *file) {
    char name[200];
    snprintf(name, sizeof name, "%s", file_name(record_text_of(file, "path")));
    pst_make_printable(name, sizeof name);
    if (json_array_size(r->missing) < NOTES_MOST)
        json_array_append_new(r->missing, web_json_text(*name ? name : "?"));
}

/* An image of the studio's folder comes to the shelf as a copy; false: it is not there, or another one by now. */
static bool take_result(reading *r, const char *path, const char *sha256, const char *role, char id[ID_MOST]) {
    char now[65];
    return gallery_has(r->studio, path) && pst_file_sha256(NULL, path, now) == PST_OK && strcmp(now, sha256) == 0 &&
           intake_copy(r->studio, path, role) && shelf_find_sha256(r->studio, sha256, id);
}

/* The ID of a file that the record names; NULL after noting that it is missing. */
static json_t *find_input(reading *r, const json_t *file, const char *role) {
    const char *path = record_text_of(file, "path"), *sha256 = record_text_of(file, "sha256");
    char id[ID_MOST];
    if (strlen(sha256) == 64 && (shelf_find_sha256(r->studio, sha256, id) || take_result(r, path, sha256, role, id)))
        return json_string(id);
    miss(r, file);
    return NULL;
}

static void add_content(reading *r) {
    json_t *id = find_input(r, json_object_get(r->record, "content"), "content");
    json_object_set_new(r->run, "content", id ? id : json_null());
}

/* shares: "3,7", NULL: equal ones. False: one is missing. */
static bool add_styles(reading *r, const char *shares) {
    const json_t *styles = json_object_get(r->record, "styles"), *style;
    json_t *list = json_array();
    const size_t most = json_array_size(styles) < STYLES_MOST ? json_array_size(styles) : STYLES_MOST;
    for (size_t i = 0; i < most; i++) {
        style = json_array_get(styles, i);
        char *end = NULL;
        const double share = shares ? strtod(shares, &end) : 1;
        const bool is_share = end && end > shares && share >= 0 && share <= 1e12;
        json_t *id = find_input(r, style, "style");
        if (id)
            json_array_append_new(
                list, json_pack("{s:o, s:o}", "id", id, "share", is_share ? json_real(share) : json_integer(1)));
        shares = is_share && *end == ',' ? end + 1 : NULL;
    }
    json_object_set_new(r->run, "styles", list);
    return json_array_size(list) == json_array_size(styles);
}

static void add_masks(reading *r, bool has_styles) {
    const json_t *files = json_object_get(r->record, "files"), *content = json_object_get(files, "content-mask"),
                 *masks = json_object_get(files, "style-masks");
    json_t *list = json_array(), *id = NULL;
    bool good = has_styles && json_array_size(masks) <= STYLES_MOST;
    const size_t count = good ? json_array_size(masks) : 0;
    if (json_array_size(content) == 1)
        id = find_input(r, json_array_get(content, 0), "mask");
    for (size_t i = 0; i < count && good; i++) {
        json_t *mask = json_array_get(masks, i),
               *one = json_is_string(mask) ? json_copy(mask) : find_input(r, mask, "mask");
        good = one && json_array_append_new(list, one) == 0;
    }
    if (id && good) {
        json_object_set(r->run, "content_mask", id);
        if (json_array_size(list))
            json_object_set(r->run, "style_masks", list);
    } else if (content) {
        note(r, "the regions are left out");
    }
    json_decref(id);
    json_decref(list);
}

/* ---- options ---- */

static void add_start(reading *r, json_t *options) {
    const json_t *start = json_object_get(r->record, "start");
    json_t *id;
    if (json_is_string(start))
        json_object_set_new(options, "start", json_copy((json_t *)start));
    else if (json_is_object(start) && (id = find_input(r, start, "content")))
        json_object_set_new(r->run, "start", id);
}

/* By the name that a run gives it: its file lies where the catalogue has installed it, here or on another machine. */
static void add_network(reading *r, json_t *options) {
    const json_t *network = json_object_get(r->record, "network");
    const char *path = record_text_of(network, "path"), *installed;
    pst_catalogue *catalogue;
    size_t count = 0;
    const pst_known_network *known = NULL;
    char name[64] = "", plain[80];
    if (networks_name_inside(path))
        snprintf(name, sizeof name, "%s", networks_name_inside(path));
    if (pst_catalogue_open(&catalogue) == PST_OK)
        known = pst_catalogue_networks(catalogue, &count);
    for (size_t i = 0; i < count && !*name; i++) {
        snprintf(plain, sizeof plain, "%.60s.safetensors", known[i].name);
        if ((strcmp(file_name(path), known[i].file) == 0 || strcmp(file_name(path), plain) == 0) &&
            pst_catalogue_installed(catalogue, &known[i], &installed) == PST_OK && installed)
            snprintf(name, sizeof name, "%s", known[i].name);
    }
    pst_catalogue_close(catalogue);
    if (*name)
        json_object_set_new(options, "model", json_string(name));
    else
        note(r, "the network %.100s is not installed here: the result will be another one", file_name(path));
}

/* One option with its value; the last of several counts. */
static void add_option(reading *r, const json_t *pair, json_t *options) {
    const char *name = json_string_value(json_array_get(pair, 0)), *value = json_string_value(json_array_get(pair, 1));
    const option *o = name ? record_option(name) : NULL;
    if (!o) {
        note(r, "\"%.60s\" is no option of a run, and is left out", name ? name : "?");
    } else if (strcmp(name, "preset") == 0 && value && strcmp(value, PRESET_USUAL) == 0) {
        return;
    } else if (run_line_takes(o)) {
        json_object_del(options, name);
        json_object_set_new(options, name, value ? json_string(value) : json_true());
    } else if ((o->flags & NAMES_FILES) && o->offset != offsetof(settings, content_mask) &&
               o->offset != offsetof(settings, style_masks)) {
        note(r, "--%s names a file, and is left out", name);
    }
}

/* The shares of the styles are in the list of styles; "3,7", NULL: equal ones. */
static const char *add_options(reading *r, json_t *options) {
    const char *shares = NULL, *name;
    json_t *pair;
    size_t i;
    if (record_is_of_0_1(r->record))
        json_object_set_new(options, "preset", json_string(PRESET_OF_0_1));
    json_array_foreach(json_object_get(r->record, "options"), i, pair) {
        name = json_string_value(json_array_get(pair, 0));
        if (name && strcmp(name, "style-blend-weights") == 0)
            shares = json_string_value(json_array_get(pair, 1));
        else
            add_option(r, pair, options);
    }
    return shares;
}

/* ---- answers ---- */

json_t *from_record_make(studio *s, const json_t *record) {
    json_t *options = json_object();
    reading r = {.studio = s, .record = record, .run = json_object(), .missing = json_array(), .notes = json_array()};
    const char *shares = add_options(&r, options);
    add_content(&r);
    add_masks(&r, add_styles(&r, shares));
    add_start(&r, options);
    add_network(&r, options);
    json_object_set_new(r.run, "options", options);
    if (json_is_true(json_object_get(record, "weights_changed")))
        note(&r, "weights were changed while it was painted: these are those that it began with");
    if (json_is_true(json_object_get(record, "stopped")))
        note(&r, "it was stopped after %lld iterations",
             (long long)json_integer_value(json_object_get(record, "iterations")));
    return json_pack("{s:o, s:o, s:o}", "run", r.run, "missing", r.missing, "notes", r.notes);
}

void from_record_reply(studio *s, const char *file, const char *name, web_reply *reply) {
    json_t *record = record_read(file);
    if (record)
        studio_reply(reply, 200, from_record_make(s, record));
    else
        studio_refuse(reply, 422, "%s: has no record of how it was made", name);
    json_decref(record);
}

void from_record_answer(studio *s, const web_call *call, web_reply *reply) {
    const char *name = call->query(call, "name");
    if (!studio_is(call, "POST", 1))
        studio_unknown(call, reply);
    else if (!call->upload)
        studio_refuse(reply, 400, "there is no file");
    else
        from_record_reply(s, call->upload, name && *name ? name : "the image", reply);
}
