/* The section OPTIONS of the man page, from the table. */
#include <stdbool.h>
#include <string.h>

#include "cli/options/help.h"
#include "cli/options/option_defaults.h"
#include "cli/options/option_table.h"
#include "cli/options/option_value.h"

/* Text between backquotes is bold. What man pages take for commands or other characters is escaped. */
static void print_part(FILE *to, const char *text) {
    bool bold = false, line_begins = true;
    for (const char *c = text; *c; c++) {
        if (line_begins && (*c == '.' || *c == '\''))
            fputs("\\&", to);
        line_begins = *c == '\n';
        switch (*c) {
        case '`':
            bold = !bold;
            fputs(bold ? "\\fB" : "\\fR", to);
            break;
        case '\\':
            fputs("\\e", to);
            break;
        case '-':
            fputs("\\-", to);
            break;
        case '~':
            fputs("\\(ti", to);
            break;
        case '^':
            fputs("\\(ha", to);
            break;
        default:
            fputc(*c, to);
        }
    }
}

static void print_text(FILE *to, const char *text) {
    print_part(to, text);
    fputc('\n', to);
}

/* "-o, --output FILE". */
static void print_tag(FILE *to, const option *o) {
    char name[OPTION_NAME_MOST], text[2 * OPTION_NAME_MOST];
    for (size_t i = 1; option_name(o, i, name); i++) {
        snprintf(text, sizeof text, "`-%s`, ", name);
        if (!name[1])
            print_part(to, text);
    }
    snprintf(text, sizeof text, "`--%s`", option_name(o, 0, name));
    print_part(to, text);
    fputs(o->value ? " \\fI" : "", to);
    print_part(to, o->value ? o->value : "");
    fputs(o->value ? "\\fR\n" : "\n", to);
}

/* "Of `pastiche tune`.", unless a run has the option too, or the whole group. */
static void print_commands(FILE *to, const option *o, const option *group) {
    char text[1024] = "";
    if (option_is_of(o, &command_table[COMMAND_RUN]) || o->commands == group->commands)
        return;
    for (const command *c = command_table; c < command_table + COMMAND_COUNT; c++) {
        size_t used = strlen(text);
        if (option_is_of(o, c))
            snprintf(text + used, sizeof text - used, "%s `pastiche %s`", used ? " and" : "Of", c->name);
    }
    size_t used = strlen(text);
    snprintf(text + used, sizeof text - used, ".");
    print_text(to, text);
}

static void print_values(FILE *to, const option *o) {
    char text[2 * VALUE_TEXT_MOST], part[VALUE_TEXT_MOST];
    const command *c = command_table;
    double least, most;
    while (!option_is_of(o, c))
        c++;
    option_range(o, &least, &most);
    if (*option_words_text(o, part))
        snprintf(text, sizeof text, "One of: %s.", part);
    else if (*option_range_text(o, part) && most >= 1e9)
        snprintf(text, sizeof text, "Range: %.10g or more.", least);
    else
        snprintf(text, sizeof text, *part ? "Range: %s." : "%s", *part ? part + strlen("from ") : "");
    if (*text)
        print_text(to, text);
    snprintf(text, sizeof text, "Default: %s.", option_usual(o, c, part));
    if (*part)
        print_text(to, text);
}

/* Neural-style's name for it. */
static void print_other_name(FILE *to, const option *o) {
    char name[OPTION_NAME_MOST], text[2 * OPTION_NAME_MOST];
    if (!option_name(o, 1, name) || !name[1] || !option_is_of(o, &command_table[COMMAND_RUN]))
        return;
    snprintf(text, sizeof text, "Also `--%s`.", name);
    print_text(to, text);
}

static void print_entry(FILE *to, const option *o, const option *group) {
    char text[VALUE_TEXT_MOST];
    fputs(".TP\n", to);
    print_tag(to, o);
    snprintf(text, sizeof text, "%c%s.", o->help[0] & ~0x20, o->help + 1);
    print_text(to, option_manual_text(o) ? option_manual_text(o) : text);
    print_commands(to, o, group);
    print_values(to, o);
    print_other_name(to, o);
}

void manual_print(FILE *to) {
    const option *group = option_table;
    for (const option *o = option_table; o < option_table + option_table_size; o++) {
        if (o->kind != OPTION_HEADING) {
            print_entry(to, o, group);
            continue;
        }
        group = o;
        fprintf(to, ".SS %s\n", o->names);
        if (option_manual_text(o))
            print_text(to, option_manual_text(o));
    }
}
