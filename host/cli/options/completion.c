/* Completion of the command line for bash, zsh and fish, from the table of options. */
#include <string.h>

#include "cli/options/help.h"
#include "cli/options/option_table.h"
#include "cli/options/option_value.h"

/* "batch", or "model" of "model fetch". */
static size_t first_length(const command *c) { return strcspn(c->name, " "); }

static bool is_offered(const option *o, const command *c) {
    return option_is_of(o, c) && !(o->flags & FOR_NEURAL_STYLE);
}

/* Each first word of a command once. */
static bool is_first_of_word(const command *c) {
    const command *before = c - 1;
    return *c->name && (!*before->name || first_length(before) != first_length(c) ||
                        strncmp(before->name, c->name, first_length(c)) != 0);
}

static void print_commands(FILE *to, const char *between) {
    for (const command *c = command_table + 1; c < command_table + COMMAND_COUNT; c++)
        if (is_first_of_word(c))
            fprintf(to, "%s%.*s", c > command_table + 1 ? between : "", (int)first_length(c), c->name);
}

/* What both shells have: the second words of families such as "model", then the options of each command, and those of a
 * run for any other word. */
static void print_cases(FILE *to, void (*family)(FILE *, const command *), void (*options)(FILE *, const command *)) {
    fputs("    case $command in\n", to);
    for (const command *c = command_table + 1; c < command_table + COMMAND_COUNT; c++)
        if (is_first_of_word(c) && strchr(c->name, ' ')) {
            fprintf(to, "    %.*s)", (int)first_length(c), c->name);
            family(to, c);
        }
    fputs("    esac\n    case $command in\n", to);
    for (const command *c = command_table + 1; c < command_table + COMMAND_COUNT; c++) {
        fprintf(to, "    '%s')", c->name);
        options(to, c);
    }
    fputs("    *)", to);
    options(to, command_table);
    fputs("    esac\n", to);
}

static void print_words(FILE *to, const char *const *words) {
    for (; words && *words; words++)
        fprintf(to, "%s%s", *words, words[1] ? " " : "");
}

/* ---- bash ---- */

/* Which words may follow an option, and whether names of files do; neither: the shell's own names of files. */
static void print_bash_values(FILE *to) {
    char name[OPTION_NAME_MOST];
    for (const option *o = option_table; o < option_table + option_table_size; o++) {
        const char *const *words = o->kind == OPTION_HEADING || !o->value ? NULL : option_words(o);
        if (o->kind == OPTION_HEADING || !o->value || option_find(option_name(o, 0, name), NULL) != o)
            continue;
        fputs("    ", to);
        for (size_t i = 0; option_name(o, i, name); i++)
            fprintf(to, "%s%s%s", i ? "|" : "", name[1] ? "--" : "-", name);
        fputs(") values='", to);
        print_words(to, words ? words : o->beside);
        fputs(o->beside ? "' files=yes ;;\n" : "' ;;\n", to);
    }
}

static void print_bash_family(FILE *to, const command *first) {
    char words[COMMAND_USAGE_MOST];
    fputs(" command=\"$command ${COMP_WORDS[2]}\" second='", to);
    fputs(command_second_words(first->name, " ", words), to);
    fputs("' ;;\n", to);
}

static void print_bash_options(FILE *to, const command *c) {
    char name[OPTION_NAME_MOST];
    fputs(" options='", to);
    for (const option *o = option_table; o < option_table + option_table_size; o++)
        if (o->kind != OPTION_HEADING && is_offered(o, c))
            fprintf(to, " --%s", option_name(o, 0, name));
    fputs("' ;;\n", to);
}

void completion_print_bash(FILE *to) {
    fputs("# Completion for bash, made from pastiche's table of options.\n"
          "_pastiche_files() { # also where bash has no mapfile, as on macOS\n"
          "    local name\n"
          "    compopt -o filenames 2>/dev/null\n"
          "    while IFS= read -r name; do COMPREPLY+=(\"$name\"); done < <(compgen -f -- \"$1\")\n"
          "}\n"
          "_pastiche() {\n"
          "    local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD-1]}\n"
          "    local command=${COMP_WORDS[1]} second='' values='?' files='' options=''\n"
          "    COMPREPLY=()\n"
          "    if [[ $previous == = ]]; then previous=${COMP_WORDS[COMP_CWORD-2]}; fi\n"
          "    if [[ $current == = ]]; then current=''; fi\n"
          "    case $previous in\n",
          to);
    print_bash_values(to);
    fputs("    esac\n"
          "    if [[ $values != '?' ]]; then\n"
          "        [[ $values ]] && COMPREPLY=($(compgen -W \"$values\" -- \"$current\"))\n"
          "        [[ $files ]] && _pastiche_files \"$current\"\n"
          "        return\n"
          "    fi\n",
          to);
    print_cases(to, print_bash_family, print_bash_options);
    fputs("    if [[ $current == -* ]]; then\n"
          "        COMPREPLY=($(compgen -W \"$options --help --help-all --version\" -- \"$current\"))\n"
          "    elif [[ $COMP_CWORD == 1 ]]; then\n"
          "        COMPREPLY=($(compgen -W '",
          to);
    print_commands(to, " ");
    fputs("' -- \"$current\"))\n"
          "        _pastiche_files \"$current\"\n"
          "    elif [[ $COMP_CWORD == 2 && $second ]]; then\n"
          "        COMPREPLY=($(compgen -W \"$second\" -- \"$current\"))\n"
          "    fi\n"
          "}\n"
          "complete -o bashdefault -o default -F _pastiche pastiche pastiche-mpi\n",
          to);
}

/* ---- zsh ---- */

/* Between ' and ', where _arguments takes brackets and colons for its own. */
static void print_zsh_text(FILE *to, const char *text) {
    for (; *text; text++)
        if (*text == '\'')
            fputs("'\\''", to);
        else
            fprintf(to, strchr("[]:\\", *text) ? "\\%c" : "%c", *text);
}

static void print_zsh_option(FILE *to, const option *o) {
    char name[OPTION_NAME_MOST];
    const char *const *words = o->value ? option_words(o) : NULL;
    fprintf(to, " \\\n            '--%s%s[", option_name(o, 0, name), o->value ? "=" : "");
    print_zsh_text(to, o->help);
    fputs("]", to);
    if (o->value) {
        fputs(":", to);
        print_zsh_text(to, o->value);
        fputs(":", to);
        if (words) {
            fputs("(", to);
            print_words(to, words);
            fputs(")", to);
        } else if (o->beside) {
            fputs("{compadd ", to);
            print_words(to, o->beside);
            fputs("; _files}", to);
        } else if (o->kind == OPTION_FILE_NAME || o->flags & NAMES_FILES) {
            fputs("_files", to);
        }
    }
    fputs("'", to);
}

static void print_zsh_family(FILE *to, const command *first) {
    char words[COMMAND_USAGE_MOST];
    fputs("\n        if (( CURRENT == 3 )); then\n            compadd ", to);
    fputs(command_second_words(first->name, " ", words), to);
    fputs("\n            return\n        fi\n        command=\"$command $words[3]\"\n        ;;\n", to);
}

static void print_zsh_options(FILE *to, const command *c) {
    fputs("\n        _arguments -S", to);
    for (const option *o = option_table; o < option_table + option_table_size; o++)
        if (o->kind != OPTION_HEADING && is_offered(o, c))
            print_zsh_option(to, o);
    fputs(" \\\n            '*:file:_files'\n        ;;\n", to);
}

void completion_print_zsh(FILE *to) {
    fputs("#compdef pastiche pastiche-mpi\n"
          "# Completion for zsh, made from pastiche's table of options.\n"
          "_pastiche() {\n"
          "    local command=$words[2]\n"
          "    local -a commands\n"
          "    commands=(",
          to);
    print_commands(to, " ");
    fputs(")\n"
          "    if (( CURRENT == 2 )) && [[ $words[2] != -* ]]; then\n"
          "        compadd -a commands\n"
          "        _files\n"
          "        return\n"
          "    fi\n",
          to);
    print_cases(to, print_zsh_family, print_zsh_options);
    fputs("}\n"
          "_pastiche \"$@\"\n",
          to);
}

/* ---- fish ---- */

/* As an argument. */
static void print_fish_text(FILE *to, const char *text) {
    fputs(" '", to);
    for (; *text; text++)
        fprintf(to, strchr("'\\", *text) ? "\\%c" : "%c", *text);
    fputs("'", to);
}

/* In an argument in ' already; a run, which has no name, is called run. */
static void print_fish_commands(FILE *to, unsigned commands) {
    for (const command *c = command_table; c < command_table + COMMAND_COUNT; c++)
        if (commands >> (c - command_table) & 1)
            fprintf(to, " \"%s\"", *c->name ? c->name : "run");
}

static void print_fish_option(FILE *to, const option *o) {
    char name[OPTION_NAME_MOST];
    const char *const *words = o->value ? option_words(o) : NULL;
    bool files = o->value && !words && (o->beside || o->kind == OPTION_FILE_NAME || o->flags & NAMES_FILES);
    fputs("complete -c pastiche -n '__pastiche_is", to);
    print_fish_commands(to, o->commands);
    fprintf(to, "' -l %s", option_name(o, 0, name));
    for (size_t i = 1; option_name(o, i, name); i++)
        if (!name[1])
            fprintf(to, " -s %s", name);
    fputs(!o->value ? "" : files ? " -r -F" : " -x", to);
    if (words || o->beside) {
        fputs(" -a '", to);
        print_words(to, words ? words : o->beside);
        fputs("'", to);
    }
    fputs(" -d", to);
    print_fish_text(to, o->help);
    fputs("\n", to);
}

/* The first words, and behind "model" the second ones. */
static void print_fish_first_words(FILE *to) {
    char words[COMMAND_USAGE_MOST];
    for (const command *c = command_table + 1; c < command_table + COMMAND_COUNT; c++) {
        const int length = (int)first_length(c);
        const char *second = strchr(c->name, ' ');
        if (is_first_of_word(c))
            fprintf(to, "complete -c pastiche -n '__pastiche_behind' -a %.*s", length, c->name);
        if (is_first_of_word(c) && second) {
            fputs(" -d '", to);
            fputs(command_second_words(c->name, ", ", words), to);
            fputs("'\n", to);
        }
        if (second)
            fprintf(to, "complete -c pastiche -n '__pastiche_behind %.*s' -f -a %s", length, c->name, second + 1);
        fputs(" -d", to);
        print_fish_text(to, c->summary);
        fputs("\n", to);
    }
}

void completion_print_fish(FILE *to) {
    fputs("# Completion for fish, made from pastiche's table of options.\n"
          "function __pastiche_behind # whether these words are all that stands before the cursor\n"
          "    set -l words (commandline -opc)\n"
          "    set -e words[1]\n"
          "    test \"$words\" = \"$argv\"\n"
          "end\n"
          "function __pastiche_is # whether the command is one of these\n"
          "    set -l words (commandline -opc)\n"
          "    set -l command \"$words[2]\"\n"
          "    contains -- \"$words[2] $words[3]\"",
          to);
    print_fish_commands(to, ~1u);
    fputs("\n        and set command \"$words[2] $words[3]\"\n"
          "    contains -- \"$command\"",
          to);
    print_fish_commands(to, ~1u);
    fputs("\n        or set command run\n"
          "    contains -- \"$command\" $argv\n"
          "end\n",
          to);
    print_fish_first_words(to);
    for (const option *o = option_table; o < option_table + option_table_size; o++)
        if (o->kind != OPTION_HEADING && !(o->flags & FOR_NEURAL_STYLE))
            print_fish_option(to, o);
    fputs("complete -c pastiche-mpi -w pastiche\n", to);
}
