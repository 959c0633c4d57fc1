/* Every option, as data. From a row come its parsing, its help, its part of the manual, and whether a result's record
 * keeps it. Ranges, defaults and words of members of pst_transfer_options are the library's. */
#ifndef PST_CLI_OPTIONS_OPTION_TABLE_H
#define PST_CLI_OPTIONS_OPTION_TABLE_H

#include "cli/options/option.h"

extern const option option_table[];
extern const size_t option_table_size;

/* The option with a name, with '-', that a command takes; NULL: there is none. command NULL: of any. */
const option *option_find(const char *name, const command *c);

/* Whether the option is one of the command's. */
bool option_is_of(const option *o, const command *c);

/* The index-th name; NULL behind the last. Returns name. */
enum { OPTION_NAME_MOST = 64 };
char *option_name(const option *o, size_t index, char name[OPTION_NAME_MOST]);

/* The explanation for the manual, or of a heading; NULL: `help` says it all. */
const char *option_manual_text(const option *o);

/* All of these, as option_manual_text finds them; ends with a NULL name. */
typedef struct option_text {
    const char *name, *text;
} option_text;
extern const option_text option_texts[];

#endif
