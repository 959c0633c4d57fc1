/* The shelf: what was uploaded to be painted, in STUDIO_SOURCES. Its functions lock themselves. An ID is the beginning
 * of a file's SHA-256, so the same bytes are the same entry. */
#ifndef PST_CLI_STUDIO_SHELF_H
#define PST_CLI_STUDIO_SHELF_H

#include "cli/studio/names.h"
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

/* What an ID (may be NULL) means, with its file still there; false: nothing. */
bool shelf_find(studio *s, const char *id, shelf_entry *entry);

/* It was used just now; id may be NULL, or not be there any more. */
void shelf_touch(studio *s, const char *id);

/* All that is in STUDIO_SOURCES was looked at since the start: what is not on the shelf is not there. */
bool shelf_is_read(studio *s);

/* There is nothing on it. */
bool shelf_is_empty(studio *s);

/* The ID of a file that has this SHA-256, of 64 digits; false: none has it. */
bool shelf_find_sha256(studio *s, const char *sha256, char id[ID_MOST]);

/* As the interface has them: {"images": [...]}, last used first, and one of these; NULL: there is no such one. */
json_t *shelf_json(studio *s);
json_t *shelf_json_of(studio *s, const char *id);

/* A file that comes to the shelf. */
typedef struct shelf_new {
    const char *name; /* as it was given; its ending is that of its kind */
    const char *role; /* "content", "style" or "mask" */
    shelf_kind kind;
    int width, height;
    const char *sha256;
} shelf_new;

/* Moves the file from where it was written, unless the shelf has its bytes already; *entry and id are then those of the
 * shelf's file. False: it cannot be moved, see errno. */
bool shelf_put(studio *s, const char *file, const shelf_new *about, char id[ID_MOST], shelf_entry *entry);

/* What is kept of an entry, for who puts it back; NULL: there is no such one. */
json_t *shelf_kept(studio *s, const char *id);
void shelf_put_back(studio *s, const json_t *kept, const char *path);

/* The entry with this path, whose file has gone. */
void shelf_drop(studio *s, const char *path);

/* A file that the shelf does not know as it is now, put there by hand; false: there is none, and what has changed is
 * written down. */
bool shelf_find_stranger(studio *s, char path[256], file_mark *mark);

/* What it is; about NULL: nothing that can be read. */
void shelf_recognize(studio *s, const char *path, const file_mark *mark, const shelf_new *about);

#endif
