/* Every option, as data. From a row come its parsing, its help, its part of the manual, and whether a result's record
 * keeps it. Ranges, defaults and words of members of pst_transfer_options are the library's. */
#ifndef PST_CLI_OPTIONS_OPTION_TABLE_H
#define PST_CLI_OPTIONS_OPTION_TABLE_H

#include "cli/options/settings.h"

typedef enum option_kind {
    OPTION_HEADING,  /* not an option: begins a group of the help and the manual */
    OPTION_FLAG,     /* a bool, without a value */
    OPTION_SWITCH,   /* a bool, without a value or with 0 or 1: --original-colors, -original_colors 1 */
    OPTION_INTEGER,  /* an int or int64_t; with words only these numbers */
    OPTION_MEBIBYTE, /* a size_t of bytes, given in MiB */
    OPTION_NUMBER,   /* a double */
    OPTION_PAIR,     /* two doubles, one behind the other */
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
    const char *usual;       /* the default, as it would be given; NULL: what the library has, or none */
    const char *shown;       /* ... as the help shows it, where the value itself would say little */
    const char *environment; /* the variable that stands for it */
    unsigned flags;
    option_setter set; /* instead of the kind's own */
};

extern const option option_table[];
extern const size_t option_table_size;

/* The option with a name, with '-', that a command takes; NULL: there is none. command NULL: of any. */
const option *option_find(const char *name, const command *c);

/* Whether the option is one of the command's. */
bool option_is_of(const option *o, const command *c);

/* The index-th name; NULL behind the last. Returns name. */
enum { OPTION_NAME_MOST = 64 };
char *option_name(const option *o, size_t index, char name[OPTION_NAME_MOST]);

/* Whether a record keeps it, and two runs that differ in it are different. */
bool option_changes_result(const option *o);

/* The explanation for the manual, or of a heading; NULL: `help` says it all. */
const char *option_manual_text(const option *o);

/* All of these, as option_manual_text finds them; ends with a NULL name. */
typedef struct option_text {
    const char *name, *text;
} option_text;
extern const option_text option_texts[];

#endif
