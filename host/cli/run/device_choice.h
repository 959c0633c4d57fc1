/* From --device and neural-style's --gpu to the library's name of devices, and what people call them. */
#ifndef PST_CLI_RUN_DEVICE_CHOICE_H
#define PST_CLI_RUN_DEVICE_CHOICE_H

#include "cli/options/options.h"
#include "cli/run/progress.h"

/* What pst_context_options.device is to be, perhaps NULL. Says so when --gpu asks for what is not there: a missing GPU
 * is no error, as in a script that was written for another machine. */
#define DEVICE_CHOICE_MOST 64
const char *device_choose(const settings *s, progress *report, char text[DEVICE_CHOICE_MOST]);

/* "NAME", "2 x NAME", "NAME + OTHER". */
#define DEVICE_NAMES_MOST 512
void device_names(const pst_device_info *devices, size_t count, char text[DEVICE_NAMES_MOST]);

#endif
