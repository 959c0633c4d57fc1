#include "cli/run/record.h"

#include <stdlib.h>
#include <string.h>

#include "cli/options/file_names.h"
#include "cli/options/image_words.h"
#include "cli/options/option_table.h"
#include "cli/options/option_value.h"
#include "cli/options/values.h"
#include "cli/run/inputs.h"
#include "cli/run/invocation.h"
#include "web/json.h"

const char *const record_inputs[] = {"best",  "options", "settings", "content", "styles",
                                     "start", "files",   "network",  NULL};

const option *record_option(const char *name) {
    char own[OPTION_NAME_MOST];
    const option *o = option_find(name, &command_table[COMMAND_RUN]);
    return o && option_changes_result(o) && strcmp(option_name(o, 0, own), name) == 0 ? o : NULL;
}

bool record_is_of_0_1(const json_t *record) { return !json_object_get(record, "best"); }

const char *record_text_of(const json_t *object, const char *key) {
    const char *text = json_string_value(json_object_get(object, key));
    return text ? text : "";
}

static json_t *file(const char *path, const char *sha256) {
    json_t *made = json_object();
    json_object_set_new(made, "path", web_json_text(path));
    json_object_set_new(made, "sha256", json_string(sha256));
    return made;
}

/* [["image-size", "256"], ["original-colors"], ...], as given. */
static json_t *options(const settings *s) {
    json_t *all = json_array();
    char name[OPTION_NAME_MOST];
    if (strcmp(s->preset, PRESET_USUAL) != 0) /* also one that only the spelling of the options tells */
        json_array_append_new(all, json_pack("[ss]", "preset", s->preset));
    for (size_t i = 0; i < s->given_count; i++) {
        const given_option *given = &s->given[i];
        if (!option_changes_result(given->option) || strcmp(given->option->names, "preset") == 0)
            continue;
        json_t *pair = json_array();
        json_array_append_new(pair, json_string(option_name(given->option, 0, name)));
        if (given->value)
            json_array_append_new(pair, web_json_text(given->value));
        json_array_append_new(all, pair);
    }
    return all;
}

/* Every value that the table of options can tell, those of defaults too; for people. */
static json_t *all_settings(const settings *s) {
    json_t *all = json_object();
    char name[OPTION_NAME_MOST], value[VALUE_TEXT_MOST];
    json_object_set_new(all, "preset", json_string(s->preset));
    for (const option *o = option_table; o < option_table + option_table_size; o++)
        if (option_is_of(o, s->command) && option_changes_result(o) && option_value(s, o, value, sizeof value))
            json_object_set_new(all, option_name(o, 0, name), web_json_text(value));
    for (size_t i = 0; i < s->given_count; i++) {
        const option *o = s->given[i].option;
        if (option_changes_result(o) && !json_object_get(all, option_name(o, 0, name)))
            json_object_set_new(all, name, s->given[i].value ? web_json_text(s->given[i].value) : json_true());
    }
    return all;
}

static json_t *file_or_text(const char *value, pst_context *context) {
    char sha256[65], *expanded = file_is_at_home(value) ? file_from_home(value) : NULL;
    const char *path = expanded ? expanded : value;
    json_t *made = pst_file_sha256(context, path, sha256) == PST_OK ? file(path, sha256) : web_json_text(value);
    free(expanded);
    return made;
}

/* Of options that name files what each name in their values is:
 * {"proof-profile": [{...}], "style-masks": [{...}, "#ff0000"]}. */
static json_t *files(const settings *s, pst_context *context) {
    json_t *all = json_object();
    char name[OPTION_NAME_MOST];
    for (size_t i = 0; i < s->given_count; i++) {
        const char *value = s->given[i].value;
        size_t count = 0;
        if (!(s->given[i].option->flags & NAMES_FILES))
            continue;
        json_t *list = json_array();
        char **parts = file_exists(value) ? NULL : value_list(value, &count);
        if (!parts)
            json_array_append_new(list, file_or_text(value, context));
        for (size_t p = 0; p < count; p++)
            json_array_append_new(list, file_or_text(parts[p], context));
        free(parts);
        json_object_set_new(all, option_name(s->given[i].option, 0, name), list);
    }
    return all;
}

static json_t *device(const pst_device_info *info) {
    json_t *made = json_object();
    json_object_set_new(made, "name", web_json_text(info->name));
    json_object_set_new(made, "platform", web_json_text(info->platform));
    json_object_set_new(made, "driver", web_json_text(info->driver_version));
    return made;
}

/* NULL where all are of one kind: then their number does not count, and the record of one is the same. */
static json_t *devices(const invocation *w) {
    json_t *all = json_array();
    bool differ = false;
    for (size_t d = 0; d < w->device_count; d++) {
        json_array_append_new(all, device(&w->devices[d]));
        differ = differ || !json_equal(json_array_get(all, 0), json_array_get(all, d));
    }
    if (differ)
        return all;
    json_decref(all);
    return NULL;
}

static json_t *algorithms(const pst_job *job) {
    size_t count;
    const pst_choice *choices = pst_job_choices(job, &count);
    json_t *all = json_object();
    for (size_t i = 0; i < count; i++) {
        json_t *pair = json_object_get(all, choices[i].layer);
        if (!pair && json_object_set_new(all, choices[i].layer, json_array()) == 0)
            pair = json_object_get(all, choices[i].layer);
        json_array_append_new(pair, json_string(choices[i].algorithm));
    }
    return all;
}

/* What was measured, unless nothing of it was used: then the built-in choices say it all. */
static json_t *measured(pst_job *job) {
    size_t count, used = 0;
    const pst_choice *choices = pst_job_choices(job, &count);
    char *made;
    for (size_t i = 0; i < count; i++)
        used += choices[i].measured;
    if (!used || pst_job_choices_text(job, &made) != PST_OK)
        return NULL;
    json_t *parsed = json_loads(made, 0, NULL);
    pst_bytes_destroy(made);
    return parsed;
}

json_t *record_take(const invocation *w, const settings *s, const pst_image *content, const pst_image *start,
                    pst_image *const *styles) {
    if (s->no_metadata)
        return NULL;
    if (s->again)
        return json_incref(s->again);
    const char *network_sha256;
    pst_network_sha256(w->network, &network_sha256);
    json_t *root = json_object(), *list = json_array();
    json_object_set_new(root, "best", json_string("0.2")); /* since this version it is as it is */
    json_object_set_new(root, "options", options(s));
    json_object_set_new(root, "settings", all_settings(s));
    json_object_set_new(root, "content", file(s->content, pst_image_sha256(content)));
    for (size_t i = 0; i < s->style_count; i++) {
        char sha256[65] = ""; /* of a style file */
        if (!styles[i])
            pst_file_sha256(w->context, s->styles[i], sha256);
        json_array_append_new(list, file(s->styles[i], styles[i] ? pst_image_sha256(styles[i]) : sha256));
    }
    json_object_set_new(root, "styles", list);
    json_object_set_new(root, "start",
                        start                       ? file(s->start_file, pst_image_sha256(start))
                        : s->start == START_CONTENT ? json_string("content")
                                                    : json_string("noise"));
    json_object_set_new(root, "files", files(s, w->context));
    json_object_set_new(root, "network", file(w->model, network_sha256));
    return root;
}

/* On the live page: then the settings do not tell all. */
static bool weights_changed(const settings *s, const pst_job *job) {
    double content, style, tv;
    pst_job_weights(job, &content, &style, &tv);
    return content != s->transfer.content_weight || style != style_weight_of(s) || tv != tv_weight_of(s);
}

/* A tile that chose itself, or was a checkpoint's, is an option of whoever repeats the run. */
static void set_tile(json_t *root, const pst_plan *plan) {
    char value[32];
    json_t *given = json_deep_copy(json_object_get(root, "options")),
           *all = json_copy(json_object_get(root, "settings"));
    for (size_t i = json_array_size(given); i-- > 0;)
        if (strcmp(json_string_value(json_array_get(json_array_get(given, i), 0)), "tile") == 0)
            json_array_remove(given, i);
    value_size_text(plan->tile_width, plan->tile_height, value);
    json_array_append_new(given, json_pack("[ss]", "tile", value));
    json_object_set_new(all, "tile", json_string(value));
    json_object_set_new(root, "options", given);
    json_object_set_new(root, "settings", all);
}

char *record_text(const json_t *inputs, const invocation *w, const settings *s, pst_job *job, const pst_progress *last,
                  bool stopped) {
    if (!inputs)
        return NULL;
    json_t *root = json_object();
    json_object_set_new(root, "pastiche", json_string(pst_version()));
    for (const char *const *key = record_inputs; *key; key++)
        json_object_set(root, *key, json_object_get(inputs, *key));
    if (pst_job_plan(job)->tile_width)
        set_tile(root, pst_job_plan(job));
    json_object_set_new(root, "seed", json_integer(s->transfer.seed < 0 ? 0 : s->transfer.seed));
    json_object_set_new(root, "iterations", json_integer(last->iteration));
    json_object_set_new(root, "stopped", json_boolean(stopped));
    if (weights_changed(s, job))
        json_object_set_new(root, "weights_changed", json_true());
    json_object_set_new(root, "loss", json_real(last->best_loss));
    json_object_set_new(root, "device", device(&w->devices[0]));
    json_t *several = devices(w);
    if (several)
        json_object_set_new(root, "devices", several);
    json_object_set_new(root, "algorithms", algorithms(job));
    json_t *choices = measured(job);
    if (choices)
        json_object_set_new(root, "choices", choices);
    char *made = json_dumps(root, JSON_COMPACT | JSON_REAL_PRECISION(10));
    json_decref(root);
    return made;
}
