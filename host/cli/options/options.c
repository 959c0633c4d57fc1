#include "cli/options/options.h"

#include <stdlib.h>
#include <string.h>

#include "cli/options/complain.h"
#include "cli/options/image_words.h"
#include "cli/options/option_defaults.h"
#include "cli/options/option_table.h"
#include "cli/options/option_value.h"
#include "cli/options/suggestion.h"
#include "cli/options/values.h"

enum { NAME_MOST = OPTION_NAME_MOST };

/* The part of an argument that names an option: after one dash or two, up to '=', with '_' as '-'. */
static bool name_in(const char *argument, char name[NAME_MOST]) {
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

/* ---- unknown options ---- */

static void complain_unknown(const command *c, const char *given, const char *name) {
    char suggestion[SUGGESTION_MOST], title[32], other[32];
    const option *foreign = option_find(name, NULL);
    command_title(c, title);
    if (foreign) {
        size_t id = 0;
        while (!(foreign->commands >> id & 1))
            id++;
        complain("%s is an option of %s, not of %s; see %s --help", given, command_title(&command_table[id], other),
                 title, title);
    } else if (suggestion_find(c, name, suggestion)) {
        complain("%s: unknown option; did you mean %s?", given, suggestion);
    } else {
        complain("%s: unknown option; see %s --help", given, title);
    }
}

/* ---- known options ---- */

static bool remember(settings *s, const option *o, const char *value) {
    given_option *longer = realloc(s->given, (s->given_count + 1) * sizeof *longer);
    if (!longer) {
        complain("no memory left");
        return false;
    }
    s->given = longer;
    s->given[s->given_count++] = (given_option){o, value};
    return true;
}

/* Finds an option's value: behind '=' or in the next argument. *used: how many arguments they are. False after
 * complaining. */
static bool find_value(const command *c, const option *o, const char *given, int count, char **arguments,
                       const char **value, int *used) {
    char other[NAME_MOST];
    int64_t number;
    const char *equals = strchr(arguments[0], '=');
    *value = equals ? equals + 1 : NULL;
    *used = 1;
    if (o->kind == OPTION_FLAG || o->flags & WITHOUT_VALUE) {
        if (*value)
            complain("%s takes no value", given);
        return !*value;
    }
    if (o->kind == OPTION_SWITCH) { /* a number that follows is meant for the switch; any other word is an image */
        if (!*value && count > 1 && value_integer(arguments[1], &number))
            *value = arguments[(*used)++];
        bool good = !*value || strcmp(*value, "0") == 0 || strcmp(*value, "1") == 0;
        if (!good)
            complain("%s \"%s\": must be 0 or 1", given, *value);
        return good;
    }
    /* a known option in the value's place means that the value was forgotten */
    if (!*value && (count < 2 || (name_in(arguments[1], other) && option_find(other, c)))) {
        complain("%s needs a value", given);
        return false;
    }
    if (!*value)
        *value = arguments[(*used)++];
    return true;
}

/* Takes one option and its value, of presets or of the others. How many arguments they are; 0 after complaining. */
static int read_option(settings *s, bool presets, int count, char **arguments) {
    char name[NAME_MOST], given[NAME_MOST + 2];
    const char *value;
    int used;
    size_t length = strcspn(arguments[0], "=");
    if (length >= sizeof given)
        length = sizeof given - 1;
    memcpy(given, arguments[0], length);
    given[length] = '\0';
    name_in(arguments[0], name);
    const option *o = option_find(name, s->command);
    if (!o) {
        complain_unknown(s->command, given, name);
        return 0;
    }
    if (!find_value(s->command, o, given, count, arguments, &value, &used))
        return 0;
    bool preset = strcmp(o->names, "preset") == 0;
    bool early = preset || o->offset == offsetof(settings, help) || o->offset == offsetof(settings, help_all) ||
                 o->offset == offsetof(settings, version);
    if (early != presets)
        return used;
    bool good = preset ? option_set_preset(s, o, given, value) /* nothing else is set yet, and the last one counts */
                       : option_set(s, o, given, value);
    return good && remember(s, o, value) ? used : 0;
}

/* ---- the command line ---- */

static bool read_arguments(settings *s, bool presets, int count, char **arguments) {
    bool options_over = false;
    char name[NAME_MOST];
    for (int i = 0; i < count && !s->help && !s->help_all && !s->version;) {
        if (!options_over && strcmp(arguments[i], "--") == 0) {
            options_over = true;
            i++;
        } else if (!options_over && name_in(arguments[i], name)) {
            int used = read_option(s, presets, count - i, arguments + i);
            if (used == 0)
                return false;
            i += used;
        } else if (s->naming_styles) {
            s->each_style[s->each_style_count++] = arguments[i++];
        } else {
            s->words[s->word_count++] = arguments[i++];
        }
    }
    return true;
}

/* Whether options are spelled as neural-style's: after one dash, or with "_". Then they have its defaults. */
static bool is_neural_style(const command *c, int count, char **arguments) {
    char name[NAME_MOST];
    for (int i = 0; i < count && strcmp(arguments[i], "--") != 0; i++) {
        bool theirs = name_in(arguments[i], name) && name[0] && name[1] &&
                      (arguments[i][1] != '-' || memchr(arguments[i], '_', strcspn(arguments[i], "=")));
        if (theirs && option_find(name, c))
            return true;
    }
    return false;
}

static bool check_words(const settings *s) {
    const command *c = s->command;
    char usage[COMMAND_USAGE_MOST];
    bool few = s->word_count<(size_t)c->least, many = s->word_count>(size_t) c->most;
    command_usage(c, usage);
    if (few)
        complain("%s; usage: %s", c->missing, usage);
    else if (many)
        complain("%s: one argument too many; usage: %s", s->words[c->most], usage);
    return !few && !many;
}

static void read_environment(settings *s) {
    for (const option *o = option_table; o < option_table + option_table_size; o++) {
        const char *value = o->environment && option_is_of(o, s->command) ? getenv(o->environment) : NULL;
        if (value && *value)
            option_set(s, o, o->environment, value);
    }
    const char *kernels = getenv("PASTICHE_KERNELS");
    s->kernels = kernels && *kernels ? kernels : NULL;
}

static bool read_all(settings *s, const command *c, int count, char **arguments, int more_count, char **more) {
    option_set_defaults(s, c);
    read_environment(s);
    const option *preset = option_find("preset", c);
    if (preset && is_neural_style(c, count, arguments))
        option_set_preset(s, preset, preset->names, PRESET_OF_0_1);
    s->batch = c == &command_table[COMMAND_BATCH];
    s->argument_count = count;
    s->arguments = arguments;

    int first_count = 0;
    while (c->first && c->first[first_count])
        first_count++;
    size_t most = (size_t)first_count + (size_t)count + (size_t)more_count + 1;
    s->words = malloc(most * sizeof *s->words);
    s->styles = malloc(most * sizeof *s->styles);
    s->contents = malloc(most * sizeof *s->contents);
    s->each_style = malloc(most * sizeof *s->each_style);
    bool good = s->words && s->styles && s->contents && s->each_style;
    if (!good)
        complain("no memory left");
    for (int round = 0; round < 2; round++) { /* a preset comes before all else, wherever it stands */
        s->word_count = s->each_style_count = 0;
        s->naming_styles = false;
        good = good && read_arguments(s, round == 0, first_count, (char **)c->first) &&
               read_arguments(s, round == 0, count, arguments) && read_arguments(s, round == 0, more_count, more);
    }
    if (!good || s->help || s->help_all || s->version)
        return good;
    return c->most == ANY_WORDS ? images_take(s) : check_words(s) && names_expand(s);
}

bool options_read(settings *s, const command *c, int count, char **arguments) {
    return read_all(s, c, count, arguments, 0, NULL);
}

bool options_read_with(settings *s, const settings *before, int count, char **more) {
    return read_all(s, before->command, before->argument_count, before->arguments, count, more);
}

void options_free(settings *s) {
    for (size_t i = 0; i < s->expanded_count; i++)
        free(s->expanded[i]);
    free(s->expanded);
    free(s->given);
    free(s->words);
    free(s->styles);
    free(s->contents);
    free(s->each_style);
    free(s->content_file);
    paths_free(&s->style_files);
    paths_free(&s->left_out);
    free(s->style_parts);
    free(s->blend_weights);
    free(s->style_masks);
}
