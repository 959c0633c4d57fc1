/* The table of options as JSON, for pages and programs. */
#ifndef PST_CLI_STUDIO_OPTION_JSON_H
#define PST_CLI_STUDIO_OPTION_JSON_H

#include <jansson.h>

/* Of the options that a RUN may have: [{"name", "options": [...]}, ...]. */
json_t *option_json_groups(void);
json_t *option_json_presets(void);

#endif
