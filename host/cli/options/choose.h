/* Values of options that are one of a few names. */
#ifndef PST_CLI_OPTIONS_CHOOSE_H
#define PST_CLI_OPTIONS_CHOOSE_H

#include <stdbool.h>
#include <stddef.h>

typedef struct choice {
    const char *name;
    int value;
} choice;

/* The names end with NULL; those after `shown` are other spellings that a message need not list. */
bool choose(const choice *choices, size_t shown, const char *given, const char *value, int *chosen);

#endif
