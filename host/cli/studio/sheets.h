/* Sheets of small variants: their cells are entries of the queue, and what they are of lies in STUDIO_SHEETS. */
#ifndef PST_CLI_STUDIO_SHEETS_H
#define PST_CLI_STUDIO_SHEETS_H

#include "cli/studio/studio.h"

/* Removes sheets that are a week old and have no run in the queue. */
void sheets_clean(studio *s);

#endif
