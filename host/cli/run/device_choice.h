/* From --device and neural-style's --gpu to the library's name of devices, and what people call them. */
#ifndef PST_CLI_RUN_DEVICE_CHOICE_H
#define PST_CLI_RUN_DEVICE_CHOICE_H

#include "cli/options/options.h"
#include "cli/run/progress.h"

/* What pst_context_options.device is to be, perhaps NULL; `text` is room for it. --gpu 0 where there is no GPU
 * is no error, only said: it stands in every script for neural-style. False after complaining of another number that is
 * not there. */
#define DEVICE_CHOICE_MOST 64
bool device_choose(const settings *s, progress *report, char text[DEVICE_CHOICE_MOST], const char **device);

/* "NAME", "2 x NAME", "NAME + OTHER". */
#define DEVICE_NAMES_MOST 512
void device_names(const pst_device_info *devices, size_t count, char text[DEVICE_NAMES_MOST]);

#endif
