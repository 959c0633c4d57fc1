/* Options that were given but do not count, because another one is missing: people are told. */
#ifndef PST_CLI_RUN_UNUSED_H
#define PST_CLI_RUN_UNUSED_H

#include "cli/options/settings.h"
#include "cli/run/progress.h"

void unused_tell(progress *report, const settings *s);

#endif
