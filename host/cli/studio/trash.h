/* What was deleted: each file in a folder of its own in STUDIO_TRASH, with its thumbnail and what is needed to put it
 * back. After a week it is gone. */
#ifndef PST_CLI_STUDIO_TRASH_H
#define PST_CLI_STUDIO_TRASH_H

#include "cli/studio/studio.h"

/* Moves a file there and answers {"undo": ID}; false after a refusal. entry: of the shelf, kept as it is; NULL: a
 * result. */
bool trash_take(const char *file, const json_t *entry, web_reply *reply);

/* Removes what is a week old, and what was never taken whole. */
void trash_clean(void);

#endif
