/* The gallery: the results in the studio's folder. */
#ifndef PST_CLI_STUDIO_GALLERY_H
#define PST_CLI_STUDIO_GALLERY_H

#include "cli/studio/studio.h"

bool gallery_open(studio *s);
void gallery_close(studio *s);

#endif
