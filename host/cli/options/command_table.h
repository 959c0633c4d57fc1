/* The commands, as data for parsing, help and the manual. main.c maps them to functions. */
#ifndef PST_CLI_OPTIONS_COMMAND_TABLE_H
#define PST_CLI_OPTIONS_COMMAND_TABLE_H

#include <limits.h>

typedef enum command_id {
    COMMAND_RUN,
    COMMAND_BATCH,
    COMMAND_DEMO,
    COMMAND_STUDIO,
    COMMAND_STYLE_MAKE,
    COMMAND_STYLE_INFO,
    COMMAND_INFO,
    COMMAND_AGAIN,
    COMMAND_MODEL_LIST,
    COMMAND_MODEL_FETCH,
    COMMAND_MODEL_INFO,
    COMMAND_MODEL_CONVERT,
    COMMAND_DEVICES,
    COMMAND_TUNE,
    COMMAND_BENCH,
    COMMAND_COUNT
} command_id;

enum { BENCH_RESULTS_MOST = 16, ANY_WORDS = INT_MAX }; /* contents and styles, which image_words.c counts */

typedef struct command {
    const char *name;         /* "model info"; "" of a run */
    const char *usage;        /* what follows the name */
    const char *summary;      /* for the list of all commands */
    const char *about;        /* for its own help */
    int least, most;          /* how many arguments it has that are not options; a run checks its own */
    const char *missing;      /* what it complains of when there are fewer */
    const char *const *first; /* arguments that it reads before those given, ends with NULL; or NULL */
} command;

extern const command command_table[COMMAND_COUNT];

/* The command that the arguments begin with, a run if with no name; *used: how many of them are its name. NULL after
 * complaining about "model" or "style" with no such second word, or, with *used 1, if help for these was asked for. */
const command *command_find(int count, char **arguments, int *used);

/* "pastiche model info"; of a run "pastiche". Returns text. */
char *command_title(const command *c, char text[32]);

/* "pastiche model info FILE [option...]". Returns text. */
enum { COMMAND_USAGE_MOST = 128 };
char *command_usage(const command *c, char text[COMMAND_USAGE_MOST]);

/* What may come behind the first word of a name such as "model" or "model info": "list, fetch, info, convert", with
 * this between them. Returns text. */
char *command_second_words(const char *name, const char *between, char text[COMMAND_USAGE_MOST]);

#endif
