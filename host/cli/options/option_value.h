/* Values of options: from text into the settings and back, their ranges, words and defaults. */
#ifndef PST_CLI_OPTIONS_OPTION_VALUE_H
#define PST_CLI_OPTIONS_OPTION_VALUE_H

#include "cli/options/option_table.h"

enum { VALUE_TEXT_MOST = 256 };

/* Checks a value and sets it; of flags value is NULL. given: the option as the user wrote it. False after a complaint
 * that names the range or the words. */
bool option_set(settings *s, const option *o, const char *given, const char *value);

/* The value in the settings as it would be given; false where there is none or it has no short text. */
bool option_value(const settings *s, const option *o, char *text, size_t size);

/* Gives the settings the library's defaults and those of the command's rows. */
void option_set_defaults(settings *s, const command *c);

/* ... of the members of pst_transfer_options alone. */
void option_set_transfer_defaults(settings *s);

/* The default for people, "512" or "by the ending"; "" where there is none. Returns text. */
char *option_usual(const option *o, const command *c, char text[VALUE_TEXT_MOST]);

/* "max, avg or l2"; "" of an option without words. Returns text. */
char *option_words_text(const option *o, char text[VALUE_TEXT_MOST]);

/* "from 0.01 to 100"; "" of an option without a range. Returns text. */
char *option_range_text(const option *o, char text[VALUE_TEXT_MOST]);

void option_range(const option *o, double *least, double *most);

#endif
