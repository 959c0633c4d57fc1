/* Sheets of small variants: their cells are entries of the queue. */
#ifndef PST_CLI_STUDIO_SHEETS_H
#define PST_CLI_STUDIO_SHEETS_H

#include "cli/studio/studio.h"

bool sheets_open(studio *s);
void sheets_close(studio *s);

#endif
