/* The shelf: what was uploaded to be painted, in STUDIO_SOURCES. Its functions lock themselves. */
#ifndef PST_CLI_STUDIO_SHELF_H
#define PST_CLI_STUDIO_SHELF_H

#include "cli/studio/studio.h"

typedef enum shelf_kind { SHELF_IMAGE, SHELF_STYLE, SHELF_MASK } shelf_kind;

typedef struct shelf_entry {
    char path[256]; /* "sources/photo.jpg": no commas, no patterns, no control characters */
    char name[256]; /* as it was given, for people */
    shelf_kind kind;
    int width, height; /* 0 of a style file */
} shelf_entry;

bool shelf_open(studio *s);
void shelf_close(studio *s); /* also of a studio where it was not opened */

/* What an ID means, with its file still there; false: nothing. */
bool shelf_find(studio *s, const char *id, shelf_entry *entry);

/* It was used just now; id may be NULL, or not be there any more. */
void shelf_touch(studio *s, const char *id);

/* Nothing was ever put on it. */
bool shelf_is_empty(studio *s);

#endif
