/* pastiche info and pastiche again: what a result tells of how it was made, and the same run once more. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "cli/commands.h"
#include "cli/options/complain.h"
#include "cli/options/file_names.h"
#include "cli/run/device_choice.h"
#include "cli/run/record.h"

enum { SHOWN_DIGITS = 12 };

static const char *text_of(const json_t *object, const char *key) {
    const char *text = json_string_value(json_object_get(object, key));
    return text ? text : "";
}

static int failed(const pst_context *context) {
    complain("%s", context ? pst_context_message(context) : "no memory left");
    return EXIT_FAILED;
}

static bool open_without_device(pst_context **context) {
    pst_context_options where;
    pst_context_options_init(&where, sizeof where);
    where.device = "none";
    if (pst_context_create(&where, context) == PST_OK)
        return true;
    failed(*context);
    return false;
}

/* The JSON text in an image, and what it says; false after complaining. The text ends with pst_bytes_destroy. */
static bool read_record(pst_context *context, const char *path, char **text, json_t **root) {
    *root = NULL;
    if (pst_image_metadata(context, path, text) != PST_OK) {
        failed(context);
        return false;
    }
    *root = *text ? json_loads(*text, JSON_REJECT_DUPLICATES, NULL) : NULL;
    if (json_is_object(*root) && json_is_array(json_object_get(*root, "options")))
        return true;
    complain("%s: %s", path,
             *text ? "its record is damaged"
                   : "has no record: it was not made by pastiche, or another program saved it without the record");
    json_decref(*root);
    pst_bytes_destroy(*text);
    *root = NULL;
    *text = NULL;
    return false;
}

/* ---- pastiche info ---- */

int info_command(const settings *s) {
    pst_context *context = NULL;
    char *text;
    json_t *root;
    int code = EXIT_FAILED;
    if (open_without_device(&context) && read_record(context, s->words[0], &text, &root)) {
        bool good = json_dumpf(root, stdout, JSON_INDENT(2) | JSON_REAL_PRECISION(10)) == 0 && putchar('\n') != EOF;
        code = good ? EXIT_OK : EXIT_FAILED;
        if (!good)
            complain("standard output cannot be written");
        json_decref(root);
        pst_bytes_destroy(text);
    }
    pst_context_destroy(context);
    return code;
}

/* ---- pastiche again ---- */

/* A command line that grows; its strings are owned. */
typedef struct command_line {
    char **words;
    int count;
    bool short_of_memory;
} command_line;

/* "--name=value" or, where one of them is NULL, the other. */
static void add_word(command_line *line, const char *name, const char *value) {
    size_t size = (name ? strlen(name) + 3 : 0) + (value ? strlen(value) : 0) + 1;
    char **longer = realloc(line->words, ((size_t)line->count + 2) * sizeof *longer);
    line->words = longer ? longer : line->words;
    char *word = longer ? malloc(size) : NULL;
    if (!word) {
        line->short_of_memory = true;
        return;
    }
    snprintf(word, size, "%s%s%s%s", name ? "--" : "", name ? name : "", name && value ? "=" : "", value ? value : "");
    line->words[line->count++] = word;
    line->words[line->count] = NULL;
}

static void free_line(command_line *line) {
    for (int i = 0; i < line->count; i++)
        free(line->words[i]);
    free(line->words);
}

typedef struct repeat {
    const char *image, *output, *model, *device;
    bool anyway, quiet;
    pst_context *context;
    json_t *root;
    command_line line;
    int changed; /* inputs that are not what they were */
} repeat;

/* Where a file is: by its name as it was given, or in the image's folder. The caller frees it. */
static char *find_file(const repeat *r, const char *path) {
    size_t folder = (size_t)(file_name(r->image) - r->image);
    char *found = malloc(folder + strlen(path) + 1);
    if (!found)
        return NULL;
    strcpy(found, path);
    if (file_exists(found) || strncmp(path, "built-in:", 9) == 0)
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

/* Checks an input. Where it lies now, which the caller frees; NULL after complaining. */
static char *check_file(repeat *r, const json_t *entry, const char *what, const char *instead) {
    const char *path = instead ? instead : text_of(entry, "path"), *expected = text_of(entry, "sha256");
    char sha256[65], *found = find_file(r, path);
    bool good = false;
    if (!found) {
        complain("no memory left");
    } else if (strcmp(path, "-") == 0) {
        complain("%s: %s came from standard input (SHA-256 %.*s...); it cannot be read again", r->image, what,
                 SHOWN_DIGITS, expected);
    } else if (!instead && strncmp(path, "built-in:", 9) != 0 && !file_exists(found)) {
        complain("%s: %s is missing; it had the SHA-256 %.*s...", path, what, SHOWN_DIGITS, expected);
    } else if (pst_file_sha256(r->context, found, sha256) != PST_OK) {
        failed(r->context);
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
        add_word(&r->line, name, found);
    free(found);
    return good;
}

/* An option whose value is a list of files and texts. */
static bool add_list(repeat *r, const json_t *list, const char *name) {
    json_t *part;
    size_t i;
    char *value = NULL;
    bool good = true;
    json_array_foreach(list, i, part) {
        const char *text = json_string_value(part);
        char *found = text ? NULL : check_file(r, part, name, NULL);
        const char *next = text ? text : found;
        size_t length = value ? strlen(value) : 0;
        char *longer = next ? realloc(value, length + strlen(next) + 2) : NULL;
        good &= longer != NULL;
        if (longer) {
            value = longer;
            sprintf(value + length, "%s%s", i ? "," : "", next);
        }
        free(found);
    }
    if (good && value)
        add_word(&r->line, name, value);
    free(value);
    return good;
}

/* The options as they were given; those that name files have these looked for. */
static bool add_options(repeat *r) {
    const json_t *files = json_object_get(r->root, "files");
    json_t *pair;
    size_t i;
    bool good = true;
    json_array_foreach(json_object_get(r->root, "options"), i, pair) {
        const char *name = json_string_value(json_array_get(pair, 0)),
                   *value = json_string_value(json_array_get(pair, 1));
        const json_t *list = name ? json_object_get(files, name) : NULL;
        if (!name || !record_keeps(name) || (r->device && (strcmp(name, "device") == 0 || strcmp(name, "gpu") == 0)))
            continue;
        if (list)
            good &= add_list(r, list, name);
        else
            add_word(&r->line, name, value);
    }
    return good;
}

static bool add_inputs(repeat *r) {
    const json_t *start = json_object_get(r->root, "start"), *styles = json_object_get(r->root, "styles");
    json_t *style;
    size_t i;
    bool good = add_options(r);
    if (json_is_object(start))
        good &= add_file(r, start, "the start image", "start", NULL);
    else
        add_word(&r->line, "start", json_string_value(start));
    good &= add_file(r, json_object_get(r->root, "network"), "the network", "model", r->model);
    if (r->device)
        add_word(&r->line, "device", r->device);
    if (r->quiet)
        add_word(&r->line, "quiet", NULL);
    add_word(&r->line, "save-iter", "0");
    add_word(&r->line, "output", r->output);
    add_word(&r->line, NULL, "--");
    good &= add_file(r, json_object_get(r->root, "content"), "the content", NULL, NULL);
    json_array_foreach(styles, i, style) good &= add_file(r, style, "a style", NULL, NULL);
    if (r->line.short_of_memory)
        complain("no memory left");
    return good && !r->line.short_of_memory;
}

/* What may make the bytes differ is told before the work. */
static bool compare_surroundings(const repeat *r, const settings *s) {
    const json_t *was = json_object_get(r->root, "device");
    pst_device_info is;
    pst_context_options where;
    pst_context *context;
    progress silent;
    char index[32];
    progress_begin(&silent, true, 0);
    pst_context_options_init(&where, sizeof where);
    where.device = device_choose(s, &silent, index);
    where.choices_file = "";
    bool good = pst_context_create(&where, &context) == PST_OK;
    if (!good) {
        failed(context);
    } else {
        pst_context_device(context, &is);
        if (strcmp(text_of(r->root, "pastiche"), pst_version()) != 0)
            complain("%s was made by version %s, and this is %s; the image may differ", r->image,
                     text_of(r->root, "pastiche"), pst_version());
        if (strcmp(text_of(was, "name"), is.name) != 0)
            complain("%s was made on %s, and this is %s; the image may differ", r->image, text_of(was, "name"),
                     is.name);
        else if (strcmp(text_of(was, "driver"), is.driver_version) != 0)
            complain("%s was made with the driver %s, and this is %s; the image may differ", r->image,
                     text_of(was, "driver"), is.driver_version);
    }
    pst_context_destroy(context);
    return good;
}

static void tell_whether_same(const repeat *r) {
    char old[65], now[65];
    if (pst_file_sha256(r->context, r->image, old) != PST_OK || pst_file_sha256(r->context, r->output, now) != PST_OK)
        complain("%s", pst_context_message(r->context));
    else if (strcmp(old, now) == 0)
        fprintf(stderr, "pastiche: %s: the same as %s, byte for byte\n", r->output, r->image);
    else
        complain("%s: its bytes differ from those of %s", r->output, r->image);
}

/* What was changed on the live page while it ran is not told in full. */
static bool can_be_repeated(const repeat *r) {
    bool changed = json_is_true(json_object_get(r->root, "weights_changed"));
    if (changed)
        complain("%s: weights were changed while it ran%s", r->image,
                 r->anyway ? "" : "; --anyway repeats the run with its first weights");
    return !changed || r->anyway;
}

static int run_again(repeat *r) {
    settings s;
    json_t *choices = json_object_get(r->root, "choices");
    char *choices_text = choices ? json_dumps(choices, JSON_COMPACT) : NULL;
    int code = EXIT_FAILED;
    if (!options_read(&s, &command_table[COMMAND_RUN], r->line.count, r->line.words)) {
        code = EXIT_USAGE;
    } else {
        s.again = r->changed ? NULL : r->root;
        s.choices = "";
        s.choices_text = choices_text;
        if (json_is_true(json_object_get(r->root, "stopped")))
            s.stop_after = (int)json_integer_value(json_object_get(r->root, "iterations"));
        if (compare_surroundings(r, &s))
            code = transfer_command(&s);
        if (code == EXIT_OK && !r->quiet && strcmp(r->output, "-") != 0)
            tell_whether_same(r);
    }
    options_free(&s);
    free(choices_text);
    return code;
}

/* OUT.png gives OUT_again.png. */
static char *default_output(const char *image) {
    const char *dot = strrchr(file_name(image), '.');
    size_t base = dot ? (size_t)(dot - image) : strlen(image), size = strlen(image) + sizeof "_again";
    char *name = malloc(size);
    if (name)
        snprintf(name, size, "%.*s_again%s", (int)base, image, image + base);
    return name;
}

int again_command(const settings *s) {
    repeat r = {.image = s->words[0],
                .output = s->output,
                .model = s->model,
                .device = s->device,
                .anyway = s->anyway,
                .quiet = s->quiet};
    char *text = NULL, *made = NULL;
    int code = EXIT_FAILED;
    if (!r.output)
        r.output = made = default_output(r.image);
    if (!r.output)
        complain("no memory left");
    else if (file_same(r.image, r.output))
        complain("%s: would be overwritten by the repeated run; choose another name for -o", r.output);
    else if (open_without_device(&r.context) && read_record(r.context, r.image, &text, &r.root) &&
             can_be_repeated(&r) && add_inputs(&r))
        code = run_again(&r);
    free_line(&r.line);
    json_decref(r.root);
    pst_bytes_destroy(text);
    pst_context_destroy(r.context);
    free(made);
    return code;
}
