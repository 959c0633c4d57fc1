/* What the table of options says to people: --help and the manual; and to their shells. */
#ifndef PST_CLI_OPTIONS_HELP_H
#define PST_CLI_OPTIONS_HELP_H

#include <stdbool.h>
#include <stdio.h>

#include "cli/options/command_table.h"

/* The help of a command: its usual options, or all. */
void help_print(FILE *to, const command *c, bool all);

/* The commands whose first word is this one, "model". */
void help_print_group(FILE *to, const char *first);

/* The manual's section on options, in the language of man pages. */
void manual_print(FILE *to);

/* Scripts that complete the command line. */
void completion_print_bash(FILE *to);
void completion_print_zsh(FILE *to);
void completion_print_fish(FILE *to);

#endif
