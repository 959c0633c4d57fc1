#include "options.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "complain.h"
#include "files.h"
#include "option_table.h"
#include "values.h"

enum { NAME_MOST = 64 };

/* The part of an argument that names an option: after one dash or two, up to '=', with '_' as '-'. */
static bool option_name(const char *argument, char name[NAME_MOST])
{
    if (argument[0] != '-' || argument[1] == '\0')
        return false;
    argument += argument[1] == '-' ? 2 : 1;
    size_t length = strcspn(argument, "=");
    if (length >= NAME_MOST)
        length = NAME_MOST - 1;
    for (size_t i = 0; i < length; i++)
        name[i] = argument[i] == '_' ? '-' : argument[i];
    name[length] = '\0';
    return true;
}

static const option *find_option(const char *name)
{
    for (const option *o = option_table; o < option_table + option_table_size; o++)
        for (size_t i = 0; o->kind != IS_HEADING && i < OPTION_NAMES && o->names[i]; i++)
            if (strcmp(o->names[i], name) == 0)
                return o;
    return NULL;
}

/* Levenshtein's distance in which swapping neighbours is one step. */
static size_t distance(const char *a, const char *b)
{
    size_t rows[3][NAME_MOST + 1], *before = rows[0], *above = rows[1], *row = rows[2];
    size_t width = strlen(b);
    for (size_t j = 0; j <= width; j++)
        above[j] = before[j] = j;
    for (size_t i = 1; a[i - 1]; i++) {
        row[0] = i;
        for (size_t j = 1; j <= width; j++) {
            size_t best = above[j - 1] + (a[i - 1] != b[j - 1]);
            if (above[j] + 1 < best)
                best = above[j] + 1;
            if (row[j - 1] + 1 < best)
                best = row[j - 1] + 1;
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] && before[j - 2] + 1 < best)
                best = before[j - 2] + 1;
            row[j] = best;
        }
        size_t *oldest = before;
        before = above, above = row, row = oldest;
    }
    return above[width];
}

static void complain_unknown(const char *given, const char *name)
{
    const char *nearest = NULL;
    size_t least = 1 + strlen(name) / 3;
    for (const option *o = option_table; o < option_table + option_table_size; o++) {
        for (size_t i = 0; o->kind != IS_HEADING && i < OPTION_NAMES && o->names[i]; i++) {
            size_t steps = distance(name, o->names[i]);
            /* "iter" is far from "iterations" in steps, but is how it begins */
            if (steps > 2 && strlen(name) >= 3 && strncmp(o->names[i], name, strlen(name)) == 0)
                steps = 2;
            if (steps < least || (!nearest && steps == least)) {
                least = steps;
                nearest = o->names[i];
            }
        }
    }
    int length = (int)strcspn(given, "=");
    if (nearest && nearest[1])
        complain("%.*s: unknown option; did you mean --%s?", length, given, nearest);
    else
        complain("%.*s: unknown option; see pastiche --help", length, given);
}

static bool remember(settings *s, const option *o, const char *value)
{
    given_option *longer = realloc(s->given, (s->given_count + 1) * sizeof *longer);
    if (!longer) {
        complain("no memory left");
        return false;
    }
    s->given = longer;
    s->given[s->given_count++] = (given_option){ o, value };
    return true;
}

/* Takes one option and its value. Returns how many arguments they were, 0 after complaining. */
static int read_option(settings *s, int count, char **arguments)
{
    char name[NAME_MOST], given[NAME_MOST], other[NAME_MOST];
    const char *argument = arguments[0], *equals = strchr(argument, '=');
    option_name(argument, name);
    const option *o = find_option(name);
    if (!o) {
        complain_unknown(argument, name);
        return 0;
    }
    size_t length = strcspn(argument, "="); /* short: it is the name of an option */
    memcpy(given, argument, length);
    given[length] = '\0';

    const char *value = equals ? equals + 1 : NULL;
    int used = 1;
    int64_t number;
    if (o->kind == TAKES_NOTHING) {
        if (value) {
            complain("%s takes no value", given);
            return 0;
        }
    } else if (o->kind == TAKES_SWITCH) {
        /* A word that is a number is meant for the switch; any other is a picture. */
        if (!value && count > 1 && value_integer(arguments[1], &number)) {
            value = arguments[1];
            used = 2;
        }
        if (value && strcmp(value, "0") != 0 && strcmp(value, "1") != 0) {
            complain("%s \"%s\": must be 0 or 1", given, value);
            return 0;
        }
    } else if (!value) {
        /* A known option in the value's place means that the value was forgotten. */
        if (count < 2 || (option_name(arguments[1], other) && find_option(other))) {
            complain("%s needs a value", given);
            return 0;
        }
        value = arguments[1];
        used = 2;
    }
    return o->set(s, o, given, value) && remember(s, o, value) ? used : 0;
}

/* A leading ~ is the user's folder: shells leave it alone behind "=" and ",". */
static bool expand(settings *s, const char **path)
{
    if (!*path || !file_is_at_home(*path))
        return true;
    char **longer = realloc(s->expanded, (s->expanded_count + 1) * sizeof *longer);
    char *expanded = longer ? file_from_home(*path) : NULL;
    s->expanded = longer ? longer : s->expanded;
    if (!expanded) {
        complain("%s: ~ cannot be replaced: HOME is not set, or no memory is left", *path);
        return false;
    }
    *path = s->expanded[s->expanded_count++] = expanded;
    return true;
}

/* neural-style's list of styles, but a file whose name has commas is one style. */
static bool split_styles(settings *s)
{
    if (!expand(s, &s->style_list))
        return false;
    if (file_exists(s->style_list)) {
        s->styles[s->style_count++] = s->style_list;
        return true;
    }
    size_t count = 0;
    s->style_parts = value_list(s->style_list, &count);
    const char **styles = s->style_parts ? realloc(s->styles, count * sizeof *styles) : NULL;
    if (!styles) {
        complain("--style-image \"%s\": a name between the commas is empty", s->style_list);
        return false;
    }
    s->styles = styles;
    for (; s->style_count < count; s->style_count++)
        styles[s->style_count] = s->style_parts[s->style_count];
    return true;
}

static bool expand_all(settings *s)
{
    const char **paths[] = { &s->content, &s->start_file, &s->output, &s->model, &s->log, &s->choices,
                             &s->checkpoint, &s->resume, &s->writing.output_profile, &s->proof_profile };
    bool good = true;
    for (size_t i = 0; good && i < sizeof paths / sizeof *paths; i++)
        good = expand(s, paths[i]);
    for (size_t i = 0; good && i < s->style_count; i++)
        good = expand(s, &s->styles[i]);
    return good;
}

/* Standard input can be read once, and there are no pictures on the way to standard output. */
static bool check_streams(settings *s)
{
    int inputs = strcmp(s->content, "-") == 0;
    inputs += s->start == START_FILE && strcmp(s->start_file, "-") == 0;
    for (size_t i = 0; i < s->style_count; i++)
        inputs += strcmp(s->styles[i], "-") == 0;
    if (strcmp(s->output, "-") == 0)
        s->save_every = 0;
    if (inputs > 1)
        complain("-: standard input can be only one of the pictures");
    return inputs <= 1;
}

/* Gives the arguments that are no options their meaning and checks what several options say together. */
static bool finish(settings *s, const char **words, size_t word_count)
{
    size_t next = 0;
    if (!s->content && next < word_count)
        s->content = words[next++];
    if (!s->content) {
        complain("no content picture given; see pastiche --help");
        return false;
    }
    if (s->style_list && next < word_count) {
        complain("%s: styles are given as arguments and by --style-image; use one of them", words[next]);
        return false;
    }
    if (s->style_list && !split_styles(s))
        return false;
    while (next < word_count)
        s->styles[s->style_count++] = words[next++];
    if (s->style_count == 0) {
        complain("no style picture given; usage: pastiche CONTENT STYLE... -o OUT");
        return false;
    }
    if (s->blend_weights && s->blend_count != s->style_count) {
        complain("--style-blend-weights has %zu numbers for %zu styles; give one for each", s->blend_count,
                 s->style_count);
        return false;
    }
    s->transfer.blend_weights = s->blend_weights;
    if (s->start == START_INIT_IMAGE) {
        s->start_file = s->init_image;
        s->start = s->init_image ? START_FILE : START_CONTENT;
    }
    if (!expand_all(s) || !check_streams(s))
        return false;
    s->transfer.start = s->start == START_FILE      ? PST_START_IMAGE
                        : s->start == START_CONTENT ? PST_START_CONTENT
                                                    : PST_START_RANDOM;
    return true;
}

static const char *environment(const char *name)
{
    const char *value = getenv(name);
    return value && *value ? value : NULL;
}

const char *choices_from_environment(void)
{
    const char *value = environment("PASTICHE_CHOICES");
    return value && strcmp(value, "none") == 0 ? "" : value;
}

bool options_read(settings *s, int count, char **arguments)
{
    *s = (settings){ .output = "out.png", .gpu = GPU_NOT_GIVEN, .print_every = 50, .save_every = 100 };
    s->device = environment("PASTICHE_DEVICE");
    s->model = environment("PASTICHE_MODEL");
    s->kernels = environment("PASTICHE_KERNELS");
    s->choices = choices_from_environment();
    pst_transfer_options_init(&s->transfer, sizeof s->transfer);
    pst_write_options_init(&s->writing, sizeof s->writing);
    s->checkpoint_every = 300;

    const char **words = malloc(((size_t)count + 1) * sizeof *words);
    s->styles = malloc(((size_t)count + 1) * sizeof *s->styles);
    size_t word_count = 0;
    bool good = words && s->styles, options_over = false;
    if (!good)
        complain("no memory left");
    char name[NAME_MOST];
    for (int i = 0; good && i < count && !s->help && !s->version;) {
        if (!options_over && strcmp(arguments[i], "--") == 0) {
            options_over = true;
            i++;
        } else if (options_over || !option_name(arguments[i], name)) {
            words[word_count++] = arguments[i++];
        } else {
            int used = read_option(s, count - i, arguments + i);
            good = used > 0;
            i += used;
        }
    }
    if (good && !s->help && !s->version)
        good = finish(s, words, word_count);
    free(words);
    return good;
}

void options_free(settings *s)
{
    for (size_t i = 0; i < s->expanded_count; i++)
        free(s->expanded[i]);
    free(s->expanded);
    free(s->given);
    free(s->styles);
    free(s->style_parts);
    free(s->blend_weights);
}
