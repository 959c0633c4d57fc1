/* Places of the studio: its folder, the lock on it, names of files that come from outside. */
#ifndef PST_CLI_STUDIO_PLACES_H
#define PST_CLI_STUDIO_PLACES_H

#include <stdbool.h>
#include <stddef.h>

#include <jansson.h>

enum { FOLDER_NAME_MOST = 200 }; /* enough for folder_free_name, with a zero */

/* Finds the folder (given: NULL is the user's own), makes it with its places, and works in it from now on. Its
 * absolute path, which the caller frees; NULL after complaining. */
char *folder_enter(const char *given);

/* The JSON of one of the studio's own files. NULL, with error->text (error may be NULL), where it is none or no regular
 * file, as a pipe, which nobody might ever write to. */
json_t *folder_read_json(const char *path, json_error_t *error);

/* The JSON of one of the studio's lists, an object with an array under `key`. A file that is none is set aside and
 * told; loss: what that means, "the queue is empty". NULL: there is none. */
json_t *folder_read_list(const char *path, const char *key, const char *loss);

/* Renames a file that cannot be used to PATH.damaged, or PATH.damaged2 and so on, and complains with why and with what
 * that means. */
void folder_set_aside(const char *path, const char *why, const char *loss);

/* A path that stays the same file once the program works elsewhere; the caller frees it. NULL: there is no such file,
 * or no memory. */
char *folder_absolute(const char *path);

/* Locks the studio's folder as long as the program runs; false after complaining, with the address of the studio that
 * has it. folder_announce writes the address of this one. */
bool folder_lock(const char *folder);
void folder_announce(const char *url);

/* A name for a file, from a name that anybody has thought of: without folders, control characters, leading dots and
 * what the command line takes for more than a name; at most 80 bytes, with its ending. Returns name. */
char *folder_safe_name(const char *from, char name[FOLDER_NAME_MOST]);

/* The same name, or with " 2", " 3" before its ending: one that no file in the folder ("" is the studio's) has, and
 * that is_taken (may be NULL) does not know. Returns name. */
char *folder_free_name(const char *folder, char name[FOLDER_NAME_MOST], bool (*is_taken)(void *user, const char *name),
                       void *user);

#endif
