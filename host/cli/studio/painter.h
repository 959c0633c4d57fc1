/* The painter: takes runs from the queue and paints them, one after the other, with one device. */
#ifndef PST_CLI_STUDIO_PAINTER_H
#define PST_CLI_STUDIO_PAINTER_H

#include "cli/studio/studio.h"

#define STUDIO_HAS_ENDED "the studio has ended; pastiche studio goes on where it stopped"

bool painter_open(studio *s); /* false after complaining */
void painter_close(studio *s);

/* Paints until a signal ends it; the main thread's. The server listens already. */
void painter_work(studio *s);

/* For api/studio: {"device", "ready", "problem", "pace"}. For any thread. */
json_t *painter_json(studio *s);

#endif
