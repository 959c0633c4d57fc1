/* Questions about file names. */
#ifndef PASTICHE_FILES_H
#define PASTICHE_FILES_H

#include <stdbool.h>

bool file_exists(const char *path);

/* Whether two names mean one file, through links too. NULL is no file. */
bool file_same(const char *a, const char *b);

/* Whether a name begins with ~/ and there is no file of just that name; and the name with the user's folder instead, which the
 * caller frees, or NULL. */
bool file_is_at_home(const char *path);
char *file_from_home(const char *path);

/* The part after the last folder. */
const char *file_name(const char *path);

/* "folder/base.ext" and 100 give "folder/base_100.ext". The caller frees it; NULL if memory is short. */
char *file_numbered(const char *path, int number);

#endif
