/* What a result says of how it was made, one JSON object: the options as given, all settings, the files with their
 * SHA-256, the device (all, where they are of several kinds) and the algorithms. No time and no place but the files'
 * names: the same run gives the same text.
 */
#ifndef PST_CLI_RUN_RECORD_H
#define PST_CLI_RUN_RECORD_H

#include <jansson.h>

#include "cli/options/option.h"
#include "cli/options/options.h"

struct invocation;

/* What went into a run: an object with record_inputs, of images as they were read. NULL if the settings want no
 * metadata. start may be NULL. The caller ends it with json_decref. */
json_t *record_take(const struct invocation *w, const settings *s, const pst_image *content, const pst_image *start,
                    pst_image *const *styles);

/* The text, after so many evaluations; stopped: before the run's end. The caller frees it; NULL if there is to be none,
 * or memory is short. */
char *record_text(const json_t *inputs, const struct invocation *w, const settings *s, pst_job *job,
                  const pst_progress *last, bool stopped);

/* The option of a run that a record has under this very name: one that changes the result, by the first name of its
 * row. NULL: no record has it. */
const option *record_option(const char *name);

/* Whether it is of the time when the preset "best", which it names or which is understood, was another: then it means
 * PRESET_OF_0_1. */
bool record_is_of_0_1(const json_t *record);

/* A member that is a text; "" where there is none. */
const char *record_text_of(const json_t *object, const char *key);

/* The members that name files and settings, in their order; ends with NULL. `again` keeps them as they were. */
extern const char *const record_inputs[];

#endif
