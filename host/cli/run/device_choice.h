/* From --device and neural-style's --gpu to the library's name of a device. */
#ifndef PST_CLI_RUN_DEVICE_CHOICE_H
#define PST_CLI_RUN_DEVICE_CHOICE_H

#include "cli/options/options.h"
#include "cli/run/progress.h"

/* What pst_context_options.device is to be, perhaps NULL. Says so when --gpu asks for what is not there: a missing GPU
 * is no error, as in a script that was written for another machine. */
const char *device_choose(const settings *s, progress *report, char text[32]);

#endif
