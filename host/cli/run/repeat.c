#include "cli/run/repeat.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/options/complain.h"
#include "cli/options/file_names.h"
#include "cli/options/option_table.h"
#include "cli/options/option_value.h"
#include "cli/run/inputs.h"
#include "cli/run/record.h"

#define BUILT_IN "built-in:"

enum { SHOWN_DIGITS = 12 };

static bool damaged(const repeat *r, const char *what) {
    complain("%s: the record of its settings is damaged at \"%.100s\"", r->image, what);
    return false;
}

/* ---- files ---- */

/* Where a file is: by its name as it was given, or in the image's folder. The caller frees it. */
static char *find_file(const repeat *r, const char *path) {
    size_t folder = (size_t)(file_name(r->image) - r->image);
    char *found = malloc(folder + strlen(path) + 1);
    if (!found)
        return NULL;
    strcpy(found, path);
    if (file_exists(found) || strncmp(path, BUILT_IN, strlen(BUILT_IN)) == 0)
        return found;
    sprintf(found, "%.*s%s", (int)folder, r->image, path);
    if (file_exists(found))
        return found;
    sprintf(found, "%.*s%s", (int)folder, r->image, file_name(path));
    if (file_exists(found))
        return found;
    strcpy(found, path);
    return found;
}

/* Whether a file that the record names may be read; nothing of it is opened yet. */
static bool may_be_read(const repeat *r, const json_t *entry, const char *path, const char *found, const char *what) {
    const char *expected = record_text_of(entry, "sha256");
    if (strncmp(path, BUILT_IN, strlen(BUILT_IN)) == 0)
        return true;
    if (image_is_stream(path))
        complain("%s: %s came from standard input (SHA-256 %.*s...); it cannot be read again", r->image, what,
                 SHOWN_DIGITS, expected);
    else if (strstr(path, "://"))
        complain("%s: names %s as %s; an image can name files only, no addresses", r->image, path, what);
    else if (!file_exists(found))
        complain("%s: %s is missing; it had the SHA-256 %.*s...", path, what, SHOWN_DIGITS, expected);
    else if (!file_is_regular(found))
        complain("%s: names %s as %s; this is a folder, a device or a pipe, and an image can name regular files only",
                 r->image, found, what);
    else {
        if (!file_is_beside(found, r->image))
            complain("%s: reading %s, a file outside the image's folder, as %s", r->image, found, what);
        return true;
    }
    return false;
}

/* Checks an input. Where it lies now, which the caller frees; NULL after complaining. */
static char *check_file(repeat *r, const json_t *entry, const char *what, const char *instead) {
    const char *path = instead ? instead : record_text_of(entry, "path"), *expected = record_text_of(entry, "sha256");
    bool network = entry == json_object_get(r->root, "network"); /* which may have parts in other files */
    char sha256[65] = "", *found = find_file(r, path);
    bool good = false;
    if (!found) {
        complain("no memory left");
    } else if (!instead && !*path) {
        good = damaged(r, what);
    } else if (!instead && !may_be_read(r, entry, path, found, what)) {
        good = false;
    } else if ((network ? pst_network_file_sha256 : pst_file_sha256)(r->context, found, sha256) != PST_OK) {
        complain("%s", pst_context_message(r->context));
    } else {
        good = strcmp(sha256, expected) == 0;
        r->changed += !good;
        if (!good)
            complain("%s: %s has changed: its SHA-256 was %.*s... and is %.*s...%s", found, what, SHOWN_DIGITS,
                     expected, SHOWN_DIGITS, sha256, r->anyway ? "" : "; --anyway continues with it");
        good |= r->anyway;
    }
    if (!good)
        free(found);
    return good ? found : NULL;
}

/* Checks an input, and puts it into the command line as an option, or as a word where name is NULL. False after
 * complaining. */
static bool add_file(repeat *r, const json_t *entry, const char *what, const char *name, const char *instead) {
    char *found = check_file(r, entry, what, instead);
    bool good = found != NULL;
    if (good)
        line_add(&r->line, name, found);
    free(found);
    return good;
}

/* ---- options ---- */

/* One file, or a list of files and colors such as "#ff0000". Commas would let more names in. */
static bool add_list(repeat *r, const json_t *list, const option *o, const char *name) {
    json_t *part;
    size_t i;
    char *value = NULL;
    bool good = json_array_size(list) == 1 || (json_array_size(list) > 1 && o->kind == OPTION_LIST);
    if (!good)
        return damaged(r, name);
    json_array_foreach(list, i, part) {
        const char *text = json_string_value(part);
        char *found = text ? NULL : check_file(r, part, name, NULL);
        const char *next = text ? text : found;
        bool right = !text || (o->kind == OPTION_LIST && text[0] == '#');
        if (next && (!right || (o->kind == OPTION_LIST && strchr(next, ','))))
            next = NULL, damaged(r, name);
        size_t length = value ? strlen(value) : 0;
        char *longer = next ? realloc(value, length + strlen(next) + 2) : NULL;
        good &= longer != NULL;
        if (longer) {
            value = longer;
            sprintf(value + length, "%s%s", i ? "," : "", next);
        }
        free(found);
    }
    if (good)
        line_add(&r->line, name, value);
    free(value);
    return good;
}

/* The name and its value, which the option's row will check. */
static bool add_option(repeat *r, const json_t *pair, const option *o, const char *name) {
    const json_t *value = json_array_get(pair, 1);
    bool fits = o->kind == OPTION_SWITCH || !value == (o->kind == OPTION_FLAG);
    if (!fits || (value && !json_is_string(value)) || json_array_size(pair) > 2)
        return damaged(r, name);
    if (strcmp(name, "preset") == 0 && strcmp(json_string_value(value), PRESET_USUAL) == 0)
        return true;
    if (o->flags & NAMES_FILES)
        return add_list(r, json_object_get(json_object_get(r->root, "files"), name), o, name);
    if (!(r->device && (strcmp(name, "device") == 0 || strcmp(name, "gpu") == 0)))
        line_add(&r->line, name, json_string_value(value));
    return true;
}

/* Whether it is another spelling of an option that changes the result, which no record has. */
static bool is_misspelled(const char *name) {
    char known[OPTION_NAME_MOST];
    name += strspn(name, "-_");
    snprintf(known, sizeof known, "%.*s", (int)strcspn(name, "="), name);
    for (char *c = known; *c; c++)
        *c = *c == '_' ? '-' : *c;
    const option *o = option_find(known, &command_table[COMMAND_RUN]);
    return o && option_changes_result(o);
}

/* The options as they were given. Those that would change no result are removed from the record, with one notice. */
static bool add_options(repeat *r) {
    json_t *options = json_object_get(r->root, "options");
    char passed[200] = "";
    bool good = true;
    if (record_is_of_0_1(r->root)) /* an option that names another one follows */
        line_add(&r->line, "preset", PRESET_OF_0_1);
    for (size_t i = 0; i < json_array_size(options);) {
        const json_t *pair = json_array_get(options, i);
        const char *name = json_string_value(json_array_get(pair, 0));
        const option *o = name ? record_option(name) : NULL;
        if (o) {
            good &= add_option(r, pair, o, name);
            i++;
        } else if (!name || is_misspelled(name)) {
            return damaged(r, name ? name : "options");
        } else {
            size_t used = strlen(passed);
            snprintf(passed + used, sizeof passed - used, "%s\"%s\"", used ? ", " : "", name);
            json_array_remove(options, i);
        }
    }
    if (*passed)
        complain("%s: its settings have %s, which an image cannot set; passed over", r->image, passed);
    return good;
}

static bool add_start(repeat *r) {
    const json_t *start = json_object_get(r->root, "start");
    const char *word = record_text_of(r->root, "start");
    if (json_is_object(start))
        return add_file(r, start, "the start image", "start", NULL);
    if (strcmp(word, "noise") != 0 && strcmp(word, "content") != 0)
        return damaged(r, "start");
    line_add(&r->line, "start", word);
    return true;
}

bool repeat_make_line(repeat *r) {
    const json_t *styles = json_object_get(r->root, "styles");
    json_t *style;
    size_t i;
    bool good = add_options(r);
    good &= add_start(r);
    good &= add_file(r, json_object_get(r->root, "network"), "the network", "model", r->model);
    if (r->device)
        line_add(&r->line, "device", r->device);
    if (r->quiet)
        line_add(&r->line, "quiet", NULL);
    line_add(&r->line, "save-iter", "0");
    line_add(&r->line, "output", r->output);
    line_add(&r->line, NULL, "--");
    good &= add_file(r, json_object_get(r->root, "content"), "the content", NULL, NULL);
    if (json_array_size(styles) == 0)
        good = damaged(r, "styles");
    json_array_foreach(styles, i, style) good &= add_file(r, style, "a style", NULL, NULL);
    if (r->line.short_of_memory)
        complain("no memory left");
    return good && !r->line.short_of_memory;
}
