/* What somebody may have meant by the name of an option that there is not. */
#ifndef PST_CLI_OPTIONS_SUGGESTION_H
#define PST_CLI_OPTIONS_SUGGESTION_H

#include <stdbool.h>

#include "cli/options/command_table.h"

/* "--image-size", or "--content-layers or --style-layers". False: no option of the command is like the name. */
enum { SUGGESTION_MOST = 256 };
bool suggestion_find(const command *c, const char *name, char text[SUGGESTION_MOST]);

#endif
