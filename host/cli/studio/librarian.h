/* The librarian reads and writes images and records for the server's threads, one at a time: a context without a
 * device, under a lock. */
#ifndef PST_CLI_STUDIO_LIBRARIAN_H
#define PST_CLI_STUDIO_LIBRARIAN_H

#include "cli/studio/studio.h"

bool librarian_open(studio *s); /* false after complaining */
void librarian_close(studio *s);

/* The context, for this thread alone until it is given back. */
pst_context *librarian_take(studio *s);
void librarian_give(studio *s);

#endif
