/* The options of the subcommands, which are few: "--name value" or "--name=value". */
#ifndef PST_CLI_OPTIONS_ARGUMENTS_H
#define PST_CLI_OPTIONS_ARGUMENTS_H

#include <stdbool.h>

typedef struct argument {
    const char *name;   /* "--device"; without a dash, "FILE", for an argument by its place among such */
    const char **value; /* is set */
    bool *flag;         /* instead of value: an option without one */
} argument;

/* Reads all arguments; the table ends with a NULL name. "--help" and "-h" set *help. False after complaining about what
 * `command` does not know. */
bool arguments_read(const char *command, int count, char **arguments, const argument *table, bool *help);

/* A whole number in a range, given as `name`; false after complaining. */
bool argument_integer(const char *name, const char *text, int least, int most, int *number);

#endif
