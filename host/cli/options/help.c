#include "cli/options/help.h"

#include <stdbool.h>
#include <string.h>

#include "cli/options/option_defaults.h"
#include "cli/options/option_table.h"
#include "cli/options/option_value.h"

enum { WIDTH = 80, COLUMN = 30 }; /* leaves 50 of 80 columns for the explanation */

/* Prints words from a column on, in as many lines as they need. The line has `used` characters already. */
static void print_words(FILE *to, int used, const char *text) {
    int at = COLUMN;
    fprintf(to, used < COLUMN - 1 ? "%*s" : "\n%*s", used < COLUMN - 1 ? COLUMN - used : COLUMN, "");
    for (const char *word = text; *word;) {
        int length = (int)strcspn(word, " ");
        if (word > text && at + 1 + length > WIDTH) {
            fprintf(to, "\n%*s", COLUMN, "");
            at = COLUMN;
        } else if (word > text) {
            at += fprintf(to, " ");
        }
        at += fprintf(to, "%.*s", length, word);
        word += length + (word[length] == ' ');
    }
    fputc('\n', to);
}

static void print_option(FILE *to, const option *o, const command *c) {
    char name[OPTION_NAME_MOST], words[VALUE_TEXT_MOST], usual[VALUE_TEXT_MOST], text[4 * VALUE_TEXT_MOST];
    int used = fprintf(to, "  ");
    for (size_t i = 1; option_name(o, i, name); i++)
        if (!name[1])
            used += fprintf(to, "-%s, ", name);
    used += fprintf(to, "--%s%s%s", option_name(o, 0, name), o->value ? " " : "", o->value ? o->value : "");
    option_words_text(o, words);
    option_usual(o, c, usual);
    snprintf(text, sizeof text, "%s%s%s%s%s%s", o->help, *words ? ": " : "", words, *usual ? " (" : "", usual,
             *usual ? ")" : "");
    print_words(to, used, text);
}

/* Only commands with many options have --help-all. */
static bool has_more(const command *c) { return option_find("help-all", c) != NULL; }

static bool is_shown(const option *o, const command *c, bool all) {
    return option_is_of(o, c) && !(o->flags & FOR_NEURAL_STYLE) && (all || o->flags & USUAL);
}

/* A command's own options come before those that it shares with a run, but for the groups of --help-all. */
static void print_options(FILE *to, const command *c, bool all) {
    const bool grouped = all && has_more(c);
    const char *heading = "Options"; /* to be printed before the next option */
    for (int round = grouped ? 1 : 0; round < 2; round++) {
        for (const option *o = option_table; o < option_table + option_table_size; o++) {
            bool shared = option_is_of(o, &command_table[COMMAND_RUN]);
            if (o->kind == OPTION_HEADING && grouped)
                heading = o->names;
            if (!is_shown(o, c, all || !has_more(c)) || (!grouped && shared != (round == 1)))
                continue;
            if (heading)
                fprintf(to, "\n%s:\n", heading);
            heading = NULL;
            print_option(to, o, c);
        }
    }
}

void help_print(FILE *to, const command *c, bool all) {
    char text[COMMAND_USAGE_MOST];
    fprintf(to, "Usage: %s\n\n%s\n", command_usage(c, text), c->about);
    if (c == &command_table[COMMAND_RUN]) {
        fprintf(to, "\nCommands, each with a --help of its own:\n");
        for (const command *other = c + 1; other < command_table + COMMAND_COUNT; other++)
            print_words(to, fprintf(to, "  %s", other->name), other->summary);
    }
    print_options(to, c, all);
    if (all)
        fprintf(to, "\nThe options of neural-style work as they are, with one dash and underscores.\n"
                    "PASTICHE_MODEL, PASTICHE_DEVICE and PASTICHE_CHOICES replace --model, --device\n"
                    "and --choices. The manual, man pastiche, explains every option.\n");
    else if (has_more(c))
        fprintf(to, "\n%s --help-all lists all options; man pastiche explains them.\n", command_title(c, text));
}

void help_print_group(FILE *to, const char *first) {
    char text[COMMAND_USAGE_MOST];
    size_t length = strlen(first);
    fprintf(to, "Commands, each with a --help of its own:\n");
    for (const command *c = command_table; c < command_table + COMMAND_COUNT; c++)
        if (strncmp(c->name, first, length) == 0 && c->name[length] == ' ')
            print_words(to, fprintf(to, "  %s", command_usage(c, text)), c->summary);
}
