/* Values of options: from text into the settings and back, their ranges and words. */
#ifndef PST_CLI_OPTIONS_OPTION_VALUE_H
#define PST_CLI_OPTIONS_OPTION_VALUE_H

#include "cli/options/option.h"

enum { VALUE_TEXT_MOST = 256 };

/* Checks a value and sets it; of flags value is NULL. given: the option as the user wrote it. False after a complaint
 * that names the range or the words. */
bool option_set(settings *s, const option *o, const char *given, const char *value);

/* The value in the settings as it would be given; false where there is none or it has no short text. */
bool option_value(const settings *s, const option *o, char *text, size_t size);

/* The library's row of the member that the option sets; NULL: it is the program's own. */
const pst_option_info *option_library_row(const option *o);

/* The words that the option's values have, ends with NULL; NULL: it has none. Valid until this thread asks again. */
const char *const *option_words(const option *o);

/* "max, avg or l2"; "" of an option without words. Returns text. */
char *option_words_text(const option *o, char text[VALUE_TEXT_MOST]);

/* "from 0.01 to 100"; "" of an option without a range. Returns text. */
char *option_range_text(const option *o, char text[VALUE_TEXT_MOST]);

void option_range(const option *o, double *least, double *most);

/* Whether a record keeps it, and two runs that differ in it are different. */
bool option_changes_result(const option *o);

#endif
