/* What the table has for each option. */
#ifndef PST_CLI_OPTIONS_OPTION_H
#define PST_CLI_OPTIONS_OPTION_H

#include "cli/options/settings.h"

#define PRESET_USUAL "best" /* unless another one is given */
#define PRESET_OF_0_1 "0.1" /* of command lines of neural-style, and of records from before "best" became another */

typedef enum option_kind {
    OPTION_HEADING,  /* not an option: begins a group of the help and the manual */
    OPTION_FLAG,     /* a bool, without a value */
    OPTION_SWITCH,   /* a bool, without a value or with 0 or 1: --original-colors, -original_colors 1 */
    OPTION_INTEGER,  /* an int or int64_t; with words only these numbers */
    OPTION_MEBIBYTE, /* a size_t of bytes, given in MiB */
    OPTION_BYTES,    /* a size_t, given as value_bytes reads it */
    OPTION_NUMBER,   /* a double */
    OPTION_PAIR,     /* two doubles, one behind the other */
    OPTION_SIZE,     /* two ints, width and height, given as value_size reads it */
    OPTION_TEXT,
    OPTION_FILE_NAME, /* a text; ~ at its beginning is the home folder */
    OPTION_CHOICE,    /* an enum or bool whose values 0, 1 ... have words */
    OPTION_LIST,      /* parts with commas between, which `set` understands */
    OPTION_NO_MEANING /* accepted for neural-style's scripts, with a notice */
} option_kind;

enum {
    USUAL = 1,             /* --help shows it, not only --help-all */
    CHANGES_RESULT = 2,    /* a record keeps it; that of the library's members is the library's to say */
    NAMES_FILES = 4,       /* a record keeps the SHA-256 of the files, too */
    MAY_BE_EMPTY = 8,      /* an empty text means NULL */
    FOR_NEURAL_STYLE = 16, /* only in the manual */
    WITHOUT_VALUE = 32     /* of OPTION_NO_MEANING */
};

typedef struct option option;

/* given: the option as the user wrote it, for messages. False after complaining. */
typedef bool (*option_setter)(settings *s, const option *o, const char *given, const char *value);

struct option {
    const char *names; /* "output|output-image|o": with '-'; the first is the one that people are shown */
    option_kind kind;
    unsigned commands;    /* bits 1 << command_id */
    const char *value;    /* what the help calls it; NULL: it takes none */
    size_t offset, bytes; /* of the member of settings */
    const char *help;
    double least, most; /* both 0: the library's */
    const char *const *words;
    const char *const *beside; /* words that a shell offers beside files, of OPTION_FILE_NAME */
    const char *usual;         /* the default, as it would be given; NULL: what the library has, or none */
    const char *shown;         /* ... as the help shows it, where the value itself would say little */
    const char *environment;   /* the variable that stands for it */
    unsigned flags;
    option_setter set; /* instead of the kind's own */
};

#endif
