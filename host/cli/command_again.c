/* pastiche info and pastiche again: what a result tells of how it was made, and the same run once more. */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "cli/commands.h"
#include "cli/options/complain.h"
#include "cli/options/file_names.h"
#include "cli/options/option_table.h"
#include "cli/options/option_value.h"
#include "cli/run/device_choice.h"
#include "cli/run/record.h"
#include "cli/run/repeat.h"
#include "package/printable.h"
#include "web/json.h"

#define UNFINISHED "a run that has not ended; the command of that run with --resume continues it"

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
    char *checkpoint = NULL;
    if (!*text && pst_checkpoint_text(context, path, &checkpoint) != PST_OK)
        failed(context);
    else
        complain("%s: %s", path,
                 *text        ? "its record is damaged"
                 : checkpoint ? "is the checkpoint of " UNFINISHED
                              : "has no record: it was not made by pastiche, or another program saved it without "
                                "the record");
    pst_bytes_destroy(checkpoint);
    json_decref(*root);
    pst_bytes_destroy(*text);
    *root = NULL;
    *text = NULL;
    return false;
}

/* ---- pastiche info ---- */

/* JSON, in which jansson leaves some characters as they are that a terminal would obey. Line ends are jansson's. */
static bool print_escaped(const char *text) {
    uint32_t code = 0;
    for (size_t length; (length = pst_character(text, &code)) > 0; text += length)
        if (pst_character_printable(code) || code == '\n')
            fwrite(text, 1, length, stdout);
        else if (code > 0xffff)
            printf("\\u%04X\\u%04X", (unsigned)(0xd7c0 + (code >> 10)), (unsigned)(0xdc00 + (code & 0x3ff)));
        else
            printf("\\u%04X", (unsigned)code);
    return putchar('\n') != EOF;
}

static int print_json(const json_t *root) {
    char *shown = json_dumps(root, JSON_INDENT(2) | JSON_REAL_PRECISION(10));
    int code = shown && print_escaped(shown) ? EXIT_OK : EXIT_FAILED;
    if (code != EXIT_OK)
        complain(shown ? "standard output cannot be written" : "no memory left");
    free(shown);
    return code;
}

static int print_record(pst_context *context, const char *path) {
    char *text;
    json_t *root;
    if (!read_record(context, path, &text, &root))
        return EXIT_FAILED;
    int code = print_json(root);
    json_decref(root);
    pst_bytes_destroy(text);
    return code;
}

/* The program's option that alone stands for a member of the library's; NULL: there is none. */
static const option *option_of_member(const char *name) {
    for (const option *o = option_table; o < option_table + option_table_size; o++) {
        const pst_option_info *row = option_library_row(o);
        if (row && strcmp(row->name, name) == 0 && o->kind != OPTION_SIZE && o->kind != OPTION_PAIR)
            return o;
    }
    return NULL;
}

/* "iteration" and "seconds" are numbers, all else is settings as a record has them. */
static void add_line(json_t *root, json_t *all, char *line) {
    char *value = strchr(line, '='), name[OPTION_NAME_MOST];
    if (!value)
        return;
    *value++ = '\0';
    const option *o = option_of_member(line);
    for (char *c = line; *c; c++)
        *c = *c == '_' ? '-' : *c;
    if (strcmp(line, "iteration") == 0)
        json_object_set_new(root, line, json_integer(atoi(value)));
    else if (strcmp(line, "seconds") == 0)
        json_object_set_new(root, line, json_real(strtod(value, NULL)));
    else
        json_object_set_new(all, o ? option_name(o, 0, name) : line, web_json_text(value));
}

static int print_checkpoint(const char *path, char *text) {
    json_t *root = json_object(), *all = json_object();
    json_object_set_new(root, "checkpoint", web_json_text(path));
    for (char *line = text, *next; *line; line = next) {
        next = line + strcspn(line, "\n");
        if (*next)
            *next++ = '\0';
        add_line(root, all, line);
    }
    json_object_set_new(root, "settings", all);
    int code = print_json(root);
    if (code == EXIT_OK)
        complain("%s: is the checkpoint of " UNFINISHED, path);
    json_decref(root);
    return code;
}

int info_command(const settings *s) {
    const char *path = s->words[0];
    pst_context *context = NULL;
    char *text = NULL;
    int code = EXIT_FAILED;
    if (open_without_device(&context))
        code = pst_checkpoint_text(context, path, &text) != PST_OK ? failed(context)
               : text                                              ? print_checkpoint(path, text)
                                                                   : print_record(context, path);
    pst_bytes_destroy(text);
    pst_context_destroy(context);
    return code;
}

/* ---- pastiche again ---- */

static bool are_alike(const json_t *a, const json_t *b) {
    return strcmp(record_text_of(a, "name"), record_text_of(b, "name")) == 0 &&
           strcmp(record_text_of(a, "driver"), record_text_of(b, "driver")) == 0;
}

/* How many there are of one kind does not count. */
static void compare_devices(const repeat *r, const pst_device_info *is, size_t count) {
    const json_t *first = json_object_get(r->root, "device"), *was;
    bool were_alike = true, still_alike = true;
    size_t i;
    if (strcmp(record_text_of(first, "name"), is->name) != 0)
        complain("%s was made on %s, and this is %s; the image may differ", r->image, record_text_of(first, "name"),
                 is->name);
    else if (strcmp(record_text_of(first, "driver"), is->driver_version) != 0)
        complain("%s was made with the driver %s, and this is %s; the image may differ", r->image,
                 record_text_of(first, "driver"), is->driver_version);
    json_array_foreach(json_object_get(r->root, "devices"), i, was) were_alike = were_alike && are_alike(first, was);
    for (i = 1; i < count; i++)
        still_alike =
            still_alike && strcmp(is[i].name, is->name) == 0 && strcmp(is[i].driver_version, is->driver_version) == 0;
    if (!were_alike)
        complain("%s was made on devices of several kinds; the image may differ", r->image);
    else if (!still_alike)
        complain("these devices are of several kinds; the image may differ from %s", r->image);
}

/* What may make the bytes differ is told before the work. */
static bool compare_surroundings(const repeat *r, const settings *s) {
    pst_device_info is[PST_CONTEXT_DEVICES_MAX];
    size_t count;
    pst_context_options where;
    pst_context *context;
    progress silent;
    char index[DEVICE_CHOICE_MOST];
    progress_begin(&silent, true, 0);
    pst_context_options_init(&where, sizeof where);
    if (!device_choose(s, &silent, index, &where.device))
        return false;
    where.choices_file = "";
    bool good = pst_context_create(&where, &context) == PST_OK;
    if (!good) {
        failed(context);
    } else {
        pst_context_devices(context, is, PST_CONTEXT_DEVICES_MAX, &count);
        if (strcmp(record_text_of(r->root, "pastiche"), pst_version()) != 0)
            complain("%s was made by version %s, and this is %s; the image may differ", r->image,
                     record_text_of(r->root, "pastiche"), pst_version());
        compare_devices(r, is, count);
    }
    pst_context_destroy(context);
    return good;
}

static void tell_whether_same(const repeat *r) {
    char old[65], now[65];
    if (pst_file_sha256(r->context, r->image, old) != PST_OK || pst_file_sha256(r->context, r->output, now) != PST_OK)
        complain("%s", pst_context_message(r->context));
    else if (strcmp(old, now) == 0)
        complain("%s: the same as %s, byte for byte", r->output, r->image);
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

/* Of a run that was stopped; 0 where the record has no such number. */
static int stop_of(const json_t *root) {
    json_int_t iterations = json_integer_value(json_object_get(root, "iterations"));
    return iterations > 0 && iterations <= INT_MAX ? (int)iterations : 0;
}

static int run_again(repeat *r) {
    settings s;
    json_t *choices = json_object_get(r->root, "choices");
    char *choices_text = choices ? json_dumps(choices, JSON_COMPACT) : NULL;
    int code = EXIT_FAILED;
    complain_about(r->image); /* whose options they are */
    bool good = options_read(&s, &command_table[COMMAND_RUN], r->line.count, r->line.words);
    complain_about(NULL);
    if (!good) {
        code = EXIT_USAGE;
    } else {
        s.about = r->image;
        s.again = r->changed ? NULL : r->root;
        s.choices = "";
        s.choices_text = choices_text;
        if (json_is_true(json_object_get(r->root, "stopped")))
            s.stop_after = stop_of(r->root);
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
             can_be_repeated(&r) && repeat_make_line(&r))
        code = run_again(&r);
    line_free(&r.line);
    json_decref(r.root);
    pst_bytes_destroy(text);
    pst_context_destroy(r.context);
    free(made);
    return code;
}
