/* Which networks there are, and fetching one in a thread of its own. */
#ifndef PST_CLI_STUDIO_NETWORKS_H
#define PST_CLI_STUDIO_NETWORKS_H

#include "cli/studio/studio.h"

bool networks_open(studio *s);
void networks_end(studio *s); /* stops a fetch; what came is kept for the next time */
void networks_close(studio *s);

/* For api/studio: [{"name", "title", "bytes", "licence", "installed"}]. */
json_t *networks_json(studio *s);

/* Those inside the program: whether this is the name of one, and the name of a path that the library gave, or NULL. */
bool networks_has_inside(const char *name);
const char *networks_name_inside(const char *path);

#endif
