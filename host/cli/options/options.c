#include "cli/options/options.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "cli/options/complain.h"
#include "cli/options/file_names.h"
#include "cli/options/option_table.h"
#include "cli/options/values.h"

enum { NAME_MOST = 64 };

/* The part of an argument that names an option: after one dash or two, up to '=', with '_' as '-'. */
static bool option_name(const char *argument, char name[NAME_MOST]) {
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

static const option *find_option(const char *name) {
    for (const option *o = option_table; o < option_table + option_table_size; o++)
        for (size_t i = 0; o->kind != IS_HEADING && i < OPTION_NAMES && o->names[i]; i++)
            if (strcmp(o->names[i], name) == 0)
                return o;
    return NULL;
}

/* Levenshtein's distance in which swapping neighbors is one step. */
static size_t distance(const char *a, const char *b) {
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

static void complain_unknown(const char *given, const char *name) {
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

/* What pastiche style make takes: all that the statistics of its images depend on. */
static bool makes_style(const option *o) {
    static const char *const names[] = {"output",      "image-size", "min-size",  "style-layers", "style-blend-weights",
                                        "style-image", "pooling",    "border",    "preset",       "model",
                                        "device",      "gpu",        "workspace", "choices",      "no-tune",
                                        "quiet",       "help",       "version"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(o->names[0], names[i]) == 0)
            return true;
    return false;
}

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

/* Takes one option and its value, of presets or of the others. Returns how many arguments they were, 0 after
 * complaining. */
static int read_option(settings *s, bool presets, int count, char **arguments) {
    char name[NAME_MOST], given[NAME_MOST], other[NAME_MOST];
    const char *argument = arguments[0], *equals = strchr(argument, '=');
    option_name(argument, name);
    const option *o = find_option(name);
    if (!o) {
        complain_unknown(argument, name);
        return 0;
    }
    if (s->making_style && !makes_style(o)) {
        complain("%.*s has no meaning for a style file; see pastiche style make --help", (int)strcspn(argument, "="),
                 argument);
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
        /* A word that is a number is meant for the switch; any other is an image. */
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
    bool now = (strcmp(o->names[0], "preset") == 0) == presets || o->offset == offsetof(settings, help) ||
               o->offset == offsetof(settings, version);
    if (!now)
        return used;
    return o->set(s, o, given, value) && remember(s, o, value) ? used : 0;
}

/* A leading ~ is the user's folder: shells leave it alone behind "=" and ",". */
static bool expand(settings *s, const char **path) {
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
static bool split_styles(settings *s) {
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
    for (size_t i = 0; i < count; i++)
        if (!expand(s, &styles[i]))
            return false;
    return true;
}

static bool expand_all(settings *s, const char **words, size_t word_count) {
    const char **paths[] = {&s->content,
                            &s->init_image,
                            &s->start_file,
                            &s->output,
                            &s->model,
                            &s->log,
                            &s->choices,
                            &s->checkpoint,
                            &s->resume,
                            &s->content_mask,
                            &s->writing.output_profile,
                            &s->proof_profile};
    bool good = true;
    for (size_t i = 0; good && i < sizeof paths / sizeof *paths; i++)
        good = expand(s, paths[i]);
    for (size_t i = 0; good && i < word_count; i++)
        good = expand(s, &words[i]);
    for (size_t i = 0; good && i < s->mask_count; i++)
        good = expand(s, (const char **)&s->style_masks[i]);
    for (size_t i = 0; good && i < s->each_style_count; i++)
        good = expand(s, &s->each_style[i]);
    return good;
}

/* Standard input can be read once, and there are no images on the way to standard output. */
static bool check_streams(settings *s) {
    int inputs = s->content && strcmp(s->content, "-") == 0;
    inputs += s->start == START_FILE && strcmp(s->start_file, "-") == 0;
    for (size_t i = 0; i < s->style_count; i++)
        inputs += strcmp(s->styles[i], "-") == 0;
    if (s->output && strcmp(s->output, "-") == 0)
        s->save_every = 0;
    if (inputs > 1)
        complain("-: standard input can be only one of the images");
    return inputs <= 1;
}

/* As in neural-style-pt, a folder of styles means all images in it. */
static bool expand_styles(settings *s) {
    for (size_t i = 0; i < s->style_count; i++)
        if (!paths_expand(&s->style_files, s->styles[i], !s->making_style))
            return false;
    s->style_count = s->style_files.count;
    const char **styles = realloc(s->styles, (s->style_count + 1) * sizeof *styles);
    if (!styles) {
        complain("no memory left");
        return false;
    }
    s->styles = styles;
    for (size_t i = 0; i < s->style_count; i++)
        styles[i] = s->style_files.paths[i];
    return true;
}

/* A pattern for one content is fine if one image fits. */
static bool expand_content(settings *s) {
    path_list found = {0};
    bool good = true;
    if (paths_is_pattern(s->content)) {
        good = paths_expand(&found, s->content, false);
        if (good && found.count > 1)
            complain("%s: %zu images fit; pastiche batch CONTENT... --styles STYLE... -o FOLDER paints them all",
                     s->content, found.count);
        good = good && found.count == 1;
        if (good)
            s->content = s->content_file = found.paths[0], found.paths[0] = NULL;
    }
    paths_free(&found);
    return good;
}

static bool take_words(settings *s, const char **words, size_t word_count) {
    size_t next = 0;
    if (s->batch_option) {
        complain("--%s is for pastiche batch CONTENT... --styles STYLE... -o FOLDER", s->batch_option);
        return false;
    }
    if (!s->content && next < word_count)
        s->content = words[next++];
    if (!s->content) {
        complain("no content image given; see pastiche --help");
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
        complain("no style image given; usage: pastiche CONTENT STYLE... -o OUT");
        return false;
    }
    return expand_content(s);
}

static bool take_batch(settings *s, const char **words, size_t word_count) {
    if (s->content)
        s->contents[s->content_count++] = s->content;
    for (size_t i = 0; i < word_count; i++)
        s->contents[s->content_count++] = words[i];
    s->content = NULL;
    const char *problem = s->sheet                ? "--sheet is for one content; it has no meaning here"
                          : s->content_count == 0 ? "no content image given"
                          : s->style_list && s->each_style_count
                              ? "styles are given by --styles and by --style-image; use one of them"
                          : !s->style_list && !s->each_style_count ? "no style image given behind --styles"
                          : !s->output                             ? "no folder for the results given by -o"
                                                                   : NULL;
    if (problem)
        complain("%s; usage: pastiche batch CONTENT... --styles STYLE... -o FOLDER", problem);
    return !problem && (!s->style_list || split_styles(s));
}

static bool take_images(settings *s, const char **words, size_t word_count) {
    const char *problem = s->style_list && word_count
                              ? "images are given as arguments and by --style-image; use one of them"
                          : !s->style_list && !word_count ? "no image of the style given"
                          : !s->output                    ? "no file for the style given by -o"
                                                          : NULL;
    if (problem) {
        complain("%s; usage: pastiche style make IMAGE... -o OUT.style", problem);
        return false;
    }
    for (size_t i = 0; i < word_count; i++)
        s->styles[s->style_count++] = words[i];
    return !s->style_list || split_styles(s);
}

/* Gives the arguments that are no options their meaning and checks what several options say together. */
static bool finish(settings *s, const char **words, size_t word_count) {
    bool good = expand_all(s, words, word_count) && (s->making_style ? take_images(s, words, word_count)
                                                     : s->batch      ? take_batch(s, words, word_count)
                                                                     : take_words(s, words, word_count));
    if (!good || !expand_styles(s))
        return false;
    size_t styles = s->each_style_count ? 1 : s->style_count;
    if (s->blend_weights && s->blend_count != styles) {
        complain("--style-blend-weights has %zu numbers for %zu styles; give one for each", s->blend_count, styles);
        return false;
    }
    if (!s->content_mask != !s->style_masks) {
        complain("%s; a region is a color that is in both",
                 s->content_mask ? "--content-mask needs --style-masks" : "--style-masks needs --content-mask");
        return false;
    }
    if (s->style_masks && s->mask_count != s->style_count) {
        complain("--style-masks has %zu masks for %zu styles; give one for each", s->mask_count, s->style_count);
        return false;
    }
    s->transfer.blend_weights = s->blend_weights;
    if (s->start == START_INIT_IMAGE) {
        s->start_file = s->init_image;
        s->start = s->init_image ? START_FILE : START_CONTENT;
    }
    if (!check_streams(s))
        return false;
    s->transfer.start = s->start == START_FILE      ? PST_START_IMAGE
                        : s->start == START_CONTENT ? PST_START_CONTENT
                                                    : PST_START_RANDOM;
    return true;
}

static const char *environment(const char *name) {
    const char *value = getenv(name);
    return value && *value ? value : NULL;
}

const char *choices_from_environment(void) {
    const char *value = environment("PASTICHE_CHOICES");
    return value && strcmp(value, "none") == 0 ? "" : value;
}

/* The words that are no options, as they come, and the options, presets or the others; false after complaining. */
static bool read_arguments(settings *s, bool presets, int count, char **arguments, const char **words,
                           size_t *word_count) {
    bool options_over = false;
    char name[NAME_MOST];
    for (int i = 0; i < count && !s->help && !s->version;) {
        if (!options_over && strcmp(arguments[i], "--") == 0) {
            options_over = true;
            i++;
        } else if (!options_over && option_name(arguments[i], name)) {
            int used = read_option(s, presets, count - i, arguments + i);
            if (used == 0)
                return false;
            i += used;
        } else if (s->batch && s->naming_styles) {
            s->each_style[s->each_style_count++] = arguments[i++];
        } else {
            words[(*word_count)++] = arguments[i++];
        }
    }
    return true;
}

typedef enum command_kind { ONE_RUN, A_BATCH, A_STYLE } command_kind;

static bool read_all(settings *s, command_kind kind, int count, char **arguments, int more_count, char **more) {
    bool batch = kind == A_BATCH;
    *s = (settings){.making_style = kind == A_STYLE,
                    .output = kind != ONE_RUN ? NULL : "out.png",
                    .gpu = GPU_NOT_GIVEN,
                    .print_every = 50,
                    .save_every = batch ? 0 : 100,
                    .batch = batch,
                    .sheet_size = 256,
                    .sheet_iterations = 100,
                    .web_port = -1,
                    .argument_count = count,
                    .arguments = arguments};
    s->device = environment("PASTICHE_DEVICE");
    s->model = environment("PASTICHE_MODEL");
    s->kernels = environment("PASTICHE_KERNELS");
    s->choices = choices_from_environment();
    pst_transfer_options_init(&s->transfer, sizeof s->transfer);
    pst_write_options_init(&s->writing, sizeof s->writing);
    s->checkpoint_every = 300;
    if (s->making_style)
        s->transfer.image_size = 1024;

    size_t most = (size_t)count + (size_t)more_count + 1, word_count = 0;
    const char **words = malloc(most * sizeof *words);
    s->styles = malloc(most * sizeof *s->styles);
    s->contents = malloc(most * sizeof *s->contents);
    s->each_style = malloc(most * sizeof *s->each_style);
    bool good = words && s->styles && s->contents && s->each_style;
    if (!good)
        complain("no memory left");
    for (int round = 0; round < 2; round++) { /* a preset comes before all else, wherever it stands */
        word_count = s->each_style_count = 0;
        good = good && read_arguments(s, round == 0, count, arguments, words, &word_count) &&
               read_arguments(s, round == 0, more_count, more, words, &word_count);
    }
    if (good && !s->help && !s->version)
        good = finish(s, words, word_count);
    free(words);
    return good;
}

bool options_read(settings *s, int count, char **arguments) { return read_all(s, ONE_RUN, count, arguments, 0, NULL); }

bool options_read_batch(settings *s, int count, char **arguments) {
    return read_all(s, A_BATCH, count, arguments, 0, NULL);
}

bool options_read_style(settings *s, int count, char **arguments) {
    return read_all(s, A_STYLE, count, arguments, 0, NULL);
}

bool options_read_with(settings *s, const settings *before, int count, char **more) {
    return read_all(s, before->batch ? A_BATCH : ONE_RUN, before->argument_count, before->arguments, count, more);
}

bool options_takes_value(const char *name) {
    const option *o = find_option(name);
    return o && o->kind == TAKES_VALUE;
}

void options_free(settings *s) {
    for (size_t i = 0; i < s->expanded_count; i++)
        free(s->expanded[i]);
    free(s->expanded);
    free(s->given);
    free(s->styles);
    free(s->contents);
    free(s->each_style);
    free(s->content_file);
    paths_free(&s->style_files);
    free(s->style_parts);
    free(s->blend_weights);
    free(s->style_masks);
}
