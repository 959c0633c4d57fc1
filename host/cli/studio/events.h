/* What studio_tell is told, for those who listen. */
#ifndef PST_CLI_STUDIO_EVENTS_H
#define PST_CLI_STUDIO_EVENTS_H

#include "cli/studio/studio.h"

bool events_open(studio *s); /* false: no memory */
void events_close(studio *s);

/* As web_service.events; user is the studio. */
char *events_text(void *user, unsigned long long *seen);

#endif
