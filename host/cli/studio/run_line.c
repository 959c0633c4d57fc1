#include "cli/studio/run_line.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/options/complain.h"
#include "cli/options/file_names.h"
#include "cli/options/option_defaults.h"
#include "cli/options/option_table.h"
#include "cli/options/option_value.h"
#include "cli/studio/networks.h"
#include "cli/studio/shelf.h"
#include "package/printable.h"
#include "web/json.h"

enum { STYLES_MOST = 16, VALUE_MOST = 1024 };

static bool bad(run_problem *problem, const char *about, const char *format, ...) PRINTF_LIKE(3, 4);

static bool bad(run_problem *problem, const char *about, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(problem->text, sizeof problem->text, format, arguments);
    va_end(arguments);
    pst_make_printable(problem->text, sizeof problem->text);
    problem->code = 422;
    problem->option = about;
    return false;
}

static const char *text_at(const json_t *object, const char *key) {
    return json_string_value(json_object_get(object, key));
}

/* ---- options ---- */

bool run_line_takes(const option *o) {
    return o->offset == offsetof(settings, start_file) ||
           (option_is_of(o, &command_table[COMMAND_RUN]) && option_changes_result(o) && o->kind != OPTION_FILE_NAME &&
            !(o->flags & NAMES_FILES) && o->offset != offsetof(settings, device) &&
            o->offset != offsetof(settings, gpus));
}

/* The name in the table, which lives longer than what it is asked for. NULL: a RUN cannot have it. */
static const option *find(const char *name) {
    char first[OPTION_NAME_MOST];
    const option *o = option_find(name, &command_table[COMMAND_RUN]);
    return o && run_line_takes(o) && strcmp(option_name(o, 0, first), name) == 0 ? o : NULL;
}

/* What a complaint of this thread says is the problem's text. */
static bool caught(run_problem *problem, const char *about) { return bad(problem, about, "%s", complain_held()); }

/* Only networks of the catalogue that are installed, by their names. */
static bool check_model(const char *name, run_problem *problem) {
    const char *path;
    pst_catalogue *catalogue;
    bool good = pst_catalogue_open(&catalogue) == PST_OK;
    if (!good)
        bad(problem, "model", "%s", catalogue ? pst_catalogue_message(catalogue) : "no memory left");
    else if (!pst_catalogue_known(catalogue, name) && !networks_has_inside(name))
        good = bad(problem, "model", "%s: no network has this name", name);
    else if (pst_catalogue_find(catalogue, name, &path) != PST_OK)
        good = bad(problem, "model", "%s", pst_catalogue_message(catalogue));
    pst_catalogue_close(catalogue);
    return good;
}

/* Whether the option's own rules like the value; value NULL: it has none. */
static bool check_value(const option *o, const char *name, const char *value, run_problem *problem) {
    char given[OPTION_NAME_MOST + 2];
    settings probe;
    if (o->offset == offsetof(settings, start_file))
        return (value && (strcmp(value, "noise") == 0 || strcmp(value, "content") == 0)) ||
               bad(problem, o->names, "--start: must be noise or content");
    snprintf(given, sizeof given, "--%s", name);
    if (!value && o->kind != OPTION_FLAG && o->kind != OPTION_SWITCH)
        return bad(problem, o->names, "%s needs a value", given);
    if (value &&
        (o->kind == OPTION_FLAG || (o->kind == OPTION_SWITCH && strcmp(value, "0") != 0 && strcmp(value, "1") != 0)))
        return bad(problem, o->names, "%s: must be true or false", given);
    complain_hold(true);
    option_set_defaults(&probe, &command_table[COMMAND_RUN]);
    const bool good = option_set(&probe, o, given, value) || caught(problem, o->names);
    options_free(&probe);
    complain_hold(false);
    return good;
}

/* "512", 512, true; a text of its own for a number. False: it is no value. */
static bool value_of(const json_t *json, const char **value, char number[VALUE_MOST]) {
    *value = json_is_string(json) ? json_string_value(json) : NULL;
    if (json_is_integer(json))
        snprintf(number, VALUE_MOST, "%lld", (long long)json_integer_value(json));
    else if (json_is_real(json))
        snprintf(number, VALUE_MOST, "%.10g", json_real_value(json));
    if (json_is_number(json))
        *value = number;
    return json_is_string(json) || json_is_number(json) || json_is_true(json);
}

static bool add_options(const json_t *options, command_line *line, run_problem *problem) {
    const char *name, *value;
    json_t *json;
    char number[VALUE_MOST];
    if (options && !json_is_object(options))
        return bad(problem, NULL, "options: must be an object");
    json_object_foreach((json_t *)options, name, json) {
        const option *o = find(name);
        const bool model = strcmp(name, "model") == 0;
        if (json_is_null(json) || json_is_false(json)) /* as if it were not there */
            continue;
        if (!o && !model)
            return bad(problem, NULL, "%.60s: is no option that a run of the studio can have", name);
        if (!value_of(json, &value, number) || (value && strlen(value) >= VALUE_MOST))
            return bad(problem, model ? "model" : o->names, "%s: its value must be a text or true", name);
        if (model && !value)
            return bad(problem, "model", "--model needs a value");
        if (model ? !check_model(value, problem) : !check_value(o, name, value, problem))
            return false;
        line_add(line, name, value);
    }
    return true;
}

/* ---- images ---- */

typedef enum wanted { WANTS_IMAGE, WANTS_STYLE } wanted;

static bool find_image(studio *s, const char *id, const char *what, wanted kind, shelf_entry *entry,
                       run_problem *problem) {
    if (!id)
        return bad(problem, NULL, "%s: an image of the shelf must be named", what);
    if (!shelf_find(s, id, entry))
        return bad(problem, NULL, "%s: %.60s is not on the shelf", what, id);
    if (kind == WANTS_IMAGE && entry->kind == SHELF_STYLE)
        return bad(problem, NULL, "%s: %s is a style file, no image", what, entry->name);
    return true;
}

/* An ID that is none, as a color of a mask, is passed over. */
static void note_image(studio *s, const char *id, json_t *images) {
    shelf_entry entry;
    if (shelf_find(s, id, &entry))
        json_object_set_new(images, id, json_string(entry.path));
}

json_t *run_line_images(studio *s, const json_t *run) {
    json_t *images = json_object(), *one;
    size_t i;
    note_image(s, text_at(run, "content"), images);
    note_image(s, text_at(run, "start"), images);
    note_image(s, text_at(run, "content_mask"), images);
    json_array_foreach(json_object_get(run, "styles"), i, one) { note_image(s, text_at(one, "id"), images); }
    json_array_foreach(json_object_get(run, "style_masks"), i, one) { note_image(s, json_string_value(one), images); }
    return images;
}

/* Shares go into the option that blends; equal ones are its default. */
static bool add_shares(const json_t *styles, command_line *line, run_problem *problem) {
    char list[STYLES_MOST * 24] = "";
    bool differ = false;
    json_t *style;
    size_t i;
    double first = 0;
    json_array_foreach(styles, i, style) {
        const json_t *given = json_object_get(style, "share");
        const double share = given ? json_number_value(given) : 1;
        if ((given && !json_is_number(given)) || !(share >= 0 && share <= 1e12))
            return bad(problem, "style-blend-weights", "the share of a style must be a number from 0");
        first = i ? first : share;
        differ = differ || share != first;
        snprintf(list + strlen(list), 24, "%s%.10g", i ? "," : "", share);
    }
    if (differ)
        line_add(line, "style-blend-weights", list);
    return true;
}

static bool add_masks(studio *s, const json_t *run, command_line *line, run_problem *problem) {
    const char *content = text_at(run, "content_mask");
    const json_t *masks = json_object_get(run, "style_masks"), *mask;
    char list[STYLES_MOST * sizeof(((shelf_entry *)0)->path)] = "";
    shelf_entry entry;
    size_t i;
    if (!content && json_array_size(masks) == 0)
        return true;
    if (json_array_size(masks) > STYLES_MOST)
        return bad(problem, NULL, "style_masks: there can be at most %d", STYLES_MOST);
    if (!find_image(s, content, "content_mask", WANTS_IMAGE, &entry, problem))
        return false;
    line_add(line, "content-mask", entry.path);
    json_array_foreach((json_t *)masks, i, mask) {
        const char *text = json_string_value(mask);
        const bool color = text && text[0] == '#';
        if (color && (strlen(text) != 7 || strspn(text + 1, "0123456789abcdefABCDEF") != 6))
            return bad(problem, NULL, "style_masks: a color must be as #ff0000");
        if (!color && !find_image(s, text, "style_masks", WANTS_IMAGE, &entry, problem))
            return false;
        snprintf(list + strlen(list), sizeof list - strlen(list), "%s%s", i ? "," : "", color ? text : entry.path);
    }
    if (*list)
        line_add(line, "style-masks", list);
    return true;
}

static bool add_images(studio *s, const json_t *run, const char *output, command_line *line, run_problem *problem) {
    const json_t *styles = json_object_get(run, "styles"), *style;
    shelf_entry entry;
    size_t i;
    if (json_array_size(styles) == 0 || json_array_size(styles) > STYLES_MOST)
        return bad(problem, NULL, "styles: there must be from 1 to %d", STYLES_MOST);
    if (!add_shares(styles, line, problem) || !add_masks(s, run, line, problem))
        return false;
    if (json_object_get(run, "start")) {
        if (!find_image(s, text_at(run, "start"), "start", WANTS_IMAGE, &entry, problem))
            return false;
        line_add(line, "start", entry.path);
    }
    line_add(line, "save-iter", "0");
    line_add(line, "output", output);
    line_add(line, NULL, "--");
    if (!find_image(s, text_at(run, "content"), "content", WANTS_IMAGE, &entry, problem))
        return false;
    line_add(line, NULL, entry.path);
    json_array_foreach((json_t *)styles, i, style) {
        if (!find_image(s, text_at(style, "id"), "styles", WANTS_STYLE, &entry, problem))
            return false;
        line_add(line, NULL, entry.path);
    }
    return true;
}

/* ---- the line ---- */

bool run_line_make(studio *s, const json_t *run, const char *output, command_line *line, run_problem *problem) {
    *line = (command_line){0};
    *problem = (run_problem){0};
    for (int i = 0; i < s->given.count; i++)
        line_add(line, NULL, s->given.words[i]);
    const json_t *name = json_object_get(run, "name");
    if (!json_is_object(run))
        return bad(problem, NULL, "a run must be an object");
    if (name && !json_is_null(name) && !json_is_string(name))
        return bad(problem, NULL, "name: must be a text");
    if (!add_options(json_object_get(run, "options"), line, problem) || !add_images(s, run, output, line, problem))
        return false;
    return !line->short_of_memory || bad(problem, NULL, "no memory left");
}

bool run_line_read(const command_line *line, settings *read, run_problem *problem) {
    complain_hold(true);
    const bool good =
        options_read(read, &command_table[COMMAND_RUN], line->count, line->words) || caught(problem, NULL);
    complain_hold(false);
    return good;
}

bool run_line_network(char name[64]) {
    pst_catalogue *catalogue;
    const char *path, *installed;
    char found[4096] = "";
    size_t count = 0;
    name[0] = '\0';
    if (pst_catalogue_open(&catalogue) == PST_OK && pst_catalogue_find(catalogue, NULL, &path) == PST_OK) {
        snprintf(found, sizeof found, "%s", path);
        const pst_known_network *known = pst_catalogue_networks(catalogue, &count);
        for (size_t i = 0; i < count && !*name; i++)
            if (pst_catalogue_installed(catalogue, &known[i], &installed) == PST_OK && installed &&
                strcmp(installed, found) == 0)
                snprintf(name, 64, "%s", known[i].name);
        if (!*name && networks_name_inside(found))
            snprintf(name, 64, "%s", networks_name_inside(found));
    }
    pst_catalogue_close(catalogue);
    return *name;
}

json_t *run_line_settle(studio *s, const json_t *run) {
    json_t *copy = json_deep_copy(run), *options = json_object_get(copy, "options");
    char name[64];
    if (copy && !options && json_object_set_new(copy, "options", json_object()) == 0)
        options = json_object_get(copy, "options");
    if (options && !s->settings->model && !json_is_string(json_object_get(options, "model")) && run_line_network(name))
        json_object_set_new(options, "model", json_string(name));
    return copy;
}

char *run_line_name(studio *s, const json_t *run, char name[FOLDER_NAME_MOST]) {
    static const char *const endings[][2] = {{"jpeg", "jpg"},  {"jpg", "jpg"}, {"tiff", "tif"}, {"tif", "tif"},
                                             {"webp", "webp"}, {"bmp", "bmp"}, {"tga", "tga"}};
    const json_t *styles = json_object_get(run, "styles");
    const char *given = text_at(run, "name"), *format = text_at(json_object_get(run, "options"), "format"),
               *ending = "png";
    char first[FOLDER_NAME_MOST], second[FOLDER_NAME_MOST];
    shelf_entry content = {0}, style = {0};
    for (size_t i = 0; format && i < sizeof endings / sizeof *endings; i++)
        ending = strcmp(format, endings[i][0]) == 0 ? endings[i][1] : ending;
    if (given && *given) {
        folder_safe_name(given, first);
        snprintf(name, FOLDER_NAME_MOST, "%.*s.%s", (int)(file_is_image(first) ? file_base(first) : strlen(first)),
                 first, ending);
        return name;
    }
    shelf_find(s, text_at(run, "content"), &content);
    shelf_find(s, text_at(json_array_get(styles, 0), "id"), &style);
    folder_safe_name(content.name, first);
    folder_safe_name(style.name, second);
    snprintf(name, FOLDER_NAME_MOST, "%.*s in %.*s%s.%s", (int)file_base(first), first, (int)file_base(second), second,
             json_array_size(styles) > 1 ? " and others" : "", ending);
    return name;
}

void run_line_refuse(web_reply *reply, const run_problem *problem) {
    char name[OPTION_NAME_MOST] = "";
    if (problem->option)
        snprintf(name, sizeof name, "%.*s", (int)strcspn(problem->option, "|"), problem->option);
    json_t *root = json_pack("{s:o}", "error", web_json_text(problem->text));
    if (*name)
        json_object_set_new(root, "option", json_string(name));
    studio_reply(reply, problem->code, root);
}
