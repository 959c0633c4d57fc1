/* Names that the studio makes up itself, and lists of what is in a folder. */
#ifndef PST_CLI_STUDIO_NAMES_H
#define PST_CLI_STUDIO_NAMES_H

#include <jansson.h>

#include "cli/options/file_names.h"

enum { ID_MOST = 33 }; /* 32 hexadecimal digits and a zero */

/* A new ID, which nobody can guess; false: there is no randomness. */
bool id_make(char id[ID_MOST]);

/* Whether a text that came from outside has the form of an ID, so that it can be part of a path. */
bool id_is(const char *text);

/* Whether a file's name can be told in JSON and asked for in a URL: UTF-8 without control characters, not hidden. */
bool name_can_be_told(const char *name);

/* A mark as members of an object, and back; and whether two are the same state of the same file. */
void mark_keep(const file_mark *mark, json_t *object);
file_mark mark_kept(const json_t *object);
bool mark_is(const file_mark *a, const file_mark *b);

/* Removes a folder with the files in it; folders in it stay, and then it too. */
void folder_remove(const char *path);

#endif
