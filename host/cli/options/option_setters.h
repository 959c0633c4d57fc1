/* Setters of the few options whose value is more than their kind says. */
#ifndef PST_CLI_OPTIONS_OPTION_SETTERS_H
#define PST_CLI_OPTIONS_OPTION_SETTERS_H

#include "cli/options/option.h"

/* As option_setter has them. */
bool set_preset(settings *s, const option *o, const char *given, const char *value);
bool set_start(settings *s, const option *o, const char *given, const char *value);
bool set_blend_weights(settings *s, const option *o, const char *given, const char *value);
bool set_style_masks(settings *s, const option *o, const char *given, const char *value);
bool set_device(settings *s, const option *o, const char *given, const char *value);
bool set_gpu(settings *s, const option *o, const char *given, const char *value);
bool set_no_tune(settings *s, const option *o, const char *given, const char *value);
bool set_contents(settings *s, const option *o, const char *given, const char *value);
bool set_sizes(settings *s, const option *o, const char *given, const char *value);

#endif
