/* Reading the command line: the program's own options in GNU style and those of neural-style as they are. */
#ifndef PST_CLI_OPTIONS_OPTIONS_H
#define PST_CLI_OPTIONS_OPTIONS_H

#include "cli/options/settings.h"

/* Reads what follows the name of a command. False after one line about what is wrong. When help or version is set, the
 * rest was not read. Always end the settings with options_free. */
bool options_read(settings *s, const command *c, int count, char **arguments);

/* Reads the command line of `before` again with more arguments behind it, which come last and so decide. */
bool options_read_with(settings *s, const settings *before, int count, char **more);

void options_free(settings *s);

#endif
