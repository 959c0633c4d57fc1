/* From the record in a result to a RUN, as pages and programs have it. Anybody may have written the record: only
 * options that a run may have pass, and its inputs are images of the shelf or of the studio's folder, found by their
 * SHA-256. */
#ifndef PST_CLI_STUDIO_FROM_RECORD_H
#define PST_CLI_STUDIO_FROM_RECORD_H

#include "cli/studio/studio.h"

/* {"run", "missing", "notes"}: the RUN, inputs that were not found, and what people should know. */
json_t *from_record_make(studio *s, const json_t *record);

/* Answers with it; name stands for the file in messages. */
void from_record_reply(studio *s, const char *file, const char *name, web_reply *reply);

#endif
