/* Every option there is, as data: names, value, help, and how the value is set. */
#ifndef PST_CLI_OPTIONS_OPTION_TABLE_H
#define PST_CLI_OPTIONS_OPTION_TABLE_H

#include "cli/options/options.h"

enum { OPTION_NAMES = 3 };

typedef enum option_kind {
    TAKES_VALUE,
    TAKES_NOTHING,
    TAKES_SWITCH, /* nothing, or 0 or 1: --original-colors, -original_colors 1 */
    IS_HEADING    /* no option: begins a group of the help */
} option_kind;

typedef struct option option;

/* given: the option as the user wrote it, for messages. False after complaining. */
typedef bool (*option_setter)(settings *s, const option *o, const char *given, const char *value);

struct option {
    const char *names[OPTION_NAMES]; /* with '-'; the first is the one that people are shown */
    option_kind kind;
    const char *value; /* what the help calls it */
    const char *help;  /* NULL: not in the help */
    option_setter set;
    size_t offset;      /* of the member of settings that is set */
    double least, most; /* of numbers */
};

/* The value of an option in the settings as text, where it can be told: numbers, texts and flags. */
bool option_value(const settings *s, const option *o, char *text, size_t size);

extern const option option_table[];
extern const size_t option_table_size;

#endif
