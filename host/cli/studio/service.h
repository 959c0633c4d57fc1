/* The studio's life, and which handler answers what. */
#ifndef PST_CLI_STUDIO_SERVICE_H
#define PST_CLI_STUDIO_SERVICE_H

#include "cli/studio/studio.h"

/* Enters the folder that the settings name, locks it and opens all state in it; false after complaining. studio_close
 * accepts it then, too. */
bool studio_open(studio *s, const settings *given);

/* The server listens; false after complaining. */
bool studio_serve(studio *s);
void studio_close(studio *s);

#endif
