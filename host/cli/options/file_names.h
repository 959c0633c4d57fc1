/* Questions about file names. */
#ifndef PST_CLI_OPTIONS_FILE_NAMES_H
#define PST_CLI_OPTIONS_FILE_NAMES_H

#include <stdbool.h>
#include <stddef.h>

bool file_exists(const char *path);
bool file_is_folder(const char *path);
bool file_is_regular(const char *path);

/* Whether a file lies in the folder of another one or below it, where links are followed. */
bool file_is_beside(const char *path, const char *other);

/* Whether a name has one of these endings, given in small letters without the dot; NULL ends them. */
bool file_ends_in(const char *path, const char *const *endings);

/* Whether a name ends as those of images do. */
bool file_is_image(const char *path);

/* ... or as those of pastiche style make. */
bool file_is_style(const char *path);

/* Whether two names mean one file, through links too, be it there yet or not. NULL is no file. */
bool file_same(const char *a, const char *b);

/* Whether a name begins with ~/ and there is no file of just that name; and the name with the user's folder instead,
 * which the caller frees, or NULL. */
bool file_is_at_home(const char *path);
char *file_from_home(const char *path);

/* What tells a regular file from another one that took its name later. Zero: none. */
typedef struct file_mark {
    unsigned long long device, number, bytes;
    long long changed; /* nanoseconds since 1970, where the system has them */
} file_mark;
file_mark file_mark_of(const char *path);

/* Is what the path names the marked file still? */
bool file_is_marked(const char *path, const file_mark *mark);

/* The part after the last folder. */
const char *file_name(const char *path);

/* How many characters of a name, without folders, come before its ending. */
size_t file_base(const char *name);

/* Whether the folder is there that a file is to lie in, behind symbolic links too; true where that cannot be found out.
 */
bool file_has_folder(const char *path);

/* Whether a file stands where one of a path's folders would have to be. */
bool file_is_below_file(const char *path);

/* Makes the folders that a file is to lie in, as far as they are missing. False with errno set. */
bool file_make_folders(const char *path);

/* "folder/base.ext" and 100 give "folder/base_100.ext". The caller frees it; NULL if memory is short. */
char *file_numbered(const char *path, int number);

#endif
