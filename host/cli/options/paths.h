/* From what people name to the images that they mean: files, folders, patterns. */
#ifndef PST_CLI_OPTIONS_PATHS_H
#define PST_CLI_OPTIONS_PATHS_H

#include <stdbool.h>
#include <stddef.h>

enum { PATHS_SHOWN = 1024 }; /* enough for paths_names */

typedef struct path_list {
    char **paths; /* owned, as each of them */
    size_t count, room;
} path_list;

/* A copy of the path at the end. False after complaining that memory is short. */
bool paths_add(path_list *list, const char *path);

bool paths_have(const path_list *list, const char *path);

/* Adds what a word of the command line means: of a folder the images in it, without those in folders below; of a
 * pattern with
 * * and ?, which the shell did not expand, the images that fit, in folders too that fit; both sorted by name, and
 * without hidden ones; with `styles` the style files (.style) as well. Anything else is added as it is, whether there
 * or not, and so is a file with such a name. What is an image its ending says. False after complaining that there is
 * none. Other files of the folder, or that fit, go into left_out, once each. */
bool paths_expand(path_list *list, path_list *left_out, const char *word, bool styles);

/* Adds all names in a folder, "." and ".." too, in any order; of a folder that is not there none. False after
 * complaining. */
bool paths_read_names(const char *folder, path_list *names);

/* "a, b and 3 more", into text of `size` bytes, which it returns. */
char *paths_names(const path_list *list, char *text, size_t size);

/* Whether the word is a pattern, and no file has that name. */
bool paths_is_pattern(const char *word);

/* Whether a name fits a pattern; both without folders. */
bool paths_fit(const char *pattern, const char *name);

void paths_free(path_list *list);

#endif
