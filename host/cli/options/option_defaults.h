/* The defaults of options. */
#ifndef PST_CLI_OPTIONS_OPTION_DEFAULTS_H
#define PST_CLI_OPTIONS_OPTION_DEFAULTS_H

#include "cli/options/option_table.h"
#include "cli/options/option_value.h"

/* Gives the settings the defaults of the usual preset and those of the command's rows. */
void option_set_defaults(settings *s, const command *c);

/* Gives the members of pst_transfer_options the values of a preset. False after complaining. */
bool option_set_preset(settings *s, const option *o, const char *given, const char *name);

/* The default for people, "512" or "by the ending"; "" where there is none. Returns text. */
char *option_usual(const option *o, const command *c, char text[VALUE_TEXT_MOST]);

#endif
