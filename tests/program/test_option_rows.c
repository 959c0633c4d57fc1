/* Every row of the table of options, in every command that takes it: it is in the help and in the manual, all its
 * spellings set it, and what is no value for it is refused with its range or its words. */
#define _POSIX_C_SOURCE 200809L

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/options/help.h"
#include "cli/options/option_defaults.h"
#include "cli/options/option_value.h"
#include "cli/options/options.h"
#include "support.h"

enum { WORDS_MOST = 16 };

static char text[1 << 17]; /* what was printed last */

/* Runs a piece of code that prints into a file, and leaves what it printed in `text`. */
#define PRINTED(file, code)                                 \
    do {                                                    \
        FILE *file = tmpfile();                             \
        ck_assert_ptr_nonnull(file);                        \
        code;                                               \
        rewind(file);                                       \
        text[fread(text, 1, sizeof text - 1, file)] = '\0'; \
        fclose(file);                                       \
    } while (0)

#define EACH_ROW(o) (const option *o = option_table; o < option_table + option_table_size; o++)
#define EACH_COMMAND(c) (const command *c = command_table; c < command_table + COMMAND_COUNT; c++)

/* A command line that is right for the command, with more words behind it; false if it is refused, which `text` says
 * then. */
static bool reads(settings *s, const command *c, const char *first, const char *second) {
    static const char *const lines[COMMAND_COUNT][6] = {
        [COMMAND_RUN] = {"c.ppm", "s.ppm"},
        [COMMAND_BATCH] = {"c.ppm", "--styles", "s.ppm", "-o", "out"},
        [COMMAND_STYLE_MAKE] = {"s.ppm", "-o", "a.style"},
        [COMMAND_STYLE_INFO] = {"a.style"},
        [COMMAND_INFO] = {"a.png"},
        [COMMAND_AGAIN] = {"a.png"},
        [COMMAND_MODEL_FETCH] = {"vgg19"},
        [COMMAND_MODEL_INFO] = {"a.pth"},
        [COMMAND_MODEL_CONVERT] = {"a.pth", "a.safetensors"},
    };
    char *arguments[WORDS_MOST];
    int count = 0;
    bool good = false;
    for (const char *const *word = lines[c - command_table]; *word; word++)
        arguments[count++] = (char *)*word;
    arguments[count++] = (char *)first;
    if (second)
        arguments[count++] = (char *)second;
    fflush(stderr);
    int saved = dup(STDERR_FILENO);
    PRINTED(file, {
        dup2(fileno(file), STDERR_FILENO);
        good = options_read(s, c, count, arguments);
        fflush(stderr);
        dup2(saved, STDERR_FILENO);
    });
    close(saved);
    return good;
}

static char *spelled(const option *o, size_t index, int form, char out[80]) {
    char name[OPTION_NAME_MOST];
    if (!option_name(o, index, name))
        return NULL;
    for (char *c = name; form & 2 && *c; c++)
        *c = *c == '-' ? '_' : *c;
    snprintf(out, 80, "%s%s", form & 1 || !name[1] ? "-" : "--", name);
    return out;
}

/* The name and then the end of a word. */
static bool has_name(const char *dashes, const char *name, const char *ends) {
    char sought[80];
    size_t length = (size_t)snprintf(sought, sizeof sought, "%s%s", dashes, name);
    for (const char *found = text; (found = strstr(found, sought)); found += length)
        if (strchr(ends, found[length]))
            return true;
    return false;
}

START_TEST(every_option_is_in_the_help) {
    char name[OPTION_NAME_MOST];
    for
        EACH_COMMAND(c) {
            for (int all = 0; all < 2; all++) {
                bool has_more = option_find("help-all", c) != NULL;
                PRINTED(file, help_print(file, c, all));
            for
                EACH_ROW(o) {
                    if (!option_is_of(o, c))
                        continue;
                    option_name(o, 0, name);
                    bool expected = !(o->flags & FOR_NEURAL_STYLE) && (all || !has_more || o->flags & USUAL);
                    ck_assert_msg((has_name("  --", name, " \n") || has_name(", --", name, " \n")) == expected,
                                  "%s: --%s is %sin the help", c->name, name, expected ? "not " : "");
                }
            for (const char *line = text; *line; line += strcspn(line, "\n") + 1)
                ck_assert_msg(strcspn(line, "\n") <= 80, "%s: too long: %.90s", c->name, line);
            }
        }
}
END_TEST

/* By their first names, in both shells. */
START_TEST(every_option_is_completed) {
    char name[OPTION_NAME_MOST];
    for (int shell = 0; shell < 2; shell++) {
        if (shell)
            PRINTED(file, completion_print_zsh(file));
        else
            PRINTED(file, completion_print_bash(file));
        for
            EACH_ROW(o) {
                if (o->kind == OPTION_HEADING || o->flags & FOR_NEURAL_STYLE)
                    continue;
                option_name(o, 0, name);
                ck_assert_msg(shell ? has_name("'--", name, "=[") : has_name(" --", name, " '"),
                              "--%s is not completed", name);
            }
        ck_assert_msg(
            strstr(text, shell ? ":{compadd small medium; _files}'" : "--model|--model-file) values='small medium'"),
            "the networks inside the program are not completed");
        for (const command *c = command_table + 1; c < command_table + COMMAND_COUNT; c++) {
            char label[64];
            snprintf(label, sizeof label, "\n    '%s')", c->name);
            ck_assert_msg(strstr(text, label) != NULL, "%s is not completed", c->name);
        }
    }
}
END_TEST

/* As bash splits words: at = too. */
START_TEST(bash_keeps_names_of_files_whole) {
    char folder[1024], line[2048], words[256];
    if (system("bash -c : 2>/dev/null") != 0)
        return;
    snprintf(folder, sizeof folder, "%s", test_path("completion.bash"));
    FILE *file = fopen(folder, "w");
    ck_assert_ptr_nonnull(file);
    completion_print_bash(file);
    fclose(file);
    test_write(test_path("my image.png"), "", 0);
    *strrchr(folder, '/') = '\0';
    snprintf(line, sizeof line,
             "cd '%s' && bash -c '. ./completion.bash; try() { COMP_WORDS=(pastiche \"$@\") COMP_CWORD=$#; _pastiche; "
             "printf \"%%s|\" \"${COMPREPLY[@]}\"; }; try my; try model f; try --model = sm; try --start = n'",
             folder);
    FILE *bash = popen(line, "r");
    ck_assert_ptr_nonnull(bash);
    words[fread(words, 1, sizeof words - 1, bash)] = '\0';
    ck_assert_int_eq(pclose(bash), 0);
    ck_assert_str_eq(words, "my image.png|fetch|small|noise|");
}
END_TEST

/* Also by fish itself, where it is installed. */
START_TEST(fish_completes_what_the_command_takes) {
    char line[2048], words[1024], name[OPTION_NAME_MOST];
    PRINTED(made, completion_print_fish(made));
    for
        EACH_ROW(o) {
            if (o->kind != OPTION_HEADING && !(o->flags & FOR_NEURAL_STYLE))
                ck_assert_msg(has_name(" -l ", option_name(o, 0, name), " "), "--%s is not completed", name);
        }
    if (system("fish -c true 2>/dev/null") != 0)
        return;
    test_write(test_path("completion.fish"), text, strlen(text));
    test_write(test_path("my image.png"), "", 0);
    snprintf(
        line, sizeof line,
        "cd '%s' && HOME=$PWD XDG_CONFIG_HOME=$PWD XDG_DATA_HOME=$PWD fish --no-config -c 'source completion.fish; "
        "for line in \"batc\" \"model f\" \"--optimiz\" \"a b --start noi\" \"--start my\" \"batch --overw\" "
        "\"--overw\" \"model info --conventi\" \"--tile my\" \"a my\"; "
        "for word in (complete -C \"pastiche $line\"); printf \"%%s \" (string split -- \\t $word)[1]; end; "
        "printf \"| \"; end'",
        test_path("."));
    FILE *fish = popen(line, "r");
    ck_assert_ptr_nonnull(fish);
    words[fread(words, 1, sizeof words - 1, fish)] = '\0';
    ck_assert_int_eq(pclose(fish), 0);
    ck_assert_str_eq(
        words, "batch | fetch | --optimizer | noise | my image.png | --overwrite | | --convention | | my image.png | ");
}
END_TEST

START_TEST(every_option_is_in_the_manual) {
    char name[OPTION_NAME_MOST], tag[256];
    PRINTED(file, manual_print(file));
    for
        EACH_ROW(o) {
            if (o->kind == OPTION_HEADING)
                continue;
            option_name(o, 0, name);
            ck_assert_msg(o->help && *o->help, "--%s has no help", name);
            size_t length = (size_t)snprintf(tag, sizeof tag, "\\fB\\-\\-");
            for (const char *c = name; *c; c++)
                length += (size_t)snprintf(tag + length, sizeof tag - length, *c == '-' ? "\\-" : "%c", *c);
            snprintf(tag + length, sizeof tag - length, "\\fR%s%s%s\n", o->value ? " \\fI" : "",
                     o->value ? o->value : "", o->value ? "\\fR" : "");
            ck_assert_msg(strstr(text, tag) != NULL, "--%s is not in the manual", name);
        }
    for (const option_text *t = option_texts; t->name; t++) { /* no text has lost its option */
        bool found = option_find(t->name, NULL) != NULL;
        for
            EACH_ROW(o)
        found = found || (o->kind == OPTION_HEADING && strcmp(o->names, t->name) == 0);
        ck_assert_msg(found, "there is a text, but no option %s", t->name);
    }
}
END_TEST

START_TEST(no_two_options_of_a_command_have_one_name) {
    char name[OPTION_NAME_MOST];
    for
        EACH_COMMAND(c)
        for
            EACH_ROW(o)
        for (size_t i = 0; option_is_of(o, c) && option_name(o, i, name); i++)
            ck_assert_msg(option_find(name, c) == o, "%s: --%s is ambiguous", c->name, name);
}
END_TEST

/* A value that the option takes; NULL: it takes none, or not alone. */
static const char *good_value(const option *o, char value[64]) {
    double least, most;
    option_range(o, &least, &most);
    char words[VALUE_TEXT_MOST];
    option_words_text(o, words);
    if (*words)
        snprintf(value, 64, "%.*s", (int)strcspn(words, ", "), words);
    else if (o->kind == OPTION_PAIR)
        snprintf(value, 64, "%.10g,%.10g", least, most);
    else if (o->kind == OPTION_SIZE)
        snprintf(value, 64, "%.10gx%.10g", most, least + 1);
    else if (o->kind == OPTION_INTEGER || o->kind == OPTION_MEBIBYTE || o->kind == OPTION_NUMBER)
        snprintf(value, 64, "%.10g", most < 1e9 ? most : least + 1);
    else
        snprintf(value, 64, "%s", o->kind == OPTION_LIST ? "64" : o->kind == OPTION_BYTES ? "2G" : "1");
    return o->flags & NAMES_FILES && strstr(o->names, "mask") ? NULL : value;
}

START_TEST(every_spelling_of_every_option_sets_it) {
    char name[80], value[64], told[VALUE_TEXT_MOST], joined[160];
    for
        EACH_COMMAND(c) {
        for
            EACH_ROW(o) {
                if (!option_is_of(o, c) || o->kind == OPTION_FLAG || o->flags & WITHOUT_VALUE ||
                    !good_value(o, value) || strncmp(o->names, "style-image", 11) == 0 ||
                    strncmp(o->names, "content-image", 13) == 0)
                    continue;
                for (size_t i = 0; option_name(o, i, name); i++) {
                    for (int form = 0; form < 8; form++) {
                        settings s;
                        spelled(o, i, form, name);
                        snprintf(joined, sizeof joined, "%s=%s", name, value);
                        bool good = form & 4 ? reads(&s, c, joined, NULL) : reads(&s, c, name, value);
                        ck_assert_msg(good, "%s %s is refused: %s", c->name, joined, text);
                        if (option_value(&s, o, told, sizeof told))
                            ck_assert_msg(strcmp(told, value) == 0, "%s %s sets %s", c->name, joined, told);
                        bool kept = false;
                        for (size_t g = 0; g < s.given_count; g++)
                            kept = kept || s.given[g].option == o;
                        ck_assert_msg(kept, "%s", joined);
                        options_free(&s);
                    }
                }
            }
        }
}
END_TEST

static void ck_refused_with(const command *c, const option *o, const char *value, const char *expected) {
    char name[80], joined[160];
    settings s;
    spelled(o, 0, 0, name);
    snprintf(joined, sizeof joined, "%s=%s", name, value);
    ck_assert_msg(!reads(&s, c, joined, NULL), "%s %s is accepted", c->name, joined);
    ck_assert_msg(strstr(text, name) && strstr(text, expected), "%s %s: no \"%s\" in %s", c->name, joined, expected,
                  text);
    ck_assert_msg(strchr(text, '\n') == text + strlen(text) - 1, "%s %s: not one line: %s", c->name, joined, text);
    options_free(&s);
}

START_TEST(every_bad_value_is_refused_with_its_range_or_words) {
    char expected[VALUE_TEXT_MOST], value[64];
    for
        EACH_COMMAND(c) {
        for
            EACH_ROW(o) {
                double least, most;
                if (!option_is_of(o, c) || o->kind == OPTION_NO_MEANING)
                    continue;
                option_range(o, &least, &most);
                if (*option_words_text(o, expected)) {
                    ck_refused_with(c, o, "frobnicate", expected);
                    ck_refused_with(c, o, "", expected);
                } else if (*option_range_text(o, expected)) {
                    const double bad[] = {least - 1, most * 1.5 + 1};
                    for (int i = 0; i < 2; i++) {
                        snprintf(value, sizeof value, o->kind == OPTION_PAIR ? "%.0f,0" : "%.0f", bad[i]);
                        ck_refused_with(c, o, value, expected);
                    }
                    ck_refused_with(c, o, "x", expected);
                    ck_refused_with(c, o, "", expected);
                } else if (o->kind == OPTION_FLAG) {
                    ck_refused_with(c, o, "1", "takes no value");
                } else if (o->kind == OPTION_SWITCH) {
                    ck_refused_with(c, o, "2", "0 or 1");
                } else if (o->kind == OPTION_LIST) {
                    ck_refused_with(c, o, "a,,b", "a,,b");
                } else if (!(o->flags & MAY_BE_EMPTY) && strncmp(o->names, "gpu", 3) != 0) {
                    ck_refused_with(c, o, "", "needs a value");
                }
            }
        }
}
END_TEST

START_TEST(options_of_other_commands_are_refused_by_name) {
    char name[80], title[32];
    for
        EACH_COMMAND(c) {
        for
            EACH_ROW(o) {
                settings s;
                if (o->kind == OPTION_HEADING || option_find(spelled(o, 0, 0, name) + 2, c))
                    continue;
                ck_assert(!reads(&s, c, name, NULL));
                ck_assert_msg(strstr(text, name) && strstr(text, command_title(c, title)), "%s", text);
                options_free(&s);
            }
        }
}
END_TEST

START_TEST(defaults_are_values_that_the_options_take) {
    for
        EACH_COMMAND(c)
        for
            EACH_ROW(o) {
                settings s;
                option_set_defaults(&s, c);
                ck_assert_msg(!option_is_of(o, c) || !o->usual || option_set(&s, o, o->names, o->usual), "%s",
                              o->names);
            }
}
END_TEST

/* What the library says of its members holds for the program too, and only presets set what no option does. */
START_TEST(the_librarys_options_have_rows) {
    size_t count;
    const pst_option_info *rows = pst_transfer_option_table(&count);
    for (size_t i = 0; i < count; i++) {
        bool found = !rows[i].changes_result || strcmp(rows[i].name, "start") == 0 ||
                     strcmp(rows[i].name, "pixels_256") == 0 || strcmp(rows[i].name, "adam_epsilon_first") == 0 ||
                     strcmp(rows[i].name, "adam_beta2") == 0 || /* of the pair */
                     strcmp(rows[i].name, "tile_height") == 0;
        for
            EACH_ROW(o) {
                if (!o->bytes || o->offset != offsetof(settings, transfer) + rows[i].offset)
                    continue;
                found = true;
                ck_assert_msg(!rows[i].changes_result || option_changes_result(o), "%s", rows[i].name);
            }
        ck_assert_msg(found, "no option sets %s", rows[i].name);
    }
}
END_TEST

START_TEST(sizes_in_bytes_have_units) {
    static const struct {
        const char *given, *told; /* NULL: it is refused */
    } cases[] = {{"2G", "2G"},           {"1.5g", "1536M"}, {"1536MiB", "1536M"}, {"3GB", "3G"}, {"1048576", "1M"},
                 {"1048577", "1048577"}, {"0.5T", "512G"},  {"G", NULL},          {"2X", NULL},  {"2GG", NULL},
                 {"2 G", NULL},          {"-2G", NULL},     {"1e9", NULL},        {"2K", NULL},  {"1..5G", NULL},
                 {"2048T", NULL},        {"2B", NULL},      {"0x2G", NULL},       {"nan", NULL}, {"2iB", NULL}};
    const command *run = &command_table[COMMAND_RUN];
    const option *o = option_find("memory", run);
    char told[VALUE_TEXT_MOST];
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        settings s;
        bool good = reads(&s, run, "--memory", cases[i].given);
        ck_assert_msg(good == (cases[i].told != NULL), "%s: %s", cases[i].given, text);
        if (good) {
            ck_assert(option_value(&s, o, told, sizeof told));
            ck_assert_str_eq(told, cases[i].told);
        }
        options_free(&s);
    }
}
END_TEST

int main(void) {
    Suite *suite = suite_create("rows of options");
    TCase *tests = tcase_create("rows");
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, every_option_is_in_the_help);
    tcase_add_test(tests, every_option_is_in_the_manual);
    tcase_add_test(tests, every_option_is_completed);
    tcase_add_test(tests, fish_completes_what_the_command_takes);
    tcase_add_test(tests, bash_keeps_names_of_files_whole);
    tcase_add_test(tests, no_two_options_of_a_command_have_one_name);
    tcase_add_test(tests, every_spelling_of_every_option_sets_it);
    tcase_add_test(tests, every_bad_value_is_refused_with_its_range_or_words);
    tcase_add_test(tests, sizes_in_bytes_have_units);
    tcase_add_test(tests, options_of_other_commands_are_refused_by_name);
    tcase_add_test(tests, defaults_are_values_that_the_options_take);
    tcase_add_test(tests, the_librarys_options_have_rows);
    suite_add_tcase(suite, tests);
    return test_run(suite);
}
